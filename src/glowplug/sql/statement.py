"""A file of SQL as read: its statements, with exact spans, and what each does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.sql.parts import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.dialect import Dialect
    from glowplug.sql.actions import Action


class Unparsed(msgspec.Struct, frozen=True, kw_only=True):
    """Why a statement was not understood, and where in the file (a character offset) the parser stopped."""

    reason: str
    offset: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement.

    ``span`` goes from its first token to its last, without comments around it and without its ``;``.
    ``actions`` is what it does, in order; empty where it is ``unparsed``. ``body`` holds the statements that run
    inside it when it runs (a DO block's), with spans in the same file; ``routine_body`` those of a routine or trigger
    that it defines, which run later. ``conditional`` marks one in a body that may not run (IF, a loop, an exception
    handler). ``algorithm`` and ``lock`` are MySQL's clauses, in capitals.
    """

    span: Span
    actions: tuple[Action, ...] = ()
    unparsed: Unparsed | None = None
    body: tuple[Statement, ...] = ()
    routine_body: tuple[Statement, ...] = ()
    conditional: bool = False
    algorithm: str | None = None
    lock: str | None = None

    def inner(self) -> tuple[Statement, ...]:
        """Give the statements of its body, which run on a condition where it does."""
        if not self.conditional:
            return self.body
        return tuple(one if one.conditional else replace(one, conditional=True) for one in self.body)


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A file: its text, and its statements in order; what lies between them is ``trivia``."""

    text: str
    dialect: Dialect
    statements: tuple[Statement, ...]

    def pieces(self) -> Iterator[tuple[Span, Statement | None]]:
        """Cut the text into statements and what lies between (None): joined they are the text again."""
        at = 0
        for statement in self.statements:
            if statement.span.start > at:
                yield Span(at, statement.span.start), None
            yield statement.span, statement
            at = statement.span.end
        if at < len(self.text):
            yield Span(at, len(self.text)), None

    def text_of(self, span: Span) -> str:
        """Give the text of a span."""
        return self.text[span.start : span.end]
