"""ALTER TABLE and its relatives, clause by clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    Alter,
    AlterColumnSetting,
    AlterColumnType,
    AlterConstraint,
    AlterTableSetting,
    AlterType,
    AttachPartition,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropNotNull,
    ObjectKind,
    SetDefault,
    SetNotNull,
    SwitchTrigger,
    TableChange,
    ValidateConstraint,
)
from glowplug.sql.reader.postgres.columns import column_of, constraint_of, identity_of
from glowplug.sql.reader.postgres.expressions import expression_of
from glowplug.sql.reader.postgres.tree import (
    cascades,
    kind_of,
    name_of,
    node,
    options,
    plain,
    role_name,
    words,
)
from glowplug.sql.reader.postgres.types import type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_TABLES = frozenset({node.OBJECT_TABLE, node.OBJECT_FOREIGN_TABLE})


class _Clause:
    """One clause: its table, its command in the tree, and its tokens."""

    __slots__ = ("after", "command", "first", "here", "span", "table")

    def __init__(self, table: Name, command: Message, here: Here, first: int, after: int) -> None:
        self.table = table
        self.command = command
        self.here = here
        self.first = first
        self.after = after
        self.span = here.span_of(first, after)


def alter_table(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER TABLE, INDEX, VIEW, SEQUENCE, and TYPE of a composite type."""
    table = name_of(statement.relation)
    commands = [command.alter_table_cmd for command in statement.cmds]
    first = here.after_name(here.index(statement.relation.location))
    if first < len(here.tokens) and here.tokens[first].value == "*":
        first += 1
    written = here.items(first)
    if len(written) != len(commands):
        written = [(0, len(here.tokens))] * len(commands)
    for command, (start, after) in zip(commands, written, strict=True):
        clause = _Clause(table, command, here, start, after)
        if statement.objtype in _TABLES:
            yield _CLAUSES.get(command.subtype, _other)(clause)
        elif statement.objtype == node.OBJECT_TYPE:
            yield _attribute(clause)
        else:
            yield _of_relative(clause, statement.objtype)


def _add_column(clause: _Clause) -> Action:
    definition = getattr(clause.command, "def").column_def
    return AddColumn(
        span=clause.span,
        table=clause.table,
        column=column_of(definition, clause.here, clause.after),
        if_not_exists=clause.command.missing_ok,
    )


def _drop_column(clause: _Clause) -> Action:
    return DropColumn(
        span=clause.span,
        table=clause.table,
        column=clause.command.name,
        if_exists=clause.command.missing_ok,
        cascade=cascades(clause.command),
    )


def _column_type(clause: _Clause) -> Action:
    definition = getattr(clause.command, "def").column_def
    using = None
    if definition.HasField("raw_default"):
        word = clause.here.find(("using",), clause.first, clause.after)
        using = expression_of(definition.raw_default, clause.here, word + 1, clause.after)
    return AlterColumnType(
        span=clause.span,
        table=clause.table,
        column=clause.command.name,
        type=type_of(definition.type_name),
        using=using,
        collation=".".join(words(definition.coll_clause.collname)) or None,
    )


def _column_default(clause: _Clause) -> Action:
    default = None
    if clause.command.HasField("def"):
        word = clause.here.find(("default",), _after_column(clause), clause.after)
        default = expression_of(getattr(clause.command, "def"), clause.here, word + 1, clause.after)
    return SetDefault(span=clause.span, table=clause.table, column=clause.command.name, default=default)


def _after_column(clause: _Clause) -> int:
    """Give the token after ALTER [COLUMN] name, whatever the name is."""
    tokens = clause.here.tokens
    named = clause.first + 1
    if tokens[named].value == "column" and tokens[named + 1].value not in {"set", "drop", "type"}:
        named += 1
    return named + 1


def _set_not_null(clause: _Clause) -> Action:
    return SetNotNull(span=clause.span, table=clause.table, column=clause.command.name)


def _drop_not_null(clause: _Clause) -> Action:
    return DropNotNull(span=clause.span, table=clause.table, column=clause.command.name)


def _add_constraint(clause: _Clause) -> Action:
    constraint = getattr(clause.command, "def").constraint
    start = clause.here.index(constraint.location)
    return AddConstraint(
        span=clause.span, table=clause.table, constraint=constraint_of(constraint, clause.here, (start, clause.after))
    )


def _drop_constraint(clause: _Clause) -> Action:
    return DropConstraint(
        span=clause.span,
        table=clause.table,
        name=clause.command.name,
        if_exists=clause.command.missing_ok,
        cascade=cascades(clause.command),
    )


