"""Made-up chains whose downs are right, wrong, failing, empty or missing, by a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

LENGTH = 8
"""Migrations in a chain."""

Pair = tuple[str, str]


def table(number: int, choice: random.Random) -> Pair:
    kind = choice.choice(["INTEGER", "INT", "TEXT", "VARCHAR(20)"])
    columns = f"id INTEGER PRIMARY KEY, a {kind} NOT NULL DEFAULT 7, b TEXT, c INTEGER CHECK (c > 0)"
    up = f"CREATE TABLE t{number} ({columns});"
    down = choice.choice(
        [f"DROP TABLE t{number};"] * 3 + [f"DROP TABLE IF EXISTS u{number};", f"DROP TABLE u{number};"]
    )
    return f"{up}\nINSERT INTO t{number} (a, b, c) VALUES (1, 'x', 1);", down


def index(number: int, choice: random.Random) -> Pair:
    first = choice.choice(["a", "b DESC", "lower(b)", "a, b"])
    down = choice.choice([f"DROP INDEX i{number};"] * 3 + ["SELECT 1;", "-- later"])
    return f"CREATE INDEX i{number} ON t0 ({first});", down


def column(number: int, choice: random.Random) -> Pair:
    down = choice.choice(
        [f"ALTER TABLE t0 DROP COLUMN c{number};"] * 2 + ["", f"ALTER TABLE t0 DROP COLUMN d{number};"]
    )
    default = choice.choice(["1", "'x'", "NULL"])
    return f"ALTER TABLE t0 ADD COLUMN c{number} INTEGER DEFAULT {default};", down


def dropped(number: int, choice: random.Random) -> Pair:
    name = f"d{number}"
    definition = choice.choice(["INTEGER DEFAULT 3", "TEXT COLLATE NOCASE", "INTEGER NOT NULL DEFAULT 0"])
    again = choice.choice(
        [definition, definition.replace("INTEGER", "INT"), definition.split(" ")[0], f"{definition} "]
    )
    table = f"CREATE TABLE p{number} (id INTEGER PRIMARY KEY, {name} {definition});"
    return (
        f"{table} ALTER TABLE p{number} DROP COLUMN {name};",
        choice.choice([f"DROP TABLE p{number};", f"ALTER TABLE p{number} ADD COLUMN {name} {again};"]),
    )


def rebuild(number: int, choice: random.Random) -> Pair:
    columns = ["id INTEGER PRIMARY KEY", "a TEXT", "b TEXT"]
    before = f"CREATE TABLE r{number} ({', '.join(columns)});"
    shuffled = choice.sample(columns[1:], 2)
    kept = choice.choice(["", " NOT NULL"])
    back = f"""
    CREATE TABLE "new" ({columns[0]},
      {shuffled[0]},  -- rebuilt
      {shuffled[1]}{kept});
    INSERT INTO new (id, a, b) SELECT id, a, b FROM r{number};
    DROP TABLE r{number};
    ALTER TABLE "new" RENAME TO [r{number}];
    """
    return before + back, choice.choice([f"DROP TABLE r{number};", back + f"DROP TABLE r{number};", back])


def trigger(number: int, choice: random.Random) -> Pair:
    up = f"CREATE TRIGGER g{number} AFTER INSERT ON t0 BEGIN UPDATE t0 SET a = a + 1; SELECT 1; END;"
    return up, choice.choice([f"DROP TRIGGER g{number};"] * 2 + [f"DROP TRIGGER g{number}; {up.replace('+ 1', '+ 2')}"])


def view(number: int, choice: random.Random) -> Pair:
    up = f"CREATE VIEW v{number} AS SELECT a, 'It''s' AS b FROM t0 WHERE a > {number};"
    again = up.replace(" AS SELECT", "\nAS\n  SELECT").replace(
        "FROM t0", choice.choice(["FROM t0", "FROM\tt0", "FROM t0 AS t0"])
    )
    return up, choice.choice(
        [f"DROP VIEW v{number};", f"DROP VIEW v{number}; {again} DROP VIEW v{number};", f"-- {up}"]
    )


def setting(number: int, choice: random.Random) -> Pair:
    return f"PRAGMA user_version = {number};", choice.choice(["SELECT 1;", f"PRAGMA user_version = {number - 1};"])


# What PostgreSQL and MySQL both read; {drop_index} and the like are filled in by backend.


def plain_table(number: int, choice: random.Random) -> Pair:
    unique = choice.choice(["", f", CONSTRAINT k{number} UNIQUE (b)"])
    up = f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, a INTEGER NOT NULL DEFAULT 7, b VARCHAR(20){unique});"
    return f"{up}\nINSERT INTO t{number} VALUES (1, 1, 'x');", choice.choice(
        [f"DROP TABLE t{number};"] * 3 + [f"DROP TABLE IF EXISTS u{number};", f"DROP TABLE u{number};"]
    )


def plain_index(number: int, choice: random.Random) -> Pair:
    return (
        f"CREATE INDEX i{number} ON t0 ({choice.choice(['a', 'b', 'a, b', 'b DESC'])});",
        choice.choice([f"DROP INDEX i{number}{{of_table}};"] * 3 + ["SELECT 1;", f"CREATE INDEX i{number} ON t0 (a);"]),
    )


def plain_column(number: int, choice: random.Random) -> Pair:
    definition = f"{choice.choice(['INTEGER', 'VARCHAR(9)'])} DEFAULT {choice.choice(['1', 'NULL'])}"
    down = choice.choice(
        [f"ALTER TABLE t0 DROP COLUMN c{number};"] * 2 + ["", f"ALTER TABLE t0 DROP COLUMN d{number};"]
    )
    return f"ALTER TABLE t0 ADD COLUMN c{number} {definition};", down


def plain_dropped(number: int, choice: random.Random) -> Pair:
    definition = choice.choice(["INTEGER DEFAULT 3", "VARCHAR(20) NOT NULL DEFAULT 'a'", "INTEGER NOT NULL DEFAULT 0"])
    again = choice.choice([definition, definition.split(" ")[0], definition.replace(" NOT NULL", "")])
    up = f"CREATE TABLE p{number} (id INTEGER PRIMARY KEY, d {definition}); ALTER TABLE p{number} DROP COLUMN d;"
    add = f"ALTER TABLE p{number} ADD COLUMN d {again};"
    return up, choice.choice([f"DROP TABLE p{number};", f"{add} DROP TABLE p{number};", add])


def plain_default(number: int, choice: random.Random) -> Pair:
    return (
        f"ALTER TABLE t0 ALTER COLUMN a SET DEFAULT {number};",
        choice.choice(
            ["ALTER TABLE t0 ALTER COLUMN a DROP DEFAULT;", f"ALTER TABLE t0 ALTER COLUMN a SET DEFAULT {number - 1};"]
        ),
    )


def plain_view(number: int, choice: random.Random) -> Pair:
    up = f"CREATE VIEW v{number} AS SELECT a, b FROM t0 WHERE a > {number};"
    return up, choice.choice([f"DROP VIEW v{number};"] * 2 + [f"DROP VIEW v{number}; {up}", "-- later", "SELECT 1;"])


def plain_child(number: int, choice: random.Random) -> Pair:
    action = choice.choice(["", " ON DELETE CASCADE", " ON DELETE SET NULL"])
    key = f"ALTER TABLE f{number} ADD CONSTRAINT q{number} FOREIGN KEY (t) REFERENCES t0 (id){action};"
    drop = f"ALTER TABLE f{number} DROP {{foreign_key}} q{number};"
    up = f"CREATE TABLE f{number} (id INTEGER PRIMARY KEY, t INTEGER); {key}"
    return up, choice.choice([f"DROP TABLE f{number};"] * 2 + [f"{drop} {key} DROP TABLE f{number};", drop])


def plain_comment(number: int, choice: random.Random) -> Pair:
    return f"{{comment}} 'n{number}';", choice.choice([f"{{comment}} 'n{number - 1}';", "{comment} '';", "SELECT 1;"])


# What PostgreSQL alone has.


def enum(number: int, choice: random.Random) -> Pair:
    up = f"CREATE TYPE e{number} AS ENUM ('a', 'b'); ALTER TABLE t0 ADD COLUMN e{number} e{number} DEFAULT 'a';"
    column = f"ALTER TABLE t0 DROP COLUMN e{number};"
    return up, choice.choice(
        [f"{column} DROP TYPE e{number};"] * 2 + [column, f"DROP TYPE e{number} CASCADE;", "SELECT 1;"]
    )


def domain(number: int, choice: random.Random) -> Pair:
    check = choice.choice(["VALUE > 0", "VALUE <> 7"])
    up = f"CREATE DOMAIN o{number} AS integer CHECK ({check}); CREATE TABLE ot{number} (x o{number} NOT NULL);"
    drop = f"DROP TABLE ot{number}; DROP DOMAIN o{number};"
    return up, choice.choice([drop, drop, f"DROP TABLE ot{number};", f"DROP DOMAIN o{number} CASCADE;"])


def retyped(number: int, choice: random.Random) -> Pair:
    new = choice.choice(["bigint", "numeric", "text", "smallint"])
    back = "ALTER TABLE t0 ALTER COLUMN a TYPE integer USING a::integer;"
    up = f"ALTER TABLE t0 ALTER COLUMN a DROP DEFAULT, ALTER COLUMN a TYPE {new}; {back}" * (number % 2)
    up += f"ALTER TABLE t0 ALTER COLUMN b TYPE {choice.choice(['text', 'varchar(40)'])};"
    return up, choice.choice(
        ["ALTER TABLE t0 ALTER COLUMN b TYPE varchar(20);"] * 2
        + ["ALTER TABLE t0 ALTER COLUMN b TYPE varchar(21);", "SELECT 1;"]
    )


def renamed(number: int, choice: random.Random) -> Pair:
    view = f"CREATE VIEW w{number} AS SELECT id, b FROM t0;" if choice.random() < 0.5 else ""
    up = f"{view} ALTER TABLE t0 RENAME COLUMN b TO b{number};"
    back = f"ALTER TABLE t0 RENAME COLUMN b{number} TO b;"
    gone = f"DROP VIEW w{number};" if view else ""
    return f"{up} {back}", choice.choice(
        [f"{gone} SELECT 1;"] * 2 + [f"ALTER TABLE t0 RENAME COLUMN b TO b{number};", back]
    )


def nullable(number: int, choice: random.Random) -> Pair:
    up = f"ALTER TABLE t0 ALTER COLUMN b SET DEFAULT 'n{number}'; UPDATE t0 SET b = 'x' WHERE b IS NULL;"
    up += "ALTER TABLE t0 ALTER COLUMN b SET NOT NULL;"
    return up, choice.choice(
        ["ALTER TABLE t0 ALTER COLUMN b DROP NOT NULL, ALTER COLUMN b DROP DEFAULT;"] * 2
        + ["ALTER TABLE t0 ALTER COLUMN b DROP NOT NULL;", "ALTER TABLE t0 ALTER COLUMN b DROP DEFAULT;"]
    )


def checked(number: int, choice: random.Random) -> Pair:
    valid = choice.choice(["", " NOT VALID"])
    up = f"ALTER TABLE t0 ADD CONSTRAINT ck{number} CHECK (id > -{number}){valid};"
    drop = f"ALTER TABLE t0 DROP CONSTRAINT ck{number};"
    return up, choice.choice(
        [drop, drop, f"{drop} {up}", f"ALTER TABLE t0 RENAME CONSTRAINT ck{number} TO ck;", "SELECT 1;"]
    )


def function(number: int, choice: random.Random) -> Pair:
    body = f"CREATE OR REPLACE FUNCTION fn(x integer) RETURNS integer LANGUAGE sql {{}} AS 'SELECT x + {number}'"
    up = body.format(choice.choice(["IMMUTABLE", "STABLE"])) + ";"
    return up, choice.choice(["DROP FUNCTION fn(integer);", "DROP FUNCTION IF EXISTS fn(integer);", up, "SELECT 1;"])


def row_trigger(number: int, choice: random.Random) -> Pair:
    body = f"$$BEGIN NEW.a := {number}; RETURN NEW; END$$"
    make = f"CREATE FUNCTION tf{number}() RETURNS trigger LANGUAGE plpgsql AS {body};"
    up = f"{make} CREATE TRIGGER tg{number} BEFORE INSERT ON t0 FOR EACH ROW EXECUTE FUNCTION tf{number}();"
    right = f"DROP TRIGGER tg{number} ON t0; DROP FUNCTION tf{number}();"
    wrong = f"ALTER TABLE t0 DISABLE TRIGGER tg{number};"
    return up, choice.choice(
        [right, right, f"DROP FUNCTION tf{number}() CASCADE;", wrong, f"DROP TRIGGER tg{number} ON t0;"]
    )


def partitioned(number: int, choice: random.Random) -> Pair:
    up = f"CREATE TABLE pt{number} (k integer, v text) PARTITION BY RANGE (k);"
    up += f"CREATE TABLE pt{number}_1 PARTITION OF pt{number} FOR VALUES FROM (0) TO (10);"
    return up, choice.choice(
        [f"DROP TABLE pt{number};"] * 2
        + [f"ALTER TABLE pt{number} DETACH PARTITION pt{number}_1; DROP TABLE pt{number};", f"DROP TABLE pt{number}_1;"]
    )


def stored(number: int, choice: random.Random) -> Pair:
    up = f"CREATE MATERIALIZED VIEW mv{number} AS SELECT a, count(*) AS n FROM t0 GROUP BY a;"
    up += f"CREATE UNIQUE INDEX mvi{number} ON mv{number} (a);"
    return up, choice.choice(
        [f"DROP MATERIALIZED VIEW mv{number};"] * 2
        + [f"DROP INDEX mvi{number};", f"REFRESH MATERIALIZED VIEW mv{number};"]
    )


def schema(number: int, choice: random.Random) -> Pair:
    up = f"CREATE SCHEMA s{number}; CREATE SEQUENCE s{number}.q START {number}; CREATE TABLE s{number}.t (id bigint);"
    return up, choice.choice(
        [f"DROP SCHEMA s{number} CASCADE;"] * 2 + [f"DROP TABLE s{number}.t;", f"DROP SCHEMA s{number};"]
    )


def identity(number: int, choice: random.Random) -> Pair:
    kind = choice.choice(["ALWAYS", "BY DEFAULT"])
    up = f"ALTER TABLE t0 ALTER COLUMN id ADD GENERATED {kind} AS IDENTITY (START 100);"
    right = "ALTER TABLE t0 ALTER COLUMN id DROP IDENTITY;"
    return f"{up} {right}" * (number % 3 == 0) + up, choice.choice(
        [right, right, "ALTER TABLE t0 ALTER COLUMN id SET START 7;"]
    )


def secured(number: int, choice: random.Random) -> Pair:
    up = f"ALTER TABLE t0 ENABLE ROW LEVEL SECURITY; CREATE POLICY po{number} ON t0 FOR SELECT USING (a > {number});"
    drop = f"DROP POLICY po{number} ON t0;"
    return up, choice.choice([f"{drop} ALTER TABLE t0 DISABLE ROW LEVEL SECURITY;"] * 2 + [drop, "SELECT 1;"])


def tuned(number: int, choice: random.Random) -> Pair:
    up = f"ALTER TABLE t0 SET (fillfactor = {40 + number}); ALTER TABLE t0 ALTER COLUMN b SET STATISTICS {number};"
    right = "ALTER TABLE t0 RESET (fillfactor); ALTER TABLE t0 ALTER COLUMN b SET STATISTICS -1;"
    return up, choice.choice([right, right, "ALTER TABLE t0 RESET (fillfactor);", "SELECT 1;"])


POSTGRES = (
    *(enum, domain, retyped, renamed, nullable, checked, function, row_trigger, partitioned, stored, schema, identity),
    *(secured, tuned),
)

PLAIN = (plain_table, plain_index, plain_column, plain_dropped, plain_default, plain_view, plain_child, plain_comment)

KINDS: dict[str, tuple[Callable[[int, random.Random], Pair], ...]] = {
    "sqlite": (table, index, column, dropped, rebuild, trigger, view, setting),
    "postgres": (*PLAIN, *POSTGRES),
    "mysql": PLAIN,
}

WORDS = {
    "sqlite": {},
    "postgres": {"{of_table}": "", "{foreign_key}": "CONSTRAINT", "{comment}": "COMMENT ON TABLE t0 IS"},
    "mysql": {"{of_table}": " ON t0", "{foreign_key}": "FOREIGN KEY", "{comment}": "ALTER TABLE t0 COMMENT ="},
}


def write_chain(project: Path, choice: random.Random, backend: str) -> None:
    """Write a chain of LENGTH migrations, and a glowplug.toml that names its backend."""
    pairs = [("CREATE TABLE t0 (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR(20));", "DROP TABLE t0;")]
    pairs += [choice.choice(KINDS[backend])(number, choice) for number in range(1, LENGTH)]
    for number, pair in enumerate(pairs):
        directory = project / "migrations" / f"2026-01-{number + 1:02}-000000_m{number}"
        directory.mkdir(parents=True)
        up, down = (in_words(sql, backend) for sql in pair)
        (directory / "up.sql").write_text(up, encoding="utf-8")
        if choice.random() < 0.95:
            (directory / "down.sql").write_text(down, encoding="utf-8")
        if choice.random() < 0.2:
            transaction = choice.choice(["run_in_transaction = false\n", "run_in_transaction = true\n", ""])
            (directory / "metadata.toml").write_text(transaction, encoding="utf-8")
    settings = f'[[chain]]\nmigrations = "migrations"\nbackend = "{backend}"\n'
    (project / "glowplug.toml").write_text(settings, encoding="utf-8")


def in_words(sql: str, backend: str) -> str:
    for word, meaning in WORDS[backend].items():
        sql = sql.replace(word, meaning)
    return sql
