"""PostgreSQL's SQL, by the server's own grammar: where each statement begins, and which one ends a transaction.

postgast is imported when first needed: what meets neither an error nor an excursion does without.
"""

from __future__ import annotations

import importlib
from typing import Any

import msgspec

from glowplug.sql.postgres_pieces import LONGEST_CHAIN, may_be_deep, pieces


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a file: line and column from 1, in characters."""

    line: int
    column: int


def position(text: str, offset: int) -> Position:
    """Turn a character offset from 0 into a Position; an offset beyond the end is the end."""
    before = text[:offset]
    return Position(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))


def parse(text: str) -> Any | None:  # noqa: ANN401 - protobuf's generated messages; the package's stubs don't compile
    """Parse ``text`` by PostgreSQL 18's grammar: pg_query's ParseResult, whose locations are byte offsets.

    None where that fails, where the nesting is too deep to be handed over, where the parser would recurse until it ends
    the process, and where a NUL would end the text for it, and not for who reads the file.
    """
    if "\0" in text or (may_be_deep(text) and any(piece.chain > LONGEST_CHAIN for piece in pieces(text))):
        return None
    postgast = importlib.import_module("postgast")
    protobuf = importlib.import_module("google.protobuf.message")
    try:
        return postgast.parse(text)
    except (postgast.PgQueryError, protobuf.DecodeError):
        return None


def statement_offsets(text: str) -> tuple[int, ...] | None:
    """Give the character offset of each statement's first word; None for a text that does not parse.

    Empty statements are left out, as the server does not answer them.
    """
    tree = parse(text)
    if tree is None:
        return None
    return tuple(_characters(text, statement.stmt_location) for statement in tree.stmts)


def first_transaction_end(text: str) -> int | None:
    """Give the character offset of the first COMMIT or ROLLBACK at top level; None where there is none."""
    tree = parse(text)
    if tree is None:
        return None
    node = importlib.import_module("postgast.pg_query_pb2")
    ends = (node.TRANS_STMT_COMMIT, node.TRANS_STMT_ROLLBACK, node.TRANS_STMT_PREPARE)
    for statement in tree.stmts:
        if statement.stmt.WhichOneof("node") == "transaction_stmt" and statement.stmt.transaction_stmt.kind in ends:
            return _characters(text, statement.stmt_location)
    return None


def _characters(text: str, byte: int) -> int:
    return len(text.encode()[:byte].decode(errors="replace"))
