"""What a server was seen to do, statement by statement: locks, rewrites, scans, time."""

from __future__ import annotations

import msgspec

from glowplug.database.interface import SqlError  # noqa: TC001 - msgspec reads the annotations when it decodes


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """A lock that a statement took, or took more of.

    ``relation`` is a table, partitioned table, view, materialized view or sequence that existed before the migration,
    named as before it (``public.users``); no index, TOAST or catalogue. ``mode`` in the words of SQL: ACCESS EXCLUSIVE;
    MySQL's and MariaDB's are those of metadata locks: SHARED_READ, SHARED_NO_WRITE, EXCLUSIVE.
    ``held_seconds``: from when it was got to when it was let go, which is at the transaction's end, or at that of a
    statement which commits by itself. None where nobody saw that, or it is not held all along (MariaDB's ALTER TABLE is
    EXCLUSIVE for moments).
    """

    relation: str
    mode: str
    held_seconds: float | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One statement: where it begins (``line``, from 1), how long it took, what it did.

    ``locks`` lists a relation at the first statement that locks it and again when the mode grows. ``rewritten``: old
    relations whose file is another afterwards (TRUNCATE and REFRESH too; no sequences), ``scanned``: old tables read
    from one end to the other (MariaDB tells that of queries by the rows it counts, so not of empty tables),
    ``rebuilt_indexes``: old indexes that are built anew. ``algorithm`` and ``lock``: MySQL's and MariaDB's, the least
    that the server accepts. ``rows_written``: SQLite's, and ``write_lock_seconds``: from the write lock to the end of
    the transaction.
    """

    line: int | None
    seconds: float
    error: SqlError | None = None
    locks: tuple[Lock, ...] = ()
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    rebuilt_indexes: tuple[str, ...] = ()
    algorithm: str | None = None
    lock: str | None = None
    rows_written: int | None = None
    write_lock_seconds: float | None = None


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One file, as it was seen to run, and what Diesel would say of it: ``error`` None is success.

    ``blind``: why the statements can't be told apart or were not seen (the file runs as one message outside of a
    transaction, …); ``statements`` are then what is known all the same.
    """

    statements: tuple[Seen, ...]
    error: SqlError | None
    seconds: float
    blind: str | None = None
