"""What becomes of rows on a live MariaDB or MySQL, by migrations that are made to deceive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.data.adversary import Case, cases, holds

if TYPE_CHECKING:
    from conftest import Measure

pytestmark = [pytest.mark.mysql, pytest.mark.full]

T = (
    "CREATE TABLE t (id INTEGER AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL, age INTEGER NOT NULL,"
    " email VARCHAR(100));"
)
STATUS = "CREATE TABLE t (id INTEGER AUTO_INCREMENT PRIMARY KEY, status VARCHAR(20) NOT NULL, note VARCHAR(100));"
MOOD = "CREATE TABLE p (id INTEGER AUTO_INCREMENT PRIMARY KEY, mood ENUM('sad', 'ok', 'happy') NOT NULL);"
FAMILY = (
    "CREATE TABLE p (id INTEGER AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL);"
    "CREATE TABLE c (id INTEGER AUTO_INCREMENT PRIMARY KEY, p_id INTEGER, note VARCHAR(40),"
    " CONSTRAINT k FOREIGN KEY (p_id) REFERENCES p (id){});"
)
NOTHING = "SELECT 1;"


@cases(
    Case("a column renamed by copying", T, "ALTER TABLE t ADD COLUMN mail VARCHAR(100); UPDATE t SET mail = email; ALTER TABLE t DROP COLUMN email;",
         "ALTER TABLE t ADD COLUMN email VARCHAR(100); UPDATE t SET email = mail; ALTER TABLE t DROP COLUMN mail;", "lossless", [], []),
    Case("a column moved in its table", T, "ALTER TABLE t MODIFY email VARCHAR(100) FIRST;", "ALTER TABLE t MODIFY email VARCHAR(100) AFTER age;", "lossless", [], []),
    Case("a column dropped and added in one", T, "ALTER TABLE t DROP COLUMN email, ADD COLUMN mail VARCHAR(100);", "ALTER TABLE t DROP COLUMN mail, ADD COLUMN email VARCHAR(100);",
         "irreversible", ["up t.email dropped"], []),
    Case("lowercased", T, "UPDATE t SET name = LOWER(name);", NOTHING, "irreversible", ["up t.name changed"], []),
    Case("hashed", T, "UPDATE t SET email = SHA2(email, 256);", NOTHING, "irreversible", ["up t.email changed"], []),
    Case("encoded and decoded", T, "ALTER TABLE t MODIFY name TEXT NOT NULL; UPDATE t SET name = TO_BASE64(name);",
         "UPDATE t SET name = FROM_BASE64(name); ALTER TABLE t MODIFY name VARCHAR(100) NOT NULL;", "lossless", []),
    Case("cut by LEFT", T, "UPDATE t SET name = LEFT(name, 3); ALTER TABLE t MODIFY name VARCHAR(3) NOT NULL;", "ALTER TABLE t MODIFY name VARCHAR(100) NOT NULL;",
         "irreversible", ["up t.name changed"]),
    Case("cut without strict mode", T, "SET SESSION sql_mode = ''; ALTER TABLE t MODIFY name VARCHAR(3) NOT NULL;", "ALTER TABLE t MODIFY name VARCHAR(100) NOT NULL;",
         "lossless", [], odd=["up t.name changed"]),
    Case("the chain's text cut without strict mode", T + "INSERT INTO t (name, age) VALUES ('Ada King', 36);",
         "SET SESSION sql_mode = ''; ALTER TABLE t MODIFY name VARCHAR(3) NOT NULL;", "ALTER TABLE t MODIFY name VARCHAR(100) NOT NULL;",
         "irreversible", ["up t.name changed"]),
    Case("a decimal narrowed", "CREATE TABLE t (id INTEGER PRIMARY KEY, price DECIMAL(10,2) NOT NULL);", "ALTER TABLE t MODIFY price DECIMAL(10,1) NOT NULL;",
         "ALTER TABLE t MODIFY price DECIMAL(10,2) NOT NULL;", "irreversible", ["up t.price changed"]),
    Case("a decimal made an integer", "CREATE TABLE t (id INTEGER PRIMARY KEY, price DECIMAL(10,2) NOT NULL);", "ALTER TABLE t MODIFY price INTEGER NOT NULL;",
         "ALTER TABLE t MODIFY price DECIMAL(10,2) NOT NULL;", "irreversible", ["up t.price changed"]),
    Case("a decimal with fewer digits before its point", "CREATE TABLE t (id INTEGER PRIMARY KEY, price DECIMAL(10,2) NOT NULL);", "ALTER TABLE t MODIFY price DECIMAL(5,2) NOT NULL;",
         "ALTER TABLE t MODIFY price DECIMAL(10,2) NOT NULL;", "lossless", [], ["up t.price"]),
    Case("the fraction of a moment cut", "CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME(6) NOT NULL);", "ALTER TABLE t MODIFY at DATETIME NOT NULL;",
         "ALTER TABLE t MODIFY at DATETIME(6) NOT NULL;", "irreversible", ["up t.at changed"]),
    Case("a moment cut to its day", "CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME NOT NULL);", "ALTER TABLE t MODIFY at DATE NOT NULL;",
         "ALTER TABLE t MODIFY at DATETIME NOT NULL;", "irreversible", ["up t.at changed"]),
    Case("a label taken away", MOOD, "UPDATE p SET mood = 'sad' WHERE mood = 'ok'; ALTER TABLE p MODIFY mood ENUM('sad', 'happy') NOT NULL;",
         "ALTER TABLE p MODIFY mood ENUM('sad', 'ok', 'happy') NOT NULL;", "irreversible", ["up p.mood changed"], []),
    Case("labels in another order", MOOD, "ALTER TABLE p MODIFY mood ENUM('happy', 'ok', 'sad') NOT NULL;", "ALTER TABLE p MODIFY mood ENUM('sad', 'ok', 'happy') NOT NULL;", "lossless", [], []),
    Case("labels made texts and back", MOOD, "ALTER TABLE p MODIFY mood VARCHAR(20) NOT NULL;", "ALTER TABLE p MODIFY mood ENUM('sad', 'ok', 'happy') NOT NULL;", "lossless", []),
    Case("letters that the new character set lacks", "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL) CHARACTER SET utf8mb4; INSERT INTO t VALUES (-1, '日本');",
         "ALTER TABLE t CONVERT TO CHARACTER SET latin1;", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;", "fails_on_data"),
    Case("letters that the new character set lacks, unstrictly", "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL) CHARACTER SET utf8mb4; INSERT INTO t VALUES (-1, '日本');",
         "SET SESSION sql_mode = ''; ALTER TABLE t CONVERT TO CHARACTER SET latin1;", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;", "irreversible", ["up t.name changed"]),
    Case("a character set", "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL) CHARACTER SET latin1;",
         "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;", "ALTER TABLE t CONVERT TO CHARACTER SET latin1;", "lossless", []),
    Case("texts merged", STATUS, "UPDATE t SET status = 'active' WHERE status IN ('new', 'pending');", NOTHING, "irreversible", ["up t.status changed"], []),
    Case("texts merged by IF", STATUS, "UPDATE t SET status = IF(status = 'new', 'active', status);", NOTHING, "irreversible", ["up t.status changed"], []),
    Case("rows deleted by a text", STATUS, "DELETE FROM t WHERE status = 'obsolete';", NOTHING, "irreversible", ["up t deleted"], []),
    Case("rows deleted by a join", FAMILY.format(""), "DELETE c FROM c JOIN p ON p.id = c.p_id WHERE p.name LIKE 'old%';", NOTHING, "irreversible", ["up c deleted"]),
    Case("NULL replaced", T, "UPDATE t SET email = '' WHERE email IS NULL; ALTER TABLE t MODIFY email VARCHAR(100) NOT NULL;", "ALTER TABLE t MODIFY email VARCHAR(100);",
         "irreversible", ["up t.email changed"]),
    Case("NULL replaced unstrictly", T, "SET SESSION sql_mode = ''; ALTER TABLE t MODIFY email VARCHAR(100) NOT NULL;", "ALTER TABLE t MODIFY email VARCHAR(100);",
         "lossless", [], odd=["up t.email changed"]),
    Case("parents deleted, their children with them", FAMILY.format(" ON DELETE CASCADE"), "DELETE FROM p WHERE id > 5;", NOTHING, "irreversible", ["up p deleted", "up c deleted"]),
    Case("parents deleted, their children left", FAMILY.format(" ON DELETE SET NULL"), "DELETE FROM p WHERE id > 5;", NOTHING, "irreversible", ["up p deleted", "up c.p_id nulled"]),
    Case("parents deleted that children hold", FAMILY.format(""), "DELETE FROM p WHERE id > 2;", NOTHING, "irreversible", ["up p deleted"], ["up p"], partly=True),
    Case("a row overwritten", T, "REPLACE INTO t VALUES (1, 'root', 1, NULL);", NOTHING, "irreversible", ["up t.name changed", "up t.age changed", "up t.email nulled"]),
    Case("a row overwritten where its key is there", T, "INSERT INTO t VALUES (1, 'root', 1, NULL) ON DUPLICATE KEY UPDATE name = 'root';", NOTHING, "irreversible", ["up t.name changed"]),
    Case("a row that may be there", T, "INSERT IGNORE INTO t VALUES (1, 'root', 1, NULL);", NOTHING, "lossless", [], []),
    Case("a row with a number of its own", T, "INSERT INTO t VALUES (1, 'root', 1, NULL);", "DELETE FROM t WHERE id = 1;", "lossless", [], []),
    Case("a row more beside the chain's", "CREATE TABLE roles (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE); INSERT INTO roles VALUES (1, 'user'), (2, 'editor');",
         "INSERT INTO roles VALUES (3, 'admin');", "DELETE FROM roles WHERE id = 3;", "lossless", [], []),
    Case("a row without a number", "CREATE TABLE roles (id INTEGER AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL UNIQUE);", "INSERT INTO roles (name) VALUES ('admin');",
         "DELETE FROM roles WHERE name = 'admin';", "lossless", [], []),
    Case("the chain's duplicates ignored", "CREATE TABLE t (id INTEGER PRIMARY KEY, email VARCHAR(40) NOT NULL); INSERT INTO t VALUES (-1, 'a'), (-2, 'a');",
         "CREATE TABLE n (id INTEGER PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE); INSERT IGNORE INTO n SELECT * FROM t; DROP TABLE t; RENAME TABLE n TO t;", NOTHING,
         "irreversible", ["up t deleted"]),
    Case("a table made anew without a column", T,
         "CREATE TABLE n LIKE t; ALTER TABLE n DROP COLUMN email; INSERT INTO n SELECT id, name, age FROM t; DROP TABLE t; RENAME TABLE n TO t;", "ALTER TABLE t ADD COLUMN email VARCHAR(100);",
         "irreversible", ["up t.email dropped"], []),
    Case("a table made anew without some rows", STATUS,
         "CREATE TABLE n LIKE t; INSERT INTO n SELECT * FROM t WHERE status <> 'gone'; DROP TABLE t; RENAME TABLE n TO t;", NOTHING, "irreversible", ["up t deleted"]),
    Case("a generated column", T, "ALTER TABLE t ADD COLUMN low VARCHAR(100) AS (LOWER(name)) STORED;", "ALTER TABLE t DROP COLUMN low;", "lossless", []),
    Case("a trigger that writes what was done", T + "CREATE TABLE audit (id INTEGER AUTO_INCREMENT PRIMARY KEY, t_id INTEGER, was INTEGER);"
         "CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW INSERT INTO audit (t_id, was) VALUES (OLD.id, OLD.age);",
         "UPDATE t SET age = age + 1;", "UPDATE t SET age = age - 1;", "lossless", []),
    Case("moved to a table of their own and back", T,
         "CREATE TABLE mails (t_id INTEGER PRIMARY KEY, email VARCHAR(100)); INSERT INTO mails SELECT id, email FROM t; ALTER TABLE t DROP COLUMN email;",
         "ALTER TABLE t ADD COLUMN email VARCHAR(100); UPDATE t JOIN mails ON t_id = id SET t.email = mails.email; DROP TABLE mails;", "lossless"),
    Case("moved to a table of their own and forgotten", T,
         "CREATE TABLE mails (t_id INTEGER PRIMARY KEY, email VARCHAR(100)); INSERT INTO mails SELECT id, email FROM t; ALTER TABLE t DROP COLUMN email;",
         "ALTER TABLE t ADD COLUMN email VARCHAR(100); DROP TABLE mails;", "lossy", ["down t.email"]),
    Case("packed into a document and one forgotten", T,
         "ALTER TABLE t ADD COLUMN doc JSON; UPDATE t SET doc = JSON_OBJECT('age', age, 'email', email); ALTER TABLE t DROP COLUMN age, DROP COLUMN email;",
         "ALTER TABLE t ADD COLUMN age INTEGER NOT NULL DEFAULT 0, ADD COLUMN email VARCHAR(100); UPDATE t SET age = COALESCE(JSON_VALUE(doc, '$.age'), 0); ALTER TABLE t DROP COLUMN doc;",
         "lossy", ["down t.email nulled"]),
    Case("swapped as if at once", "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(40), b VARCHAR(40));", "UPDATE t SET a = b, b = a;", "UPDATE t SET a = b, b = a;",
         "irreversible", ["up t.a changed"]),
    Case("a down that empties the table", T, "CREATE INDEX i ON t (age);", "DROP INDEX i ON t; TRUNCATE TABLE t;", "lossy", ["down t deleted", "down t deleted after"], []),
    Case("a down that makes the table anew", T, "ALTER TABLE t ADD COLUMN x TEXT;", "DROP TABLE t; " + T, "lossy", ["down t", "down t after"]),
    Case("rows without a key", "CREATE TABLE t (a VARCHAR(40), b INTEGER);", "UPDATE t SET a = UPPER(a);", NOTHING, "irreversible", ["up t.a changed"], []),
    Case("rows of a partition", "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(40)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (8), PARTITION p1 VALUES LESS THAN MAXVALUE);",
         "ALTER TABLE t DROP PARTITION p0;", NOTHING, "irreversible", ["up t deleted"]),
    Case("parts joined", "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(40)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (8), PARTITION p1 VALUES LESS THAN MAXVALUE);",
         "ALTER TABLE t REMOVE PARTITIONING;", "ALTER TABLE t PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (8), PARTITION p1 VALUES LESS THAN MAXVALUE);", "lossless", [], []),
    Case("a soft delete purged", "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(40), deleted BOOLEAN NOT NULL DEFAULT 0);", "DELETE FROM t WHERE deleted = 1;", NOTHING, "irreversible", ["up t deleted"], []),
    Case("a truth made a word and back", "CREATE TABLE t (id INTEGER PRIMARY KEY, ok BOOLEAN NOT NULL);",
         "ALTER TABLE t MODIFY ok VARCHAR(5) NOT NULL; UPDATE t SET ok = IF(ok = '1', 'yes', 'no');",
         "UPDATE t SET ok = IF(ok = 'yes', '1', '0'); ALTER TABLE t MODIFY ok BOOLEAN NOT NULL;", "lossless", []),
    Case("a number made unsigned", "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);", "ALTER TABLE t MODIFY n INTEGER UNSIGNED NOT NULL;", "ALTER TABLE t MODIFY n INTEGER NOT NULL;",
         "lossless", [], ["up t.n", "down t.n"]),
    Case("a view", T, "CREATE VIEW v AS SELECT * FROM t;", "DROP VIEW v;", "lossless", [], []),
    Case("a table moved by a procedure", T, "CREATE PROCEDURE f() UPDATE t SET name = UPPER(name); CALL f(); DROP PROCEDURE f;", NOTHING, "irreversible", ["up t.name changed"]),
    Case("a statement prepared", T, "SET @s = 'UPDATE t SET name = UPPER(name)'; PREPARE s FROM @s; EXECUTE s; DEALLOCATE PREPARE s;", NOTHING, "irreversible", ["up t.name changed"]),
    Case("binary made text", "CREATE TABLE t (id INTEGER PRIMARY KEY, b VARBINARY(40) NOT NULL);", "UPDATE t SET b = 'x';", NOTHING, "irreversible", ["up t.b changed"]),
)
def test_outcome(case: Case, on_mysql: Measure) -> None:
    holds(case, on_mysql)
