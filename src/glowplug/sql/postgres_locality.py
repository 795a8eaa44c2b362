"""Which PostgreSQL files change no more of the catalogues than what they lock says.

An allow-list again. DDL on a relation locks it to the transaction's end, so what a file has locked tells whose
description it may have changed: true of statements that name the relations they change, false of a rename (others
name it), a grant (locks nothing), CASCADE, and code of the user's own.
"""

from __future__ import annotations

import functools
import importlib
import re
from typing import TYPE_CHECKING, Any

import msgspec

from glowplug.sql.postgres_calls import statements
from glowplug.sql.postgres_functions import FUNCTIONS
from glowplug.sql.postgres_nesting import is_plain_table_as

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.postgres_calls import Parsed

_RELATIONS = frozenset(
    {
        "alter_seq_stmt",
        "alter_table_stmt",
        "create_seq_stmt",
        "create_stmt",
        "create_table_as_stmt",
        "create_trig_stmt",
        "index_stmt",
        "lock_stmt",
        "variable_set_stmt",
    }
)
_DEFINING = frozenset({"rule_stmt", "view_stmt"})
"""Statements that name what they do not evaluate."""

_ROWS = frozenset({"delete_stmt", "insert_stmt", "select_stmt", "truncate_stmt", "update_stmt"})
_EVALUATING = _ROWS | {"alter_table_stmt", "create_table_as_stmt", "index_stmt", "variable_set_stmt"}
_TYPES = frozenset({"alter_enum_stmt", "composite_type_stmt", "create_enum_stmt"})
_ROUTINES = frozenset({"create_function_stmt"})
_HARMLESS = FUNCTIONS | {"currval", "nextval", "pg_advisory_lock", "pg_advisory_unlock", "set_config", "setval"}


_SPECIAL_WORDS = re.compile(r"deferr|nextval|(?:delete|update)\s+set\s+default", re.IGNORECASE)


class Locality(msgspec.Struct, frozen=True, kw_only=True):
    """What a file changes beside the relations that it locks: types, routines, rows (which may fire triggers).

    ``defines``: it makes code that others may run. ``special``: it may make something deferrable, or count otherwise.
    ``evaluates``: it may call functions of the user's that its text does not name (defaults, checks, views, casts,
    operators, indexes).
    """

    types: bool = False
    routines: bool = False
    writes: bool = False
    evaluates: bool = False
    defines: bool = False
    special: bool = False

    def __or__(self, other: Locality) -> Locality:
        """Both, one after the other."""
        return Locality(
            types=self.types or other.types,
            routines=self.routines or other.routines,
            writes=self.writes or other.writes,
            evaluates=self.evaluates or other.evaluates,
            defines=self.defines or other.defines,
            special=self.special or other.special,
        )


@functools.lru_cache(maxsize=8)
def locality(text: str) -> Locality | None:
    """Tell what the file's locks leave unsaid; None where that can't be told, or where there is nothing that parses."""
    file = statements(text)
    if not file or not all(map(_is_local, file)):
        return None
    types = routines = writes = plants = evaluates = False
    defines = any(one.kind in _DEFINING or one.kind in _ROUTINES for one in file)
    for one in file:
        kind = one.kind
        dropped = _names().get(one.node.remove_type) if kind == "drop_stmt" else None
        types = types or kind in _TYPES or dropped == "OBJECT_TYPE"
        routines = routines or kind in _ROUTINES or dropped == "OBJECT_FUNCTION"
        writes = writes or kind in _ROWS
        evaluates = evaluates or kind in _EVALUATING
        plants = plants or kind in ("create_trig_stmt", "rule_stmt")
    if writes and plants:
        return None
    if (writes or evaluates) and any(one.kind in _DEFINING and not one.calls <= _HARMLESS for one in file):
        return None  # what is made here may be used here
    return Locality(
        types=types,
        routines=routines,
        writes=writes,
        evaluates=evaluates,
        defines=defines,
        special=_SPECIAL_WORDS.search(text) is not None,
    )


def _is_local(one: Parsed) -> bool:
    kind = one.kind
    if kind in _SPECIAL:
        return _SPECIAL[kind](one.node)
    if kind in _TYPES or kind in _ROUTINES or kind in _DEFINING:
        return True
    if kind not in _RELATIONS and kind not in _ROWS:
        return False
    if kind == "alter_table_stmt" and (not _is_of_table(one.node) or _cascades(one.node)):
        return False
    if kind == "create_table_as_stmt" and not is_plain_table_as(one):
        return False
    return one.calls <= _HARMLESS


def _is_local_drop(statement: Any) -> bool:  # noqa: ANN401 - protobuf's generated messages
    node = importlib.import_module("postgast.pg_query_pb2")
    return bool(
        statement.remove_type in _names() and statement.behavior != node.DROP_CASCADE and not statement.concurrent
    )


def _is_comment_on_relation(statement: Any) -> bool:  # noqa: ANN401 - protobuf's generated messages
    node = importlib.import_module("postgast.pg_query_pb2")
    return bool(statement.objtype in (node.OBJECT_COLUMN, node.OBJECT_TABLE, node.OBJECT_VIEW))


def _cascades(statement: Any) -> bool:  # noqa: ANN401 - protobuf's generated messages
    node = importlib.import_module("postgast.pg_query_pb2")
    return any(part.alter_table_cmd.behavior == node.DROP_CASCADE for part in statement.cmds)


def _is_of_table(statement: Any) -> bool:  # noqa: ANN401 - protobuf's generated messages
    node = importlib.import_module("postgast.pg_query_pb2")
    return bool(statement.objtype == node.OBJECT_TABLE)


@functools.cache
def _names() -> dict[int, str]:
    node = importlib.import_module("postgast.pg_query_pb2")
    words = ("TABLE", "INDEX", "SEQUENCE", "VIEW", "MATVIEW", "TRIGGER", "RULE", "TYPE", "FUNCTION")
    return {getattr(node, f"OBJECT_{word}"): f"OBJECT_{word}" for word in words}


_SPECIAL: dict[str, Callable[[Any], bool]] = {
    "alter_enum_stmt": lambda statement: not statement.old_val,  # a default shows the name of a value
    "comment_stmt": _is_comment_on_relation,
    "drop_stmt": _is_local_drop,
}
