"""A file as one message with looks in between: the server parses and runs it as it does without them.

A look is a query of glowplug's own behind a statement. Inside one message it changes neither what is parsed when, nor
which statements share a transaction. Left out are looks where they would change something: before the last SET
TRANSACTION, which must come before any query; and all of them around what has to be the only statement of its message.
"""

from __future__ import annotations

import enum
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.sql.postgres_calls import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.sql.postgres_calls import Parsed

AT_LEAST = "it runs outside of a transaction: a lock that it held for a moment may not have been seen"

_ALONE = frozenset(
    {
        "alter_database_refresh_coll_stmt",
        "alter_database_stmt",
        "alter_subscription_stmt",
        "alter_system_stmt",
        "call_stmt",
        "cluster_stmt",
        "create_subscription_stmt",
        "create_table_space_stmt",
        "createdb_stmt",
        "declare_cursor_stmt",
        "discard_stmt",
        "do_stmt",
        "drop_subscription_stmt",
        "drop_table_space_stmt",
        "dropdb_stmt",
        "lock_stmt",
        "reindex_stmt",
        "transaction_stmt",
        "vacuum_stmt",
    }
)
"""Statements that do otherwise, or are refused, as one of several (the server's ``PreventInTransactionBlock``,
``IsInTransactionBlock`` and ``RequireTransactionBlock``; DO and CALL may commit)."""

_IN_TABLES = frozenset(
    {
        "alter_table_stmt",
        "call_stmt",
        "cluster_stmt",
        "do_stmt",
        "drop_stmt",
        "index_stmt",
        "reindex_stmt",
        "vacuum_stmt",
    }
)
"""Those of them, and the CONCURRENTLY forms of others, that lock tables."""


