"""Rows that the schema allows and a file can't stand: found apart, since production may have none of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.edge_rows import write_edges
from glowplug.rehearsal.data.harmless import may_change_rows
from glowplug.rehearsal.data.losses import (
    Since,
    lost_for_good,
    lost_of_odd,
    lost_there_and_back,
    may_be_lost,
    written_after,
)
from glowplug.rehearsal.data.names import found
from glowplug.rehearsal.data.text import every, names_in
from glowplug.rehearsal.data.trip import trip
from glowplug.rehearsal.measured import Refusal, When
from glowplug.rehearsal.seeding import Edge, edges
from glowplug.rehearsal.seeding.edge_values import null
from glowplug.sql.actions import Block, Dynamic, Insert
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.rehearsal.data.trip import Subject, Trip
    from glowplug.rehearsal.measured import Loss
    from glowplug.schema.tables import Table
    from glowplug.sql.statement import Statement

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+|'[^']*'|\"[^\"]*\"")
_TAKEN = frozenset({"23505", "23000", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_BRANCHES = 12  # a migration and direction: beyond, what refuses is told without the row that it refuses
_REFUSALS = 5
_OF_NULL = frozenset({"22004", "23502", "SQLITE_CONSTRAINT_NOTNULL"})


def tables_at(subject: Subject, direction: Direction, error: SqlError) -> frozenset[str]:
    """Give the tables, by their names before the up, that the failing statement names."""
    statements, _ = _failing(subject, direction, error)
    old = {table.name for table in subject.before}
    new = {table.name for table in subject.after}
    back = subject.names.back().tables
    named = [name for each in every(statements) for action in each.actions for name in names_in(action)]
    before = {match for name in named if (match := found(name, old, subject.dialect)) is not None}
    after = {match for name in named if (match := found(name, new, subject.dialect)) is not None}
    return frozenset(before | {back[name] for name in after if name in back})


def _failing(subject: Subject, direction: Direction, error: SqlError) -> tuple[tuple[Statement, ...], str]:
    """Give the statement that failed, or several where they begin in one line, and their text."""
    script = subject.text.file(direction)
    if script is None or error.line is None:
        return (), ""
    lines = [script.text.count("\n", 0, each.span.start) for each in script.statements]
    last = max((line for line in lines if line < error.line), default=None)
    at = tuple(each for each, line in zip(script.statements, lines, strict=True) if line == last)
    return at, "\n".join(script.text_of(each.span) for each in at)


def writes_a_taken_key(subject: Subject, direction: Direction, error: SqlError) -> bool:
    """Whether a file wrote a row of its own, with a key that another row has."""
    if error.code not in _TAKEN:
        return False
    statements, _ = _failing(subject, direction, error)
    return not statements or any(
        isinstance(action, (Block, Dynamic, Insert)) for each in every(statements) for action in each.actions
    )


def of_references(error: SqlError) -> bool:
    """Whether rows are refused for what they refer to, or for what refers to them."""
    return "foreign key" in error.message.casefold()


def refused(
    subject: Subject, direction: Direction, error: SqlError, written: When, *, children: Collection[str] = ()
) -> Refusal:
    """Say that a file refuses rows, and of which table, where that can be told; which, where ``children`` refer to it.

    Without ``children`` nobody can tell which.
    """
    tables = sorted(tables_at(subject, direction, error))
    if of_references(error):
        by_name = {table.name: table for table in subject.before}
        references = [
            (table, key)
            for table in map(by_name.get, sorted(children))
            if table is not None
            for key in table.foreign_keys
            if key.table in tables or not tables
        ]
        if len(references) == 1:
            ((child, key),) = references
            named = [quoted(name, subject.dialect) for name in key.columns]
            shown = child.sql if subject.dialect is Dialect.POSTGRES else quoted(child.name, subject.dialect)
            there = " AND ".join(f"{name} IS NOT NULL" for name in named)
            return Refusal(
                direction=direction,
                error=error,
                table=key.table,
                value=f"a row of {child.name} that refers to it",
                query=f"SELECT * FROM {shown} WHERE {there}",
                written=written,
            )
    return Refusal(direction=direction, error=error, table=tables[0] if len(tables) == 1 else None, written=written)


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of edge rows: the files that ``refuse`` some, and what is lost of them where a file takes all."""

    refuse: frozenset[Direction] = frozenset()
    losses: tuple[Loss, ...] = ()


def tried(here: Trip, *, without: frozenset[str]) -> Tried:
    """Try edge rows where a branch stands after its up: the down over them, then the up.

    Other rows may be in the way there: a direction that is suspected is then examined on branches of its own.
    """
    if not any(map(here.subject.may_refuse, Direction)):
        return Tried()
    error, after = _back_over(here, _edges(here, Direction.DOWN, without))
    if error is not None:
        return Tried(refuse=frozenset(Direction))
    if here.is_up and here.run(Direction.DOWN) is not None:
        return Tried(refuse=frozenset({Direction.UP}), losses=after)
    if here.subject.may_refuse(Direction.UP) and not _is_restored(here):
        return Tried(refuse=frozenset({Direction.UP}), losses=after)
    error, losses = _over(here, _edges(here, Direction.UP, without))
    if error is not None:
        return Tried(refuse=frozenset({Direction.UP}), losses=after)
    return Tried(losses=(*losses, *after))


