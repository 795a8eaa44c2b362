"""Verdicts on rows that nobody may get wrong: who lost them, which rows are refused, and what was seen of it all."""

# ruff: noqa: E501 - each file of a case in one line

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome, How
from tests.rehearsal.data.adversary import Case, cases, holds

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Measurement

NOTHING = "SELECT 1;"
OBJECTS = "CREATE TABLE o (id BIGINT PRIMARY KEY, address VARCHAR(66) NOT NULL, deleted BOOLEAN NOT NULL, token BOOLEAN); CREATE TABLE c (address VARCHAR(66) PRIMARY KEY, deleted BOOLEAN NOT NULL, token BOOLEAN);"
REVERTS = "CREATE TABLE c (id INT PRIMARY KEY, txid TEXT NOT NULL, note TEXT);"
SERVICES = "CREATE TABLE s (id INT PRIMARY KEY{}, service VARCHAR(30) UNIQUE, pattern VARCHAR(128));"
NUMBERED = SERVICES.format(" AUTO_INCREMENT")
STATE = (
    "CREATE TABLE r (entity BLOB NOT NULL, kind INTEGER NOT NULL, cursor BIGINT NOT NULL, PRIMARY KEY (entity, kind));"
)
ONE = "CREATE TABLE s (id INTEGER PRIMARY KEY CHECK (id = 1), note TEXT);"


@pytest.mark.postgres
@cases(
    Case(
        "a boolean that is gone, though another table that is changed has one as well",
        OBJECTS,
        "ALTER TABLE o DROP COLUMN token; ALTER TABLE c DROP COLUMN token;",
        "ALTER TABLE o ADD COLUMN token BOOLEAN; ALTER TABLE c ADD COLUMN token BOOLEAN;",
        "irreversible",
        ["up o.token dropped", "up c.token dropped"],
    ),
    Case(
        "a boolean that went to another table",
        OBJECTS,
        "ALTER TABLE c ADD COLUMN o_id BIGINT, ADD COLUMN was BOOLEAN; INSERT INTO c (address, deleted, o_id, was) SELECT 'o' || id, true, id, token FROM o; ALTER TABLE o DROP COLUMN token;",
        "ALTER TABLE o ADD COLUMN token BOOLEAN; UPDATE o SET token = was FROM c WHERE o_id = o.id; DELETE FROM c WHERE o_id IS NOT NULL; ALTER TABLE c DROP COLUMN was, DROP COLUMN o_id;",
        "lossy",
        ["down c deleted after"],
    ),
    Case(
        "a column dropped from rows that the down deletes",
        REVERTS,
        "ALTER TABLE c DROP COLUMN txid;",
        "DELETE FROM c; ALTER TABLE c ADD txid TEXT NOT NULL DEFAULT 'x';",
        "irreversible",
        ["up c.txid dropped", "down c deleted", "down c deleted after"],
    ),
    Case(
        "a row left alone by the insert and deleted by the down",
        SERVICES.format(""),
        "INSERT INTO s (id, service, pattern) VALUES (-5, 'sync', 'p') ON CONFLICT DO NOTHING;",
        "DELETE FROM s WHERE service = 'sync';",
        "lossy",
        ["down s deleted"],
    ),
    Case(
        "one row alone, in a column of two values",
        "CREATE TABLE s (one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one), v INT);",
        "ALTER TABLE s ADD COLUMN w BOOLEAN NOT NULL DEFAULT false;",
        "ALTER TABLE s DROP COLUMN w;",
        "lossy",
        [],
        partly=True,
    ),
    Case(
        "a table whose rows are all refused beside one that loses nothing",
        "CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY, y TEXT);",
        "ALTER TABLE a ADD COLUMN z INT NOT NULL;\nCREATE INDEX i ON b (y);",
        "ALTER TABLE a DROP COLUMN z; DROP INDEX i;",
        "lossy",
        [],
        ["up a"],
        partly=True,
    ),
)
def test_on_postgres(case: Case, on_postgres: Measure) -> None:
    holds(case, on_postgres)


@pytest.mark.mysql
@cases(
    Case(
        "a row left alone by the insert and deleted by the down",
        NUMBERED,
        "INSERT IGNORE INTO s (service, pattern) VALUES ('sync', 'p');",
        "DELETE FROM s WHERE service = 'sync';",
        "lossy",
        ["down s deleted"],
    ),
    Case(
        "a row of the chain, changed since, deleted and written anew",
        f"{NUMBERED} INSERT INTO s VALUES (901, 'sync', 'p');",
        "DELETE FROM s WHERE id = 901;",
        "INSERT IGNORE INTO s VALUES (901, 'sync', 'p');",
        "irreversible",
        ["up s.pattern deleted"],
    ),
)
def test_on_mysql(case: Case, on_mysql: Measure) -> None:
    holds(case, on_mysql)


