"""Conditions on a row, as a server shows them (CHECK, predicates, defaults): read to values, and tried on rows."""

from __future__ import annotations

from glowplug.sql.condition.evaluate import evaluate
from glowplug.sql.condition.expression import (
    UNKNOWN,
    Call,
    Constant,
    Expression,
    Name,
    Scalar,
    Unknown,
    Unread,
    names,
    walk,
)
from glowplug.sql.condition.parse import parse, parse_many

__all__ = [
    "UNKNOWN",
    "Call",
    "Constant",
    "Expression",
    "Name",
    "Scalar",
    "Unknown",
    "Unread",
    "evaluate",
    "names",
    "parse",
    "parse_many",
    "walk",
]
