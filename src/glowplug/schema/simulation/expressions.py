"""What a PL/pgSQL body calls: its expressions (RETURN, IF, assignments) are no statements of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.postgres_lexer import tokens

if TYPE_CHECKING:
    from glowplug.sql.postgres_lexer import Token

_NO_CALLS = frozenset(
    """
    all and any array as assert between by case cast char character check decimal distinct else elseif elsif end
    except exists filter float for from if in int intersect into is key limit loop not numeric offset on or order
    over partition perform precision raise return row select set similar some table then time timestamp timestamptz
    to union unique using values varbit varchar varying when where while with within
    """.split()  # noqa: SIM905 - a list would be a word a line
)
"""Words that a bracket may follow without a call."""


def called_in(body: str) -> frozenset[str]:
    """Give the names in a body that a bracket follows, with the schema that is said; keywords and types are none.

    More than is called: also a table whose columns an INSERT lists.
    """
    words = list(tokens(body))
    found = set()
    for at in range(len(words) - 1):
        word = words[at]
        if words[at + 1].value != "(" or word.kind not in {"word", "name"} or word.value in _NO_CALLS:
            continue
        name = _text(body, word)
        if at > 1 and words[at - 1].value == ".":
            name = f"{_text(body, words[at - 2])}.{name}"
        found.add(name)
    return frozenset(found)


def _text(body: str, token: Token) -> str:
    text = body[token.start : token.end]
    return text[1:-1].replace('""', '"') if token.kind == "name" else text.lower()
