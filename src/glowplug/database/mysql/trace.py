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
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.database.mysql.failure import explain
from glowplug.database.mysql.ladder import REFUSALS, altered_table, did_nothing, locked_tables, rungs
from glowplug.database.mysql.session import Reply, StatementRefused, quote_text, text_of
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

    def __init__(self, session: Session, reader: SnapshotReader, schema: str, *, superuser: bool) -> None:
        """Watch ``session``, which runs it, through the session of ``reader``."""
        self.seen: list[Seen] = []
        self.blind: str | None = None
        self._session = session
        self._reader = reader
        self._schema = schema
        self._superuser = superuser
        self._now: dict[str, str] = {}  # old relations that are still there, and what each is called now
        self._climb = True

    def prepare(self) -> None:
        """Look at what is there before the file, and at the settings that change how it is read or run."""
        shown = self._reader.ask(
            f"SELECT table_name FROM information_schema.tables WHERE table_schema = {quote_text(self._schema)}"
        )
        self._now = {name: name for name in (text_of(row[0]) or "" for row in shown)}
        self._mode = self._setting("sql_mode")
        self._climb = self._setting("alter_algorithm").upper() in {"", "DEFAULT"}

    def run(self, text: str) -> Reply:
        """Run the file; what came back is what one batch would have brought."""
        batch = sql.statements(text)
        known = {each.span.start: each for each in read(text, Dialect.MYSQL).statements}
        self.blind = self._cannot_be_split(text, batch, known)
        if self.blind is not None or not batch:
            return self._session.batch(text.encode())
        self._climb = self._climb and not _CHOSEN_BY_SETTING.search(text)
        whole = Reply()
        before = self._files()
        for index, piece in enumerate(batch):
            statement = known.get(piece.head)
            locks = self._locks(statement)
            # Before a ; that ends no statement, the server sees what follows.
            end = piece.end if piece.word or index + 1 == len(batch) else len(text.rstrip(_AT_THE_END))
            sent = self._send(text[piece.start : end], statement, text, before)
            reply = sent.reply
            if _is_syntax_error(reply) and not piece.several_results and index + 1 < len(batch):
                # It quotes what follows, which one batch would have brought.
                reply = self._session.batch(text.rstrip(_AT_THE_END)[piece.start :].encode())
            whole.results += reply.results
            whole.error, whole.lost = reply.error, reply.lost
            line = sql.position(text, piece.head).line
            if reply.error is not None:
                said = explain(reply.error, text=text, reply=whole, superuser=self._superuser)
                self.seen.append(Seen(line=line, seconds=sent.seconds, error=said))
                break
            after = self._files()
            if statement is not None and did_nothing(statement, reply.warnings):
                locks = ()
            seen = Seen(line=line, seconds=sent.seconds, locks=locks, algorithm=sent.algorithm, lock=sent.lock)
            if piece.word in _WRITES_ROWS:
                seen = replace(seen, rows_written=sum(reply.changed))
            self.seen.append(self._with_moves(seen, statement, sum(reply.changed), before, after))
            before = after
            if end != piece.end:
                self.blind = f"from line {line} on it can't be told where each statement ends"
                break
            if statement is not None and any(isinstance(each, actions.Dynamic) for each in statement.actions):
                self.blind = f"line {line} runs SQL that is not in the file: what that locks is not told"
        return whole

    def end(self, error: SqlError) -> None:
        """Say of the statement that ran last why it did not end by itself."""
        if self.seen:
            last = self.seen.pop()
            self.seen.append(Seen(line=last.line, seconds=last.seconds, error=error))

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

    def _with_moves(self, seen: Seen, statement: Statement | None, changed: int, before: Files, after: Files) -> Seen:
        """Add the old relations that were written anew, and put the algorithm right by what moved."""
        table = None if statement is None else altered_table(statement)
        old = None if table is None else self._old(table)
        was = dict(self._now)
        anew = self._follow(statement)
        anew |= {
            name
            for name, called in was.items()
            if name in self._now and _is_another(before.get(called), after.get(self._now[name]))
        }
        if statement is not None and table is not None:
            if (changed > 0 or (seen.algorithm in _CHEAP and old in anew)) and seen.algorithm != _COPY:
                seen = replace(seen, algorithm=_COPY, lock=None)  # it was taken for cheaper, and the rows moved
            elif seen.algorithm is None:
                seen = replace(seen, algorithm=statement.algorithm, lock=statement.lock)
            if seen.algorithm == _COPY and old is not None:
                anew.add(old)
        return replace(seen, rewritten=tuple(name for name in was if name in anew))

    def _follow(self, statement: Statement | None) -> set[str]:
        """Keep in mind what old relations are called now; give those that were emptied."""
        emptied = set()
        for action in () if statement is None else statement.actions:
            match action:
                case actions.RenameTable():
                    old = self._old(action.table)
                    if old is not None:
                        self._now[old] = action.new_name.name
                        if action.new_name.schema not in {None, self._schema}:
                            del self._now[old]
                case actions.Truncate():
                    emptied.add(self._old(action.table))
                case actions.DropTable():
                    self._forget(action.table)
                case actions.DropView():
                    self._forget(action.view)
                case actions.CreateTable() if action.or_replace or action.temporary:
                    self._forget(action.table)
        return {each for each in emptied if each is not None}

    def _forget(self, name: Name) -> None:
        old = self._old(name)
        if old is not None:
            del self._now[old]

    def _old(self, name: Name) -> str | None:
        """What a relation was called before the file; None for one that was not there."""
        if name.schema not in {None, self._schema}:
            return None
        return next((old for old, now in self._now.items() if now == name.name), None)

    def _locks(self, statement: Statement | None) -> tuple[Lock, ...]:
        if statement is None:
            return ()
        names = list(locked_tables(statement))
        for action in statement.actions:
            if isinstance(action, actions.DropTrigger):
                table = self._reader.table_of_trigger(action.trigger)
                names += [] if table is None else [Name(table)]
        old = dict.fromkeys(self._old(each) for each in names)
        return tuple(Lock(relation=each, mode="EXCLUSIVE") for each in old if each is not None)

    def _engine(self, table: Name, files: Files) -> str | None:
        if table.name in files and table.schema in {None, self._schema}:
            return "InnoDB"
        try:
            return self._reader.engine(table.name, table.schema)
        except StatementRefused:  # it is locked
            return None

    def _setting(self, name: str) -> str:
        reply = self._session.batch(f"SELECT @@SESSION.{name}".encode(), rows=True)
        return (text_of(reply.rows[0][0][0]) or "") if reply.error is None else ""

    def _files(self) -> Files:
        try:
            return self._reader.files()
        except StatementRefused:
            return {}


def _is_syntax_error(reply: Reply) -> bool:
    return reply.error is not None and reply.error.number == _SYNTAX


def _is_another(before: dict[str, str] | None, after: dict[str, str] | None) -> bool:
    """Whether a table's file is another: a partition's is, or none of them is left."""
    if before is None or after is None:
        return False
    common = before.keys() & after.keys()
    return any(before[each] != after[each] for each in common) or not common
