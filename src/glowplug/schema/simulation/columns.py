"""Columns come, go and change."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation.follow import (
    Renaming,
    drop_constraints,
    drop_readers,
    drop_sequence,
    legacy,
    mentions,
    needs,
    with_heirs,
    without_constraints,
)
from glowplug.schema.simulation.indexing import plain_keys
from glowplug.schema.simulation.inheritance import share
from glowplug.schema.simulation.overlay import with_item, without
from glowplug.schema.simulation.parts import (
    add_constraint,
    add_sequence,
    column_facts,
    merged,
    own_check,
    stored_default,
)
from glowplug.schema.simulation.values import ViewFacts
from glowplug.sql.parts import ConstraintKind, Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import ColumnFacts, IndexFacts, TableFacts
    from glowplug.sql.actions import (
        AddColumn,
        AlterColumnSetting,
        AlterColumnType,
        DropColumn,
        DropNotNull,
        ModifyColumn,
        RenameColumn,
        SetDefault,
        SetNotNull,
    )

_POSITION = re.compile(r"AFTER\s+[`\"]?(.*?)[`\"]?\s*$", re.IGNORECASE | re.DOTALL)


def add(state: State, action: AddColumn) -> None:
    """ADD COLUMN, on the table and on those that inherit from it."""
    top, table = state.table(action.table)
    born = state.origin(action.column.span)
    name = state.fold(action.column.name)
    if table is None:
        return
    if action.if_not_exists and name in table.columns:
        return
    unseen = action.if_not_exists and (not table.columns_known or state.doubt_about(top) is not None)
    if unseen or state.conditional is not None:
        state.uncertain.put(born, born)
    facts = column_facts(state, action.column, born)
    before = table.constraints
    for key in with_heirs(state, top):
        heir = state.table_at(key)
        if heir is None or (key != top and name in heir.columns):
            continue
        columns = with_item(heir.columns, name, facts)
        if action.position is not None:
            columns = MappingProxyType(placed(dict(columns), name, action.position, state.fold))
        if key == top:
            add_sequence(state, key, heir.name.name, facts)
        state.put(key, replace(heir, columns=columns))
    constraints = action.column.constraints
    for constraint in merged(constraints) if state.dialect is Dialect.POSTGRES else constraints:
        table = state.table_at(top) or table
        state.put(top, add_constraint(state, top, table, constraint, state.origin(constraint.span), inline=name))
    share(state, top, before)


def placed(
    columns: dict[str, ColumnFacts], name: str, position: str | None, fold: Callable[[str], str]
) -> dict[str, ColumnFacts]:
    """Move a column to where MySQL's FIRST or AFTER wants it."""
    if position is None:
        return columns
    facts = columns[name]
    rest = {key: value for key, value in columns.items() if key != name}
    after = _POSITION.match(position.strip())
    if after is None:
        return {name: facts, **rest}
    target = fold(after.group(1))
    if target not in rest:
        return columns
    ordered: dict[str, ColumnFacts] = {}
    for key, value in rest.items():
        ordered[key] = value
        if key == target:
            ordered[name] = facts
    return ordered


def drop(state: State, action: DropColumn) -> None:
    """DROP COLUMN, with what the server drops along."""
    top, _ = state.table(action.table)
    name = state.fold(action.column)
    for key in list(with_heirs(state, top)):
        table = state.table_at(key)
        if table is None or name not in table.columns:
            continue
        if state.dialect is Dialect.POSTGRES:
            for sequence, _ in state.sequences_of(key, name):
                drop_sequence(state, sequence, cascade=action.cascade)
            _drop_references(state, key, table, name)
            if action.cascade:
                drop_readers(state, key, name, action.span)
            table = state.table_at(key) or table  # its own foreign keys may have pointed at it
        state.put(key, _without_column(state, table, name))


def _drop_references(state: State, key: Key, table: TableFacts, name: str) -> None:
    """Drop the foreign keys to a column."""
    primary = tuple(
        each
        for facts in table.constraints.values()
        if facts.definition.kind is ConstraintKind.PRIMARY_KEY
        for each in facts.definition.columns
    )
    for child in state.children.get(key) or ():
        drop_constraints(
            state,
            child,
            lambda facts: (
                facts.definition.references is not None
                and state.exact(facts.definition.references) == key
                and name in (facts.definition.referenced_columns or primary)
            ),
        )


