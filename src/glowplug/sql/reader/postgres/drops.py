"""DROP, RENAME, SET SCHEMA, OWNER TO, COMMENT and TRUNCATE, for every kind of object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    Alter,
    AlterType,
    Comment,
    Drop,
    DropIndex,
    DropTable,
    DropTrigger,
    DropView,
    ObjectKind,
    Rename,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    SetSchema,
    Truncate,
)
from glowplug.sql.parts import Name
from glowplug.sql.reader.postgres.tree import (
    cascades,
    kind_of,
    name_from,
    name_in,
    name_of,
    node,
    role_name,
    words,
)
from glowplug.sql.reader.postgres.types import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Span
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_ON_A_TABLE = frozenset({node.OBJECT_TRIGGER, node.OBJECT_RULE, node.OBJECT_POLICY})
_OF_A_TABLE = _ON_A_TABLE | {node.OBJECT_COLUMN, node.OBJECT_TABCONSTRAINT}
_CALLED = frozenset({node.OBJECT_FUNCTION, node.OBJECT_PROCEDURE, node.OBJECT_ROUTINE, node.OBJECT_AGGREGATE})
_VIEWS = frozenset({node.OBJECT_VIEW, node.OBJECT_MATVIEW})
_NAMES = frozenset({"word", "name"})


def drop(statement: Message, here: Here) -> Iterator[Action]:
    """Read DROP of anything but roles, databases and what belongs to somebody."""
    for item, span in zip(statement.objects, _spans(here, len(statement.objects)), strict=True):
        yield _dropped(statement, item, span)


def _dropped(statement: Message, item: Message, span: Span) -> Action:
    kind = statement.remove_type
    name = name_in(item)
    if_exists, cascade = bool(statement.missing_ok), cascades(statement)
    if kind == node.OBJECT_TABLE:
        return DropTable(span=span, table=name, if_exists=if_exists, cascade=cascade)
    if kind == node.OBJECT_INDEX:
        return DropIndex(span=span, index=name, concurrently=statement.concurrent, if_exists=if_exists, cascade=cascade)
    if kind in _VIEWS:
        materialized = kind == node.OBJECT_MATVIEW
        return DropView(span=span, view=name, materialized=materialized, if_exists=if_exists, cascade=cascade)
    table = None
    if kind in _ON_A_TABLE:
        said = words(item.list.items)
        name, table = Name(said[-1]), name_from(said[:-1])
    if kind == node.OBJECT_TRIGGER:
        return DropTrigger(span=span, trigger=name.name, table=table, if_exists=if_exists, cascade=cascade)
    arguments = None
    if kind in _CALLED and not item.object_with_args.args_unspecified:
        arguments = tuple(str(type_of(argument.type_name)) for argument in item.object_with_args.objargs)
    return Drop(
        span=span,
        kind=kind_of(kind),
        name=name,
        table=table,
        if_exists=if_exists,
        cascade=cascade,
        arguments=arguments,
    )


def truncate(statement: Message, here: Here) -> Iterator[Action]:
    """Read TRUNCATE."""
    for item, span in zip(statement.relations, _spans(here, len(statement.relations)), strict=True):
        yield Truncate(span=span, table=name_of(item.range_var), cascade=cascades(statement))


def _spans(here: Here, count: int) -> list[Span]:
    """Give each name's span in a statement that lists names; the whole statement where there is one."""
    if count == 1:
        return [here.span]
    written = here.items(0)
    if len(written) != count:
        return [here.span] * count
    first, after = written[0]
    while first + 1 < after and {here.tokens[first].kind, here.tokens[first + 1].kind} <= _NAMES:
        first += 1  # DROP TABLE IF EXISTS: a word before another one is none of the name
    begin, after = written[-1]
    last = after - (here.tokens[after - 1].value in {"cascade", "restrict"} and after - begin > 1)
    written[0], written[-1] = (first, written[0][1]), (begin, last)
    return [here.span_of(*tokens) for tokens in written]


