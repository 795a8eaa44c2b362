"""MySQL's and MariaDB's SQL as text: where each statement of a batch begins and ends, and what it may leave behind.

No grammar is needed to split a batch, only its tokens: strings, quoted names, comments, and the words that open
and close the bodies of triggers, routines and events. ``sql_mode`` is taken as it is by default: with
NO_BACKSLASH_ESCAPES a string that ends in a backslash is read wrongly.
"""

from __future__ import annotations

import bisect
import enum
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SPACE = " \t\n\v\f\r"

TOKEN = re.compile(
    r"""
      (?P<space>[ \t\n\v\f\r]+)
    | (?P<comment>--(?=[\x00-\x20\x7f]|\Z)[^\n]*|\#[^\n]*|/\*(?!M?!(?!99\d{3}))(?:[\s\S]*?\*/|[\s\S]*))
    | (?P<executable>/\*M?!(?:\d{5,6})?|\*/)
    | (?P<string>'(?>(?:[^'\\]++|\\[\s\S]|'')*)(?:'|\\?\Z)|"(?>(?:[^"\\]++|\\[\s\S]|"")*)(?:"|\\?\Z))
    | (?P<name>`(?>(?:[^`]++|``)*)(?:`|\Z))
    | (?P<variable>@+[\w$.]*)
    | (?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+(?![\w$])|\d[\w$]*)
    | (?P<word>[\w$]+)
    | (?P<other><=>|->>|:=|<=|>=|<>|!=|&&|\|\||<<|>>|->|[\s\S])
    """,
    re.VERBOSE,
)

