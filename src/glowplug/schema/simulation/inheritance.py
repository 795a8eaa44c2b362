"""Tables that take their columns from others: partitions, INHERITS, LIKE."""

from __future__ import annotations

import functools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation import naming
from glowplug.schema.simulation.follow import with_heirs
from glowplug.schema.simulation.indexing import used
from glowplug.schema.simulation.overlay import with_item
from glowplug.schema.simulation.parts import WITH_INDEX, add_constraint
from glowplug.sql.parts import ConstraintKind, Expression, Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts, TableFacts
    from glowplug.sql.actions import CreateTable

_INCLUDING = re.compile(r"\b(INCLUDING|EXCLUDING)\s+(\w+)", re.IGNORECASE)
INHERITED = frozenset({ConstraintKind.CHECK, ConstraintKind.NOT_NULL})
_ALL = frozenset({"defaults", "constraints", "indexes", "identity", "generated"})


def inherit(state: State, key: Key, table: TableFacts, parent_key: Key) -> TableFacts:
    """Give the table with the columns and CHECKs of a parent, which come first."""
    if state.dialect is not Dialect.POSTGRES:
        return table
    state.parented(key, parent_key)
    parent = state.table_at(parent_key)
    if parent is None:
        return replace(table, columns_known=False)
    columns = {**parent.columns, **table.columns}
    merged = {
        name: _merged(parent.columns[name], column) if name in parent.columns and name in table.columns else column
        for name, column in columns.items()
    }
    columns = {
        name: column
        if name in table.columns
        else replace(column, born=table.born, identity=None, default=_default(state, parent_key, column))
        for name, column in merged.items()
    }
    constraints = {
        name: replace(facts, validated=facts.definition.enforced)
        for name, facts in parent.constraints.items()
        if facts.definition.kind is ConstraintKind.CHECK and not facts.definition.no_inherit
    }
    return replace(
        table,
        columns=MappingProxyType(columns),
        constraints=MappingProxyType({**constraints, **table.constraints}),
        columns_known=table.columns_known and parent.columns_known,
    )


def _merged(above: ColumnFacts, own: ColumnFacts) -> ColumnFacts:
    return replace(own, not_null=own.not_null or above.not_null, default=own.default or above.default)


def adopt(state: State, parent_key: Key, key: Key, *, creating: bool) -> None:
    """Make a table a partition: it gets the parent's columns (where created so), constraints and indexes."""
    parent, table = state.table_at(parent_key), state.table_at(key)
    if state.dialect is not Dialect.POSTGRES:
        return
    if table is None:
        state.parented(key, parent_key)
        return
    if parent is None:
        state.put(key, replace(table, columns_known=table.columns_known and not creating))
        return
    state.parented(key, parent_key)
    if creating:
        table = inherit(state, key, table, parent_key)
        identities = {
            name: replace(column, identity=parent.columns[name].identity)
            for name, column in table.columns.items()
            if name in parent.columns and parent.columns[name].identity is not None and state_has_17(state)
        }
        table = replace(table, columns=MappingProxyType({**table.columns, **identities}))
    table = replace(table, partition_of=parent.name)
    state.put(key, table)
    state.put(
        parent_key,
        replace(
            parent,
            partitions=(*parent.partitions, table.name),
            may_have_rows=parent.may_have_rows or table.may_have_rows,
            seeded=parent.seeded or table.seeded,
        ),
    )
    for facts in parent.constraints.values():
        give_constraint(state, key, facts)
    for index in parent.indexes.values():
        if index.constraint is None:
            give_index(state, key, index)


def state_has_17(state: State) -> bool:
    """Whether partitions share their parent's identity columns: from PostgreSQL 17 on."""
    return state.server_version is None or state.server_version >= (17,)


def release(state: State, parent_key: Key, key: Key) -> None:
    """Make a partition a table of its own again."""
    state.parented(key, parent_key, gone=True)
    parent, table = state.table_at(parent_key), state.table_at(key)
    if parent is not None:
        names = tuple(each for each in parent.partitions if state.exact(each) != key)
        state.put(parent_key, replace(parent, partitions=names))
    if table is not None:
        columns = {
            name: replace(column, identity=None) if column.identity else column
            for name, column in table.columns.items()
        }
        state.put(key, replace(table, partition_of=None, columns=MappingProxyType(columns)))


def give_constraint(state: State, key: Key, facts: ConstraintFacts) -> None:
    """Give a partition or an heir what its parent's constraint asks of it, unless it has it."""
    table = state.table_at(key)
    definition = facts.definition
    if table is None or definition.no_inherit:
        return
    if definition.kind is ConstraintKind.CHECK:
        if facts.name not in table.constraints:
            state.put(key, replace(table, constraints=with_item(table.constraints, facts.name, facts)))
        return
    if definition.kind is ConstraintKind.NOT_NULL or any(
        other.definition.kind is definition.kind
        and other.definition.columns == definition.columns
        and other.definition.references == definition.references
        for other in table.constraints.values()
    ):
        return
    name = facts.name
    own = None if definition.kind in WITH_INDEX or name in table.constraints else name
    state.put(key, add_constraint(state, key, table, replace(definition, name=own, using_index=None), facts.born))


