"""The Schema of a SQLite database, from the text of its statements; nothing a migration made is run to read it.

``sqlite_master`` and ``PRAGMA main.…`` can't be shadowed by a table, a view or a temporary object; the pragma
functions (``pragma_table_info``) can, so they are not used.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.schema.model import Schema, SchemaObject
from glowplug.sql.sqlite_create import definition, parse_table, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import apsw

    from glowplug.schema.model import Key
    from glowplug.sql.sqlite_create import Column, Constraint, Table

_OBJECTS = "SELECT type, name, tbl_name, sql FROM main.sqlite_master"
_SETTINGS = ("user_version", "application_id", "journal_mode", "auto_vacuum")
_DATABASE = "main"

Row = tuple[str, str, str, str | None]


def snapshot(connection: apsw.Connection) -> Schema:
    """Read the schema of ``main``: tables, columns, constraints, indexes, triggers, views, and lasting settings.

    Left out: Diesel's bookkeeping table (what hangs on it is listed), the tables behind a virtual table, what
    SQLite keeps for itself (``sqlite_sequence``, ``sqlite_stat1``, a constraint's own index).
    """
    rows: list[Row] = list(connection.execute(_OBJECTS))
    shadows = (
        _shadow_tables(connection) if any(kind == "table" and _is_virtual(sql) for kind, _, _, sql in rows) else ()
    )
    left_out = {BOOKKEEPING_TABLE, *shadows}
    tables = {name: "view" if kind == "view" else "table" for kind, name, _, _ in rows if kind in {"table", "view"}}
    return Schema.of([*_objects(rows, left_out, tables), _settings(connection)])


def _objects(rows: Iterable[Row], left_out: set[str], tables: dict[str, str]) -> Iterator[SchemaObject]:
    for kind, name, table, sql in rows:
        if name in left_out or sql is None or name.startswith("sqlite_"):
            continue
        if kind == "table":
            yield from _virtual_table(name, sql) if _is_virtual(sql) else _table(name, sql)
        elif kind == "view":
            yield SchemaObject(kind="view", name=name, properties={"definition": definition(sql)})
        elif table not in left_out or table == BOOKKEEPING_TABLE:
            parent = None if table == BOOKKEEPING_TABLE else (tables.get(table, "table"), table)
            yield SchemaObject(
                kind=kind, name=f"{table}.{name}", properties={"definition": definition(sql)}, parent=parent
            )


def _is_virtual(sql: str | None) -> bool:
    return sql is not None and sql[:15].upper().startswith("CREATE VIRTUAL")


def _shadow_tables(connection: apsw.Connection) -> tuple[str, ...]:
    return tuple(name for _, name, kind, *_ in connection.execute("PRAGMA main.table_list") if kind == "shadow")


def _virtual_table(name: str, sql: str) -> Iterator[SchemaObject]:
    yield SchemaObject(kind="table", name=name, properties={"definition": f"VIRTUAL {definition(sql)}"})


def _table(name: str, sql: str) -> Iterator[SchemaObject]:
    try:
        parsed = parse_table(sql)
    except ValueError:  # a newer SQLite's clause: kept as it stands
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
        yield SchemaObject(
            kind="column",
            name=f"{name}.{column.name}",
            properties=_column(column, position, keys.get(column.name.casefold())),
            parent=key,
        )
    yield from _constraints(name, key, parsed.constraints)


def _primary_key(parsed: Table) -> dict[str, int]:
    return {
        column.casefold(): position
        for constraint in parsed.constraints
        for position, column in enumerate(constraint.columns, 1)
    }


def _column(column: Column, position: int, key_position: int | None) -> dict[str, str]:
    properties = {
        "type": column.type,
        "not_null": _flag(column.not_null),
        "position": str(position),
        "default": column.default,
        "collation": column.collation,
        "generated": column.generated,
        "primary_key": None if key_position is None else str(key_position),
        "not_null_conflict": column.not_null_conflict,
        "clauses": column.clauses,
    }
    return {name: value for name, value in properties.items() if value is not None}


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


def _settings(connection: apsw.Connection) -> SchemaObject:
    values = {name: str(connection.pragma(name, schema=_DATABASE)) for name in _SETTINGS}
    return SchemaObject(kind="database", name=_DATABASE, properties=values)


def _flag(value: bool) -> str:  # noqa: FBT001 - it is the value
    return "true" if value else "false"
