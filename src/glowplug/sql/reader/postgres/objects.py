"""Types, domains, sequences, schemas, extensions, policies, rules, triggers, and all that is only made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    AddEnumValue,
    Alter,
    AlterDomain,
    Create,
    CreateSequence,
    CreateTrigger,
    CreateType,
    ObjectKind,
    RefreshView,
    RenameEnumValue,
)
from glowplug.sql.parts import Name
from glowplug.sql.reader.postgres.columns import column_of, constraint_of
from glowplug.sql.reader.postgres.expressions import expression_of
from glowplug.sql.reader.postgres.tables import is_temporary
from glowplug.sql.reader.postgres.tree import (
    kind_of,
    name_from,
    name_of,
    node,
    options,
    role_name,
    words,
)
from glowplug.sql.reader.postgres.types import type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Constraint
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_TIMINGS = {0: "after", 2: "before", 64: "instead of"}
_EVENTS = {4: "insert", 8: "delete", 16: "update", 32: "truncate"}
"""Bits of a trigger (src/include/catalog/pg_trigger.h)."""

_COMMANDS = {
    node.CMD_DELETE: "delete",
    node.CMD_INSERT: "insert",
    node.CMD_SELECT: "select",
    node.CMD_UPDATE: "update",
}
_DOMAIN_CHANGES = {
    "T": "set default",
    "N": "drop not null",
    "O": "set not null",
    "C": "add constraint",
    "X": "drop constraint",
    "V": "validate constraint",
}


def create_enum(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE TYPE … AS ENUM."""
    yield CreateType(
        span=here.span, type=name_from(words(statement.type_name)), kind="enum", values=words(statement.vals)
    )


