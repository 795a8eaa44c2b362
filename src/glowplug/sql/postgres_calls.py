"""A PostgreSQL file's statements with what they call, looked at once for all who ask about the file."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from glowplug.sql.postgres import parse

FILES = 32  # of each stretch the one at hand, its way back, and what comes next
# What a type's name has in parentheses is a constant, or the server refuses it.
_LEAVES = frozenset({"A_Const", "A_Star", "Alias", "Boolean", "Float", "Integer", "RangeVar", "String", "TypeName"})
_COUNTING = frozenset({"InsertStmt", "MergeStmt", "SetToDefault"})


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """One statement.

    ``kind`` as in pg_query's Node ("create_stmt"), ``node`` its message, ``calls`` the functions that it names, by
    their last word; ``counts``: a part of it, not it itself, may take a sequence's next value without naming one.
    ``start`` and ``end`` in bytes: from its first word to its ``;``, None: to the end of the file.
    """

    kind: str
    node: Any
    calls: frozenset[str]
    counts: bool
    start: int
    end: int | None


@functools.lru_cache(maxsize=FILES)
def statements(text: str) -> tuple[Parsed, ...] | None:
    """Give a file's statements; None for a text that does not parse."""
    tree = parse(text)
    return None if tree is None else tuple(_parsed(raw) for raw in tree.stmts)


def _parsed(raw: Any) -> Parsed:  # noqa: ANN401 - protobuf's generated messages
    wrapper = raw.stmt
    kind = wrapper.WhichOneof("node")
    node = getattr(wrapper, kind)
    calls: set[str] = set()
    counts = False
    pending = [node]
    while pending:
        for field, value in pending.pop().ListFields():
            if field.message_type is None or field.message_type.name in _LEAVES:
                continue
            name = field.message_type.name
            counts = counts or name in _COUNTING
            if name == "FuncCall":
                calls.add(value.funcname[-1].string.sval)
            if field.is_repeated:
                pending.extend(value)
            else:
                pending.append(value)
    start = raw.stmt_location
    end = start + raw.stmt_len if raw.stmt_len else None
    return Parsed(kind=kind, node=node, calls=frozenset(calls), counts=counts, start=start, end=end)
