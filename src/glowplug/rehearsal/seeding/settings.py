"""``[data]`` of glowplug.toml: how many rows, and what they hold where the catalogue can't tell."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.project import Configuration

SECTION = "data"
MOST_ROWS = 1000
"""For each table: as many as are read back."""
_PLACE = re.compile(r"\{\w+\}")
_PART = re.compile(r'"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|([^."`]+)')


class ColumnSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[data.column]]``: the values of a column, in one of three ways.

    ``values`` by turns; ``pattern``, with ``{n}`` for the row's number; ``sql``, an expression that the server is asked
    for once a row, ``{n}`` as before. ``table`` is called as in a report (``public.users``) or without its schema,
    ``column`` without quotes; case counts on PostgreSQL alone.
    """

    table: str
    column: str
    values: tuple[Any, ...] | None = None
    pattern: str | None = None
    sql: str | None = None


class TableSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[data.table]]``: the rows of a table as they stand there, or that it gets none, ``because`` of what."""

    table: str
    rows: tuple[dict[str, Any], ...] = ()
    skip: bool = False
    because: str | None = None


class DataSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[data]``; ``rows`` is a table's number of them, with 0 nothing is measured; another ``seed``: other values."""

    rows: int = 50
    seed: int = 1
    column: tuple[ColumnSettings, ...] = ()
    table: tuple[TableSettings, ...] = ()

    @classmethod
    def of(cls, configuration: Configuration) -> DataSettings:
        """Read it.

        Raises:
            ConfigurationError: an unknown key, a wrong type, too many rows, a column with no or more than one way to
                its values, a skipped table without a reason.
        """
        settings = configuration.section(SECTION, cls)
        if not 0 <= settings.rows <= MOST_ROWS:
            raise configuration.error(f"rows is a number of rows, from 0 to {MOST_ROWS}", (SECTION, "rows"))
        for index, column in enumerate(settings.column):
            given = [each for each in (column.values, column.pattern, column.sql) if each is not None]
            if len(given) != 1 or column.values == ():
                raise configuration.error(
                    f"{column.table}.{column.column} needs exactly one of values, pattern and sql",
                    (SECTION, "column", index),
                )
            problem = None if column.pattern is None else _wrong_with(column.pattern)
            if problem is not None:
                raise configuration.error(
                    f"the pattern of {column.table}.{column.column} {problem}", (SECTION, "column", index, "pattern")
                )
        for index, table in enumerate(settings.table):
            if table.skip and not table.because:
                raise configuration.error(f"{table.table} is skipped without because", (SECTION, "table", index))
            if table.skip == bool(table.rows):
                raise configuration.error(
                    f"{table.table} needs either rows or skip with because", (SECTION, "table", index)
                )
        return settings


def _wrong_with(pattern: str) -> str | None:
    """Say what keeps a pattern from making a value for each row; None: nothing does."""
    other = next((each for each in _PLACE.findall(pattern) if each != "{n}"), None)
    if other is not None:
        return f"has {other}, which stands for nothing; {{n}} is the row's number"
    return None if "{n}" in pattern else "has no {n}, the row's number; a value for every row is one of `values`"


def is_about(named: str, table: str) -> bool:
    """Whether a table's name in glowplug.toml means ``table``, which is called as in a report.

    With its schema or without, quoted as in SQL or not. Case counts where the name in the report has a schema: on
    PostgreSQL.
    """
    said, own = _compared(named, table)
    return named == table or said in {own, own[-1:]}


def column_of(named: str, columns: Iterable[str], table: str) -> str | None:
    """Give the one of a table's columns that a name in glowplug.toml means; case counts as in ``is_about``."""
    there = tuple(columns)
    if named in there or counts_case(table):
        return named if named in there else None
    return next((each for each in there if each.casefold() == named.casefold()), None)


def counts_case(table: str) -> bool:
    """Whether case counts in the names of columns: on PostgreSQL, where a report gives tables a schema."""
    return len(_parts(table)) > 1


def may_be_about(named: str, table: str) -> bool:
    """Whether it may, where it is not certain in which schemas the two are."""
    said, own = _compared(named, table)
    return said[-1:] == own[-1:]


def without_schema(table: str) -> str:
    """Give a table's name alone, without quotes."""
    return (_parts(table) or (table,))[-1]


def _compared(named: str, table: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    said, own = _parts(named), _parts(table)
    return (said, own) if len(own) > 1 else (_folded(said), _folded(own))


def _folded(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.casefold() for part in parts)


@functools.lru_cache(maxsize=4096)  # every table is held against every setting, for each migration
def _parts(name: str) -> tuple[str, ...]:
    found = _PART.findall(name)
    return tuple(double.replace('""', '"') or back.replace("``", "`") or plain for double, back, plain in found)
