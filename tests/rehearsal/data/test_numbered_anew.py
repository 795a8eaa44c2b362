"""Rows that a server numbers again, in another order: what refers to them does, and a number alike tells nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome, When

if TYPE_CHECKING:
    from conftest import Measure

CODES = """
CREATE TABLE t (code VARCHAR(20) NOT NULL PRIMARY KEY, name VARCHAR(50));
CREATE TABLE u (
    id {number} PRIMARY KEY, t VARCHAR(20) NOT NULL, note VARCHAR(20), CONSTRAINT ut FOREIGN KEY (t) REFERENCES t (code)
);
"""


@pytest.mark.mysql
def test_a_reference_to_a_new_number_of_the_same_row_is_kept_on_mysql(on_mysql: Measure) -> None:
    found = on_mysql(
        CODES.format(number="INTEGER AUTO_INCREMENT"),
        "ALTER TABLE t ADD COLUMN id INTEGER NOT NULL AUTO_INCREMENT, ADD UNIQUE KEY tid (id);"
        "ALTER TABLE u ADD COLUMN t_new INTEGER; UPDATE u JOIN t ON u.t = t.code SET u.t_new = t.id;"
        "ALTER TABLE u DROP FOREIGN KEY ut; ALTER TABLE u DROP COLUMN t;"
        "ALTER TABLE u CHANGE t_new t INTEGER NOT NULL;"
        "ALTER TABLE u ADD CONSTRAINT u2 FOREIGN KEY (t) REFERENCES t (id);",
        "ALTER TABLE u DROP FOREIGN KEY u2; ALTER TABLE u ADD COLUMN t_old VARCHAR(20);"
        "UPDATE u JOIN t ON u.t = t.id SET u.t_old = t.code; ALTER TABLE u DROP COLUMN t;"
        "ALTER TABLE u CHANGE t_old t VARCHAR(20) NOT NULL; ALTER TABLE t DROP COLUMN id;"
        "ALTER TABLE u ADD CONSTRAINT ut FOREIGN KEY (t) REFERENCES t (code);",
    ).data
    assert [(each.table, each.column, each.expected) for each in found.losses] == [("t", "id", True)]


@pytest.mark.postgres
def test_a_reference_to_a_new_number_of_the_same_row_is_kept_on_postgres(on_postgres: Measure) -> None:
    up = (
        "ALTER TABLE t ADD COLUMN id SERIAL UNIQUE; ALTER TABLE u ADD COLUMN t_new INTEGER;"
        "UPDATE u SET t_new = {} FROM t WHERE u.t = t.code; ALTER TABLE u DROP COLUMN t;"
        "ALTER TABLE u RENAME t_new TO t; ALTER TABLE u ALTER t SET NOT NULL;"
        "ALTER TABLE u ADD CONSTRAINT u2 FOREIGN KEY (t) REFERENCES t (id);"
    )
    down = (
        "ALTER TABLE u DROP CONSTRAINT u2; ALTER TABLE u ADD COLUMN t_old VARCHAR(20);"
        "UPDATE u SET t_old = {} FROM t WHERE u.t = t.id; ALTER TABLE u DROP COLUMN t;"
        "ALTER TABLE u RENAME t_old TO t; ALTER TABLE u ALTER t SET NOT NULL; ALTER TABLE t DROP COLUMN id;"
        "ALTER TABLE u ADD CONSTRAINT ut FOREIGN KEY (t) REFERENCES t (code);"
    )
    before = CODES.format(number="SERIAL")
    found = on_postgres(before, up.format("t.id"), down.format("t.code")).data
    assert [(each.table, each.column, each.expected) for each in found.losses] == [("public.t", "id", True)]
    another = "(SELECT code FROM t x WHERE x.id <> t.id ORDER BY code LIMIT 1)"
    found = on_postgres(before, up.format("t.id"), down.format(another)).data
    assert {(each.column, each.written) for each in found.losses if each.table == "public.u"} == {
        ("t", When.BEFORE),
        ("t", When.AFTER),
    }


@pytest.mark.mysql
def test_numbers_that_are_the_same_by_chance_are_not_kept_by_the_up(on_mysql: Measure) -> None:
    found = on_mysql(
        "CREATE TABLE t (id INTEGER NOT NULL, name VARCHAR(50) NOT NULL PRIMARY KEY, note VARCHAR(20));",
        "ALTER TABLE t DROP COLUMN id; ALTER TABLE t ADD COLUMN id INTEGER NOT NULL AUTO_INCREMENT UNIQUE;",
        "ALTER TABLE t DROP COLUMN id; ALTER TABLE t ADD COLUMN id INTEGER NOT NULL FIRST;",
    ).data
    assert found.outcome is DataOutcome.IRREVERSIBLE
    (lost,) = [each for each in found.losses if each.written is When.BEFORE]
    assert (lost.column, lost.by, lost.rows) == ("id", Direction.UP, 20)
    assert all(each.before != each.after for each in lost.examples)