def _without_column(state: State, table: TableFacts, name: str) -> TableFacts:
    waiting = [name]
    while waiting:
        gone = waiting.pop()
        if state.dialect is Dialect.POSTGRES:
            waiting += [
                other
                for other, facts in table.columns.items()
                if other != gone and facts.generated is not None and gone in facts.generated.columns
            ]
        table = _without_one(state, table, gone)
    return table


def _without_one(state: State, table: TableFacts, name: str) -> TableFacts:
    gone = [
        key
        for key, facts in table.constraints.items()
        if needs(state, facts.definition, name)
        and (state.dialect is not Dialect.MYSQL or facts.definition.kind is ConstraintKind.CHECK)
    ]
    table = without_constraints(table, gone)
    if state.dialect is Dialect.MYSQL:
        table = _shortened(state, table, name)
    else:
        lost = [key for key, index in table.indexes.items() if mentions(state, index, name)]
        table = replace(table, indexes=without(table.indexes, *lost))
    return replace(table, columns=without(table.columns, name))


def _shortened(state: State, table: TableFacts, name: str) -> TableFacts:
    """MySQL takes a dropped column out of its indexes, and drops those that have none left."""
    indexes: dict[str, IndexFacts] = {}
    constraints = dict(table.constraints)
    for key, index in table.indexes.items():
        keys = tuple(each for each in index.keys if each.column is None or state.fold(each.column) != name)
        carried = constraints.get(state.fold(index.constraint)) if index.constraint else None
        if keys:
            indexes[key] = index if keys == index.keys else replace(index, keys=keys)
        if carried is not None and keys != index.keys:
            if keys and carried.definition.kind is not ConstraintKind.FOREIGN_KEY:
                columns = tuple(each for each in carried.definition.columns if state.fold(each) != name)
                constraints[state.fold(carried.name)] = replace(
                    carried, definition=replace(carried.definition, columns=columns)
                )
            else:
                constraints.pop(state.fold(carried.name), None)
    return replace(table, indexes=MappingProxyType(indexes), constraints=MappingProxyType(constraints))


def rename(state: State, action: RenameColumn) -> None:
    """RENAME COLUMN: constraints, indexes, foreign keys elsewhere and views follow."""
    key = state.key(action.table)
    if isinstance(state.relations.get(key), ViewFacts):
        return
    renamed(state, key, action.column, action.new_name)


def renamed(state: State, top: Key, column: str, new_name: str) -> None:
    """Rename a column of a table and of those that inherit it."""
    old = state.fold(column)
    for key in list(with_heirs(state, top)):
        table = state.table_at(key)
        if table is None or old not in table.columns:
            continue
        renaming = Renaming(state, old, new_name)
        for child_key in state.children.get(key) or ():
            child = state.table_at(child_key) if child_key != key else None
            if child is not None:
                state.put(child_key, _referring(state, child, key, renaming))
        state.put(key, _referring(state, renaming.table(table), key, renaming))
        for sequence, _ in state.sequences_of(key, old):
            state.put_sequence(sequence, key, new_name)
        if state.dialect is Dialect.MYSQL or (state.dialect is Dialect.SQLITE and legacy(state)):
            continue
        for view_key in state.readers.get(key) or ():
            view = state.relations.get(view_key)
            if not isinstance(view, ViewFacts):
                continue
            view = replace(view, definition=None)
            if column in view.reads_columns:
                kept = view.reads_columns if len(view.reads) > 1 else renaming.names(view.reads_columns)
                view = replace(view, reads_columns=tuple(dict.fromkeys((*kept, new_name))))
            state.put(view_key, view)


def _referring(state: State, table: TableFacts, parent: Key, renaming: Renaming) -> TableFacts:
    constraints = {
        name: replace(
            facts,
            definition=replace(
                facts.definition, referenced_columns=renaming.names(facts.definition.referenced_columns)
            ),
        )
        if facts.definition.references is not None and state.exact(facts.definition.references) == parent
        else facts
        for name, facts in table.constraints.items()
    }
    return replace(table, constraints=MappingProxyType(constraints))


