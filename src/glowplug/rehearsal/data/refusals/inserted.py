"""Rows that the up inserts and that others refer to, once it has run: whether the down can still take them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.files.names import found
from glowplug.rehearsal.data.files.text import actions_of
from glowplug.rehearsal.data.refusals.finds import as_before, names_before
from glowplug.rehearsal.data.refusals.refusals import of_references
from glowplug.rehearsal.data.trip import filled_trip
from glowplug.rehearsal.measured import Finds, Refusal, When
from glowplug.rehearsal.seeding.edges import rows_with
from glowplug.schema.tables import Action
from glowplug.sql.actions import Delete, Insert, Update
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.schema.tables import ForeignKey, Table

_HOLDS = frozenset({Action.NO_ACTION, Action.RESTRICT})
_TRIED = 6  # references
_ROWS = 3  # of those that the up inserted
_REFERS = "a row that refers to one that up.sql inserted"


class _Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A table that refers to one that the up inserts rows into, by a key that holds them."""

    child: Table
    key: ForeignKey
    parent: Table


class _Tried(msgspec.Struct, frozen=True, kw_only=True):
    """Why the down fails where a row refers to one that the up inserted, and the query that was seen to find it."""

    error: SqlError
    query: str | None


def held_by_others(subject: Subject, *, without: frozenset[str]) -> tuple[Refusal, ...]:
    """Say by which references the down fails that rows written after the up may hold to what it inserted.

    For a down that is known to take plain rows. ``without``: tables that get no rows.
    """
    said = []
    for each in list(_references(subject))[:_TRIED]:
        tried = _tried(subject, each, without)
        if tried is None or not of_references(tried.error):
            continue
        writes = any(
            isinstance(action, (Delete, Update)) and _is(subject, each.child, action)
            for action, _ in actions_of(subject.text.down)
        )
        refusal = Refusal(
            direction=Direction.DOWN,
            error=tried.error,
            table=each.child.name,
            column=", ".join(each.key.columns),
            value=_REFERS,
            query=tried.query,
            finds=Finds.PERHAPS if writes else Finds.ALL,
            written=When.AFTER,
        )
        said.append(refusal)
    return tuple(said)


def _references(subject: Subject) -> Iterator[_Reference]:
    """Give those of tables that were there before the up, and of which the down deletes rows, as far as it is read."""
    if not subject.has_down or subject.text.opaque:
        return
    deleted = [action for action, _ in actions_of(subject.text.down) if isinstance(action, Delete)]
    inserted = [action for action, _ in actions_of(subject.text.up) if isinstance(action, Insert)]
    old = set(subject.names.tables.values())
    parents = {
        table.name: table
        for table in subject.after
        if table.name in old
        and all(any(_is(subject, table, action) for action in each) for each in (inserted, deleted))
    }
    for child in subject.after:
        for key in child.foreign_keys:
            if key.table in parents and key.table != child.name and key.enforced and key.on_delete in _HOLDS:
                yield _Reference(child=child, key=key, parent=parents[key.table])


def _is(subject: Subject, table: Table, action: Delete | Insert | Update) -> bool:
    """Whether an action writes to a table of those after the up, by either of its names."""
    old = subject.names.back().tables.get(table.name, table.name)
    names = {each.name for each in (*subject.before, *subject.after)}
    return found(action.table, names, subject.dialect) in {table.name, old}


def _tried(subject: Subject, reference: _Reference, without: frozenset[str]) -> _Tried | None:
    with filled_trip(subject, without=without) as here:
        there = _referred(here, reference, here.subject.before)
        if there is None or here.run(Direction.UP) is not None:
            return None
        made = [each for each in _referred(here, reference, subject.after) or () if each not in there]
        values: Sequence[Mapping[str, Value]] = [
            dict(zip(reference.key.columns, each, strict=True)) for each in made[:_ROWS]
        ]
        query = _query(subject, reference)
        if query is not None and not _answers(here, query, rows=False):
            query = None
        rows = rows_with(
            here.rows, subject.after, reference.child.name, values, dialect=subject.dialect, settings=subject.settings
        )
        for row in rows or ():
            if here.rows.insert(reference.child, tuple(row), [tuple(row.values())]) != (None,):
                return None
        if not rows:
            return None
        if query is not None and not _answers(here, query, rows=True):
            query = None
        error = here.run(Direction.DOWN)
        return None if error is None else _Tried(error=error, query=query)


def _answers(here: Trip, query: str, *, rows: bool) -> bool:
    answer = here.rows.query(query, limit=1)
    return answer.error is None and bool(answer.rows) == rows


def _referred(here: Trip, reference: _Reference, tables: Sequence[Table]) -> list[tuple[Value, ...]] | None:
    """Read what can be referred to by a key: in the table as it is after the up, or as it was before it."""
    columns, name = list(reference.key.referenced), reference.parent.name
    if tables is here.subject.before:
        back = here.subject.names.back()
        columns = [back.columns.get((name, each), "") for each in columns]
        name = back.tables[name]
    contents = here.rows.read(next(each for each in tables if each.name == name))
    if not contents.complete or not set(contents.columns).issuperset(columns):
        return None
    at = [contents.columns.index(each) for each in columns]
    return [tuple(row[index] for index in at) for row in contents.rows]


def _query(subject: Subject, reference: _Reference) -> str | None:
    """Give a query, to be asked once the up has run, for what refers to the rows that the down deletes."""
    dialect, parent = subject.dialect, reference.parent
    deletes = [
        (action, statement)
        for action, statement in actions_of(subject.text.down)
        if isinstance(action, Delete) and _is(subject, parent, action)
    ]
    if len(deletes) != 1 or len(reference.key.columns) != 1:
        return None
    ((delete, statement),) = deletes
    if delete.where is None or delete.reads or delete.limited:
        return None
    where = as_before(delete.where, names_before(subject, Direction.DOWN, parent, statement), dialect)
    if where is None:
        return None
    child, of = (
        table.sql if dialect is Dialect.POSTGRES else quoted(table.name, dialect) for table in (reference.child, parent)
    )
    column, referenced = quoted(reference.key.columns[0], dialect), quoted(reference.key.referenced[0], dialect)
    return f"SELECT * FROM {child} WHERE {column} IN (SELECT {referenced} FROM {of} WHERE {where})"
