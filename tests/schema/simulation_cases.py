"""Statements, action by action and dialect by dialect, and what each changes: checked alone and on a live server.

A change reads ``kind name property``; ``extra`` is a new object, ``missing`` one that is gone.
"""

from __future__ import annotations

from glowplug.dialect import Dialect

POSTGRES_BASE = """
CREATE TABLE users (id serial PRIMARY KEY, email varchar(80) NOT NULL UNIQUE, name text, age int CHECK (age > 0));
CREATE TABLE posts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author int REFERENCES users (id), body text,
  kind int, CONSTRAINT long_enough CHECK (body <> '') , UNIQUE (author, kind));
CREATE TABLE tags (post bigint, tag text, PRIMARY KEY (post, tag));
ALTER TABLE tags ADD FOREIGN KEY (post) REFERENCES posts (id) NOT VALID;
CREATE INDEX ON posts (kind, lower(body));
CREATE UNIQUE INDEX tags_tag ON tags (tag) WHERE tag <> '';
CREATE VIEW authors AS SELECT name, id FROM users;
CREATE VIEW names AS SELECT name FROM authors;
CREATE MATERIALIZED VIEW kinds AS SELECT kind FROM posts;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE feelings (user_id int, mood mood);
CREATE TABLE events (id int NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE TABLE base (a int NOT NULL, b text);
CREATE TABLE heir (c int) INHERITS (base);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE SCHEMA other;
"""

MYSQL_BASE = """
CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, name TEXT,
  age INT CHECK (age > 0)) ENGINE = InnoDB;
CREATE TABLE posts (id BIGINT NOT NULL PRIMARY KEY, author INT, kind INT NOT NULL DEFAULT 3, body VARCHAR(20),
  FOREIGN KEY (author) REFERENCES users (id), KEY by_kind (kind, body), CHECK (kind > 0));
CREATE VIEW authors AS SELECT name FROM users;
CREATE TRIGGER touched BEFORE INSERT ON users FOR EACH ROW SET NEW.name = 'x';
"""

