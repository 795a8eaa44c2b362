"""Which trigger functions do nothing but change the row at hand.

Such a function (Diesel's own ``diesel_set_updated_at`` is one) leaves no trace that a rollback would not undo, and
touches no catalogue. An allow-list by words, for PL/pgSQL alone: a word that could begin a command of SQL's, or a call
of a function that is not known, makes it another kind.
"""

from __future__ import annotations

import functools
import re

from glowplug.sql.postgres_functions import FUNCTIONS

_TOKEN = re.compile(
    r"""(?P<string>'(?:[^']|'')*') | (?P<comment>--[^\n]*|/\*.*?\*/) | (?P<name>"(?:[^"]|"")*"|[^\W\d][\w$]*)
    (?P<call>\s*\()? | (?P<other>\S)""",
    re.VERBOSE | re.DOTALL,
)
_WORDS_BEFORE_PARENTHESES = frozenset({
    "and", "case", "coalesce", "distinct", "else", "elsif", "from", "if", "in", "is", "not", "null", "nullif", "or",
    "return", "then", "when",
})  # fmt: skip
_COMMANDS = frozenset({
    "alter", "analyze", "assert", "call", "close", "cluster", "comment", "commit", "copy", "create", "deallocate",
    "delete", "discard", "do", "drop", "execute", "explain", "fetch", "for", "foreach", "get", "grant", "import",
    "insert", "into", "listen", "load", "lock", "loop", "merge", "move", "notify", "open", "perform", "prepare",
    "reassign", "refresh", "reindex", "release", "reset", "revoke", "rollback", "savepoint", "security", "select",
    "set", "start", "table", "truncate", "unlisten", "update", "vacuum", "values", "while", "with",
})  # fmt: skip


@functools.lru_cache(maxsize=512)
def only_changes_its_row(language: str, body: str) -> bool:
    """Whether a trigger function with this body does nothing but look at the row, change it, and raise."""
    if language != "plpgsql" or "\\" in body or "$" in body:
        return False
    for token in _TOKEN.finditer(body):
        name = token["name"]
        if name is None:
            continue
        word = name.strip('"').lower()
        if name.startswith('"') and token["call"]:
            return False
        if word in _COMMANDS and not name.startswith('"'):
            return False
        if token["call"] and word not in FUNCTIONS and word not in _WORDS_BEFORE_PARENTHESES:
            return False
    return True
