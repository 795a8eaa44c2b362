"""How tightly operators bind, and what words mean in an expression."""

from __future__ import annotations

COMPARISON = 6
WORDY = 7  # BETWEEN, IN, LIKE
OTHER = 8
BINARY = {
    **dict.fromkeys(("=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>"), COMPARISON),
    **dict.fromkeys(("+", "-"), 9),
    **dict.fromkeys(("*", "/", "%"), 10),
    "^": 11,
}
WORDS = {
    "or": 1,
    "xor": 2,
    "and": 3,
    "is": 5,
    "isnull": 5,
    "notnull": 5,
    "collate": 13,
    "at": 12,
    "div": 10,
    "mod": 10,
}
WORDY_WORDS = frozenset({"between", "in", "like", "ilike", "glob", "regexp", "rlike", "similar", "match"})
NOT, UNARY, CAST, INDEX = 4, 12, 14, 15
SAME = {"==": "=", "!=": "<>", "<=>": "is", "~~": "like", "~~*": "ilike"}
NEGATED = {"!~": "~", "!~*": "~*", "!~~": "like", "!~~*": "ilike"}
SIMILAR = frozenset({"similar_to_escape", "similar_escape"})  # what PostgreSQL makes of SIMILAR TO
LITERALS = {"null": None, "true": True, "false": False}
MOMENTS = frozenset(
    {"current_timestamp", "current_date", "current_time", "localtimestamp", "localtime", "current_user", "session_user"}
)
TYPED = frozenset({"date", "time", "timestamp", "timestamptz", "interval"})
TYPE_TAILS = frozenset({"varying", "precision", "unsigned", "signed", "with", "without", "time", "zone", "charset"})
DEEPEST = 200
FLAT = frozenset({"and", "or"})  # of these, as many as there are stand side by side
OPERATORS = frozenset(
    {"and", "or", "not", "is", "in", "between", "like", "ilike", "glob", "similar", "case", "cast", "array", "element"}
)
"""Names that a Call has for an operator: a function that is called so is another thing (SQLite's ``like(b, a)``)."""
