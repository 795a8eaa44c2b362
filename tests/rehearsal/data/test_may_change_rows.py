"""Of which files it is looked whether they change odd rows: each look costs time, one too few hides a loss."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.harmless import may_change_rows
from glowplug.sql.reader import read

POSTGRES, MYSQL, SQLITE = Dialect.POSTGRES, Dialect.MYSQL, Dialect.SQLITE


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("DELETE FROM t WHERE a IS NULL;", POSTGRES),
        ("UPDATE t SET a = '' WHERE a IS NULL;", MYSQL),
        ("ALTER TABLE t ALTER a TYPE varchar(3) USING left(a, 3);", POSTGRES),
        ("ALTER TABLE t MODIFY a varchar(3);", MYSQL),
        ("CREATE TABLE n (a text); INSERT INTO n SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;", SQLITE),
        ("CREATE TABLE n AS SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;", SQLITE),
        ("TRUNCATE t;", POSTGRES),
        ("DO $$ BEGIN EXECUTE 'x'; END $$;", POSTGRES),
    ],
)
def test_it_may(sql: str, dialect: Dialect) -> None:
    assert may_change_rows(read(sql, dialect))
    assert may_change_rows(None)


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [
        ("ALTER TABLE t ALTER a SET NOT NULL;", POSTGRES),
        ("ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);", POSTGRES),
        ("ALTER TABLE t DROP COLUMN a; CREATE UNIQUE INDEX i ON t (b);", SQLITE),
        ("DROP TABLE t; DROP INDEX i;", POSTGRES),
        ("CREATE TABLE n (a text);", MYSQL),
    ],
)
def test_it_refuses_rows_or_leaves_them_as_they_are(sql: str, dialect: Dialect) -> None:
    assert not may_change_rows(read(sql, dialect))
