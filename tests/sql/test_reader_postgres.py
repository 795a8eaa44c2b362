"""What each of PostgreSQL's statements is read as: the cases stand in test_reader_postgres_actions.txt."""

from __future__ import annotations

import enum
import importlib
from pathlib import Path

import msgspec
import pytest

from glowplug.dialect import Dialect
from glowplug.sql import actions
from glowplug.sql.parts import Expression, Name, Span, TypeName
from glowplug.sql.reader import read

CASES = Path(__file__).with_name("test_reader_postgres_actions.txt")
OF_OTHERS = {"ModifyColumn", "Action", "ClientCommand", "Block"}
"""Actions of other dialects, or tested with bodies and files."""


def cases() -> list[tuple[str, list[str]]]:
    """Give each statement with the lines of its Actions."""
    blocks = [block.splitlines() for block in CASES.read_text(encoding="utf-8").strip().split("\n\n")]
    return [(lines[0], [line.strip() for line in lines[1:]]) for lines in blocks]


def shown(value: object) -> str:
    """Write a value of the vocabulary in short: without spans, and without what is as it is by default."""
    if isinstance(value, Expression):
        said = [
            f"{name}={shown(getattr(value, name))}"
            for name in value.__struct_fields__
            if name != "text" and getattr(value, name)
        ]
        return f"`{value.text}`" + (f"({', '.join(said)})" if said else "")
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, msgspec.Struct) and not isinstance(value, (Name, TypeName)):
        defaults = dict(zip(reversed(value.__struct_fields__), reversed(value.__struct_defaults__), strict=False))
        said = [
            f"{name}={shown(getattr(value, name))}"
            for name in value.__struct_fields__
            if name != "span" and (name not in defaults or getattr(value, name) != defaults[name])
        ]
        return f"{type(value).__name__}({', '.join(said)})"
    return str(value)


@pytest.mark.parametrize(("sql", "expected"), cases(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_statement_gives_its_actions(sql: str, expected: list[str]) -> None:
    before = "SELECT 'é'; /* ü; */ "
    script = read(f"{before}{sql} ; -- ö\n", Dialect.POSTGRES)
    (_, statement) = script.statements
    assert statement.unparsed is None
    end = len(before) + len(sql.removesuffix(" -- two,"))
    assert statement.span == Span(len(before), end)
    lines = []
    for action in statement.actions:
        clause = "" if action.span == statement.span else f"  @ {script.text_of(action.span)}"
        lines.append(shown(action) + clause)
    assert lines == expected


def test_every_action_has_a_case() -> None:
    tested = {line.partition("(")[0] for _, lines in cases() for line in lines}
    assert set(actions.__all__) - OF_OTHERS - tested == {"ObjectKind", "TableChange", "TransactionKind"}


def test_every_statement_of_the_grammar_is_read_or_known_to_do_nothing() -> None:
    node = importlib.import_module("postgast.pg_query_pb2")
    statements = importlib.import_module("glowplug.sql.reader.postgres.statements")
    routines = importlib.import_module("glowplug.sql.reader.postgres.routines")
    kinds = {field.name for field in node.Node.DESCRIPTOR.fields if field.name.endswith("_stmt")}
    harmless = {
        *("alter_collation_stmt", "alter_database_refresh_coll_stmt", "alter_event_trig_stmt", "alter_fdw_stmt"),
        *("alter_foreign_server_stmt", "alter_object_depends_stmt", "alter_op_family_stmt", "alter_operator_stmt"),
        *("alter_table_move_all_stmt", "alter_table_space_options_stmt", "alter_tsconfiguration_stmt"),
        *("alter_tsdictionary_stmt", "alter_user_mapping_stmt", "check_point_stmt", "close_portal_stmt"),
        *("constraints_set_stmt", "create_cast_stmt", "create_transform_stmt", "create_user_mapping_stmt"),
        *("deallocate_stmt", "declare_cursor_stmt", "discard_stmt", "drop_user_mapping_stmt", "fetch_stmt"),
        *("import_foreign_schema_stmt", "listen_stmt", "load_stmt", "notify_stmt", "sec_label_stmt"),
        *("unlisten_stmt", "variable_show_stmt"),
    }
    parts = {"raw_stmt", "replica_identity_stmt", "return_stmt", "plassign_stmt", "set_operation_stmt"}
    read_kinds = set(statements._READERS) | set(routines.READERS)  # noqa: SLF001 - the table is what is tested
    assert kinds - read_kinds - parts == harmless


def test_spans_of_columns_and_constraints() -> None:
    sql = (
        "CREATE TABLE t (é int /* , */ NOT NULL -- x\n, "
        "a text DEFAULT (f(1, 2)) CONSTRAINT c CHECK (a <> '),') REFERENCES p, "
        "CONSTRAINT u UNIQUE (a, é) ) WITH (x = 1)"
    )
    script = read(sql, Dialect.POSTGRES)
    (table,) = script.statements[0].actions
    assert isinstance(table, actions.CreateTable)
    assert [script.text_of(column.span) for column in table.columns] == [
        "é int /* , */ NOT NULL",
        "a text DEFAULT (f(1, 2)) CONSTRAINT c CHECK (a <> '),') REFERENCES p",
    ]
    assert [script.text_of(constraint.span) for constraint in table.columns[1].constraints] == [
        "CONSTRAINT c CHECK (a <> '),')",
        "REFERENCES p",
    ]
    assert [script.text_of(constraint.span) for constraint in table.constraints] == ["CONSTRAINT u UNIQUE (a, é)"]
    assert str(table.columns[1].default and table.columns[1].default.text) == "(f(1, 2))"


@pytest.mark.parametrize(
    ("end", "kept"),
    [
        ("", ""),
        ("\n", ""),
        (" -- a;b", ""),
        (" /* a */ /* b /* c */ */", ""),
        ("-- a\n-- b\n\n", ""),
        (" + '--'", " + '--'"),
        (" + '/* */'", " + '/* */'"),
        ("\n-- a\n+ 1", "\n-- a\n+ 1"),
        ("\u00a0", "\u00a0"),
    ],
)
@pytest.mark.parametrize("terminator", ["", ";", " ;;\n"])
def test_a_statement_ends_with_its_last_token(end: str, kept: str, terminator: str) -> None:
    if terminator and end == " -- a;b":
        end += "\n"
    script = read(f"SELECT 1 AS a{end}{terminator}", Dialect.POSTGRES)
    (statement,) = script.statements
    assert script.text_of(statement.span) == f"SELECT 1 AS a{kept}"
