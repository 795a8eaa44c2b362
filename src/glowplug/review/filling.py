"""What an INSERT … SELECT puts into which column of a table, as far as its text tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.actions import Insert
    from glowplug.sql.parts import Expression, Name

_SILENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_ONE = r'(?:\w+|"(?:[^"]|"")+"|`[^`]+`|\[[^\]]+\])'
_NAME = rf"(?:{_ONE}\s*\.\s*)*{_ONE}"
_COLUMN = re.compile(rf"(?:(?P<of>{_NAME})\s*\.\s*)?{_ONE}\Z")
_STAR = re.compile(rf"(?:(?P<of>{_NAME})\s*\.\s*)?\*\Z")
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
_FROM = re.compile(
    r"\bFROM\b(?P<tables>.*?)(?:\b(?:WHERE|GROUP|HAVING|WINDOW|ORDER|LIMIT|RETURNING)\b|\bON\s+CONFLICT\b|;|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_MORE = re.compile(r",|\bJOIN\b", re.IGNORECASE)
_NO_ALIAS = r"(?:LEFT|RIGHT|FULL|INNER|CROSS|NATURAL|JOIN|ON|USING|INDEXED|NOT|USE|FORCE)\b"
_WITH_NAME = r"^\s*{name}(?:\s+(?:AS\s+)?(?!{none})(?P<alias>{one}))?(?P<rest>.*)$"


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """What a column gets in every row: the value of the old table's column ``source``, or what ``value`` says.

    ``column`` and ``source`` are names as the tables have them; ``text`` is what the SELECT says. ``value`` is None
    where a ``*`` stands for it.
    """

    column: str
    text: str
    source: str | None
    value: Expression | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a SELECT reads a table: the names that it calls it by, lower case, and whether it reads others as well."""

    names: frozenset[str]
    joined: bool


def reading(text: str, table: Name) -> Reading | None:
    """Find how an INSERT's ``text`` reads a table; None where its only FROM does not name it once, as it is."""
    text = _SILENT.sub(" '' ", text)
    found = _FROM.search(text)
    if found is None or len(_SELECT.findall(text)) != 1 or len(re.findall(r"\bFROM\b", text, re.IGNORECASE)) != 1:
        return None
    tables = found["tables"].rstrip()
    if tables.count(")") > tables.count("("):  # of parentheses around the SELECT
        tables = tables.removesuffix(")")
    parts = _MORE.split(tables)
    name = re.compile(
        _WITH_NAME.format(name=rf"(?P<name>{_NAME})", none=_NO_ALIAS, one=_ONE), re.IGNORECASE | re.DOTALL
    )
    read = [one for one in map(name.match, parts) if one is not None and _bare(one["name"]) == table.name.casefold()]
    if len(read) != 1 or (len(parts) == 1 and read[0]["rest"].strip()):
        return None
    alias = read[0]["alias"]
    return Reading(names=frozenset({_bare(alias or read[0]["name"])}), joined=len(parts) > 1)


def puts(  # noqa: PLR0917 - an INSERT, its text, and both tables
    text: str, insert: Insert, source: Name, old: TableFacts, new: TableFacts, dialect: Dialect
) -> tuple[Put, ...] | None:
    """Tell what each column of ``new`` gets that the INSERT fills; None where that can't be told.

    ``source`` is what the statement calls the old table.
    """
    how = reading(text, source)
    if how is None or not insert.select or not (old.columns_known and new.columns_known):
        return None
    values = _values(insert, how, old, dialect)
    if values is None:
        return None
    columns = _targets(insert, new, dialect, len(values))
    if columns is None:
        return None
    return tuple(
        Put(column=column, text=text, source=its, value=value)
        for column, (text, its, value) in zip(columns, values, strict=True)
    )


def said(insert: Insert, new: TableFacts, dialect: Dialect) -> dict[str, Expression] | None:
    """Tell what the text says for each column of ``new`` that an INSERT fills; None where a ``*`` hides it."""
    if not insert.select or not new.columns_known or any(_STAR.match(each.text) for each in insert.select):
        return None
    columns = _targets(insert, new, dialect, len(insert.select))
    return None if columns is None else dict(zip(columns, insert.select, strict=True))


def names_of_another(value: Expression, how: Reading) -> bool:
    """Whether it is a column, and of another table than the one that is read."""
    column = _COLUMN.match(value.text)
    return column is not None and bool(column["of"]) and _bare(column["of"]) not in how.names


def _targets(insert: Insert, new: TableFacts, dialect: Dialect, number: int) -> list[str] | None:
    """Name the columns that an INSERT of so many values fills, in its order; None where they are more or fewer."""
    if insert.columns:
        there = {at: each.name for at, each in new.columns.items()}
        columns = [there.get(_at(each, dialect), each) for each in insert.columns]
    else:
        columns = [
            each.name for each in new.columns.values() if dialect is not Dialect.SQLITE or each.generated is None
        ]
        columns = columns[:number] if dialect is Dialect.POSTGRES else columns
    return columns if len(columns) == number else None


def _values(
    insert: Insert, how: Reading, old: TableFacts, dialect: Dialect
) -> list[tuple[str, str | None, Expression | None]] | None:
    """Give what the SELECT puts out, ``*`` written out: text, source and value; None where a ``*`` can't be told."""
    values: list[tuple[str, str | None, Expression | None]] = []
    for each in insert.select:
        star, column = _STAR.match(each.text), _COLUMN.match(each.text)
        if star is not None:
            if _bare(star["of"]) not in how.names if star["of"] else how.joined:
                return None
            values += [(one.name, one.name, None) for one in old.columns.values()]
            continue
        its = column is not None and len(each.columns) == 1 and (not column["of"] or _bare(column["of"]) in how.names)
        values.append((each.text, _name(old.columns, _at(each.columns[0], dialect)) if its else None, each))
    return values


def _name(columns: Mapping[str, ColumnFacts], at: str) -> str | None:
    found = columns.get(at)
    return None if found is None else found.name


def _bare(name: str) -> str:
    """Give the last part of a name, without quotes, in lower case."""
    *_, last = re.finditer(_ONE, name)
    return last[0].strip('"`[]').replace('""', '"').casefold()


def _at(name: str, dialect: Dialect) -> str:
    return name if dialect is Dialect.POSTGRES else name.casefold()
