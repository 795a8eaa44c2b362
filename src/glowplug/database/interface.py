"""What each backend's connection can do; one module a backend implements it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from glowplug.database.broken import Asked
    from glowplug.database.rows import Rows
    from glowplug.database.trace import Trace
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.schema import Schema

BOOKKEEPING_TABLE = "__diesel_schema_migrations"

SEVERAL = 16
"""No more files than these are worth to be given to ``run_several``."""

CREATE_BOOKKEEPING_TABLE = (
    f"CREATE TABLE IF NOT EXISTS {BOOKKEEPING_TABLE} ("
    "version VARCHAR(50) PRIMARY KEY NOT NULL,"
    "run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
)
"""Diesel's own statement (diesel_migrations 2.3, ``setup_database``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlError:
    """Why a server refused a file; text as the server gave it, ``line`` and ``column`` from 1 where it can be told.

    ``code`` is the SQLSTATE (PostgreSQL, MySQL) or the extended result code's name (SQLite).
    ``missing_extension`` names the extension that the server lacks, ``missing_feature`` what else others have and it
    lacks (a phrase: ``ICU``); ``needs_superuser`` says that
    the migrations' role was refused something that a superuser may do.
    """

    code: str | None
    message: str
    detail: str | None = None
    hint: str | None = None
    line: int | None = None
    column: int | None = None
    missing_extension: str | None = None
    missing_feature: str | None = None
    needs_superuser: bool = False
    timed_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of running one file: ``error`` is None when Diesel would report success."""

    error: SqlError | None
    seconds: float


class Closing(Protocol):
    """What is used for a while, and closed at its end whatever happened; classes inherit from this."""

    def close(self) -> None:
        """End it; never raises."""
        ...

    def __enter__(self) -> Self:
        """The thing itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


class Connection(Closing, Protocol):
    """One session of the migrations' role on one scratch database.

    A statement that outlives the timeout given at its making is ended from outside, and is a ``Run`` with
    ``timed_out``. A signal's exception (KeyboardInterrupt, Interrupted) is raised promptly while a statement runs.
    """

    def run(self, migration: Migration, direction: Direction) -> Run:
        """Run one file as Diesel would: one batch, its transaction, then the bookkeeping row.

        A missing file, 0 bytes, invalid UTF-8 or a NUL is a Run with an error too. After an error the session
        is usable again (rolled back), or LostConnection is raised at the next call.

        Raises:
            LostConnection: the server is gone.
        """
        ...

    def ran_before(self, migrations: Sequence[Migration]) -> None:
        """Learn that these, and no others, ran up here before this connection was made."""
        del migrations

    def will_run(self, migrations: Sequence[Migration]) -> None:
        """Learn that these ups will probably run, in this order: nothing but time may depend on it."""
        del migrations

    def run_several(self, migrations: Sequence[Migration], direction: Direction) -> list[Run]:
        """Run the first of these files, and those after it that may as well be sent at once, each as ``run`` would.

        The Runs of those that ran, one at least; the last may have an error, and what comes after it has not run.
        ``recorded`` may then tell of all that ran, not of each.

        Raises:
            LostConnection: the server is gone.
        """
        return [self.run(migrations[0], direction)]

    def snapshot(self) -> Schema:
        """Read the whole schema, the bookkeeping table excluded."""
        ...

    def recorded(self) -> tuple[str, ...]:
        """Read the versions in the bookkeeping table, in the order in which Diesel would revert them.

        An absent table is an empty answer.
        """
        ...

    def broken(self) -> Asked | None:
        """Name what the server can't use as it stands: views, triggers or functions on what is gone or changed.

        Nothing is changed, and nothing of the migrations' is run. What the server can tell, and did not, is named as
        well. None: this session is never asked; so everywhere unless said otherwise.

        Raises:
            LostConnection: the server is gone.
        """
        return None

    def observe(self, migration: Migration, direction: Direction) -> Trace:
        """Run one file as ``run`` does, with the same effect and the same answer, and see what each statement does.

        Slower than ``run``: statement by statement where that changes nothing, looking in between.

        Raises:
            LostConnection: the server is gone.
        """
        ...

    def glimpse(self, migration: Migration, direction: Direction) -> AbstractContextManager[Trace | None]:
        """Run one file as ``observe`` does, and undo it at the end; until then ``rows`` shows what it made.

        None: it was not run, for it could not be undone, or would not do the same; so everywhere unless said otherwise.

        Raises:
            LostConnection: the server is gone.
        """
        del migration, direction
        return contextlib.nullcontext()

    @property
    def rows(self) -> Rows:
        """What can be done with rows in this session."""
        ...
