"""Roles and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Alter, Create, Grant, ObjectKind
from glowplug.sql.parts import Name
from glowplug.sql.reader.postgres.tree import (
    kind_of,
    name_in,
    node,
    options,
    plain,
    role_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_ROLE_KINDS = {node.ROLESTMT_GROUP: "group", node.ROLESTMT_ROLE: "role", node.ROLESTMT_USER: "user"}


def grant(statement: Message, here: Here) -> Iterator[Action]:
    """Read GRANT and REVOKE of privileges."""
    yield _grant(statement, here)


def default_privileges(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER DEFAULT PRIVILEGES; the names are the schemas that it is for."""
    schemas = [
        item
        for option in statement.options
        if option.def_elem.defname == "schemas"
        for item in option.def_elem.arg.list.items
    ]
    yield _grant(statement.action, here, default=True, names=[*schemas])


def _grant(statement: Message, here: Here, *, default: bool = False, names: Iterable[Message] | None = None) -> Grant:
    said = statement.objects if names is None else names
    return Grant(
        span=here.span,
        kind=kind_of(statement.objtype),
        privileges=tuple(item.access_priv.priv_name.lower() or "all" for item in statement.privileges) or ("all",),
        names=tuple(name_in(item) for item in said),
        grantees=_roles(statement.grantees),
        revoke=not statement.is_grant,
        everything_in_schema=statement.targtype == node.ACL_TARGET_ALL_IN_SCHEMA,
        default=default,
    )


def grant_role(statement: Message, here: Here) -> Iterator[Action]:
    """Read GRANT and REVOKE of roles: the roles are the names."""
    yield Grant(
        span=here.span,
        kind=ObjectKind.ROLE,
        privileges=("member",),
        names=tuple(Name(item.access_priv.priv_name) for item in statement.granted_roles),
        grantees=_roles(statement.grantee_roles),
        revoke=not statement.is_grant,
    )


def _roles(items: Iterable[Message]) -> tuple[str, ...]:
    return tuple(role_name(item.role_spec) for item in items)


def create_role(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE ROLE, USER and GROUP; a password is said to be there, and not repeated."""
    yield Create(
        span=here.span,
        kind=ObjectKind.ROLE,
        name=Name(statement.role),
        details=(("kind", _ROLE_KINDS.get(statement.stmt_type, "role")), *_without_password(statement)),
    )


def alter_role(statement: Message, here: Here) -> Iterator[Action]:
    """Read ALTER ROLE, one Action an option."""
    name = Name(role_name(statement.role))
    for what, value in _without_password(statement):
        yield Alter(span=here.span, kind=ObjectKind.ROLE, name=name, what=what, value=value)


def _without_password(statement: Message) -> Iterator[tuple[str, str]]:
    for name, value in options(statement.options):
        yield name, "***" if name == "password" and value else value


def reassign(statement: Message, here: Here) -> Iterator[Action]:
    """Read REASSIGN OWNED."""
    for item in statement.roles:
        yield Alter(
            span=here.span,
            kind=ObjectKind.ROLE,
            name=Name(plain(item)),
            what="reassign owned",
            value=role_name(statement.newrole),
        )