SQLITE_BASE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name VARCHAR(20), age INT CHECK (age > 0));
CREATE TABLE posts (id TEXT PRIMARY KEY, author INT REFERENCES users (id), body TEXT COLLATE NOCASE, kind INT);
CREATE INDEX by_author ON posts (author);
CREATE VIEW authors AS SELECT name FROM users;
CREATE TRIGGER touched AFTER INSERT ON users BEGIN SELECT 1; END;
"""

ATTACH = """CREATE INDEX ON events (note); CREATE TABLE p (id int NOT NULL, at date NOT NULL, note text);
DROP TABLE events_rest; ALTER TABLE events ATTACH PARTITION p DEFAULT"""

REBUILD = """CREATE TABLE new (id TEXT PRIMARY KEY, author INT NOT NULL); INSERT INTO new SELECT id, author FROM posts;
DROP TABLE posts; ALTER TABLE new RENAME TO posts"""

BASES = {Dialect.POSTGRES: POSTGRES_BASE, Dialect.MYSQL: MYSQL_BASE, Dialect.SQLITE: SQLITE_BASE}

POSTGRES = [
    ("CREATE TABLE x (a int)", ["table public.x extra"]),
    ("CREATE TABLE IF NOT EXISTS users (a int)", []),
    ("CREATE TEMPORARY TABLE users (a int); ALTER TABLE users ADD b int", []),
    ("CREATE TABLE other.users (a int)", ["table other.users extra"]),
    ("SET search_path TO other; CREATE TABLE x (a int); RESET search_path", ["table other.x extra"]),
    ("DROP TABLE tags", ["table public.tags missing"]),
    ("DROP TABLE IF EXISTS nothing", []),
    ("DROP TABLE posts CASCADE",
     ["table public.posts missing", "constraint public.tags.tags_post_fkey missing",
      "materialized view public.kinds missing"]),
    ("DROP TABLE users CASCADE",
     ["table public.users missing", "constraint public.posts.posts_author_fkey missing", "view public.authors missing",
      "view public.names missing"]),
    ("DROP TABLE events", ["table public.events missing", "table public.events_rest missing"]),
    ("DROP TABLE base CASCADE", ["table public.base missing", "table public.heir missing"]),
    ("ALTER TABLE tags RENAME TO labels", ["table public.tags missing", "table public.labels extra"]),
    ("ALTER TABLE posts RENAME TO texts",
     ["table public.posts missing", "table public.texts extra", "constraint public.tags.tags_post_fkey references"]),
    ("ALTER TABLE tags SET SCHEMA other", ["table public.tags missing", "table other.tags extra"]),
    ("ALTER TABLE tags ADD COLUMN a int", ["column public.tags.a extra"]),
    ("ALTER TABLE tags ADD COLUMN IF NOT EXISTS tag int", []),
    ("ALTER TABLE tags ADD COLUMN a int UNIQUE",
     ["column public.tags.a extra", "constraint public.tags.tags_a_key extra"]),
    ("ALTER TABLE tags ADD COLUMN a int REFERENCES users",
     ["column public.tags.a extra", "constraint public.tags.tags_a_fkey extra"]),
    ("ALTER TABLE base ADD COLUMN d int CHECK (d > 0)",
     ["column public.base.d extra", "constraint public.base.base_d_check extra", "column public.heir.d extra",
      "constraint public.heir.base_d_check extra"]),
    ("ALTER TABLE users DROP COLUMN age",
     ["column public.users.age missing", "constraint public.users.users_age_check missing"]),
    ("ALTER TABLE posts DROP COLUMN kind CASCADE",
     ["column public.posts.kind missing", "constraint public.posts.posts_author_kind_key missing",
      "index public.posts.posts_kind_lower_idx missing", "materialized view public.kinds missing"]),
    ("ALTER TABLE users DROP COLUMN id CASCADE",
     ["column public.users.id missing", "constraint public.users.users_pkey missing",
      "constraint public.posts.posts_author_fkey missing", "view public.authors missing", "view public.names missing",
      "column public.users.email position", "column public.users.name position", "column public.users.age position"]),
    ("ALTER TABLE users DROP COLUMN IF EXISTS nothing", []),
    ("ALTER TABLE users RENAME COLUMN email TO mail", ["column public.users.email missing",
     "column public.users.mail extra", "constraint public.users.users_email_key columns"]),
    ("ALTER TABLE users RENAME COLUMN id TO uid",
     ["column public.users.id missing", "column public.users.uid extra", "constraint public.users.users_pkey columns"]),
    ("ALTER TABLE posts ALTER body TYPE varchar(30)", ["column public.posts.body type"]),
    ("ALTER TABLE users ALTER email TYPE text", ["column public.users.email type"]),
    ('ALTER TABLE users ALTER email TYPE text COLLATE "C"',
     ["column public.users.email type", "column public.users.email collation"]),
    ("ALTER TABLE feelings ALTER mood TYPE text", ["column public.feelings.mood type"]),
    ("ALTER TABLE users ALTER age SET NOT NULL", ["column public.users.age not_null"]),
    ("ALTER TABLE users ALTER email DROP NOT NULL", ["column public.users.email not_null"]),
    ("ALTER TABLE users ALTER age SET DEFAULT 3", ["column public.users.age default"]),
    ("ALTER TABLE users ALTER id DROP DEFAULT", ["column public.users.id default"]),
    ("ALTER TABLE users ALTER name SET DEFAULT NULL", []),
    ("ALTER TABLE posts ALTER id SET GENERATED BY DEFAULT", ["column public.posts.id identity"]),
    ("ALTER TABLE posts ALTER id DROP IDENTITY", ["column public.posts.id identity"]),
    ("ALTER TABLE posts ALTER kind SET NOT NULL, ALTER kind ADD GENERATED ALWAYS AS IDENTITY",
     ["column public.posts.kind identity", "column public.posts.kind not_null"]),
    ("ALTER TABLE users ADD UNIQUE (name)", ["constraint public.users.users_name_key extra"]),
    ("ALTER TABLE users ADD CHECK (age > 1)", ["constraint public.users.users_age_check1 extra"]),
    ("ALTER TABLE users ADD CHECK (age > 1 AND name <> '')", ["constraint public.users.users_check extra"]),
    ("ALTER TABLE users ADD CONSTRAINT named CHECK (age > 1) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT named",
     ["constraint public.users.named extra"]),
    ("ALTER TABLE tags VALIDATE CONSTRAINT tags_post_fkey", ["constraint public.tags.tags_post_fkey validated"]),
    ("ALTER TABLE feelings ADD PRIMARY KEY (user_id)",
     ["constraint public.feelings.feelings_pkey extra", "column public.feelings.user_id not_null"]),
    ("CREATE UNIQUE INDEX i ON feelings (user_id); ALTER TABLE feelings ADD CONSTRAINT k UNIQUE USING INDEX i",
     ["constraint public.feelings.k extra"]),
    ("ALTER TABLE users DROP CONSTRAINT users_email_key", ["constraint public.users.users_email_key missing"]),
    ("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE",
     ["constraint public.users.users_pkey missing", "constraint public.posts.posts_author_fkey missing"]),
    ("ALTER TABLE users DROP CONSTRAINT IF EXISTS nothing", []),
    ("ALTER TABLE users RENAME CONSTRAINT users_email_key TO k",
     ["constraint public.users.users_email_key missing", "constraint public.users.k extra"]),
    ("ALTER INDEX users_email_key RENAME TO k",
     ["constraint public.users.users_email_key missing", "constraint public.users.k extra"]),
    ("CREATE INDEX ON users (name)", ["index public.users.users_name_idx extra"]),
    ("CREATE INDEX ON users (name); CREATE INDEX ON users (name)",
     ["index public.users.users_name_idx extra", "index public.users.users_name_idx1 extra"]),
    ("CREATE INDEX IF NOT EXISTS tags_tag ON tags (post)", []),
    ("CREATE INDEX ON users ((name || 'x'), upper(name), (age::text), (CASE WHEN age > 1 THEN 2 END))",
     ["index public.users.users_expr_upper_age_case_idx extra"]),
    ("DROP INDEX tags_tag", ["index public.tags.tags_tag missing"]),
    ("ALTER INDEX tags_tag RENAME TO i", ["index public.tags.tags_tag missing", "index public.tags.i extra"]),
    ("CREATE INDEX ON events (note)",
     ["index public.events.events_note_idx extra", "index public.events_rest.events_rest_note_idx extra"]),
    ("ALTER TABLE events ADD PRIMARY KEY (id, at)",
     ["constraint public.events.events_pkey extra", "constraint public.events_rest.events_rest_pkey extra"]),
    ("ALTER TABLE events DETACH PARTITION events_rest; ALTER TABLE events ADD x int", ["column public.events.x extra"]),
    (ATTACH,
     ["index public.events.events_note_idx extra", "table public.p extra", "table public.events_rest missing"]),
    ("DROP VIEW names", ["view public.names missing"]),
    ("DROP VIEW authors CASCADE", ["view public.authors missing", "view public.names missing"]),
    ("CREATE OR REPLACE VIEW names AS SELECT name FROM authors WHERE name <> ''", []),
    ("ALTER VIEW names RENAME TO other_names", ["view public.names missing", "view public.other_names extra"]),
    ("DROP MATERIALIZED VIEW kinds", ["materialized view public.kinds missing"]),
    ("ALTER TYPE mood ADD VALUE 'happy'", ["type public.mood labels"]),
    ("ALTER TYPE mood ADD VALUE 'so_so' BEFORE 'ok'", ["type public.mood labels"]),
    ("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'", []),
    ("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", ["type public.mood labels"]),
    ("ALTER TYPE mood RENAME TO feeling",
     ["type public.mood missing", "type public.feeling extra", "column public.feelings.mood type"]),
    ("DROP TYPE mood CASCADE", ["type public.mood missing", "column public.feelings.mood missing"]),
    ("DROP DOMAIN positive", ["domain public.positive missing"]),
    ("ALTER DOMAIN positive SET NOT NULL", ["domain public.positive not_null"]),
    ("DROP TRIGGER touched ON users", ["trigger public.users.touched missing"]),
    ("ALTER TRIGGER touched ON users RENAME TO t",
     ["trigger public.users.touched missing", "trigger public.users.t extra"]),
    ("DROP FUNCTION touch() CASCADE", ["trigger public.users.touched missing"]),
    ("ALTER FUNCTION touch() RENAME TO tap; ALTER TRIGGER touched ON users RENAME TO t; DROP FUNCTION tap() CASCADE",
     ["trigger public.users.touched missing"]),
    ("CREATE SCHEMA apart; ALTER FUNCTION touch() SET SCHEMA apart; DROP FUNCTION apart.touch() CASCADE",
     ["trigger public.users.touched missing"]),
    ("""CREATE SCHEMA apart CREATE TABLE x (a int PRIMARY KEY) CREATE INDEX ON x (a) CREATE VIEW w AS SELECT a FROM x
      CREATE TABLE y (b int REFERENCES x, c int REFERENCES public.users); DROP VIEW apart.w; DROP TABLE apart.y""",
     ["table apart.x extra"]),
    ("DROP FUNCTION IF EXISTS nothing()", []),
    ("CREATE TABLE x (LIKE users INCLUDING ALL)", ["table public.x extra"]),
    ("CREATE TABLE x (LIKE users)", ["table public.x extra"]),
    ("CREATE TABLE heir2 (a bigint) INHERITS (tags)", ["table public.heir2 extra"]),
    ("DROP SCHEMA other CASCADE", []),
    ("TRUNCATE users CASCADE; INSERT INTO users (email) VALUES ('a')", []),
    ("ALTER TABLE base ALTER a DROP NOT NULL", ["column public.base.a not_null", "column public.heir.a not_null"]),
    ("ALTER TABLE base RENAME b TO bb", ["column public.base.b missing", "column public.base.bb extra",
     "column public.heir.b missing", "column public.heir.bb extra"]),
    ("ALTER TABLE base DROP b", ["column public.base.b missing", "column public.heir.b missing",
     "column public.heir.c position"]),
]  # fmt: skip

MYSQL = [
    ("CREATE TABLE x (a INT PRIMARY KEY)", ["table x extra"]),
    ("CREATE TABLE IF NOT EXISTS users (a INT)", []),
    ("CREATE OR REPLACE TABLE posts (id BIGINT NOT NULL PRIMARY KEY)", None),
    ("DROP TABLE posts", ["table posts missing"]),
    ("DROP TABLE IF EXISTS nothing", []),
    ("RENAME TABLE posts TO texts", ["table posts missing", "table texts extra"]),
    ("ALTER TABLE users RENAME TO people", None),
    ("ALTER TABLE users ADD COLUMN a INT FIRST", None),
    ("ALTER TABLE users ADD COLUMN a INT AFTER name", ["column users.a extra", "column users.age position"]),
    ("ALTER TABLE users DROP COLUMN email", None),
    ("ALTER TABLE posts DROP COLUMN body",
     ["column posts.body missing", "index posts.by_kind columns"]),
    ("ALTER TABLE users RENAME COLUMN email TO mail",
     ["column users.email missing", "column users.mail extra", "index users.email columns"]),
    ("ALTER TABLE posts MODIFY kind BIGINT", ["column posts.kind default", "column posts.kind not_null",
     "column posts.kind type"]),
    ("ALTER TABLE posts MODIFY id INT", ["column posts.id type"]),
    ("ALTER TABLE posts CHANGE author writer INT NOT NULL", ["column posts.author missing", "column posts.writer extra",
     "constraint posts.posts_ibfk_1 columns", "index posts.author columns"]),
    ("ALTER TABLE users MODIFY age INT", ["constraint users.age (check) missing"]),
    ("ALTER TABLE posts ALTER COLUMN kind DROP DEFAULT", ["column posts.kind default"]),
    ("ALTER TABLE posts ALTER COLUMN author SET DEFAULT 3", ["column posts.author default"]),
    ("ALTER TABLE users ADD UNIQUE (age)", ["index users.age extra"]),
    ("ALTER TABLE users ADD INDEX (email)", ["index users.email_2 extra"]),
    ("ALTER TABLE users ADD UNIQUE KEY k (age, email)", ["index users.k extra"]),
    ("CREATE INDEX i ON users (name(10))", ["index users.i extra"]),
    ("CREATE INDEX i ON posts (author)", ["index posts.author missing", "index posts.i extra"]),
    ("ALTER TABLE posts DROP FOREIGN KEY posts_ibfk_1", ["constraint posts.posts_ibfk_1 missing"]),
    ("ALTER TABLE posts DROP FOREIGN KEY posts_ibfk_1, ADD FOREIGN KEY (author) REFERENCES users (id)", None),
    ("ALTER TABLE posts ADD CONSTRAINT fk FOREIGN KEY (kind) REFERENCES users (id)", ["constraint posts.fk extra"]),
    ("ALTER TABLE posts DROP CONSTRAINT CONSTRAINT_1", ["constraint posts.CONSTRAINT_1 missing"]),
    ("ALTER TABLE posts ADD CHECK (kind < 9)", ["constraint posts.CONSTRAINT_2 extra"]),
    ("ALTER TABLE posts DROP PRIMARY KEY", ["constraint posts.PRIMARY missing"]),
    ("ALTER TABLE users DROP INDEX email", ["index users.email missing"]),
    ("DROP INDEX by_kind ON posts", ["index posts.by_kind missing"]),
    ("ALTER TABLE posts RENAME INDEX by_kind TO k", ["index posts.by_kind missing", "index posts.k extra"]),
    ("CREATE TABLE x LIKE posts", ["table x extra"]),
    ("DROP VIEW authors", ["view authors missing"]),
    ("CREATE OR REPLACE VIEW authors AS SELECT id FROM users", []),
    ("DROP TRIGGER touched", ["trigger users.touched missing"]),
    ("TRUNCATE posts", []),
    ("ALTER TABLE posts ENGINE = InnoDB, COMMENT = 'x'", []),
]  # fmt: skip

SQLITE = [
    ("CREATE TABLE x (a INT)", ["table x extra"]),
    ("CREATE TABLE IF NOT EXISTS USERS (a INT)", []),
    ("CREATE TABLE x (a TEXT PRIMARY KEY, b INTEGER) WITHOUT ROWID", ["table x extra"]),
    ("CREATE TABLE x (a INTEGER, b INT, PRIMARY KEY (a, b))", ["table x extra"]),
    ("CREATE TABLE x (a INT PRIMARY KEY) STRICT", ["table x extra"]),
    ("CREATE TEMPORARY TABLE users (a INT)", []),
    ("DROP TABLE posts", ["table posts missing"]),
    ("DROP TABLE users", ["table users missing"]),
    ("ALTER TABLE posts RENAME TO texts", ["table posts missing", "table texts extra"]),
    ("ALTER TABLE users RENAME TO people", None),
    ("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; ALTER TABLE users RENAME TO people", None),
    ("PRAGMA legacy_alter_table = ON; ALTER TABLE posts RENAME TO texts", None),
    ("ALTER TABLE posts ADD COLUMN a INT DEFAULT 3", ["column posts.a extra"]),
    ("ALTER TABLE posts ADD COLUMN a INT REFERENCES users", None),
    ("ALTER TABLE posts DROP COLUMN kind", ["column posts.kind missing"]),
    ("ALTER TABLE users DROP COLUMN age", None),
    ("ALTER TABLE users RENAME COLUMN EMAIL TO mail", None),
    ("ALTER TABLE users RENAME COLUMN id TO uid", None),
    ("CREATE UNIQUE INDEX i ON posts (kind, lower(body))", ["index posts.i extra"]),
    ("CREATE INDEX IF NOT EXISTS BY_AUTHOR ON posts (body)", []),
    ("DROP INDEX by_author", ["index posts.by_author missing"]),
    ("DROP VIEW authors", ["view authors missing"]),
    ("DROP TRIGGER touched", ["trigger users.touched missing"]),
    ("CREATE TRIGGER t INSTEAD OF INSERT ON authors BEGIN SELECT 1; END", ["trigger authors.t extra"]),
    (REBUILD, None),
]  # fmt: skip

CASES = [
    *((Dialect.POSTGRES, sql, changes) for sql, changes in POSTGRES),
    *((Dialect.MYSQL, sql, changes) for sql, changes in MYSQL),
    *((Dialect.SQLITE, sql, changes) for sql, changes in SQLITE),
]
"""Changes that are None are too many to list: they are held against the server alone."""
