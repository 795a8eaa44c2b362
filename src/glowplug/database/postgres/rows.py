"""Write and read rows in the migrations' session, and leave its settings as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psycopg import pq
from psycopg.adapt import Transformer

from glowplug.database.interface import SqlError
from glowplug.database.postgres.answers import Joined, Kept
from glowplug.database.postgres.batch import Runner
from glowplug.database.postgres.failure import Batch
from glowplug.database.postgres.quoting import identifier, literal
from glowplug.database.postgres.session import TransactionStatus
from glowplug.database.postgres.state import own_settings, read_state
from glowplug.database.postgres.tables import read_tables
from glowplug.database.postgres.values import equals, literal_of, shown_in_short, unsendable
from glowplug.database.postgres.within import CLOSE, OPEN, SET_UTF8, UTF8, in_utf8, set_locally
from glowplug.database.postgres.writing import Writing, named_in
from glowplug.database.rows import Answer, Contents, Rows
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Reply, Session
    from glowplug.database.postgres.state import SessionState
    from glowplug.database.rows import Value
    from glowplug.schema.tables import Table

_CANONICAL = (
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("timezone", "UTC"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("xmlbinary", "base64"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
)
# search_path stays: triggers and policies of the user's find what they would.
_SET = f"SELECT 1 WHERE {set_locally(_CANONICAL)}"
_ALL_ROWS = "SELECT pg_catalog.set_config('row_security', 'off', true)"
"""A policy that would hide rows makes an error instead."""
_READ = f"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY NOT DEFERRABLE;{_SET}"
_WRITE = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE;{_SET}"
_KEPT = Kept(last=1, room=1 << 26, at_once=1, no_more=True)
"""What is read of rows at most, in bytes; then the rest is not waited for. A value may be as long as it likes."""

_TEXT = 25  # its oid

_REMEMBERED = 1000
"""Rows of a table that are remembered at most."""

_STALE = "does not match that when preparing the plan"
"""PL/pgSQL in a session that has known a column by another type: a new one, as an application's, does not say it."""