@pytest.mark.sqlite
@cases(
    Case(
        "a row that the copy leaves out beside rows that it makes",
        STATE,
        "CREATE TABLE n (entity BLOB NOT NULL, kind INTEGER NOT NULL, sequence BIGINT NOT NULL, PRIMARY KEY (entity, kind)); INSERT INTO n SELECT entity, 2, cursor FROM r WHERE kind = 2; INSERT INTO n SELECT entity, 7, cursor FROM r WHERE kind = 2; INSERT INTO n SELECT entity, kind, cursor FROM r WHERE kind <> 2 AND kind <> 7; DROP TABLE r; ALTER TABLE n RENAME TO r;",
        "CREATE TABLE n (entity BLOB NOT NULL, kind INTEGER NOT NULL, cursor BIGINT NOT NULL, PRIMARY KEY (entity, kind)); INSERT OR REPLACE INTO n SELECT entity, CASE kind WHEN 7 THEN 2 ELSE kind END, max(sequence) FROM r GROUP BY 1, 2; DROP TABLE r; ALTER TABLE n RENAME TO r;",
        "irreversible",
        ["up r deleted"],
    ),
    Case(
        "a row left alone by the insert and deleted by the down",
        SERVICES.format(""),
        "INSERT OR IGNORE INTO s (service, pattern) VALUES ('sync', 'p');",
        "DELETE FROM s WHERE service = 'sync';",
        "lossy",
        ["down s deleted"],
    ),
    Case(
        "a row that the up itself writes and the down deletes",
        SERVICES.format(""),
        "INSERT INTO s (service, pattern) VALUES ('sync', 'p');",
        "DELETE FROM s WHERE service = 'sync';",
        "lossless",
        [],
    ),
    Case(
        "one row alone, in a new column",
        ONE,
        "ALTER TABLE s ADD COLUMN cursor BIGINT;",
        "ALTER TABLE s DROP COLUMN cursor;",
        "lossy",
        [],
        partly=True,
    ),
    Case(
        "one row alone, in a new table",
        "CREATE TABLE t (id INTEGER PRIMARY KEY);",
        f"{ONE} INSERT INTO s VALUES (1, 'x');",
        "DROP TABLE s;",
        "lossy",
        [],
        partly=True,
    ),
    Case(
        "a table whose rows are all refused, and others that any statement may touch",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER, kind INTEGER NOT NULL); CREATE TABLE b (id INTEGER PRIMARY KEY, y TEXT); CREATE TRIGGER i AFTER INSERT ON a BEGIN UPDATE b SET y = y; END;",
        "UPDATE a SET x = CASE WHEN kind = 1 THEN 10 WHEN kind = 2 THEN 0 END; CREATE TABLE n (id INTEGER PRIMARY KEY, x INTEGER NOT NULL, kind INTEGER NOT NULL); INSERT INTO n SELECT id, CASE WHEN x < 0 THEN x END, kind FROM a; DROP TABLE n;",
        NOTHING,
        "not_measured",
        [],
        partly=True,
    ),
)
def test_on_sqlite(case: Case, on_sqlite: Measure) -> None:
    holds(case, on_sqlite)


def told(found: Measurement) -> list[tuple[str, str | None, str | None, int | None]]:
    return [(each.direction.value, each.table, each.value, each.enough) for each in found.data.refusals]


@pytest.mark.mysql
def test_rows_that_are_refused_for_their_keys_are_not_any_rows(on_mysql: Measure) -> None:
    nodes = "CREATE TABLE n (id BIGINT PRIMARY KEY AUTO_INCREMENT, s INT NOT NULL, FOREIGN KEY (s) REFERENCES s (id));"
    found = on_mysql(
        NUMBERED + nodes,
        "INSERT IGNORE INTO s VALUES (1, 'a', 'p'), (2, 'b', 'p');",
        "DELETE FROM s WHERE id IN (1, 2);",
    )
    assert told(found) == [("down", "n", None, None)]


