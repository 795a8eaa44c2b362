"""The answers to a message, taken in parts as they arrive: only as much is kept as has to be."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from psycopg import pq

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGconn, PGresult

IN_PARTS_SINCE = 170000
"""libpq's version, from which on it gives rows by so many as are asked for."""

PARTS = frozenset({pq.ExecStatus.SINGLE_TUPLE, pq.ExecStatus.TUPLES_CHUNK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Which answers are kept of a message that holds queries of the user's: all of glowplug's own.

    Those are the ``first``, the ``last``, and whatever has a first column called ``mark``. Of an answer with more than
    ``room`` bytes only the first rows are kept; ``no_more``: the message is then cancelled. ``at_once``: rows that
    arrive together.
    """

    first: int = 0
    last: int = 0
    mark: bytes | None = None
    room: int = 1 << 25
    at_once: int = 250
    no_more: bool = False


def in_parts(connection: PGconn, rows: int) -> None:
    """Have the answers to the message that was sent just now delivered in parts of so many rows."""
    if rows > 1 and pq.version() >= IN_PARTS_SINCE:
        connection.set_chunked_rows_mode(rows)
    else:
        connection.set_single_row_mode()


@dataclass(slots=True)
class Answers:
    """Gathers them."""

    kept: Kept
    cut: bool = False
    _first: list[PGresult] = field(default_factory=list)
    _others: deque[PGresult] = field(default_factory=deque)
    _parts: list[PGresult] = field(default_factory=list)
    _bytes: int = 0
    _more: bool = False
    _cut: set[int] = field(default_factory=set)

    def part(self, result: PGresult) -> bool:
        """Take some rows of the answer that is under way; whether that was the first for which there is no room."""
        if self._parts and not self._more:
            self._bytes += _size(self._parts[-1])  # of the last nobody asks
        if self._bytes > self.kept.room:
            first, self._more = not self._more, True
            return first
        self._parts.append(result)
        return False

    def end(self, result: PGresult) -> None:
        """Take the end of an answer."""
        parts, too_many = self._parts, self._more
        self._parts, self._bytes, self._more = [], 0, False
        whole = result
        if parts:
            whole = parts[0] if len(parts) == 1 else cast("PGresult", Joined(parts))
        if too_many:
            self._cut.add(id(whole))
        if len(self._first) < self.kept.first:
            self._first.append(whole)
            return
        self._others.append(whole)
        self._let_go()

    def results(self) -> list[PGresult]:
        """Give what is kept, in order; ``cut`` is then whether that is less than it should be."""
        if self._more and self.kept.no_more:
            self.end(self._parts[-1])
        found = [*self._first, *self._others]
        self.cut = any(id(one) in self._cut for one in found)
        return found

    def _let_go(self) -> None:
        """Forget the one that is no more among the last."""
        if len(self._others) > self.kept.last:
            at = -1 - self.kept.last
            if self.kept.mark is None or self._others[at].fname(0) != self.kept.mark:
                self._cut.discard(id(self._others[at]))
                del self._others[at]


class Joined:
    """One answer from its parts, of which all but the last have the same number of rows; as a PGresult is read."""

    def __init__(self, parts: Sequence[PGresult]) -> None:
        """Join parts, at least one."""
        self.parts = parts
        self._rows = parts[0].ntuples
        self.ntuples = self._rows * (len(parts) - 1) + parts[-1].ntuples
        self.nfields = parts[0].nfields

    def fname(self, column: int) -> bytes | None:
        """Give a column's name."""
        return self.parts[0].fname(column)

    def get_value(self, row: int, column: int) -> bytes | None:
        """Give a value; None for NULL."""
        part, row = divmod(row, self._rows)
        return self.parts[part].get_value(row, column)


def _size(result: PGresult) -> int:
    value, columns = result.get_value, range(result.nfields)
    return sum([len(value(row, column) or b"") for row in range(result.ntuples) for column in columns])
