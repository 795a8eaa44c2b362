"""What becomes of rows on a live MariaDB or MySQL: each migration with its exact outcome and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome, Measurement, Reversibility

if TYPE_CHECKING:
    from conftest import Measure

pytestmark = pytest.mark.mysql

T = "CREATE TABLE t (id INTEGER AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL, email VARCHAR(100));"


def told(measurement: Measurement) -> list[tuple[str, str | None, str, str, str, bool]]:
    return [
        (each.table, each.column, each.by.value, each.how.value, each.written.value, each.expected)
        for each in measurement.data.losses
    ]


def test_a_dropped_column(on_mysql: Measure) -> None:
    found = on_mysql(T, "ALTER TABLE t DROP COLUMN email;", "ALTER TABLE t ADD COLUMN email VARCHAR(100);")
    assert told(found) == [("t", "email", "up", "dropped", "before", False)]
    assert found.data.outcome is DataOutcome.IRREVERSIBLE
    assert found.data.text_says is Reversibility.IRREVERSIBLE


@pytest.mark.parametrize(("charset", "letters"), [("latin1", "latin1"), ("utf8mb3", "utf8mb3"), ("utf8mb4", None)])
def test_a_charset_that_has_no_letters_for_some_texts(on_mysql: Measure, charset: str, letters: str | None) -> None:
    found = on_mysql(
        T.replace(");", ") DEFAULT CHARSET utf8mb4;"),
        f"ALTER TABLE t CONVERT TO CHARACTER SET {charset};",
        "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;",
    )
    assert {(each.direction, each.value) for each in found.data.refusals} == (
        set() if letters is None else {(Direction.UP, f"a text beyond {letters}")}
    )


def test_new_columns_and_tables_go_with_the_down(on_mysql: Measure) -> None:
    found = on_mysql(
        T,
        "ALTER TABLE t ADD COLUMN nick VARCHAR(20);"
        "CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t (id));",
        "DROP TABLE u; ALTER TABLE t DROP COLUMN nick;",
    )
    assert sorted(told(found)) == [
        ("t", "nick", "down", "dropped", "after", True),
        ("u", None, "down", "dropped", "after", True),
    ]
    assert found.data.outcome is DataOutcome.LOSSY


def test_a_renamed_column_is_kept(on_mysql: Measure) -> None:
    found = on_mysql(
        T,
        "ALTER TABLE t CHANGE name title VARCHAR(100) NOT NULL; RENAME TABLE t TO u;",
        "RENAME TABLE u TO t; ALTER TABLE t CHANGE title name VARCHAR(100) NOT NULL;",
    )
    assert (found.data.outcome, found.data.losses, found.data.seeded) == (DataOutcome.LOSSLESS, (), 1)


def test_rows_that_are_truncated(on_mysql: Measure) -> None:
    found = on_mysql(T, "TRUNCATE TABLE t;", "SELECT 1;")
    assert told(found) == [("t", None, "up", "deleted", "before", False)]


def test_an_enum_without_a_label_in_use(on_mysql: Measure) -> None:
    found = on_mysql(
        "CREATE TABLE p (id INTEGER AUTO_INCREMENT PRIMARY KEY, mood ENUM('sad', 'ok') NOT NULL);",
        "ALTER TABLE p MODIFY mood ENUM('sad', 'ok', 'happy') NOT NULL;",
        "ALTER TABLE p MODIFY mood ENUM('sad', 'ok') NOT NULL;",
    )
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    (refusal,) = found.data.refusals
    assert (refusal.direction, refusal.table, refusal.column) == (Direction.DOWN, "p", "mood")


def test_a_narrowed_type_is_refused_where_strict(on_mysql: Measure) -> None:
    found = on_mysql(
        T, "ALTER TABLE t MODIFY name VARCHAR(5) NOT NULL;", "ALTER TABLE t MODIFY name VARCHAR(100) NOT NULL;"
    )
    assert (found.data.outcome, found.data.losses) == (DataOutcome.LOSSLESS, ())
    (refusal,) = [each for each in found.data.refusals if each.direction is Direction.UP]
    assert (refusal.table, refusal.column) == ("t", "name")
    assert refusal.query == "SELECT * FROM t WHERE char_length(name) > 5"
    # Without strict mode nothing is refused, and the same rows are cut.
    (other,) = found.data.elsewhere
    assert (other.world, other.outcome) == ("strict mode off", DataOutcome.IRREVERSIBLE)
    assert [(loss.table, loss.column, loss.by, loss.rows) for loss in other.losses] == [("t", "name", Direction.UP, 1)]


def test_rows_of_the_chain_that_strict_mode_refuses(on_mysql: Measure) -> None:
    found = on_mysql(
        T + "INSERT INTO t (name) VALUES ('Ada King Lovelace');",
        "ALTER TABLE t MODIFY name VARCHAR(5) NOT NULL;",
        "ALTER TABLE t MODIFY name VARCHAR(100) NOT NULL;",
    )
    assert found.data.outcome is DataOutcome.FAILS_ON_DATA


def test_a_merging_update_is_lost_in_every_world_and_told_once(on_mysql: Measure) -> None:
    found = on_mysql(T, "UPDATE t SET email = 'x';", "SELECT 1;")
    assert told(found) == [("t", "email", "up", "changed", "before", False)]
    assert found.data.elsewhere == ()


def test_a_swap_of_two_tables(on_mysql: Measure) -> None:
    swap = "RENAME TABLE t TO x, u TO t, x TO u;"
    found = on_mysql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(40)); CREATE TABLE u (id INTEGER PRIMARY KEY, b INTEGER);",
        swap,
        swap,
    )
    assert (found.data.outcome, found.data.losses, found.data.seeded) == (DataOutcome.LOSSLESS, (), 2)
