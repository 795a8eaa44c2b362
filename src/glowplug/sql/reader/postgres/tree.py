"""postgast's parse tree: its constants, and the small things that many statements have."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from glowplug.sql.actions import ObjectKind
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

node: Any = importlib.import_module("postgast.pg_query_pb2")  # protobuf's generated messages; their stubs don't compile
Message = Any
"""A message of pg_query's protobuf."""


def words(items: Iterable[Message]) -> tuple[str, ...]:
    """Give the texts of a list of String nodes; anything else in it is left out."""
    return tuple(item.string.sval for item in items if item.WhichOneof("node") == "string")


def name_of(relation: Message) -> Name:
    """Name a RangeVar."""
    return Name(relation.relname, relation.schemaname or None)


def name_from(parts: Iterable[str]) -> Name:
    """Name what is said as a list of words; a database's name before the schema's is left out."""
    said = tuple(parts)
    if not said:
        return Name("")
    return Name(said[-1], said[-2] if len(said) > 1 else None)


def name_in(item: Message) -> Name:
    """Name an object that a statement names as a node: a string, a list, a type, or a function with its arguments."""
    kind = item.WhichOneof("node")
    if kind == "string":
        return Name(item.string.sval)
    if kind == "list":
        return name_from(words(item.list.items))
    if kind == "type_name":
        return name_from(words(item.type_name.names))
    if kind == "object_with_args":
        return name_from(words(item.object_with_args.objname))
    if kind == "range_var":
        return name_of(item.range_var)
    return Name("")


def cascades(statement: Message) -> bool:
    """Whether it says CASCADE."""
    return bool(statement.behavior == node.DROP_CASCADE)


def role_name(role: Message) -> str:
    """Give a role's name, ``public`` for PUBLIC, and CURRENT_USER and its like in lower case."""
    return _ROLES.get(role.roletype) or str(role.rolename)


def plain(value: Message) -> str:
    """Give the text of a value in a list of options, without quotes."""
    kind = value.WhichOneof("node")
    return _PLAIN[kind](getattr(value, kind)) if kind in _PLAIN else ""


def constant(value: Message) -> str:
    """Give a constant's text, without quotes; ``null`` for NULL."""
    kind = value.WhichOneof("val")
    if kind is None:
        return "null"
    return _CONSTANTS[kind](getattr(value, kind))


def truth(option: Message) -> bool:
    """Tell an option's boolean value: nothing said is true."""
    return plain(option.arg).lower() not in {"false", "off", "0", "no"}


def options(items: Iterable[Message]) -> tuple[tuple[str, str], ...]:
    """Give a list of DefElem as names, in lower case, and values."""
    return tuple((item.def_elem.defname.lower(), plain(item.def_elem.arg)) for item in items)


_CONSTANTS: dict[str, Callable[[Message], str]] = {
    "ival": lambda value: str(value.ival),
    "fval": lambda value: str(value.fval),
    "boolval": lambda value: "true" if value.boolval else "false",
    "sval": lambda value: str(value.sval),
    "bsval": lambda value: str(value.bsval),
}
_PLAIN: dict[str, Callable[[Message], str]] = {
    "a_const": constant,
    "a_star": lambda _: "*",
    "bit_string": lambda value: str(value.bsval),
    "boolean": lambda value: "true" if value.boolval else "false",
    "def_elem": lambda value: f"{value.defname} {plain(value.arg)}".strip(),
    "float": lambda value: str(value.fval),
    "integer": lambda value: str(value.ival),
    "list": lambda value: ", ".join(plain(item) for item in value.items),
    "role_spec": role_name,
    "string": lambda value: str(value.sval),
    "type_cast": lambda value: plain(value.arg),
    "type_name": lambda value: ".".join(words(value.names)),
}
_ROLES = {
    node.ROLESPEC_PUBLIC: "public",
    node.ROLESPEC_CURRENT_USER: "current_user",
    node.ROLESPEC_CURRENT_ROLE: "current_role",
    node.ROLESPEC_SESSION_USER: "session_user",
}
KINDS: dict[int, ObjectKind] = {
    node.OBJECT_AGGREGATE: ObjectKind.AGGREGATE,
    node.OBJECT_COLUMN: ObjectKind.COLUMN,
    node.OBJECT_DATABASE: ObjectKind.DATABASE,
    node.OBJECT_DOMAIN: ObjectKind.DOMAIN,
    node.OBJECT_DOMCONSTRAINT: ObjectKind.CONSTRAINT,
    node.OBJECT_EXTENSION: ObjectKind.EXTENSION,
    node.OBJECT_FOREIGN_TABLE: ObjectKind.TABLE,
    node.OBJECT_FUNCTION: ObjectKind.FUNCTION,
    node.OBJECT_INDEX: ObjectKind.INDEX,
    node.OBJECT_MATVIEW: ObjectKind.MATERIALIZED_VIEW,
    node.OBJECT_POLICY: ObjectKind.POLICY,
    node.OBJECT_PROCEDURE: ObjectKind.PROCEDURE,
    node.OBJECT_ROLE: ObjectKind.ROLE,
    node.OBJECT_ROUTINE: ObjectKind.FUNCTION,
    node.OBJECT_RULE: ObjectKind.RULE,
    node.OBJECT_SCHEMA: ObjectKind.SCHEMA,
    node.OBJECT_SEQUENCE: ObjectKind.SEQUENCE,
    node.OBJECT_TABCONSTRAINT: ObjectKind.CONSTRAINT,
    node.OBJECT_TABLE: ObjectKind.TABLE,
    node.OBJECT_TRIGGER: ObjectKind.TRIGGER,
    node.OBJECT_TYPE: ObjectKind.TYPE,
    node.OBJECT_VIEW: ObjectKind.VIEW,
}
"""pg_query's kinds of objects that have a name here; all others are ``other``."""


def kind_of(object_type: int) -> ObjectKind:
    """Give the kind of object."""
    return KINDS.get(object_type, ObjectKind.OTHER)
