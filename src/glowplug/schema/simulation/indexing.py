"""Indexes as they come to be on a table, and those that InnoDB makes and drops by itself."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation import naming
from glowplug.schema.simulation.overlay import with_item, without
from glowplug.schema.simulation.values import IndexFacts
from glowplug.sql.parts import ConstraintKind, IndexKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import ConstraintFacts, Origin, TableFacts
    from glowplug.sql.actions import CreateIndex

_CAST = re.compile(r'\(*"?(?P<column>\w+)"?\)*\s*::\s*(?P<type>[\w ]+?)\s*\)*\s*$')
_CALL = re.compile(r'\(*(?P<type>\w+)\s*\(\s*"?(?P<column>\w+)"?\s*\)\)*\s*$')


def used(state: State, key: Key, table: TableFacts, name: str) -> bool:
    """Whether a relation has this name already, those of a table that is being made included (PostgreSQL)."""
    return name in table.indexes or state.taken(key[0], name)


def mysql_index_name(table: TableFacts, keys: Iterable[IndexKey]) -> str:
    """Name an index after its first column, with a number from 2 where that is taken."""
    first = next((key.column for key in keys), None) or "functional_index"
    if first.casefold() == "primary":
        first = "PRIMARY_2"
    if first.casefold() not in table.indexes:
        return first
    return next(f"{first}_{n}" for n in itertools.count(2) if f"{first}_{n}".casefold() not in table.indexes)


def index_for_key(state: State, table: TableFacts, facts: ConstraintFacts) -> TableFacts:
    """InnoDB indexes a foreign key's columns where no index begins with them."""
    constraint = facts.definition
    columns = [state.fold(name) for name in constraint.columns]
    if constraint.kind is not ConstraintKind.FOREIGN_KEY or any(
        _begins(index, columns) and (len(index.keys) > len(columns) or not index.implicit)
        for index in table.indexes.values()
    ):
        return table
    keys = tuple(IndexKey(column=name) for name in constraint.columns)
    table = relieved(state, table, keys)
    name = constraint.name or mysql_index_name(table, keys)
    index = IndexFacts(
        name=name,
        table=table.name,
        keys=keys,
        unique=False,
        method=None,
        where=None,
        include=(),
        constraint=None,
        valid=True,
        implicit=True,
        born=facts.born,
    )
    return replace(table, indexes=with_item(table.indexes, state.fold(name), index))


def _begins(index: IndexFacts, columns: list[str]) -> bool:
    keys = [(key.column or "").casefold() for key in index.keys]
    return keys[: len(columns)] == columns and all(key.length is None for key in index.keys[: len(columns)])


def plain_keys(table: TableFacts, keys: tuple[IndexKey, ...]) -> tuple[IndexKey, ...]:
    """Give an index's keys as PostgreSQL keeps them: a cast of a column to what it is already is the column."""
    return tuple(key if key.expression is None else _plain(table, key, key.expression.text) for key in keys)


def _plain(table: TableFacts, key: IndexKey, text: str) -> IndexKey:
    cast = _CAST.match(text) or _CALL.match(text)
    if cast is None:
        return key
    column = table.columns.get(cast["column"])
    if column is None or column.type is None or str(column.type) != " ".join(cast["type"].lower().split()):
        return key
    return replace(key, column=column.name, expression=None)


def add_index(state: State, key: Key, table: TableFacts, action: CreateIndex, born: Origin) -> TableFacts:
    """Give the table with one more index; on InnoDB it replaces the one made for a foreign key that it serves."""
    table = relieved(state, table, action.keys)
    name = action.index
    columns = naming.index_columns((*action.keys, *(IndexKey(column=each) for each in action.include)))
    if name is None and state.dialect is Dialect.POSTGRES:
        name = naming.invented(
            table.name.name, naming.addition(columns), "idx", lambda text: used(state, key, table, text)
        )
    if name is None:
        name = mysql_index_name(table, action.keys)
    index = IndexFacts(
        name=name,
        table=table.name,
        keys=plain_keys(table, action.keys) if state.dialect is Dialect.POSTGRES else action.keys,
        unique=action.unique,
        method=action.method,
        where=action.where,
        include=action.include,
        constraint=None,
        valid=not (action.only and table.partitions),
        attributes=tuple(columns),
        born=born,
    )
    return replace(table, indexes=with_item(table.indexes, state.fold(name), index))


def relieved(state: State, table: TableFacts, keys: tuple[IndexKey, ...]) -> TableFacts:
    """InnoDB drops the index that it made for a foreign key once another index serves it."""
    if state.dialect is not Dialect.MYSQL:
        return table
    columns = [(key.column or "").casefold() if key.length is None else "" for key in keys]
    served = [
        name
        for name, index in table.indexes.items()
        if index.implicit and [(key.column or "").casefold() for key in index.keys] == columns[: len(index.keys)]
    ]
    return replace(table, indexes=without(table.indexes, *served)) if served else table
