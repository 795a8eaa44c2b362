"""Values and rows that glowplug.toml gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding.settings import column_of

if TYPE_CHECKING:
    from glowplug.database.rows import Rows, Value
    from glowplug.rehearsal.seeding.plan import Plan
    from glowplug.rehearsal.seeding.settings import TableSettings
    from glowplug.schema.tables import Table


def as_value(value: object, dialect: Dialect) -> Value:
    """Write a value of TOML as the server reads it: a table, or an array with tables in it, as JSON."""
    if value is None or isinstance(value, (str, bytes)):
        return value
    if isinstance(value, bool):
        return str(value).lower() if dialect is Dialect.POSTGRES else str(int(value))
    if isinstance(value, list) and dialect is Dialect.POSTGRES and not any(isinstance(each, dict) for each in value):
        return "{" + ",".join(json.dumps(each, ensure_ascii=False) for each in value) + "}"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def given_rows(settings: TableSettings, table: Table, dialect: Dialect) -> list[dict[str, Value]]:
    """Give the rows of a table as they stand in glowplug.toml, by how the table calls its columns."""
    there = [column.name for column in table.columns]
    called = {name: column_of(name, there, table.name) or name for row in settings.rows for name in row}
    return [{called[name]: as_value(value, dialect) for name, value in row.items()} for row in settings.rows]


def asked_values(rows: Rows, plan: Plan, count: int, start: int) -> Plan:
    """Ask the server for the values of columns that are given as SQL: they are values from then on."""
    columns = []
    for planned in plan.columns:
        given = planned.given
        if given is None or given.sql is None:
            columns.append(planned)
            continue
        expression = given.sql
        parts = (
            f"SELECT {number} AS number, ({expression.replace('{n}', str(number))}) AS value"
            for number in range(start, start + count)
        )
        answer = rows.query(" UNION ALL ".join(parts) + " ORDER BY 1", limit=count)
        values = tuple(row[1] for row in answer.rows)
        if answer.error is not None or not values:
            said = "it gave nothing" if answer.error is None else answer.error.message
            why = f"the sql of {planned.column.name} in glowplug.toml fails: {said}"
            return replace(plan, why=why)
        columns.append(replace(planned, given=replace(given, values=values, sql=None)))
    return replace(plan, columns=tuple(columns))
