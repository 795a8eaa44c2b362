"""Tokens of an expression as the three servers show it."""

from __future__ import annotations

import enum
import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(enum.Enum):
    """What a token is; ``NAME`` is a quoted one, ``WORD`` may be a keyword."""

    NUMBER = "number"
    STRING = "string"
    BYTES = "bytes"
    BITS = "bits"
    NAME = "name"
    WORD = "word"
    SIGN = "sign"
    END = "end"


class Token(NamedTuple):
    """One token; ``text`` is its value (quotes gone), a word's in lower case with ``written`` as it stands."""

    kind: Kind
    text: str
    written: str


_SIGNS = (
    r"!~~\*|!~~|~~\*|~~|!~\*|!~|~\*|<=>|<->|->>|\#>>|<=|>=|<>|!=|==|\|\||::|:=|@>|<@|&&|@@|->|\#>|<<|>>|\?\||\?&|&<|&>"
    r"|[-+*/%^<>=&|\#?!@~.,()\[\]:;$]"
)
_TOKENS = re.compile(
    rf"""
      (?P<space> \s+ | --[^\n]* | /\*.*?\*/ )
    | (?P<bytes> [xX]'[0-9a-fA-F]*' | 0x[0-9a-fA-F]+ )
    | (?P<bits> [bB]'[01]*' )
    | (?P<escaped> [eE]'(?: '' | \\. | [^'\\] )*' )
    | (?P<string> [nN]?'(?: '' | [^'] )*' )
    | (?P<number> (?: \d+(?:\.\d*)? | \.\d+ )(?: [eE][+-]?\d+ )? )
    | (?P<name> "(?: "" | [^"] )*" | `(?: `` | [^`] )*` )
    | (?P<word> [^\W\d][\w$]* )
    | (?P<sign> {_SIGNS} )
    """,
    re.VERBOSE | re.DOTALL,
)
_MYSQL_STRING = re.compile(r"""'(?:''|\\.|[^'\\])*'|"(?:""|\\.|[^"\\])*\"""", re.DOTALL)
_BRACKETED = re.compile(r"\[([^\]]*)\]")
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class NoTokenError(ValueError):
    """A character that begins no token."""


class UnreadableError(ValueError):
    """Tokens that are not an expression as the parser knows them."""


def tokens(text: str, dialect: Dialect) -> list[Token]:
    """Cut an expression into tokens, an END last.

    Raises:
        NoTokenError: something that no dialect shows.
    """
    found: list[Token] = []
    position = 0
    while position < len(text):
        token, position = _token(text, position, dialect, found)
        if token is not None:
            found.append(token)
    found.append(Token(Kind.END, "", ""))
    return found


def _token(text: str, position: int, dialect: Dialect, before: list[Token]) -> tuple[Token | None, int]:
    if dialect is Dialect.MYSQL and (match := _MYSQL_STRING.match(text, position)):
        if before and before[-1].kind is Kind.WORD and before[-1].text.startswith("_"):
            before.pop()  # the string's character set
        return Token(Kind.STRING, _mysql_string(match.group()), match.group()), match.end()
    if dialect is Dialect.SQLITE and (match := _BRACKETED.match(text, position)):
        return Token(Kind.NAME, match.group(1), match.group()), match.end()
    match = _TOKENS.match(text, position)
    if match is None or match.lastgroup is None:
        raise NoTokenError(text[position : position + 20])
    read = _READERS[match.lastgroup]
    return read(match.group()), match.end()


def _mysql_string(written: str) -> str:
    mark = written[0]
    inner = written[1:-1].replace(mark * 2, mark)
    return _ESCAPE.sub(lambda match: {**_ESCAPED, "0": "\0"}.get(match.group(1), match.group(1)), inner)


def _escaped(written: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = match.group(1)
        if code[0] in "xuU" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8))
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(character, written[2:-1].replace("''", "'"))


def _name(written: str) -> Token:
    mark = written[0]
    return Token(Kind.NAME, written[1:-1].replace(mark * 2, mark), written)


def _bytes(written: str) -> Token:
    digits = written[2:-1] if written[1] == "'" else written[2:]
    return Token(Kind.BYTES, digits, written)


@functools.cache
def _lower(word: str) -> str:
    return word.lower()


_READERS: dict[str, Callable[[str], Token | None]] = {
    "space": lambda _: None,
    "bytes": _bytes,
    "bits": lambda written: Token(Kind.BITS, written[2:-1], written),
    "escaped": lambda written: Token(Kind.STRING, _escaped(written), written),
    "string": lambda written: Token(Kind.STRING, written[written.index("'") + 1 : -1].replace("''", "'"), written),
    "number": lambda written: Token(Kind.NUMBER, written, written),
    "name": _name,
    "word": lambda written: Token(Kind.WORD, _lower(written), written),
    "sign": lambda written: Token(Kind.SIGN, written, written),
}
