"""What ``[[data.table]]`` and ``[[data.column]]`` name that is in no state of any chain."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.seeding.settings import SECTION, column_of, counts_case, is_about, may_be_about, without_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glowplug.rehearsal.seeding.chain_tables import ChainTables
    from glowplug.rehearsal.seeding.settings import DataSettings


_Columns = dict[tuple[int, str], tuple[str, ...] | None]
"""The columns of tables, by chain and name; None where there may be others."""


class Misnamed(msgspec.Struct, frozen=True, kw_only=True):
    """One such name: the ``key`` of glowplug.toml that holds it, and what is wrong with it, in words."""

    key: tuple[str | int, ...]
    name: str
    message: str


def misnamed(settings: DataSettings, chains: Sequence[ChainTables]) -> Iterator[Misnamed]:
    """Give the names that are wrong for certain: that fit one chain is enough, and so is a doubt about one."""
    if not all(chain.complete for chain in chains):
        return
    for index, table in enumerate(settings.table):
        found = _tables(table.table, chains)
        if not found:
            yield _no_table("table", index, table.table, chains)
            continue
        rows = {name: number for number, values in reversed(tuple(enumerate(table.rows))) for name in values}
        for name, number in rows.items():
            if not _may_be_one(name, found):
                key: tuple[str | int, ...] = (SECTION, "table", index, "rows", number, name)
                yield _no_column("table", key, table.table, name, found)
    for index, column in enumerate(settings.column):
        found = _tables(column.table, chains)
        if not found:
            yield _no_table("column", index, column.table, chains)
        elif not _may_be_one(column.column, found):
            yield _no_column("column", (SECTION, "column", index, "column"), column.table, column.column, found)


def _tables(named: str, chains: Iterable[ChainTables]) -> _Columns:
    """Give the tables of all chains that a name means, or may mean where their schemas are not certain."""
    return {
        (number, name): columns
        for number, chain in enumerate(chains)
        for name, columns in chain.tables.items()
        if is_about(named, name) or (not chain.placed and may_be_about(named, name))
    }


def _may_be_one(named: str, found: _Columns) -> bool:
    """Whether one of these tables has a column of that name, or may have."""
    return any(columns is None or column_of(named, columns, table) for (_, table), columns in found.items())


def _no_column(kind: str, key: tuple[str | int, ...], table: str, named: str, found: _Columns) -> Misnamed:
    exactly = ", letter by letter" if any(counts_case(name) for _, name in found) else ""
    there = {name for columns in found.values() for name in columns or ()}
    return Misnamed(
        key=key,
        name=f"{table}.{named}",
        message=f"[[data.{kind}]] gives values to no column: {table} never has one that is called {named!r}{exactly}"
        + _meant(named, there),
    )


def _no_table(kind: str, index: int, named: str, chains: Iterable[ChainTables]) -> Misnamed:
    gives = "rows" if kind == "table" else "values"
    message = f"[[data.{kind}]] gives {gives} to no table: in no state of the migrations there is one called {named!r}"
    views = [name for chain in chains for name in chain.views if is_about(named, name)]
    if views:
        message += f"; {views[0]} is a view, and rows are written to tables alone"
    else:
        there = {name for chain in chains for name in chain.tables}
        message += _meant(named, there if "." in named else set(map(without_schema, there)))
    return Misnamed(key=(SECTION, kind, index, "table"), name=named, message=message)


def _meant(named: str, known: Iterable[str]) -> str:
    by_folded = {name.casefold(): name for name in sorted(known)}
    close = difflib.get_close_matches(named.casefold(), by_folded, n=1)
    return f"; is {by_folded[close[0]]!r} meant?" if close else ""