def share(state: State, key: Key, before: Mapping[str, ConstraintFacts]) -> None:
    """Give a table's heirs what of its constraints was not there ``before``."""
    table = state.table_at(key)
    if table is None or key not in state.heirs:
        return
    for name in table.constraints.keys() - before.keys():
        facts = table.constraints[name]
        if table.partition_by is not None or facts.definition.kind in INHERITED:
            for heir in list(with_heirs(state, key))[1:]:
                give_constraint(state, heir, facts)


def give_index(state: State, key: Key, index: IndexFacts) -> None:
    """Give a partition an index like its parent's, unless it has one."""
    table = state.table_at(key)
    if table is None or any(
        other.keys == index.keys and other.unique is index.unique and other.where == index.where
        for other in table.indexes.values()
    ):
        return
    middle = naming.addition(index.attributes)
    name = naming.invented(table.name.name, middle, "idx", functools.partial(used, state, key, table))
    own = replace(index, name=name, table=table.name, constraint=None, valid=True)
    state.put(key, replace(table, indexes=with_item(table.indexes, name, own)))


def copy_like(state: State, key: Key, table: TableFacts, action: CreateTable) -> TableFacts:
    """LIKE: MySQL copies all but foreign keys, PostgreSQL what INCLUDING says."""
    source_key = key if action.like is None else state.key(action.like)
    source = None if action.like is None else state.table_at(source_key)
    if source is None:
        return replace(table, columns_known=False)
    table = replace(table, columns_known=table.columns_known and source.columns_known)
    mysql = state.dialect is Dialect.MYSQL
    wanted = _ALL if mysql else _including(state.text[action.span.start : action.span.end])
    copied = {
        name: replace(
            column,
            born=table.born,
            default=_default(state, source_key, column) if "defaults" in wanted else None,
            generated=column.generated if "generated" in wanted else None,
            stored=column.stored and "generated" in wanted,
            identity=_identity(column, wanted, mysql=mysql),
        )
        for name, column in source.columns.items()
    }
    table = replace(table, columns=MappingProxyType({**copied, **table.columns}))
    for at, facts in source.constraints.items():
        kind = facts.definition.kind
        if kind is ConstraintKind.CHECK and "constraints" in wanted:
            own = replace(facts, born=table.born, validated=facts.definition.enforced)
            table = replace(table, constraints=with_item(table.constraints, at, own))
        elif kind in WITH_INDEX and "indexes" in wanted:
            name = facts.name if mysql else _copied_name(state, key, table, source, facts)
            definition = replace(facts.definition, name=name, using_index=None)
            table = add_constraint(state, key, table, definition, table.born)
    if "indexes" in wanted:
        for index in source.indexes.values():
            carried = None if index.constraint is None else source.constraints.get(state.fold(index.constraint))
            if carried is not None and carried.definition.kind in WITH_INDEX:
                continue
            name = index.name
            if not mysql:
                middle = naming.addition(index.attributes)
                name = naming.invented(table.name.name, middle, "idx", functools.partial(used, state, key, table))
            own_index = replace(index, name=name, table=table.name, constraint=None, born=table.born)
            table = replace(table, indexes=with_item(table.indexes, state.fold(name), own_index))
            state.put(key, table)
    return table


def _copied_name(state: State, key: Key, table: TableFacts, source: TableFacts, facts: ConstraintFacts) -> str | None:
    """Name a copied constraint after its index's own columns."""
    index = source.indexes.get(facts.name)
    if index is None or facts.definition.kind is ConstraintKind.PRIMARY_KEY:
        return None
    label = "key" if facts.definition.kind is ConstraintKind.UNIQUE else "excl"
    middle = naming.addition(index.attributes)
    return naming.invented(table.name.name, middle, label, functools.partial(used, state, key, table))


def _default(state: State, key: Key, column: ColumnFacts) -> Expression | None:
    """Give a column's default; a serial column's asks the sequence that stays the first table's."""
    if column.identity is not Identity.SERIAL:
        return column.default
    name = next((sequence[1] for sequence, _ in state.sequences_of(key, column.name)), "")
    return Expression(text=f"nextval('{name}'::regclass)", functions=("nextval",))


def _identity(column: ColumnFacts, wanted: frozenset[str], *, mysql: bool) -> Identity | None:
    kept = mysql or (column.identity is not Identity.SERIAL and "identity" in wanted)
    return column.identity if kept else None


def _including(text: str) -> frozenset[str]:
    wanted: set[str] = set()
    for way, what in _INCLUDING.findall(text):
        named = _ALL if what.casefold() == "all" else {what.casefold()}
        wanted = wanted | named if way.casefold() == "including" else wanted - named
    return frozenset(wanted)
