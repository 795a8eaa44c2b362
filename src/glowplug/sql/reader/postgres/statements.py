"""From a statement's parse tree to its Actions: who reads which kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Create, ObjectKind, Other
from glowplug.sql.parts import Name
from glowplug.sql.reader.postgres import (
    alterations,
    drops,
    objects,
    rights,
    routines,
    rows,
    session,
    tables,
)
from glowplug.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glowplug.sql.actions import Action
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_VERBS = {
    "alter_object_depends_stmt": "alter depends on extension",
    "alter_table_move_all_stmt": "alter all in tablespace",
    "check_point_stmt": "checkpoint",
    "close_portal_stmt": "close",
    "constraints_set_stmt": "set constraints",
    "sec_label_stmt": "security label",
    "variable_show_stmt": "show",
}
"""What a statement is called where pg_query calls it something else."""


def statement_of(tree: Message, here: Here) -> Statement:
    """Read a statement; ``tree`` is its Node."""
    kind = tree.WhichOneof("node")
    inner = getattr(tree, kind)
    if kind in routines.READERS:
        return routines.READERS[kind](inner, here)
    return Statement(span=here.span, actions=tuple(_actions(kind, inner, here)))


def _actions(kind: str, inner: Message, here: Here) -> Iterator[Action]:
    reader = _READERS.get(kind)
    return _other(kind, here) if reader is None else reader(inner, here)


def _other(kind: str, here: Here) -> Iterator[Action]:
    yield Other(span=here.span, verb=_VERBS.get(kind) or kind.removesuffix("_stmt").replace("_", " "))


def _create_schema(statement: Message, here: Here) -> Iterator[Action]:
    owner = statement.authrole.rolename
    yield Create(
        span=here.span,
        kind=ObjectKind.SCHEMA,
        name=Name(statement.schemaname or owner),
        if_not_exists=statement.if_not_exists,
    )
    elements = [
        (kind, getattr(element, kind)) for element in statement.schema_elts if (kind := element.WhichOneof("node"))
    ]
    _put_into(statement.schemaname or owner, elements)
    for kind, inner in elements:
        yield from _actions(kind, inner, here)


_OWN_NAMES = {
    "create_seq_stmt": "sequence",
    "create_stmt": "relation",
    "create_trig_stmt": "relation",
    "index_stmt": "relation",
    "view_stmt": "view",
}
"""Where an element of CREATE SCHEMA has the name that is made in that schema."""


def _put_into(schema: str, elements: Sequence[tuple[str, Message]]) -> None:
    """Say in the elements of a CREATE SCHEMA what the server takes for granted: the schema."""
    own = [getattr(inner, _OWN_NAMES[kind]) for kind, inner in elements if kind in _OWN_NAMES]
    made = {name.relname for name in own}
    tables = [inner for kind, inner in elements if kind == "create_stmt"]
    parts = [part for table in tables for part in table.table_elts]
    constraints = [part.constraint for part in parts]
    constraints += [each.constraint for part in parts for each in part.column_def.constraints]
    parents = [each.pktable for each in constraints if each.pktable.relname in made]
    for name in (*own, *parents):
        name.schemaname = name.schemaname or schema


_OTHER = ObjectKind.OTHER
_READERS: dict[str, Callable[[Message, Here], Iterator[Action]]] = {
    "alter_database_set_stmt": session.alter_database_set,
    "alter_database_stmt": objects.altering(ObjectKind.DATABASE, "dbname", "options"),
    "alter_default_privileges_stmt": rights.default_privileges,
    "alter_domain_stmt": objects.alter_domain,
    "alter_enum_stmt": objects.alter_enum,
    "alter_extension_contents_stmt": objects.altering(ObjectKind.EXTENSION, "extname", "contents"),
    "alter_extension_stmt": objects.altering(ObjectKind.EXTENSION, "extname", "update"),
    "alter_object_schema_stmt": drops.set_schema,
    "alter_owner_stmt": drops.owner,
    "alter_policy_stmt": objects.alter_policy,
    "alter_publication_stmt": objects.altering(_OTHER, "pubname", "publication"),
    "alter_role_set_stmt": session.alter_role_set,
    "alter_role_stmt": rights.alter_role,
    "alter_seq_stmt": objects.alter_sequence,
    "alter_stats_stmt": objects.altering(_OTHER, "defnames", "statistics"),
    "alter_subscription_stmt": objects.altering(_OTHER, "subname", "subscription"),
    "alter_system_stmt": session.alter_system,
    "alter_table_stmt": alterations.alter_table,
    "alter_type_stmt": objects.altering(ObjectKind.TYPE, "type_name", "options"),
    "call_stmt": session.call,
    "cluster_stmt": session.cluster,
    "comment_stmt": drops.comment,
    "composite_type_stmt": objects.create_composite,
    "copy_stmt": rows.copy,
    "create_am_stmt": objects.creating(_OTHER, "amname", "access method"),
    "create_conversion_stmt": objects.creating(_OTHER, "conversion_name", "conversion"),
    "create_domain_stmt": objects.create_domain,
    "create_enum_stmt": objects.create_enum,
    "create_event_trig_stmt": objects.creating(_OTHER, "trigname", "event trigger"),
    "create_extension_stmt": objects.create_extension,
    "create_fdw_stmt": objects.creating(_OTHER, "fdwname", "foreign data wrapper"),
    "create_foreign_server_stmt": objects.creating(_OTHER, "servername", "server"),
    "create_foreign_table_stmt": tables.create_foreign_table,
    "create_op_class_stmt": objects.creating(_OTHER, "opclassname", "operator class"),
    "create_op_family_stmt": objects.creating(_OTHER, "opfamilyname", "operator family"),
    "create_plang_stmt": objects.creating(_OTHER, "plname", "language"),
    "create_policy_stmt": objects.create_policy,
    "create_publication_stmt": objects.creating(_OTHER, "pubname", "publication"),
    "create_range_stmt": objects.create_range,
    "create_role_stmt": rights.create_role,
    "create_schema_stmt": _create_schema,
    "create_seq_stmt": objects.create_sequence,
    "create_stats_stmt": objects.creating(_OTHER, "defnames", "statistics"),
    "create_stmt": tables.create_table,
    "create_subscription_stmt": objects.creating(_OTHER, "subname", "subscription"),
    "create_table_as_stmt": tables.create_table_as,
    "create_table_space_stmt": objects.creating(_OTHER, "tablespacename", "tablespace"),
    "create_trig_stmt": objects.create_trigger,
    "createdb_stmt": objects.creating(ObjectKind.DATABASE, "dbname"),
    "define_stmt": objects.define,
    "delete_stmt": rows.delete,
    "drop_owned_stmt": drops.drop_owned,
    "drop_role_stmt": drops.drop_role,
    "drop_stmt": drops.drop,
    "drop_subscription_stmt": drops.drop_subscription,
    "drop_table_space_stmt": drops.drop_tablespace,
    "dropdb_stmt": drops.drop_database,
    "execute_stmt": session.execute,
    "explain_stmt": session.explain,
    "grant_role_stmt": rights.grant_role,
    "grant_stmt": rights.grant,
    "index_stmt": tables.create_index,
    "insert_stmt": rows.insert,
    "lock_stmt": session.lock,
    "merge_stmt": rows.merge,
    "prepare_stmt": session.prepare,
    "reassign_owned_stmt": rights.reassign,
    "refresh_mat_view_stmt": objects.refresh,
    "reindex_stmt": session.reindex,
    "rename_stmt": drops.rename,
    "rule_stmt": objects.create_rule,
    "select_stmt": rows.select,
    "transaction_stmt": session.transaction,
    "truncate_stmt": drops.truncate,
    "update_stmt": rows.update,
    "vacuum_stmt": session.vacuum,
    "variable_set_stmt": session.variable,
    "view_stmt": tables.create_view,
}
