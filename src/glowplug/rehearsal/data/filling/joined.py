"""Columns by which a file joins tables and no foreign key does: some rows are given a partner, the others have none."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.data.files.names import with_meant
from glowplug.schema.tables import Family, Written
from glowplug.sql.actions import CreateTable, Delete, Insert, Update

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.database.rows import Rows, Value
    from glowplug.dialect import Dialect
    from glowplug.rehearsal.data.files.names import Meant
    from glowplug.schema.tables import Column, Table
    from glowplug.sql.statement import Script

_EQUAL = re.compile(r"([\w\"`]+)\.([\w\"`]+)\s*=\s*([\w\"`]+)\.([\w\"`]+)(?!\s*\()")
_USING = re.compile(r"\bjoin\b[^()]*\busing\s*\(([\w\"`,\s]+)\)", re.IGNORECASE)
_NO_ALIAS = frozenset(
    {"as", "cross", "full", "group", "having", "inner", "join", "left", "limit", "natural", "on", "order", "outer"}
    | {"returning", "right", "set", "straight_join", "union", "using", "where"}
)
_JOINED = frozenset({Family.TEXT, Family.INTEGER, Family.UUID})
_Side = tuple[str, str]


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of a table that a file holds against those of another."""

    table: str
    columns: tuple[str, ...]
    other: str
    referenced: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """Say that no row has a partner."""
        return f"no row has a partner in {self.other} by {', '.join(self.columns)}, by which up.sql joins them"


def joins(script: Script | None, tables: Sequence[Table], later: Sequence[Table], dialect: Dialect) -> tuple[Join, ...]:
    """Give the joins of a file's tables, but for those whose columns rows are not free to have other values in.

    ``later``: what the tables will be, by the same names: a foreign key to come is met by all rows anyway.
    """
    known = {table.name: table for table in tables}
    bound = {
        place
        for table in (*tables, *later)
        for key in table.foreign_keys
        for place in (
            *((table.name, name) for name in key.columns),
            *((key.table, name) for name in key.referenced if key.table != table.name or name not in key.columns),
        )
    }
    found: dict[Join, None] = {}
    for action, statement, meant in with_meant(script, tables, dialect):
        if script is None or not isinstance(action, (CreateTable, Delete, Insert, Update)):
            continue
        own = meant(action.table) if isinstance(action, (Delete, Update)) else None
        order = [own, *map(meant, action.reads)]
        pairs: dict[tuple[str, str], dict[tuple[str, str], None]] = {}
        for sides in _equal(action, script.text_of(statement.span), known, meant):
            child, parent = sorted(sides, key=lambda side: (_is_key(known[side[0]], side[1]), order.index(side[0])))
            pairs.setdefault((child[0], parent[0]), {})[child[1], parent[1]] = None
        for (table, other), columns in pairs.items():
            if all((table, name) not in bound and _is_ours(known[table], name) for name, _ in columns):
                names, referenced = zip(*columns, strict=True)
                found[Join(table=table, columns=names, other=other, referenced=referenced)] = None
    return tuple(found)


def have_partners(rows: Rows, join: Join, tables: Mapping[str, Table]) -> bool:
    """Whether a row of the table has a partner, or it has none at all."""
    own = _values(rows, tables[join.table], join.columns)
    return not own or not set(own).isdisjoint(_partners(rows, join, tables))


def give_partners(rows: Rows, join: Join, tables: Mapping[str, Table]) -> None:
    """Give every other row that has no partner what a row of the other table has, one that is nobody's if there is.

    What the server refuses stays as it was.
    """
    table = tables[join.table]
    by = [name for unique in table.uniques if unique.primary for name in unique.columns if name is not None]
    own, partners = _values(rows, table, join.columns), _partners(rows, join, tables)
    free = [value for value in partners if value not in own] or partners
    if not by or not free:
        return
    keys = _values(rows, table, by)
    alone = [key for key, value in zip(keys[::2], own[::2], strict=True) if value not in partners]
    changed = [(*value, *key) for key, value in zip(alone, itertools.cycle(free), strict=False)]
    if changed:
        rows.update(table, join.columns, changed, by=by)


def _partners(rows: Rows, join: Join, tables: Mapping[str, Table]) -> list[tuple[Value, ...]]:
    theirs = _values(rows, tables[join.other], join.referenced)
    return list(dict.fromkeys(value for value in theirs if None not in value))


def _equal(
    action: CreateTable | Delete | Insert | Update, text: str, tables: Mapping[str, Table], meant: Meant
) -> Iterator[tuple[_Side, _Side]]:
    """Give the columns of two tables that a statement holds to be equal."""
    own = (action.table,) if isinstance(action, (Delete, Update)) else ()
    places = [(each, table) for each in (*own, *action.reads) if (table := meant(each)) is not None]
    called = {each.name.casefold(): table for each, table in places}
    for each, table in places:
        words = rf"(?<!\w)[\"`]?{re.escape(each.name)}[\"`]?\s+(?:as\s+)?[\"`]?(\w+)"
        aliases = {match[1].casefold() for match in re.finditer(words, text, re.IGNORECASE)}
        called |= dict.fromkeys(aliases - _NO_ALIAS, table)
    sides = [tuple(part.strip('"`').casefold() for part in match.groups()) for match in _EQUAL.finditer(text)]
    if len(places) == 2:  # noqa: PLR2004 - of more it can't be told whose columns they are
        one, other = (each.name.casefold() for each, _ in places)
        listed = (name.strip(' "`\n').casefold() for match in _USING.finditer(text) for name in match[1].split(","))
        sides += [(one, name, other, name) for name in listed]
    for left, name, right, referenced in sides:
        if left not in called or right not in called or called[left] == called[right]:
            continue
        there = _column(tables[called[left]], name), _column(tables[called[right]], referenced)
        if there[0] is not None and there[1] is not None and there[0].type.family is there[1].type.family in _JOINED:
            yield (called[left], there[0].name), (called[right], there[1].name)


def _column(table: Table, name: str) -> Column | None:
    return next((column for column in table.columns if column.name.casefold() == name), None)


def _is_key(table: Table, column: str) -> bool:
    return any(unique.columns == (column,) and unique.predicate is None for unique in table.uniques)


def _is_ours(table: Table, name: str) -> bool:
    column = _column(table, name.casefold())
    return column is not None and column.written is not Written.SERVER and not column.numbered


def _values(rows: Rows, table: Table, columns: Sequence[str]) -> list[tuple[Value, ...]]:
    contents = rows.read(table)
    places = [contents.columns.index(name) for name in columns]
    return [tuple(row[place] for place in places) for row in contents.rows]
