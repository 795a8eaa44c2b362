"""The statements in the body of a trigger or a routine, each such that it can be prepared alone.

What is the body's own, a variable, a parameter or a column of the row, is ``?`` in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from glowplug.sql.mysql import TOKEN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

_STATEMENTS = frozenset({"DELETE", "INSERT", "REPLACE", "SELECT", "UPDATE", "WITH"})
_FILLING = frozenset({"INSERT", "REPLACE"})
_BEFORE_A_TABLE = _FILLING | {"DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO", "LOW_PRIORITY"}
_QUERIES = frozenset({"SELECT", "WITH"})
_WITH_EXPRESSIONS = frozenset({"CALL", "CASE", "DECLARE", "DO", "ELSEIF", "IF", "RETURN", "SET", "UNTIL", "WHILE"})
"""What else calls functions: how these statements begin."""
_BEFORE_A_STATEMENT = frozenset({"", ";", ":", "ATOMIC", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT"})
_AFTER_SET = frozenset({"WHERE", "ORDER", "LIMIT", "RETURNING"})
_ROWS = frozenset({"NEW", "OLD"})
_UNTOLD = re.compile(
    r"\bHANDLER\s+FOR\s+(?!NOT\s+FOUND\b)|\bTEMPORARY\b|\bROWTYPE\b|\bROW\s*\(|\bFOR\s+[^\s;]+\s+IN\b|/\*M?!",
    re.IGNORECASE,
)
"""An error that is handled, a table that is made there, a variable with fields, text that is hidden from some."""

_VARIABLE = "@glowplug"


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What a body names: columns of its own table, each with its row (``NEW``, ``OLD``), and statements to prepare.

    ``partial``: more to prepare, of which nothing counts but a name that is missing or ambiguous, or how many columns
    there are. ``functions`` are called in it, or bear the name of what is; ``procedures`` too, as they are written.
    """

    columns: tuple[tuple[str, str], ...]
    statements: tuple[str, ...]
    partial: tuple[str, ...] = ()
    functions: frozenset[str] = frozenset()
    procedures: tuple[str, ...] = ()


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """A name as it is compared: without its quotes, in one case."""
        if self.kind == "word":
            return self.text.casefold()
        quote = self.text[:1]
        return self.text[1:-1].replace(quote * 2, quote).casefold()


def read_body(body: str, parameters: Iterable[str] = ()) -> Body | None:
    """Take a body apart; None where what fails in it need not fail the whole, or its names can't be told apart.

    ``parameters``: the names of a routine's.
    """
    if _UNTOLD.search(body):
        return None
    tokens = [
        _Token(str(found.lastgroup), found.group(), found.start(), found.end())
        for found in TOKEN.finditer(body)
        if found.lastgroup not in {"space", "comment"}
    ]
    own = _declared(tokens) | {each.casefold() for each in parameters}
    columns = ((tokens[at].name.upper(), tokens[at + 2].text) for at in range(len(tokens)) if _is_of_row(tokens, at))
    found = list(_statements(tokens))
    slices = [tokens[start:end] for start, end in found]
    prepared = (sql for each in slices for sql in (*_filled(body, each), _prepared(body, each, own)))
    partial = (sql for each in slices for sql in (*_given(body, each, own), *_set(body, each, own)))
    calls = (f"DO {name}()" for name in _called_outside(tokens, found))
    return Body(
        columns=tuple(dict.fromkeys(columns)),
        statements=tuple(dict.fromkeys(prepared)),
        partial=tuple(dict.fromkeys((*partial, *calls))),
        functions=frozenset(tokens[at].name for at in range(len(tokens)) if _is_called(tokens, at)),
        procedures=tuple(dict.fromkeys(_procedures(tokens))),
    )


def _is_called(tokens: Sequence[_Token], at: int) -> bool:
    """Whether a name stands there with a parenthesis behind it, as a function's does, and no schema before it."""
    return (
        tokens[at].kind in {"name", "word"}
        and at + 1 < len(tokens)
        and tokens[at + 1].text == "("
        and (at == 0 or (tokens[at - 1].text != "." and tokens[at - 1].word != "CALL"))
    )


