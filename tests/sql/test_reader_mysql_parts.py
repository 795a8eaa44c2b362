"""What is in MySQL's statements: columns, constraints, expressions, and the bodies of routines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.sql.actions import (
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Dynamic,
    Insert,
    Other,
    SetVariable,
    Transaction,
    Truncate,
)
from glowplug.sql.parts import ConstraintKind, Identity, Name
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.sql.statement import Statement


def only(text: str) -> Statement:
    (statement,) = read(text, Dialect.MYSQL).statements
    assert statement.unparsed is None, statement.unparsed
    return statement


def created(columns: str) -> CreateTable:
    (made,) = only(f"CREATE TABLE t ({columns})").actions
    assert isinstance(made, CreateTable)
    return made


def test_a_column_with_everything() -> None:
    columns = created(
        "id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'it''s', "
        "e ENUM('a','b''c') CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'a', "
        "c DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE NOW(6), "
        "g INT GENERATED ALWAYS AS (id * 2) STORED, "
        "r INT NULL UNIQUE REFERENCES p (x) ON DELETE CASCADE ON UPDATE NO ACTION, "
        "k INT DEFAULT (1 + 2) CHECK (k > 0), s SERIAL"
    ).columns
    named = {column.name: column for column in columns}
    first = named["id"]
    assert first.type is not None
    assert (first.type.name, first.type.modifiers, first.type.unsigned) == ("bigint", ("20",), True)
    assert (first.not_null, first.identity, first.comment) == (True, Identity.AUTO_INCREMENT, "it's")
    assert first.constraints[0].kind is ConstraintKind.PRIMARY_KEY
    second = named["e"].type
    assert second is not None
    assert (second.modifiers, second.charset, second.collation) == (("a", "b'c"), "latin1", "latin1_bin")
    third = named["c"]
    assert third.default is not None
    assert third.on_update is not None
    assert (third.default.functions, third.on_update.text) == (("current_timestamp",), "NOW(6)")
    fourth = named["g"]
    assert fourth.generated is not None
    assert (fourth.generated.columns, fourth.stored) == (("id",), True)
    unique, reference = named["r"].constraints
    assert (unique.kind, unique.columns) == (ConstraintKind.UNIQUE, ("r",))
    assert (reference.references, reference.on_delete, reference.on_update) == (Name("p"), "CASCADE", "NO ACTION")
    fifth = named["k"]
    assert fifth.default is not None
    assert (fifth.default.text, fifth.default.constant) == ("(1 + 2)", False)
    assert fifth.constraints[0].kind is ConstraintKind.CHECK
    assert named["s"].identity is Identity.AUTO_INCREMENT
    assert named["s"].not_null


def test_what_stands_beside_the_columns() -> None:
    made = created(
        "a INT, PRIMARY KEY (a, b(3)), UNIQUE KEY u (a), KEY k (b DESC), FULLTEXT f (c),"
        " CONSTRAINT x FOREIGN KEY i (a) REFERENCES d.p (y, z), CONSTRAINT y CHECK (a IS NOT NULL AND b > 1)"
    )
    assert [(each.index, each.unique, each.method) for each in made.indexes] == [
        ("u", True, None),
        ("k", False, None),
        ("f", False, "fulltext"),
    ]
    primary, foreign, check = made.constraints
    assert primary.columns == ("a", "b")
    assert (foreign.name, foreign.references, foreign.referenced_columns) == ("x", Name("p", "d"), ("y", "z"))
    assert check.expression is not None
    assert (check.columns, check.expression.not_null_columns) == (("a", "b"), ("a",))


@pytest.mark.parametrize(
    ("text", "constant", "null"),
    [
        ("1", True, False),
        ("-1.5", True, False),
        ("'a' 'b'", True, False),
        ("(NULL)", True, True),
        ("_utf8mb4'x'", True, False),
        ("(CAST('1' AS UNSIGNED))", True, False),
        ("(1 + 1)", False, False),
        ("uuid()", False, False),
        ("CURRENT_TIMESTAMP", False, False),
    ],
)
def test_a_default_is_constant_or_not(text: str, constant: bool, null: bool) -> None:
    default = created(f"a INT DEFAULT {text}").columns[0].default
    assert default is not None
    assert (default.text, default.constant, default.null) == (text, constant, null)


@pytest.mark.parametrize(
    ("where", "tautology"),
    [
        ("1", True),
        ("(1) = (1)", True),
        ("TRUE", True),
        ("'a' = 'a'", True),
        ("a = 1 OR 1", True),
        ("1 AND a = 1", False),
        ("0", False),
        ("NULL = NULL", False),
        ("a = a", False),
        ("a BETWEEN 1 AND 1", False),
        ("1 = 2", False),
    ],
)
def test_a_tautology_is_told(where: str, tautology: bool) -> None:
    (deleted,) = only(f"DELETE FROM t WHERE {where}").actions
    assert isinstance(deleted, Delete)
    assert deleted.tautology is tautology


def test_a_routine_is_read_to_its_statements() -> None:
    statement = only(
        "CREATE PROCEDURE p(x INT) BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK; SET x = 1; SET @y = 2;"
        " l: LOOP TRUNCATE t; LEAVE l; END LOOP l; IF x THEN DROP TABLE u; ELSE BEGIN EXECUTE s; END; END IF; END"
    )
    assert [(type(each.actions[0]), each.conditional) for each in statement.routine_body] == [
        (Transaction, True),
        (Other, False),
        (SetVariable, False),
        (Truncate, False),
        (DropTable, True),
        (Dynamic, True),
    ]
    assert statement.body == ()
    block = only("IF @x THEN ALTER TABLE t DROP a; END IF")
    assert [(type(each.actions[0]), each.conditional) for each in block.body] == [(DropColumn, True)]


def test_what_a_body_says_wrongly_is_unparsed_there() -> None:
    text = "CREATE PROCEDURE p() BEGIN FOO BAR; TRUNCATE t; END"
    script = read(text, Dialect.MYSQL)
    bad, good = script.statements[0].routine_body
    assert bad.unparsed is not None
    assert (script.text_of(bad.span), bad.unparsed.offset) == ("FOO BAR", text.index("FOO"))
    assert isinstance(good.actions[0], Truncate)


def test_an_insert_from_a_plain_select_gives_its_outputs() -> None:
    (inserted,) = only("INSERT INTO t (a, b, c) SELECT *, x.y + 1 AS z, NULL FROM x").actions
    assert isinstance(inserted, Insert)
    assert [each.text for each in inserted.select] == ["*", "x.y + 1", "NULL"]
    (united,) = only("INSERT INTO t (a) SELECT 1 UNION SELECT 2").actions
    assert isinstance(united, Insert)
    assert united.select == ()


def test_a_where_proves_what_holds_no_null() -> None:
    for text, proven in (
        ("a IS NOT NULL", ("a",)),
        ("(a IS NOT NULL) AND `b``c` IS NOT NULL AND d > 1", ("a", "b`c")),
        ("a IS NOT NULL OR b IS NOT NULL", ()),
        ("NOT a IS NOT NULL", ()),
        ("a + b IS NOT NULL", ()),
        ("a BETWEEN 1 AND 2 AND t.b IS NOT NULL", ("b",)),
    ):
        (deleted,) = only(f"DELETE FROM t WHERE {text}").actions
        assert isinstance(deleted, Delete)
        assert deleted.where is not None
        assert deleted.where.not_null_columns == proven, text
