"""What is known of a file beforehand, remembered: a chain's downs run in excursions, then on the way down."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from glowplug.sql.postgres_calls import statements
from glowplug.sql.postgres_locality import Locality, locality

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILES = 4096


@functools.lru_cache(maxsize=_FILES)
def local_changes(text: str) -> Locality | None:
    """Tell what ``locality`` does."""
    return locality(text)


@functools.lru_cache(maxsize=_FILES)
def statement_kinds(text: str) -> frozenset[str]:
    """Name the kinds of a file's statements, of an ALTER TABLE's parts and constraints by number in the grammar."""
    kinds: set[str] = set()
    for one in statements(text) or ():
        parts = [part.alter_table_cmd for part in one.node.cmds] if one.kind == "alter_table_stmt" else []
        kinds.update(f"{one.kind} {part.subtype}" for part in parts)
        made = one.node.table_elts if one.kind == "create_stmt" else [getattr(part, "def") for part in parts]
        kinds.update(f"constraint {found}" for element in made for found in _constraints(element))
        kinds.add(one.kind)
    return frozenset(kinds)


def _constraints(element: Any) -> Iterator[int]:  # noqa: ANN401 - protobuf's generated messages
    """Number the constraints that a part of a table's definition makes."""
    if element.HasField("constraint"):
        yield element.constraint.contype
    elif element.HasField("column_def"):
        yield from (each.constraint.contype for each in element.column_def.constraints)
