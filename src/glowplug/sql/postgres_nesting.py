"""Which PostgreSQL files do the same in a transaction of their own and as a part of a longer one that is rolled back.

An allow-list: what is not known to be neutral is not. What would tell the two apart: a transaction's end, state that
no rollback brings back (sequences, session locks, notifications, prepared statements), state that ends with the
transaction (SET LOCAL), values of an enum that can't be used before the commit, and code of the user's own.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any

import msgspec

from glowplug.sql.postgres_calls import FILES, statements
from glowplug.sql.postgres_functions import FUNCTIONS
from glowplug.sql.postgres_moments import asks_the_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.postgres_calls import Parsed

_PLAIN = frozenset(
    {
        "alter_collation_stmt",
        "alter_database_set_stmt",
        "alter_default_privileges_stmt",
        "alter_function_stmt",
        "alter_object_depends_stmt",
        "alter_object_schema_stmt",
        "alter_op_family_stmt",
        "alter_operator_stmt",
        "alter_owner_stmt",
        "alter_policy_stmt",
        "alter_publication_stmt",
        "alter_role_set_stmt",
        "alter_role_stmt",
        "alter_seq_stmt",
        "alter_stats_stmt",
        "alter_tsconfiguration_stmt",
        "alter_tsdictionary_stmt",
        "alter_type_stmt",
        "comment_stmt",
        "composite_type_stmt",
        "create_cast_stmt",
        "create_enum_stmt",
        "create_fdw_stmt",
        "create_foreign_server_stmt",
        "create_foreign_table_stmt",
        "create_function_stmt",
        "create_op_class_stmt",
        "create_op_family_stmt",
        "create_policy_stmt",
        "create_publication_stmt",
        "create_range_stmt",
        "create_role_stmt",
        "create_seq_stmt",
        "create_stats_stmt",
        "create_user_mapping_stmt",
        "define_stmt",
        "drop_owned_stmt",
        "drop_role_stmt",
        "drop_user_mapping_stmt",
        "grant_role_stmt",
        "grant_stmt",
        "lock_stmt",
        "reassign_owned_stmt",
        "rename_stmt",
        "rule_stmt",
        "view_stmt",
    }
)
"""Statements that evaluate nothing of the user's and undo completely."""

_EVALUATING = frozenset({"alter_domain_stmt", "alter_table_stmt", "create_domain_stmt", "create_stmt"})
"""Statements that may evaluate expressions over rows: their functions must be known."""

_WRITING = frozenset({"delete_stmt", "insert_stmt", "truncate_stmt", "update_stmt"})
"""Statements that fire triggers and rules, too."""


class Nesting(msgspec.Struct, frozen=True, kw_only=True):
    """What a file that may be nested still asks of its surroundings.

    ``writes``: it changes rows, so that triggers and rules of the user's must not exist.
    ``plants``: it makes a trigger or a rule; ``recodes``: it may change what the code of those that there are does.
    ``evaluates``: it may call code of the user's that it does not name; ``defers``: it may make something deferrable.
    ``asks_the_time``: and gets that of the transaction it is a part of; ``stamps``: it may write that into rows.
    ``inserts`` are the tables (schema or "", name) that it inserts into: their sequences count, which no rollback
    undoes.
    """

    writes: bool
    plants: bool
    recodes: bool
    evaluates: bool
    defers: bool
    asks_the_time: bool
    stamps: bool
    inserts: tuple[tuple[str, str], ...] = ()


_CALLING = _EVALUATING | {"create_table_as_stmt", "index_stmt"}
_STAMPING = frozenset({"create_table_as_stmt", "insert_stmt", "update_stmt"})
"""Statements by which rows get a moment that no text names: of a default, of a view."""

_LEAVING_CODE = _WRITING | {
    "alter_seq_stmt",
    "alter_table_stmt",
    "comment_stmt",
    "create_stmt",
    "drop_stmt",
    "index_stmt",
}
"""Statements that give no function another body, and no name of one another meaning but none."""

_BESIDE_INSERTS = _WRITING | {"alter_table_stmt", "comment_stmt", "index_stmt"}
"""Statements that give no name to another table."""


@functools.lru_cache(maxsize=FILES)
def nesting(text: str) -> Nesting | None:
    """Tell whether the file may be nested; None if not, or if it does not parse."""
    file = statements(text)
    if not file or not all(map(_is_neutral, file)):
        return None
    kinds = {one.kind for one in file}
    inserts = tuple(
        (one.node.relation.schemaname, one.node.relation.relname) for one in file if one.kind == "insert_stmt"
    )
    if inserts and not kinds <= _BESIDE_INSERTS:
        return None  # a name may mean another table by the time that it is inserted into
    asking = asks_the_time(text)
    return Nesting(
        writes=not kinds.isdisjoint(_WRITING),
        plants=not kinds.isdisjoint(("create_trig_stmt", "rule_stmt")),
        recodes=not kinds <= _LEAVING_CODE,
        evaluates=not kinds.isdisjoint(_CALLING),
        defers="deferr" in text.lower(),
        asks_the_time=asking,
        stamps=asking or not kinds.isdisjoint(_STAMPING) or any(map(_adds_values, file)),
        inserts=inserts,
    )


def _is_neutral(one: Parsed) -> bool:
    special = _SPECIAL.get(one.kind)
    if special is not None:
        neutral = special(one)
    elif one.kind in _PLAIN:
        neutral = not _is_temporary(one.node)
    elif one.kind in _EVALUATING or one.kind in _WRITING:
        neutral = not _is_temporary(one.node) and _leaves_nothing(one)
    else:
        neutral = False
    return neutral


def _adds_values(one: Parsed) -> bool:
    """Whether an ALTER TABLE gives the rows that there are another value."""
    node = importlib.import_module("postgast.pg_query_pb2")
    adding = (node.AT_AddColumn, node.AT_AlterColumnType)
    return one.kind == "alter_table_stmt" and any(part.alter_table_cmd.subtype in adding for part in one.node.cmds)


def _is_extension(remove_type: int) -> bool:
    node = importlib.import_module("postgast.pg_query_pb2")
    return bool(remove_type == node.OBJECT_EXTENSION)


def _is_temporary(statement: Any) -> bool:  # noqa: ANN401 - protobuf's generated messages
    for field in ("relation", "view", "sequence"):
        if field in statement.DESCRIPTOR.fields_by_name:
            relation = getattr(statement, field)
            if getattr(relation, "relpersistence", "") == "t" or getattr(relation, "schemaname", "") == "pg_temp":
                return True
    return False


def is_plain_table_as(one: Parsed) -> bool:
    """Whether a CREATE TABLE AS or MATERIALIZED VIEW makes none that is temporary, of a query that stands there."""
    made = one.node.into.rel
    lasting = made.relpersistence != "t" and made.schemaname != "pg_temp"
    return bool(lasting and one.node.query.WhichOneof("node") == "select_stmt")


def _leaves_nothing(one: Parsed) -> bool:
    return not one.counts and one.calls <= FUNCTIONS


_SPECIAL: dict[str, Callable[[Parsed], bool]] = {
    "alter_enum_stmt": lambda one: bool(one.node.old_val),  # a new value can't be used before the commit
    "create_schema_stmt": lambda one: not one.node.schema_elts,
    "create_table_as_stmt": lambda one: is_plain_table_as(one) and _leaves_nothing(one),
    "create_trig_stmt": lambda one: not one.node.isconstraint,
    "drop_stmt": lambda one: not one.node.concurrent and not _is_extension(one.node.remove_type),
    "index_stmt": lambda one: not one.node.concurrent and _leaves_nothing(one),
}