def drop_role(statement: Message, here: Here) -> Iterator[Action]:
    """Read DROP ROLE."""
    for item, span in zip(statement.roles, _spans(here, len(statement.roles)), strict=True):
        yield Drop(
            span=span, kind=ObjectKind.ROLE, name=Name(role_name(item.role_spec)), if_exists=statement.missing_ok
        )


def drop_database(statement: Message, here: Here) -> Iterator[Action]:
    """Read DROP DATABASE."""
    yield Drop(span=here.span, kind=ObjectKind.DATABASE, name=Name(statement.dbname), if_exists=statement.missing_ok)


def drop_owned(statement: Message, here: Here) -> Iterator[Action]:
    """Read DROP OWNED: everything that a role has."""
    for item in statement.roles:
        name = Name(f"owned by {role_name(item.role_spec)}")
        yield Drop(span=here.span, kind=ObjectKind.OTHER, name=name, cascade=cascades(statement))


def drop_subscription(statement: Message, here: Here) -> Iterator[Action]:
    """Read DROP SUBSCRIPTION."""
    yield Drop(span=here.span, kind=ObjectKind.OTHER, name=Name(statement.subname), if_exists=statement.missing_ok)


def drop_tablespace(statement: Message, here: Here) -> Iterator[Action]:
    """Read DROP TABLESPACE."""
    name = Name(statement.tablespacename)
    yield Drop(span=here.span, kind=ObjectKind.OTHER, name=name, if_exists=statement.missing_ok)


def rename(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER … RENAME."""
    kind = statement.rename_type
    new_name = statement.newname
    span = here.span
    relation = name_of(statement.relation) if statement.HasField("relation") else None
    if relation is None:
        yield _renamed_object(statement, span)
    elif kind == node.OBJECT_COLUMN:
        yield RenameColumn(span=span, table=relation, column=statement.subname, new_name=new_name)
    elif kind == node.OBJECT_TABCONSTRAINT:
        yield RenameConstraint(span=span, table=relation, name=statement.subname, new_name=new_name)
    elif kind == node.OBJECT_INDEX:
        yield RenameIndex(span=span, index=relation, new_name=new_name)
    elif kind == node.OBJECT_TABLE:
        moved = Name(new_name, relation.schema)
        yield RenameTable(span=span, table=relation, new_name=moved, if_exists=statement.missing_ok)
    elif kind == node.OBJECT_ATTRIBUTE:
        yield AlterType(span=span, type=relation, what="rename attribute", attribute=statement.subname)
    elif statement.subname:
        yield Rename(span=span, kind=kind_of(kind), name=Name(statement.subname), new_name=new_name, table=relation)
    else:
        yield Rename(span=span, kind=kind_of(kind), name=relation, new_name=new_name)


def _renamed_object(statement: Message, span: Span) -> Action:
    kind = statement.rename_type
    name = name_in(statement.object) if statement.HasField("object") else Name(statement.subname)
    if kind == node.OBJECT_DOMCONSTRAINT:
        return Rename(
            span=span,
            kind=ObjectKind.CONSTRAINT,
            name=Name(statement.subname),
            new_name=statement.newname,
            table=name,
        )
    return Rename(span=span, kind=kind_of(kind), name=name, new_name=statement.newname)


def set_schema(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER … SET SCHEMA."""
    yield SetSchema(
        span=here.span, kind=kind_of(statement.object_type), name=_altered(statement), schema=statement.newschema
    )


def owner(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER … OWNER TO."""
    yield Alter(
        span=here.span,
        kind=kind_of(statement.object_type),
        name=_altered(statement),
        what="owner",
        value=role_name(statement.newowner),
    )


def _altered(statement: Message) -> Name:
    if statement.HasField("relation"):
        return name_of(statement.relation)
    return name_in(statement.object)


def comment(statement: Message, here: Here) -> Iterator[Action]:
    """Read COMMENT ON; the name of what belongs to a table has the table's for a schema."""
    kind = statement.objtype
    if kind in _OF_A_TABLE:
        said = words(statement.object.list.items)
        name = Name(said[-1], ".".join(said[:-1]) or None)
    else:
        name = name_in(statement.object)
    yield Comment(span=here.span, kind=kind_of(kind), name=name)
