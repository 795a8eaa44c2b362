"""Tables come, go, get other names and partitions."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation.follow import drop_table, rename_relation
from glowplug.schema.simulation.indexing import add_index
from glowplug.schema.simulation.inheritance import adopt, copy_like, inherit, release
from glowplug.schema.simulation.overlay import with_item
from glowplug.schema.simulation.parts import add_constraint, add_sequence, column_facts, merged
from glowplug.schema.simulation.rows import source
from glowplug.schema.simulation.values import TableFacts, ViewFacts
from glowplug.sql.actions import CreateIndex, TableChange
from glowplug.sql.parts import ConstraintKind, Name

if TYPE_CHECKING:
    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import Origin
    from glowplug.sql.actions import (
        AlterTableSetting,
        AttachPartition,
        CreateTable,
        DetachPartition,
        DropTable,
        RenameTable,
    )
    from glowplug.sql.parts import Constraint

_ORDER = {
    ConstraintKind.CHECK: 0,
    ConstraintKind.NOT_NULL: 0,
    ConstraintKind.PRIMARY_KEY: 1,
    ConstraintKind.UNIQUE: 2,
    ConstraintKind.EXCLUDE: 2,
    ConstraintKind.FOREIGN_KEY: 3,
}
_MYSQL_ORDER = {**_ORDER, ConstraintKind.PRIMARY_KEY: 0, ConstraintKind.UNIQUE: 1}
_QUALIFIED = re.compile(r'"((?:[^"]|"")*)"|([^."\s]+)')


def create_table(state: State, action: CreateTable) -> None:
    """CREATE TABLE in all its forms."""
    key = state.new_key(action.table, temporary=action.temporary)
    born = state.origin(action.span)
    there = state.relations.get(key)
    doubtful: str | None = None
    maybe_older = False
    if action.if_not_exists:
        if there is not None:
            return
        maybe_older = key not in state.gone or state.doubts.get(key) is not None
        if maybe_older and not (state.known_before and state.doubt is None and state.doubts.get(key) is None):
            doubtful = (
                f"{action.table} may have been there before, and then CREATE TABLE IF NOT EXISTS left it as it was"
            )
    if there is not None:
        drop_table(state, key, cascade=False)
        if state.conditional is not None:
            return
    if state.conditional is not None or maybe_older:
        state.uncertain.put(born, born)
    for column in action.columns if state.conditional is not None else ():
        state.uncertain.put(column_born := state.origin(column.span), column_born)
    known = doubtful is None and state.conditional is None
    _create(state, key, action, born, known=known, certain=known and not maybe_older)
    if doubtful is None and action.from_query:
        doubtful = f"the columns of {action.table} are those of a query"
    if doubtful is not None:
        state.doubts_table(key, doubtful, action.span)


def _create(state: State, key: Key, action: CreateTable, born: Origin, *, known: bool, certain: bool) -> None:
    name = state.name(key, action.table.name)
    table = TableFacts(
        name=name,
        columns=MappingProxyType({}),
        columns_known=known and not action.from_query,
        may_have_rows=not certain or action.from_query,
        seeded=source(state, action.reads, action.span) if action.from_query else None,
        temporary=action.temporary,
        partition_by=action.partition_by,
        options=MappingProxyType(dict(action.options)),
        born=born,
    )
    columns = [column_facts(state, column, state.origin(column.span)) for column in action.columns]
    for column in columns:
        add_sequence(state, key, action.table.name, column)
    table = replace(table, columns=MappingProxyType({state.fold(column.name): column for column in columns}))
    for parent in action.inherits:
        table = inherit(state, key, table, state.key(parent))
    if action.like is not None:
        table = copy_like(state, key, table, action)
    state.put(key, table)
    for inline, item in _parts(state, action):
        born = state.origin(item.span)
        if isinstance(item, CreateIndex):
            table = add_index(state, key, table, item, born)
        else:
            table = add_constraint(state, key, table, item, born, creating=True, inline=inline)
        state.put(key, table)
    if certain:
        state.fresh.put(key, key)
    if action.partition_of is not None:
        adopt(state, state.key(action.partition_of), key, creating=True)


def _parts(state: State, action: CreateTable) -> list[tuple[str | None, Constraint | CreateIndex]]:
    """Give constraints, with the column that they are written with, and indexes, in the order in which they are made.

    It decides about the names that the server finds.
    """
    inline = [(state.fold(column.name), one) for column in action.columns for one in column.constraints]
    if state.dialect is Dialect.POSTGRES:
        constraints = merged([*(one for _, one in inline), *action.constraints])
        return [(None, one) for one in sorted(constraints, key=lambda one: _ORDER[one.kind])]
    parts: list[tuple[str | None, Constraint | CreateIndex]] = [*inline]
    parts += [(None, one) for one in action.constraints]
    parts += [(None, one) for one in action.indexes]
    if state.dialect is Dialect.SQLITE:
        return parts
    return sorted(parts, key=lambda part: 1 if isinstance(part[1], CreateIndex) else _MYSQL_ORDER[part[1].kind])


def drop(state: State, action: DropTable) -> None:
    """DROP TABLE."""
    key = state.key(action.table)
    if isinstance(state.relations.get(key), ViewFacts):
        state.remove(key)
        return
    drop_table(state, key, cascade=action.cascade)
    state.gone.put(key, key)
    state.doubts.put(key, state.conditional)


def rename(state: State, action: RenameTable) -> None:
    """RENAME TO, which PostgreSQL takes for views, indexes and sequences as well."""
    key = state.key(action.table)
    if key in state.relations:
        schema = action.new_name.schema
        new = Name(action.new_name.name, schema if schema is not None else key[0])
        rename_relation(state, key, state.exact(new), new)
        return
    found = state.index_at(action.table)
    if found is not None:
        rename_index(state, found[0], action.table.name, action.new_name.name)
        return
    at = state.key(action.table, state.sequences)
    owner = state.sequences.get(at)
    if owner is not None:
        state.drop_sequence(at)
        state.put_sequence((at[0], action.new_name.name), *owner)


def rename_index(state: State, holder: Key, name: str, new_name: str) -> None:
    """Give an index, and the constraint that it carries, another name."""
    relation = state.relations.get(holder)
    index = None if relation is None else relation.indexes.get(state.fold(name))
    if relation is None or index is None:
        return
    carried = index.constraint
    new = replace(index, name=new_name, constraint=None if carried is None else new_name, implicit=False)
    indexes = MappingProxyType(
        {(state.fold(new_name) if each is index else at): (new if each is index else each)
         for at, each in relation.indexes.items()}
    )  # fmt: skip
    if isinstance(relation, TableFacts) and carried is not None:
        constraints = MappingProxyType(
            {(state.fold(new_name) if each.name == carried else at): (
                replace(each, name=new_name) if each.name == carried else each)
             for at, each in relation.constraints.items()}
        )  # fmt: skip
        relation = replace(relation, constraints=constraints)
    state.put(holder, replace(relation, indexes=indexes))


def attach(state: State, action: AttachPartition) -> None:
    """ATTACH PARTITION."""
    adopt(state, state.key(action.table), state.key(action.partition), creating=False)


def detach(state: State, action: DetachPartition) -> None:
    """DETACH PARTITION."""
    release(state, state.key(action.table), state.key(action.partition))


def alter(state: State, action: AlterTableSetting) -> None:
    """Change a property of the table as a whole."""
    key, table = state.table(action.table)
    if table is None:
        return
    if action.change in {TableChange.INHERIT, TableChange.NO_INHERIT} and action.value is not None:
        parent = state.key(_name(action.value))
        if action.change is TableChange.INHERIT:
            state.put(key, inherit(state, key, table, parent))
        else:
            state.parented(key, parent, gone=True)
        return
    if action.change is TableChange.CHARACTER_SET:
        columns = {
            name: replace(
                column,
                type=None if column.type is None else replace(column.type, charset=None, collation=None),
                collation=None,
            )
            for name, column in table.columns.items()
        }
        table = replace(table, columns=MappingProxyType(columns))
    if action.value is not None:
        table = replace(table, options=with_item(table.options, action.change.value, action.value))
    state.put(key, table)


def _name(text: str) -> Name:
    parts = [quoted.replace('""', '"') or bare for quoted, bare in _QUALIFIED.findall(text)]
    return Name(parts[-1], parts[-2] if len(parts) > 1 else None) if parts else Name(text)
