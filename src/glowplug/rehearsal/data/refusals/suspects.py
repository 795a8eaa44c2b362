"""Edge rows of which one, or more, is refused: halved until it stands alone, and said of it what production can ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.rehearsal.data.refusals.finds import OF_NULL
from glowplug.rehearsal.data.refusals.refusals import failing, tables_at
from glowplug.rehearsal.measured import Finds, Refusal, When
from glowplug.rehearsal.seeding.edge_values import null

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.dialect import Direction
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.seeding import Edge

_WORD = re.compile(r"\w+")
_BRANCHES = 12  # beyond, what refuses is told without the row that it refuses


class Suspects:
    """Edge rows that were ``written`` before the up or after it, and the file that fails with some of them."""

    def __init__(
        self,
        subject: Subject,
        fails: Direction,
        written: When,
        attempt: Callable[[Sequence[Edge] | None], SqlError | None],
    ) -> None:
        """Take what tries some of them (None: all that can be written), on a branch each time."""
        self._subject = subject
        self._fails = fails
        self._written = written
        self._attempt = attempt
        self._branches = _BRANCHES

    @property
    def are_tried(self) -> bool:
        """Whether there are branches left to try them on."""
        return self._branches > 0

    def attempt(self, chosen: Sequence[Edge] | None) -> SqlError | None:
        """Say why some of them are refused; None: they are not."""
        self._branches -= 1
        return self._attempt(chosen)

    def narrow(self, edges: Sequence[Edge], error: SqlError) -> tuple[Edge | None, SqlError]:
        """Halve the rows while the file still fails with a half."""
        suspects = list(edges)
        named = self.named(edges, error)
        alone = None
        if named and len(named) < len(suspects):
            own = self.attempt(named)
            alone = own if len(named) == 1 else None
            others = [each for each in edges if each not in named]
            suspects, error = (named, own) if own is not None else (others, error)
        while len(suspects) > 1 and self.are_tried:
            half = suspects[: len(suspects) // 2]
            alone = self.attempt(half)
            suspects, error = (half, alone) if alone is not None else (suspects[len(half) :], error)
        if len(suspects) == 1 and alone is None:
            alone = self.attempt(suspects)
        return (suspects[0], alone) if len(suspects) == 1 and alone is not None else (None, error)

    def named(self, edges: Sequence[Edge], error: SqlError) -> list[Edge]:
        """Give those in the tables that the failing statement names, and of these those in columns that are named.

        Where the server refuses a NULL, those with one.
        """
        tables = self._tables_at(error)
        of_tables = [edge for edge in edges if edge.table in tables] or list(edges)
        named = [edge for edge in of_tables if self.is_named(edge, error)] or of_tables
        return [edge for edge in named if error.code in OF_NULL and edge.value == null().words] or named

    def is_named(self, edge: Edge, error: SqlError) -> bool:
        """Whether the failing statement, or the server, names its columns."""
        _, text = failing(self._subject, self._fails, error)
        words = set(_WORD.findall(f"{text} {error.message} {error.detail or ''}".casefold()))
        return words.issuperset(map(str.casefold, edge.columns))

    def _tables_at(self, error: SqlError) -> frozenset[str]:
        names = tables_at(self._subject, self._fails, error)
        if self._written is When.BEFORE:
            return names
        return frozenset(self._subject.names.tables.get(name, name) for name in names)

    def refusal(self, edge: Edge | None, error: SqlError, finds: Finds = Finds.SOME) -> Refusal:
        """Say that the file fails with such a row (None: it can't be told with which), and what its query ``finds``."""
        if edge is None:
            tables = sorted(self._tables_at(error))
            table = tables[0] if len(tables) == 1 else None
            return Refusal(direction=self._fails, error=error, table=table, written=self._written)
        return Refusal(
            direction=self._fails,
            error=error,
            table=edge.table,
            column=", ".join(edge.columns),
            value=edge.value,
            query=edge.query,
            finds=finds,
            written=self._written,
        )
