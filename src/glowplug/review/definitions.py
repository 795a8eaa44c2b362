"""PostgreSQL's constraints and indexes as SQL again, from what the chain says of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.review.wording import sql
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ConstraintFacts, IndexFacts, TableFacts
    from glowplug.sql.parts import Constraint, Expression, IndexKey

_KEYS = {ConstraintKind.PRIMARY_KEY: "PRIMARY KEY", ConstraintKind.UNIQUE: "UNIQUE"}


def constraint(context: Context, table: TableFacts, facts: ConstraintFacts) -> str | None:
    """Write what stands behind ADD CONSTRAINT and its name; None where not all of it is known."""
    definition = facts.definition
    match definition.kind:
        case ConstraintKind.FOREIGN_KEY:
            body = _foreign_key(context, definition)
        case ConstraintKind.CHECK:
            body = _check(definition)
        case ConstraintKind.PRIMARY_KEY | ConstraintKind.UNIQUE:
            body = _key(context, definition, table.indexes.get(facts.name))
        case _:
            body = None
    if body is None:
        return None
    when = " DEFERRABLE" if definition.deferrable else ""
    when += " INITIALLY DEFERRED" if definition.initially_deferred else ""
    proven = "" if facts.validated else " NOT VALID" if definition.enforced else " NOT ENFORCED"
    return f"{body}{when}{proven}"


def index(context: Context, facts: IndexFacts, *, concurrently: bool = False) -> str | None:
    """Write the statement that makes an index, without ``;``; None where not all of it is known."""
    keys = [_index_key(context, key) for key in facts.keys]
    where = None if facts.where is None else _as_written(facts.where)
    if None in keys or (facts.where is not None and where is None):
        return None
    unique = "UNIQUE " if facts.unique else ""
    how = "CONCURRENTLY " if concurrently else ""
    method = f" USING {facts.method}" if facts.method not in {None, "btree"} else ""
    include = f" INCLUDE ({_listed(context, facts.include)})" if facts.include else ""
    return (
        f"CREATE {unique}INDEX {how}{sql(context, facts.name)} ON {sql(context, facts.table)}{method} "
        f"({', '.join(filter(None, keys))}){include}" + ("" if where is None else f" WHERE {where}")
    )


def _foreign_key(context: Context, definition: Constraint) -> str | None:
    if definition.references is None or not definition.columns:
        return None
    if not set(definition.on_delete_columns) <= set(definition.columns):
        return None
    referenced = f" ({_listed(context, definition.referenced_columns)})" if definition.referenced_columns else ""
    some = f" ({_listed(context, definition.on_delete_columns)})" if definition.on_delete_columns else ""
    said = [f"FOREIGN KEY ({_listed(context, definition.columns)})"]
    said.append(f"REFERENCES {sql(context, definition.references)}{referenced}")
    said += ["MATCH FULL"] * definition.match_full
    said += [f"ON UPDATE {definition.on_update}"] if definition.on_update else []
    said += [f"ON DELETE {definition.on_delete}{some}"] if definition.on_delete else []
    return " ".join(said)


def _check(definition: Constraint) -> str | None:
    text = None if definition.expression is None else _as_written(definition.expression)
    return None if text is None else f"CHECK ({text})" + (" NO INHERIT" if definition.no_inherit else "")


def _key(context: Context, definition: Constraint, carrier: IndexFacts | None) -> str | None:
    columns: Iterable[str | None] = definition.columns
    if definition.using_index is not None:
        columns = () if carrier is None else [key.column for key in carrier.keys]
    known = [column for column in columns if column is not None]
    if not known or len(known) != len(list(columns)):
        return None
    distinct = " NULLS NOT DISTINCT" if definition.nulls_not_distinct else ""
    include = f" INCLUDE ({_listed(context, definition.include)})" if definition.include else ""
    return f"{_KEYS[definition.kind]}{distinct} ({_listed(context, known)}){include}"


def _index_key(context: Context, key: IndexKey) -> str | None:
    if key.expression is not None:
        text = _as_written(key.expression)
        its = None if text is None else f"({text})"
    else:
        its = None if key.column is None else sql(context, key.column)
    if its is None:
        return None
    return " ".join((its, *_order(key)))


def _order(key: IndexKey) -> Iterator[str]:
    if key.collation:
        yield f'COLLATE "{key.collation}"'
    if key.operator_class:
        yield key.operator_class
    if key.descending:
        yield "DESC"
    if key.nulls:
        yield f"NULLS {key.nulls}"


def _as_written(expression: Expression) -> str | None:
    """Give its text; None where a column that it names was renamed since it was written."""
    text = expression.text.casefold()
    named = all(re.search(rf"(?<!\w){re.escape(column.casefold())}(?!\w)", text) for column in expression.columns)
    return expression.text if named else None


def _listed(context: Context, columns: Iterable[str]) -> str:
    return ", ".join(sql(context, column) for column in columns)
