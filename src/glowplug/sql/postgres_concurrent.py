"""PostgreSQL files that do no more than make or drop one index CONCURRENTLY: they run outside of a transaction."""

from __future__ import annotations

import functools
import importlib

import msgspec

from glowplug.sql.postgres_calls import statements
from glowplug.sql.postgres_locality import Locality, locality


class LoneIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The one relation (schema or "", name) that such a file names.

    It is the index that it drops (``dropped``), or the table that it makes one on. ``index``: the index's name, or ""
    where the server chooses one; ``anyhow``: it succeeds, too, where there is nothing to do.
    """

    schema: str
    name: str
    dropped: bool
    index: str
    anyhow: bool
    local: Locality


@functools.lru_cache(maxsize=8)
def lone_index(text: str) -> LoneIndex | None:
    """Read the file; None if it does anything else, or calls functions that are not known."""
    file = statements(text)
    if file is None or len(file) != 1:
        return None
    kind, statement = file[0].kind, file[0].node
    if kind == "index_stmt":
        local = locality(text) if statement.concurrent else None
        if local is None or statement.relation.catalogname:
            return None
        table = statement.relation
        return LoneIndex(
            schema=table.schemaname,
            name=table.relname,
            dropped=False,
            index=statement.idxname,
            anyhow=statement.if_not_exists,
            local=local,
        )
    node = importlib.import_module("postgast.pg_query_pb2")
    if (
        kind != "drop_stmt"
        or not statement.concurrent
        or statement.remove_type != node.OBJECT_INDEX
        or statement.behavior == node.DROP_CASCADE
        or len(statement.objects) != 1
    ):
        return None
    words = [item.string.sval for item in statement.objects[0].list.items]
    if len(words) not in (1, 2):
        return None
    return LoneIndex(
        schema=words[0] if len(words) > 1 else "",
        name=words[-1],
        dropped=True,
        index=words[-1],
        anyhow=statement.missing_ok,
        local=Locality(),
    )
