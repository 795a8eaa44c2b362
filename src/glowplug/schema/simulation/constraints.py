"""Constraints and indexes come, go and change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation.follow import drop_constraints, with_heirs, without_constraints
from glowplug.schema.simulation.indexing import add_index
from glowplug.schema.simulation.inheritance import INHERITED, give_index, share
from glowplug.schema.simulation.overlay import differing, with_item, without
from glowplug.schema.simulation.parts import add_constraint
from glowplug.schema.simulation.tables import rename_index
from glowplug.schema.simulation.values import IndexFacts, TableFacts, ViewFacts
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import ConstraintFacts
    from glowplug.sql.actions import (
        AddConstraint,
        AlterConstraint,
        CreateIndex,
        DropConstraint,
        DropIndex,
        RenameConstraint,
        RenameIndex,
        ValidateConstraint,
    )


def add(state: State, action: AddConstraint) -> None:
    """ADD CONSTRAINT."""
    key, table = state.table(action.table)
    constraint = action.constraint
    if table is None:
        return
    if action.if_not_exists and constraint.name is not None and state.fold(constraint.name) in table.constraints:
        return
    before = table.constraints
    table = add_constraint(state, key, table, constraint, state.origin(action.span))
    state.put(key, table)
    share(state, key, before)


def drop(state: State, action: DropConstraint) -> None:
    """DROP CONSTRAINT and its like, with the index that carries it and, by CASCADE, the foreign keys to it."""
    key, table = state.table(action.table)
    if table is None:
        return
    found = _named(state, table, action)
    if found is None:
        if state.dialect is Dialect.MYSQL and action.name is not None:
            state.put(key, replace(table, indexes=without(table.indexes, state.fold(action.name))))
        return
    for at in list(with_heirs(state, key)):
        heir = state.table_at(at)
        if heir is None or (at != key and found.definition.kind not in INHERITED and heir.partition_of is None):
            continue
        names = [
            name for name, facts in heir.constraints.items() if facts is found or (at != key and _is_copy(facts, found))
        ]
        if names:
            state.retired[at] = state.retired.get(at, frozenset()) | set(names)
            state.put(at, without_constraints(_nullable(state, heir, found), names))
    if action.cascade and found.definition.kind in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE}:
        _drop_references(state, key, found)


def _nullable(state: State, table: TableFacts, gone: ConstraintFacts) -> TableFacts:
    """Give the table as it is once a NOT NULL constraint is gone."""
    if gone.definition.kind is ConstraintKind.NOT_NULL:
        for column in map(state.fold, gone.definition.columns):
            if column in table.columns:
                facts = replace(table.columns[column], not_null=False)
                table = replace(table, columns=with_item(table.columns, column, facts))
    return table


def _is_copy(facts: ConstraintFacts, above: ConstraintFacts) -> bool:
    """Whether an heir's constraint came from its parent's."""
    if facts.definition.kind is not above.definition.kind:
        return False
    if above.definition.kind in INHERITED:
        return facts.name == above.name
    return (
        facts.definition.columns == above.definition.columns
        and facts.definition.references == above.definition.references
    )


def _named(state: State, table: TableFacts, action: DropConstraint) -> ConstraintFacts | None:
    if action.name is not None:
        return table.constraints.get(state.fold(action.name))
    return next((each for each in table.constraints.values() if each.definition.kind.value == action.kind), None)


def _drop_references(state: State, key: Key, gone: ConstraintFacts) -> None:
    columns = gone.definition.columns
    primary = gone.definition.kind is ConstraintKind.PRIMARY_KEY
    for child in state.children.get(key) or ():
        drop_constraints(
            state,
            child,
            lambda facts: (
                facts.definition.references is not None
                and state.exact(facts.definition.references) == key
                and (
                    set(facts.definition.referenced_columns) == set(columns)
                    if facts.definition.referenced_columns
                    else primary
                )
            ),
        )


def validate(state: State, action: ValidateConstraint) -> None:
    """VALIDATE CONSTRAINT."""
    top, _ = state.table(action.table)
    name = state.fold(action.name)
    for key in list(with_heirs(state, top)):
        table = state.table_at(key)
        facts = None if table is None else table.constraints.get(name)
        if table is None or facts is None:
            continue
        if facts.definition.kind is ConstraintKind.NOT_NULL:
            for column in map(state.fold, facts.definition.columns):
                if column in table.columns:
                    known = replace(table.columns[column], not_null=True)
                    table = replace(table, columns=with_item(table.columns, column, known))
        valid = replace(facts, validated=facts.definition.enforced)
        state.put(key, replace(table, constraints=with_item(table.constraints, name, valid)))


def rename(state: State, action: RenameConstraint) -> None:
    """RENAME CONSTRAINT, and its index."""
    top, _ = state.table(action.table)
    for key in list(with_heirs(state, top)):
        table = state.table_at(key)
        facts = None if table is None else table.constraints.get(state.fold(action.name))
        if table is None or facts is None:
            continue
        if state.fold(action.name) in table.indexes:
            rename_index(state, key, action.name, action.new_name)
            continue
        renamed = replace(facts, name=action.new_name)
        rest = without(table.constraints, state.fold(action.name))
        state.put(key, replace(table, constraints=with_item(rest, state.fold(action.new_name), renamed)))


def alter(state: State, action: AlterConstraint) -> None:
    """ALTER CONSTRAINT: NOT ENFORCED makes it not valid, whatever else."""
    key, table = state.table(action.table)
    facts = None if table is None else table.constraints.get(state.fold(action.name))
    if table is None or facts is None or "enforced" not in action.what:
        return
    enforced = "not enforced" not in action.what
    new = replace(facts, definition=replace(facts.definition, enforced=enforced), validated=enforced)
    state.put(key, replace(table, constraints=with_item(table.constraints, state.fold(action.name), new)))


def create_index(state: State, action: CreateIndex) -> None:
    """CREATE INDEX on a table or a materialized view, and on the table's partitions."""
    key = state.key(action.table)
    relation = state.relations.get(key)
    born = state.origin(action.span)
    if relation is None:
        return
    if action.if_not_exists and action.index is not None:
        name = state.fold(action.index)
        if name in relation.indexes or (state.dialect is not Dialect.MYSQL and state.taken(key[0], name)):
            return
    if isinstance(relation, ViewFacts):
        index = IndexFacts(
            name=action.index or f"{relation.name.name}_idx",
            table=relation.name,
            keys=action.keys,
            unique=action.unique,
            method=action.method,
            where=action.where,
            include=action.include,
            constraint=None,
            valid=True,
            born=born,
        )
        state.put(key, replace(relation, indexes=with_item(relation.indexes, index.name, index)))
        return
    before = relation.indexes
    table = add_index(state, key, relation, action, born)
    state.put(key, table)
    if not action.only and table.partition_by is not None:
        for name in differing(before, table.indexes):
            for heir in list(with_heirs(state, key))[1:]:
                if name in table.indexes:
                    give_index(state, heir, table.indexes[name])


def drop_index(state: State, action: DropIndex) -> None:
    """DROP INDEX, and the constraint that it carries."""
    found = state.index_at(action.index, action.table)
    if found is None:
        return
    key, index = found
    relation = state.relations.get(key)
    if isinstance(relation, TableFacts):
        carried = relation.constraints.get(state.fold(index.constraint or ""))
        if carried is not None and carried.definition.kind is not ConstraintKind.FOREIGN_KEY:
            relation = without_constraints(relation, [state.fold(carried.name)])
    if relation is not None:
        state.put(key, replace(relation, indexes=without(relation.indexes, state.fold(action.index.name))))
    for at in list(with_heirs(state, key))[1:]:
        heir = state.table_at(at)
        if heir is not None and heir.partition_of is not None:
            lost = [
                name
                for name, other in heir.indexes.items()
                if other.constraint is None and (other.keys, other.unique) == (index.keys, index.unique)
            ]
            state.put(at, replace(heir, indexes=without(heir.indexes, *lost)))


def rename_an_index(state: State, action: RenameIndex) -> None:
    """ALTER INDEX … RENAME TO."""
    found = state.index_at(action.index, action.table)
    if found is not None:
        rename_index(state, found[0], action.index.name, action.new_name)
