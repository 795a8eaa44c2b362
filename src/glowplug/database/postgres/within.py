"""glowplug's own reading in the migrations' session: nothing that a migration set or planted is in force."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from psycopg import pq

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres.failure import explain, field
from glowplug.database.postgres.quoting import literal
from glowplug.database.postgres.session import TransactionStatus
from glowplug.errors import EnvironmentFailure, LostConnection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.database.postgres.session import Reply, Session

_SAVEPOINT = "glowplug"

SETTINGS = (
    ("search_path", "pg_catalog, pg_temp"),
    ("quote_all_identifiers", "off"),
    ("standard_conforming_strings", "on"),
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("timezone", "UTC"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("xmlbinary", "base64"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("client_encoding", "UTF8"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("plan_cache_mode", "force_generic_plan"),
)
"""What could change a catalogue's rendering, end the reading, or slow it down."""

_SEARCHED, _PLANNED_ONCE = "search_path", "plan_cache_mode"
_ALWAYS = (_SEARCHED, _PLANNED_ONCE)
_SINCE_17 = "transaction_timeout"
_LIKE_C = ("lc_monetary", "lc_numeric", "lc_time")


def set_locally(settings: Iterable[tuple[str, str]]) -> str:
    """SQL for a condition that sets them to the transaction's end, or its savepoint's, and is true."""
    return " AND ".join(f"pg_catalog.set_config('{name}', '{value}', true) IS NOT NULL" for name, value in settings) + (
        f" AND (pg_catalog.current_setting('{_SINCE_17}', true) IS NULL"
        f" OR pg_catalog.set_config('{_SINCE_17}', '0', true) IS NOT NULL)"
    )


def _are_set(settings: Iterable[tuple[str, str]]) -> str:
    """SQL for whether they are: all at once, but for those of which two values will do."""
    exact = [(name, value) for name, value in settings if name not in _LIKE_C]
    found = ", ".join(f"pg_catalog.current_setting('{name}')" for name, _ in exact)
    wanted = "|".join([value for _, value in exact] + ["0"])
    like_c = " AND ".join(
        f"pg_catalog.current_setting('{name}') OPERATOR(pg_catalog.=) ANY ('{{C,C.UTF-8}}'::pg_catalog.text[])"
        for name in _LIKE_C
    )
    return (
        f"pg_catalog.concat_ws('|', {found}, coalesce(pg_catalog.current_setting('{_SINCE_17}', true), '0'))"
        f" OPERATOR(pg_catalog.=) '{wanted}'::pg_catalog.text AND {like_c}"
    )


SET = f"SELECT 1 WHERE {set_locally(SETTINGS)}"
"""Sets them to the transaction's end, or its savepoint's; one row."""

SET_USUAL = ";".join(f"SET LOCAL {name} = {value}" for name, value in SETTINGS if name in _ALWAYS)
ARE_USUAL = _are_set((name, value) for name, value in SETTINGS if name not in _ALWAYS)
ARE_SET = f"SELECT 1 WHERE {ARE_USUAL}"
"""The same where nothing but the usual is otherwise: so says the condition, and the query, which else has no row."""

SEARCH_USUAL = ";".join(f"SET LOCAL {name} = {value}" for name, value in SETTINGS if name == _SEARCHED)
PLAN_USUAL = " AND ".join(
    f"pg_catalog.set_config('{name}', '{value}', true) IS NOT NULL" for name, value in SETTINGS if name == _PLANNED_ONCE
)
"""SET_USUAL in two: a statement, and a condition for the statement after it, which is true."""

OPEN = f"SAVEPOINT {_SAVEPOINT}"
CLOSE = f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}"
"""Around a reading in a transaction that is open."""

_OPEN_IDLE = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY NOT DEFERRABLE"
_CLOSE_IDLE = "ROLLBACK"


_UNDEFINED_TABLE = "42P01"
_RECORDED = f'SELECT version::text FROM {{schema}}."{BOOKKEEPING_TABLE}" ORDER BY version DESC'
_ELSEWHERE = f"""
SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = '{BOOKKEEPING_TABLE}' AND c.relkind IN ('r', 'p') ORDER BY n.nspname
"""


UTF8 = "UTF8"
SET_UTF8 = b"SET client_encoding = 'UTF8'"


@contextlib.contextmanager
def in_utf8(session: Session) -> Iterator[Session]:
    """Speak UTF-8 with the server, which takes a whole message for what the session said before it."""
    encoding = session.encoding
    if encoding == UTF8:
        yield session
        return
    session.batch(SET_UTF8)
    try:
        yield session
    finally:
        if session.alive:
            session.batch(f"SET client_encoding = {literal(encoding)}".encode())


def within(session: Session, sql: str, *, settings: str = SET) -> Reply:
    """Run reading ``sql`` under ``SETTINGS``, in whatever transaction is open, and put all back as it was.

    ``settings``: other statements than SET, one of them a query without a row where they did not do.
    """
    idle = session.transaction_status is TransactionStatus.IDLE
    before, after = (_OPEN_IDLE, _CLOSE_IDLE) if idle else (OPEN, CLOSE)
    reply = session.batch(f"{before};{settings};{sql};{after}".encode(), rows=True)
    if not reply.ok:
        if reply.lost is None:
            session.batch(after.encode())
        return reply
    return reply if reply.results.pop(0).ntuples else within(session, sql)


def recorded(session: Session) -> tuple[str, ...]:
    """Read the bookkeeping table's versions, the highest first; nothing where there is no such table.

    The table is looked for where Diesel's next session would find it, in public, then anywhere.
    """
    reply = within(session, _RECORDED.format(schema="public"))
    if reply.failure is not None and field(reply.failure, pq.DiagnosticField.SQLSTATE) == _UNDEFINED_TABLE:
        found = within(session, _ELSEWHERE)
        if not found.ok:
            raise unreadable(found)
        if not found.results[0].ntuples:
            return ()
        with in_utf8(session):
            reply = within(session, _RECORDED.format(schema=(found.results[0].get_value(0, 0) or b"").decode()))
    if not reply.ok:
        raise unreadable(reply)
    rows = reply.results[0]
    return tuple((rows.get_value(row, 0) or b"").decode() for row in range(rows.ntuples))


def unreadable(reply: Reply) -> EnvironmentFailure:
    """Say why ``within`` failed."""
    if reply.lost is not None:
        return LostConnection(f"the connection was lost while glowplug read from it: {reply.lost.strip()}")
    reason = explain(reply.failure).message if reply.failure is not None else "no answer"
    return EnvironmentFailure(f"the catalogue can't be read: {reason}")
