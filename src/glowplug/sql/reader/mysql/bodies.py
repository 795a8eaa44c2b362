"""Compound statements: the bodies of triggers, routines and events, and MariaDB's blocks outside of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Block
from glowplug.sql.reader.mysql import queries
from glowplug.sql.reader.mysql.columns import type_name
from glowplug.sql.reader.mysql.cursor import NotUnderstood
from glowplug.sql.reader.mysql.draft import Draft
from glowplug.sql.reader.mysql.expressions import skim
from glowplug.sql.reader.mysql.facts import Facts
from glowplug.sql.statement import Statement, Unparsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.parts import Span
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Read

_PASSED_BY = frozenset({"SIGNAL", "RESIGNAL", "GET", "OPEN", "CLOSE", "FETCH", "LEAVE", "ITERATE"})
COMPOUND = frozenset({"IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"})


def block(cursor: Cursor, draft: Draft, read: Read) -> None:
    """Take a compound statement that runs by itself: BEGIN NOT ATOMIC, IF, LOOP, …."""
    _Body(cursor, draft, draft.body, read).one(conditional=False)
    draft.actions.append(Block(span=cursor.span(draft.first), language="sql"))


def routine_body(cursor: Cursor, draft: Draft, read: Read) -> None:
    """Take what a trigger, a routine or an event runs: one statement, often a compound one."""
    _Body(cursor, draft, draft.routine_body, read).one(conditional=False)


def complete(draft: Draft, span: Span, *, conditional: bool = False) -> Statement:
    """Make a Statement of what a Draft holds."""
    return Statement(
        span=span,
        actions=tuple(draft.actions),
        body=tuple(draft.body),
        routine_body=tuple(draft.routine_body),
        conditional=conditional,
        algorithm=draft.algorithm,
        lock=draft.lock,
    )


class _Body:
    """Puts the statements of a body into ``found``, nested ones flattened; declarations and control leave none."""

    def __init__(self, cursor: Cursor, draft: Draft, found: list[Statement], read: Read) -> None:
        self._cursor = cursor
        self._draft = draft
        self._found = found
        self._read = read
        self._control: dict[str, Callable[[bool], None]] = {
            "BEGIN": self._begin,
            "IF": self._if,
            "CASE": self._case,
            "LOOP": self._loop,
            "WHILE": self._while,
            "REPEAT": self._repeat,
            "FOR": self._for,
            "DECLARE": self._declare,
            "RETURN": self._return,
        }

    def one(self, *, conditional: bool) -> None:
        """Take one statement, a label before it included."""
        cursor = self._cursor
        cursor.deepen()
        if cursor.is_identifier() and cursor.ahead() == ":":
            cursor.at += 2
        word = cursor.word
        if control := self._control.get(word):
            control(conditional)
        elif word in _PASSED_BY:
            cursor.rest()
        else:
            self._plain(conditional)
        cursor.depth -= 1

    def _plain(self, conditional: bool) -> None:  # noqa: FBT001 - as the control statements have it
        cursor = self._cursor
        depth = cursor.depth
        draft = Draft(first=cursor.at, local=self._draft.local)
        try:
            self._read(cursor, draft)
            if not cursor.ended():
                cursor.fail()
        except NotUnderstood as failure:
            cursor.depth = depth
            cursor.at = draft.first
            while not cursor.ended():
                cursor.at += 1
            if cursor.at == draft.first:
                raise
            span = cursor.span(draft.first)
            unparsed = Unparsed(reason=failure.reason, offset=min(failure.offset, span.end))
            self._found.append(Statement(span=span, unparsed=unparsed, conditional=conditional))
        else:
            self._found.append(complete(draft, cursor.span(draft.first), conditional=conditional))

    def _several(self, *ends: str, conditional: bool) -> None:
        while self._cursor.word not in ends:
            self.one(conditional=conditional)
            self._cursor.expect(";")

    def _end(self, word: str | None) -> None:
        self._cursor.expect("END")
        if word is not None:
            self._cursor.expect(word)
        if not self._cursor.ended() and self._cursor.is_identifier():
            self._cursor.at += 1  # the label again

    def _condition(self) -> None:
        skim(self._cursor, Facts())

    def _begin(self, conditional: bool) -> None:  # noqa: FBT001 - called from a table
        self._cursor.expect("BEGIN")
        if self._cursor.accept("NOT"):
            self._cursor.expect("ATOMIC")
        self._several("END", conditional=conditional)
        self._end(None)

    def _if(self, _: bool) -> None:  # noqa: FBT001 - called from a table
        cursor = self._cursor
        cursor.expect("IF")
        self._condition()
        cursor.expect("THEN")
        self._several("ELSEIF", "ELSE", "END", conditional=True)
        while cursor.accept("ELSEIF"):
            self._condition()
            cursor.expect("THEN")
            self._several("ELSEIF", "ELSE", "END", conditional=True)
        if cursor.accept("ELSE"):
            self._several("END", conditional=True)
        self._end("IF")

    def _case(self, _: bool) -> None:  # noqa: FBT001 - called from a table
        cursor = self._cursor
        cursor.expect("CASE")
        if cursor.word != "WHEN":
            self._condition()
        while cursor.accept("WHEN"):
            self._condition()
            cursor.expect("THEN")
            self._several("WHEN", "ELSE", "END", conditional=True)
        if cursor.accept("ELSE"):
            self._several("END", conditional=True)
        self._end("CASE")

    def _loop(self, conditional: bool) -> None:  # noqa: FBT001 - called from a table
        self._cursor.expect("LOOP")
        self._several("END", conditional=conditional)
        self._end("LOOP")

    def _while(self, _: bool) -> None:  # noqa: FBT001 - called from a table
        self._cursor.expect("WHILE")
        self._condition()
        self._cursor.expect("DO")
        self._several("END", conditional=True)
        self._end("WHILE")

    def _repeat(self, conditional: bool) -> None:  # noqa: FBT001 - called from a table
        self._cursor.expect("REPEAT")
        self._several("UNTIL", conditional=conditional)
        self._cursor.expect("UNTIL")
        self._condition()
        self._end("REPEAT")

    def _for(self, _: bool) -> None:  # noqa: FBT001 - called from a table
        cursor = self._cursor
        cursor.expect("FOR")
        self._draft.local.add(cursor.identifier().lower())
        cursor.expect("IN")
        while cursor.word != "DO":
            if cursor.ended():
                cursor.fail()
            cursor.at += 1
        cursor.expect("DO")
        self._several("END", conditional=True)
        self._end("FOR")

    def _declare(self, _: bool) -> None:  # noqa: FBT001 - called from a table
        cursor = self._cursor
        cursor.expect("DECLARE")
        if cursor.word in {"CONTINUE", "EXIT", "UNDO"} and cursor.ahead() == "HANDLER":
            cursor.at += 2
            cursor.expect("FOR")
            cursor.several(self._handled)
            self.one(conditional=True)
            return
        names = cursor.several(cursor.identifier)
        if cursor.accept("CONDITION"):
            cursor.expect("FOR")
            self._handled()
        elif cursor.accept("CURSOR"):
            if cursor.word == "(":
                cursor.group()
            cursor.expect("FOR")
            queries.query(cursor, Facts())
        else:
            self._draft.local.update(name.lower() for name in names)
            if cursor.accept("TYPE") or cursor.accept("ROW"):
                cursor.rest()
                return
            type_name(cursor)
            if cursor.accept("DEFAULT") or cursor.accept(":="):
                self._condition()

    def _handled(self) -> None:
        cursor = self._cursor
        if cursor.accept("SQLSTATE"):
            cursor.accept("VALUE")
            cursor.text_value()
        elif cursor.accept("NOT"):
            cursor.expect("FOUND")
        elif cursor.kind == "number":
            cursor.at += 1
        elif not cursor.accept_any("SQLEXCEPTION", "SQLWARNING"):
            cursor.identifier()

    def _return(self, _: bool) -> None:  # noqa: FBT001 - called from a table
        self._cursor.expect("RETURN")
        self._condition()
