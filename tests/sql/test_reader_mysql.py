"""What MySQL's statements are read as."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from glowplug.dialect import Dialect
from glowplug.sql import actions
from glowplug.sql.actions import (
    Action,
    AddColumn,
    AddConstraint,
    Alter,
    AlterColumnSetting,
    AlterConstraint,
    AlterTableSetting,
    AttachPartition,
    Block,
    ClientCommand,
    Copy,
    Create,
    CreateIndex,
    CreateRoutine,
    CreateSequence,
    CreateTable,
    CreateTrigger,
    CreateView,
    Delete,
    DetachPartition,
    Drop,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    DropTrigger,
    DropView,
    Dynamic,
    Grant,
    Insert,
    LockTable,
    Maintain,
    ModifyColumn,
    ObjectKind,
    Other,
    RenameColumn,
    RenameIndex,
    RenameTable,
    Select,
    SetDefault,
    SetVariable,
    TableChange,
    Transaction,
    TransactionKind,
    Truncate,
    Update,
)
from glowplug.sql.parts import IndexKey, Name, Span
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.sql.statement import Statement

T = Name("t")
NOT_MYSQL = {
    *("AddEnumValue", "AlterColumnType", "AlterDomain", "AlterType", "Comment", "CreateType", "DropNotNull"),
    *("RefreshView", "Reindex", "Rename", "RenameConstraint", "RenameEnumValue", "SetNotNull", "SetSchema"),
    *("SwitchTrigger", "ValidateConstraint"),
}

CASES: list[tuple[str, list[tuple[type[Action], dict[str, Any]]]]] = [
    ("CREATE TABLE IF NOT EXISTS d.t (a INT)", [(CreateTable, {"table": Name("t", "d"), "if_not_exists": True})]),
    ("CREATE OR REPLACE TEMPORARY TABLE t LIKE u", [(CreateTable, {"like": Name("u"), "temporary": True})]),
    (
        "CREATE TABLE t (a INT) ENGINE=InnoDB DEFAULT CHARSET=UTF8MB4 COLLATE x COMMENT='It' ROW_FORMAT=DYNAMIC",
        [
            (
                CreateTable,
                {
                    "options": (
                        ("engine", "innodb"),
                        ("charset", "utf8mb4"),
                        ("collate", "x"),
                        ("comment", "It"),
                        ("row_format", "dynamic"),
                    )
                },
            )
        ],
    ),
    ("CREATE TABLE t (a INT) PARTITION BY HASH (a)", [(CreateTable, {"partition_by": "HASH (a)"})]),
    ("CREATE TABLE t AS SELECT * FROM u", [(CreateTable, {"from_query": True, "reads": (Name("u"),)})]),
    ("DROP TABLE IF EXISTS t, u", [(DropTable, {"table": T, "if_exists": True}), (DropTable, {"table": Name("u")})]),
    (
        "RENAME TABLE t TO u, v TO d.w",
        [
            (RenameTable, {"table": T, "new_name": Name("u")}),
            (RenameTable, {"table": Name("v"), "new_name": Name("w", "d")}),
        ],
    ),
    ("ALTER TABLE t RENAME TO u", [(RenameTable, {"table": T, "new_name": Name("u")})]),
    ("TRUNCATE t", [(Truncate, {"table": T})]),
    (
        "ALTER TABLE t ADD a INT FIRST, ADD COLUMN IF NOT EXISTS (b INT, c INT), ADD d INT AFTER a",
        [
            (AddColumn, {"table": T, "position": "FIRST"}),
            (AddColumn, {"if_not_exists": True}),
            (AddColumn, {"if_not_exists": True, "position": None}),
            (AddColumn, {"position": "AFTER a"}),
        ],
    ),
    (
        "ALTER TABLE t DROP a, DROP COLUMN IF EXISTS b",
        [(DropColumn, {"column": "a"}), (DropColumn, {"if_exists": True})],
    ),
    ("ALTER TABLE t MODIFY a TEXT AFTER b", [(ModifyColumn, {"column": "a", "position": "AFTER b"})]),
    ("ALTER TABLE t CHANGE COLUMN a b TEXT", [(ModifyColumn, {"column": "a"})]),
    ("ALTER TABLE t ALTER a SET DEFAULT 1", [(SetDefault, {"column": "a"})]),
    ("ALTER TABLE t ALTER COLUMN a DROP DEFAULT", [(SetDefault, {"column": "a", "default": None})]),
    ("ALTER TABLE t ALTER a SET INVISIBLE", [(AlterColumnSetting, {"column": "a", "what": "visibility"})]),
    ("ALTER TABLE t RENAME COLUMN a TO b", [(RenameColumn, {"column": "a", "new_name": "b"})]),
    ("ALTER TABLE t RENAME KEY a TO b", [(RenameIndex, {"index": Name("a"), "new_name": "b", "table": T})]),
    (
        "ALTER TABLE t ADD KEY i (a, b(3) DESC), ADD CONSTRAINT u UNIQUE (a), ADD FULLTEXT (b), ADD KEY USING HASH (d)",
        [
            (
                CreateIndex,
                {
                    "index": "i",
                    "keys": (IndexKey(column="a"), IndexKey(column="b", length=3, descending=True)),
                    "unique": False,
                },
            ),
            (CreateIndex, {"index": "u", "unique": True}),
            (CreateIndex, {"index": None, "method": "fulltext"}),
            (CreateIndex, {"method": "hash"}),
        ],
    ),
    ("CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)", [(CreateIndex, {"unique": True, "if_not_exists": True})]),
    ("DROP INDEX i ON t", [(DropIndex, {"index": Name("i"), "table": T})]),
    ("ALTER TABLE t DROP KEY IF EXISTS i", [(DropIndex, {"index": Name("i"), "table": T, "if_exists": True})]),
    (
        "ALTER TABLE t ADD PRIMARY KEY (a), ADD CHECK (a > 0), ADD FOREIGN KEY IF NOT EXISTS f (a) REFERENCES u (b)",
        [(AddConstraint, {"table": T}), (AddConstraint, {}), (AddConstraint, {"if_not_exists": True})],
    ),
    (
        "ALTER TABLE t DROP PRIMARY KEY, DROP FOREIGN KEY f, DROP CONSTRAINT IF EXISTS c, DROP CHECK k",
        [
            (DropConstraint, {"name": None, "kind": "primary key"}),
            (DropConstraint, {"name": "f", "kind": "foreign key"}),
            (DropConstraint, {"name": "c", "kind": None, "if_exists": True}),
            (DropConstraint, {"name": "k", "kind": "check"}),
        ],
    ),
    ("ALTER TABLE t ALTER CHECK c NOT ENFORCED", [(AlterConstraint, {"name": "c", "what": "not enforced"})]),
    *[
        (f"ALTER TABLE t {clause}", [(AlterTableSetting, {"table": T, "change": change, "value": value})])
        for clause, change, value in (
            ("CONVERT TO CHARACTER SET utf8mb4", TableChange.CHARACTER_SET, "utf8mb4"),
            ("DEFAULT CHARACTER SET = latin1", TableChange.DEFAULT_CHARACTER_SET, "latin1"),
            ("ENGINE = MyISAM", TableChange.ENGINE, "myisam"),
            ("AUTO_INCREMENT 5", TableChange.AUTO_INCREMENT, "5"),
            ("COMMENT 'X'", TableChange.COMMENT, "X"),
            ("FORCE", TableChange.FORCE, None),
            ("ORDER BY a DESC, b", TableChange.ORDER_BY, "a DESC, b"),
            ("DROP PARTITION p, q", TableChange.DROP_PARTITION, "p, q"),
            ("TRUNCATE PARTITION ALL", TableChange.TRUNCATE_PARTITION, "ALL"),
            ("PARTITION BY HASH (a)", TableChange.PARTITIONING, "HASH (a)"),
            ("REMOVE PARTITIONING", TableChange.PARTITIONING, "REMOVE PARTITIONING"),
            ("ROW_FORMAT = COMPRESSED", TableChange.OTHER, "row_format=compressed"),
            ("ADD SYSTEM VERSIONING", TableChange.OTHER, "system versioning"),
        )
    ],
    ("ALTER TABLE t CONVERT PARTITION p TO TABLE u", [(DetachPartition, {"partition": Name("u")})]),
    ("ALTER TABLE t CONVERT TABLE u TO PARTITION p", [(AttachPartition, {"partition": Name("u")})]),
    (
        "CREATE OR REPLACE DEFINER=`a`@`b` VIEW v (x) AS SELECT a FROM t JOIN d.u",
        [
            (
                CreateView,
                {
                    "view": Name("v"),
                    "or_replace": True,
                    "definer": "`a`@`b`",
                    "columns": ("x",),
                    "reads": (T, Name("u", "d")),
                    "reads_columns": ("a",),
                    "query": "SELECT a FROM t JOIN d.u",
                },
            )
        ],
    ),
    ("ALTER VIEW v AS SELECT 1", [(CreateView, {"view": Name("v"), "or_replace": True})]),
    ("DROP VIEW v, w", [(DropView, {"view": Name("v")}), (DropView, {"view": Name("w")})]),
    (
        "CREATE DEFINER=root@localhost TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
        [(CreateTrigger, {"trigger": "g", "table": T, "timing": "before", "events": ("insert",)})],
    ),
    ("DROP TRIGGER IF EXISTS g", [(DropTrigger, {"trigger": "g", "if_exists": True})]),
    (
        "CREATE DEFINER=x FUNCTION f(a INT) RETURNS INT DETERMINISTIC SQL SECURITY INVOKER RETURN a",
        [(CreateRoutine, {"kind": ObjectKind.FUNCTION, "volatility": "immutable", "security_definer": False})],
    ),
    ("CREATE PROCEDURE p() SELECT 1", [(CreateRoutine, {"kind": ObjectKind.PROCEDURE, "security_definer": True})]),
    ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", [(Create, {"kind": ObjectKind.EVENT})]),
    ("CREATE USER u IDENTIFIED BY 'x'", [(Create, {"kind": ObjectKind.ROLE, "details": (("password", "said"),)})]),
    ("CREATE SEQUENCE s", [(CreateSequence, {"sequence": Name("s")})]),
    ("ALTER DATABASE d CHARACTER SET latin1", [(Alter, {"kind": ObjectKind.DATABASE, "name": Name("d")})]),
    ("DROP PROCEDURE IF EXISTS p", [(Drop, {"kind": ObjectKind.PROCEDURE, "if_exists": True})]),
    (
        "GRANT SELECT, INSERT (a) ON d.* TO 'u'@'%'",
        [(Grant, {"privileges": ("select", "insert"), "names": (Name("*", "d"),), "grantees": ("'u'@'%'",)})],
    ),
    ("REVOKE ALL PRIVILEGES ON t FROM u", [(Grant, {"privileges": ("all",), "revoke": True})]),
    (
        "INSERT IGNORE INTO t (a, b) SELECT a + 1, c FROM u ON DUPLICATE KEY UPDATE a = 2",
        [(Insert, {"columns": ("a", "b"), "from_query": True, "reads": (Name("u"),), "ignore": True})],
    ),
    ("REPLACE t VALUES (1, 'x')", [(Insert, {"table": T, "replace": True, "from_query": False})]),
    ("INSERT INTO t SET a = 1", [(Insert, {"columns": ("a",)})]),
    ("UPDATE t SET a = 1, b = c WHERE 1 = 1 LIMIT 3", [(Update, {"columns": ("a", "b"), "tautology": True})]),
    ("UPDATE t JOIN u ON t.i = u.i SET t.a = u.a LIMIT 1", [(Update, {"reads": (Name("u"),), "limited": True})]),
    ("DELETE FROM t WHERE a > 1", [(Delete, {"table": T, "tautology": False, "limited": False})]),
    (
        "DELETE x, u FROM t AS x JOIN u JOIN v WHERE TRUE",
        [(Delete, {"table": T, "reads": (Name("v"),), "tautology": True}), (Delete, {"table": Name("u")})],
    ),
    ("SELECT MAX(a), NOW() FROM t", [(Select, {"reads": (T,), "functions": ("max", "now")})]),
    ("WITH c AS (SELECT * FROM t) SELECT * FROM c", [(Select, {"reads": (T,)})]),
    ("SELECT 1 INTO OUTFILE 'x'", [(Select, {}), (Copy, {"file": True, "from_": False})]),
    ("LOAD DATA INFILE 'x' INTO TABLE t", [(Copy, {"table": T, "file": True, "from_": True})]),
    (
        "SET @a = 1, GLOBAL b = ON, @@session.c = 'x', d = DEFAULT",
        [
            (SetVariable, {"name": "@a", "value": "1", "scope": "session"}),
            (SetVariable, {"name": "b", "value": "ON", "scope": "global"}),
            (SetVariable, {"name": "c", "value": "x", "scope": "session"}),
            (SetVariable, {"name": "d", "value": None}),
        ],
    ),
    ("SET NAMES utf8mb4", [(SetVariable, {"name": "names", "value": "utf8mb4"})]),
    ("SET STATEMENT lock_wait_timeout = 5 FOR TRUNCATE t", [(SetVariable, {"value": "5"}), (Truncate, {})]),
    ("USE d", [(SetVariable, {"name": "use", "value": "d"})]),
    *[
        (text, [(Transaction, {"kind": kind})])
        for text, kind in (
            ("BEGIN", TransactionKind.BEGIN),
            ("START TRANSACTION", TransactionKind.BEGIN),
            ("COMMIT", TransactionKind.COMMIT),
            ("ROLLBACK", TransactionKind.ROLLBACK),
            ("ROLLBACK TO x", TransactionKind.ROLLBACK_TO),
            ("SAVEPOINT x", TransactionKind.SAVEPOINT),
            ("RELEASE SAVEPOINT x", TransactionKind.RELEASE),
        )
    ],
    ("LOCK TABLES t WRITE, u AS x READ", [(LockTable, {"mode": "WRITE"}), (LockTable, {"mode": "READ"})]),
    ("OPTIMIZE TABLE t, u", [(Maintain, {"verb": "optimize", "table": T}), (Maintain, {"table": Name("u")})]),
    ("CALL p(1)", [(Dynamic, {"what": "call p"})]),
    ("PREPARE s FROM @x", [(Dynamic, {"what": "prepare"})]),
    ("EXECUTE IMMEDIATE 'x'", [(Dynamic, {"what": "execute immediate"})]),
    ("BEGIN NOT ATOMIC TRUNCATE t; END", [(Block, {"language": "sql"})]),
    ("UNLOCK TABLES", [(Other, {"verb": "unlock tables"})]),
    ("DELIMITER //", [(ClientCommand, {"command": "delimiter"})]),
    ("source x.sql", [(ClientCommand, {"command": "source"})]),
    ("/*!40101 TRUNCATE t */", [(Truncate, {"table": T})]),
    ("/*M!100100 TRUNCATE t */", [(Truncate, {"table": T})]),
]


def only(text: str) -> Statement:
    (statement,) = read(text, Dialect.MYSQL).statements
    assert statement.unparsed is None, statement.unparsed
    return statement


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_a_statement_is_read(text: str, expected: list[tuple[type[Action], dict[str, Any]]]) -> None:
    found = only(text).actions
    assert [type(each) for each in found] == [kind for kind, _ in expected]
    for action, (_, fields) in zip(found, expected, strict=True):
        assert {name: getattr(action, name) for name in fields} == fields


def test_every_action_of_mysql_has_a_case() -> None:
    everything = {
        name
        for name in actions.__all__
        if inspect.isclass(each := getattr(actions, name)) and issubclass(each, Action) and each is not Action
    }
    covered = {kind.__name__ for _, expected in CASES for kind, _ in expected}
    assert everything - NOT_MYSQL == covered


def test_algorithm_and_lock_belong_to_the_statement() -> None:
    for text in (
        "ALTER TABLE t ADD a INT, ALGORITHM=INPLACE, LOCK=none",
        "ALTER TABLE t ALGORITHM INPLACE, LOCK NONE, ADD a INT",
        "CREATE INDEX i ON t (a) LOCK = NONE ALGORITHM = INPLACE",
    ):
        statement = only(text)
        assert (statement.algorithm, statement.lock, len(statement.actions)) == ("INPLACE", "NONE", 1)


def test_spans_are_of_clauses_columns_and_statements() -> None:
    text = "-- é\n  ALTER TABLE t /* x */ ADD COLUMN é INT -- y\n , DROP b /* z */ ;\nTRUNCATE t"
    script = read(text, Dialect.MYSQL)
    first, second = script.statements
    assert script.text_of(first.span) == text[text.index("ALTER") : text.index(" /* z")]
    assert [script.text_of(each.span) for each in first.actions] == ["ADD COLUMN é INT", "DROP b"]
    added = first.actions[0]
    assert isinstance(added, AddColumn)
    assert script.text_of(added.column.span) == "é INT"
    assert second.span == Span(text.index("TRUNCATE"), len(text))
    assert second.actions[0].span == second.span


def test_delimiter_is_the_clients_and_splits_as_the_client_would() -> None:
    trigger = "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; END"
    text = f"DELIMITER //\n{trigger}//\nTRUNCATE t;\n//\nDELIMITER ;\nDROP TABLE t;"
    script = read(text, Dialect.MYSQL)
    assert [type(each.actions[0]) for each in script.statements] == [
        ClientCommand,
        CreateTrigger,
        Truncate,
        ClientCommand,
        DropTable,
    ]
    assert script.text_of(script.statements[2].span) == "TRUNCATE t"


def test_a_column_may_be_called_begin_or_end() -> None:
    text = "CREATE TABLE event (begin DATETIME, end DATETIME); ALTER TABLE t ADD begin INT; TRUNCATE t"
    assert len(read(text, Dialect.MYSQL).statements) == 3


def test_what_is_not_understood_says_why_and_where() -> None:
    text = "TRUNCATE t; ALTER TABLE t ADD COLUMN; TRUNCATE t"
    _, bad, _ = read(text, Dialect.MYSQL).statements
    assert bad.actions == ()
    assert bad.unparsed is not None
    assert (bad.unparsed.reason, bad.unparsed.offset) == ("the statement ends too early", text.index(";", 12))


def test_a_semicolon_with_no_statement_before_it_is_what_the_server_refuses() -> None:
    script = read("TRUNCATE t; /* x */ ; ; TRUNCATE t;; -- y", Dialect.MYSQL)
    assert [(script.text_of(each.span), each.unparsed is not None) for each in script.statements] == [
        ("TRUNCATE t", False),
        ("; ;", True),
        ("TRUNCATE t", False),
    ]
