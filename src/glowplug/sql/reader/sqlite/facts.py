"""What a stretch of SQL reads: tables, columns and functions, from its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.sql.parts import Name
from glowplug.sql.sqlite import RESERVED, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.sql.sqlite import Token

NOW = words("CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP")
_NEVER_NAMES = (
    RESERVED
    | NOW
    | words(
        "ASC BY CAST CROSS CURRENT DESC END EXCEPT EXCLUDE FALSE FILTER FULL GLOB INDEXED INNER LEFT LIKE MATCH",
        "MATERIALIZED NATURAL NULLS OUTER OVER PARTITION PRECEDING RECURSIVE REGEXP RIGHT ROWS TRUE UNBOUNDED WINDOW",
        "WITH",
    )
)
_ALSO_FUNCTIONS = words("GLOB LIKE MATCH REGEXP LEFT RIGHT")
_END_OF_FROM = words("EXCEPT GROUP HAVING INTERSECT LIMIT ORDER RETURNING SELECT SET UNION VALUES WHERE WINDOW")

_EXPECTS_NEXT = {"JOIN": "table", "COLLATE": "alias", "ON": ""}


class Facts(msgspec.Struct):
    """What was found, each once, in the order of the text."""

    reads: tuple[Name, ...] = ()
    functions: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    subquery: bool = False


class _Level(msgspec.Struct):
    """An open bracket."""

    in_from: bool = False
    in_with: bool = False
    expects: str = ""  # table, cte or type: what the next name is
    cast: bool = False


class _Search(msgspec.Struct):
    found: Sequence[Token]
    reads: dict[Name, None] = msgspec.field(default_factory=dict)
    functions: dict[str, None] = msgspec.field(default_factory=dict)
    columns: dict[str, None] = msgspec.field(default_factory=dict)
    ctes: set[str] = msgspec.field(default_factory=set)
    subquery: bool = False

    def run(self) -> Facts:
        """Go through the tokens once."""
        levels = [_Level()]
        at = 0
        while at < len(self.found):
            at = self._step(levels, at)
        reads = tuple(name for name in self.reads if name.schema or name.name.lower() not in self.ctes)
        return Facts(reads, tuple(self.functions), tuple(self.columns), self.subquery)

    def _step(self, levels: list[_Level], at: int) -> int:
        level, token, word = levels[-1], self.found[at], self.found[at].word
        if token.text == "(":
            nested = _Level(in_from=level.expects == "table", expects=level.expects if level.expects == "table" else "")
            nested.cast = at > 0 and self.found[at - 1].word == "CAST"
            level.expects = ""
            levels.append(nested)
        elif token.text == ")":
            if len(levels) > 1:
                levels.pop()
        elif token.text == ",":
            level.expects = "table" if level.in_from else "cte" if level.in_with else ""
        elif word in _NEVER_NAMES and not (word in _ALSO_FUNCTIONS and self._text(at + 1) == "("):
            self._keyword(level, word, at)
        elif word or token.kind == "name" or (token.kind == "string" and level.expects):
            return self._name(level, at)
        return at + 1

    def _keyword(self, level: _Level, word: str, at: int) -> None:
        if word in NOW:
            self.functions[word.lower()] = None
        elif word == "FROM":
            # IS [NOT] DISTINCT FROM compares
            compares = at > 1 and self.found[at - 1].word == "DISTINCT" and self.found[at - 2].word in {"IS", "NOT"}
            if not compares:
                level.in_from, level.in_with, level.expects = True, False, "table"
        elif word == "WITH":
            level.in_with, level.expects = True, "cte"
        elif word == "AS":
            level.expects = "type" if level.cast else "" if level.in_with else "alias"
        elif word == "IN" and self._text(at + 1) != "(":
            self.subquery = True
            level.expects = "table"
        elif word in _END_OF_FROM:
            level.in_from, level.expects = False, ""
            if word in {"SELECT", "VALUES"}:
                level.in_with = False
                self.subquery = True
        else:
            level.expects = _EXPECTS_NEXT.get(word, level.expects)

    def _name(self, level: _Level, at: int) -> int:
        """Read what a name stands for, with all that is joined to it by dots; give the token after it."""
        last = at
        while self._text(last + 1) == "." and last + 2 < len(self.found):
            last += 2
        name = self.found[last].name
        schema = self.found[last - 2].name if last > at else None
        expected, level.expects = level.expects, ""
        if expected == "type":
            level.expects = "type"  # DOUBLE PRECISION
        elif expected == "cte":
            self.ctes.add(name.lower())
        elif expected == "table":
            if self._text(last + 1) == "(":
                self.functions[name.lower()] = None
            else:
                self.reads[Name(name, schema)] = None
            return self._after_alias(last + 1) if level.in_from else last + 1
        elif expected != "alias" and self.found[last].text != "*":
            if self._text(last + 1) == "(" and last == at:
                self.functions[name.lower()] = None
            elif not self._is_alias(at):
                self.columns[name] = None
        return last + 1

    def _after_alias(self, at: int) -> int:
        """Skip ``[AS] alias`` after a table."""
        if at < len(self.found) and self.found[at].word == "AS":
            return at + 2
        if at < len(self.found) and self.found[at].word not in _NEVER_NAMES and self.found[at].kind in {"word", "name"}:
            return at + 1
        return at

    def _is_alias(self, at: int) -> bool:
        """Tell whether an operand stands just before, so that this can only be its name."""
        return at > 0 and is_operand(self.found[at - 1])

    def _text(self, at: int) -> str:
        return self.found[at].text if at < len(self.found) else ""


def is_operand(token: Token) -> bool:
    """Tell whether a value may end with this token."""
    if token.word:
        return token.word not in _NEVER_NAMES or token.word in NOW | {
            "END",
            "NULL",
            "TRUE",
            "FALSE",
            "ISNULL",
            "NOTNULL",
        }
    return token.kind in {"name", "string", "number", "blob", "variable"} or token.text == ")"


def facts_of(found: Sequence[Token]) -> Facts:
    """Find what a query or an expression reads; names of columns are a best effort where it has aliases."""
    return _Search(found).run()
