"""Looking on while a file runs: which tables each statement scans and rewrites, what it writes, how long it locks.

What a statement does stands in its program (``bytecode``), which is read before it runs; what came of it in
``sqlite_master`` afterwards. An UPDATE rewrites no table, as it doesn't on a server: ``rows_written`` counts it.
A table is rewritten by DROP COLUMN, by VACUUM, and by the copy into a table that takes its name: that is told of the
statement that copies.

Looking changes nothing that the file could see. ``changes()`` is what EXPLAIN would change, until the statement itself
does: so one that writes rows and may ask for that is explained in a copy of the session, with the same root pages.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import time
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.sqlite import bytecode
from glowplug.database.sqlite.failure import message_of
from glowplug.database.sqlite.roots import Roots
from glowplug.database.sqlite.snapshot import shadow_tables
from glowplug.database.sqlite.standing import has_opened_temp
from glowplug.database.sqlite.tables import quoted
from glowplug.database.trace import Seen, Trace
from glowplug.sql.sqlite import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import apsw

    from glowplug.database.interface import Run, SqlError
    from glowplug.database.sqlite.sandbox import Sandbox

_WRITES_ROWS = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"})
_UNCOUNTED = frozenset({"ALTER", "ANALYZE"})  # what SQLite counts there are rows of its own tables
_EXPLAINED_PRAGMAS = frozenset(
    {
        *("foreign_key_check", "integrity_check", "quick_check"),
        *("application_id", "incremental_vacuum", "user_version"),
    }
)  # others work while they are compiled
_READ_ONLY = "SQLITE_READONLY"
_WRITING = 2  # SQLITE_TXN_WRITE
_CHANGES = re.compile(r"\bchanges\b", re.IGNORECASE)


class _Table:
    """A table's identity, whatever it is called: an old one has its name from before, a new one who filled it."""

    def __init__(self, old: str | None) -> None:
        self.old = old
        self.filled_by: list[_Statement] = []


class _Statement:
    """A statement, while it is looked at; ``words`` are the first of it in upper case, names as they are."""

    def __init__(self, start: int, line: int, words: tuple[str, ...]) -> None:
        self.start = start
        self.line = line
        self.words = words
        self.program = bytecode.Program()
        self.began = self.seconds = 0.0
        self.scanned: set[str] = set()
        self.rewritten: set[str] = set()
        self.rebuilt: set[str] = set()
        self.rows_moved = 0  # those that SQLite doesn't count
        self.rows_written: int | None = None
        self.lock_seconds: float | None = None
        self.error: SqlError | None = None

    @property
    def word(self) -> str:
        return self.words[0].upper() if self.words else ""

    def forget(self) -> None:
        """Take back what was foreseen: it has failed, and what it did is undone."""
        self.scanned.clear()
        self.rewritten.clear()
        self.rebuilt.clear()

    def seen(self) -> Seen:
        return Seen(
            line=self.line,
            seconds=self.seconds,
            error=self.error,
            rewritten=tuple(sorted(self.rewritten)),
            scanned=tuple(sorted(self.scanned)),
            rebuilt_indexes=tuple(sorted(self.rebuilt)),
            rows_written=self.rows_written,
            write_lock_seconds=self.lock_seconds,
        )


