"""Rows on MySQL and MariaDB: written in the migrations' session, read in another whose settings are known.

What a session without strict mode would write in another shape than it was given (cut, rounded, a zero in place of
NULL) is taken for refused, and is not written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.interface import SqlError
from glowplug.database.mysql.failure import TOO_LONG, explain
from glowplug.database.mysql.session import (
    ALL_ROWS,
    UNKNOWN_DATABASE,
    ServerError,
    StatementRefused,
    first_column,
    quote_name,
    quote_text,
    text_of,
)
from glowplug.database.mysql.tables import tables
from glowplug.database.rows import Answer, Contents, Rows
from glowplug.schema.tables import Family
from glowplug.sql.mysql import statements as split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.mysql.session import Reply, Row
    from glowplug.database.mysql.snapshot import SnapshotReader
    from glowplug.database.rows import Value
    from glowplug.schema.tables import Column, Table

_ADJUSTED = frozenset({
    1048,  # a NULL became the type's own zero
    1263,  # the same, in a bulk insert
    1264,  # out of range: the nearest that fits
    1265,  # cut
    1292,  # no such date or number: what could be read of it
    1364,  # left out, with no default: the type's own zero
    1366,  # no such value: what could be read of it
    1406,  # too long
})  # fmt: skip
_ROLLS_BACK = "InnoDB"
_ROLLED_BACK = frozenset({
    *("", "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"),
    *("INSERT", "UPDATE", "DELETE", "REPLACE"),
})  # fmt: skip
"""First words of statements that commit nothing; empty where a parenthesis or nothing stands there."""


class MysqlRows(Rows):
    """What can be done with rows in one session; implements ``database.rows.Rows``."""

    def __init__(self, ask: Callable[..., Reply], reader: SnapshotReader, schema: str, *, superuser: bool) -> None:
        """Take the migrations' session by ``ask`` (SQL as bytes, ``rows``: whether to keep them)."""
        self._ask = ask
        self._reader = reader
        self._schema = schema
        self._superuser = superuser
        self._engines: dict[str, str | None] = {}

    def tables(self) -> tuple[Table, ...]:
        """Read every base table, Diesel's own left out; of a schema that was dropped, none is left."""
        try:
            catalogue, columns, checks = self._reader.parts()
        except StatementRefused as refused:
            if refused.error.number == UNKNOWN_DATABASE:
                return ()
            raise
        self._engines = {str(each["table_name"]): each["engine"] for each in catalogue.sections["tables"]}
        reply = self._ask(b"SELECT @@foreign_key_checks LIMIT 1", rows=True)
        enforced = reply.error is None and first_column(reply.rows[0]) != ["0"]
        counts = self._reader.counts(
            [str(each["table_name"]) for each in catalogue.sections["tables"] if each["table_type"] == "BASE TABLE"]
        )
        found = tables(catalogue, columns, checks, schema=self._schema, enforced=enforced, counts=counts)
        return tuple(found)

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows; what the server says of each."""
        if not rows:
            return ()
        if not columns:
            head, tuples = f"INSERT INTO {table.sql} () VALUES ", ["()"] * len(rows)
        else:
            known = {each.name: each for each in table.columns}
            head = f"INSERT INTO {table.sql} ({', '.join(map(quote_name, columns))}) VALUES "
            of = [known[name] for name in columns]
            tuples = [
                f"({', '.join(_literal(column, value) for column, value in zip(of, row, strict=True))})" for row in rows
            ]
        together = head + ", ".join(tuples) if self._rolls_back(table) else None
        return self._write(together, [head + each for each in tuples])

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Set ``columns`` of the rows whose ``by`` columns equal."""
        known = {each.name: each for each in table.columns}
        statements = []
        for row in rows:
            values = [
                (quote_name(name), _literal(known[name], value))
                for name, value in zip((*columns, *by), row, strict=True)
            ]
            changes = ", ".join(f"{name} = {value}" for name, value in values[: len(columns)])
            where = " AND ".join(f"{name} <=> {value}" for name, value in values[len(columns) :])
            statements.append(f"UPDATE {table.sql} SET {changes} WHERE {where}")
        return self._write(None, statements)

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows; of one that the migrations' session has locked, or that is gone, nothing is told.

        A view that stands in its place now is not read: it would run with the administrator's rights.
        """
        columns = tuple(each.name for each in table.columns)
        shown = ", ".join(map(_shown, table.columns))
        try:
            if not self._reader.is_table(table.name):
                return Contents(columns=columns, rows=(), complete=False)
            found = self._reader.ask(f"SELECT {shown} FROM {table.sql} LIMIT {limit + 1}")
        except StatementRefused:
            return Contents(columns=columns, rows=(), complete=False)
        binary = frozenset(index for index, each in enumerate(table.columns) if each.type.family is Family.BYTES)
        rows = tuple(_values(row, binary) for row in found[:limit])
        return Contents(columns=columns, rows=rows, complete=len(found) <= limit)

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement, and roll back what it did; one that the server could not roll back is refused."""
        found = split(sql)
        if len(found) > 1:
            return Answer(error=SqlError(code=None, message="more than one statement: a query is one"))
        if found and found[0].word not in _ROLLED_BACK:
            return Answer(
                error=SqlError(code=None, message=f"{found[0].word} is no query: it could not be rolled back")
            )
        self._reader.forget()
        error = self._refused(self._ask(b"BEGIN"))
        if error is not None:
            return Answer(error=error)
        text = sql.encode()
        reply = self._ask(text, rows=True)
        self._ask(b"ROLLBACK")
        error = self._refused(reply, sql)
        if error is not None:
            return Answer(error=error)
        if not reply.rows:
            return Answer()
        rows, binary = reply.rows[-1], reply.binary[-1]
        return Answer(
            columns=reply.columns[-1],
            rows=tuple(_values(row, binary) for row in rows[:limit]),
            complete=len(rows) <= limit,
        )

    def execute(self, sql: str) -> SqlError | None:
        """Run statements as one batch; committed."""
        self._reader.forget()
        reply = self._ask(sql.encode())
        error = self._refused(reply, sql)
        if error is not None:
            if not reply.lost:
                self._ask(b"ROLLBACK")
            return error
        return self._refused(self._ask(b"COMMIT"))

    def _rolls_back(self, table: Table) -> bool:
        if table.name not in self._engines:
            self._engines[table.name] = self._reader.engine(table.name)
        return self._engines[table.name] == _ROLLS_BACK

    def _write(self, together: str | None, statements: Sequence[str]) -> tuple[SqlError | None, ...]:
        """Run one statement for all rows, or one for each: those that are refused leave nothing behind."""
        self._reader.forget()
        if together is not None:
            error = self._attempt(together)
            if error is None:
                return (self._refused(self._ask(b"COMMIT")),) * len(statements)
            self._ask(b"ROLLBACK")
            if error.timed_out:
                return (error,) * len(statements)
        said: list[SqlError | None] = []
        for statement in statements:
            error = self._attempt(statement)
            said.append(error or self._refused(self._ask(b"COMMIT")))
            if error is not None:
                self._ask(b"ROLLBACK")
                if error.timed_out:  # the next would take as long
                    return (*said, *(error,) * (len(statements) - len(said)))
        return tuple(said)

    def _attempt(self, statement: str) -> SqlError | None:
        error = self._refused(self._ask(b"BEGIN"))
        if error is not None:
            return error
        reply = self._ask(statement.encode("utf-8", "surrogateescape"))
        error = self._refused(reply)
        if error is not None or not reply.warnings:
            return error
        warnings = self._ask(f"SHOW WARNINGS LIMIT {ALL_ROWS}".encode(), rows=True)
        for _, number, message in warnings.rows[0] if warnings.rows else ():
            if int(text_of(number) or 0) in _ADJUSTED:
                return explain(
                    ServerError(number=int(text_of(number) or 0), sqlstate="01000", message=text_of(message) or "")
                )
        return None

    def _refused(self, reply: Reply, text: str | None = None) -> SqlError | None:
        if reply.timed_out:
            return TOO_LONG
        if reply.error is None:
            return None
        return explain(reply.error, text=text, reply=reply, superuser=self._superuser)


def _literal(column: Column, value: Value) -> str:
    """SQL for a value that no setting of the session reads otherwise."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"_binary X'{value.hex()}'"
    if column.type.family is Family.BITS and re.fullmatch("[01]+", value):
        return f"b'{value}'"
    if column.type.family is Family.GEOMETRY:
        return f"ST_GeomFromText({quote_text(value)})"
    return quote_text(value)


def _shown(column: Column) -> str:
    """SQL for a value's canonical text: all of a float's digits, a bit string's zeros and ones, a geometry's WKT."""
    name = quote_name(column.name)
    if "zerofill" in column.type.name:
        return f"{name} + 0"
    match column.type.family:
        case Family.FLOAT:
            return f"{name} + 0e0"
        case Family.BITS:
            return f"LPAD(BIN({name}), {column.type.length}, '0')"
        case Family.GEOMETRY:
            return f"ST_AsText({name})"
    return name


def _values(row: Row, binary: frozenset[int]) -> tuple[Value, ...]:
    return tuple(value if index in binary else text_of(value) for index, value in enumerate(row))
