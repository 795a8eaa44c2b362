"""SQLite's text as tokens, and one way to write them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TOKEN = re.compile(
    r"""
      (?P<space> [ \t\n\f\r\v\ufeff]+ | --[^\n]* | /\*(?!\Z).*?(?:\*/|\Z) )
    | (?P<blob> [xX]'[0-9a-fA-F]*' )
    | (?P<string> '[^']*(?:''[^']*)*(?:'|\Z) )
    | (?P<name> "[^"]*(?:""[^"]*)*(?:"|\Z) | `[^`]*(?:``[^`]*)*(?:`|\Z) | \[[^\]]*(?:\]|\Z) )
    | (?P<number> 0[xX][0-9a-fA-F_]+ | (?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)? )
    | (?P<word> [^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]* )
    | (?P<variable> [?:@$\#][^\x00-#%-/:-@\[-^`{-\x7f]* )
    | (?P<operator> \|\| | << | >> | <= | >= | == | != | <> | ->> | -> | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def words(*lines: str) -> frozenset[str]:
    """Make a set of the words in ``lines``."""
    return frozenset(" ".join(lines).split())


RESERVED = words(
    "ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT DEFERRABLE",
    "DELETE DISTINCT DROP ELSE ESCAPE EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTERSECT INTO IS ISNULL",
    "JOIN LIMIT NOT NOTHING NOTNULL NULL ON OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO",
    "TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN WHERE",
)
# May be names without quotes too, so a quoted one is the same name.
SOFT = words(
    "ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH BEFORE BEGIN BY CASCADE CAST COLUMN CONFLICT CROSS CURRENT",
    "CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFERRED DESC DETACH DO EACH END EXCEPT EXCLUDE EXCLUSIVE",
    "EXPLAIN FAIL FILTER FIRST FOLLOWING FOR FULL GENERATED GLOB GROUPS IF IGNORE IMMEDIATE INDEXED INITIALLY INNER",
    "INSTEAD KEY LAST LEFT LIKE MATCH MATERIALIZED NATURAL NO NULLS OF OFFSET OTHERS OUTER OVER PARTITION PLAN",
    "PRAGMA PRECEDING QUERY RAISE RANGE RECURSIVE REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RIGHT ROLLBACK ROW",
    "ROWS SAVEPOINT TEMP TEMPORARY TIES TRIGGER UNBOUNDED VACUUM VIEW VIRTUAL WINDOW WITH WITHOUT",
)
# Quoted they are names, or strings; bare they are values.
VALUES = frozenset({"TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Token(NamedTuple):
    """A piece of SQL with its place in the text; ``kind`` is a group of the tokenizer, never white space.

    A tuple, because files have a great many of them.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Just after it."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The bare word in upper case; empty for everything else, a quoted name too."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name that it stands for, without its quotes."""
        if self.kind not in ("name", "string"):
            return self.text
        closing = "]" if self.text[0] == "[" else self.text[0]
        return self.text[1:-1].replace(closing * 2, closing) if closing != "]" else self.text[1:-1]


def tokens(text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[Token]:
    """Cut ``text`` from ``start`` to ``end`` as SQLite's tokenizer does, white space and comments left out."""
    for match in _TOKEN.finditer(text, start, end):
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "operator", match.group(), match.start())


def first_token(text: str, start: int = 0) -> int:
    """Where the first token at or after ``start`` begins; ``start`` where there is none."""
    found = next(tokens(text, start), None)
    return start if found is None else found.start


def quoted(name: str) -> str:
    """Write a name as SQL, with quotes only where it needs them."""
    upper = name.upper()
    if _PLAIN_NAME.match(name) and upper not in RESERVED and upper not in SOFT and upper not in VALUES:
        return name
    return '"' + name.replace('"', '""') + '"'


def _canonical(token: Token) -> str:
    if token.kind == "word":
        upper = token.text.upper()
        return upper if upper in RESERVED or upper in SOFT or upper in VALUES else token.text
    if token.kind == "name":
        upper = token.name.upper()
        return upper if upper in SOFT and upper not in VALUES else quoted(token.name)
    return token.text


def normalised(found: Sequence[Token]) -> str:
    """Write tokens in one way: single spaces, upper-case keywords, names quoted only where they need it."""
    parts: list[str] = []
    previous: Token | None = None
    for token in found:
        text = _canonical(token)
        if previous is not None and not _adjoin(previous, token):
            parts.append(" ")
        parts.append(text)
        previous = token
    return "".join(parts)


def _adjoin(left: Token, right: Token) -> bool:
    if right.text in {",", ")", ";", "."} or left.text in {"(", "."}:
        return True
    is_call = left.kind in {"word", "name"} and left.word not in RESERVED and left.word not in SOFT
    return right.text == "(" and is_call
