"""What each statement of SQLite's is read as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.sql import actions as act
from glowplug.sql.parts import Column, Constraint, ConstraintKind, Expression, Identity, IndexKey, Name, Span, TypeName
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.sql.statement import Script, Statement


def script_of(text: str) -> Script:
    return read(text, Dialect.SQLITE)


def only(text: str) -> Statement:
    (statement,) = script_of(text).statements
    assert statement.unparsed is None, statement.unparsed
    assert statement.span == Span(0, len(text))
    return statement


def action_of(text: str) -> act.Action:
    (action,) = only(text).actions
    return action


def column_of(definition: str) -> Column:
    action = action_of(f"CREATE TABLE t ({definition})")
    assert isinstance(action, act.CreateTable)
    return action.columns[0]


def at(text: str, part: str) -> Span:
    return Span(text.index(part), text.index(part) + len(part))


WHOLE: list[tuple[str, type[act.Action], dict[str, object]]] = [
    ("DROP TABLE IF EXISTS main.t", act.DropTable, {"table": Name("t", "main"), "if_exists": True}),
    ("DROP TABLE [a b]", act.DropTable, {"table": Name("a b"), "if_exists": False}),
    ("DROP INDEX i", act.DropIndex, {"index": Name("i"), "if_exists": False}),
    ("DROP INDEX IF EXISTS x.i", act.DropIndex, {"index": Name("i", "x"), "if_exists": True}),
    ("DROP VIEW v", act.DropView, {"view": Name("v"), "if_exists": False}),
    ("DROP VIEW IF EXISTS v", act.DropView, {"view": Name("v"), "if_exists": True}),
    ("DROP TRIGGER IF EXISTS r", act.DropTrigger, {"trigger": "r", "if_exists": True, "table": None}),
    (
        "CREATE TEMP TABLE IF NOT EXISTS t AS SELECT a FROM u JOIN main.v",
        act.CreateTable,
        {
            "table": Name("t"),
            "temporary": True,
            "if_not_exists": True,
            "from_query": True,
            "reads": (Name("u"), Name("v", "main")),
        },
    ),
    (
        "CREATE TABLE t (a) STRICT, WITHOUT ROWID",
        act.CreateTable,
        {"options": (("strict", ""), ("without rowid", "")), "virtual": False, "temporary": False},
    ),
    (
        "CREATE VIRTUAL TABLE IF NOT EXISTS f USING FTS5(a, b, tokenize = 'x')",
        act.CreateTable,
        {"table": Name("f"), "virtual": True, "if_not_exists": True, "options": (("using", "fts5"),), "columns": ()},
    ),
    (
        "CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t (a COLLATE nocase DESC, lower(b)) WHERE c IS NOT NULL AND d > 1",
        act.CreateIndex,
        {
            "index": "i",
            "table": Name("t", "main"),
            "unique": True,
            "if_not_exists": True,
            "keys": (
                IndexKey(column="a", descending=True, collation="nocase"),
                IndexKey(expression=Expression(text="lower(b)", functions=("lower",), columns=("b",))),
            ),
            "where": Expression(text="c IS NOT NULL AND d > 1", columns=("c", "d"), not_null_columns=("c",)),
        },
    ),
    ("CREATE INDEX i ON t (a)", act.CreateIndex, {"keys": (IndexKey(column="a"),), "unique": False, "where": None}),
    (
        "CREATE TEMP VIEW IF NOT EXISTS v (x, y) AS SELECT a, b FROM t WHERE c IN (SELECT d FROM u)",
        act.CreateView,
        {
            "view": Name("v"),
            "temporary": True,
            "if_not_exists": True,
            "columns": ("x", "y"),
            "reads": (Name("t"), Name("u")),
            "reads_columns": ("a", "b", "c", "d"),
            "query": "SELECT a, b FROM t WHERE c IN (SELECT d FROM u)",
        },
    ),
    ("PRAGMA foreign_keys = OFF", act.SetVariable, {"name": "foreign_keys", "value": "OFF", "scope": "session"}),
    ("PRAGMA main.Foreign_Keys=0", act.SetVariable, {"name": "foreign_keys", "value": "0"}),
    ("PRAGMA foreign_keys('no')", act.SetVariable, {"name": "foreign_keys", "value": "no"}),
    ("PRAGMA foreign_keys = false", act.SetVariable, {"name": "foreign_keys", "value": "false"}),
    ("PRAGMA cache_size = -2000", act.SetVariable, {"name": "cache_size", "value": "-2000"}),
    ("PRAGMA foreign_key_check", act.SetVariable, {"name": "foreign_key_check", "value": None}),
    ("BEGIN", act.Transaction, {"kind": act.TransactionKind.BEGIN}),
    ("BEGIN IMMEDIATE TRANSACTION", act.Transaction, {"kind": act.TransactionKind.BEGIN}),
    ("COMMIT", act.Transaction, {"kind": act.TransactionKind.COMMIT}),
    ("END TRANSACTION", act.Transaction, {"kind": act.TransactionKind.COMMIT}),
    ("ROLLBACK", act.Transaction, {"kind": act.TransactionKind.ROLLBACK}),
    ("ROLLBACK TRANSACTION TO SAVEPOINT s", act.Transaction, {"kind": act.TransactionKind.ROLLBACK_TO}),
    ("SAVEPOINT s", act.Transaction, {"kind": act.TransactionKind.SAVEPOINT}),
    ("RELEASE SAVEPOINT s", act.Transaction, {"kind": act.TransactionKind.RELEASE}),
    ("VACUUM", act.Maintain, {"verb": "vacuum", "table": None}),
    ("VACUUM main INTO 'x'", act.Maintain, {"verb": "vacuum", "table": None}),
    ("ANALYZE", act.Maintain, {"verb": "analyze", "table": None}),
    ("ANALYZE main.t", act.Maintain, {"verb": "analyze", "table": Name("t", "main")}),
    ("REINDEX", act.Reindex, {"scope": "database", "target": None}),
    ("REINDEX t", act.Reindex, {"scope": "name", "target": Name("t")}),
    (
        "ATTACH DATABASE 'f.db' AS x",
        act.Create,
        {"kind": act.ObjectKind.DATABASE, "name": Name("x"), "details": (("file", "'f.db'"),)},
    ),
    ("DETACH x", act.Drop, {"kind": act.ObjectKind.DATABASE, "name": Name("x")}),
    ("EXPLAIN DROP TABLE t", act.Other, {"verb": "explain"}),
    ("EXPLAIN QUERY PLAN SELECT 1", act.Other, {"verb": "explain query plan"}),
    ("VALUES (1), (2)", act.Select, {"reads": (), "functions": ()}),
    (
        "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c JOIN t) SELECT max(n), date('now') FROM c, u",
        act.Select,
        {"reads": (Name("t"), Name("u")), "functions": ("max", "date")},
    ),
    ("SELECT a IS NOT DISTINCT FROM b FROM t", act.Select, {"reads": (Name("t"),)}),
    ("SELECT 1 FROM json_each('[]') AS j, t", act.Select, {"reads": (Name("t"),), "functions": ("json_each",)}),
    ("SELECT a IN u FROM t", act.Select, {"reads": (Name("u"), Name("t"))}),
    ("INSERT INTO t (a, b) VALUES (1, 2), (3, 4)", act.Insert, {"columns": ("a", "b"), "from_query": False}),
    ("INSERT INTO t DEFAULT VALUES", act.Insert, {"columns": (), "from_query": False, "select": ()}),
    ("REPLACE INTO t VALUES (1)", act.Insert, {"replace": True, "ignore": False}),
    ("INSERT OR REPLACE INTO t VALUES (1)", act.Insert, {"replace": True, "ignore": False}),
    ("INSERT OR IGNORE INTO t VALUES (1)", act.Insert, {"replace": False, "ignore": True}),
    ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", act.Insert, {"replace": False, "ignore": True}),
    (
        "INSERT INTO n (a, b, c, d) SELECT o.a, NULL, 'x' AS y, coalesce(p, 0) z FROM o WHERE 1 ON CONFLICT DO NOTHING",
        act.Insert,
        {
            "table": Name("n"),
            "columns": ("a", "b", "c", "d"),
            "from_query": True,
            "reads": (Name("o"),),
            "ignore": True,
            "select": (
                Expression(text="o.a", columns=("a",)),
                Expression(text="NULL", constant=True, null=True),
                Expression(text="'x'", constant=True),
                Expression(text="coalesce(p, 0)", functions=("coalesce",), columns=("p",)),
            ),
        },
    ),
    (
        "WITH c AS (SELECT 1 FROM k) INSERT INTO n SELECT * FROM c",
        act.Insert,
        {"table": Name("n"), "reads": (Name("k"),), "select": (Expression(text="*"),)},
    ),
    (
        "INSERT INTO n SELECT 1 FROM a UNION SELECT 2 FROM b",
        act.Insert,
        {"select": (), "reads": (Name("a"), Name("b"))},
    ),
    (
        "UPDATE OR IGNORE main.t AS x SET a = 1, (b, c) = (2, d) FROM u WHERE x.i = u.i",
        act.Update,
        {
            "table": Name("t", "main"),
            "columns": ("a", "b", "c"),
            "values": (
                Expression(text="1", constant=True),
                Expression(text="2", constant=True),
                Expression(text="d", columns=("d",)),
            ),
            "where": Expression(text="x.i = u.i", columns=("i",)),
            "tautology": False,
            "reads": (Name("u"),),
        },
    ),
    ("UPDATE t SET (a, b) = (SELECT x, y FROM u)", act.Update, {"columns": ("a", "b"), "reads": (Name("u"),)}),
    ("DELETE FROM t", act.Delete, {"table": Name("t"), "where": None, "tautology": False, "limited": False}),
    (
        "DELETE FROM t WHERE a IN (SELECT b FROM u)",
        act.Delete,
        {
            "where": Expression(text="a IN (SELECT b FROM u)", columns=("a", "b"), subquery=True),
            "tautology": False,
            "reads": (Name("u"),),
        },
    ),
]


@pytest.mark.parametrize(("text", "kind", "fields"), WHOLE)
def test_a_statement_of_one_action(text: str, kind: type[act.Action], fields: dict[str, object]) -> None:
    action = action_of(text)
    assert type(action) is kind
    assert action.span == Span(0, len(text))
    assert {field: getattr(action, field) for field in fields} == fields


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("1", True),
        ("true", True),
        ("1=1", True),
        ("('a' = 'a')", True),
        ("0", False),
        ("0.0e1", False),
        ("false", False),
        ("NULL", False),
        ("NULL = NULL", False),
        ("1 = 2", False),
        ("a = a", False),
        ("a = 1", False),
    ],
)
@pytest.mark.parametrize("statement", ["DELETE FROM t WHERE ", "UPDATE t SET a = 1 WHERE "])
def test_a_condition_that_can_only_be_true(statement: str, condition: str, *, expected: bool) -> None:
    action = action_of(statement + condition)
    assert isinstance(action, act.Delete | act.Update)
    assert action.tautology is expected


ALTERATIONS: list[tuple[str, type[act.Action], dict[str, object]]] = [
    ("RENAME TO u", act.RenameTable, {"new_name": Name("u")}),
    ("RENAME COLUMN a TO b", act.RenameColumn, {"column": "a", "new_name": "b"}),
    ("RENAME a TO 'b c'", act.RenameColumn, {"column": "a", "new_name": "b c"}),
    ("DROP COLUMN a", act.DropColumn, {"column": "a", "if_exists": False, "cascade": False}),
    ("DROP a", act.DropColumn, {"column": "a"}),
    ("ADD a", act.AddColumn, {"if_not_exists": False}),
    # What no version takes, or only newer ones:
    ("ADD COLUMN IF NOT EXISTS a int", act.AddColumn, {"if_not_exists": True}),
    ("DROP COLUMN IF EXISTS a", act.DropColumn, {"column": "a", "if_exists": True}),
    ("DROP COLUMN a CASCADE", act.DropColumn, {"column": "a", "cascade": True}),
    ("ALTER COLUMN a SET NOT NULL", act.SetNotNull, {"column": "a"}),
    ("ALTER a DROP NOT NULL", act.DropNotNull, {"column": "a"}),
    ("ALTER COLUMN a DROP DEFAULT", act.SetDefault, {"column": "a", "default": None}),
    ("ALTER COLUMN a SET DEFAULT 1", act.SetDefault, {"default": Expression(text="1", constant=True)}),
    (
        "ALTER COLUMN a TYPE VARCHAR(10) USING b || 'x'",
        act.AlterColumnType,
        {
            "column": "a",
            "type": TypeName(name="VARCHAR", modifiers=("10",)),
            "using": Expression(text="b || 'x'", columns=("b",)),
        },
    ),
    ("ALTER COLUMN a SET DATA TYPE text", act.AlterColumnType, {"type": TypeName(name="text"), "using": None}),
    ("DROP CONSTRAINT c", act.DropConstraint, {"name": "c", "if_exists": False}),
    ("RENAME CONSTRAINT c TO d", act.RenameConstraint, {"name": "c", "new_name": "d"}),
    ("MODIFY a text", act.ModifyColumn, {"column": "a"}),
    ("CHANGE COLUMN a b text", act.ModifyColumn, {"column": "a"}),
]


@pytest.mark.parametrize(("clause", "kind", "fields"), ALTERATIONS)
def test_an_alteration(clause: str, kind: type[act.Action], fields: dict[str, object]) -> None:
    text = f"ALTER TABLE t {clause}"
    action = action_of(text)
    assert type(action) is kind
    assert action.span == at(text, clause)
    assert getattr(action, "table") == Name("t")  # noqa: B009 - Action itself has none
    assert {field: getattr(action, field) for field in fields} == fields


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        ("CONSTRAINT c CHECK (a > 1)", ConstraintKind.CHECK),
        ("CHECK (a > 1)", ConstraintKind.CHECK),
        ("CONSTRAINT c UNIQUE (a)", ConstraintKind.UNIQUE),
        ("PRIMARY KEY (a)", ConstraintKind.PRIMARY_KEY),
        ("CONSTRAINT c FOREIGN KEY (a) REFERENCES u (b)", ConstraintKind.FOREIGN_KEY),
    ],
)
def test_a_constraint_that_is_added(definition: str, kind: ConstraintKind) -> None:
    text = f"ALTER TABLE t ADD {definition}"
    action = action_of(text)
    assert isinstance(action, act.AddConstraint)
    assert action.span == at(text, f"ADD {definition}")
    assert action.constraint.kind is kind
    assert action.constraint.span == at(text, definition)
    assert action.constraint.columns == ("a",)
    assert action.constraint.name == ("c" if "CONSTRAINT" in definition else None)


def test_several_clauses_are_several_actions() -> None:
    text = "ALTER TABLE main.t ADD a int, ADD COLUMN b text NOT NULL DEFAULT (max(1, 2)), DROP c"
    statement = only(text)
    assert [type(action) for action in statement.actions] == [act.AddColumn, act.AddColumn, act.DropColumn]
    assert [script_of(text).text_of(action.span) for action in statement.actions] == [
        "ADD a int",
        "ADD COLUMN b text NOT NULL DEFAULT (max(1, 2))",
        "DROP c",
    ]


@pytest.mark.parametrize(
    ("text", "at_part"),
    [
        ("ALTER TABLE t ADD a int DEFAULT (1 +)", ")"),
        ("ALTER TABLE t ADD a int, ADD b DEFAULT (1 +)", ", ADD"),
        ("ALTER TABLE t RENAME COLUMN TO b", "TO"),
        ("ALTER TABLE t FROB a", "FROB"),
        ("ALTER TABLE t ADD a int, b int", ","),
        ("ALTER TABLE t ALTER COLUMN a TYPE", "ALTER COLUMN"),
        ("ALTER TABLE t DROP COLUMN select", "select"),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTO_INCREMENT)", "AUTO_INCREMENT"),
        ("CREATE TABLE t (a int,)", ")"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "OR"),
        ("DROP TABLE a, b", ","),
        ("DELETE FROM é WHERE 'é' é", "é$"),
        ("TRUNCATE TABLE t", "TRUNCATE"),
        ("SELECT 'a", "'a"),
        ("SELECT \0", "\0"),
        ("SELECT \ud800", "\ud800"),
    ],
)
def test_what_is_refused_is_unparsed_and_hides_no_other(text: str, at_part: str) -> None:
    statement = script_of(text).statements[0]
    offset = len(text) - 1 if at_part.endswith("$") else text.index(at_part)
    assert statement.unparsed is not None
    assert statement.unparsed.offset == offset
    assert statement.unparsed.reason
    assert statement.actions == ()
    if "'a" not in text:
        before, refused, after = script_of(f"-- é\nSELECT 1; {text} ;\nDROP TABLE x").statements
        assert refused.unparsed is not None
        assert refused.unparsed.offset == offset + len("-- é\nSELECT 1; ")
        assert before.unparsed is after.unparsed is None


def test_a_column_with_everything() -> None:
    text = (
        "b DOUBLE  PRECISION(10, 2) CONSTRAINT n NOT NULL ON CONFLICT FAIL DEFAULT -1.5 CHECK (b > 1 AND c) "
        "COLLATE nocase CONSTRAINT u UNIQUE"
    )
    column = column_of(text)
    assert (column.name, column.not_null, column.collation) == ("b", True, "nocase")
    assert column.type == TypeName(name="DOUBLE PRECISION", modifiers=("10", "2"))
    assert column.default == Expression(text="-1.5", constant=True)
    assert column.span == Span(16, 16 + len(text))
    check, unique = column.constraints
    shift = len("CREATE TABLE t (")
    assert check == Constraint(
        kind=ConstraintKind.CHECK,
        span=Span(text.index("CHECK") + shift, text.index(" COLLATE") + shift),
        columns=("b",),
        expression=Expression(text="b > 1 AND c", columns=("b", "c")),
    )
    assert (unique.kind, unique.name, unique.columns) == (ConstraintKind.UNIQUE, "u", ("b",))


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ('"abc"', Expression(text='"abc"', constant=True)),
        ("'abc'", Expression(text="'abc'", constant=True)),
        ("abc", Expression(text="abc", constant=True)),
        ("NULL", Expression(text="NULL", constant=True, null=True)),
        ("true", Expression(text="true", constant=True)),
        ("(1)", Expression(text="(1)", constant=True)),
        ("(CAST(- 1 AS int))", Expression(text="(CAST(- 1 AS int))", constant=True)),
        ("(1 + 1)", Expression(text="(1 + 1)")),
        ("CURRENT_TIMESTAMP", Expression(text="CURRENT_TIMESTAMP", functions=("current_timestamp",))),
        ("(datetime('now'))", Expression(text="(datetime('now'))", functions=("datetime",))),
        ("x'00'", Expression(text="x'00'", constant=True)),
    ],
)
def test_defaults(default: str, expected: Expression) -> None:
    assert column_of(f"a text DEFAULT {default}").default == expected


def test_columns_that_fill_themselves() -> None:
    key = column_of("id INTEGER PRIMARY KEY DESC AUTOINCREMENT NOT NULL")
    assert (key.identity, key.not_null) == (Identity.AUTO_INCREMENT, True)
    assert [constraint.kind for constraint in key.constraints] == [ConstraintKind.PRIMARY_KEY]
    stored = column_of("a int GENERATED ALWAYS AS (b * 2) STORED")
    assert (stored.generated, stored.stored) == (Expression(text="b * 2", columns=("b",)), True)
    virtual = column_of("a AS (b)")
    assert (virtual.generated, virtual.stored, virtual.type) == (Expression(text="b", columns=("b",)), False, None)
    assert column_of("a UNSIGNED BIG INT AUTO_INCREMENT").type == TypeName(name="UNSIGNED BIG INT AUTO_INCREMENT")


def test_foreign_keys() -> None:
    (inline,) = column_of(
        "a CONSTRAINT f REFERENCES p (x) ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED"
    ).constraints
    assert (inline.kind, inline.name, inline.columns) == (ConstraintKind.FOREIGN_KEY, "f", ("a",))
    assert (inline.references, inline.referenced_columns) == (Name("p"), ("x",))
    assert (inline.on_delete, inline.on_update) == ("SET NULL", "CASCADE")
    assert (inline.deferrable, inline.initially_deferred) == (True, True)
    (bare,) = column_of("a REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED").constraints
    assert (bare.referenced_columns, bare.deferrable, bare.initially_deferred) == ((), False, False)


def test_constraints_of_the_table() -> None:
    action = action_of(
        "CREATE TABLE t (a, b, CONSTRAINT pk PRIMARY KEY (a, b DESC) ON CONFLICT IGNORE, UNIQUE (b COLLATE nocase) "
        "CHECK (a IS NOT NULL), FOREIGN KEY (a, b) REFERENCES p ON DELETE NO ACTION)"
    )
    assert isinstance(action, act.CreateTable)
    assert [(found.kind, found.name, found.columns, found.on_delete) for found in action.constraints] == [
        (ConstraintKind.PRIMARY_KEY, "pk", ("a", "b"), None),
        (ConstraintKind.UNIQUE, None, ("b",), None),
        (ConstraintKind.CHECK, None, ("a",), None),
        (ConstraintKind.FOREIGN_KEY, None, ("a", "b"), "NO ACTION"),
    ]
    assert [column.name for column in action.columns] == ["a", "b"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a IS NOT NULL", ("a",)),
        ("a NOTNULL AND (t.b NOT NULL AND c > 1)", ("a", "b")),
        ("a IS NOT NULL OR b IS NOT NULL", ()),
        ("NOT a IS NOT NULL", ()),
        ("a + b IS NOT NULL", ()),
        ("a BETWEEN 1 AND b IS NOT NULL", ()),
        ("(a IS NOT NULL) AND (b IS NOT NULL OR c)", ("a",)),
    ],
)
def test_what_a_condition_proves(condition: str, expected: tuple[str, ...]) -> None:
    action = action_of(f"CREATE TABLE t (x, CHECK ({condition}))")
    assert isinstance(action, act.CreateTable)
    assert action.constraints[0].expression is not None
    assert action.constraints[0].expression.not_null_columns == expected


def test_a_trigger_holds_its_statements() -> None:
    text = (
        "CREATE TRIGGER IF NOT EXISTS main.r INSTEAD OF UPDATE OF a, b ON t WHEN new.a > 1 BEGIN "
        "INSERT INTO l SELECT CASE WHEN 1 THEN 2 END; /* ; END; */ DELETE FROM u WHERE x = 'END;'; END"
    )
    first, second = script_of(f"{text};DROP TABLE t").statements
    assert first.span == Span(0, len(text))
    (action,) = first.actions
    assert isinstance(action, act.CreateTrigger)
    assert (action.trigger, action.table, action.timing) == ("r", Name("t", "main"), "instead of")
    assert (action.events, action.if_not_exists) == (("update",), True)
    insert, delete = first.routine_body
    assert insert.span == at(text, "INSERT INTO l SELECT CASE WHEN 1 THEN 2 END")
    assert isinstance(insert.actions[0], act.Insert)
    assert delete.span == at(text, "DELETE FROM u WHERE x = 'END;'")
    assert isinstance(delete.actions[0], act.Delete)
    assert isinstance(second.actions[0], act.DropTable)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; CREATE TABLE u (a)", [False, True]),
        ("CREATE TRIGGER r AFTER INSERT ON t; SELECT 1", [False, True]),
        ("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELEC 1; DELETE FROM t; END; SELECT 1", [False, True]),
        ("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; DELETE FROM t;", [False]),
        ("EXPLAIN CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; SELECT 1", [True, True]),
    ],
)
def test_an_unfinished_trigger(text: str, expected: list[bool]) -> None:
    assert [statement.unparsed is None for statement in script_of(text).statements] == expected


def test_what_lies_between_statements() -> None:
    text = "\ufeff-- one\r\n;; .5;SELECT 1 -- é ; \r\n ; /* ; */ SELECT ';' /* open"
    script = script_of(text)
    assert [script.text_of(statement.span) for statement in script.statements] == [".5", "SELECT 1", "SELECT ';'"]


def test_commands_of_the_shell() -> None:
    text = ".read x.sql \r\nSELECT 1;\n.mode csv"
    script = script_of(text)
    assert [script.text_of(statement.span) for statement in script.statements] == [
        ".read x.sql",
        "SELECT 1",
        ".mode csv",
    ]
    assert [
        action.command
        for found in script.statements
        for action in found.actions
        if isinstance(action, act.ClientCommand)
    ] == [".read", ".mode"]
