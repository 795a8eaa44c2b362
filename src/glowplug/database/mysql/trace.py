"""One file, seen to run on MySQL or MariaDB: its statements one by one, each as cheaply as the server lets.

Diesel sends a file as one batch, which the server runs statement by statement up to the first error, so that sending
them one by one comes to the same. How dear a change is, the server says itself (``ladder``); whether a table was
written anew is told by the identity of its file, looked at from another session.
"""

from __future__ import annotations

import dataclasses
import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.database.mysql.failure import explain
from glowplug.database.mysql.ladder import (
    REFUSALS,
    altered_table,
    did_nothing,
    locked_tables,
    moves_partitions,
    rungs,
)
from glowplug.database.mysql.session import Reply, StatementRefused, quote_text, text_of
from glowplug.database.mysql.trace_locks import (
    EXCLUSIVE,
    NO_WRITE,
    NOT_SHOWN,
    MetadataLocks,
    Transaction,
    held_throughout,
    locked_by_hand,
    new_parents,
)
from glowplug.database.mysql.trace_names import OldNames
from glowplug.database.mysql.trace_reads import Reads
from glowplug.database.trace import Lock, Seen
from glowplug.dialect import Dialect
from glowplug.sql import actions
from glowplug.sql import mysql as sql
from glowplug.sql.parts import Name
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.database.interface import SqlError
    from glowplug.database.mysql.session import Session
    from glowplug.database.mysql.snapshot import Files, SnapshotReader
    from glowplug.sql.statement import Statement

