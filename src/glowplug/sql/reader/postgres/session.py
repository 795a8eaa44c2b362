"""Statements about the session, the transaction, and upkeep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    Alter,
    Dynamic,
    LockTable,
    Maintain,
    ObjectKind,
    Other,
    Reindex,
    SetVariable,
    Transaction,
    TransactionKind,
)
from glowplug.sql.parts import Name
from glowplug.sql.reader.postgres.rows import written_by
from glowplug.sql.reader.postgres.tree import name_of, node, plain, role_name, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_TRANSACTIONS = {
    node.TRANS_STMT_BEGIN: TransactionKind.BEGIN,
    node.TRANS_STMT_START: TransactionKind.BEGIN,
    node.TRANS_STMT_COMMIT: TransactionKind.COMMIT,
    node.TRANS_STMT_ROLLBACK: TransactionKind.ROLLBACK,
    node.TRANS_STMT_SAVEPOINT: TransactionKind.SAVEPOINT,
    node.TRANS_STMT_RELEASE: TransactionKind.RELEASE,
    node.TRANS_STMT_ROLLBACK_TO: TransactionKind.ROLLBACK_TO,
    node.TRANS_STMT_PREPARE: TransactionKind.PREPARE,
    node.TRANS_STMT_COMMIT_PREPARED: TransactionKind.COMMIT,
    node.TRANS_STMT_ROLLBACK_PREPARED: TransactionKind.ROLLBACK,
}
_LOCK_MODES = (
    "",
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)
"""By number (src/include/storage/lockdefs.h)."""

_SCOPES = {
    node.REINDEX_OBJECT_DATABASE: "database",
    node.REINDEX_OBJECT_INDEX: "index",
    node.REINDEX_OBJECT_SCHEMA: "schema",
    node.REINDEX_OBJECT_SYSTEM: "system",
    node.REINDEX_OBJECT_TABLE: "table",
}
_UNSET = frozenset({node.VAR_RESET, node.VAR_RESET_ALL, node.VAR_SET_DEFAULT})


def variable(statement: Message, here: Here) -> Iterator[Action]:
    """Read SET and RESET."""
    name, value = variable_said(statement)
    yield SetVariable(span=here.span, name=name, value=value, scope="local" if statement.is_local else "session")


def variable_said(statement: Message) -> tuple[str, str | None]:
    """Give a setting's name and value; None for its default."""
    name = "all" if statement.kind == node.VAR_RESET_ALL else statement.name.lower()
    if statement.kind in _UNSET:
        return name, None
    if statement.kind == node.VAR_SET_CURRENT:
        return name, "current"
    return name, ", ".join(plain(argument) for argument in statement.args)


def alter_system(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER SYSTEM: the whole server's setting."""
    name, value = variable_said(statement.setstmt)
    yield SetVariable(span=here.span, name=name, value=value, scope="global")


def alter_role_set(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER ROLE … SET."""
    name, value = variable_said(statement.setstmt)
    yield Alter(
        span=here.span,
        kind=ObjectKind.ROLE,
        name=Name(role_name(statement.role) if statement.HasField("role") else "all"),
        what=f"set {name}",
        value=value,
    )


def alter_database_set(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER DATABASE … SET."""
    name, value = variable_said(statement.setstmt)
    yield Alter(span=here.span, kind=ObjectKind.DATABASE, name=Name(statement.dbname), what=f"set {name}", value=value)


def transaction(statement: Message, here: Here) -> Iterator[Action]:
    """Read BEGIN, COMMIT and their like."""
    yield Transaction(span=here.span, kind=_TRANSACTIONS[statement.kind])


def lock(statement: Message, here: Here) -> Iterator[Action]:
    """Read LOCK TABLE."""
    for item in statement.relations:
        mode = _LOCK_MODES[statement.mode] if statement.mode < len(_LOCK_MODES) else ""
        yield LockTable(span=here.span, table=name_of(item.range_var), mode=mode)


def vacuum(statement: Message, here: Here) -> Iterator[Action]:
    """Read VACUUM and ANALYZE."""
    said = [item.def_elem for item in statement.options]
    verb = "vacuum" if statement.is_vacuumcmd else "analyze"
    full = any(option.defname == "full" and truth(option) for option in said)
    tables: list[Name | None] = [name_of(item.vacuum_relation.relation) for item in statement.rels]
    for table in tables or [None]:
        yield Maintain(span=here.span, verb=verb, table=table, full=full)


def cluster(statement: Message, here: Here) -> Iterator[Action]:
    """Read CLUSTER."""
    table = name_of(statement.relation) if statement.HasField("relation") else None
    yield Maintain(span=here.span, verb="cluster", table=table)


def reindex(statement: Message, here: Here) -> Iterator[Action]:
    """Read REINDEX."""
    said = [item.def_elem for item in statement.params]
    named = Name(statement.name) if statement.name else None
    yield Reindex(
        span=here.span,
        scope=_SCOPES.get(statement.kind, ""),
        target=name_of(statement.relation) if statement.HasField("relation") else named,
        concurrently=any(option.defname == "concurrently" and truth(option) for option in said),
    )


def explain(statement: Message, here: Here) -> Iterator[Action]:
    """Read EXPLAIN, which runs a statement only with ANALYZE."""
    if any(item.def_elem.defname == "analyze" and truth(item.def_elem) for item in statement.options):
        yield from written_by(statement.query, here)
    yield Other(span=here.span, verb="explain")


def prepare(_: Message, here: Here) -> Iterator[Action]:
    """Read PREPARE."""
    yield Dynamic(span=here.span, what="prepare")


def execute(_: Message, here: Here) -> Iterator[Action]:
    """Read EXECUTE."""
    yield Dynamic(span=here.span, what="execute")


def call(_: Message, here: Here) -> Iterator[Action]:
    """Read CALL."""
    yield Dynamic(span=here.span, what="call")
