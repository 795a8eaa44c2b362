"""MySQL and MariaDB by PyMySQL; the dump is what the SHOW CREATE statements say."""

from __future__ import annotations

import itertools
import re

import pymysql
from pymysql.constants import CLIENT

from second_method.verdict import FailedError

BOOKKEEPING = (
    "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,"
    "run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
)
KINDS = {
    "TABLE": "SELECT table_name FROM information_schema.tables "
    "WHERE table_type <> 'VIEW' AND table_schema = database()",
    "VIEW": "SELECT table_name FROM information_schema.views WHERE table_schema = database()",
    "TRIGGER": "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()",
    "PROCEDURE": "SELECT routine_name FROM information_schema.routines "
    "WHERE routine_schema = database() AND routine_type = 'PROCEDURE'",
    "FUNCTION": "SELECT routine_name FROM information_schema.routines "
    "WHERE routine_schema = database() AND routine_type = 'FUNCTION'",
    "EVENT": "SELECT event_name FROM information_schema.events WHERE event_schema = database()",
}
SQL_AT = {"TRIGGER": 2, "PROCEDURE": 2, "FUNCTION": 2, "EVENT": 3}


class MySql:
    """Databases on a server of one's own."""

    def __init__(self, socket: str, *, setup: list[str], session: list[str]) -> None:
        self.socket = socket
        self.setup = setup
        self.session = session
        self.numbers = itertools.count()

    def fresh(self) -> MySqlWitness:
        return MySqlWitness(self, f"w{next(self.numbers)}")


class MySqlWitness:
    def __init__(self, home: MySql, name: str) -> None:
        self.name = name
        self.connection = pymysql.connect(
            unix_socket=home.socket,
            user="root",
            charset="utf8mb4",
            client_flag=CLIENT.MULTI_STATEMENTS,
            autocommit=True,
        )
        for statement in (
            *(f"CREATE DATABASE {name} CHARACTER SET utf8mb4", f"USE {name}", "SET time_zone = '+00:00'"),
            *(*home.setup, BOOKKEEPING, *home.session),
        ):
            self._execute(statement)

    def _execute(self, sql: str) -> None:
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                while cursor.nextset():
                    pass
        except pymysql.MySQLError as error:
            raise FailedError(str(error)) from error

    def apply(self, sql: str, *, in_transaction: bool) -> None:
        try:
            for part in ("BEGIN", sql, "COMMIT") if in_transaction else (sql,):
                self._execute(part)
        except FailedError:
            self._execute("ROLLBACK")
            raise

    def dump(self) -> list[str]:
        lines: list[str] = []
        with self.connection.cursor() as cursor:
            for kind, query in KINDS.items():
                cursor.execute(query)
                for (name,) in list(cursor.fetchall()):
                    if name == "__diesel_schema_migrations":
                        continue
                    cursor.execute(f"SHOW CREATE {kind} `{name}`")
                    text = str(cursor.fetchone()[SQL_AT.get(kind, 1)])
                    text = re.sub(r" AUTO_INCREMENT=\d+", "", text)
                    # Columns may come in another order, so each line stands for itself.
                    lines += [f"{kind} {name}: {line.strip().removesuffix(',')}" for line in text.splitlines()]
        return lines

    def close(self) -> None:
        self._execute(f"DROP DATABASE {self.name}")
        self.connection.close()
