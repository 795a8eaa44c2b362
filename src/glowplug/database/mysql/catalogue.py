"""What is read of a schema: its catalogue's rows and the server's own CREATE statements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.mysql.session import StatementRefused, quote_name, quote_text, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.mysql.session import Row, Session

Record = dict[str, str | None]
Wanted = dict[str, tuple[str, tuple[str, ...], str, str]]

_COUNTER = re.compile(r"^(\) ENGINE=\S+) AUTO_INCREMENT=\d+", re.MULTILINE)
_ALGORITHM = re.compile(r"CREATE ALGORITHM=(\w+) ")
_CHARSETS = ("character_set_client", "collation_connection", "database_collation")

_DATABASE = ("default_character_set_name", "default_collation_name")
_TABLES = (
    *("table_name", "table_type", "engine", "row_format", "table_collation", "create_options", "table_comment"),
    "auto_increment",
)
_TRIGGERS = (
    *("trigger_name", "event_object_table", "action_timing", "event_manipulation", "action_order"),
    *("action_statement", "sql_mode", "definer", *_CHARSETS),
)
_VIEWS = ("table_name", "view_definition", "check_option", "definer", "security_type", *_CHARSETS[:2])
_ROUTINES = (
    *("specific_name", "routine_name", "routine_type", "dtd_identifier", "routine_definition", "is_deterministic"),
    *("sql_data_access", "security_type", "sql_mode", "routine_comment", "definer", *_CHARSETS),
    *("character_set_name", "collation_name"),
)
_PARAMETERS = (
    "specific_name",
    "routine_type",
    "ordinal_position",
    "parameter_mode",
    "parameter_name",
    "dtd_identifier",
    "character_set_name",
    "collation_name",
)
_EVENTS = (
    *("event_name", "definer", "time_zone", "event_definition", "event_type", "execute_at", "interval_value"),
    *("interval_field", "sql_mode", "starts", "ends", "status", "on_completion", "event_comment", "created"),
    *("last_altered", *_CHARSETS),
)
_COLUMNS = (
    *("table_name", "column_name", "ordinal_position", "column_type", "is_nullable", "column_default", "extra"),
    *("generation_expression", "character_set_name", "collation_name", "column_comment"),
)
_OF_ROUTINES = ("routines", "parameters")
_COLUMN_CHECKS = ("table_name", "constraint_name", "check_clause")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """One reading: records by section, and each table's and sequence's CREATE statement without its counter.

    ``counters`` are the AUTO_INCREMENT values, which are no schema.
    """

    sections: dict[str, list[Record]]
    creates: dict[str, str]
    counters: dict[str, str | None]

    @property
    def key(self) -> str:
        """What two readings of one schema have in common, and of two different ones not."""
        return repr((self.sections, self.creates))


def read_catalogue(session: Session, schema: str, *, mariadb: bool) -> Catalogue:
    """Read everything but the columns, which a CREATE statement determines."""
    views = (*_VIEWS, "algorithm") if mariadb else _VIEWS
    wanted: Wanted = {
        "database": ("schemata", _DATABASE, "schema_name", "schema_name"),
        "tables": ("tables", _TABLES, "table_schema", "table_name"),
        "triggers": ("triggers", _TRIGGERS, "trigger_schema", "trigger_name"),
        "views": ("views", views, "table_schema", "table_name"),
        "routines": ("routines", _ROUTINES, "routine_schema", "specific_name, routine_type"),
        "parameters": ("parameters", _PARAMETERS, "specific_schema", "specific_name, routine_type, ordinal_position"),
        "events": ("events", _EVENTS, "event_schema", "event_name"),
    }
    if mariadb and not _may_have_routines(session, schema):
        wanted = {name: each for name, each in wanted.items() if name not in _OF_ROUTINES}
    none: dict[str, list[Record]] = {name: [] for name in _OF_ROUTINES}
    sections = none | _read(session, schema, wanted)
    sections["tables"] = [each for each in sections["tables"] if each["table_name"] != BOOKKEEPING_TABLE]
    sections["views"] = [each for each in sections["views"] if each["table_name"] != BOOKKEEPING_TABLE]
    for view in sections["views"]:  # the server writes the schema's own name before every table
        view["view_definition"] = (view["view_definition"] or "").replace(f"{quote_name(schema)}.", "")
        if not mariadb:  # whose catalogue tells it
            view["algorithm"] = algorithm_of(session, schema, str(view["table_name"]))
    counters = {str(each["table_name"]): each.pop("auto_increment") for each in sections["tables"]}
    kinds = {str(each["table_name"]): each["table_type"] for each in sections["tables"] if each["table_type"] != "VIEW"}
    statements = [f"SHOW CREATE DATABASE {quote_name(schema)}"]
    statements += (
        f"SHOW CREATE {'SEQUENCE' if kind == 'SEQUENCE' else 'TABLE'} {quote_name(schema)}.{quote_name(name)}"
        for name, kind in kinds.items()
    )
    database, *answers = session.rows(";".join(statements))
    for each in sections["database"]:  # MariaDB's alone has a comment
        each["comment"] = (text_of(database[0][1]) or "").partition("*/ COMMENT ")[2]
    creates = {
        name: _COUNTER.sub(r"\1", text_of(rows[0][1]) or "", count=1) for name, rows in zip(kinds, answers, strict=True)
    }
    return Catalogue(sections=sections, creates=creates, counters=counters)


def read_columns(session: Session, schema: str, *, mariadb: bool) -> tuple[list[Record], list[Record]]:
    """Read all columns in order, and the CHECKs that belong to a column (MariaDB alone tells them apart)."""
    wanted: Wanted = {"columns": ("columns", _COLUMNS, "table_schema", "table_name, ordinal_position")}
    if mariadb:
        order = "table_name, constraint_name"
        wanted["checks"] = ("check_constraints", _COLUMN_CHECKS, "level = 'Column' AND constraint_schema", order)
    sections = _read(session, schema, wanted)
    columns = [each for each in sections["columns"] if each["table_name"] != BOOKKEEPING_TABLE]
    return columns, sections.get("checks", [])


def algorithm_of(session: Session, schema: str, view: str) -> str | None:
    """Read a view's ALGORITHM from its CREATE statement; None where the server does not show that."""
    try:
        answer = session.rows(f"SHOW CREATE VIEW {quote_name(schema)}.{quote_name(view)}")
    except StatementRefused:
        return None
    found = _ALGORITHM.match(text_of(answer[0][0][1]) or "")
    return found.group(1) if found else None


def _may_have_routines(session: Session, schema: str) -> bool:
    """Whether there may be any: MariaDB takes longer to list none than to read all the rest."""
    try:
        return bool(session.rows(f"SELECT 1 FROM mysql.proc WHERE db = {quote_text(schema)} LIMIT 1")[0])
    except StatementRefused:  # a lent server's account need not see that table
        return True


def _read(
    session: Session,
    schema: str,
    wanted: Wanted,
) -> dict[str, list[Record]]:
    statements = (
        f"SELECT {', '.join(columns)} FROM information_schema.{table}"
        f" WHERE {condition} = {quote_text(schema)} ORDER BY {order}"
        for table, columns, condition, order in wanted.values()
    )
    answers = session.rows(";".join(statements))
    return {
        name: [_record(columns, row) for row in rows]
        for (name, (_, columns, _, _)), rows in zip(wanted.items(), answers, strict=True)
    }


def _record(columns: Sequence[str], row: Row) -> Record:
    return dict(zip(columns, map(text_of, row), strict=True))