def modify(state: State, action: ModifyColumn) -> None:
    """MODIFY and CHANGE: what is not repeated is gone, but for keys and where the column was added."""
    key, table = state.table(action.table)
    old = state.fold(action.column)
    if table is None or old not in table.columns:
        return
    born = table.columns[old].born
    if action.definition.name != table.columns[old].name:
        renamed(state, key, action.column, action.definition.name)
        table = state.table_at(key) or table
    name = state.fold(action.definition.name)
    facts = replace(column_facts(state, action.definition, born), name=action.definition.name)
    if any(
        each.definition.kind is ConstraintKind.PRIMARY_KEY and needs(state, each.definition, name)
        for each in table.constraints.values()
    ):
        facts = replace(facts, not_null=True)
    table = _without_own_checks(table, name)
    columns = placed({**table.columns, name: facts}, name, action.position, state.fold)
    table = replace(table, columns=MappingProxyType(columns))
    state.put(key, table)
    for constraint in action.definition.constraints:
        table = add_constraint(state, key, table, constraint, state.origin(constraint.span), inline=name)
        state.put(key, table)


def _without_own_checks(table: TableFacts, name: str) -> TableFacts:
    """MariaDB's CHECK within a column's definition, which has the column's name, is a part of that definition."""
    return replace(table, constraints=without(table.constraints, own_check(name)))


def _each(state: State, action_table: Key, column: str, change: Callable[[ColumnFacts], ColumnFacts]) -> None:
    name = state.fold(column)
    for key in list(with_heirs(state, action_table)):
        table = state.table_at(key)
        if table is not None and name in table.columns:
            new = change(table.columns[name])
            state.put(key, replace(table, columns=with_item(table.columns, name, new)))


def alter_type(state: State, action: AlterColumnType) -> None:
    """ALTER COLUMN … TYPE: the collation is the new type's, where none is said."""
    top = state.key(action.table)
    _each(state, top, action.column, lambda facts: replace(facts, type=action.type, collation=action.collation))
    for key in with_heirs(state, top):
        table = state.table_at(key)
        if table is not None and any(part.expression for index in table.indexes.values() for part in index.keys):
            indexes = {name: replace(each, keys=plain_keys(table, each.keys)) for name, each in table.indexes.items()}
            state.put(key, replace(table, indexes=MappingProxyType(indexes)))


def set_default(state: State, action: SetDefault) -> None:
    """SET DEFAULT and DROP DEFAULT; a serial column is a plain one afterwards."""
    _each(
        state,
        state.key(action.table),
        action.column,
        lambda facts: (
            replace(
                facts,
                default=stored_default(state, action.default, facts.type),
                identity=None if facts.identity is Identity.SERIAL else facts.identity,
            )
            if facts.generated is None and facts.identity is not Identity.AUTO_INCREMENT
            else facts
        ),  # MariaDB takes it without effect
    )


def set_not_null(state: State, action: SetNotNull) -> None:
    """SET NOT NULL."""
    _each(
        state, state.key(action.table), action.column, lambda facts: replace(facts, not_null=True, not_null_said=True)
    )


def drop_not_null(state: State, action: DropNotNull) -> None:
    """DROP NOT NULL."""
    key, table = state.table(action.table)
    _each(state, key, action.column, lambda facts: replace(facts, not_null=False, not_null_said=False))
    if table is not None:
        name = state.fold(action.column)
        drop_constraints(
            state,
            key,
            lambda facts: (
                facts.definition.kind is ConstraintKind.NOT_NULL and name in map(state.fold, facts.definition.columns)
            ),
        )


def _drop_identity(state: State, key: Key, name: str) -> None:
    table = state.table_at(key)
    if table is None or name not in table.columns or table.columns[name].identity is Identity.SERIAL:
        return
    for sequence, _ in state.sequences_of(key, name):
        state.drop_sequence(sequence)
    _each(state, key, name, lambda facts: replace(facts, identity=None))


def alter_setting(state: State, action: AlterColumnSetting) -> None:
    """Other properties of a column: identity and generation expression are known here."""
    key, name = state.key(action.table), state.fold(action.column)
    if action.what == "expression" and action.value is None:
        _each(state, key, action.column, lambda facts: replace(facts, generated=None, stored=False))
    if action.what != "identity" or action.value not in {None, *Identity}:
        return
    if action.value is None:
        _drop_identity(state, key, name)
        return
    identity = Identity(action.value)
    table = state.table_at(key)
    if table is not None and name in table.columns and table.columns[name].identity is None:
        add_sequence(state, key, table.name.name, replace(table.columns[name], identity=identity))
    _each(state, key, action.column, lambda facts: replace(facts, identity=identity, not_null=True))