_CURSOR = "glowplug_rows"
_OPEN_TRANSACTION = SqlError(
    code="25001", message="a migration left its transaction open: nothing can be written beside it"
)
_LEFT_OPEN = SqlError(code=None, message="the statements leave a transaction open: what they did in it is rolled back")
_COPIED = SqlError(
    code=None, message="COPY from STDIN or to STDOUT is for psql alone", hint="Write the rows as an INSERT."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresRows(Rows):
    """Rows in the session that ``session`` gives alive; ``wrote`` is called when something may have been written.

    ``read_before`` is what was read of tables in this database, with its digest, by the query.
    """

    session: Callable[[], Session]
    wrote: Callable[[], None]
    read_before: dict[str, tuple[bytes, Contents]]
    superuser: bool = False

    def tables(self) -> tuple[Table, ...]:
        """Read every table of the user's, as it is inside whatever transaction is open.

        Raises:
            EnvironmentFailure: the catalogues could not be read.
        """
        return self.tables_but(())

    def tables_but(self, unchanged: Sequence[Table]) -> tuple[Table, ...]:
        """Read every table of the user's but some, which are taken from here as long as they are there.

        Raises:
            EnvironmentFailure: the catalogues could not be read.
        """
        with in_utf8(self.session()) as session:
            return read_tables(session, {table.name: table for table in unchanged})

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        """Write rows; what the server says of each, at once or at the end of the transaction."""
        names = ", ".join(map(identifier, columns))

        def statement(numbers: Sequence[int]) -> str:
            if not columns:
                return ";".join(f"INSERT INTO {table.sql} DEFAULT VALUES" for _ in numbers)
            values = ", ".join(f"({', '.join(map(literal_of, rows[number]))})" for number in numbers)
            return f"INSERT INTO {table.sql} ({names}) VALUES {values}"

        return self._write(columns, rows, statement)

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Set ``columns`` of the rows whose ``by`` columns equal; what the server says of each."""
        types = {column.name: column.type for column in table.columns}

        def one(row: Sequence[Value]) -> str:
            new, old = row[: len(columns)], row[len(columns) :]
            pairs = ", ".join(
                f"{identifier(name)} = {literal_of(value)}" for name, value in zip(columns, new, strict=True)
            )
            same = " AND ".join(equals(name, types[name], value) for name, value in zip(by, old, strict=True))
            return f"UPDATE {_source(table)} SET {pairs} WHERE {same}"

        return self._write(columns, rows, lambda numbers: ";".join(one(rows[number]) for number in numbers))

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        """Read a table's rows, not those of its children by inheritance; the same object where they are the same."""
        listed = ", ".join(shown_in_short(identifier(column.name), column.type) for column in table.columns)
        query = f"SELECT {listed} FROM {_source(table)} LIMIT {limit + 1}"
        digest = _digest_of(table, listed, limit)
        known = self.read_before.get(query)
        with in_utf8(self.session()) as session:
            if known is not None and self._is(session, digest, known[0]):
                return known[1]
            contents, found = self._read(session, table, (digest, query), limit)
            if contents.error is not None:  # the digest's, perhaps
                (contents, _), found = self._read(session, table, (query,), limit), None
        if found is not None and len(contents.rows) <= _REMEMBERED:
            self.read_before[query] = (found, contents)
        return contents

    def _is(self, session: Session, digest: str, known: bytes) -> bool:
        """Whether all that would be read is as it was."""
        before, after = _around(session, _READ)
        reply = session.batch(f"{before};{_ALL_ROWS};{digest};{after}".encode(), rows=True)
        if not reply.ok and session.alive:
            session.batch(after.encode())
        return reply.ok and reply.results[-1].get_value(0, 0) == known

    def _read(
        self, session: Session, table: Table, queries: Sequence[str], limit: int
    ) -> tuple[Contents, bytes | None]:
        """Read the rows with the last of the queries; and the value that the first gives, which may stand for them."""
        before, after = _around(session, _READ)
        message = ";".join((before, _ALL_ROWS, *queries, after))
        reply = session.batch(message.encode(), rows=replace(_KEPT, last=len(queries), at_once=50))
        if not reply.ok:
            session.batch(after.encode())
        columns = tuple(column.name for column in table.columns)
        if not (reply.ok or reply.cut):
            error = Runner(session, superuser=self.superuser).verdict(reply, None)
            return Contents(columns=columns, rows=(), complete=False, error=error), None
        binary = [column.type.family is Family.BYTES for column in table.columns]
        rows = _rows(reply.results[-1], binary)
        contents = Contents(columns=columns, rows=rows[:limit], complete=len(rows) <= limit and not reply.cut)
        return contents, reply.results[-len(queries)].get_value(0, 0) if len(queries) > 1 else None

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        """Run one statement, and roll back what it did."""
        error = unsendable([sql])
        if error is not None:
            return Answer(error=error)
        with in_utf8(self.session()) as session:
            before, after = _around(session, _WRITE)
            session.batch(before.encode())
            try:
                return self._fetch(session, sql, limit) or self._ask(session, sql, limit)
            finally:
                if session.alive:
                    session.batch(after.encode())

    def execute(self, sql: str) -> SqlError | None:
        """Run statements as one batch; committed, and the session's settings are put back."""
        error = unsendable([sql])
        if error is not None:
            return error
        session = self.session()
        if not _is_idle(session):
            return _OPEN_TRANSACTION
        content = sql.encode()
        own = own_settings(content)
        state = read_state(session, own)
        if session.encoding != UTF8:
            session.batch(SET_UTF8)
        try:
            reply = session.batch(content, timed=True)
        finally:
            self.wrote()
        error = _COPIED if reply.copied else None
        if not reply.empty:
            error = error or Runner(session, superuser=self.superuser).verdict(
                reply, Batch(content=content, completed=reply.completed)
            )
        if session.alive and not _is_idle(session):
            session.batch(b"ROLLBACK")
            error = error or _LEFT_OPEN
        if session.alive:
            _put_back(session, state, read_state(session, own))
        return error

    def command(self, sql: str) -> SqlError | None:
        """Run one statement of glowplug's own that is known to set nothing of the session's; committed."""
        session = self.session()
        if not _is_idle(session):
            return _OPEN_TRANSACTION
        try:
            with in_utf8(session):
                return Runner(session, superuser=self.superuser).plain(sql.encode())
        finally:
            self.wrote()

    def _write(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Value]],
        statement: Callable[[Sequence[int]], str],
    ) -> tuple[SqlError | None, ...]:
        if not _is_idle(self.session()):
            return (_OPEN_TRANSACTION,) * len(rows)
        errors = {number: error for number, row in enumerate(rows) if (error := unsendable(row)) is not None}
        numbers = [number for number in range(len(rows)) if number not in errors]
        try:
            found = self._tried(numbers, columns, rows, statement)
            stale = [number for number, error in found.items() if _STALE in error.message]
            if stale:
                self.session().close()
                for number in stale:
                    del found[number]
                found |= self._tried(stale, columns, rows, statement)
        finally:
            self.wrote()
        errors |= found
        return tuple(errors.get(number) for number in range(len(rows)))

    def _tried(
        self,
        numbers: Sequence[int],
        columns: Sequence[str],
        rows: Sequence[Sequence[Value]],
        statement: Callable[[Sequence[int]], str],
    ) -> dict[int, SqlError]:
        """Write the rows of these numbers; what the server says of those that it refuses."""
        session = self.session()
        writing = Writing(
            runner=Runner(session, superuser=self.superuser),
            begin=_WRITE,
            statement=statement,
            blamed=lambda error, tried: named_in(error, tried, columns, rows),
        )
        with in_utf8(session):
            return dict(writing.write(numbers))

    def _fetch(self, session: Session, sql: str, limit: int) -> Answer | None:
        """Read no more than is wanted; None where that can't be done with this statement, which has not run."""
        session.batch(b"SAVEPOINT glowplug_query")
        declared = session.execute(f"DECLARE {_CURSOR} NO SCROLL CURSOR FOR {sql}".encode())
        if not declared.ok:
            session.batch(b"ROLLBACK TO SAVEPOINT glowplug_query")
            return None
        reply = session.batch(f"FETCH FORWARD {limit + 1} FROM {_CURSOR}".encode(), rows=_KEPT, timed=True)
        if not (reply.ok or reply.cut):
            return Answer(error=Runner(session, superuser=self.superuser).verdict(reply, None))
        return _answer(reply, limit)

    def _ask(self, session: Session, sql: str, limit: int) -> Answer:
        content = sql.encode()
        reply = session.execute(content, rows=_KEPT, timed=True)
        if not (reply.ok or reply.cut):
            batch = Batch(content=content, completed=reply.completed)
            return Answer(error=Runner(session, superuser=self.superuser).verdict(reply, batch))
        return _answer(reply, limit)


