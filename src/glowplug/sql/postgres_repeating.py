"""Which PostgreSQL files make of one schema the same every time that they succeed.

An allow-list again: statements that name what they make, and decide on nothing but what the catalogues of their schema
hold. Not those that look at rows, choose by what a function returns, or freeze a moment into what they make: a bound of
a partition, or a literal as 'now', which the server turns into a constant.
"""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any

from glowplug.sql.postgres_calls import FILES, statements

_KINDS = frozenset(
    {
        "alter_table_stmt",
        "comment_stmt",
        "composite_type_stmt",
        "create_enum_stmt",
        "create_function_stmt",
        "create_seq_stmt",
        "create_stmt",
        "create_trig_stmt",
        "drop_stmt",
        "index_stmt",
        "view_stmt",
    }
)
# An escape could spell such a word, too; a call is none.
_MOMENT = re.compile(r"\b(?:now|today|tomorrow|yesterday)\b(?!\s*\()|\\|\buescape\b", re.IGNORECASE)


@functools.lru_cache(maxsize=FILES)
def repeats(text: str) -> bool:
    """Tell whether the file is such a one."""
    file = statements(text)
    return bool(file) and _MOMENT.search(text) is None and all(_repeats(one.kind, one.node) for one in file or ())


def _repeats(kind: str, node: Any) -> bool:  # noqa: ANN401 - protobuf's generated messages
    if kind == "create_stmt":
        return not node.HasField("partbound")
    if kind == "alter_table_stmt":
        return not any(part.alter_table_cmd.subtype in _of_partitions() for part in node.cmds)
    return kind in _KINDS


@functools.cache
def _of_partitions() -> frozenset[int]:
    node = importlib.import_module("postgast.pg_query_pb2")
    return frozenset({node.AT_AttachPartition, node.AT_DetachPartition, node.AT_DetachPartitionFinalize})