def _is_restored(here: Trip) -> bool:
    """Whether the tables ask what they did before the up: else rows that it refuses can't be written any more."""
    return _asked(here.tables_back()) == _asked(here.subject.before)


def _asked(tables: Sequence[Table]) -> Mapping[str, object]:
    return {
        table.name: (
            {column.name: (column.type, column.nullable) for column in table.columns},
            {check.expression for check in table.checks},
            {(unique.columns, unique.expressions, unique.predicate) for unique in table.uniques},
            {(key.columns, key.table, key.referenced) for key in table.foreign_keys},
        )
        for table in tables
    }


def _over(here: Trip, chosen: Sequence[Edge]) -> tuple[SqlError | None, tuple[Loss, ...]]:
    """Run the up over edge rows, and the down where there is one; why the up refuses them, or what they lose."""
    if not chosen:
        return None, ()
    subject = here.subject
    there = here.old()
    write_edges(here, Direction.UP, chosen)
    before = here.old()
    only = written_after(there, before)
    error = here.run(Direction.UP)
    if error is not None:
        return error, ()
    after = here.new()
    if not subject.has_down or here.run(Direction.DOWN) is not None:
        return None, lost_for_good(before, after, subject.names, only=only)
    restored, back = here.restored()
    return None, lost_there_and_back(before, after, restored, subject.names, back, only=only)


