"""``[data]`` of glowplug.toml: how many rows, and what they hold where the catalogue can't tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from glowplug.project import Configuration

SECTION = "data"
MOST_ROWS = 1000
"""For each table: as many as are read back."""


class ColumnSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[data.column]]``: the values of a column, in one of three ways.

    ``values`` by turns; ``pattern``, with ``{n}`` for the row's number; ``sql``, an expression that the server is asked
    for once a row, ``{n}`` as before. ``table`` is called as in a report (``public.users``) or without its schema.
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
                    f"{column.table}.{column.column} needs one of values, pattern and sql", (SECTION, "column", index)
                )
        for index, table in enumerate(settings.table):
            if table.skip and not table.because:
                raise configuration.error(f"{table.table} is skipped without because", (SECTION, "table", index))
            if table.skip == bool(table.rows):
                raise configuration.error(
                    f"{table.table} needs either rows or skip with because", (SECTION, "table", index)
                )
        return settings


def is_about(named: str, table: str) -> bool:
    """Whether a table's name in glowplug.toml means this one."""
    return named == table or named == table.rpartition(".")[2]
