"""What keeps a table's old name alive on SQLite: a view, and triggers, without which a view can't be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.sql.parts import ConstraintKind
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.parts import Name

READ_ONLY = "the old release reads through the view; it can't write there, for SQLite's views are read-only"
WRITTEN = (
    "the old release reads through the view and writes through its triggers; INSERT … ON CONFLICT fails on a view, "
    "changes(), last_insert_rowid() and RETURNING do not tell what a trigger wrote, and NULL becomes the default "
    "where there is one"
)


def triggers(table: TableFacts, view: Name, new: Name) -> str | None:
    """Write what passes on INSERT, UPDATE and DELETE; None where the table has no key or its columns aren't known."""
    keys = [
        each.definition for each in table.constraints.values() if each.definition.kind is ConstraintKind.PRIMARY_KEY
    ]
    if not table.columns_known or not keys:
        return None
    written = [each for each in table.columns.values() if each.generated is None]
    into = ", ".join(_sql(each.name) for each in written)
    values = ", ".join(
        f"new.{_sql(each.name)}" if each.default is None else f"coalesce(new.{_sql(each.name)}, {each.default.text})"
        for each in written
    )
    changes = ", ".join(f"{_sql(each.name)} = new.{_sql(each.name)}" for each in written)
    row = " AND ".join(f"{_sql(each)} IS old.{_sql(each)}" for each in keys[0].columns)
    there = _sql(new.name)
    return "\n".join(
        _trigger(view, what, does)
        for what, does in (
            ("INSERT", f"INSERT INTO {there} ({into}) VALUES ({values})"),
            ("UPDATE", f"UPDATE {there} SET {changes} WHERE {row}"),
            ("DELETE", f"DELETE FROM {there} WHERE {row}"),
        )
    )


def _trigger(view: Name, what: str, does: str) -> str:
    name = _sql(f"{view.name}_{what.lower()}")
    schema = "" if view.schema is None else f"{_sql(view.schema)}."
    return f"CREATE TRIGGER {schema}{name} INSTEAD OF {what} ON {_sql(view.name)} BEGIN\n  {does};\nEND;"


def _sql(name: str) -> str:
    return quoted(name, Dialect.SQLITE)
