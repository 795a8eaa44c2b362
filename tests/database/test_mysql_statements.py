"""Where the statements of a MySQL batch begin and end, and what they may leave behind."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.sql.mysql import Leaves, failed_statement, leaves_in_session, place_of_error, statements

BODY = "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW {}"


def split(text: str) -> list[str]:
    return [text[each.head : each.end].strip() for each in statements(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (" ; \n;", []),
        ("a; b;", ["a", "b"]),
        ("a;;b", ["a", "", "b"]),
        ('a \';\' "; \\" ;" `;` -- ;\n# ;\n/* ; */ b; c', None),
        ("SELECT 'it''s; so'; b", ["SELECT 'it''s; so'", "b"]),
        (r"SELECT '\'; x'; b", [r"SELECT '\'; x'", "b"]),
        ("a --b; c", ["a --b", "c"]),
        ("-- x;\na", ["a"]),
        ("a; -- x", ["a", "-- x"]),
        ("/*!50000 a */; b", ["/*!50000 a */", "b"]),
        ("SELECT CASE 1 WHEN 1 THEN 2 END; b", ["SELECT CASE 1 WHEN 1 THEN 2 END", "b"]),
        ("BEGIN; a; COMMIT", ["BEGIN", "a", "COMMIT"]),
        ("SELECT IF(1, 2, 3); b", ["SELECT IF(1, 2, 3)", "b"]),
        ("CREATE TABLE IF NOT EXISTS a (i INT); b", ["CREATE TABLE IF NOT EXISTS a (i INT)", "b"]),
        ("CREATE TABLE event (begin DATE, end DATE); b", ["CREATE TABLE event (begin DATE, end DATE)", "b"]),
        ("ALTER TABLE a ADD begin DATE; b", ["ALTER TABLE a ADD begin DATE", "b"]),
        (
            "BEGIN NOT ATOMIC IF NOT EXISTS (SELECT 1) THEN a; END IF; END; b",
            ["BEGIN NOT ATOMIC IF NOT EXISTS (SELECT 1) THEN a; END IF; END", "b"],
        ),
    ],
)
def test_a_batch_is_split(text: str, parts: list[str] | None) -> None:
    found = split(text)
    if parts is None:
        assert (len(found), found[-1]) == (2, "c")
    else:
        assert found == parts


@pytest.mark.parametrize(
    "body",
    [
        "SET NEW.i = 1",
        "BEGIN SET NEW.i = 1; SET NEW.j = 2; END",
        "IF NEW.i > 1 THEN SET NEW.i = 1; ELSEIF NEW.i < 0 THEN SET NEW.i = 0; ELSE SET NEW.i = 2; END IF",
        "IF (NEW.i) > 1 THEN SET NEW.i = IF(NEW.i > 2, 2, 1); END IF",
        "BEGIN IF a THEN BEGIN x; END; END IF; CASE b WHEN 1 THEN x; ELSE y; END CASE; END",
        "BEGIN SET a = CASE WHEN b THEN IF(1, 2, 3) ELSE IF(4, 5, 6) END; x; END",
        "BEGIN l: LOOP x; LEAVE l; END LOOP l; WHILE a DO x; END WHILE; REPEAT x; UNTIL a END REPEAT; END",
        "BEGIN SET a = REPEAT('x', 3); x; END",
        "BEGIN DECLARE c CURSOR FOR SELECT 1; DECLARE CONTINUE HANDLER FOR NOT FOUND SET d = 1; x; END",
        "BEGIN FOR r IN (SELECT 1) DO x; END FOR; END",
        "WHILE a DO x; END WHILE",
        "IF (SELECT 1 FROM a, b) THEN x; END IF",
        "FOR i IN 1..3 DO x; END FOR",
        "BEGIN INSERT INTO a (begin, end) VALUES (NEW.begin, NEW.end); x; END",
    ],
)
def test_a_body_is_one_statement(body: str) -> None:
    for text in (
        BODY.format(body),
        f"CREATE PROCEDURE p() {body}",
        f"CREATE DEFINER = `a`@`b` PROCEDURE IF NOT EXISTS p(IN i INT) MODIFIES SQL DATA {body}",
        f"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO {body}",
        f"CREATE FUNCTION f() RETURNS INT DETERMINISTIC {body}",
    ):
        assert split(f"{text}; b; c") == [text, "b", "c"]


def test_results_tell_which_statement_failed() -> None:
    batch = statements("SELECT 1; CALL p(); INSERT; CALL q(); BEGIN NOT ATOMIC SELECT 1; END; last")
    assert [each.word for each in batch] == ["SELECT", "CALL", "INSERT", "CALL", "BEGIN", "LAST"]
    rows, done = True, False
    for results, word in (
        ([], "SELECT"),
        ([rows], "CALL"),
        ([rows, rows, rows], "CALL"),
        ([rows, rows, rows, done], "INSERT"),
        ([rows, done, done], "CALL"),
        ([rows, done, done, done, rows], "BEGIN"),
        ([rows, done, done, done, rows, done], "LAST"),
    ):
        failed = failed_statement(batch, results)
        assert failed is not None
        assert failed.word == word
    assert failed_statement(batch, [rows, done, done, done, done, done, done]) is None


def test_an_error_in_a_line_of_many_is_found_by_what_it_quotes() -> None:
    text = "\n a;\nSELECT 'x\ny'\n FROM\n FROM t"
    place = place_of_error(text, statements(text)[1], "bad syntax to use near 'FROM t' at line 3")
    assert place is not None
    assert (place.line, place.column) == (6, 2)


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("CREATE TABLE a (i INT); INSERT INTO a SELECT 1; DROP TABLE a; -- x", Leaves.NOTHING),
        ("CREATE DEFINER=a@b VIEW v AS SELECT 1", Leaves.NOTHING),
        (BODY.format("SET @a = 1"), Leaves.NOTHING),
        ("SET FOREIGN_KEY_CHECKS = 0; DROP TABLE a; SET FOREIGN_KEY_CHECKS = 1", Leaves.SETTINGS),
        ("SET SESSION sql_mode = ''", Leaves.SETTINGS),
        ("SET @@sql_mode = ''", Leaves.SETTINGS),
        ("SET NAMES latin1", Leaves.SETTINGS),
        ("SET @a = 1", Leaves.ANYTHING),
        ("SET @@GLOBAL.x = 1", Leaves.ANYTHING),
        ("SET GLOBAL x = 1", Leaves.ANYTHING),
        ("SET a = DEFAULT, GLOBAL b = 1", Leaves.ANYTHING),
        ("SET STATEMENT a = 1 FOR SELECT 1", Leaves.ANYTHING),
        ("SELECT 1 INTO @a", Leaves.ANYTHING),
        ("CREATE TEMPORARY TABLE a (i INT)", Leaves.ANYTHING),
        ("LOCK TABLES a WRITE", Leaves.ANYTHING),
        ("PREPARE s FROM 'x'", Leaves.ANYTHING),
        ("CALL p()", Leaves.ANYTHING),
        ("SELECT GET_LOCK('a', 1)", Leaves.ANYTHING),
        ("/*!40101 SET x = 1 */", Leaves.ANYTHING),
        ("START TRANSACTION", Leaves.ANYTHING),
        ("USE other", Leaves.ANYTHING),
    ],
)
def test_what_may_stay_in_the_session(text: str, leaves: Leaves) -> None:
    assert leaves_in_session(text) is leaves


@given(st.text(alphabet="a;'\"`\\-#/*!\n \t@END IFCASE(),0"))
def test_any_text_is_covered_in_order(text: str) -> None:
    found = statements(text)
    assert all(each.start <= each.head <= each.end for each in found)
    assert all(before.end < after.start + 1 for before, after in itertools.pairwise(found))
    assert leaves_in_session(text) in set(Leaves)


@given(st.lists(st.sampled_from(["SELECT 1", "INSERT INTO a VALUES (';')", "DROP TABLE `;`", "/* ; */ x"])))
def test_joined_statements_come_apart_again(parts: list[str]) -> None:
    assert len(statements(";\n".join(parts))) == len(parts)