def _around(session: Session, begin: str) -> tuple[str, str]:
    """What comes before and after what is to be undone, in whatever transaction is open."""
    if _is_idle(session):
        return begin, "ROLLBACK"
    return f"{OPEN};{_SET}", CLOSE


def _is_idle(session: Session) -> bool:
    return session.transaction_status is TransactionStatus.IDLE


def _digest_of(table: Table, listed: str, limit: int) -> str:
    """Ask for one value that stands for all rows that would be read."""
    rows = f"(SELECT ROW({listed}) AS glowplug_row FROM {_source(table)} LIMIT {limit + 1}) AS glowplug_rows"
    digest = "pg_catalog.md5(pg_catalog.string_agg(glowplug_rows.glowplug_row::pg_catalog.text, ''))"
    return f"SELECT pg_catalog.concat(pg_catalog.count(*), ' ', {digest}) FROM {rows}"


def _source(table: Table) -> str:
    return table.sql if table.partitioned else f"ONLY {table.sql}"


def _answer(reply: Reply, limit: int) -> Answer:
    if not reply.results:
        return Answer()
    result = reply.results[-1]
    columns = tuple((result.fname(column) or b"").decode() for column in range(result.nfields))
    rows = _rows(result, [False] * result.nfields)
    return Answer(columns=columns, rows=rows[:limit], complete=len(rows) <= limit and not reply.cut)


def _rows(result: PGresult, binary: Sequence[bool]) -> tuple[tuple[Value, ...], ...]:
    parts = result.parts if isinstance(result, Joined) else (result,)
    loader = Transformer()
    loader.set_loader_types([_TEXT] * len(binary), pq.Format.TEXT)
    rows: list[tuple[Value, ...]] = []
    try:
        for part in parts:
            loader.set_pgresult(part, set_loaders=False)
            rows += loader.load_rows(0, part.ntuples, tuple)
    except UnicodeDecodeError:  # a server with SQL_ASCII has bytes that are no text
        rows = [_decoded(part, row) for part in parts for row in range(part.ntuples)]
    if not any(binary):
        return tuple(rows)
    return tuple(
        tuple(_bytes_of(value) if one else value for value, one in zip(row, binary, strict=True)) for row in rows
    )


def _decoded(part: PGresult, row: int) -> tuple[Value, ...]:
    values = (part.get_value(row, column) for column in range(part.nfields))
    return tuple(None if value is None else value.decode(errors="backslashreplace") for value in values)


def _bytes_of(value: Value) -> Value:
    return bytes.fromhex(value[2:]) if isinstance(value, str) and value.startswith("\\x") else value


def _put_back(session: Session, before: SessionState, after: SessionState) -> None:
    """Set what statements set as it was."""
    old, new = dict(before.settings), dict(after.settings)
    statements = [f"RESET {_setting(name)}" for name in new if name not in old]
    statements += [
        f"SELECT pg_catalog.set_config({literal(name)}, {literal(value)}, false)"
        for name, value in old.items()
        if new.get(name) != value
    ]
    if after.role != before.role:
        role = "NONE" if before.role == "none" else identifier(before.role)
        statements.insert(0, f"SET ROLE {role}")
    if statements:
        session.batch(";".join(statements).encode())


def _setting(name: str) -> str:
    return ".".join(map(identifier, name.split(".")))
