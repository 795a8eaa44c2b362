"""What becomes of rows on SQLite, by migrations that are made to deceive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.data.adversary import Case, cases, holds

if TYPE_CHECKING:
    from conftest import Measure

pytestmark = [pytest.mark.sqlite, pytest.mark.full]

T = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL, email TEXT);"
N = "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL, email TEXT{});"
REBUILD = N + "INSERT INTO n SELECT id, name, age, email FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;"
CHILD = "CREATE TABLE c (id INTEGER PRIMARY KEY, t_id INTEGER{} REFERENCES t{}, note TEXT);"
NOTHING = "SELECT 1;"
STATUS = "CREATE TABLE t (id INTEGER PRIMARY KEY, status TEXT NOT NULL, note TEXT);"
OFF = "PRAGMA foreign_keys = OFF;"


@cases(
    Case("a table made anew", T, REBUILD.format(" CHECK (email <> '')"), REBUILD.format(""), "lossless", []),
    Case("a table made anew without a column", T,
         "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL); INSERT INTO n SELECT id, name, age FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "ALTER TABLE t ADD COLUMN email TEXT;", "irreversible", ["up t.email dropped"], []),
    Case("a table made anew and a column forgotten in the copy", T,
         N.format("") + "INSERT INTO n (id, name, age) SELECT id, name, age FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;", NOTHING,
         "irreversible", ["up t.email nulled"], []),
    Case("a table made anew with columns in another order", T,
         "CREATE TABLE n (id INTEGER PRIMARY KEY, email TEXT, name TEXT NOT NULL, age INTEGER NOT NULL); INSERT INTO n (id, name, age, email) SELECT id, name, age, email FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         NOTHING, "lossless", [], []),
    Case("a table made anew with a star in another order", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, b TEXT, a TEXT); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         NOTHING, "lossy", ["down t.a changed", "down t.b changed"]),
    Case("a table made anew without some rows", STATUS,
         "CREATE TABLE n (id INTEGER PRIMARY KEY, status TEXT NOT NULL, note TEXT); INSERT INTO n SELECT * FROM t WHERE status <> 'gone'; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         NOTHING, "irreversible", ["up t deleted"]),
    Case("a table made anew without numbers of its own", T,
         "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL, email TEXT); INSERT INTO n (name, age, email) SELECT name, age, email FROM t ORDER BY id DESC; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         NOTHING, "irreversible", ["up t.id changed"]),
    Case("numbers of rows lost without a key", "CREATE TABLE t (name TEXT NOT NULL, age INTEGER);",
         "CREATE TABLE n (name TEXT NOT NULL, age INTEGER); INSERT INTO n SELECT name, age FROM t ORDER BY age; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         NOTHING, "lossless", [], []),
    Case("a cascade", T + CHILD.format(" NOT NULL", " ON DELETE CASCADE"), REBUILD.format(""), NOTHING, "irreversible", ["up c deleted"]),
    Case("a reference set to NULL", T + CHILD.format("", " ON DELETE SET NULL"), REBUILD.format(""), NOTHING, "irreversible", ["up c.t_id nulled"]),
    Case("a rebuild refused while there are children", T + CHILD.format("", ""), REBUILD.format(" CHECK (email <> '')"), REBUILD.format(""),
         "lossless", [], ["up t", "down t", "up t.email"], partly=True),
    Case("a rebuild refused where rows refer to each other", "CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t, x TEXT);",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t, x TEXT NOT NULL DEFAULT ''); INSERT INTO n SELECT id, p, coalesce(x, '') FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         NOTHING, "not_measured", [], ["up t"], partly=True),
    Case("a column dropped", T, "ALTER TABLE t DROP COLUMN email;", "ALTER TABLE t ADD COLUMN email TEXT;", "irreversible", ["up t.email dropped"], []),
    Case("a column renamed by copying", T, "ALTER TABLE t ADD COLUMN mail TEXT; UPDATE t SET mail = email; ALTER TABLE t DROP COLUMN email;",
         "ALTER TABLE t ADD COLUMN email TEXT; UPDATE t SET email = mail; ALTER TABLE t DROP COLUMN mail;", "lossless", [], []),
    Case("an affinity that turns texts to numbers", "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL);",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER NOT NULL); INSERT INTO n SELECT id, code FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, code TEXT NOT NULL); INSERT INTO n SELECT id, code FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "lossless", [], odd=["up t.code changed"]),
    Case("a chain's text with leading zeros turned to a number", "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL); INSERT INTO t VALUES (-1, '007');",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER NOT NULL); INSERT INTO n SELECT id, code FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, code TEXT NOT NULL); INSERT INTO n SELECT id, code FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "irreversible", ["up t.code changed"]),
    Case("numbers cast to integers", "CREATE TABLE t (id INTEGER PRIMARY KEY, r REAL NOT NULL);", "UPDATE t SET r = CAST(r AS INTEGER);", NOTHING,
         "irreversible", ["up t.r changed"]),
    Case("numbers turned to texts and back", "CREATE TABLE t (id INTEGER PRIMARY KEY, r REAL NOT NULL);",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, r TEXT NOT NULL); INSERT INTO n SELECT id, r FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, r REAL NOT NULL); INSERT INTO n SELECT id, r FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;", "lossless", []),
    Case("a moment turned to seconds and back", "CREATE TABLE t (id INTEGER PRIMARY KEY, at TIMESTAMP NOT NULL);",
         "UPDATE t SET at = strftime('%s', at);", "UPDATE t SET at = datetime(at, 'unixepoch');", "irreversible", ["up t.at changed"]),
    Case("hours added and taken, without the fractions", "CREATE TABLE t (id INTEGER PRIMARY KEY, at TIMESTAMP NOT NULL);",
         "UPDATE t SET at = datetime(at, '+2 hours');", "UPDATE t SET at = datetime(at, '-2 hours');", "irreversible", ["up t.at changed"]),
    Case("lowercased", T, "UPDATE t SET name = lower(name);", NOTHING, "irreversible", ["up t.name changed"], []),
    Case("trimmed", T, "UPDATE t SET name = trim(name);", NOTHING, "lossless", [], [], odd=["up t.name changed"]),
    Case("cut short", T, "UPDATE t SET name = substr(name, 1, 3);", NOTHING, "irreversible", ["up t.name changed"], []),
    Case("NULL replaced", T, "UPDATE t SET email = '' WHERE email IS NULL;", NOTHING, "irreversible", ["up t.email changed"], []),
    Case("NULL replaced by a rebuild", T,
         "CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER NOT NULL, email TEXT NOT NULL); INSERT INTO n SELECT id, name, age, coalesce(email, '') FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         REBUILD.format(""), "irreversible", ["up t.email changed"], []),
    Case("texts merged", STATUS, "UPDATE t SET status = 'active' WHERE status IN ('new', 'pending');", NOTHING, "irreversible", ["up t.status changed"], []),
    Case("texts merged by a CASE", STATUS, "UPDATE t SET status = CASE status WHEN 'new' THEN 'active' WHEN 'old' THEN 'active' ELSE status END;", NOTHING,
         "irreversible", ["up t.status changed"], []),
    Case("rows deleted by a text", STATUS, "DELETE FROM t WHERE status = 'obsolete';", NOTHING, "irreversible", ["up t deleted"], []),
    Case("rows deleted by two texts", STATUS, "DELETE FROM t WHERE status = 'obsolete' AND note LIKE 'old%';", NOTHING, "irreversible", ["up t deleted"], []),
    Case("rows deleted by length", T, "DELETE FROM t WHERE length(name) < 2;", NOTHING, "irreversible", ["up t deleted"], []),
    Case("no rows deleted", T, "DELETE FROM t WHERE 0;", NOTHING, "lossless", [], []),
    Case("all rows deleted", T, "DELETE FROM t;", NOTHING, "irreversible", ["up t deleted"], []),
    Case("rows without a parent deleted", "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER);",
         "DELETE FROM c WHERE p_id NOT IN (SELECT id FROM p);", NOTHING, "lossless", [], odd=["up c deleted"]),
    Case("a row overwritten", T, "INSERT OR REPLACE INTO t VALUES (1, 'root', 1, NULL);", NOTHING, "irreversible", ["up t.name changed", "up t.age changed", "up t.email nulled"]),
    Case("a row that may be there", T, "INSERT OR IGNORE INTO t VALUES (1, 'root', 1, NULL);", NOTHING, "lossless", [], []),
    Case("a row with a number of its own", T, "INSERT INTO t VALUES (1, 'root', 1, NULL);", "DELETE FROM t WHERE id = 1;", "lossless", [], []),
    Case("a row more beside the chain's", "CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE); INSERT INTO roles VALUES (1, 'user'), (2, 'editor');",
         "INSERT INTO roles VALUES (3, 'admin');", "DELETE FROM roles WHERE id = 3;", "lossless", [], []),
    Case("a row without a number", "CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);", "INSERT INTO roles (name) VALUES ('admin');",
         "DELETE FROM roles WHERE name = 'admin';", "lossless", [], []),
    Case("a settings row renamed", "CREATE TABLE s (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL); INSERT INTO s VALUES ('limit', '5');",
         "UPDATE s SET key = 'max' WHERE key = 'limit';", "DELETE FROM s WHERE key = 'max';", "lossy", ["down s deleted"]),
    Case("a generated column", T, "ALTER TABLE t ADD COLUMN low TEXT GENERATED ALWAYS AS (lower(name)) VIRTUAL;", "ALTER TABLE t DROP COLUMN low;", "lossless", []),
    Case("a trigger that writes what was done", T + "CREATE TABLE audit (id INTEGER PRIMARY KEY, t_id INTEGER, was INTEGER);"
         "CREATE TRIGGER g AFTER UPDATE ON t BEGIN INSERT INTO audit (t_id, was) VALUES (OLD.id, OLD.age); END;",
         "UPDATE t SET age = age + 1;", "UPDATE t SET age = age - 1;", "lossless", []),
    Case("a trigger that deletes elsewhere", T + "CREATE TABLE log (id INTEGER PRIMARY KEY, note TEXT);"
         "CREATE TRIGGER g AFTER UPDATE ON t BEGIN DELETE FROM log; END;", "UPDATE t SET age = age + 1;", "UPDATE t SET age = age - 1;",
         "irreversible", ["up log deleted"]),
    Case("moved to a table of their own and back", T,
         "CREATE TABLE mails (t_id INTEGER PRIMARY KEY REFERENCES t, email TEXT); INSERT INTO mails SELECT id, email FROM t; ALTER TABLE t DROP COLUMN email;",
         "ALTER TABLE t ADD COLUMN email TEXT; UPDATE t SET email = (SELECT email FROM mails WHERE t_id = t.id); DROP TABLE mails;", "lossless"),
    Case("moved to a table of their own and forgotten", T,
         "CREATE TABLE mails (t_id INTEGER PRIMARY KEY REFERENCES t, email TEXT); INSERT INTO mails SELECT id, email FROM t; ALTER TABLE t DROP COLUMN email;",
         "ALTER TABLE t ADD COLUMN email TEXT; DROP TABLE mails;", "lossy", ["down t.email"]),
    Case("moved to a table of their own but for some", STATUS,
         "CREATE TABLE notes (t_id INTEGER PRIMARY KEY REFERENCES t, note TEXT); INSERT INTO notes SELECT id, note FROM t WHERE status <> 'x'; ALTER TABLE t DROP COLUMN note;",
         "ALTER TABLE t ADD COLUMN note TEXT; UPDATE t SET note = (SELECT note FROM notes WHERE t_id = t.id); DROP TABLE notes;", "irreversible", ["up t.note dropped"]),
    Case("packed into a document and unpacked", T,
         "ALTER TABLE t ADD COLUMN doc TEXT; UPDATE t SET doc = json_object('age', age, 'email', email); CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL, doc TEXT);"
         "INSERT INTO n SELECT id, name, doc FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         N.format("") + "INSERT INTO n SELECT id, name, coalesce(json_extract(doc, '$.age'), 0), json_extract(doc, '$.email') FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "lossy", []),
    Case("swapped twice", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);", "UPDATE t SET a = b, b = a;", "UPDATE t SET a = b, b = a;", "lossless", [], []),
    Case("a copy of the table put back", T, "CREATE TABLE kept AS SELECT * FROM t; DELETE FROM t;", "INSERT INTO t SELECT * FROM kept WHERE true ON CONFLICT DO NOTHING; DROP TABLE kept;", "lossy", [], None),
    Case("a copy of the table with a row put back", T, "CREATE TABLE kept AS SELECT * FROM t; DELETE FROM t;", "INSERT INTO t SELECT * FROM kept WHERE true LIMIT 1; DROP TABLE kept;",
         "lossy", ["down t deleted"]),
    Case("a down that empties the table", T, "CREATE INDEX i ON t (age);", "DROP INDEX i; DELETE FROM t;", "lossy", ["down t deleted", "down t deleted after"], []),
    Case("a down that makes the table anew and empty", T, "ALTER TABLE t ADD COLUMN x TEXT;", "DROP TABLE t; " + T, "lossy", ["down t", "down t after"]),
    Case("a down that forgets a column", T, "ALTER TABLE t ADD COLUMN x TEXT;",
         N.format("") + "INSERT INTO n (id, name, age) SELECT id, name, age FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;", "lossy", ["down t.email nulled", "down t.email nulled after"]),
    Case("a down that cascades", T + CHILD.format(" NOT NULL", " ON DELETE CASCADE"), "ALTER TABLE t ADD COLUMN x TEXT;", REBUILD.format(""),
         "lossy", ["down c deleted", "down c deleted after"]),
    Case("a view", T, "CREATE VIEW v AS SELECT * FROM t;", "DROP VIEW v;", "lossless", [], []),
    Case("an index that must be unique", T, "CREATE UNIQUE INDEX i ON t (email);", "DROP INDEX i;", "lossless", [], ["up t.email"]),
    Case("the chain's duplicates deleted", "CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT NOT NULL); INSERT INTO t (email) VALUES ('a'), ('a');",
         "DELETE FROM t WHERE id NOT IN (SELECT min(id) FROM t GROUP BY email); CREATE UNIQUE INDEX i ON t (email);", "DROP INDEX i;", "irreversible", ["up t deleted"], []),
    Case("rows without a key", "CREATE TABLE t (a TEXT, b INTEGER);", "UPDATE t SET a = upper(a);", NOTHING, "irreversible", ["up t.a changed"], []),
    Case("a table without rowid", "CREATE TABLE t (a TEXT NOT NULL, b INTEGER NOT NULL, x TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;", "UPDATE t SET x = NULL;", NOTHING, "irreversible", ["up t.x nulled"], []),
    Case("a key of two columns made one", "CREATE TABLE t (a TEXT NOT NULL, b INTEGER NOT NULL, x TEXT, PRIMARY KEY (a, b));",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INTEGER NOT NULL, x TEXT, UNIQUE (a, b)); INSERT INTO n (a, b, x) SELECT a, b, x FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "CREATE TABLE n (a TEXT NOT NULL, b INTEGER NOT NULL, x TEXT, PRIMARY KEY (a, b)); INSERT INTO n SELECT a, b, x FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;", "lossless"),
    Case("a soft delete purged", "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, deleted BOOLEAN NOT NULL DEFAULT 0);", "DELETE FROM t WHERE deleted;", NOTHING, "irreversible", ["up t deleted"], []),
    Case("blobs emptied", "CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB NOT NULL);", "UPDATE t SET data = zeroblob(1);", NOTHING, "irreversible", ["up t.data changed"], []),
    Case("foreign keys put off and a rebuild", T + CHILD.format(" NOT NULL", " ON DELETE CASCADE"), OFF + REBUILD.format(""), NOTHING, "irreversible", ["up c deleted"]),
)
def test_outcome(case: Case, on_sqlite: Measure) -> None:
    holds(case, on_sqlite)


@cases(
    Case("a cascade", T + CHILD.format(" NOT NULL", " ON DELETE CASCADE"), REBUILD.format(""), NOTHING, "lossless", []),
    Case("a rebuild with children", T + CHILD.format("", ""), REBUILD.format(" CHECK (email <> '')"), REBUILD.format(""), "lossless", []),
    Case("parents deleted, their children left", T + CHILD.format(" NOT NULL", " ON DELETE CASCADE"), "DELETE FROM t WHERE age > 3;", NOTHING, "irreversible", ["up t deleted"]),
    Case("rows that refer to each other", "CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t, x TEXT);",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t, x TEXT, y TEXT); INSERT INTO n (id, p, x) SELECT id, p, x FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t;",
         "ALTER TABLE t DROP COLUMN y;", "lossy", []),
)
def test_outcome_without_foreign_keys(case: Case, on_sqlite_without_foreign_keys: Measure) -> None:
    holds(case, on_sqlite_without_foreign_keys)
