"""What DROP … CASCADE of types, routines and schemas takes along: rare, and looked for in every table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.schema.simulation.follow import drop_table, without_constraints
from glowplug.schema.simulation.overlay import without
from glowplug.schema.simulation.values import TableFacts
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import ColumnFacts
    from glowplug.sql.parts import TypeName


def tables(state: State) -> list[tuple[Key, TableFacts]]:
    """Give all tables with their keys."""
    return [(state.exact(each.name), each) for each in state.relations.values() if isinstance(each, TableFacts)]


def drop_routine(state: State, key: Key, *, cascade: bool) -> None:
    """Drop a routine, and by CASCADE the triggers that call it."""
    state.routines.put(key, None)
    if not cascade:
        return
    for at, table in tables(state):
        lost = [name for name in table.triggers if state.functions_of.get((at, name)) == key]
        if lost:
            state.put(at, replace(table, triggers=without(table.triggers, *lost)))


def type_key(state: State, kind: TypeName) -> Key:
    """Give the key of the type that a column names."""
    schema, _, name = kind.name.rpartition(".")
    return state.key(Name(name.strip('"'), schema.strip('"') or None), state.types)


def _is_of(state: State, column: ColumnFacts, key: Key) -> bool:
    """Whether a column is of the type at ``key``, whose name is somewhere in what the column says of its type."""
    kind = column.type
    return kind is not None and key[1].casefold() in kind.name.casefold() and type_key(state, kind) == key


def drop_type(state: State, key: Key, *, cascade: bool) -> None:
    """Drop a type, and by CASCADE the columns that are of it."""
    if key not in state.types:
        return
    for at, table in tables(state) if cascade else ():
        lost = [name for name, column in table.columns.items() if _is_of(state, column, key)]
        for name in lost:
            gone = [each for each, facts in table.constraints.items() if name in facts.definition.columns]
            table = without_constraints(table, gone)  # noqa: PLW2901 - one column after the other
            indexes = {
                each: index for each, index in table.indexes.items() if all(name != part.column for part in index.keys)
            }
            table = replace(table, columns=without(table.columns, name), indexes=MappingProxyType(indexes))  # noqa: PLW2901 - as above
        if lost:
            state.put(at, table)
    state.types.put(key, None)


def rename_type(state: State, key: Key, new: Key) -> None:
    """Rename a type, and let the columns that are of it name it so."""
    facts = state.types.get(key)
    if facts is None:
        return
    own = state.name(new, new[1])
    for at, table in tables(state):
        columns = {
            name: replace(column, type=replace(column.type, name=str(own)))
            if column.type is not None and _is_of(state, column, key)
            else column
            for name, column in table.columns.items()
        }
        if columns != table.columns:
            state.put(at, replace(table, columns=MappingProxyType(columns)))
    state.types.put(key, None)
    state.types.put(new, replace(facts, name=own))


def drop_schema(state: State, schema: str) -> None:
    """Drop a schema with all that is in it."""
    for relation in list(state.relations.values()):
        key = state.exact(relation.name)
        if key[0] == schema:
            if isinstance(relation, TableFacts):
                drop_table(state, key, cascade=True)
            else:
                state.remove(key)
    for facts in list(state.types.values()):
        if state.exact(facts.name)[0] == schema:
            drop_type(state, state.exact(facts.name), cascade=True)
    for routine in list(state.routines.values()):
        if state.exact(routine.name)[0] == schema:
            drop_routine(state, state.exact(routine.name), cascade=True)
