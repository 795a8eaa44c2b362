"""Columns and constraints as they are defined."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Any

import msgspec

from glowplug.sql.parts import Column, Constraint, ConstraintKind, Identity, IndexKey
from glowplug.sql.reader.postgres.expressions import expression_of
from glowplug.sql.reader.postgres.facts import facts
from glowplug.sql.reader.postgres.tree import name_of, node, words
from glowplug.sql.reader.postgres.types import column_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.sql.parts import Expression
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_KINDS = {
    node.CONSTR_CHECK: ConstraintKind.CHECK,
    node.CONSTR_EXCLUSION: ConstraintKind.EXCLUDE,
    node.CONSTR_FOREIGN: ConstraintKind.FOREIGN_KEY,
    node.CONSTR_NOTNULL: ConstraintKind.NOT_NULL,
    node.CONSTR_PRIMARY: ConstraintKind.PRIMARY_KEY,
    node.CONSTR_UNIQUE: ConstraintKind.UNIQUE,
}
_ATTRIBUTES: dict[int, dict[str, Any]] = {
    node.CONSTR_ATTR_DEFERRABLE: {"deferrable": True},
    node.CONSTR_ATTR_DEFERRED: {"deferrable": True, "initially_deferred": True},
    node.CONSTR_ATTR_IMMEDIATE: {"initially_deferred": False},
    node.CONSTR_ATTR_ENFORCED: {"enforced": True},
    node.CONSTR_ATTR_NOT_DEFERRABLE: {"deferrable": False},
    node.CONSTR_ATTR_NOT_ENFORCED: {"enforced": False},
}
"""What follows an inline constraint and belongs to it, but is a node of its own in the tree."""

_FOREIGN_KEY_ACTIONS = {"c": "CASCADE", "d": "SET DEFAULT", "n": "SET NULL", "r": "RESTRICT"}
"""NO ACTION is missing: the tree does not tell it from nothing said."""

_NULLS = {node.SORTBY_NULLS_FIRST: "FIRST", node.SORTBY_NULLS_LAST: "LAST"}


def column_of(definition: Message, here: Here, after: int | None = None) -> Column:
    """Read a column's definition; it ends before token ``after``, or where its item of the list ends."""
    first = here.index(definition.location)
    end = here.end_of_item(first) if after is None else after
    read, identity = column_type(definition.type_name) if definition.HasField("type_name") else (None, None)
    said = [item.constraint for item in definition.constraints]
    starts = [here.index(constraint.location) for constraint in said]
    edges = [*starts, end]
    collation = None
    if definition.HasField("coll_clause"):
        collation = ".".join(words(definition.coll_clause.collname))
        edges.append(here.index(definition.coll_clause.location))
    edges.sort()
    fields: dict[str, Any] = {"type": read, "identity": identity, "collation": collation}
    inline: list[Constraint] = []
    for constraint, start in zip(said, starts, strict=True):
        stop = edges[min(bisect.bisect_right(edges, start), len(edges) - 1)]
        kind = constraint.contype
        if kind == node.CONSTR_NOTNULL:
            fields["not_null"] = True
        elif kind == node.CONSTR_DEFAULT:
            word = here.find(("default",), start, stop)
            fields["default"] = expression_of(constraint.raw_expr, here, word + 1, stop)
        elif kind == node.CONSTR_IDENTITY:
            fields["identity"] = identity_of(constraint.generated_when)
        elif kind == node.CONSTR_GENERATED:
            fields["generated"] = _in_brackets(constraint.raw_expr, here, start, stop)
            fields["stored"] = constraint.generated_kind == "s"
        elif kind in _KINDS:
            inline.append(constraint_of(constraint, here, (start, stop), column=definition.colname))
        elif kind in _ATTRIBUTES and inline:
            inline[-1] = msgspec.structs.replace(inline[-1], **_ATTRIBUTES[kind])
    return Column(name=definition.colname, span=here.span_of(first, end), constraints=tuple(inline), **fields)


def identity_of(generated_when: str) -> Identity:
    """Read GENERATED ALWAYS or BY DEFAULT."""
    return Identity.ALWAYS if generated_when == "a" else Identity.BY_DEFAULT


def constraint_of(
    constraint: Message, here: Here, tokens: tuple[int, int] | None = None, *, column: str | None = None
) -> Constraint:
    """Read a constraint; ``column`` is the one that it is written on, ``tokens`` where it is written."""
    start = here.index(constraint.location)
    first, after = tokens or (start, here.end_of_item(start))
    kind = _KINDS[constraint.contype]
    fields: dict[str, Any] = {}
    columns = (column,) if column is not None else words(constraint.keys)
    if kind is ConstraintKind.FOREIGN_KEY:
        columns = words(constraint.fk_attrs) or columns
        fields = {
            "references": name_of(constraint.pktable),
            "referenced_columns": words(constraint.pk_attrs),
            "on_delete": _FOREIGN_KEY_ACTIONS.get(constraint.fk_del_action),
            "on_update": _FOREIGN_KEY_ACTIONS.get(constraint.fk_upd_action),
            "on_delete_columns": words(constraint.fk_del_set_cols),
            "match_full": constraint.fk_matchtype == "f",
            "enforced": constraint.is_enforced,
        }
    elif kind is ConstraintKind.CHECK:
        checked = _in_brackets(constraint.raw_expr, here, first, after)
        columns = columns or checked.columns
        fields = {"expression": checked, "enforced": constraint.is_enforced}
    elif kind is ConstraintKind.EXCLUDE:
        columns = tuple(dict.fromkeys(_excluded(item.list.items[0].index_elem for item in constraint.exclusions)))
    elif constraint.indexname:
        fields = {"using_index": constraint.indexname}
    return Constraint(
        kind=kind,
        span=here.span_of(first, after),
        name=constraint.conname or None,
        columns=columns,
        deferrable=constraint.deferrable,
        initially_deferred=constraint.initdeferred,
        validated=not constraint.skip_validation,
        no_inherit=constraint.is_no_inherit,
        nulls_not_distinct=constraint.nulls_not_distinct,
        include=words(constraint.including),
        **fields,
    )


def _excluded(keys: Iterable[Message]) -> Iterable[str]:
    for key in keys:
        yield from [key.name] if key.name else facts(key.expr).columns


def _in_brackets(tree: Message, here: Here, start: int, stop: int) -> Expression:
    """Read the expression in the first brackets of a clause."""
    return expression_of(tree, here, *here.inside(here.find_opening(start, stop - 1)))


def index_keys(parameters: Iterable[Message], here: Here, opening: int) -> tuple[IndexKey, ...]:
    """Read an index's keys, in the brackets that open at token ``opening``."""
    keys = [parameter.index_elem for parameter in parameters]
    written = here.items(*here.inside(opening))
    if len(written) != len(keys):
        written = [(opening, opening)] * len(keys)
    return tuple(_key(key, here, *tokens) for key, tokens in zip(keys, written, strict=True))


def _key(key: Message, here: Here, first: int, after: int) -> IndexKey:
    computed = None
    if not key.name:
        if first < after and here.tokens[first].value == "(":
            first, after = here.inside(first)
        else:
            after = min(here.inside(here.find_opening(first, after - 1))[1] + 1, after)
        computed = expression_of(key.expr, here, first, after)
    return IndexKey(
        column=key.name or None,
        expression=computed,
        descending=key.ordering == node.SORTBY_DESC,
        operator_class=".".join(words(key.opclass)) or None,
        collation=".".join(words(key.collation)) or None,
        nulls=_NULLS.get(key.nulls_ordering),
    )
