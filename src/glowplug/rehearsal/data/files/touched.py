"""Which tables a migration has to do with: those that need rows, and are read before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.names import found, renamed, with_meant
from glowplug.rehearsal.data.files.text import actions_of, followed, names_in
from glowplug.schema.tables import Action
from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    AlterTableSetting,
    Comment,
    Copy,
    CreateTable,
    CreateView,
    Delete,
    Drop,
    DropTable,
    DropView,
    Grant,
    Insert,
    ObjectKind,
    RefreshView,
    Select,
    TableChange,
    Truncate,
    Update,
)
from glowplug.sql.parts import Constraint
from glowplug.sql.postgres_locality import locality
from glowplug.sql.postgres_nesting import nesting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from glowplug.database.trace import Trace
    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.files.text import Text
    from glowplug.schema.tables import Table
    from glowplug.sql.parts import Name

_ROWS_GO = (Delete, DropTable, Truncate, Update)
_NO_ROWS = (Comment, CreateView, DropView, Grant, RefreshView)
_OF_REFERENCES = frozenset({"ROW SHARE", "SHARE ROW EXCLUSIVE"})
"""PostgreSQL's lock modes that a foreign key takes on the table it refers to, whose rows stay as they are."""
_READ_ALONE = frozenset({"ACCESS SHARE"})


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """Names of tables, as they are called before the up and after it.

    ``edges_before`` and ``edges_after``: those whose rows a file may refuse.
    """

    before: frozenset[str]
    after: frozenset[str]
    edges_before: frozenset[str] = frozenset()
    edges_after: frozenset[str] = frozenset()


def touched(  # noqa: PLR0917 - both sides of the up, what was read of it and seen
    text: Text,
    trace: Trace,
    before: Sequence[Table],
    after: Sequence[Table],
    names: Names,
    more: Collection[str] = (),
) -> Touched:
    """Tell what either file touches, by what its up was seen to do, what both say, and what is different afterwards.

    Where a file holds what can't be followed, or fires triggers, that is every table; but for PostgreSQL, where what
    was seen tells. ``more``: old tables that are known to be touched besides.
    """
    old = {table.name: table for table in before}
    new = {table.name: table for table in after}
    told = text.dialect is Dialect.POSTGRES and trace.blind is None
    if not told and (text.opaque or _fires_triggers(text, before, after)):
        return Touched(
            before=frozenset(old), after=frozenset(new), edges_before=frozenset(old), edges_after=frozenset(new)
        )
    of_old = {name for name in seen(trace, _OF_REFERENCES) if name in old} | set(more)
    of_new = set()
    for mentioned in _mentioned(text):
        of_old |= _found(mentioned, old, text.dialect)
        of_new |= _found(mentioned, new, text.dialect)
    of_new |= _different(before, new, names)
    of_old |= {name for name in old if names.tables.get(name) is None}
    back = {now: then for then, now in names.tables.items()}
    of_old |= {back[name] for name in of_new if name in back}
    of_old = _with_partitions(of_old, before)
    edges_before = frozenset(of_old)
    of_old |= _referred_to_by_defaults(text, old)
    if any(isinstance(action, _ROWS_GO) or _drops_rows(action) for action, _ in _all(text)):
        of_old = _with_children(of_old, before) | _that_hold(_deleted(text, before), before)
    of_new |= {names.tables[name] for name in of_old if name in names.tables}
    of_new = _with_partitions(of_new, after)
    read_back = _read_by_down(text, new)
    return Touched(
        before=frozenset(of_old),
        after=frozenset(of_new),
        edges_before=edges_before,
        edges_after=frozenset(name for name in of_new if back.get(name) in edges_before or name in read_back),
    )


def seen(trace: Trace, but: Collection[str]) -> Iterator[str]:
    """Give the relations that a file was seen to lock, other than in some modes, to rewrite or to read as a whole."""
    for statement in trace.statements:
        yield from (lock.relation for lock in statement.locks if lock.mode not in but)
        yield from statement.rewritten
        yield from statement.scanned


def overlooked(  # noqa: PLR0917 - what was read and seen of both files, both sides of the up
    text: Text,
    up: Trace,
    down: Trace | None,
    known: Touched,
    before: Sequence[Table],
    after: Sequence[Table],
    names: Names,
) -> frozenset[str]:
    """Give the old tables that the files were seen to write, or the down to read, and that nobody had thought of.

    Tables that touched ones refer to are locked with them, and keep their rows: but for a down whose text does not
    tell all that it does, nobody knows for what it locks them.
    """
    back = names.back().tables
    whole = {table.name: table.partition_of or table.name for table in before}
    there = set(whole.values()) - known.before
    parents = {key.table for table in before if table.name in known.before for key in table.foreign_keys}
    parents |= {
        back.get(key.table, key.table) for table in after if table.name in known.after for key in table.foreign_keys
    }
    written = {
        whole.get(lock.relation, "")
        for statement in up.statements
        for lock in statement.locks
        if lock.mode not in _READ_ALONE | _OF_REFERENCES
    }
    found = (written - parents) & there
    if down is None:
        return frozenset(found)
    hides = _hides(text, before, after)
    if hides and down.blind is not None:
        return frozenset(there)
    seen_back = {whole.get(back.get(name, name), "") for name in seen(down, () if hides else _OF_REFERENCES)}
    return frozenset(found | ((seen_back if hides else seen_back - parents) & there))


