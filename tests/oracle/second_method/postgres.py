"""PostgreSQL by libpq; the dump is ``pg_dump --schema-only``."""

from __future__ import annotations

import itertools
import re
import subprocess
from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import ExecStatus

from second_method.verdict import FailedError

if TYPE_CHECKING:
    from pathlib import Path

BOOKKEEPING = (
    "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,"
    "run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
)
# At the start of a line: a function may have settings of its own, which are indented.
NOISE = re.compile(r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog\.set_config.*|)$")


class Postgres:
    """Databases on a server of one's own."""

    def __init__(self, programs: Path, connection: str, *, setup: list[str], session: list[str]) -> None:
        self.programs = programs
        self.connection = connection
        self.setup = setup
        self.session = session
        self.numbers = itertools.count()

    def fresh(self) -> PostgresWitness:
        return PostgresWitness(self, f"w{next(self.numbers)}")


class PostgresWitness:
    def __init__(self, home: Postgres, name: str) -> None:
        self.home = home
        self.name = name
        self._maintain(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        self.connection = psycopg.connect(f"{home.connection} dbname={name}", autocommit=True)
        for statement in (*home.setup, "SET TIME ZONE 'UTC'", BOOKKEEPING, *home.session):
            self._execute(statement)

    def _maintain(self, sql: str) -> None:
        with psycopg.connect(f"{self.home.connection} dbname=postgres", autocommit=True) as connection:
            connection.execute(sql.encode())

    def _execute(self, sql: str) -> None:
        result = self.connection.pgconn.exec_(sql.encode())
        if result.status == ExecStatus.EMPTY_QUERY:
            raise FailedError("nothing but comments, which Diesel takes for an error")
        if result.status == ExecStatus.FATAL_ERROR:
            raise FailedError(result.error_message.decode(errors="replace").strip())

    def apply(self, sql: str, *, in_transaction: bool) -> None:
        try:
            for part in ("BEGIN", sql, "COMMIT") if in_transaction else (sql,):
                self._execute(part)
        except FailedError:
            self.connection.pgconn.exec_(b"ROLLBACK")
            raise

    def dump(self) -> list[str]:
        command = [
            *(self.home.programs / "pg_dump", "--schema-only", "--no-owner"),
            *("--exclude-table=__diesel_schema_migrations", "-d", f"{self.home.connection} dbname={self.name}"),
        ]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        # Columns, and the columns of a view, may come in another order.
        return [line.strip().removesuffix(",") for line in text.splitlines() if not NOISE.match(line)]

    def close(self) -> None:
        self.connection.close()
        self._maintain(f"DROP DATABASE {self.name} WITH (FORCE)")
