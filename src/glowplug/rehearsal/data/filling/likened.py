"""Rows that a file looks for by what another table's rows hold: one is given such a value, where none has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.rehearsal.data.files.names import found
from glowplug.schema.tables import Family, Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.database.rows import Rows, Value
    from glowplug.dialect import Dialect
    from glowplug.rehearsal.data.filling.picking import Pick
    from glowplug.schema.tables import Column, Table

_WORD = re.compile(r"\w+")
_TRIED = 6  # pairs of columns


def liken(rows: Rows, pick: Pick, tables: Mapping[str, Table], dialect: Dialect) -> bool:
    """Give a row of a table the text of another table's row, so that it meets a condition that names both columns.

    Whether one does then. What the server refuses, and what does not help, stays as it was.
    """
    table = tables[pick.table]
    by = [name for unique in table.uniques if unique.primary for name in unique.columns if name is not None]
    contents = rows.read(table)
    if not by or not contents.rows:
        return False
    row = dict(zip(contents.columns, contents.rows[-1], strict=True))
    key = [row[name] for name in by]
    for name, value in _wanted(rows, pick, tables, dialect, but=by):
        if rows.update(table, [name], [(value, *key)], by=by) != (None,):
            continue
        if rows.query(pick.query, limit=1).rows:
            return True
        rows.update(table, [name], [(row[name], *key)], by=by)
    return False


def _wanted(
    rows: Rows, pick: Pick, tables: Mapping[str, Table], dialect: Dialect, *, but: list[str]
) -> Iterator[tuple[str, Value]]:
    """Give columns of the table, each with a text of another table whose column the condition names as well."""
    words = frozenset(_WORD.findall(pick.condition.casefold()))
    table = tables[pick.table]
    bound = {name for key in table.foreign_keys for name in key.columns}.union(but)
    own = [each.name for each in _texts(table, words) if each.name not in bound]
    others = dict.fromkeys(name for each in pick.reads if (name := found(each, tables, dialect)) is not None)
    pairs = (
        (name, other, column.name)
        for other in others
        if other != pick.table
        for column in _texts(tables[other], words)
        for name in own
    )
    for _, (name, other, column) in zip(range(_TRIED), pairs, strict=False):
        contents = rows.read(tables[other])
        values = [row[contents.columns.index(column)] for row in contents.rows]
        value = next((each for each in values if each), None)
        if value is not None:
            yield name, value


def _texts(table: Table, words: frozenset[str]) -> Iterator[Column]:
    for column in table.columns:
        if (
            column.type.family is Family.TEXT
            and column.written is not Written.SERVER
            and column.name.casefold() in words
        ):
            yield column
