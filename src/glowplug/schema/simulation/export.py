"""The Simulation as a Schema: kinds and names as a live Snapshot has them, and the properties that both know.

Of constraints and indexes the Snapshot has a definition in the server's words, this has ``columns`` (of an index, an
expression is ``*``) and, of a foreign key, ``references``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.schema.model import Schema, SchemaObject
from glowplug.schema.simulation.dropping import type_key
from glowplug.schema.simulation.parts import own_check
from glowplug.schema.simulation.values import TableFacts, ViewFacts
from glowplug.sql.parts import ConstraintKind, Identity, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.schema.model import Key
    from glowplug.schema.simulation.state import State
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts, TypeFacts

EXPRESSION = "*"
_SEPARATOR = ", "


def schema(state: State) -> Schema:
    """Give all that is known, temporary tables left out."""
    return Schema.of(_objects(state))


def _objects(state: State) -> Iterator[SchemaObject]:
    for relation in state.relations.values():
        if isinstance(relation, TableFacts) and not relation.temporary:
            yield from _table(state, relation)
        elif isinstance(relation, ViewFacts) and relation.name.schema not in {"pg_temp", "temp"}:
            yield from _view(state, relation)
    for facts in state.types.values():
        yield _type(state, facts)


def _qualified(state: State, name: Name) -> str:
    if state.dialect is Dialect.POSTGRES:
        return f"{_part(state, name.schema or 'public')}.{_part(state, name.name)}"
    return name.name if name.schema is None else f"{name.schema}.{name.name}"


def _part(state: State, name: str) -> str:
    if state.dialect is Dialect.POSTGRES and ("." in name or '"' in name):
        return '"' + name.replace('"', '""') + '"'
    return name


def _table(state: State, table: TableFacts) -> Iterator[SchemaObject]:
    name = _qualified(state, table.name)
    key = ("table", name)
    parent = ("schema", _part(state, table.name.schema or "public")) if state.dialect is Dialect.POSTGRES else None
    yield SchemaObject(kind="table", name=name, properties={}, parent=parent)
    for position, column in enumerate(table.columns.values(), 1):
        yield SchemaObject(
            kind="column",
            name=f"{name}.{_part(state, column.name)}",
            properties={"position": str(position), **_column(state, table, column)},
            parent=key,
        )
    for at, facts in table.constraints.items():
        if _is_object(state, facts):
            yield _constraint(state, name, facts, own=at.endswith(own_check("")))
    for index in table.indexes.values():
        if _is_own(state, table, index):
            yield _index(state, name, key, index)
    for trigger in table.triggers:
        yield SchemaObject(kind="trigger", name=f"{name}.{_part(state, trigger)}", properties={}, parent=key)


def _is_object(state: State, facts: ConstraintFacts) -> bool:
    kind = facts.definition.kind
    if state.dialect is Dialect.MYSQL:
        return kind is not ConstraintKind.UNIQUE  # an index there
    return kind is not ConstraintKind.NOT_NULL  # a property of the column


def _is_own(state: State, table: TableFacts, index: IndexFacts) -> bool:
    """Whether an index is an object of its own, beside the constraint that it carries."""
    carried = None if index.constraint is None else table.constraints.get(state.fold(index.constraint))
    return carried is None or (
        state.dialect is Dialect.MYSQL and carried.definition.kind is not ConstraintKind.PRIMARY_KEY
    )


def _column(state: State, table: TableFacts, column: ColumnFacts) -> dict[str, str]:
    not_null = column.not_null or any(
        facts.definition.kind is ConstraintKind.NOT_NULL and column.name in facts.definition.columns
        for facts in table.constraints.values()
    )
    properties = {"type": _type_text(state, column), "not_null": "true" if not_null else "false"}
    if column.default is not None:
        properties["default"] = column.default.text
    elif column.identity is Identity.SERIAL:
        properties["default"] = "nextval"
    if column.generated is not None:
        properties["generated"] = f"{'stored' if column.stored else 'virtual'}: {column.generated.text}"
    if column.identity in {Identity.ALWAYS, Identity.BY_DEFAULT}:
        properties["identity"] = column.identity.value
    if column.collation is not None:
        properties["collation"] = column.collation
    return properties


def _type_text(state: State, column: ColumnFacts) -> str:
    if column.type is None:
        return ""
    if state.dialect is not Dialect.POSTGRES:
        return str(column.type) + (" unsigned" if column.type.unsigned else "")
    known = state.types.get(type_key(state, column.type))
    if known is None:
        return str(column.type)
    return _qualified(state, known.name) + "[]" * column.type.dimensions


def _constraint(state: State, table: str, facts: ConstraintFacts, *, own: bool) -> SchemaObject:
    definition = facts.definition
    properties = {"type": definition.kind.value, "validated": "true" if facts.validated else "false"}
    if definition.kind is not ConstraintKind.CHECK:
        properties["columns"] = _SEPARATOR.join(definition.columns)
    if definition.references is not None:
        properties["references"] = _qualified(state, definition.references)
    name, parent = f"{table}.{_part(state, facts.name)}", ("table", table)
    if own and state.mariadb:
        name, parent = own_check(name), ("column", name)
    return SchemaObject(kind="constraint", name=name, properties=properties, parent=parent)


def _index(state: State, table: str, parent: Key, index: IndexFacts) -> SchemaObject:
    columns = [key.column if key.column is not None else EXPRESSION for key in index.keys]
    return SchemaObject(
        kind="index",
        name=f"{table}.{_part(state, index.name)}",
        properties={
            "unique": "true" if index.unique else "false",
            "valid": "true" if index.valid else "false",
            "columns": _SEPARATOR.join(columns),
        },
        parent=parent,
    )


def _view(state: State, view: ViewFacts) -> Iterator[SchemaObject]:
    name = _qualified(state, view.name)
    kind = "materialized view" if view.materialized else "view"
    yield SchemaObject(kind=kind, name=name, properties={})
    for index in view.indexes.values():
        yield _index(state, name, (kind, name), index)
    for trigger in view.triggers:
        yield SchemaObject(kind="trigger", name=f"{name}.{_part(state, trigger)}", properties={}, parent=(kind, name))


def _type(state: State, facts: TypeFacts) -> SchemaObject:
    name = _qualified(state, facts.name)
    if facts.kind == "domain":
        properties = {"not_null": "true" if facts.not_null else "false"}
        return SchemaObject(kind="domain", name=name, properties=properties)
    properties = {"type": facts.kind}
    if facts.kind == "enum":
        properties["labels"] = ",".join("'" + value.replace("'", "''") + "'" for value in facts.values)
    return SchemaObject(kind="type", name=name, properties=properties)