@pytest.mark.postgres
def test_rows_of_the_table_that_does_it_and_not_of_the_one_that_is_named(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE p (hash TEXT PRIMARY KEY, amount BIGINT NOT NULL); CREATE TABLE t (id SERIAL PRIMARY KEY, note TEXT NOT NULL);",
        "INSERT INTO p VALUES ('6f', 0); ALTER TABLE t ADD COLUMN fee TEXT NOT NULL DEFAULT '6f' REFERENCES p;",
        "DELETE FROM p WHERE hash = '6f';\nALTER TABLE t DROP COLUMN fee;",
    )
    assert told(found) == [("down", "public.t", None, 1)]


@pytest.mark.postgres
def test_any_row_is_refused_where_each_is_and_by_its_value_where_not(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE t (id INT PRIMARY KEY, a TEXT);", "ALTER TABLE t ADD b INT NOT NULL;", "ALTER TABLE t DROP b;"
    )
    assert told(found) == [("up", "public.t", None, 1)]
    found = on_postgres(
        "CREATE TABLE t (id INT PRIMARY KEY, a TEXT);",
        "DO $$ BEGIN IF EXISTS (SELECT FROM t WHERE a IS NOT NULL) THEN RAISE 'text'; END IF; END $$;",
        NOTHING,
    )
    assert told(found) == [("up", "public.t", None, None)]


@pytest.mark.postgres
def test_a_parent_that_is_refused_is_told_once(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT PRIMARY KEY, p INT NOT NULL REFERENCES p);",
        "ALTER TABLE p ADD y INT NOT NULL;\nALTER TABLE c ADD x INT;",
        "ALTER TABLE p DROP y;\nALTER TABLE c DROP x;",
    )
    assert told(found) == [("up", "public.p", None, 1)]


@pytest.mark.sqlite
def test_why_nothing_is_measured_where_the_up_refuses_all_rows(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, h BLOB);",
        "ALTER TABLE p DROP COLUMN h; ALTER TABLE p ADD COLUMN h BLOB NOT NULL; UPDATE p SET h = x'00';",
        "ALTER TABLE p DROP COLUMN h; ALTER TABLE p ADD COLUMN h BLOB;",
    )
    assert told(found) == [("up", "p", None, 1)]
    assert found.data.outcome is DataOutcome.NOT_MEASURED
    assert (found.data.why or "").startswith("its up refuses the rows that were made for it: ")


@pytest.mark.postgres
def test_what_refers_to_nothing_is_told_once(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE p (v BIGINT PRIMARY KEY); CREATE TABLE t (v BIGINT PRIMARY KEY, b BIGINT UNIQUE, CONSTRAINT f FOREIGN KEY (v) REFERENCES p);",
        "ALTER TABLE t DROP CONSTRAINT f;",
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (v) REFERENCES p;",
    )
    assert told(found) == [("down", "public.t", "a value that refers to nothing", None)]


@pytest.mark.postgres
def test_all_locks_are_seen_where_more_tables_refuse_rows_than_are_tried(on_postgres: Measure) -> None:
    tables = [f"t{number}" for number in range(9)]
    found = on_postgres(
        "".join(f"CREATE TABLE {each} (id INT PRIMARY KEY);" for each in tables),
        "".join(f"ALTER TABLE {each} ADD b INT NOT NULL;\n" for each in tables),
        "".join(f"ALTER TABLE {each} DROP b;\n" for each in tables),
        rows=3,
    )
    assert found.observed is not None
    assert found.observed.error is None
    seen = {lock.relation for statement in found.observed.statements for lock in statement.locks}
    assert seen == {f"public.{each}" for each in tables}


@pytest.mark.postgres
def test_all_locks_are_seen_where_the_seeds_stop_the_up(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE u (id INT PRIMARY KEY);",
        "ALTER TABLE t ADD b INT NOT NULL;\nALTER TABLE u ADD c INT;",
        NOTHING,
        seeds=("INSERT INTO t VALUES (1);",),
    )
    assert found.data.outcome is DataOutcome.FAILS_ON_DATA
    assert found.observed is not None
    assert [lock.relation for each in found.observed.statements for lock in each.locks] == ["public.t", "public.u"]


@pytest.mark.sqlite
def test_what_is_changed_after_the_up_is_lost_by_the_down(on_sqlite: Measure) -> None:
    found = on_sqlite(ONE, "ALTER TABLE s ADD COLUMN c BIGINT;", "ALTER TABLE s DROP COLUMN c;")
    (loss,) = found.data.losses
    assert (loss.by, loss.column, loss.how, loss.expected) == (Direction.DOWN, "c", How.DROPPED, True)