def _validate_constraint(clause: _Clause) -> Action:
    return ValidateConstraint(span=clause.span, table=clause.table, name=clause.command.name)


def _alter_constraint(clause: _Clause) -> Action:
    said = getattr(clause.command, "def").atalter_constraint
    what = []
    if said.alter_enforceability:
        what.append("enforced" if said.is_enforced else "not enforced")
    if said.alter_deferrability:
        what.append("deferrable" if said.deferrable else "not deferrable")
        what += ["initially deferred"] if said.initdeferred else []
    if said.alter_inheritability:
        what.append("no inherit" if said.noinherit else "inherit")
    return AlterConstraint(span=clause.span, table=clause.table, name=said.conname, what=" ".join(what))


def _identity(clause: _Clause) -> Action:
    value = None
    definition = getattr(clause.command, "def")
    if clause.command.subtype == node.AT_AddIdentity:
        value = identity_of(definition.constraint.generated_when).value
    elif clause.command.subtype == node.AT_SetIdentity:
        said = [item.def_elem for item in definition.list.items]
        when = [option.arg.integer.ival for option in said if option.defname == "generated"]
        value = identity_of(chr(when[0])).value if when else "options"
    return _setting(clause, "identity", value)


def _expression(clause: _Clause) -> Action:
    value = None
    if clause.command.subtype == node.AT_SetExpression:
        word = clause.here.find(("as",), _after_column(clause), clause.after)
        value = clause.here.text_of(word + 1, clause.after)
    return _setting(clause, "expression", value)


def _statistics(clause: _Clause) -> Action:
    return _setting(clause, "statistics", plain(getattr(clause.command, "def")))


def _storage(clause: _Clause) -> Action:
    return _setting(clause, "storage", plain(getattr(clause.command, "def")).lower())


def _compression(clause: _Clause) -> Action:
    return _setting(clause, "compression", plain(getattr(clause.command, "def")))


def _column_options(clause: _Clause) -> Action:
    return _setting(clause, "options", clause.here.text_of(_after_column(clause), clause.after))


def _setting(clause: _Clause, what: str, value: str | None) -> Action:
    return AlterColumnSetting(
        span=clause.span, table=clause.table, column=clause.command.name, what=what, value=value or None
    )


def _trigger(clause: _Clause) -> Action:
    disabling = (node.AT_DisableTrig, node.AT_DisableTrigAll, node.AT_DisableTrigUser)
    return SwitchTrigger(
        span=clause.span,
        table=clause.table,
        trigger=clause.command.name or None,
        enabled=clause.command.subtype not in disabling,
    )


def _attach(clause: _Clause) -> Action:
    partition = getattr(clause.command, "def").partition_cmd
    return AttachPartition(
        span=clause.span,
        table=clause.table,
        partition=name_of(partition.name),
        default=partition.bound.is_default,
    )


def _detach(clause: _Clause) -> Action:
    partition = getattr(clause.command, "def").partition_cmd
    return DetachPartition(
        span=clause.span,
        table=clause.table,
        partition=name_of(partition.name),
        concurrently=partition.concurrent,
        finalize=clause.command.subtype == node.AT_DetachPartitionFinalize,
    )


def _changing(change: TableChange, value: str | None = None) -> Callable[[_Clause], Action]:
    """Make a reader of a clause that changes the table as a whole; its value is the name in the clause if not said."""

    def read(clause: _Clause) -> Action:
        said = clause.command.name or None if value is None else value
        return AlterTableSetting(span=clause.span, table=clause.table, change=change, value=said)

    return read


def _replica_identity(clause: _Clause) -> Action:
    said = getattr(clause.command, "def").replica_identity_stmt
    value = said.name or {"d": "default", "f": "full", "n": "nothing"}.get(said.identity_type)
    return AlterTableSetting(span=clause.span, table=clause.table, change=TableChange.REPLICA_IDENTITY, value=value)


def _inheritance(clause: _Clause) -> Action:
    adds = clause.command.subtype == node.AT_AddInherit
    return AlterTableSetting(
        span=clause.span,
        table=clause.table,
        change=TableChange.INHERIT if adds else TableChange.NO_INHERIT,
        value=str(name_of(getattr(clause.command, "def").range_var)),
    )


def _parameters(clause: _Clause) -> Action:
    said = options(getattr(clause.command, "def").list.items)
    return AlterTableSetting(
        span=clause.span,
        table=clause.table,
        change=TableChange.STORAGE_PARAMETERS,
        value=", ".join(f"{name}={value}" if value else name for name, value in said),
    )


