"""INSERT, UPDATE, DELETE and queries."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from glowplug.sql.actions import Delete, Insert, Select, Update
from glowplug.sql.reader.sqlite.expressions import expression_of, is_tautology, output_of
from glowplug.sql.reader.sqlite.facts import facts_of
from glowplug.sql.sqlite_cursor import split_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Expression, Name
    from glowplug.sql.reader.sqlite.source import Source
    from glowplug.sql.sqlite import Token

_QUERIES = frozenset({"SELECT", "VALUES", "WITH"})


def rows(source: Source) -> Action:
    """Read a statement that begins with WITH, SELECT, VALUES, INSERT, REPLACE, UPDATE or DELETE."""
    ctes = source.until({"SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"})
    match source.word:
        case "INSERT" | "REPLACE":
            return _insert(source, ctes)
        case "UPDATE":
            return _update(source)
        case "DELETE":
            return _delete(source, ctes)
        case _:
            facts = facts_of(source.found)
            return Select(span=source.span, reads=facts.reads, functions=facts.functions)


def _conflict(source: Source) -> str:
    return source.take().word if source.accept("OR") else ""


def _insert(source: Source, ctes: Sequence[Token]) -> Insert:
    replace = source.accept("REPLACE")
    conflict = "" if replace or not source.accept("INSERT") else _conflict(source)
    source.expect("INTO")
    table = source.qualified()
    if source.accept("AS"):
        source.name()
    columns = source.names() if source.text == "(" else ()
    query = source.found[source.position :]
    upsert = _upsert_at(query)
    from_query = source.word in {"SELECT", "WITH"}
    nothing = any(token.word == "NOTHING" for token in query[upsert:])
    return Insert(
        span=source.span,
        table=table,
        columns=columns,
        from_query=from_query,
        reads=facts_of([*ctes, *query]).reads,
        select=output_of(query[:upsert], source.sql) if from_query else (),
        replace=replace or conflict == "REPLACE",
        ignore=conflict == "IGNORE" or nothing,
    )


def _upsert_at(query: Sequence[Token]) -> int:
    """Where ON CONFLICT begins; the end where there is none."""
    pairs = itertools.pairwise(query)
    return next((at for at, (one, two) in enumerate(pairs) if one.word == "ON" and two.word == "CONFLICT"), len(query))


def _update(source: Source) -> Update:
    source.expect("UPDATE")
    _conflict(source)
    table = _target(source)
    source.expect("SET")
    columns: list[str] = []
    values: list[Expression] = []
    for assignment in split_list(source.until({"FROM", "WHERE", "RETURNING", "ORDER", "LIMIT"})):
        _assign(assignment, source.sql, columns, values)
    where, tautology, limited = _condition(source)
    return Update(
        span=source.span,
        table=table,
        columns=tuple(columns),
        values=tuple(values),
        where=where,
        tautology=tautology,
        reads=facts_of(source.found).reads,
        limited=limited,
    )


def _assign(found: Sequence[Token], sql: str, columns: list[str], values: list[Expression]) -> None:
    equals = next((at for at, token in enumerate(found) if token.text == "="), len(found))
    value = found[equals + 1 :]
    targets = [token.name for token in found[:equals] if token.kind in {"word", "name", "string"}]
    columns += targets
    if len(targets) > 1 and len(value) > 1 and value[0].text == "(" and value[1].word not in _QUERIES:
        parts = split_list(value[1:-1])
        if len(parts) == len(targets) and all(parts):
            values += [expression_of(part, sql) for part in parts]
            return
    values += [expression_of(value, sql)] * len(targets)


def _delete(source: Source, ctes: Sequence[Token]) -> Delete:
    source.expect("DELETE", "FROM")
    table = _target(source)
    reads = facts_of([*ctes, *source.found[source.position :]]).reads
    where, tautology, limited = _condition(source)
    return Delete(span=source.span, table=table, where=where, tautology=tautology, reads=reads, limited=limited)


def _target(source: Source) -> Name:
    table = source.qualified()
    if source.accept("AS"):
        source.name()
    if source.accept("INDEXED", "BY"):
        source.name()
    else:
        source.accept("NOT", "INDEXED")
    return table


def _condition(source: Source) -> tuple[Expression | None, bool, bool]:
    """Take the rest: the WHERE, whether it is always true, and whether there is a LIMIT."""
    source.until({"WHERE", "RETURNING", "ORDER", "LIMIT"})
    where, tautology = None, False
    if source.accept("WHERE"):
        found = source.until({"RETURNING", "ORDER", "LIMIT"})
        where, tautology = expression_of(found, source.sql), is_tautology(found)
    source.until({"LIMIT"})
    return where, tautology, source.word == "LIMIT"