def _back_over(here: Trip, chosen: Sequence[Edge]) -> tuple[SqlError | None, tuple[Loss, ...]]:
    """Run the down over edge rows; why it refuses them, or what it loses of them: then the up has run again."""
    subject = here.subject
    looks = bool(chosen) and may_change_rows(subject.text.down)
    there = here.new() if looks else {}
    write_edges(here, Direction.DOWN, chosen)
    written = here.new() if looks else {}
    error = here.run(Direction.DOWN)
    if error is not None or not looks:
        return error, ()
    restored, down = here.restored()
    since = Since(there=there, written=written, restored=restored, again={})
    if not may_be_lost(since, subject.names, down):
        return None, ()
    again = here.new() if here.run(Direction.UP) is None else {}
    return None, lost_of_odd(replace(since, again=again), subject.names, down)


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Edge rows that a file refuses: what is said of them, and the rows."""

    refusals: tuple[Refusal, ...]
    edges: tuple[Edge, ...]
    losses: tuple[Loss, ...] = ()


def edge_pass(subject: Subject, direction: Direction, *, without: frozenset[str]) -> Refused:
    """Say which rows make the up fail, or which written after it make the down fail.

    ``without``: tables that get no rows.
    """
    if not subject.may_refuse(direction):
        return Refused(refusals=(), edges=())
    return _Pass(subject, direction, without).refused()


def _edges(here: Trip, direction: Direction, without: frozenset[str]) -> tuple[Edge, ...]:
    subject = here.subject
    if not subject.may_refuse(direction):
        return ()
    up = direction is Direction.UP
    return tuple(
        edges(
            here.rows,
            subject.before if up else subject.after,
            later=subject.later if up else subject.earlier,
            dialect=subject.dialect,
            settings=subject.settings,
            only=(subject.touched.edges_before if up else subject.touched.edges_after) - without,
        )
    )


def _place(edges_there: Sequence[Edge]) -> tuple[str, tuple[str, ...]] | None:
    """Give the columns that all of these are about, if they are the same."""
    places = {(edge.table, edge.columns) for edge in edges_there}
    return places.pop() if len(places) == 1 else None


def _in_short(error: SqlError) -> str:
    """Give what the server says, without numbers and names."""
    return f"{error.code} {_NUMBER.sub('', error.message)}"


class _Pass:
    """One direction: the edge rows all at once, then fewer until the one that is refused stands alone."""

    def __init__(self, subject: Subject, direction: Direction, without: frozenset[str]) -> None:
        self._subject = subject
        self._direction = direction
        self._without = without
        self._branches = 0
        self._edges: tuple[Edge, ...] = ()
        self._losses: tuple[Loss, ...] = ()
        self._is_slow = False

    def refused(self) -> Refused:
        """Find them: one for each place and each thing that the server says of it."""
        found: list[Refusal] = []
        culprits: list[Edge] = []
        taken: list[Edge] = []
        told: set[tuple[object, str | None]] = set()
        first: SqlError | None = self._attempt(None)
        waiting = [list(self._edges)] if first is not None else []
        while waiting and len(found) < _REFUSALS and self._branches < _BRANCHES:
            group = waiting.pop(0)
            failed, first = first or self._attempt(group), None
            if failed is None:
                taken += group
                continue
            if failed.timed_out:
                found.append(self._refusal(None, failed))
                waiting = [] if self._is_slow else [each for each in (self._unnamed(group, failed), *waiting) if each]
                self._is_slow = True
                continue
            if (_place(group), failed.code) in told:
                continue
            culprit, own = self._narrow(group, failed)
            if culprit is None:
                found.append(self._refusal(None, own))
                continue
            if (_in_short(own), None) not in told or self._is_named(culprit, own):
                found.append(self._refusal(culprit, own))
                culprits.append(culprit)
            told |= {(_place([culprit]), own.code), (_in_short(own), None)}
            others = [edge for edge in group if edge is not culprit]
            alike = [edge for edge in others if _place([edge]) == _place([culprit])]
            rest = [edge for edge in others if edge not in alike]
            waiting += [each for each in (rest, alike) if each]
        return Refused(refusals=tuple(found), edges=tuple(culprits), losses=self._lost(taken))

    def _lost(self, taken: Sequence[Edge]) -> tuple[Loss, ...]:
        """Tell what is lost of the rows that are not refused; the down's are seen as each attempt is made."""
        if self._direction is Direction.DOWN or not taken:
            return self._losses
        with trip(self._subject) as here:
            here.fill(without=self._without)
            return _over(here, taken)[1]

    def _unnamed(self, edges: Sequence[Edge], error: SqlError) -> list[Edge]:
        """Give those that are not to blame at first sight: halving costs the time that a statement is given each."""
        named = self._named(edges, error)
        return [edge for edge in edges if edge not in named]

    def _narrow(self, edges: Sequence[Edge], error: SqlError) -> tuple[Edge | None, SqlError]:
        """Halve the rows while the file still fails with a half."""
        suspects = list(edges)
        named = self._named(edges, error)
        alone = None
        if named and len(named) < len(suspects):
            own = self._attempt(named)
            alone = own if len(named) == 1 else None
            others = [each for each in edges if each not in named]
            suspects, error = (named, own) if own is not None else (others, error)
        while len(suspects) > 1 and self._branches < _BRANCHES:
            half = suspects[: len(suspects) // 2]
            alone = self._attempt(half)
            suspects, error = (half, alone) if alone is not None else (suspects[len(half) :], error)
        if len(suspects) == 1 and alone is None:
            alone = self._attempt(suspects)
        return (suspects[0], alone) if len(suspects) == 1 and alone is not None else (None, error)

    def _named(self, edges: Sequence[Edge], error: SqlError) -> list[Edge]:
        """Give those in the tables that the failing statement names, and of these those in columns that are named.

        Where the server refuses a NULL, those with one.
        """
        tables = self._tables_at(error)
        of_tables = [edge for edge in edges if edge.table in tables] or list(edges)
        named = [edge for edge in of_tables if self._is_named(edge, error)] or of_tables
        return [edge for edge in named if error.code in _OF_NULL and edge.value == null().words] or named

    def _is_named(self, edge: Edge, error: SqlError) -> bool:
        """Whether the failing statement, or the server, names its columns."""
        _, text = _failing(self._subject, self._direction, error)
        words = set(_WORD.findall(f"{text} {error.message} {error.detail or ''}".casefold()))
        return words.issuperset(map(str.casefold, edge.columns))

    def _tables_at(self, error: SqlError) -> frozenset[str]:
        names = tables_at(self._subject, self._direction, error)
        if self._direction is Direction.UP:
            return names
        return frozenset(self._subject.names.tables.get(name, name) for name in names)

    def _attempt(self, chosen: Sequence[Edge] | None) -> SqlError | None:
        """Run the file over plain rows and those edge rows (None: all that can be written)."""
        self._branches += 1
        with trip(self._subject) as here:
            here.fill(without=self._without)
            if self._direction is Direction.DOWN and here.run(Direction.UP) is not None:
                return None
            if chosen is None:
                chosen = self._edges = _edges(here, self._direction, self._without)
                if self._direction is Direction.UP:
                    error, self._losses = _over(here, chosen)
                    return error
            if self._direction is Direction.UP:
                write_edges(here, self._direction, chosen)
                return here.run(self._direction) if chosen else None
            error, losses = _back_over(here, chosen) if chosen else (None, ())
            self._losses = tuple({(loss.table, loss.column): loss for loss in (*self._losses, *losses)}.values())
            return error

    def _refusal(self, edge: Edge | None, error: SqlError) -> Refusal:
        written = When.BEFORE if self._direction is Direction.UP else When.AFTER
        if edge is None:
            tables = sorted(self._tables_at(error))
            table = tables[0] if len(tables) == 1 else None
            return Refusal(direction=self._direction, error=error, table=table, written=written)
        return Refusal(
            direction=self._direction,
            error=error,
            table=edge.table,
            column=", ".join(edge.columns),
            value=edge.value,
            query=self._for_production(edge),
            written=written,
        )

    def _for_production(self, edge: Edge) -> str | None:
        """Give the query with the table's name as production's default database or schema has it."""
        subject = self._subject
        if edge.query is None or subject.dialect is Dialect.POSTGRES:
            return edge.query
        tables = subject.before if self._direction is Direction.UP else subject.after
        table = next(each for each in tables if each.name == edge.table)
        return edge.query.replace(table.sql, quoted(table.name, subject.dialect))
