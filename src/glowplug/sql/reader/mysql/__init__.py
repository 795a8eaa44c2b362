"""MySQL's and MariaDB's SQL, read from its tokens: ``docs/decisions/0009-reading-mysql.md`` says why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.sql.actions import ClientCommand
from glowplug.sql.mysql import TOKEN, Batch
from glowplug.sql.parts import Span
from glowplug.sql.reader.mysql import bodies, statements
from glowplug.sql.reader.mysql.cursor import Cursor, NotUnderstood, closed
from glowplug.sql.reader.mysql.draft import Draft
from glowplug.sql.statement import Script, Statement, Unparsed

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLIENT = re.compile(r"(?:DELIMITER|SOURCE)(?=[ \t\r\n]|\Z)[^\r\n]*|\\[^\r\n]*", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?:INSERT|REPLACE|UPDATE|DELETE|SELECT|DROP|TRUNCATE|RENAME|ALTER\s+TABLE|CREATE\s+(?:UNIQUE\s+)?INDEX"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?TABLE)\b",
    re.IGNORECASE,
)  # statements with no body in them: the next ; ends them
_DELIMITER = re.compile(r"^[ \t]*DELIMITER(?=[ \t\r\n]|\Z)", re.IGNORECASE | re.MULTILINE)


def read(text: str) -> Script:
    """Read a file as the server would split it, but for DELIMITER, behind which it is split as the client would."""
    return Script(text=text, dialect=Dialect.MYSQL, statements=tuple(_statements(text)))


def _statements(text: str) -> Iterator[Statement]:
    batch = Batch(text)
    delimiter = ";"
    at, following = 0, False
    while True:
        at, empty = _after_trivia(text, at, delimiter, following=following)
        if at == len(text):
            return
        if empty is not None and delimiter == ";":
            unparsed = Unparsed(reason="there is no statement before this ;", offset=empty.start)
            yield Statement(span=empty, unparsed=unparsed)
        following = False
        if command := _CLIENT.match(text, at):
            words = command.group().split()
            if words[0].upper() == "DELIMITER" and len(words) > 1:
                delimiter = words[1]
            span = Span(at, at + len(command.group().rstrip()))
            yield Statement(span=span, actions=(ClientCommand(span=span, command=words[0].lower()),))
            at = span.end
            continue
        if delimiter != ";":
            end: int | None = _end(text, at, delimiter)
        elif _PLAIN.match(text, at):
            end = None
        else:
            end = batch.statement_from(at).end
        cursor = Cursor(text, at, end)
        yield _one(cursor)
        following = True
        at = cursor.after if end is None else end


def _after_trivia(text: str, at: int, delimiter: str, *, following: bool) -> tuple[int, Span | None]:
    """Give the first offset that is no white space, comment or delimiter, and where delimiters end nothing.

    ``following`` a statement, the first delimiter ends that one.
    """
    empty: Span | None = None
    while token := TOKEN.match(text, at):
        if text.startswith(delimiter, at):
            if not following:
                empty = Span(at if empty is None else empty.start, at + len(delimiter))
            following = False
            at += len(delimiter)
        elif token.lastgroup == "space" or (token.lastgroup == "comment" and closed(token)):
            at = token.end()
        else:
            break
    return at, empty


def _end(text: str, at: int, delimiter: str) -> int:
    """Give the offset where a statement ends that some other delimiter than ``;`` ends, or DELIMITER's next line."""
    while token := TOKEN.match(text, at):
        if text.startswith(delimiter, at):
            return at
        within = token.group().find(delimiter) if token.lastgroup in {"word", "number", "variable", "other"} else -1
        if within > 0:
            return at + within
        if token.lastgroup == "word" and token.group().upper() == "DELIMITER":
            line = text.rfind("\n", 0, at) + 1
            if _DELIMITER.match(text, line):
                return at
        at = token.end()
    return at


def _one(cursor: Cursor) -> Statement:
    if cursor.kind == "end":  # a vendor's comment with nothing in it
        return Statement(span=cursor.whole)
    draft = Draft(first=0)
    try:
        statements.read(cursor, draft)
        while cursor.word == ";":  # behind another delimiter
            cursor.at += 1
        if cursor.kind != "end":
            cursor.fail()
    except NotUnderstood as failure:
        offset = min(failure.offset, cursor.whole.end)
        return Statement(span=cursor.whole, unparsed=Unparsed(reason=failure.reason, offset=offset))
    return bodies.complete(draft, cursor.whole)