class Others(enum.Enum):
    """What a statement that runs alone is made to wait for (``trace_alone``)."""

    NOBODY = enum.auto()  # it locks no table
    GATE = enum.auto()  # VACUUM waits seconds for writers before it gives up to shorten a table
    WRITERS = enum.auto()
    READERS = enum.auto()  # code may lock as weakly as a writer does


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent for a file.

    ``sql`` has a look behind the statements with the indexes ``looked``, and one behind the first ``before``; None:
    the file as it is. ``starts``: the character offset of each statement in the file; ``lines``: its line, from 1.
    ``inserted``: where in the file something was put in, and how many characters. ``alone``: there are no looks, for
    the only statement runs outside of a transaction; ``others`` says what it meets there, to be seen. ``blind``: what
    can't be told.
    """

    sql: str | None
    starts: tuple[int, ...] = ()
    lines: tuple[int, ...] = ()
    before: int = 0
    looked: tuple[int, ...] = ()
    inserted: tuple[tuple[int, int], ...] = ()
    alone: bool = False
    others: Others = Others.NOBODY
    blind: str | None = None

    def offset_in_file(self, offset: int) -> int:
        """Turn a character offset in ``sql`` into one in the file."""
        shift = 0
        for place, length in self.inserted:
            if offset < place + shift + length:
                break
            shift += length
        return max(0, offset - shift)


def message(text: str, *, first: str | None, look: str, in_transaction: bool) -> Message | None:
    """Put looks into a file; None for one with no statement, which is to be sent as it is.

    Args:
        text: the file.
        first: the query before the first statement; None: there is none.
        look: the query behind the others.
        in_transaction: whether Diesel has opened a transaction.
    """
    file = statements(text)
    if file is None:
        return whole("the file could not be parsed")
    if not file:
        return None
    spans = _spans(text, file)
    starts = tuple(start for start, _ in spans)
    lines = tuple(_lines(text, starts))
    if not in_transaction and len(file) == 1 and _is_alone(file[0]):
        return _alone(file[0], starts, lines)
    earliest = max((index + 1 for index, one in enumerate(file) if _sets_transaction(one)), default=0)
    hidden = any(one.kind != "variable_set_stmt" for one in file[:earliest])
    looked = tuple(
        index
        for index, one in enumerate(file)
        if index >= earliest and (index + 1 == len(file) or not _goes_on(one, file[index + 1]))
    )
    places = [] if first is None else [(0 if earliest == 0 else spans[earliest - 1][1], first)]
    places += [(spans[index][1], look) for index in looked]
    sql, inserted = _insert(text, places)
    blind = f"the statements before line {lines[earliest]} can't be told apart" if earliest < len(lines) else None
    return Message(
        sql=sql,
        starts=starts,
        lines=lines,
        before=earliest,
        looked=looked,
        inserted=inserted,
        blind=f"{blind}: SET TRANSACTION must come before any query" if hidden and blind else None,
    )


def whole(why: str) -> Message:
    """Send a file as it is, for a look before and one behind it: looks in it might be taken for a part of it."""
    return Message(sql=None, lines=(1,), starts=(0,), looked=(0,), blind=why)


def _alone(one: Parsed, starts: tuple[int, ...], lines: tuple[int, ...]) -> Message:
    others = Others.WRITERS if one.kind in _IN_TABLES else Others.NOBODY
    blind = None
    if one.kind in {"call_stmt", "do_stmt"}:
        others, blind = Others.READERS, AT_LEAST
    elif one.kind == "vacuum_stmt":
        if not any(option.def_elem.defname == "full" for option in one.node.options):
            others = Others.GATE
        blind = None if len(one.node.rels) == 1 else AT_LEAST
    return Message(sql=None, starts=starts, lines=lines, alone=True, others=others, blind=blind)


def _insert(text: str, places: Sequence[tuple[int, str]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    parts: list[str] = []
    inserted = []
    at = 0
    for place, query in places:
        more = f"\n;{query}" if place else f"{query};"
        parts += (text[at:place], more)
        inserted.append((place, len(more)))
        at = place
    return "".join([*parts, text[at:]]), tuple(inserted)


def _spans(text: str, file: Sequence[Parsed]) -> list[tuple[int, int]]:
    """Give where each statement begins and where its text ends, before its ``;``, in characters."""
    encoded = text.encode()
    spans: list[tuple[int, int]] = []
    byte = character = 0

    def to(target: int) -> int:
        nonlocal byte, character
        character += len(encoded[byte:target].decode(errors="replace"))
        byte = target
        return character

    for one in file:
        start = to(one.start)
        spans.append((start, len(text) if one.end is None else to(one.end)))
    return spans


def _lines(text: str, starts: Sequence[int]) -> Iterator[int]:
    line, at = 1, 0
    for start in starts:
        line += text.count("\n", at, start)
        at = start
        yield line


def _is_alone(one: Parsed) -> bool:
    if one.kind in _ALONE:
        return True
    if one.kind in {"index_stmt", "drop_stmt"}:
        return bool(one.node.concurrent)
    if one.kind != "alter_table_stmt":
        return False
    node = importlib.import_module("postgast.pg_query_pb2")
    parts = [part.alter_table_cmd for part in one.node.cmds]
    return any(
        part.subtype == node.AT_DetachPartitionFinalize
        or (part.subtype == node.AT_DetachPartition and getattr(part, "def").partition_cmd.concurrent)
        for part in parts
    )


def _sets_transaction(one: Parsed) -> bool:
    if one.kind != "variable_set_stmt":
        return False
    name = one.node.name.lower()
    return name in {"transaction", "transaction snapshot"} or name.startswith("transaction_")


def _goes_on(one: Parsed, following: Parsed) -> bool:
    """Whether both put rows into one table: then they are looked at together."""
    return (
        one.kind == following.kind == "insert_stmt"
        and _is_plain(one)
        and _is_plain(following)
        and one.node.relation.schemaname == following.node.relation.schemaname
        and one.node.relation.relname == following.node.relation.relname
    )


def _is_plain(one: Parsed) -> bool:
    return bool(one.node.select_stmt.select_stmt.values_lists) and not one.calls
