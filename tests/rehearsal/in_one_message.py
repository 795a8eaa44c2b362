"""Chains of which nothing but running them one by one tells the truth: sequences, deferred checks, the clock.

What each shows was executed with the diesel CLI and pg_dump.
"""

from __future__ import annotations

Files = list[tuple[str, str]]

OF_ONE_TRANSACTION: dict[str, tuple[Files, list[str], str]] = {
    "a sequence that the down restarts": (
        [
            ("CREATE TABLE t (id serial PRIMARY KEY, v int)", "DROP TABLE t"),
            ("INSERT INTO t (v) VALUES (1), (1), (1)", "DELETE FROM t; ALTER SEQUENCE t_id_seq RESTART"),
            ("INSERT INTO t (v) VALUES (2)", "DELETE FROM t WHERE v = 2"),
        ],
        ["restored", "restored", "restored"],
        "complete",
    ),
    "events that wait for the end": (
        [
            (
                (
                    "CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1), (2); CREATE TABLE t (id int "
                    "PRIMARY KEY, p int REFERENCES p DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1, 2)"
                ),
                "DROP TABLE t; DROP TABLE p",
            ),
            (
                "UPDATE t SET p = 1 WHERE p IS NULL; ALTER TABLE t ALTER p SET NOT NULL",
                "ALTER TABLE t ALTER p DROP NOT NULL; UPDATE t SET p = NULL",
            ),
        ],
        ["restored", "restored: the second up fails"],
        "complete",
    ),
    "a default by a function that counts": (
        [
            (
                (
                    "CREATE SEQUENCE s MAXVALUE 3; CREATE FUNCTION next_no() RETURNS bigint LANGUAGE sql AS "
                    "$$SELECT nextval('s')$$; CREATE TABLE t (id bigint PRIMARY KEY DEFAULT next_no(), v int)"
                ),
                "DROP TABLE t; DROP FUNCTION next_no; DROP SEQUENCE s",
            ),
            ("INSERT INTO t (v) VALUES (1)", "DELETE FROM t WHERE v = 1"),
            ("INSERT INTO t (v) VALUES (2)", "DELETE FROM t WHERE v = 2"),
            ("INSERT INTO t (v) VALUES (3)", "DELETE FROM t WHERE v = 3"),
        ],
        ["restored", "restored", "restored", "restored: the second up fails"],
        "complete",
    ),
    "a moment of the clock in a new column": (
        [
            ("CREATE TABLE t(id int, k int, c timestamptz); INSERT INTO t VALUES (1,1,'infinity')", "DROP TABLE t"),
            (
                (
                    "UPDATE t SET k = NULL WHERE c >= now(); ALTER TABLE t ADD CONSTRAINT x CHECK (k IS NULL); "
                    "ALTER TABLE t DROP COLUMN c"
                ),
                (
                    "ALTER TABLE t DROP CONSTRAINT x; ALTER TABLE t DROP COLUMN k; ALTER TABLE t ADD COLUMN k int "
                    "DEFAULT 1; ALTER TABLE t ALTER k DROP DEFAULT; ALTER TABLE t ADD COLUMN c timestamptz "
                    "DEFAULT clock_timestamp(); ALTER TABLE t ALTER c DROP DEFAULT"
                ),
            ),
        ],
        ["restored", "restored: the second up fails"],
        "complete",
    ),
    "a moment of a view": (
        [
            (
                (
                    "CREATE VIEW v AS SELECT 1 AS k, now() AS c; CREATE TABLE t AS SELECT 1 AS k, "
                    "'infinity'::timestamptz AS c"
                ),
                "DROP TABLE t",
            ),
            (
                "DELETE FROM t WHERE c >= now(); ALTER TABLE t ADD CONSTRAINT x CHECK (k IS NULL)",
                "DROP TABLE t; CREATE TABLE t AS SELECT * FROM v",
            ),
        ],
        ["differs", "restored: the second up fails"],
        "complete",
    ),
    "a moment of a domain": (
        [
            (
                (
                    "CREATE DOMAIN st AS timestamptz DEFAULT now(); CREATE TABLE t(id int, k int, c st); INSERT "
                    "INTO t VALUES (1,1,'infinity')"
                ),
                "DROP TABLE t",
            ),
            (
                (
                    "UPDATE t SET k = NULL WHERE c >= now(); ALTER TABLE t ADD CONSTRAINT x CHECK (k IS NULL); "
                    "ALTER TABLE t DROP COLUMN c"
                ),
                (
                    "ALTER TABLE t DROP CONSTRAINT x; ALTER TABLE t DROP COLUMN k; ALTER TABLE t ADD COLUMN k int "
                    "DEFAULT 1; ALTER TABLE t ALTER k DROP DEFAULT; ALTER TABLE t ADD COLUMN c st"
                ),
            ),
        ],
        ["differs", "restored: the second up fails"],
        "complete",
    ),
    "a view that is there for one file alone": (
        [
            (
                (
                    "CREATE TABLE other (id int); CREATE FUNCTION gr() RETURNS int LANGUAGE plpgsql AS $$BEGIN "
                    "EXECUTE 'GRANT SELECT ON other TO PUBLIC'; RETURN 1; END$$; CREATE TABLE t(id int)"
                ),
                "SELECT 1",
            ),
            ("CREATE TABLE pad (id int)", "DROP TABLE pad"),
            ("CREATE VIEW v AS SELECT gr() AS x; INSERT INTO t SELECT x FROM v; DROP VIEW v", "DELETE FROM t"),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "differs", "restored"],
        "complete",
    ),
    "a trigger behind what a default writes": (
        [
            (
                (
                    "CREATE TABLE other (id int); CREATE TABLE log(id int); CREATE TABLE t(id int); INSERT INTO t "
                    "VALUES (1); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN EXECUTE 'GRANT "
                    "SELECT ON other TO PUBLIC'; RETURN NEW; END$$; CREATE TRIGGER tg BEFORE INSERT ON log FOR "
                    "EACH ROW EXECUTE FUNCTION tf(); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN "
                    "INSERT INTO log VALUES (1); RETURN 1; END'; CREATE DOMAIN dd AS int DEFAULT f()"
                ),
                "SELECT 1",
            ),
            ("CREATE TABLE pad (id int)", "DROP TABLE pad"),
            ("ALTER TABLE t ADD COLUMN c dd", "ALTER TABLE t DROP COLUMN c"),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "differs", "restored"],
        "complete",
    ),
    "a stable function that executes": (
        [
            (
                (
                    "CREATE TABLE other (id int); CREATE FUNCTION gr() RETURNS int LANGUAGE plpgsql AS $$BEGIN "
                    "EXECUTE 'GRANT SELECT ON other TO PUBLIC'; RETURN 1; END$$; CREATE FUNCTION f(n text) "
                    "RETURNS int STABLE LANGUAGE plpgsql AS $$DECLARE r int; BEGIN EXECUTE 'SELECT ' || n || '()' "
                    "INTO r; RETURN r; END$$; CREATE TABLE t(id int); INSERT INTO t VALUES (1); CREATE DOMAIN dd "
                    "AS int DEFAULT f('gr')"
                ),
                "SELECT 1",
            ),
            ("CREATE TABLE pad (id int)", "DROP TABLE pad"),
            ("ALTER TABLE t ADD COLUMN c dd", "ALTER TABLE t DROP COLUMN c"),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "differs", "restored"],
        "complete",
    ),
    "a name with a quote in it": (
        [
            (
                (
                    'CREATE TABLE other (id int); CREATE FUNCTION "a""b"() RETURNS int LANGUAGE plpgsql AS '
                    "$$BEGIN EXECUTE 'GRANT SELECT ON other TO PUBLIC'; RETURN 1; END$$; CREATE FUNCTION f() "
                    'RETURNS int LANGUAGE plpgsql AS \'BEGIN RETURN "a""b"(); END\'; CREATE TABLE t(id int); INSERT '
                    "INTO t VALUES (1); CREATE DOMAIN dd AS int DEFAULT f()"
                ),
                "SELECT 1",
            ),
            ("CREATE TABLE pad (id int)", "DROP TABLE pad"),
            ("ALTER TABLE t ADD COLUMN c dd", "ALTER TABLE t DROP COLUMN c"),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "differs", "restored"],
        "complete",
    ),
    "a domain that a cascade takes along": (
        [
            ("CREATE TABLE t(c int, id serial); CREATE DOMAIN d AS int DEFAULT nextval('t_id_seq')", "SELECT 1"),
            ("CREATE TABLE pad (id int)", "DROP TABLE pad"),
            ("ALTER TABLE t DROP COLUMN id CASCADE", "ALTER TABLE t ADD COLUMN id serial"),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "differs", "restored"],
        "complete",
    ),
    "a foreign key that counts": (
        [
            (
                (
                    "CREATE SEQUENCE s START 10; CREATE TABLE p(id int PRIMARY KEY); INSERT INTO p SELECT "
                    "generate_series(1,100); CREATE TABLE t(v int, p int DEFAULT nextval('s') REFERENCES p ON "
                    "DELETE SET DEFAULT); INSERT INTO t VALUES (1,1)"
                ),
                "SELECT 1",
            ),
            ("DELETE FROM p WHERE id = 1", "INSERT INTO p VALUES (1);UPDATE t SET p = 1"),
            (
                "INSERT INTO t (v) VALUES (2); ALTER TABLE t ADD CONSTRAINT ck CHECK (p <= 11)",
                "ALTER TABLE t DROP CONSTRAINT ck",
            ),
        ],
        ["differs", "restored", "restored: the second up fails"],
        "complete",
    ),
    "a domain that counts": (
        [
            (
                (
                    "CREATE SEQUENCE s; CREATE DOMAIN dd AS int DEFAULT nextval('s'); CREATE TABLE t(v int); "
                    "INSERT INTO t VALUES (1)"
                ),
                "SELECT 1",
            ),
            ("ALTER TABLE t ADD COLUMN c dd", "ALTER TABLE t DROP COLUMN c"),
            (
                "INSERT INTO t (v) VALUES (2); ALTER TABLE t ADD CONSTRAINT ck CHECK (c <= 2)",
                "ALTER TABLE t DROP CONSTRAINT ck;DELETE FROM t WHERE v=2",
            ),
        ],
        ["differs", "restored", "restored: the second up fails"],
        "complete",
    ),
    "a view that counts": (
        [
            ("CREATE SEQUENCE s; CREATE VIEW v AS SELECT nextval('s')::int AS n; CREATE TABLE t(v int)", "SELECT 1"),
            ("CREATE TABLE x AS SELECT n FROM v", "DROP TABLE x"),
            (
                "INSERT INTO t (v) SELECT n FROM v; ALTER TABLE t ADD CONSTRAINT ck CHECK (v <= 2)",
                "ALTER TABLE t DROP CONSTRAINT ck;DELETE FROM t WHERE v=2",
            ),
        ],
        ["differs", "restored", "restored: the second up fails"],
        "complete",
    ),
    "a check that counts": (
        [
            (
                (
                    "CREATE SEQUENCE s; CREATE FUNCTION nx() RETURNS int LANGUAGE sql AS $$SELECT "
                    "nextval('s')::int$$; CREATE TABLE t(v int, CHECK (nx() > 0));CREATE TABLE u(n int)"
                ),
                "SELECT 1",
            ),
            ("INSERT INTO t VALUES (1)", "DELETE FROM t"),
            (
                "INSERT INTO u SELECT nextval('s'); ALTER TABLE u ADD CONSTRAINT ck CHECK (n <= 2)",
                "ALTER TABLE u DROP CONSTRAINT ck;DELETE FROM u",
            ),
        ],
        ["differs", "restored", "restored: the second up fails"],
        "complete",
    ),
    "a trigger's body with a comment": (
        [
            (
                (
                    "CREATE SEQUENCE s; CREATE TABLE u(n int); CREATE TABLE t(id int, k int); CREATE FUNCTION "
                    "nx(int) RETURNS int LANGUAGE sql AS $$SELECT nextval('s')::int$$; CREATE FUNCTION tf() "
                    "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.k := nx /* next */ (1); RETURN NEW; END'; "
                    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()"
                ),
                "SELECT 1",
            ),
            ("CREATE TABLE pad (id int)", "DROP TABLE pad"),
            ("INSERT INTO t VALUES (1,1)", "DELETE FROM t"),
            (
                "INSERT INTO u SELECT nextval('s'); ALTER TABLE u ADD CHECK (n <= 2)",
                "ALTER TABLE u DROP CONSTRAINT u_n_check;DELETE FROM u",
            ),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "restored", "restored: the second up fails", "restored"],
        "complete",
    ),
    "an operator that counts": (
        [
            (
                (
                    "CREATE SEQUENCE s; CREATE OPERATOR @@@@ (rightarg=int, function=pg_catalog.int4up);CREATE "
                    "FUNCTION nx(int) RETURNS int LANGUAGE sql AS $$SELECT nextval('s')::int$$; CREATE OPERATOR "
                    "#### (rightarg=int, function=nx); CREATE TABLE t(id int, k int); CREATE FUNCTION tf() "
                    "RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.k := #### 1; RETURN NEW; END$$; CREATE "
                    "TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();CREATE TABLE u(n int)"
                ),
                "SELECT 1",
            ),
            ("INSERT INTO t VALUES (1,1)", "DELETE FROM t"),
            (
                "INSERT INTO u SELECT nextval('s'); ALTER TABLE u ADD CHECK (n <= 2)",
                "ALTER TABLE u DROP CONSTRAINT u_n_check;DELETE FROM u",
            ),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "restored: the second up fails", "restored"],
        "complete",
    ),
    "a name of the server's own that counts": (
        [
            (
                (
                    "CREATE SEQUENCE s; CREATE TABLE t(id int, k int);INSERT INTO t VALUES (0,0); CREATE FUNCTION "
                    "public.lower(int) RETURNS int STABLE LANGUAGE sql AS $$SELECT nextval('s')::int$$;CREATE "
                    "TABLE u(n int)"
                ),
                "SELECT 1",
            ),
            ("UPDATE t SET k = lower(k)", "UPDATE t SET k = 0"),
            (
                "INSERT INTO u SELECT nextval('s'); ALTER TABLE u ADD CHECK (n <= 2)",
                "ALTER TABLE u DROP CONSTRAINT u_n_check;DELETE FROM u",
            ),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "restored: the second up fails", "restored"],
        "complete",
    ),
    "an aggregate that counts": (
        [
            (
                (
                    "CREATE SEQUENCE s; CREATE TABLE t(id int, k int);INSERT INTO t VALUES (0,0); CREATE FUNCTION "
                    "sf(int,int) RETURNS int LANGUAGE sql AS $$SELECT nextval('s')::int$$; CREATE AGGREGATE "
                    "public.mode(int) (sfunc=sf, stype=int,initcond=0);CREATE TABLE u(n int)"
                ),
                "SELECT 1",
            ),
            ("UPDATE t SET k = (SELECT mode(id) FROM t)", "UPDATE t SET k = 0"),
            (
                "INSERT INTO u SELECT nextval('s'); ALTER TABLE u ADD CHECK (n <= 2)",
                "ALTER TABLE u DROP CONSTRAINT u_n_check;DELETE FROM u",
            ),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "restored", "restored: the second up fails", "restored"],
        "complete",
    ),
    "a sequence with values in advance": (
        [
            ("CREATE SEQUENCE s CACHE 20; CREATE TABLE t(id int PRIMARY KEY DEFAULT nextval('s'), v int)", "SELECT 1"),
            ("INSERT INTO t (v) VALUES (1)", "DELETE FROM t"),
            (
                "INSERT INTO t (v) VALUES (2); ALTER TABLE t ADD CHECK (id <= 2)",
                "ALTER TABLE t DROP CONSTRAINT t_id_check;DELETE FROM t WHERE v=2",
            ),
        ],
        ["differs", "restored", "restored: the second up fails"],
        "complete",
    ),
    "a key that is taken at the first try": (
        [
            ("CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t (id, v) VALUES (1, 0)", "DROP TABLE t"),
            ("INSERT INTO t (v) VALUES (1)", "DELETE FROM t WHERE v = 1"),
        ],
        ["restored", "up_failed"],
        "complete",
    ),
    "domains one after the other": (
        [
            (
                (
                    "CREATE TABLE t(c int, id serial); CREATE DOMAIN d AS int DEFAULT nextval('t_id_seq'); CREATE "
                    "TABLE u(k int)"
                ),
                "SELECT 1",
            ),
            ("ALTER TABLE t DROP COLUMN id CASCADE", "SELECT 1"),
            (
                (
                    "CREATE TABLE w(id serial,c int);CREATE FUNCTION f(x int DEFAULT currval('w_id_seq')) RETURNS "
                    "int LANGUAGE sql AS 'SELECT 1';CREATE FUNCTION f2(x int DEFAULT currval('w_id_seq'), y int "
                    "DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'"
                ),
                "SELECT 1",
            ),
            ("ALTER TABLE w DROP COLUMN id CASCADE", "ALTER TABLE w ADD COLUMN id serial"),
            ("CREATE TABLE pad2 (id int)", "DROP TABLE pad2"),
        ],
        ["differs", "differs", "differs", "differs", "restored"],
        "complete",
    ),
    "a key that is taken on the way down": (
        [
            ("CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t (id, v) VALUES (1, 0)", "DROP TABLE t"),
            ("CREATE TABLE z (id int)", "INSERT INTO t (v) VALUES (9); DROP TABLE z"),
        ],
        ["restored", "down_failed"],
        "failed",
    ),
    "a sequence that a TRUNCATE restarts": (
        [
            (
                (
                    "CREATE TABLE a(id serial, k int); CREATE TABLE b(id serial, k int); INSERT INTO a (k) VALUES "
                    "(1),(2)"
                ),
                "SELECT 1",
            ),
            ("TRUNCATE a RESTART IDENTITY", "INSERT INTO a (k) VALUES (3)"),
            ("INSERT INTO a (k) VALUES (1) ON CONFLICT DO NOTHING RETURNING id", "TRUNCATE a RESTART IDENTITY CASCADE"),
            (
                "INSERT INTO a (k) VALUES (1); ALTER TABLE a ADD CHECK (id <= 2)",
                "ALTER TABLE a DROP CONSTRAINT a_id_check",
            ),
        ],
        ["differs", "restored", "restored", "restored: the second up fails"],
        "complete",
    ),
}