def _owner(clause: _Clause) -> Action:
    return AlterTableSetting(
        span=clause.span,
        table=clause.table,
        change=TableChange.OTHER,
        value=f"owner to {role_name(clause.command.newowner)}",
    )


def _other(clause: _Clause) -> Action:
    said = " ".join(clause.here.text_of(clause.first, clause.after).lower().split())
    return AlterTableSetting(span=clause.span, table=clause.table, change=TableChange.OTHER, value=said)


def _attribute(clause: _Clause) -> Action:
    what = {
        node.AT_AddColumn: "add attribute",
        node.AT_DropColumn: "drop attribute",
        node.AT_AlterColumnType: "alter attribute",
    }.get(clause.command.subtype, "alter")
    attribute = clause.command.name or getattr(clause.command, "def").column_def.colname
    return AlterType(span=clause.span, type=clause.table, what=what, attribute=attribute or None)


def _of_relative(clause: _Clause, object_type: int) -> Action:
    """Read a clause about an index, a view or a sequence."""
    kind = kind_of(object_type)
    if clause.command.subtype == node.AT_AttachPartition:
        child = getattr(clause.command, "def").partition_cmd.name
        return Alter(span=clause.span, kind=kind, name=clause.table, what="attach partition", value=str(name_of(child)))
    if clause.command.subtype == node.AT_ChangeOwner:
        owner = role_name(clause.command.newowner)
        return Alter(span=clause.span, kind=kind, name=clause.table, what="owner", value=owner)
    if kind is ObjectKind.VIEW and clause.command.subtype == node.AT_ColumnDefault:
        return _column_default(clause)
    said = " ".join(clause.here.text_of(clause.first, clause.after).lower().split())
    return Alter(span=clause.span, kind=kind, name=clause.table, what=said)


_CLAUSES: dict[int, Callable[[_Clause], Action]] = {
    node.AT_AddColumn: _add_column,
    node.AT_AddConstraint: _add_constraint,
    node.AT_AddIdentity: _identity,
    node.AT_AddInherit: _inheritance,
    node.AT_AlterColumnType: _column_type,
    node.AT_AlterConstraint: _alter_constraint,
    node.AT_AttachPartition: _attach,
    node.AT_ChangeOwner: _owner,
    node.AT_ClusterOn: _changing(TableChange.CLUSTER_ON),
    node.AT_ColumnDefault: _column_default,
    node.AT_DetachPartition: _detach,
    node.AT_DetachPartitionFinalize: _detach,
    node.AT_DisableRowSecurity: _changing(TableChange.ROW_SECURITY, "disable"),
    node.AT_DisableTrig: _trigger,
    node.AT_DisableTrigAll: _trigger,
    node.AT_DisableTrigUser: _trigger,
    node.AT_DropCluster: _changing(TableChange.CLUSTER_ON),
    node.AT_DropColumn: _drop_column,
    node.AT_DropConstraint: _drop_constraint,
    node.AT_DropExpression: _expression,
    node.AT_DropIdentity: _identity,
    node.AT_DropInherit: _inheritance,
    node.AT_DropNotNull: _drop_not_null,
    node.AT_EnableAlwaysTrig: _trigger,
    node.AT_EnableReplicaTrig: _trigger,
    node.AT_EnableRowSecurity: _changing(TableChange.ROW_SECURITY, "enable"),
    node.AT_EnableTrig: _trigger,
    node.AT_EnableTrigAll: _trigger,
    node.AT_EnableTrigUser: _trigger,
    node.AT_ForceRowSecurity: _changing(TableChange.ROW_SECURITY, "force"),
    node.AT_NoForceRowSecurity: _changing(TableChange.ROW_SECURITY, "no force"),
    node.AT_ReplicaIdentity: _replica_identity,
    node.AT_ResetOptions: _column_options,
    node.AT_ResetRelOptions: _parameters,
    node.AT_SetAccessMethod: _changing(TableChange.ACCESS_METHOD),
    node.AT_SetCompression: _compression,
    node.AT_SetExpression: _expression,
    node.AT_SetIdentity: _identity,
    node.AT_SetLogged: _changing(TableChange.LOGGED, "logged"),
    node.AT_SetNotNull: _set_not_null,
    node.AT_SetOptions: _column_options,
    node.AT_SetRelOptions: _parameters,
    node.AT_SetStatistics: _statistics,
    node.AT_SetStorage: _storage,
    node.AT_SetTableSpace: _changing(TableChange.TABLESPACE),
    node.AT_SetUnLogged: _changing(TableChange.LOGGED, "unlogged"),
    node.AT_ValidateConstraint: _validate_constraint,
}
