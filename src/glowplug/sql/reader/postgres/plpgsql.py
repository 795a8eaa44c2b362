"""The SQL statements in a PL/pgSQL body, in order, each with its place.

libpg_query's own PL/pgSQL parser gives lines but no offsets, and no JSON that parses for a trigger's function; so the
statements are found by the words that PL/pgSQL parts them with (src/pl/plpgsql/src/pl_gram.y), and the tests hold the
result against that parser. What is found is then read by PostgreSQL's grammar. Expressions (conditions, assignments)
are not looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.sql.actions import Dynamic
from glowplug.sql.postgres_lexer import tokens
from glowplug.sql.reader.postgres.strings import string_body
from glowplug.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.parts import Span
    from glowplug.sql.reader.postgres.source import Source

_QUERIES = frozenset({"delete", "insert", "merge", "select", "table", "update", "values", "with", "("})
_SILENT = frozenset({"assert", "close", "continue", "exit", "fetch", "get", "move", "null", "raise"})
_OPENS = {"if": "then", "while": "loop", "foreach": "loop"}
"""Words that open something, and what ends its head."""

_MOST_LEVELS = 200
_AFTER_A_VARIABLE = frozenset({":", "=", ".", "["})
_KINDS = {"if": "if", "while": "loop", "foreach": "loop"}


class _Open:
    """A block, an IF, a CASE or a loop that is open; ``found`` is how many statements came before it."""

    __slots__ = ("certain", "found", "kind")

    def __init__(self, kind: str, found: int) -> None:
        self.kind = kind
        self.found = found
        self.certain = kind == "block"


def statements_in(
    source: Source, read: Callable[[Source], tuple[Statement, ...]]
) -> tuple[tuple[Statement, ...], str | None]:
    """Give the statements in a body; and, where it was not understood to its end, why."""
    walk = _Walk(source, read)
    reason = walk.run()
    return tuple(walk.found), reason


class _Walk:
    def __init__(self, source: Source, read: Callable[[Source], tuple[Statement, ...]]) -> None:
        self.found: list[Statement] = []
        self._source = source
        self._read = read
        self._tokens = list(tokens(source.text))
        self._at = 0
        self._open: list[_Open] = []
        self._left = False  # a RETURN that may not run has come: what follows may not run either

    def run(self) -> str | None:
        begun = False
        while self._at < len(self._tokens):
            if begun and not self._open:
                return self._rest()
            problem = self._step()
            if problem is not None:
                return problem
            begun = begun or bool(self._open)
        return "a PL/pgSQL block that does not end" if self._open or not begun else None

    def _rest(self) -> str | None:
        """After the last END: its label and a ``;``."""
        if self._tokens[self._at].kind in {"word", "name"}:
            self._at += 1
        if self._value(self._at) == ";":
            self._at += 1
        return "text after the end of a PL/pgSQL block" if self._at < len(self._tokens) else None

    def _value(self, index: int) -> str:
        return self._tokens[index].value if index < len(self._tokens) else ""

    def _step(self) -> str | None:
        """Read what begins at the current token; give a problem, or None."""
        word = self._value(self._at)
        if len(self._open) > _MOST_LEVELS:
            return "a PL/pgSQL block nested too deeply to be read"
        if word in _STEPS:
            return _STEPS[word](self)
        if not self._open:
            return "no PL/pgSQL block"
        assigned = self._is_assigned()
        if word in _OPENS and not assigned:
            self._enter(_KINDS[word], self._find(_OPENS[word]) + 1)
            return None
        end = self._find(";")
        if word not in _SILENT and not assigned:
            self._sql(self._at, end)
        self._at = end + 1
        return None

    def _is_assigned(self) -> bool:
        return self._tokens[self._at].kind in {"word", "name"} and self._value(self._at + 1) in _AFTER_A_VARIABLE

    def _find(self, word: str, start: int | None = None, limit: int | None = None) -> int:
        """Give the next index of ``word`` outside of brackets; the end where there is none."""
        depth = 0
        after = len(self._tokens) if limit is None else limit
        for index in range(self._at if start is None else start, after):
            value = self._tokens[index].value
            if value == word and depth <= 0:
                return index
            if value in {"(", "["}:
                depth += 1
            elif value in {")", "]"}:
                depth -= 1
        return after

    def _enter(self, kind: str, after: int) -> None:
        self._open.append(_Open(kind, len(self.found)))
        self._at = after

    def _is_conditional(self) -> bool:
        return self._left or not all(one.certain for one in self._open)

    def read_label(self) -> None:
        while self._at < len(self._tokens) and self._value(self._at) != ">":
            self._at += 1
        self._at += 2

    def read_option(self) -> None:
        self._at += 3

    def read_nothing(self) -> None:
        self._at += 1

    def read_declare(self) -> None:
        self._at += 1
        while self._at < len(self._tokens) and self._value(self._at) != "begin":
            self._at = self._find(";") + 1 if self._value(self._at) != "declare" else self._at + 1

    def read_begin(self) -> None:
        self._enter("block", self._at + 1)

    def read_exception(self) -> str | None:
        if not self._open or self._open[-1].kind != "block":
            return "EXCEPTION outside of a PL/pgSQL block"
        block = self._open[-1]
        block.certain = False
        for index in range(block.found, len(self.found)):  # its statements are undone when the handler runs
            self.found[index] = msgspec.structs.replace(self.found[index], conditional=True)
        self._at += 1
        return None

    def read_head(self) -> None:
        self._at = self._find("then") + 1

    def read_case(self) -> None:
        self._enter("case", self._find("when"))

    def read_loop(self) -> None:
        self._enter("loop", self._at + 1)

    def read_for(self) -> None:
        start = self._find("in") + 1
        loop = self._find("loop", start)
        if start < loop:
            self._query(start, loop)
        self._enter("loop", loop + 1)

    def read_end(self) -> str | None:
        closes = self._value(self._at + 1)
        kind = closes if closes in {"if", "case", "loop"} else "block"
        if not self._open or self._open[-1].kind != kind:
            return f"END of a PL/pgSQL {kind} that was not opened"
        self._open.pop()
        if self._open or kind != "block":
            self._at = self._find(";") + 1
        else:
            self._at += 1
        return None

    def read_return(self) -> None:
        end = self._find(";")
        what = self._value(self._at + 1)
        if what == "query":
            self._query(self._at + 2, end)
        elif what != "next":
            self._left = self._left or self._is_conditional()
        self._at = end + 1

    def read_open_cursor(self) -> None:
        end = self._find(";")
        start = self._find("for", limit=end)
        if start < end:
            self._query(start + 1, end)
        self._at = end + 1

    def _query(self, start: int, end: int) -> None:
        """Read what stands where a query may stand: SQL, EXECUTE, or a range or a cursor, which are neither."""
        if self._value(start) == "execute":
            self._dynamic(start, end)
        elif self._value(start) in _QUERIES:
            self._sql(start, end)

    def read_execute(self) -> None:
        end = self._find(";")
        self._dynamic(self._at, end)
        self._at = end + 1

    def _dynamic(self, start: int, end: int) -> None:
        """Read EXECUTE: a lone string is SQL as good as any other, all else is unknown."""
        if self._value(start + 2) in {";", "into", "using", "loop", ""} and start + 1 < end:
            body = string_body(self._tokens[start + 1], self._source)
            if body is not None:
                self._add(self._read(body))
                return
        span = self._source.span(self._tokens[start].start, self._tokens[end - 1].end)
        self._add((Statement(span=span, actions=(Dynamic(span=span, what="execute"),)),))

    def read_perform(self) -> None:
        end = self._find(";")
        first = self._tokens[self._at]
        text = self._text(self._at, end)
        self._add(self._read(self._source.part(first.start, first.start + len(text), text="SELECT " + text[7:])))
        self._at = end + 1

    def _sql(self, start: int, end: int) -> None:
        if start >= end:
            return
        first = self._tokens[start].start
        text = self._text(start, end)
        for begin, after in self._targets(start, end):
            text = text[: begin - first] + " " * (after - begin) + text[after - first :]
        statements = self._read(self._source.part(first, first + len(text), text=text))
        if len(statements) == 1 and text.endswith(" "):
            statements = (_stretched(statements[0], self._source.span(first, first + len(text))),)
        self._add(statements)

    def _text(self, start: int, end: int) -> str:
        return self._source.text[self._tokens[start].start : self._tokens[end - 1].end]

    def _targets(self, start: int, end: int) -> list[tuple[int, int]]:
        """Give where INTO and its variables stand, which PL/pgSQL takes out before it hands a statement over."""
        places = []
        for index in range(start + 1, end):
            if self._value(index) != "into" or self._value(index - 1) in {"insert", "merge"}:
                continue
            after = index + 1 + (self._value(index + 1) == "strict")
            after = self._after_variable(after)
            while after < end and self._value(after) == ",":
                after = self._after_variable(after + 1)
            places.append((self._tokens[index].start, self._tokens[min(after, end) - 1].end))
        return places

    def _after_variable(self, index: int) -> int:
        index += 1
        while self._value(index) in {".", "["}:
            index = index + 2 if self._value(index) == "." else self._find("]", index + 1) + 1
        return index

    def _add(self, statements: tuple[Statement, ...]) -> None:
        if self._is_conditional():
            statements = tuple(msgspec.structs.replace(one, conditional=True) for one in statements)
        self.found += statements


def _stretched(statement: Statement, span: Span) -> Statement:
    """Give a statement its INTO back, which stood at its end."""
    actions = tuple(
        msgspec.structs.replace(action, span=span) if action.span == statement.span else action
        for action in statement.actions
    )
    return msgspec.structs.replace(statement, span=span, actions=actions)


_STEPS: dict[str, Callable[[_Walk], str | None]] = {
    "#": _Walk.read_option,
    ";": _Walk.read_nothing,
    "<": _Walk.read_label,
    "begin": _Walk.read_begin,
    "case": _Walk.read_case,
    "declare": _Walk.read_declare,
    "else": _Walk.read_nothing,
    "elseif": _Walk.read_head,
    "elsif": _Walk.read_head,
    "end": _Walk.read_end,
    "exception": _Walk.read_exception,
    "execute": _Walk.read_execute,
    "for": _Walk.read_for,
    "loop": _Walk.read_loop,
    "open": _Walk.read_open_cursor,
    "perform": _Walk.read_perform,
    "return": _Walk.read_return,
    "when": _Walk.read_head,
}
