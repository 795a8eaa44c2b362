"""Differences that change nothing: told apart from those that do.

Noise is: the order of columns in a table, or in a view's list; white space in a body; the name alone of a constraint or
an index; that a constraint has been validated; INT against INTEGER on SQLite, where the column is no key; now() against
CURRENT_TIMESTAMP as a default on PostgreSQL. Whatever is not surely noise is a difference.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.schema.diff import EXTRA, MISSING, Difference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.schema.model import Schema, SchemaObject

NOT_NULL_NAME = "not_null_name"  # PostgreSQL 18 names them
COUNTS_FOR_NOTHING = {
    "position": "only the order of columns differs",
    NOT_NULL_NAME: "only the name of its NOT NULL differs",
}
BODIES = frozenset({"view", "materialized view", "function", "procedure", "trigger", "rule", "event", "aggregate"})
VIEWS = frozenset({"view", "materialized view"})
VALIDATED = frozenset({("validated", "false", "true"), ("not_null_constraint", "NOT VALID", None)})
"""Of new rows it asks the same as before, and the old ones meet it."""
NOW = frozenset({"CURRENT_TIMESTAMP", "now()", "transaction_timestamp()"})
"""PostgreSQL's names of when the transaction began; elsewhere they may be other moments, or nothing."""
NAMED_BY_THE_WAY = frozenset({"constraint", "index", "foreign key", "check", "unique", "primary key"})

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | --[^\n]*(?:\n|$) | /\*.*?\*/ | \s+ | [(),] | \w+ | .""",
    re.VERBOSE | re.DOTALL,
)
_POSTGRES_ROUTINE = re.compile(r"\A(.*?^AS )\$(\w+)\$(.*)\$\2\$\s*\Z", re.DOTALL | re.MULTILINE)
_DEPENDS_ON_DIALECT = re.compile(
    r"""\\                          # escapes, or not
    | \$(?:[^\W\d]\w*)?\$         # a dollar quote, or two dollar signs
    | \#                           # a comment of MySQL's
    | --['"`]                      # MySQL's double minus, or a comment
    | /\*(?:(?!\*/).)*/\*          # a nested comment, or its end
    | \[[^\W\d]\w*\s              # SQLite's brackets around a name
    | \bLANGUAGE\s+(?!(?:plpgsql|sql)\b)  # white space may mean something
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""Where strings and comments end differs by dialect, or can't be told word by word: then no guess is made."""
_BEFORE_AN_ORDINAL = frozenset({"BY", ","})  # of ORDER BY and GROUP BY, or of a list, where a digit alone is rare
_NAMES_ITSELF = re.compile(r"\s*(CREATE|CONSTRAINT)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A difference that changes nothing, and why it doesn't."""

    difference: Difference
    reason: str


def tell_apart(
    differences: Iterable[Difference], before: Schema, after: Schema
) -> tuple[tuple[Difference, ...], tuple[Noise, ...]]:
    """Sort the differences between two Schemas into those that count and those that are noise."""
    real: list[Difference] = []
    noise: list[Noise] = []
    differences = tuple(differences)
    renamed = _renamed(differences, before, after)
    nullability = {item.name for item in differences if item.kind == "column" and item.property == "not_null"}
    for item in differences:
        if item.property == NOT_NULL_NAME and item.name in nullability:
            continue  # said already: the constraint came or went
        reason = "only its name differs" if item in renamed else _reason(item, before)
        if reason is None:
            real.append(item)
        else:
            noise.append(Noise(difference=item, reason=reason))
    return tuple(real), tuple(noise)


def _reason(item: Difference, before: Schema) -> str | None:
    if item.property in COUNTS_FOR_NOTHING:
        return COUNTS_FOR_NOTHING[item.property]
    if (item.property, item.before, item.after) in VALIDATED:
        return "only validated since"
    if item.before is None or item.after is None:
        return None
    plain = not any(
        _DEPENDS_ON_DIALECT.search(_POSTGRES_ROUTINE.sub(r"\1\3", text)) for text in (item.before, item.after)
    )
    if item.kind in BODIES and plain and _tokens(item.before) == _tokens(item.after):
        return "only white space differs"
    if item.kind in VIEWS and plain and item.property == "definition" and _same_but_for_order(item.before, item.after):
        return "only the order of the view's columns differs"
    return _reason_of_column(item, before) if item.kind == "column" else None


def _reason_of_column(item: Difference, before: Schema) -> str | None:
    column = before.objects[item.kind, item.name].properties
    if item.property == "type":
        is_key = column.get("primary_key", "0") not in ("0", "false")
        if not is_key and {str(item.before).upper(), str(item.after).upper()} <= {"INT", "INTEGER"}:
            return "INT and INTEGER are one type here"
    if item.property == "default" and {item.before, item.after} <= NOW:
        kind = column.get("type", "")
        if kind.startswith(("timestamp with time zone", "timestamp without time zone")):
            return "now() and CURRENT_TIMESTAMP are one moment here"
    return None


def _tokens(text: str) -> list[str]:
    """Cut into tokens, white space outside of strings and comments dropped to nothing but a boundary."""
    found = []
    for match in _TOKEN.finditer(text):
        lexeme = match.group()
        if lexeme.isspace():
            continue
        found.append(lexeme.rstrip("\n") + "\n" if lexeme.startswith("--") else lexeme)
    return found


def _same_but_for_order(before: str, after: str) -> bool:
    old, new = _select_list(_tokens(before)), _select_list(_tokens(after))
    if old is None or new is None:
        return False
    return old.rest == new.rest and Counter(old.items) == Counter(new.items)


@dataclass(frozen=True, slots=True)
class _Select:
    items: tuple[tuple[str, ...], ...]
    rest: tuple[str, ...]


def _select_list(tokens: list[str]) -> _Select | None:
    """Take the only top-level SELECT apart into its list and the rest.

    None where there are several, or none, or where what stands around it counts columns: names given in order before
    it (``v (x, y) AS SELECT``), ``ORDER BY 1``.
    """
    words = [lexeme.upper() for lexeme in tokens]
    if words.count("SELECT") != 1 or {"UNION", "INTERSECT", "EXCEPT", "DISTINCT"} & set(words):
        return None
    start = words.index("SELECT")
    if "(" in words[:start] or any(
        words[index - 1] in _BEFORE_AN_ORDINAL and word.isdigit() for index, word in enumerate(words) if index
    ):
        return None
    depth, item = 0, list[str]()
    items: list[tuple[str, ...]] = []
    for index in range(start + 1, len(tokens)):
        lexeme = tokens[index]
        depth += (lexeme == "(") - (lexeme == ")")
        if depth == 0 and words[index] == "FROM":
            items.append(tuple(item))
            return _Select(tuple(items), (*tokens[: start + 1], *tokens[index:]))
        if depth == 0 and lexeme == ",":
            items.append(tuple(item))
            item = []
        else:
            item.append(lexeme)
    return None


def _renamed(differences: Iterable[Difference], before: Schema, after: Schema) -> frozenset[Difference]:
    """Find pairs of a missing and an extra object of one kind and one parent that differ in their name alone."""
    extras: dict[object, list[Difference]] = {}
    for item in differences:
        if item.property == EXTRA and item.kind in NAMED_BY_THE_WAY:
            extras.setdefault(_nameless(after.objects[item.kind, item.name]), []).append(item)
    found: set[Difference] = set()
    for item in differences:
        if item.property == MISSING and item.kind in NAMED_BY_THE_WAY:
            partners = extras.get(_nameless(before.objects[item.kind, item.name]))
            if partners:
                found.update((item, partners.pop()))
    return frozenset(found)


def _nameless(item: SchemaObject) -> object:
    own = item.name.rpartition(".")[2].strip('"`')
    quoted = re.compile(rf'(?<![\w"`])["`]?{re.escape(own)}["`]?(?![\w"`])')
    properties = tuple(
        sorted(
            (key, quoted.sub("?", value, count=1) if _NAMES_ITSELF.match(value) else value)
            for key, value in item.properties.items()
        )
    )
    return item.kind, item.parent, properties
