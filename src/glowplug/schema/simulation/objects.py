"""Views, triggers, routines, types and sequences."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation.dropping import drop_routine, drop_schema, drop_type, rename_type, tables
from glowplug.schema.simulation.follow import drop_readers, drop_sequence, rename_relation
from glowplug.schema.simulation.overlay import with_item, without
from glowplug.schema.simulation.rows import may_change_schema
from glowplug.schema.simulation.tables import rename_index
from glowplug.schema.simulation.values import RoutineFacts, TableFacts, TypeFacts, ViewFacts
from glowplug.sql.actions import ObjectKind
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from glowplug.schema.simulation.state import Key, State
    from glowplug.sql.actions import (
        AddEnumValue,
        Alter,
        AlterDomain,
        CreateRoutine,
        CreateSequence,
        CreateTrigger,
        CreateType,
        CreateView,
        Drop,
        DropTrigger,
        DropView,
        Rename,
        RenameEnumValue,
        SetSchema,
    )

RELATIONS = frozenset({ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.MATERIALIZED_VIEW})
ROUTINES = frozenset({ObjectKind.FUNCTION, ObjectKind.PROCEDURE, ObjectKind.AGGREGATE})
TYPES = frozenset({ObjectKind.TYPE, ObjectKind.DOMAIN})


def create_view(state: State, action: CreateView) -> None:
    """CREATE VIEW."""
    key = state.new_key(action.view, temporary=action.temporary)
    there = state.relations.get(key)
    if action.if_not_exists and there is not None:
        return
    if there is not None and not action.or_replace:
        state.remove(key)
    view = ViewFacts(
        name=state.name(key, action.view.name),
        materialized=action.materialized,
        reads=tuple(dict.fromkeys(state.canonical(name) for name in action.reads)),
        reads_columns=action.reads_columns,
        definition=state.text[action.span.start : action.span.end],
        born=state.origin(action.span),
    )
    state.put(key, view)


def drop_view(state: State, action: DropView) -> None:
    """DROP VIEW, and those that read it."""
    key = state.key(action.view)
    if isinstance(state.relations.get(key), ViewFacts):
        state.remove(key)
        if state.dialect is Dialect.POSTGRES:
            drop_readers(state, key)


def create_trigger(state: State, action: CreateTrigger) -> None:
    """CREATE TRIGGER, on a table or a view."""
    key = state.key(action.table)
    relation = state.relations.get(key)
    name = state.fold(action.trigger)
    if relation is None or (action.if_not_exists and name in relation.triggers):
        return
    state.put(key, replace(relation, triggers=with_item(relation.triggers, name, state.origin(action.span))))
    if action.function is not None:
        state.functions_of.put((key, name), state.key(action.function, state.routines))


def drop_trigger(state: State, action: DropTrigger) -> None:
    """DROP TRIGGER."""
    name = state.fold(action.trigger)
    key = state.key(action.table) if action.table is not None else state.trigger_at(name)
    relation = None if key is None else state.relations.get(key)
    if key is not None and relation is not None and name in relation.triggers:
        state.put(key, replace(relation, triggers=without(relation.triggers, name)))
        state.functions_of.put((key, name), None)


def create_routine(state: State, action: CreateRoutine) -> None:
    """CREATE FUNCTION or PROCEDURE: the last of those with one name is known."""
    key = state.new_key(action.routine)
    facts = RoutineFacts(
        name=state.name(key, action.routine.name),
        volatility=action.volatility,
        language=action.language,
        security_definer=action.security_definer,
        body=action.body,
        changes_schema=may_change_schema(state),
        born=state.origin(action.span),
    )
    state.routines.put(key, facts)


def create_type(state: State, action: CreateType) -> None:
    """CREATE TYPE or DOMAIN."""
    key = state.new_key(action.type)
    facts = TypeFacts(
        name=state.name(key, action.type.name),
        kind=action.kind,
        values=action.values,
        base=action.base,
        not_null=action.not_null,
        default=action.default,
        constraints=action.constraints,
        born=state.origin(action.span),
    )
    state.types.put(key, facts)


def add_enum_value(state: State, action: AddEnumValue) -> None:
    """ALTER TYPE … ADD VALUE."""
    key = state.key(action.type, state.types)
    facts = state.types.get(key)
    if facts is None or action.value in facts.values:
        return
    values = list(facts.values)
    way, _, other = (action.position or "").partition(" ")
    other = other.strip()
    if other.startswith("'") and other.endswith("'"):
        other = other[1:-1].replace("''", "'")
    if other in values:
        values.insert(values.index(other) + (way.upper() == "AFTER"), action.value)
    else:
        values.append(action.value)
    added = with_item(facts.added, action.value, state.origin(action.span))
    state.types.put(key, replace(facts, values=tuple(values), added=added))


def rename_enum_value(state: State, action: RenameEnumValue) -> None:
    """ALTER TYPE … RENAME VALUE."""
    key = state.key(action.type, state.types)
    facts = state.types.get(key)
    if facts is not None:
        values = tuple(action.new_value if each == action.value else each for each in facts.values)
        added = {(action.new_value if each == action.value else each): born for each, born in facts.added.items()}
        state.types.put(key, replace(facts, values=values, added=MappingProxyType(added)))


def alter_domain(state: State, action: AlterDomain) -> None:
    """ALTER DOMAIN."""
    key = state.key(action.domain, state.types)
    facts = state.types.get(key)
    if facts is None:
        return
    match action.what:
        case "set not null":
            facts = replace(facts, not_null=True)
        case "drop not null":
            facts = replace(facts, not_null=False)
        case "set default" | "drop default":
            facts = replace(facts, default=action.default)
        case "add constraint" if action.constraint is not None:
            facts = replace(facts, constraints=(*facts.constraints, action.constraint))
        case "drop constraint":
            kept = tuple(each for each in facts.constraints if each.name != action.name)
            facts = replace(facts, constraints=kept)
        case "validate constraint":
            valid = tuple(
                replace(each, validated=True) if each.name == action.name else each for each in facts.constraints
            )
            facts = replace(facts, constraints=valid)
        case _:
            return
    state.types.put(key, facts)


def create_sequence(state: State, action: CreateSequence) -> None:
    """CREATE SEQUENCE."""
    key = state.new_key(action.sequence, temporary=action.temporary)
    if state.dialect is Dialect.MYSQL or (action.if_not_exists and key in state.sequences):
        return
    _own(state, key, action.owned_by)


def _own(state: State, key: Key, owner: str | None) -> None:
    """Note the column that a sequence goes with: ``table.column``."""
    table, _, column = (owner or "").rpartition(".")
    schema, _, name = table.rpartition(".")
    state.put_sequence(key, state.key(Name(name, schema or None)) if name else None, column)


def drop(state: State, action: Drop) -> None:
    """DROP of what has no Action of its own."""
    if action.kind in ROUTINES:
        drop_routine(state, state.key(action.name, state.routines), cascade=action.cascade)
    elif action.kind in TYPES:
        drop_type(state, state.key(action.name, state.types), cascade=action.cascade)
    elif action.kind is ObjectKind.SEQUENCE:
        drop_sequence(state, state.key(action.name, state.sequences), cascade=action.cascade)
    elif action.kind is ObjectKind.SCHEMA:
        drop_schema(state, action.name.name)
    elif action.kind is ObjectKind.EXTENSION and action.cascade:
        state.doubts_everything(f"DROP EXTENSION {action.name} CASCADE drops whatever uses it", action.span)


def rename(state: State, action: Rename) -> None:
    """RENAME of what has no Action of its own."""
    if action.kind in RELATIONS:
        key = state.key(action.name)
        new = Name(action.new_name, key[0])
        rename_relation(state, key, state.exact(new), new)
    elif action.kind in TYPES:
        key = state.key(action.name, state.types)
        rename_type(state, key, (key[0], action.new_name))
    elif action.kind is ObjectKind.SEQUENCE:
        _rename_sequence(state, state.key(action.name, state.sequences), action.new_name)
    elif action.kind in ROUTINES:
        key = state.key(action.name, state.routines)
        _move_routine(state, key, (key[0], action.new_name))
    elif action.kind is ObjectKind.INDEX:
        found = state.index_at(action.name, action.table)
        if found is not None:
            rename_index(state, found[0], action.name.name, action.new_name)
    elif action.kind is ObjectKind.TRIGGER and action.table is not None:
        _rename_trigger(state, state.key(action.table), action.name.name, action.new_name)
    elif action.kind is ObjectKind.SCHEMA:
        state.doubts_everything(f"the schema {action.name} gets another name", action.span)


def _rename_sequence(state: State, key: Key, new: str) -> None:
    owner = state.sequences.get(key)
    if owner is not None:
        state.drop_sequence(key)
        state.put_sequence((key[0], new), *owner)


def _move_routine(state: State, key: Key, new_key: Key) -> None:
    """Give a routine another name; the triggers that call it follow."""
    routine = state.routines.get(key)
    if routine is None:
        return
    state.routines.put(key, None)
    state.routines.put(new_key, replace(routine, name=state.name(new_key, new_key[1])))
    for at, table in tables(state):
        for trigger in table.triggers:
            if state.functions_of.get((at, trigger)) == key:
                state.functions_of.put((at, trigger), new_key)


def _rename_trigger(state: State, key: Key, old: str, new: str) -> None:
    table = state.relations.get(key)
    if table is not None and old in table.triggers:
        triggers = with_item(without(table.triggers, old), new, table.triggers[old])
        function = state.functions_of.get((key, old))
        state.functions_of.put((key, old), None)
        state.functions_of.put((key, new), function)
        state.put(key, replace(table, triggers=triggers))


def set_schema(state: State, action: SetSchema) -> None:
    """ALTER … SET SCHEMA."""
    if action.kind in RELATIONS:
        key = state.key(action.name)
        new = state.exact(Name(key[1], action.schema))
        rename_relation(state, key, new, Name(key[1], action.schema))
        for sequence, column in state.sequences_of(new):
            state.drop_sequence(sequence)
            state.put_sequence((new[0], sequence[1]), new, column)
    elif action.kind in TYPES:
        key = state.key(action.name, state.types)
        rename_type(state, key, state.exact(Name(key[1], action.schema)))
    elif action.kind in ROUTINES:
        _move_routine(state, state.key(action.name, state.routines), state.exact(Name(action.name.name, action.schema)))


def alter(state: State, action: Alter) -> None:
    """ALTER of what has no Action of its own; MySQL's DATABASE and EVENT among it mean nothing here."""
    if action.kind is ObjectKind.SEQUENCE and action.what == "owned by":
        _own(state, state.key(action.name, state.sequences), action.value)
    elif action.kind is ObjectKind.INDEX and "attach" in action.what:
        found = state.index_at(action.name)
        if found is not None:
            holder, index = found
            relation = state.relations.get(holder)
            if isinstance(relation, TableFacts) and not index.valid:
                state.doubts_table(holder, f"the index {index.name} is valid once all partitions' are", action.span)