_STORED = frozenset({"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"})
_BLOCKS = frozenset({"IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"})
_BEFORE_A_STATEMENT = frozenset({";", ":", "ATOMIC", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ROW"})
_BEFORE_A_NAME = frozenset({".", ",", "("})
_NOT_STORED = frozenset({"TABLE", "VIEW", "INDEX"})
_BEFORE_A_BODY = frozenset({")", "DETERMINISTIC", "DATA", "SQL", "INVOKER", "DEFINER"})
_SEVERAL_RESULTS = frozenset({"CALL", "EXECUTE", *_BLOCKS})
_HARMLESS = frozenset(
    {
        *("ALTER", "ANALYZE", "CREATE", "DELETE", "DROP", "INSERT", "OPTIMIZE"),
        *("RENAME", "REPLACE", "SELECT", "TRUNCATE", "UPDATE", "WITH"),
    }
)
_REMEMBERED = frozenset({"TEMPORARY", "GET_LOCK", "LAST_INSERT_ID"})
_NO_SETTING = frozenset({"GLOBAL", "PASSWORD", "PERSIST", "ROLE", "STATEMENT", "TRANSACTION"})
_FIRST_WORDS = 4


class Leaves(enum.IntEnum):
    """What a statement may leave behind in its session, from nothing to anything; each includes those before."""

    NOTHING = 0
    SETTINGS = 1
    ANYTHING = 2  # variables, locks, prepared statements, temporary tables, an open transaction


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a file: line and column from 1, in characters."""

    line: int
    column: int


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a batch, by character offsets.

    ``start`` is where the server begins to count lines (the first character that is no white space, a comment's
    too), ``head`` where its first token is, ``end`` just after it, its ``;`` left out. ``word`` is the first word in
    capitals, empty where there is none. ``several_results``: the server may answer with rows more than once
    before it reports the statement's own end. ``leaves`` is what may outlive it in the session.
    """

    start: int
    head: int
    end: int
    word: str
    several_results: bool
    leaves: Leaves


def position(text: str, offset: int) -> Position:
    """Turn a character offset from 0 into a Position; an offset beyond the end is the end."""
    before = text[:offset]
    return Position(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))


def statements(text: str) -> tuple[Statement, ...]:
    """Split a batch as the server does: an empty statement in the middle counts, ``;`` and space at the end don't."""
    splitter = _Splitter(text.rstrip(";" + _SPACE))
    return tuple(splitter.split())


class Batch:
    """A batch that is split step by step, from wherever its reader is."""

    def __init__(self, text: str) -> None:
        """Split ``text`` as ``statements`` does."""
        self._splitter = _Splitter(text.rstrip(";" + _SPACE))

    def statement_from(self, offset: int) -> Statement:
        """Give the statement that begins at ``offset``, which must be a token's."""
        return self._splitter.next_from(offset)


def failed_statement(batch: Sequence[Statement], results: Sequence[bool]) -> Statement | None:
    """Tell which statement of ``batch`` failed after ``results``: for each answer whether it had rows.

    None where there are more answers than statements: then the text was not read as the server read it.
    """
    answered = 0
    for statement in batch:
        if answered == len(results):
            return statement
        while statement.several_results and results[answered]:
            answered += 1
            if answered == len(results):
                return statement
        answered += 1
    return None


def place_of_error(text: str, statement: Statement, message: str) -> Position | None:
    """Give the place in ``text`` that a syntax error means by its "near '…' at line N".

    The server counts from the statement's start, and overlooks line ends inside strings and quoted names; what it
    quotes (up to 80 characters) tells the place within the line.
    """
    found = re.search(r"near '(.*)' at line (\d+)\Z", message, re.DOTALL)
    if found is None:
        return None
    near, line = found.group(1), int(found.group(2))
    if not near:
        return position(text, len(text[: statement.end].rstrip(_SPACE)))
    line_ends = _counted_line_ends(text, statement.start)
    offset = text.find(near, statement.start)
    while offset >= 0:
        if 1 + bisect.bisect_left(line_ends, offset) == line:
            return position(text, offset + len(near) - len(near.lstrip(_SPACE)))
        offset = text.find(near, offset + 1)
    return None


def _counted_line_ends(text: str, start: int) -> list[int]:
    """The offsets of the line ends that the server counts in a statement that begins at ``start``."""
    return [
        token.start() + index
        for token in TOKEN.finditer(text, start)
        if token.lastgroup in {"space", "comment"}
        for index, character in enumerate(token.group())
        if character == "\n"
    ]


def leaves_in_session(text: str) -> Leaves:
    """Tell the most that running ``text`` may leave behind in its session."""
    return max((statement.leaves for statement in statements(text)), default=Leaves.NOTHING)


def _lists(text: str) -> frozenset[int]:
    """The offsets of the parentheses that have a comma directly in them, and are no query's."""
    found: set[int] = set()
    opened: list[int] = []
    previous = ""
    for token in TOKEN.finditer(text):
        value = token.group()
        if token.lastgroup in {"space", "comment"}:
            continue
        if value == "(":
            opened.append(token.start())
        elif value == ")" and opened:
            opened.pop()
        elif value == "," and opened:
            found.add(opened[-1])
        elif value == ";":
            opened.clear()
        elif previous == "(" and opened and value.upper() in {"SELECT", "WITH"}:
            opened[-1] = -1
        previous = value
    return frozenset(found)


class _Splitter:
    """One pass over a batch's tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lists: frozenset[int] | None = None
        self._begin(0)

    def _begin(self, offset: int) -> None:
        self._start: int | None = None
        self._head: int | None = None
        self._from = offset
        self._words: list[str] = []  # the first few, enough to know the kind
        self._previous = ""
        self._closing = False  # the token before was END: a block's word after it belongs to it
        self._depth = 0
        self._stored = False
        self._leaves = Leaves.NOTHING
        self._executable = False

    def next_from(self, offset: int) -> Statement:
        self._begin(offset)
        return next(self.split(offset))

    def split(self, offset: int = 0) -> Iterator[Statement]:
        for token in TOKEN.finditer(self._text, offset):
            kind, value = str(token.lastgroup), token.group()
            if kind == "space":
                continue
            if value == ";" and self._depth <= 0:
                yield self._end(token.start())
                self._begin(token.end())
                continue
            if self._start is None:
                self._start = token.start()
            if kind == "comment":
                continue
            if self._head is None:
                self._head = token.start()
            if kind == "executable":
                self._executable = True
            elif kind == "word":
                self._word(value.upper(), token.end())
            else:
                self._other(kind, value)
        if self._start is not None:
            yield self._end(len(self._text))

    def _other(self, kind: str, value: str) -> None:
        if kind == "variable":
            own = value.startswith("@@") and not value.upper().startswith("@@GLOBAL")
            if not self._stored and "DEFINER" not in self._words:
                self._leaves = max(self._leaves, Leaves.SETTINGS if own else Leaves.ANYTHING)
        self._closing = False
        self._previous = value if kind == "other" else kind

    def _word(self, word: str, end: int) -> None:
        first = not self._words
        if len(self._words) < _FIRST_WORDS:
            self._words.append(word)
        if word in _REMEMBERED or (word in _NO_SETTING and self._words[0] == "SET"):
            self._leaves = Leaves.ANYTHING
        if word in _STORED and self._words[0] in {"CREATE", "ALTER"} and _NOT_STORED.isdisjoint(self._words):
            self._stored = True
        if word == "END" and self._depth > 0 and self._previous not in _BEFORE_A_NAME:
            self._depth -= 1
            self._closing = True
        else:
            if not self._closing and self._opens(word, end, first=first):
                self._depth += 1
            self._closing = False
        self._previous = word

    def _opens(self, word: str, end: int, *, first: bool) -> bool:
        inside = self._depth > 0 or self._stored
        if word == "BEGIN":
            block = self._previous == ":" or (inside and self._previous not in _BEFORE_A_NAME)
            return block or bool(re.compile(r"\s+NOT\s+ATOMIC\b", re.IGNORECASE).match(self._text, end))
        if word == "CASE":
            return inside or first
        if word not in _BLOCKS or not (inside or first or self._previous == ":"):
            return False
        if word in {"IF", "REPEAT"} and self._is_function(end):
            return False
        if first or self._previous in _BEFORE_A_STATEMENT:
            return True
        header = self._stored and self._depth == 0
        other = re.compile(r"\s+((NOT\s+)?EXISTS|EACH)\b", re.IGNORECASE).match(self._text, end)
        return header and self._previous in _BEFORE_A_BODY and not other

    def _left_by(self, word: str) -> Leaves:
        if not self._words or (word in _HARMLESS and not self._executable):
            return Leaves.NOTHING
        if word == "SET" and not self._executable and self._words[1:2] != ["DEFAULT"]:
            return Leaves.SETTINGS
        return Leaves.ANYTHING

    def _is_function(self, offset: int) -> bool:
        """Whether what follows is a list of arguments: parentheses with a comma in them."""
        if self._lists is None:
            self._lists = _lists(self._text)
        for token in TOKEN.finditer(self._text, offset):
            if token.lastgroup not in {"space", "comment"}:
                return token.start() in self._lists
        return False

    def _end(self, offset: int) -> Statement:
        start = offset if self._start is None else self._start
        word = self._words[0] if self._words else ""
        return Statement(
            start=start,
            head=start if self._head is None else self._head,
            end=offset,
            word=word,
            several_results=word in _SEVERAL_RESULTS or self._words[:3] == ["BEGIN", "NOT", "ATOMIC"],
            leaves=max(self._leaves, self._left_by(word)),
        )
