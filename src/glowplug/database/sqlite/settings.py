"""What a SQLite session is opened with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """How a session behaves.

    ``foreign_keys`` is what the connection starts with, as the application's build of SQLite has it;
    ``statement_timeout`` is in seconds and holds for a whole file; ``sandboxed`` refuses what would reach beyond the
    database; ``size_limit`` is the most bytes that the database's file may grow to, None for SQLite's own limit.
    """

    foreign_keys: bool
    statement_timeout: float = 60.0
    sandboxed: bool = True
    size_limit: int | None = None
