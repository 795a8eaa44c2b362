"""Tables and indexes made, and CREATE TABLE AS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Create, CreateIndex, CreateTable, CreateView, Dynamic, ObjectKind
from glowplug.sql.reader.postgres.columns import column_of, constraint_of, index_keys
from glowplug.sql.reader.postgres.expressions import expression_of
from glowplug.sql.reader.postgres.facts import facts
from glowplug.sql.reader.postgres.tree import name_of, node, options, words
from glowplug.sql.reader.postgres.types import type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_STRATEGIES = {
    node.PARTITION_STRATEGY_HASH: "hash",
    node.PARTITION_STRATEGY_LIST: "list",
    node.PARTITION_STRATEGY_RANGE: "range",
}


_INCLUDED = (
    *("comments", "compression", "constraints", "defaults", "generated"),
    *("identity", "indexes", "statistics", "storage"),
)
"""What LIKE … INCLUDING names, by its bit (src/include/nodes/parsenodes.h)."""


def create_table(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE TABLE in all its forms but AS."""
    relation = statement.relation
    elements = [(item.WhichOneof("node"), item) for item in statement.table_elts]
    parents = tuple(name_of(parent.range_var) for parent in statement.inh_relations)
    partition = statement.HasField("partbound")
    yield CreateTable(
        span=here.span,
        table=name_of(relation),
        columns=tuple(column_of(item.column_def, here) for kind, item in elements if kind == "column_def"),
        constraints=tuple(constraint_of(item.constraint, here) for kind, item in elements if kind == "constraint"),
        if_not_exists=statement.if_not_exists,
        temporary=is_temporary(relation),
        unlogged=relation.relpersistence == "u",
        like=next((name_of(item.table_like_clause.relation) for kind, item in elements if "like" in str(kind)), None),
        inherits=() if partition else parents,
        partition_of=parents[0] if partition and parents else None,
        default_partition=statement.partbound.is_default,
        partition_by=_partition_by(statement.partspec) if statement.HasField("partspec") else None,
        options=(*options(statement.options), *_copied(statement)),
    )


def _copied(statement: Message) -> Iterator[tuple[str, str]]:
    """Say what a table takes over: of a type's columns, and what of a LIKE clause's table beside the columns."""
    if statement.HasField("of_typename"):
        yield "of", str(type_of(statement.of_typename))
    for item in statement.table_elts:
        if item.WhichOneof("node") == "table_like_clause":
            said = item.table_like_clause.options
            words_said = [word for bit, word in enumerate(_INCLUDED) if said & 1 << bit]
            yield "including", "all" if len(words_said) == len(_INCLUDED) else ", ".join(words_said)


def create_foreign_table(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE FOREIGN TABLE: no rows of its own, so no table here."""
    base = statement.base_stmt
    yield Create(
        span=here.span,
        kind=ObjectKind.TABLE,
        name=name_of(base.relation),
        if_not_exists=base.if_not_exists,
        details=(("foreign", statement.servername),),
    )


def create_table_as(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    if statement.query.WhichOneof("node") == "execute_stmt":
        yield Dynamic(span=here.span, what="execute")
    if statement.objtype == node.OBJECT_MATVIEW:
        yield view(statement.into.rel, statement.query, here, materialized=True, if_not_exists=statement.if_not_exists)
        return
    yield table_from_query(statement.into, statement.query, here, if_not_exists=statement.if_not_exists)


def table_from_query(into: Message, query: Message, here: Here, *, if_not_exists: bool = False) -> CreateTable:
    """Read a table that is made from a query's rows."""
    return CreateTable(
        span=here.span,
        table=name_of(into.rel),
        if_not_exists=if_not_exists,
        temporary=is_temporary(into.rel),
        unlogged=into.rel.relpersistence == "u",
        from_query=not into.skip_data,
        reads=tuple(facts(query).reads),
        options=options(into.options),
    )


def create_view(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE VIEW."""
    yield view(
        statement.view,
        statement.query,
        here,
        or_replace=statement.replace,
        columns=words(statement.aliases),
        settings=options(statement.options),
    )


def view(
    relation: Message,
    query: Message,
    here: Here,
    *,
    materialized: bool = False,
    or_replace: bool = False,
    if_not_exists: bool = False,
    columns: tuple[str, ...] = (),
    settings: tuple[tuple[str, str], ...] = (),
) -> CreateView:
    """Read a view of either kind."""
    found = facts(query)
    written = here.find(("as",), here.index(relation.location)) + 1
    return CreateView(
        span=here.span,
        view=name_of(relation),
        materialized=materialized,
        or_replace=or_replace,
        if_not_exists=if_not_exists,
        temporary=is_temporary(relation),
        reads=tuple(found.reads),
        reads_columns=tuple(found.columns),
        columns=columns,
        query=here.text_of(written, len(here.tokens)),
        options=settings,
    )


def create_index(statement: Message, here: Here) -> Iterator[Action]:
    """Read CREATE INDEX."""
    start = here.after_name(here.index(statement.relation.location))
    opening = here.find_opening(start)
    where = None
    if statement.HasField("where_clause"):
        word = here.find(("where",), opening)
        where = expression_of(statement.where_clause, here, word + 1, len(here.tokens))
    yield CreateIndex(
        span=here.span,
        index=statement.idxname or None,
        table=name_of(statement.relation),
        keys=index_keys(statement.index_params, here, opening),
        unique=statement.unique,
        method=statement.access_method or None,
        concurrently=statement.concurrent,
        if_not_exists=statement.if_not_exists,
        only=not statement.relation.inh,
        where=where,
        include=tuple(item.index_elem.name for item in statement.index_including_params),
        nulls_not_distinct=statement.nulls_not_distinct,
    )


def is_temporary(relation: Message) -> bool:
    """Whether a relation lives no longer than the session."""
    return bool(relation.relpersistence == "t" or relation.schemaname == "pg_temp")


def _partition_by(spec: Message) -> str:
    parameters = (item.partition_elem for item in spec.part_params)
    keys = ", ".join(parameter.name or "(expression)" for parameter in parameters)
    return f"{_STRATEGIES.get(spec.strategy, '')} ({keys})".strip()
