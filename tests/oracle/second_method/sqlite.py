"""SQLite by the standard library's driver; the dump is ``sqlite_master``."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from pathlib import Path

from second_method.verdict import FailedError

TRIGGER = """
CREATE TRIGGER __diesel_manage_updated_at_{0} AFTER UPDATE ON {0}
FOR EACH ROW WHEN old.updated_at IS NULL AND new.updated_at IS NULL OR old.updated_at == new.updated_at
BEGIN UPDATE {0} SET updated_at = CURRENT_TIMESTAMP WHERE ROWID = new.ROWID; END
"""
BOOKKEEPING = (
    "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,"
    "run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
)
PIECE = re.compile(r"""--[^\n]*|/\*.*?\*/|\s+|'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|[\w$.]+|.""", re.DOTALL)
QUOTES = '"`[]'


class Sqlite:
    """Databases in memory."""

    def __init__(self, *, foreign_keys: bool, setup: list[str]) -> None:
        """``setup`` is what the session starts with."""
        self.foreign_keys = foreign_keys
        self.setup = setup

    def fresh(self) -> SqliteWitness:
        return SqliteWitness(foreign_keys=self.foreign_keys, setup=self.setup)


class SqliteWitness:
    def __init__(self, *, foreign_keys: bool, setup: list[str]) -> None:
        # A file, since a journal mode may be changed.
        self.directory = tempfile.TemporaryDirectory(prefix="second-method-")
        self.connection = sqlite3.connect(Path(self.directory.name) / "x.db", isolation_level=None)
        self.connection.create_function("diesel_manage_updated_at", 1, self._manage)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        self.connection.execute(BOOKKEEPING)
        for statement in setup:
            self.connection.execute(statement)

    def _manage(self, table: str) -> int:
        self.connection.execute(TRIGGER.format(table))
        return 0

    def apply(self, sql: str, *, in_transaction: bool) -> None:
        try:
            self.connection.executescript(f"BEGIN;\n{sql}\n;COMMIT;" if in_transaction else sql)
        except sqlite3.Error as error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise FailedError(str(error)) from error

    def dump(self) -> list[str]:
        rows = self.connection.execute(
            "SELECT type || ' ' || name || ' on ' || tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL "
            "AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> '__diesel_schema_migrations'"
        ).fetchall()
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        return [f"user_version {version}", *(f"{title}: {_in_one_way(sql)}" for title, sql in rows)]

    def close(self) -> None:
        self.connection.close()
        self.directory.cleanup()


def _in_one_way(sql: str) -> str:
    """Without comments, white space, quotes of names and case; what commas part on the first level, sorted."""
    pieces = [piece for piece in PIECE.findall(sql) if not piece.isspace() and not piece.startswith(("--", "/*"))]
    words = [piece if piece.startswith("'") else piece.strip(QUOTES).upper() for piece in pieces]
    words = ["INTEGER" if word == "INT" else word for word in words]
    if "(" not in words:
        return " ".join(words)
    start = words.index("(")
    depth, items, current, rest = 0, [], [], []
    for position in range(start, len(words)):
        word = words[position]
        depth += (word == "(") - (word == ")")
        if depth == 0:
            rest = words[position + 1 :]
            break
        if word == "," and depth == 1:
            items.append(" ".join(current))
            current = []
        elif position > start:
            current.append(word)
    items.append(" ".join(current))
    listed = items if "INDEX" in words[:3] else sorted(items)
    return " ".join([*words[:start], "(", ", ".join(listed), ")", *rest])
