"""Rows that a file clears away, often to ask for more afterwards: those that are alike, those that refer to nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.rehearsal.data.files.names import with_meant
from glowplug.rehearsal.seeding.cases import cases
from glowplug.rehearsal.seeding.makers import maker
from glowplug.rehearsal.seeding.needs import NOT_NULL, both
from glowplug.schema.tables import Written
from glowplug.sql.actions import CreateTable, Delete, Insert, Update
from glowplug.sql.condition import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.files.text import Text
    from glowplug.rehearsal.seeding.makers import Making
    from glowplug.rehearsal.seeding.needs import Needs
    from glowplug.schema.tables import Table

_GROUPED = re.compile(
    r"\b(?:group|partition)\s+by\s+(?P<columns>[\w.\"`,\s]+?)\s*(?:\)|;|\Z|\b(?:having|order|on)\b)", re.IGNORECASE
)
_FIRST_OF = re.compile(r"\bdistinct\s+on\s*\((?P<columns>[\w.\"`,\s]+)\)", re.IGNORECASE)
_COMPARED = re.compile(
    r"\w+\.[\"`]?(\w+)[\"`]?\s*(?:=|<=>|is\s+not\s+distinct\s+from)\s*\w+\.[\"`]?(\w+)", re.IGNORECASE
)
_NUMBER = 811  # of the rows: far from those of plain ones
_NOWHERE = 7_654_321  # of a row that is referred to and not there


def cleared(
    text: Text, tables: Mapping[str, Table], later: Mapping[str, Table], making: Making
) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """Give values by column for rows of each table that the up's DELETE and UPDATE pick by other rows, or a copy folds.

    ``tables`` are those before the up, ``later`` what they will be by the same names.
    """
    yield from _copied(text, tables, later, making)
    for action, statement, meant in with_meant(text.up, tuple(tables.values()), text.dialect):
        if not isinstance(action, (Delete, Update)) or text.up is None:
            continue
        name = meant(action.table)
        if name is None:
            continue
        table, said = tables[name], text.up.text_of(statement.span)
        others = [meant(each) for each in action.reads]
        again = len(re.findall(rf"\b{re.escape(action.table.name)}\b", said, re.IGNORECASE)) > 1
        if again or _GROUPED.search(said) is not None:
            row = _values(table, _alike(said), making, _NUMBER)
            yield from ((name, row) for _ in range(2) if row)
        for key in later[name].foreign_keys if name in later else ():
            if key.table in others and key not in table.foreign_keys:
                row = _values(table, key.columns, making, _NOWHERE)
                yield from ((name, row) for _ in range(1) if row)


def _copied(
    text: Text, tables: Mapping[str, Table], later: Mapping[str, Table], making: Making
) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """Give the values of rows that are alike of tables which the up copies and drops, where the copy folds such."""
    for action, statement, meant in with_meant(text.up, tuple(tables.values()), text.dialect):
        if not isinstance(action, (CreateTable, Insert)) or not action.from_query or text.up is None:
            continue
        for name in (each for each in meant.dropped if each in map(meant, action.reads)):
            for columns in _folded(action, text.up.text_of(statement.span), tables[name], later.get(name)):
                row = _values(tables[name], columns, making, _NUMBER)
                yield from ((name, row) for _ in range(2) if row)


def _folded(action: CreateTable | Insert, said: str, table: Table, later: Table | None) -> Iterator[tuple[str, ...]]:
    """Give the columns by which a copy makes one row of those that are alike, which may be alike before it."""
    listed = [_named(match["columns"]) for form in (_GROUPED, _FIRST_OF) for match in form.finditer(said)]
    if later is not None and isinstance(action, Insert) and (action.ignore or action.replace):
        listed += [tuple(name for name in each.columns if name is not None) for each in later.uniques]
    own = [{str(name).casefold() for name in each.columns} for each in table.uniques]
    for columns in listed:
        if columns and not any(each <= {name.casefold() for name in columns} for each in own):
            yield columns


def _alike(said: str) -> tuple[str, ...]:
    """Give the columns in which a statement looks for rows that are alike."""
    listed = [name for match in _GROUPED.finditer(said) for name in _named(match["columns"])]
    equal = [one for one, other in _COMPARED.findall(said) if one.casefold() == other.casefold()]
    return (*listed, *equal)


def _named(listed: str) -> tuple[str, ...]:
    return tuple(each.strip().rpartition(".")[2].strip(' "`') for each in listed.split(","))


def _values(table: Table, names: Sequence[str], making: Making, number: int) -> dict[str, Value]:
    """Make a value for each of the columns; none where one of them is not there, or not ours to write."""
    columns = {column.name.casefold(): column for column in table.columns if column.written is not Written.SERVER}
    made: dict[str, Value] = {}
    for name in map(str.casefold, names):
        column = columns.get(name)
        needs = None if column is None or column.numbered else _needs(table, column.name, making)
        kind = None if column is None or needs is None else maker(column.type, needs, making)
        if column is None or kind is None:
            return {}
        made[column.name] = kind.make(number)
    return made


def _needs(table: Table, name: str, making: Making) -> Needs | None:
    """Put together what the table's CHECKs ask of a column, each in the first way in which it can hold."""
    needs: Needs | None = NOT_NULL
    for check in table.checks:
        for case in cases([(parse(check.expression, making.dialect), True)])[:1]:
            asked = case.needs.get(name)
            needs = needs if asked is None or needs is None else both(needs, asked)
    return needs