def _procedures(tokens: Sequence[_Token]) -> Iterator[str]:
    for at in range(1, len(tokens)):
        if tokens[at - 1].word == "CALL" and tokens[at].kind in {"name", "word"}:
            qualified = at + 1 < len(tokens) and tokens[at + 1].text == "."
            if not qualified:
                yield tokens[at].text


def _called_outside(tokens: Sequence[_Token], statements: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Give the functions that are called in no statement that is prepared: a server takes a keyword for no name."""
    inside = {at for start, end in statements for at in range(start, end)}
    head = previous = ""
    for at, token in enumerate(tokens):
        if previous in _BEFORE_A_STATEMENT:
            head = token.word
        if head in _WITH_EXPRESSIONS and at not in inside and _is_called(tokens, at):
            yield token.text
        previous = token.word or token.text


def _statements(tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
    """Find each statement that names tables, up to its ``;``, and of the others each query in parentheses."""
    previous = before = ""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        cursor = (before, previous) == ("CURSOR", "FOR")
        if token.word in _STATEMENTS and (previous in _BEFORE_A_STATEMENT or cursor):
            end = next((index for index in range(at, len(tokens)) if tokens[index].text == ";"), len(tokens))
            yield at, end
            at = end - 1
        elif token.word in _QUERIES and previous == "(":
            end = _closing(tokens, at)
            yield at, end
            at = end - 1
        before, previous = previous, tokens[at].word or tokens[at].text
        at += 1


class _Filling(NamedTuple):
    """Where in an INSERT its table ends, its list of columns lies, if it has one, and what is behind these begins."""

    table: int
    table_end: int
    columns: range
    rest: int


def _filling(tokens: Sequence[_Token]) -> _Filling | None:
    if tokens[0].word not in _FILLING:
        return None
    table = next((at for at, token in enumerate(tokens) if token.word not in _BEFORE_A_TABLE), len(tokens))
    end = table + 1
    while end + 1 < len(tokens) and tokens[end].text == ".":
        end += 2
    if end + 1 >= len(tokens):
        return None
    if tokens[end].text != "(" or tokens[end + 1].word in _QUERIES:
        return _Filling(table, end, range(0), end)
    closing = _closing(tokens, end + 1)
    return _Filling(table, end, range(end + 1, closing), closing + 1)


def _filled(body: str, tokens: Sequence[_Token]) -> Iterator[str]:
    """Ask for the columns that an INSERT fills from a query: preparing it does not."""
    filling = _filling(tokens)
    behind = tokens[filling.rest] if filling is not None and filling.rest < len(tokens) else None
    if (
        filling is not None
        and behind is not None
        and filling.columns
        and (behind.word in _QUERIES or behind.text == "(")
    ):
        yield f"SELECT {_columns_of(body, tokens, filling)} FROM {_table_of(body, tokens, filling)}"


def _given(body: str, tokens: Sequence[_Token], own: frozenset[str]) -> Iterator[str]:
    """Ask whether a query gives as many columns as the INSERT of it fills: preparing that does not."""
    filling = _filling(tokens)
    if filling is None:
        return
    duplicate = (at for at in range(filling.rest, len(tokens) - 1) if _words(tokens, at) == ("ON", "DUPLICATE"))
    end = next(duplicate, len(tokens))
    if filling.rest < end and tokens[filling.rest].word in _QUERIES:
        columns, table = _columns_of(body, tokens, filling), _table_of(body, tokens, filling)
        yield f"(SELECT {columns} FROM {table}) UNION ALL ({_prepared(body, tokens[filling.rest : end], own)})"


def _columns_of(body: str, tokens: Sequence[_Token], filling: _Filling) -> str:
    columns = filling.columns
    return body[tokens[columns[0]].start : tokens[columns[-1]].end] if columns else "*"


def _table_of(body: str, tokens: Sequence[_Token], filling: _Filling) -> str:
    return body[tokens[filling.table].start : tokens[filling.table_end - 1].end]


def _set(body: str, tokens: Sequence[_Token], own: frozenset[str]) -> Iterator[str]:
    """Ask for what an UPDATE of several tables sets, and to what: preparing it does not."""
    if tokens[0].word != "UPDATE":
        return
    start = 1 + sum(token.word in {"LOW_PRIORITY", "IGNORE"} for token in tokens[1:3])
    begin = _at_the_top(tokens, start, {"SET"})
    if begin + 1 < len(tokens):
        end = _at_the_top(tokens, begin, _AFTER_SET)
        tables, values = tokens[start:begin], tokens[begin + 1 : end]
        if values and any(token.text == "," or token.word.endswith("JOIN") for token in tables):
            yield f"SELECT {_prepared(body, values, own)} FROM {_prepared(body, tables, own)}"


def _at_the_top(tokens: Sequence[_Token], start: int, words: Collection[str]) -> int:
    """Find the first of ``words`` that is in no parentheses, else the end."""
    depth = 0
    for at in range(start, len(tokens)):
        depth += (tokens[at].text == "(") - (tokens[at].text == ")")
        if depth == 0 and tokens[at].word in words:
            return at
    return len(tokens)


def _words(tokens: Sequence[_Token], at: int) -> tuple[str, str]:
    return tokens[at].word, tokens[at + 1].word


def _closing(tokens: Sequence[_Token], start: int) -> int:
    """Find the parenthesis that closes what was open before ``start``."""
    depth = 1
    for at in range(start, len(tokens)):
        depth += (tokens[at].text == "(") - (tokens[at].text == ")")
        if depth == 0:
            return at
    return len(tokens)


def _declared(tokens: Sequence[_Token]) -> frozenset[str]:
    """Name the body's own variables."""
    found = set()
    for at, token in enumerate(tokens):
        if token.word != "DECLARE":
            continue
        for following in range(at + 1, len(tokens) - 1, 2):
            found.add(tokens[following].name)
            if tokens[following + 1].text != ",":
                break
    return frozenset(found)


def _is_of_row(tokens: Sequence[_Token], at: int) -> bool:
    """Whether a column of the row begins there."""
    return (
        tokens[at].kind in {"name", "word"}
        and tokens[at].name.upper() in _ROWS
        and at + 2 < len(tokens)
        and tokens[at + 1].text == "."
        and (at == 0 or tokens[at - 1].text != ".")
    )


def _prepared(body: str, tokens: Sequence[_Token], own: frozenset[str]) -> str:
    """Write a statement with parameters for the row's columns and the body's variables."""
    parts: list[str] = []
    done = tokens[0].start
    into = False
    columns = frozenset(_columns(tokens))
    for at, token in enumerate(tokens):
        if token.start < done:
            continue
        instead, end = None, token.end
        if _is_of_row(tokens, at):
            instead, end = "?", tokens[at + 2].end
        elif (
            at not in columns and token.kind in {"name", "word"} and token.name in own and not _is_qualified(tokens, at)
        ):
            instead = _VARIABLE if into else "?"
        if instead is not None:
            parts += (body[done : token.start], instead)
            done = end
        else:
            into = token.word == "INTO" or (into and token.text == ",")
    return "".join((*parts, body[done : tokens[-1].end]))


def _columns(tokens: Sequence[_Token]) -> Iterator[int]:
    """Find where a name is a column's or an alias, whatever variable there is of that name."""
    filling = _filling(tokens)
    if filling is not None:
        yield from filling.columns
    depth, setting = 0, False
    duplicate = len(tokens)
    for at, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        before = tokens[at - 1].word if at else ""
        if token.word == "UPDATE" and before == "KEY":
            duplicate, setting = at, True
        elif depth == 0 and token.word == "SET":
            setting = True
        elif depth == 0 and token.word in _AFTER_SET:
            setting = False
        elif setting and depth == 0 and _is_set(tokens, at):
            yield at
        if before == "AS" or (at > duplicate and _is_of_column(tokens, at)):
            yield at


def _is_set(tokens: Sequence[_Token], at: int) -> bool:
    begins = tokens[at - 1].word in {"SET", "UPDATE"} or tokens[at - 1].text == ","
    return begins and at + 1 < len(tokens) and tokens[at + 1].text == "="


def _is_of_column(tokens: Sequence[_Token], at: int) -> bool:
    return tokens[at - 1].text == "(" and tokens[at - 2].word in {"VALUES", "VALUE", "DEFAULT"}


def _is_qualified(tokens: Sequence[_Token], at: int) -> bool:
    return (at > 0 and tokens[at - 1].text == ".") or (at + 1 < len(tokens) and tokens[at + 1].text == ".")