class Observer:
    """Sees one file run; told of each statement by the session that runs it."""

    def __init__(self, connection: apsw.Connection, sandbox: Sandbox, twin: Callable[[], apsw.Connection]) -> None:
        """Look through ``connection``, past ``sandbox``; ``twin`` opens a copy of the session as it is."""
        self._connection = connection
        self._sandbox = sandbox
        self._twin = twin
        self._text = ""
        self._counted = 0, 1  # a place in the text, and its line
        self._blind: str | None = None
        self._looking = 0.0  # seconds that looking took, which are not the file's
        self._statements: list[_Statement] = []
        self._current: _Statement | None = None
        self._locker: tuple[_Statement, float] | None = None
        self._roots = self._first = Roots(tables={}, indexes={})
        self._tables: dict[str, _Table] = {}
        self._old_indexes: set[str] = set()
        self._schemas: tuple[int, int] = (0, 0)
        self._asks_for_changes = False
        self._changes = 0

    def opens(self, text: str) -> None:
        """Take note that ``text`` is about to run."""
        self._text = text
        with self._aside():
            self._roots = self._first = Roots.read(self._connection)
            left_out = {BOOKKEEPING_TABLE, *(shadow_tables(self._connection) if self._first.virtual else ())}
            self._tables = {
                name: _Table(None if name in left_out or _is_its_own(name) else name) for name in self._first.tables
            }
            self._old_indexes = {name for name in self._first.indexes if not _is_its_own(name)}
            self._asks_for_changes = self._schema_asks_for_changes()
            self._schemas = self._schema_versions()
            self._changes = self._connection.total_changes()

    def begins(self, start: int, statement: str, parameters: object) -> None:
        """Take note that the statement at ``start`` is about to run, and that the one before has."""
        now = self._now()
        with self._aside():
            one = self._statement(start)
            self._finish(now)
            if one.words:
                self._explain(one, statement, parameters)
                self._foresee(one)
        if not one.words:  # what stands behind the last statement
            return
        self._statements.append(one)
        self._current = one
        one.began = self._now()
        if self._locker is None and (one.program.locks or one.program.vacuums):
            self._locker = one, one.began

    def ends(self) -> None:
        """Take note that the whole text has run."""
        now = self._now()
        with self._aside():
            self._finish(now)

    def fails(self, start: int, error: SqlError) -> None:
        """Take note that the statement at ``start`` has failed, which may not even have begun."""
        now = self._now()
        one = self._current
        if one is not None and one.start == start:
            one.seconds = now - one.began
            one.forget()
            self._current = None
            if self._locker is not None and self._locker[0] is one and (error.code or "").startswith(_READ_ONLY):
                self._locker = None  # query_only: it was refused before it got the lock
        else:
            with self._aside():
                self._finish(now)
            one = self._statement(start)
            self._statements.append(one)
        one.error = error

    def is_over(self) -> None:
        """Take note that the transaction has ended, and its lock with it."""
        self._let_go(self._now())

    def trace(self, run: Run) -> Trace:
        """Say what was seen."""
        for name, table in self._tables.items():
            first = next((one for one in table.filled_by if one.error is None), None)
            if table.old is None and first is not None and self._was_old(name):
                first.rewritten.add(name)
        return Trace(
            statements=tuple(statement.seen() for statement in self._statements),
            error=run.error,
            seconds=max(run.seconds - self._looking, 0.0),
            blind=self._blind,
        )

    def _now(self) -> float:
        """Read a clock that stands still while glowplug looks."""
        return time.perf_counter() - self._looking

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """Look: that is refused nothing, takes no time, and fails for nobody but whoever looks."""
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        began = time.perf_counter()
        self._sandbox.looking = True
        try:
            yield
        except (apsw.Error, MemoryError, UnicodeDecodeError) as error:
            self._blind = f"not everything could be looked at: {message_of(error)}"
        finally:
            self._sandbox.looking = False
            self._looking += time.perf_counter() - began

    def _statement(self, start: int) -> _Statement:
        """Begin to look at the statement at ``start``; lines are counted on from the one before."""
        first = list(itertools.islice(tokens(self._text, start), 5))  # ALTER TABLE schema.name
        position = first[0].start if first else start
        before, line = self._counted if self._counted[0] <= position else (0, 1)
        self._counted = position, line + self._text.count("\n", before, position)
        return _Statement(start, self._counted[1], tuple(token.name for token in first))

    def _schema_asks_for_changes(self) -> bool:
        query = "SELECT sql FROM main.sqlite_master WHERE type <> 'table'"
        if has_opened_temp(self._connection):
            query += " UNION ALL SELECT sql FROM temp.sqlite_master"
        return any(sql is not None and _CHANGES.search(sql) for (sql,) in self._connection.execute(query))

    def _schema_versions(self) -> tuple[int, int]:
        temporary = has_opened_temp(self._connection) and self._connection.pragma("schema_version", schema="temp")
        return int(self._connection.pragma("schema_version", schema="main")), int(temporary)

    def _explain(self, one: _Statement, statement: str, parameters: object) -> None:
        if one.word == "EXPLAIN" or (
            one.word == "PRAGMA" and not _EXPLAINED_PRAGMAS.intersection(map(str.lower, one.words))
        ):
            return
        if one.word in _WRITES_ROWS and (self._asks_for_changes or _CHANGES.search(statement)):
            with contextlib.closing(self._twin()) as twin:
                one.program = _program(twin, statement, parameters)
        else:
            one.program = _program(self._connection, statement, parameters)

    def _foresee(self, one: _Statement) -> None:
        """Say which old tables the program reads and rewrites."""
        program, roots = one.program, self._roots
        if program.vacuums:
            one.rewritten.update(self._old(roots.tables))
            one.scanned.update(one.rewritten)
            one.rebuilt.update(self._old_indexes)
            one.rows_moved = sum(map(self._count, roots.tables))
            return
        one.scanned.update(self._old(roots.owner(root) for root in program.scanned))
        if one.word == "ALTER" and program.checks_rows:
            one.scanned.update(self._old([self._altered(one)]))
        for name in filter(None, map(roots.table, program.filled)):
            if _is_its_own(name):
                continue
            if one.word == "ALTER":
                one.rewritten.update(self._old([name]))
                one.rows_moved = self._count(name)
            elif program.copies and one.word != "UPDATE":
                self._tables[name].filled_by.append(one)
        if one.word == "REINDEX":
            one.rebuilt.update(self._old_indexes.intersection(filter(None, map(roots.index, program.cleared))))

    def _altered(self, one: _Statement) -> str | None:
        """Name the table of an ALTER TABLE, as it is called in the catalogue."""
        written = one.words[4] if one.words[3:4] == (".",) else one.words[2]
        return next((name for name in self._roots.tables if name.casefold() == written.casefold()), None)

    def _finish(self, now: float) -> None:
        """Look at what the statement that ran last came to."""
        one, self._current = self._current, None
        if one is None:
            return
        one.seconds = now - one.began
        self._note_lock(one, now)
        total = self._connection.total_changes()
        counted = 0 if one.word in _UNCOUNTED else total - self._changes
        one.rows_written, self._changes = counted + one.rows_moved, total
        for name in self._follow(one):
            if one.program.fills_new and not _is_its_own(name):
                one.rows_written += self._count(name)
                if one.program.copies:
                    self._tables[name].filled_by.append(one)

    def _follow(self, one: _Statement) -> set[str]:
        """Keep track of which table is which; give the names of those that the statement has made."""
        if (schemas := self._schema_versions()) == self._schemas:
            return set()
        self._schemas = schemas
        self._asks_for_changes = self._schema_asks_for_changes()
        before, roots = self._roots.tables, Roots.read(self._connection)
        gone, new = before.keys() - roots.tables.keys(), roots.tables.keys() - before.keys()
        self._old_indexes &= roots.indexes.keys()
        if one.word == "ROLLBACK":
            known = self._tables
            self._tables = {
                name: _Table(name) if self._first.tables.get(name) == root and self._was_old(name)
                else known.get(name) or _Table(None)
                for name, root in roots.tables.items()
            }  # fmt: skip
            new = set()
        elif len(gone) == len(new) == 1 and {before[name] for name in gone} == {roots.tables[name] for name in new}:
            self._tables[new.pop()] = self._tables.pop(gone.pop())
        else:
            for name in gone:
                del self._tables[name]
            for name in new:
                self._tables[name] = _Table(None)
        self._roots = roots
        return new

    def _note_lock(self, one: _Statement, now: float) -> None:
        writing = self._connection.txn_state("main") == _WRITING
        if writing and self._locker is None:
            self._locker = one, one.began
        elif not writing:
            self._let_go(now)

    def _let_go(self, now: float) -> None:
        if self._locker is not None:
            statement, since = self._locker
            statement.lock_seconds = now - since
            self._locker = None

    def _old(self, names: Iterable[str | None]) -> set[str]:
        """Give the names that tables have from before, those of new ones left out."""
        return {
            old
            for name in names
            if name is not None and name in self._tables and (old := self._tables[name].old) is not None
        }

    def _was_old(self, name: str) -> bool:
        return name in self._first.tables and name != BOOKKEEPING_TABLE and not _is_its_own(name)

    def _count(self, table: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM main.{quoted(table)}").get)


def _pragma(words: tuple[str, ...]) -> str:
    """Give a PRAGMA's name, which a schema's may stand before."""
    name = words[3:4] if words[2:3] == (".",) else words[1:2]
    return "".join(name).lower()


def _program(connection: apsw.Connection, statement: str, parameters: object) -> bytecode.Program:
    rows = connection.execute(f"EXPLAIN {statement}", parameters, can_cache=False)  # type: ignore[arg-type]
    return bytecode.read([bytecode.Operation(*row) for row in rows])


def _is_its_own(name: str) -> bool:
    """Tell whether a table or index is one that SQLite keeps for itself."""
    return name.startswith("sqlite_")