_SYNTAX = 1064
_WRITES_ROWS = frozenset({"DELETE", "INSERT", "REPLACE", "UPDATE"})
_HOLDS_NOTHING = frozenset({"ALTER", "DROP", "RENAME", "TRUNCATE"})  # when it has ended
_CHEAP = frozenset({"INSTANT", "NOCOPY"})
_CHOSEN_BY_SETTING = re.compile(r"\b(?:alter_algorithm|old_alter_table)\b", re.IGNORECASE)
_READ_BY_SETTING = re.compile(r"\bNO_BACKSLASH_ESCAPES\b", re.IGNORECASE)
_COPY = "COPY"
_AT_THE_END = "; \t\n\v\f\r"  # what the server does not look at there


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What came back for a statement, after how long, and the algorithm and lock that the server took, if asked."""

    reply: Reply
    seconds: float
    algorithm: str | None = None
    lock: str | None = None


class Observer:
    """Runs one file's text, and keeps what was seen."""

    def __init__(
        self, session: Session, reader: SnapshotReader, schema: str, *, superuser: bool, stands_in: tuple[int, ...] = ()
    ) -> None:
        """Watch ``session``, which runs it, through that of ``reader``; look at what is there before the file.

        ``stands_in``: it is a MariaDB, and production runs this version of MySQL.
        """
        self.seen: list[Seen] = []
        self.looking = 0.0  # seconds that looking took, which are not the file's
        self._blind: dict[str, None] = {}
        self._session = session
        self._reader = reader
        self._schema = schema
        self._explain = partial(explain, superuser=superuser, stands_in=stands_in)
        shown = reader.ask(
            "SELECT table_name, table_type = 'BASE TABLE' FROM information_schema.tables"
            f" WHERE table_schema = {quote_text(schema)}"
        )
        relations = {text_of(name) or "": text_of(is_table) == "1" for name, is_table in shown}
        self._names = OldNames(schema, relations)
        tables = frozenset(name for name, is_table in relations.items() if is_table)
        self._reads = Reads(reader, schema, self._names, tables)
        self._locks = MetadataLocks(reader, schema, session.number)
        self._transaction = Transaction()
        self._outside = False  # whether it was said that a statement runs outside of a transaction
        self._clock = 0.0  # seconds that the file's own statements took
        self._ended = 0.0
        self._mode = self._setting("sql_mode")
        self._climb = self._setting("alter_algorithm").upper() in {"", "DEFAULT"}

    @property
    def blind(self) -> str | None:
        """Why not all was seen."""
        return "; ".join([*self._blind, *self._reads.doubts]) or None

    def run(self, text: str) -> Reply:
        """Run the file; what came back is what one batch would have brought."""
        batch = sql.statements(text)
        known = {each.span.start: each for each in read(text, Dialect.MYSQL).statements}
        why = self._cannot_be_split(text, batch, known)
        if why is not None:
            self._blind[why] = None
        if why is not None or not batch:
            return self._session.batch(text.encode())
        self._climb = self._climb and not _CHOSEN_BY_SETTING.search(text)
        began = time.perf_counter()
        whole = Reply()
        before = self._files()
        for index, piece in enumerate(batch):
            statement = known.get(piece.head)
            # Before a ; that ends no statement, the server sees what follows.
            end = piece.end if piece.word or index + 1 == len(batch) else len(text.rstrip(_AT_THE_END))
            line = sql.position(text, piece.head).line
            self._reads.begin(line, piece.word, text[piece.head : end], statement, before)
            locks = self._claimed(statement, before)
            sent = self._send(text[piece.start : end], statement, text, before)
            self._clock += sent.seconds
            reply = sent.reply
            if _is_syntax_error(reply) and not piece.several_results and index + 1 < len(batch):
                # It quotes what follows, which one batch would have brought.
                reply = self._session.batch(text.rstrip(_AT_THE_END)[piece.start :].encode())
            whole.results += reply.results
            whole.error, whole.lost = reply.error, reply.lost
            if reply.error is not None:
                said = self._explain(reply.error, text=text, reply=whole)
                self.seen.append(Seen(line=line, seconds=sent.seconds, error=said))
                break
            after = self._files()
            seen = Seen(line=line, seconds=sent.seconds, algorithm=sent.algorithm, lock=sent.lock)
            if piece.word in _WRITES_ROWS:
                seen = replace(seen, rows_written=sum(reply.changed))
            scanned = self._reads.end(line, statement)
            seen = self._with_moves(seen, statement, sum(reply.changed), before, after, scanned)
            if statement is not None and not did_nothing(statement, reply.warnings):
                seen = replace(seen, locks=self._with_times(locks, piece.word, statement, seen))
            self.seen.append(seen)
            self._note_locks(line, piece.word, statement)
            before = after
            if end != piece.end:
                self._blind[f"from line {line} on it can't be told where each statement ends"] = None
                break
            if statement is not None and any(isinstance(each, actions.Dynamic) for each in statement.actions):
                self._blind[f"line {line} runs SQL that is not in the file: what that locks is not told"] = None
        self._ended = time.perf_counter()
        self.looking = self._ended - began - self._clock
        return whole

    def end(self, error: SqlError) -> None:
        """Say of the statement that ran last why it did not end by itself."""
        if self.seen:
            last = self.seen.pop()
            self.seen.append(Seen(line=last.line, seconds=last.seconds, error=error))

    def is_over(self) -> None:
        """Take note that what Diesel does behind the file has run: until then the transaction holds its locks."""
        at = self._clock + time.perf_counter() - self._ended
        if self._transaction.holds:
            still = self._names.old_all(self._locks.now()) if self._session.alive else set()
            self._transaction.ends(self.seen, still, at)

    def _cannot_be_split(self, text: str, batch: tuple[sql.Statement, ...], known: dict[int, Statement]) -> str | None:
        if "\\" in text and (_READ_BY_SETTING.search(self._mode) or _READ_BY_SETTING.search(text)):
            return "with NO_BACKSLASH_ESCAPES it can't be told where each statement ends"
        heads = {each.head for each in batch if each.word}
        if not heads <= known.keys():
            return "it can't be told where each statement ends"
        for statement in known.values():
            if any(isinstance(each, actions.ClientCommand) for each in statement.actions):
                return "it holds a command for the client"
        return None

    def _send(self, source: str, statement: Statement | None, text: str, files: Files) -> _Sent:
        """Run one statement as cheaply as the server lets."""
        if self._climb and statement is not None and (table := altered_table(statement)) is not None:
            own = text[statement.span.start : statement.span.end]
            engine = self._engine(table, files)
            for rung in rungs(statement, own, engine=engine, mariadb=self._reader.mariadb):
                sent = self._timed(rung.sql)
                error = sent.reply.error
                if error is None or sent.reply.lost:
                    return dataclasses.replace(sent, algorithm=rung.algorithm, lock=rung.lock)
                if error.number not in REFUSALS:
                    break  # it changed nothing, and says itself what is wrong
        return self._timed(source)

    def _timed(self, statement: str) -> _Sent:
        began = time.perf_counter()
        reply = self._session.batch(statement.encode())
        return _Sent(reply=reply, seconds=time.perf_counter() - began)

    def _with_moves(  # noqa: PLR0917 - before and after
        self,
        seen: Seen,
        statement: Statement | None,
        changed: int,
        before: Files,
        after: Files,
        scanned: set[str],
    ) -> Seen:
        """Add the old relations that were written anew or read, and put the algorithm right by what moved."""
        table = None if statement is None else altered_table(statement)
        old = None if table is None else self._names.old(table)
        was = dict(self._names.now)
        emptied = self._names.follow(statement)
        anew = emptied | {
            name
            for name, called in was.items()
            if name in self._names.now and _is_another(before.get(called), after.get(self._names.now[name]))
        }
        if statement is not None and table is not None:
            if (changed > 0 or (seen.algorithm in _CHEAP and old in anew)) and seen.algorithm != _COPY:
                seen = replace(seen, algorithm=_COPY, lock=None)  # it was taken for cheaper, and the rows moved
            elif seen.algorithm is None:
                seen = replace(seen, algorithm=statement.algorithm, lock=statement.lock)
            if seen.algorithm == _COPY and old is not None:
                anew.add(old)
        if statement is not None and moves_partitions(statement):
            all_moved = table is not None and seen.algorithm == _COPY and not _has_kept(before, after, table.name)
            scanned = {old} if all_moved and old is not None else set()
        else:
            scanned = scanned | (anew - emptied)
        return replace(
            seen,
            rewritten=tuple(name for name in was if name in anew),
            scanned=tuple(name for name in was if name in scanned),
        )

    def _claimed(self, statement: Statement | None, files: Files) -> tuple[Lock, ...]:
        """Give the locks that a statement takes by itself, on old relations."""
        if statement is None:
            return ()
        names = list(locked_tables(statement))
        for action in statement.actions:
            if isinstance(action, actions.DropTrigger):
                table = self._reader.table_of_trigger(action.trigger)
                names += [] if table is None else [Name(table)]
        modes = dict.fromkeys(filter(None, map(self._names.old, names)), EXCLUSIVE)
        for name, mode in locked_by_hand(statement, files):
            if (old := self._names.old(name)) is not None:
                modes[old] = mode
        return tuple(Lock(relation=old, mode=mode) for old, mode in modes.items())

    def _with_times(self, locks: tuple[Lock, ...], word: str, statement: Statement, seen: Seen) -> tuple[Lock, ...]:
        """Add how long they are held, where that is as long as the statement runs, and what a copy locks as well."""
        if held_throughout(word, statement):
            locks = tuple(replace(lock, held_seconds=seen.seconds) for lock in locks)
        if seen.algorithm == _COPY and self._reader.mariadb:
            parents = self._names.old_all(each.name for each in new_parents(statement))
            parents -= {lock.relation for lock in locks}
            locks += tuple(Lock(relation=each, mode=NO_WRITE, held_seconds=seen.seconds) for each in sorted(parents))
        return locks

    def _note_locks(self, line: int, word: str, statement: Statement | None) -> None:
        """Look at what the transaction holds now."""
        if word in _HOLDS_NOTHING and not self._transaction.holds:
            return
        changes = word in _WRITES_ROWS and bool(self._names.now)
        if not self._locks.shown:
            if changes:
                self._blind[NOT_SHOWN] = None
            return
        shown = self._locks.now()
        if changes and not shown and not self._outside:
            self._outside = True
            self._blind[f"line {line} runs outside of a transaction: its metadata locks are gone when it ends"] = None
        now = {old: mode for name, mode in shown.items() if (old := self._names.old(Name(name))) is not None}
        began = self._clock - self.seen[-1].seconds
        self._transaction.after(self.seen, now, statement, began=began, ended=self._clock)

    def _engine(self, table: Name, files: Files) -> str | None:
        if table.name in files and table.schema in {None, self._schema}:
            return "InnoDB"
        try:
            return self._reader.engine(table.name, table.schema)
        except StatementRefused:  # it is locked
            return None

    def _setting(self, name: str) -> str:
        reply = self._session.batch(f"SELECT @@SESSION.{name} LIMIT 1".encode(), rows=True)
        return (text_of(reply.rows[0][0][0]) or "") if reply.error is None else ""

    def _files(self) -> Files:
        try:
            return self._reader.files()
        except StatementRefused:
            return {}


def _is_syntax_error(reply: Reply) -> bool:
    return reply.error is not None and reply.error.number == _SYNTAX


def _has_kept(before: Files, after: Files, table: str) -> bool:
    """Whether some partition is where it was, or nothing is known of it."""
    was, now = before.get(table), after.get(table)
    return was is None or now is None or any(now.get(name) == identity for name, identity in was.items())


def _is_another(before: dict[str, str] | None, after: dict[str, str] | None) -> bool:
    """Whether a table's file is another: a partition's is, or none of them is left."""
    if before is None or after is None:
        return False
    common = before.keys() & after.keys()
    return any(before[each] != after[each] for each in common) or not common
