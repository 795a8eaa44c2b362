"""PostgreSQL's SQL, by the server's own grammar: where each statement begins, and what it does to a transaction.

postgast is imported when first needed: what meets neither an error nor an excursion does without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from postgast.pg_query_pb2 import ParseResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a file: line and column from 1, in characters."""

    line: int
    column: int


def position(text: str, offset: int) -> Position:
    """Turn a character offset from 0 into a Position; an offset beyond the end is the end."""
    before = text[:offset]
    return Position(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))


def statement_offsets(text: str) -> tuple[int, ...] | None:
    """Give the character offset of each statement's first word; None for a text that does not parse.

    Empty statements are left out, as the server does not answer them.
    """
    tree = parse(text)
    if tree is None:
        return None
    encoded = text.encode()
    return tuple(len(encoded[: statement.stmt_location].decode(errors="replace")) for statement in tree.stmts)


def parse(text: str) -> ParseResult | None:
    """Parse ``text`` by PostgreSQL 18's grammar; None where that fails, or the nesting is too deep to hand over."""
    import postgast  # noqa: PLC0415 - 50 ms that most commands do without
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - the same

    try:
        return postgast.parse(text)
    except (postgast.PgQueryError, DecodeError):
        return None


def first_transaction_end(text: str) -> int | None:
    """Give the character offset of the first COMMIT or ROLLBACK at top level; None where there is none."""
    tree = parse(text)
    if tree is None:
        return None
    from postgast import pg_query_pb2 as node  # noqa: PLC0415 - as above

    ends = (node.TRANS_STMT_COMMIT, node.TRANS_STMT_ROLLBACK, node.TRANS_STMT_PREPARE)
    for statement in tree.stmts:
        if statement.stmt.WhichOneof("node") == "transaction_stmt" and statement.stmt.transaction_stmt.kind in ends:
            return _characters(text, statement.stmt_location)
    return None


def _characters(text: str, byte: int) -> int:
    return len(text.encode()[:byte].decode(errors="replace"))