def _hides(text: Text, before: Sequence[Table], after: Sequence[Table]) -> bool:
    """Whether the down may do more to rows than can be read of it: in a function, a block or a trigger."""
    if text.down is None:
        return False
    has_triggers = any(table.triggers for table in (*before, *after))
    if text.dialect is Dialect.POSTGRES:
        said = locality(text.down.text) or nesting(text.down.text)
        return said is None or (said.writes and has_triggers)
    return (
        not followed(text.down)
        or has_triggers
        or any(isinstance(action, Select) for action, _ in actions_of(text.down))
    )


def _mentioned(text: Text) -> Iterator[Name]:
    """Give the names of what may be tables whose rows are touched: not those that a foreign key refers to."""
    for action, _ in _all(text):
        if not isinstance(action, _NO_ROWS):
            yield from names_in(action, but=Constraint)


def _referred_to_by_defaults(text: Text, old: Collection[str]) -> set[str]:
    """Give the old tables that a new column refers to with its default: there must be the row that it means."""
    given: set[tuple[str, str]] = set()
    keys: list[tuple[str, Constraint]] = []
    for action, _ in actions_of(text.up):
        if isinstance(action, AddColumn):
            if action.column.default is not None:
                given.add((action.table.name, action.column.name))
            keys += [(action.table.name, each) for each in action.column.constraints]
        elif isinstance(action, AddConstraint):
            keys.append((action.table.name, action.constraint))
    return {
        match
        for table, key in keys
        if key.references is not None and any((table, column) in given for column in key.columns)
        if (match := found(key.references, old, text.dialect)) is not None
    }


def _found(name: Name, tables: Collection[str], dialect: Dialect) -> set[str]:
    match = found(name, tables, dialect)
    return set() if match is None else {match}


def _different(before: Sequence[Table], new: dict[str, Table], names: Names) -> set[str]:
    there = {table.name: table for table in renamed(before, names, new.values())}
    return {
        name for name, table in new.items() if name not in there or _without_rows(there[name]) != _without_rows(table)
    }


def _read_by_down(text: Text, new: Collection[str]) -> frozenset[str]:
    """Give the new tables from which the down takes rows elsewhere."""
    reads = (
        name
        for action, _ in actions_of(text.down)
        if isinstance(action, (CreateTable, Delete, Insert, Update))
        for name in action.reads
    )
    return frozenset(match for name in reads if (match := found(name, new, text.dialect)) is not None)


def _all(text: Text) -> Iterable[tuple[object, object]]:
    yield from actions_of(text.up)
    yield from actions_of(text.down)


def _drops_rows(action: object) -> bool:
    return isinstance(action, AlterTableSetting) and action.change in {
        TableChange.DROP_PARTITION,
        TableChange.TRUNCATE_PARTITION,
    }


def _fires_triggers(text: Text, before: Sequence[Table], after: Sequence[Table]) -> bool:
    """Whether rows are written by the files to a table with triggers, which write who knows where."""
    with_triggers = {table.name for table in (*before, *after) if table.triggers}
    return bool(with_triggers) and any(_writes_to(action, with_triggers, text.dialect) for action, _ in _all(text))


def _writes_to(action: object, tables: Collection[str], dialect: Dialect) -> bool:
    if isinstance(action, Drop):
        return action.kind is ObjectKind.SCHEMA
    if not isinstance(action, (Copy, Delete, Insert, Truncate, Update)) or action.table is None:
        return False
    return found(action.table, tables, dialect) is not None


def _without_rows(table: Table) -> Table:
    return msgspec.structs.replace(table, rows=0, sql="")


def _with_partitions(names: set[str], tables: Sequence[Table]) -> set[str]:
    """Add the whole of which a part is touched, and the parts of a touched whole."""
    added = set(names)
    while True:
        more = {table.partition_of for table in tables if table.name in added and table.partition_of is not None}
        more |= {table.name for table in tables if table.partition_of in added}
        if more <= added:
            return added
        added |= more


def _deleted(text: Text, before: Sequence[Table]) -> frozenset[str]:
    """Give the old tables of which the up deletes rows."""
    gone = (
        meant(action.table)
        for action, _, meant in with_meant(text.up, before, text.dialect)
        if isinstance(action, Delete) or (isinstance(action, Insert) and action.replace)
    )
    return frozenset(name for name in gone if name is not None)


def _that_hold(names: Collection[str], tables: Sequence[Table]) -> set[str]:
    """Give the tables whose rows keep rows of these from going."""
    return {table.name for table in tables if any(key.table in names for key in table.foreign_keys)}


def _with_children(names: set[str], tables: Sequence[Table]) -> set[str]:
    """Add the tables whose rows go, or are changed, with the rows that they reference."""
    added = set(names)
    while True:
        more = {
            table.name
            for table in tables
            for key in table.foreign_keys
            if key.table in added and not {key.on_delete, key.on_update} <= {Action.NO_ACTION, Action.RESTRICT}
        }
        if more <= added:
            return added
        added |= more
