"""Of which table rows are refused, and whether any row of it is: shown on branches where only that table has rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.refusals.refusals import of_references, refer_to_nothing, tables_at
from glowplug.rehearsal.data.trip import trip
from glowplug.schema.tables import Written
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.rehearsal.measured import Refusal
    from glowplug.schema.tables import Table

_FEW = (1, 2)
"""Rows a table; two, for what no two may be alike in."""
_TABLES = 8  # that are tried alone


def shown(subject: Subject, refusal: Refusal, without: Collection[str]) -> Refusal:
    """Say with rows of which table alone a file fails that refused plain rows, and how few of any kind are enough.

    How few is not asked where the chain or ``seeds/`` wrote rows of that table, which the file takes, where
    glowplug.toml gives them, or where rows are refused for what they refer to: made-up ones refer to nothing that no
    key makes them refer to. ``without``: tables that get no rows.
    """
    if refusal.error.timed_out:
        return refusal
    trial = _Trial(subject, refusal)
    table = trial.table(without)
    if table is None:
        return replace(refusal, table=None, value=None, query=None)
    given = subject.seeds or any(each.rows for each in subject.settings.table)
    if given or trial.by_name[table].rows or refer_to_nothing(refusal.error):
        return replace(refusal, table=table, value=None, query=None)
    enough = next((rows for rows in _FEW[: subject.settings.rows] if trial.fails_with_any(table, rows)), None)
    if enough is not None and refusal.value is not None:
        return refusal
    return replace(refusal, table=table, enough=enough, value=None, query=None)


class _Trial:
    """A file that refuses rows, tried with few of them."""

    def __init__(self, subject: Subject, refusal: Refusal) -> None:
        self._subject = subject
        self._refusal = refusal
        self.by_name: Mapping[str, Table] = {
            table.name: table for table in subject.before if table.partition_of is None
        }

    def table(self, without: Collection[str]) -> str | None:
        """Find the table whose rows, with those that they refer to, are enough for it; None: no single one's are."""
        return next((name for name in self._suspects(without) if self._fails(self._alone(name), name)), None)

    def fails_with_any(self, table: str, rows: int) -> bool:
        """Whether so many rows of it are refused whatever is tried: other values, other keys, NULL where it may be."""
        few = self._alone(table)
        few = replace(few, settings=replace(few.settings, rows=rows))
        others = replace(few, apart=True)
        if self._fails(few, table) is not True or self._fails(replace(few, aimed=False), table) is not True:
            return False
        failed = self._fails(replace(others, aimed=False), table, nulls=self._refusal.value is None)
        return (self._fails(others, table) if failed is None else failed) is True

    def _suspects(self, without: Collection[str]) -> list[str]:
        """Give the tables that the statement names, and those tied to them by a reference; parents come first."""
        there = self._subject.touched.before.intersection(self.by_name).difference(without)
        named = tables_at(self._subject, self._refusal.direction, self._refusal.error) & there
        near = named | {
            table.name
            for table in (*self.by_name.values(), *self._subject.later)
            for key in table.foreign_keys
            if table.name in there and (key.table in named or of_references(self._refusal.error))
        }
        parents = {each for name in near for each in self._above(name)} & there
        depth = {name: len(self._above(name)) for name in there}
        return sorted(near | parents or there, key=lambda name: (depth[name], name))[:_TABLES]

    def _above(self, name: str) -> frozenset[str]:
        """Give all tables that its rows refer to, directly or not."""
        known, waiting = {name}, [name]
        while waiting:
            keys = self.by_name[waiting.pop()].foreign_keys
            more = {key.table for key in keys if key.table in self.by_name} - known
            known |= more
            waiting += more
        return frozenset(known - {name})

    def _alone(self, table: str) -> Subject:
        subject = self._subject
        return replace(subject, touched=replace(subject.touched, before=frozenset({table})))

    def _fails(self, subject: Subject, table: str, *, nulls: bool = False) -> bool | None:
        """Whether it fails in the same way; None: it was not tried, for there were no such rows, or other trouble."""
        with trip(subject) as here:
            here.fill()
            if nulls:
                _empty(here, self.by_name[table])
            if not here.rows.query(f"SELECT 1 FROM {self.by_name[table].sql}", limit=1).rows:
                return None
            if self._refusal.direction is Direction.DOWN and here.run(Direction.UP) is not None:
                return None
            error, wanted = here.run(self._refusal.direction), self._refusal.error
            if error is None or (error.code, error.line) == (wanted.code, wanted.line):
                return error is not None
            return None


def _empty(here: Trip, table: Table) -> None:
    """Put NULL where it may be."""
    for column in table.columns:
        if column.nullable and column.written is not Written.SERVER:
            here.rows.execute(f"UPDATE {table.sql} SET {quoted(column.name, here.subject.dialect)} = NULL")
