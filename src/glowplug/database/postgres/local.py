"""What is known of a file beforehand, remembered: a chain's downs run in excursions, then on the way down."""

from __future__ import annotations

import functools

from glowplug.sql.postgres_calls import statements
from glowplug.sql.postgres_locality import Locality, locality

_FILES = 4096


@functools.lru_cache(maxsize=_FILES)
def local_changes(text: str) -> Locality | None:
    """Tell what ``locality`` does."""
    return locality(text)


@functools.lru_cache(maxsize=_FILES)
def statement_kinds(text: str) -> frozenset[str]:
    """Name the kinds of a file's statements, those of the parts of an ALTER TABLE by their number in the grammar."""
    kinds: set[str] = set()
    for one in statements(text) or ():
        parts = one.node.cmds if one.kind == "alter_table_stmt" else ()
        kinds.update(f"{one.kind} {part.alter_table_cmd.subtype}" for part in parts)
        kinds.add(one.kind)
    return frozenset(kinds)
