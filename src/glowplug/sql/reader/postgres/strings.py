"""The body of a routine, which is a string: its text, and where each of its characters stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.reader.postgres.source import Source

if TYPE_CHECKING:
    from glowplug.sql.postgres_lexer import Token

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def string_body(token: Token, source: Source) -> Source | None:
    """Give what is inside of a string as a Source of its own; None where its escapes are more than simple ones."""
    text = source.text[token.start : token.end]
    if token.kind == "dollar":
        tag = text.index("$", 1) + 1
        return source.part(token.start + tag, token.end - tag, deeper=True)
    if token.kind == "string" and text.startswith("'") and "''" not in text[1:-1]:
        return source.part(token.start + 1, token.end - 1, deeper=True)
    if token.kind not in {"string", "escape"}:
        return None
    return _unescaped(token, source, backslashes=token.kind == "escape")


def _unescaped(token: Token, source: Source, *, backslashes: bool) -> Source | None:
    text = source.text[token.start : token.end]
    position = text.index("'") + 1
    letters: list[str] = []
    offsets: list[int] = []
    while position < len(text) - 1:
        letter = text[position]
        offsets.append(position)
        if letter == "\\" and backslashes:
            escaped = text[position + 1]
            if escaped in "xuU01234567":
                return None
            letter = _ESCAPES.get(escaped, escaped)
        position += 2 if letter == "'" or (text[position] == "\\" and backslashes) else 1
        letters.append(letter)
    offsets.append(position)
    places = source.places(token.start, token.end)
    return Source("".join(letters), places=[places[offset] for offset in offsets], depth=source.depth + 1)