def create_composite(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE TYPE … AS (…)."""
    columns = tuple(column_of(item.column_def, here) for item in statement.coldeflist)
    yield CreateType(span=here.span, type=name_of(statement.typevar), kind="composite", columns=columns)


def create_range(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE TYPE … AS RANGE."""
    yield CreateType(span=here.span, type=name_from(words(statement.type_name)), kind="range")


def create_domain(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE DOMAIN."""
    said = [item.constraint for item in statement.constraints]
    starts = [here.index(constraint.location) for constraint in said]
    ends = [*starts[1:], len(here.tokens)][: len(starts)]
    default = None
    constraints: list[Constraint] = []
    for constraint, first, after in zip(said, starts, ends, strict=True):
        if constraint.contype == node.CONSTR_DEFAULT:
            default = expression_of(constraint.raw_expr, here, here.find(("default",), first, after) + 1, after)
        elif constraint.contype == node.CONSTR_CHECK:
            constraints.append(constraint_of(constraint, here, (first, after)))
    yield CreateType(
        span=here.span,
        type=name_from(words(statement.domainname)),
        kind="domain",
        base=type_of(statement.type_name),
        not_null=any(constraint.contype == node.CONSTR_NOTNULL for constraint in said),
        default=default,
        constraints=tuple(constraints),
    )


def alter_domain(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER DOMAIN."""
    what = _DOMAIN_CHANGES.get(statement.subtype, "alter")
    definition = getattr(statement, "def")
    constraint = default = None
    if definition.WhichOneof("node") == "constraint":
        constraint = constraint_of(definition.constraint, here)
    elif what == "set default":
        if definition.WhichOneof("node") is None:
            what = "drop default"
        else:
            word = here.find(("default",), here.find(("set",), 2))
            default = expression_of(definition, here, word + 1, len(here.tokens))
    yield AlterDomain(
        span=here.span,
        domain=name_from(words(statement.type_name)),
        what=what,
        name=statement.name or (constraint.name if constraint else None),
        constraint=constraint,
        default=default,
    )


def alter_enum(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER TYPE … ADD VALUE and RENAME VALUE."""
    name = name_from(words(statement.type_name))
    if statement.old_val:
        yield RenameEnumValue(span=here.span, type=name, value=statement.old_val, new_value=statement.new_val)
        return
    side = "AFTER" if statement.new_val_is_after else "BEFORE"
    yield AddEnumValue(
        span=here.span,
        type=name,
        value=statement.new_val,
        position=f"{side} {statement.new_val_neighbor}" if statement.new_val_neighbor else None,
        if_not_exists=statement.skip_if_new_val_exists,
    )


def define(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE AGGREGATE, OPERATOR, COLLATION, TEXT SEARCH …, and TYPE of a base type."""
    name = name_from(words(statement.defnames))
    if statement.kind == node.OBJECT_TYPE:
        yield CreateType(span=here.span, type=name, kind="base" if statement.definition else "shell")
        return
    yield Create(
        span=here.span,
        kind=kind_of(statement.kind),
        name=name,
        if_not_exists=statement.if_not_exists,
        or_replace=statement.replace,
    )


def create_sequence(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE SEQUENCE."""
    yield CreateSequence(
        span=here.span,
        sequence=name_of(statement.sequence),
        if_not_exists=statement.if_not_exists,
        temporary=is_temporary(statement.sequence),
        owned_by=_owner_of(statement),
    )


def alter_sequence(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER SEQUENCE."""
    for name, value in options(statement.options):
        if name == "owned_by":
            yield Alter(
                span=here.span,
                kind=ObjectKind.SEQUENCE,
                name=name_of(statement.sequence),
                what="owned by",
                value=_owner_of(statement),
            )
        else:
            yield Alter(
                span=here.span,
                kind=ObjectKind.SEQUENCE,
                name=name_of(statement.sequence),
                what=name,
                value=value or None,
            )


def _owner_of(statement: Message) -> str | None:
    for item in statement.options:
        if item.def_elem.defname == "owned_by":
            said = words(item.def_elem.arg.list.items)
            return None if said == ("none",) else ".".join(said)
    return None


def create_trigger(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE TRIGGER."""
    yield CreateTrigger(
        span=here.span,
        trigger=statement.trigname,
        table=name_of(statement.relation),
        timing=_TIMINGS.get(statement.timing),
        events=tuple(word for bit, word in _EVENTS.items() if statement.events & bit),
        function=name_from(words(statement.funcname)),
        or_replace=statement.replace,
    )


def create_extension(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE EXTENSION."""
    yield Create(
        span=here.span,
        kind=ObjectKind.EXTENSION,
        name=Name(statement.extname),
        if_not_exists=statement.if_not_exists,
        details=options(statement.options),
    )


def create_policy(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE POLICY."""
    details = [
        ("permissive", "true" if statement.permissive else "false"),
        ("command", statement.cmd_name or "all"),
        ("roles", ", ".join(role_name(item.role_spec) for item in statement.roles)),
    ]
    yield Create(
        span=here.span,
        kind=ObjectKind.POLICY,
        name=Name(statement.policy_name),
        table=name_of(statement.table),
        details=(*details, *_conditions(statement, here)),
    )


def alter_policy(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER POLICY."""
    what = " and ".join(word for word, _ in _conditions(statement, here)) or "roles"
    yield Alter(
        span=here.span,
        kind=ObjectKind.POLICY,
        name=Name(statement.policy_name),
        what=what,
        table=name_of(statement.table),
    )


def _conditions(statement: Message, here: Here) -> Iterator[tuple[str, str]]:
    start = here.index(statement.table.location)
    for field, word in (("qual", "using"), ("with_check", "check")):
        if statement.HasField(field):
            opening = here.find((word,), start) + 1
            yield "using" if field == "qual" else "with check", here.text_of(*here.inside(opening))


def create_rule(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE RULE."""
    yield Create(
        span=here.span,
        kind=ObjectKind.RULE,
        name=Name(statement.rulename),
        table=name_of(statement.relation),
        or_replace=statement.replace,
        details=(
            ("event", _COMMANDS.get(statement.event, "")),
            ("instead", "true" if statement.instead else "false"),
        ),
    )


def refresh(statement: Message, here: Here) -> Iterator[Action]:
    """Read REFRESH MATERIALIZED VIEW."""
    yield RefreshView(span=here.span, view=name_of(statement.relation), concurrently=statement.concurrent)


def creating(kind: ObjectKind, field: str, what: str | None = None) -> Callable[[Message, Here], Iterator[Action]]:
    """Make a reader of a CREATE that needs no more than the name in ``field``; ``what`` names a kind without one."""

    def read(statement: Message, here: Here) -> Iterator[Action]:
        exists = "if_not_exists" in statement.DESCRIPTOR.fields_by_name and statement.if_not_exists
        yield Create(
            span=here.span,
            kind=kind,
            name=_name_in_field(statement, field),
            if_not_exists=bool(exists),
            details=(("kind", what),) if what else (),
        )

    return read


def altering(kind: ObjectKind, field: str, what: str) -> Callable[[Message, Here], Iterator[Action]]:
    """Make a reader of an ALTER that needs no more than the name in ``field``."""

    def read(statement: Message, here: Here) -> Iterator[Action]:
        yield Alter(span=here.span, kind=kind, name=_name_in_field(statement, field), what=what)

    return read


def _name_in_field(statement: Message, field: str) -> Name:
    value = getattr(statement, field)
    return Name(value) if isinstance(value, str) else name_from(words(value))
