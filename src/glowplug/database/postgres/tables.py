"""Read tables as rows see them: what must be true of a row for PostgreSQL to take it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from glowplug.database.postgres.table_catalogue import answers, question
from glowplug.database.postgres.types import Types
from glowplug.database.postgres.within import unreadable, within
from glowplug.schema.tables import Action, Check, Column, Exclusion, ForeignKey, Table, Unique, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glowplug.database.postgres.session import Session
    from glowplug.database.postgres.table_catalogue import (
        Answers,
        CheckRow,
        ColumnRow,
        ExclusionRow,
        ForeignKeyRow,
        TableRow,
        UniqueRow,
    )

    Row = TypeVar("Row", CheckRow, ColumnRow, ExclusionRow, ForeignKeyRow, UniqueRow)

MOST_ROWS = 1000
"""Rows are counted so far."""

_PLANNED_SOON = "SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashjoin = off"
"""What is joined has an index for that: with no other way to weigh, all takes nine tenths of the time."""

_ACTIONS = {
    "a": Action.NO_ACTION,
    "r": Action.RESTRICT,
    "c": Action.CASCADE,
    "n": Action.SET_NULL,
    "d": Action.SET_DEFAULT,
}
_ALWAYS = "a"
_NEXT = "nextval("
_VALUE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\bVALUE\b""")


def read_tables(session: Session, unchanged: Mapping[str, Table]) -> tuple[Table, ...]:
    """Read every table of the user's, as it is inside whatever transaction is open.

    Left out are the bookkeeping table, temporary and foreign tables, and what an extension owns. A table that this
    role may not write to is there: it is refused when it is tried. ``rows`` is 0 where it may not read. Those that are
    ``unchanged``, by name, are only looked for.

    Raises:
        LostConnection: the server is gone.
        EnvironmentFailure: the catalogues could not be read.
    """
    reply = within(session, f"{_PLANNED_SOON};{question(session.server_version, tuple(unchanged))}")
    if not reply.ok:
        raise unreadable(reply)
    found = answers(reply.results[0])
    return _tables(found, _count(session, found.tables, unchanged), unchanged)


def _tables(found: Answers, counts: Mapping[str, int], unchanged: Mapping[str, Table]) -> tuple[Table, ...]:
    types = Types(found.types)
    columns, checks = _by_table(found.columns), _by_table(found.checks)
    uniques, keys = _by_table(found.uniques), _by_table(found.foreign_keys)
    exclusions = _by_table(found.exclusions)
    names = {row.oid: row.name for row in found.tables}
    return tuple(
        unchanged.get(row.name)
        or Table(
            name=row.name,
            sql=row.sql,
            columns=tuple(_column(one, types) for one in columns[row.oid]),
            checks=(*map(_check, checks[row.oid]), *_checks_of_domains(columns[row.oid], types)),
            uniques=tuple(map(_unique, uniques[row.oid])),
            foreign_keys=tuple(_key(one, names) for one in keys[row.oid]),
            exclusions=tuple(map(_exclusion, exclusions[row.oid])),
            partitioned=row.partitioned,
            partition_key=row.partition_key,
            partition_of=names.get(row.parents[0]) if row.partition and row.parents else None,
            bound=row.bound,
            inherits=() if row.partition else tuple(names[one] for one in row.parents if one in names),
            triggers=tuple(row.triggers),
            rows=counts[row.oid],
        )
        for row in found.tables
    )


def _by_table(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.relation].append(row)
    return grouped


def _column(row: ColumnRow, types: Types) -> Column:
    domains = types.domains(row.type)
    inherited = next((one.default for one in domains if one.default is not None), None)
    default = inherited if row.default is None else row.default
    resolved = types.resolve(row.type, row.modifier, row.type_name)
    if row.generated or row.identity == _ALWAYS:
        written = Written.SERVER
    elif default is not None or row.identity:
        written = Written.SERVER_IF_LEFT_OUT
    else:
        written = Written.ALWAYS_US
    return Column(
        name=row.name,
        type=replace(resolved, folds=True) if row.folds else resolved,
        nullable=not row.not_null and not any(one.not_null for one in domains),
        default=default,
        written=written,
        numbered=bool(row.identity) or (default or "").startswith(_NEXT),
    )


def _check(row: CheckRow) -> Check:
    return Check(name=row.name, expression=row.expression, columns=tuple(row.columns))


def _checks_of_domains(columns: Iterable[ColumnRow], types: Types) -> Iterable[Check]:
    for column in columns:
        for check in types.checks(column.type):
            expression = _with_column(check.expression, column.quoted)
            yield Check(name=check.name, expression=expression, columns=(column.name,))


def _with_column(expression: str, column: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        return column if found[0] == "VALUE" else found[0]

    return _VALUE.sub(replaced, expression)


def _unique(row: UniqueRow) -> Unique:
    return Unique(
        name=row.name,
        columns=tuple(row.columns),
        expressions=tuple(row.expressions),
        predicate=row.predicate,
        primary=row.primary,
        nulls_distinct=row.nulls_distinct,
    )


def _key(row: ForeignKeyRow, names: Mapping[str, str]) -> ForeignKey:
    return ForeignKey(
        name=row.name,
        columns=tuple(row.columns),
        table=names.get(row.referenced_relation, row.referenced_name),
        referenced=tuple(row.referenced),
        on_delete=_ACTIONS[row.on_delete],
        on_update=_ACTIONS[row.on_update],
        deferrable=row.deferrable,
        match_full=row.match_full,
        enforced=row.enforced,
    )


def _exclusion(row: ExclusionRow) -> Exclusion:
    return Exclusion(
        name=row.name, parts=tuple(zip(row.columns, row.operators, strict=True)), definition=row.definition
    )


def _count(session: Session, tables: Sequence[TableRow], unchanged: Mapping[str, Table]) -> dict[str, int]:
    """Count the rows of those that have a file with something in it; a partitioned table has its partitions'."""
    readable = [
        row for row in tables if row.readable and not row.partitioned and not row.empty and row.name not in unchanged
    ]
    counts = {row.oid: unchanged[row.name].rows if row.name in unchanged else 0 for row in tables}
    if readable:
        each = ", ".join(
            f"(SELECT count(*) FROM (SELECT FROM ONLY {row.sql} LIMIT {MOST_ROWS}) one)" for row in readable
        )
        reply = within(session, f"SELECT ARRAY[{each}]::text")
        if not reply.ok:
            raise unreadable(reply)
        text = (reply.results[0].get_value(0, 0) or b"").decode()
        counts.update(zip((row.oid for row in readable), map(int, text[1:-1].split(",")), strict=True))
    partitions: defaultdict[str, list[str]] = defaultdict(list)
    for row in tables:
        if row.partition and row.parents:
            partitions[row.parents[0]].append(row.oid)

    def total(oid: str) -> int:
        return min(MOST_ROWS, counts[oid] + sum(map(total, partitions[oid])))

    return {row.oid: total(row.oid) for row in tables}
