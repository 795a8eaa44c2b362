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


PLAIN = (plain_table, plain_index, plain_column, plain_dropped, plain_default, plain_view, plain_child, plain_comment)

KINDS: dict[str, tuple[Callable[[int, random.Random], Pair], ...]] = {
    "sqlite": (table, index, column, dropped, rebuild, trigger, view, setting),
    "postgres": PLAIN,
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
