"""The Schema of a SQLite database, from the text of its statements; nothing a migration made is run to read it.

``sqlite_master`` and ``PRAGMA main.…`` can't be shadowed by a table, a view or a temporary object; the pragma
functions (``pragma_table_info``) can, so they are not used.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.sqlite import quotes, spelling
from glowplug.schema.model import Schema, SchemaObject
from glowplug.sql.sqlite import tokens
from glowplug.sql.sqlite_create import definition, parse_table, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import apsw

    from glowplug.schema.model import Key
    from glowplug.sql.sqlite_create import Column, Constraint, Table

_OBJECTS = "SELECT type, name, tbl_name, sql FROM main.sqlite_master"
_SETTINGS = ("user_version", "application_id", "journal_mode", "auto_vacuum")
_DATABASE = "main"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of ``sqlite_master``; the strings of a view or a trigger are in single quotes, whatever they were in."""

    kind: str
    name: str
    table: str
    sql: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What SQLite itself says of a schema; ``shadows`` are the tables behind virtual tables."""

    rows: tuple[Row, ...]
    shadows: tuple[str, ...]
    settings: dict[str, str]


def read(connection: apsw.Connection) -> Catalogue:
    """Read what makes up the schema of ``main``."""
    rows = tuple(Row(*row) for row in connection.execute(_OBJECTS))
    bodies = quotes.bodies(connection, tuple((row.kind, row.name, row.sql) for row in rows))
    if bodies:
        rows = tuple(replace(row, sql=bodies.get((row.kind, row.name), row.sql)) for row in rows)
    virtual = any(is_virtual(row.sql) for row in rows)
    return Catalogue(
        rows=rows,
        shadows=shadow_tables(connection) if virtual else (),
        settings={name: str(connection.execute(f"PRAGMA {_DATABASE}.{name}").get) for name in _SETTINGS},
    )


def build(catalogue: Catalogue) -> Schema:
    """Make the Schema: tables, columns, constraints, indexes, triggers, views, and lasting settings.

    Left out: Diesel's bookkeeping table (what hangs on it is listed), the tables behind a virtual table, what
    SQLite keeps for itself (``sqlite_sequence``, ``sqlite_stat1``, a constraint's own index).
    """
    left_out = {BOOKKEEPING_TABLE, *catalogue.shadows}
    views = {row.name for row in catalogue.rows if row.kind == "view"}
    tables = {row.name: row.sql or "" for row in catalogue.rows if row.kind == "table"}
    keys = {name.casefold(): _key_of(sql) for name, sql in tables.items()}
    objects = [SchemaObject(kind="database", name=_DATABASE, properties=catalogue.settings)]
    for row in catalogue.rows:
        if row.sql is not None and row.name not in left_out and row.table not in catalogue.shadows:
            table_sql = tables.get(row.table, "") if row.kind == "index" else ""
            meant = tuple(keys.get(name.casefold(), ()) for name in _referred_to(row))
            objects.extend(_objects(row, table_sql, row.table in views, meant))
    return Schema.of(objects)


@functools.lru_cache(maxsize=8192)
def _objects(
    row: Row,
    table_sql: str,
    on_view: bool,  # noqa: FBT001 - a key
    meant: tuple[tuple[str, ...], ...],
) -> tuple[SchemaObject, ...]:
    """Make the objects that one statement stands for; a chain asks again and again for the same.

    ``meant``: the primary keys that foreign keys mean without naming them.
    """
    kind, name, table, sql = row.kind, row.name, row.table, row.sql or ""
    if name.startswith("sqlite_"):
        return ()
    if kind == "table":
        return tuple(_virtual_table(name, sql) if is_virtual(sql) else _table(name, sql, meant))
    if kind == "view":
        return (SchemaObject(kind="view", name=name, properties={"definition": definition(spelling.body(sql))}),)
    parent = None if table == BOOKKEEPING_TABLE else ("view" if on_view else "table", table)
    spelled = spelling.index(sql, table_sql) if kind == "index" else spelling.body(sql)
    properties = {"definition": definition(spelled)}
    return (SchemaObject(kind=kind, name=f"{table}.{name}", properties=properties, parent=parent),)


def is_virtual(sql: str | None) -> bool:
    """Tell whether a statement of ``sqlite_master`` makes a virtual table."""
    return sql is not None and sql[:15].upper().startswith("CREATE VIRTUAL")


def shadow_tables(connection: apsw.Connection) -> tuple[str, ...]:
    """Name the tables behind virtual tables."""
    return tuple(name for _, name, kind, *_ in connection.execute("PRAGMA main.table_list") if kind == "shadow")


def _virtual_table(name: str, sql: str) -> Iterator[SchemaObject]:
    yield SchemaObject(kind="table", name=name, properties={"definition": f"VIRTUAL {definition(sql)}"})


@functools.lru_cache(maxsize=8192)
def _parsed(sql: str) -> Table | None:
    """Read a table's text; None where it is no ordinary table, or has a newer SQLite's clause."""
    if is_virtual(sql):
        return None
    try:
        return parse_table(spelling.table(sql))
    except ValueError:
        return None


def _referred_to(row: Row) -> Sequence[str]:
    """Name the tables whose primary keys a table's foreign keys mean without naming their columns."""
    parsed = _parsed(row.sql or "") if row.kind == "table" and not row.name.startswith("sqlite_") else None
    return [each.refers_to for each in parsed.constraints if each.refers_to is not None] if parsed else []


def _key_of(sql: str) -> tuple[str, ...]:
    """Give a table's primary key; nothing where there is none, or it can't be read."""
    parsed = _parsed(sql)
    return next((each.columns for each in parsed.constraints if each.columns), ()) if parsed else ()


def _table(name: str, sql: str, meant: Sequence[tuple[str, ...]]) -> Iterator[SchemaObject]:
    parsed = _parsed(sql)
    if parsed is None:
        yield SchemaObject(kind="table", name=name, properties={"definition": whole(sql)})
        return
    key = ("table", name)
    yield SchemaObject(
        kind="table",
        name=name,
        properties={"without_rowid": _flag(parsed.without_rowid), "strict": _flag(parsed.strict)},
    )
    keys = _primary_key(parsed)
    for position, column in enumerate(parsed.columns, 1):
        at = keys.get(column.name.casefold())
        implied = at is not None and (parsed.without_rowid or (parsed.strict and not _is_rowid(column, keys)))
        yield SchemaObject(
            kind="column",
            name=f"{name}.{column.name}",
            properties=_column(column, position, at, not_null=column.not_null or implied),
            parent=key,
        )
    keys_meant = iter(meant)
    constraints = [
        each if each.refers_to is None else each.referring_to(next(keys_meant)) for each in parsed.constraints
    ]
    yield from _constraints(name, key, constraints)


def _primary_key(parsed: Table) -> dict[str, int]:
    return {
        column.casefold(): position
        for constraint in parsed.constraints
        for position, column in enumerate(constraint.columns, 1)
    }


def _is_rowid(column: Column, keys: Mapping[str, int]) -> bool:
    return len(keys) == 1 and column.type.upper() == "INTEGER"


def _column(column: Column, position: int, key_position: int | None, *, not_null: bool) -> dict[str, str]:
    properties = {
        "type": _type(column.type),
        "not_null": _flag(not_null),
        "position": str(position),
        "default": None if column.default == "NULL" else column.default,
        "collation": column.collation,
        "generated": column.generated,
        "primary_key": None if key_position is None else str(key_position),
        "not_null_conflict": column.not_null_conflict,
        "clauses": column.clauses,
    }
    return {name: value for name, value in properties.items() if value is not None}


def _type(declared: str) -> str:
    """Write a declared type, whose case and quotes mean nothing to SQLite."""
    first = next(tokens(declared), None)
    return (declared if first is None or first.kind not in {"name", "string"} else first.name).upper()


def _constraints(table: str, parent: Key, constraints: Sequence[Constraint]) -> Iterator[SchemaObject]:
    seen: Counter[str] = Counter()
    for constraint in constraints:
        name = constraint.name or constraint.label
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} #{seen[name]}"
        yield SchemaObject(
            kind="constraint",
            name=f"{table}.{name}",
            properties={"definition": constraint.definition},
            parent=parent,
        )


def _flag(value: bool) -> str:  # noqa: FBT001 - it is the value
    return "true" if value else "false"
