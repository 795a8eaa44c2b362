"""A file with the bodies of the routines that it calls: what they do, it does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.sql.actions import CreateRoutine, Select
from glowplug.sql.parts import Span
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.dialect import Dialect
    from glowplug.project import Migration
    from glowplug.sql.statement import Script, Statement

_DEPTH = 4  # routines that call routines
_DIESELS_OWN = "diesel_manage_updated_at"
"""What `diesel setup` makes in every PostgreSQL project: it makes a trigger by EXECUTE, and touches no row."""


def with_called(script: Script, earlier: Sequence[Migration]) -> Script:
    """Put into each statement that calls a routine what is in the routine's body, as far as that can be read.

    Of the routines by one name the last before the call counts. Those of ``earlier`` migrations, in order, stand in
    the text behind the file's own, so that a statement's text is still found by its span.
    """
    if not any(_calls(each) for each in script.statements):
        return script
    expanded = _Expanded(script, earlier)
    statements = tuple(expanded.statement(each, _DEPTH) for each in script.statements)
    return replace(script, text=expanded.text, statements=statements)


class _Expanded:
    """A file whose statements are gone through in order."""

    def __init__(self, script: Script, earlier: Sequence[Migration]) -> None:
        self.text = script.text
        self._dialect = script.dialect
        self._earlier = earlier
        self._bodies: dict[str, tuple[Statement, ...]] = {}

    def statement(self, statement: Statement, depth: int) -> Statement:
        """Give a statement with the bodies of what it calls, and learn what it defines."""
        for action in statement.actions:
            if isinstance(action, CreateRoutine):
                self._bodies[action.routine.name.casefold()] = statement.routine_body
        body = tuple(self.statement(each, depth) for each in statement.body)
        called = [
            self.statement(inner, depth - 1) for name in _functions(statement) if depth for inner in self._body(name)
        ]
        return replace(statement, body=(*body, *called)) if called or body != statement.body else statement

    def _body(self, name: str) -> tuple[Statement, ...]:
        if name not in self._bodies:
            self._bodies[name] = self._defined_earlier(name)
        return self._bodies[name]

    def _defined_earlier(self, name: str) -> tuple[Statement, ...]:
        defines = re.compile(rf"\b(?:function|procedure)\b[^(]*\b{re.escape(name)}\b", re.IGNORECASE)
        for migration in reversed(self._earlier):
            text = (migration.up or b"").decode(errors="replace")
            if not defines.search(text):
                continue
            bodies = [
                statement.routine_body
                for statement in _read(text, self._dialect)
                for action in statement.actions
                if isinstance(action, CreateRoutine) and action.routine.name.casefold() == name
            ]
            if bodies:
                start = len(self.text) + 1
                self.text = f"{self.text}\n{text}"
                return tuple(_moved(each, start) for each in bodies[-1])
        return ()


def _read(text: str, dialect: Dialect) -> tuple[Statement, ...]:
    return read(text, dialect).statements


def _functions(statement: Statement) -> Iterator[str]:
    for action in statement.actions:
        if isinstance(action, Select):
            yield from (name.casefold() for name in action.functions if name != _DIESELS_OWN)


def _calls(statement: Statement) -> bool:
    return any(_functions(statement)) or any(map(_calls, statement.body))


def _moved(statement: Statement, by: int) -> Statement:
    return replace(
        statement,
        span=_later(statement.span, by),
        actions=tuple(replace(action, span=_later(action.span, by)) for action in statement.actions),
        body=tuple(_moved(each, by) for each in statement.body),
    )


def _later(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
