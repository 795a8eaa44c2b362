"""What is said of the way back: whether a down makes a thing again; and what a down is told to do, in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

if TYPE_CHECKING:
    from glowplug.finding import Finding

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, phone varchar(20));"
DROPS = "ALTER TABLE users DROP COLUMN phone;"


def found(
    rule: str, *, before: str = USERS, up: str, down: str | None, dialect: Dialect = Dialect.POSTGRES
) -> list[Finding]:
    migrations = (
        Migration(version="1", name="1", path="1", up=before.encode(), down=None),
        Migration(version="2", name="2", path="2", up=up.encode(), down=None if down is None else down.encode()),
    )
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    return [each for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == rule]


@pytest.mark.parametrize(
    ("down", "said"),
    [
        (None, "every row holds in it, and there is no down.sql; the release"),
        ("SELECT 1;", "every row holds in it, and down.sql does not make the column again; the release"),
        ("ALTER TABLE users ADD COLUMN fax text;", "and down.sql does not make the column again; the release"),
        ("ALTER TABLE orders ADD COLUMN phone text;", "and down.sql does not make the column again; the release"),
        (
            "ALTER TABLE users ADD COLUMN phone varchar(20);",
            "every row holds in it: down.sql makes the column again, without what was in it; the release",
        ),
        (
            "DO $$ BEGIN ALTER TABLE users ADD COLUMN phone varchar(20); END $$;",
            "every row holds in it: down.sql makes the column again, without what was in it; the release",
        ),
        (
            "ALTER TABLE users ADD COLUMN phone varchar(20); UPDATE users SET email = '';",
            "every row holds in it: down.sql makes the column again, without what was in it; the release",
        ),
        (
            "ALTER TABLE users ADD COLUMN phone varchar(20); UPDATE users SET phone = email;",
            "down.sql makes the column again and fills it from what it still finds elsewhere, no more; the release",
        ),
        (
            "ALTER TABLE users ADD COLUMN phone varchar(20); UPDATE users SET phone = '';",
            "every row holds in it: down.sql makes the column again, without what was in it; the release",
        ),
        ("ALTER TABEL users;", "and no down.sql brings that back, unless it was copied elsewhere first; the release"),
    ],
)
def test_a_dropped_column(down: str | None, said: str) -> None:
    (finding,) = found("column-dropped", up=DROPS, down=down)
    assert said in finding.message


@pytest.mark.parametrize(
    ("down", "said"),
    [
        (None, "all its rows, and there is no down.sql; the release"),
        ("SELECT 1;", "all its rows, and down.sql does not make the table again; the release"),
        ("CREATE TABLE users (id bigint);", "all its rows: down.sql makes the table again, without what was in it;"),
        (
            "CREATE TABLE users (id bigint); INSERT INTO users SELECT id FROM people;",
            "all its rows: down.sql makes the table again and fills it from what it still finds elsewhere, no more;",
        ),
        (
            "CREATE TABLE users (id bigint); INSERT INTO users VALUES (1);",
            "all its rows: down.sql makes the table again, without what was in it;",
        ),
    ],
)
def test_a_dropped_table(down: str | None, said: str) -> None:
    (finding,) = found("table-dropped", up="DROP TABLE users;", down=down)
    assert said in finding.message


IN_A_DOWN = [
    ("type-rewrites-table", Dialect.POSTGRES, "ALTER TABLE users ALTER phone TYPE integer USING phone::integer;"),
    ("type-copies-table", Dialect.MYSQL, "ALTER TABLE users MODIFY phone int;"),
    ("default-rewrites-table", Dialect.POSTGRES, "ALTER TABLE users ADD COLUMN a uuid DEFAULT gen_random_uuid();"),
    ("foreign-key-scans-table", Dialect.POSTGRES, "ALTER TABLE users ADD COLUMN a bigint DEFAULT 1 REFERENCES users;"),
    ("name-changed", Dialect.SQLITE, "ALTER TABLE users RENAME COLUMN phone TO fax;"),
    ("name-changed", Dialect.POSTGRES, "ALTER TABLE users RENAME TO people;"),
    ("column-dropped", Dialect.POSTGRES, "ALTER TABLE users DROP COLUMN email;"),
    ("table-dropped", Dialect.POSTGRES, "DROP TABLE users;"),
    ("not-null-without-default", Dialect.POSTGRES, "ALTER TABLE users ADD COLUMN a text NOT NULL;"),
    (
        "validation-in-same-transaction",
        Dialect.POSTGRES,
        "ALTER TABLE users ADD CONSTRAINT a CHECK (id > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT a;",
    ),
    (
        "index-blocks-writes",
        Dialect.POSTGRES,
        "CREATE INDEX events_id ON events (id);",
    ),
]


@pytest.mark.parametrize(("rule", "dialect", "sql"), IN_A_DOWN)
def test_a_down_is_not_told_to_become_several_migrations(rule: str, dialect: Dialect, sql: str) -> None:
    before = USERS
    if dialect is Dialect.POSTGRES:
        before += "CREATE TABLE events (id bigint) PARTITION BY RANGE (id); "
        before += "CREATE TABLE old PARTITION OF events FOR VALUES FROM (0) TO (9);"
    (up,) = found(rule, before=before, up=sql, down=None, dialect=dialect)
    assert up.safe_form is not None
    assert up.safe_form.steps
    (down,) = found(rule, before=before, up="SELECT 1;", down=sql, dialect=dialect)
    assert down.safe_form is not None
    assert down.safe_form.steps == ()
    assert down.safe_form.note


def test_a_down_that_widens_a_type_again_is_told_what_there_is_to_do() -> None:
    sql = "ALTER TABLE users ALTER COLUMN phone TYPE integer USING phone::integer;"
    (finding,) = found("type-rewrites-table", up="SELECT 1;", down=sql)
    assert finding.safe_form is not None
    assert finding.safe_form.note == (
        "a down runs in one go: no release and no pause can come between two steps of it. On a small table leave it as "
        "it is; where the table is large, go back by new migrations, not by this down"
    )


def test_a_rebuild_in_a_down_is_said_to_belong_there() -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, age text);"
    sql = "ALTER TABLE users ALTER COLUMN age TYPE integer;"
    (finding,) = found("alter-not-supported", before=before, up="SELECT 1;", down=sql, dialect=Dialect.SQLITE)
    assert finding.safe_form is not None
    (step,) = finding.safe_form.steps
    assert (step.note or "").startswith("what is down.sql here belongs in this migration's down.sql")
    (finding,) = found("alter-not-supported", before=before, up=sql, down=None, dialect=Dialect.SQLITE)
    assert finding.safe_form is not None
    assert "down.sql" not in (finding.safe_form.steps[0].note or "")


@pytest.mark.parametrize(
    ("dialect", "column", "sql", "note"),
    [
        (Dialect.POSTGRES, "a int PRIMARY KEY", "ALTER COLUMN a TYPE bigint", "a belongs to the primary key"),
        (Dialect.MYSQL, "a int PRIMARY KEY", "MODIFY a bigint", "a belongs to the primary key"),
        (Dialect.POSTGRES, "a int GENERATED ALWAYS AS IDENTITY", "ALTER COLUMN a TYPE bigint", "a numbers the rows"),
        (Dialect.POSTGRES, "a serial", "ALTER COLUMN a TYPE bigint", "a numbers the rows"),
        (Dialect.MYSQL, "a int AUTO_INCREMENT UNIQUE", "MODIFY a bigint AUTO_INCREMENT", "a numbers the rows"),
        (
            Dialect.POSTGRES,
            "b int, a int GENERATED ALWAYS AS (b) STORED",
            "ALTER COLUMN a TYPE bigint",
            "a is computed",
        ),
    ],
)
def test_a_column_that_is_more_than_its_values_is_not_exchanged_by_the_recipe(
    dialect: Dialect, column: str, sql: str, note: str
) -> None:
    rule = "type-rewrites-table" if dialect is Dialect.POSTGRES else "type-copies-table"
    before = f"CREATE TABLE t ({column});"
    (finding,) = found(rule, before=before, up=f"ALTER TABLE t {sql};", down=None, dialect=dialect)
    assert finding.safe_form is not None
    assert finding.safe_form.steps == ()
    assert (finding.safe_form.note or "").startswith(note)


EVENTS = (
    "CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);"
    "CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');"
)
ORDERS = (
    "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total int); CREATE INDEX totals ON orders (total);"
)


@pytest.mark.parametrize(
    ("rule", "before", "sql", "instead"),
    [
        (
            "foreign-key-scans-table",
            USERS + ORDERS,
            "ALTER TABLE orders\n  ADD CONSTRAINT f\n  FOREIGN KEY (user_id) REFERENCES users (id);",
            "ALTER TABLE orders\n  ADD CONSTRAINT f\n  FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;",
        ),
        (
            "foreign-key-scans-table",
            USERS + ORDERS,
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id), ALTER total SET DEFAULT 0;",
            "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID, ALTER total SET DEFAULT 0;",
        ),
        (
            "check-scans-table",
            ORDERS,
            "ALTER TABLE orders ALTER total SET DEFAULT 0, ADD CHECK (total >= 0);",
            "ALTER TABLE orders ALTER total SET DEFAULT 0, ADD CHECK (total >= 0) NOT VALID;",
        ),
    ],
)
def test_what_stands_in_the_place_of_a_clause_leaves_the_rest_of_its_statement(
    rule: str, before: str, sql: str, instead: str
) -> None:
    (finding,) = found(rule, before=before, up="SELECT 1;", down=f"SELECT 2;\n{sql}\n")
    assert finding.safe_form is not None
    assert finding.safe_form.patch is not None
    lines = [line for line in finding.safe_form.patch.splitlines()[3:] if not line.startswith("-")]
    assert "\n".join(line[1:] for line in lines) == f"SELECT 2;\n{instead}"


@pytest.mark.parametrize(
    ("rule", "before", "sql", "alone"),
    [
        (
            "detach-blocks-table",
            EVENTS,
            "ALTER TABLE events DETACH PARTITION events_2023",
            "ALTER TABLE events DETACH PARTITION events_2023 CONCURRENTLY",
        ),
        ("index-drop-blocks-table", ORDERS, "DROP INDEX totals", "DROP INDEX CONCURRENTLY totals"),
        ("reindex-blocks-writes", ORDERS, "REINDEX INDEX totals", "REINDEX INDEX CONCURRENTLY totals"),
        (
            "index-blocks-writes",
            ORDERS,
            "CREATE INDEX o ON orders (user_id)",
            "CREATE INDEX CONCURRENTLY o ON orders (user_id)",
        ),
    ],
)
def test_what_has_to_be_alone_is_not_advised_among_others(rule: str, before: str, sql: str, alone: str) -> None:
    (finding,) = found(rule, before=before, up="SELECT 1;", down=f"{sql};")
    assert finding.safe_form is not None
    assert finding.safe_form.replacement == f"{alone};"
    (finding,) = found(rule, before=before, up="SELECT 1;", down=f"SELECT 2;\n{sql};")
    assert finding.safe_form is not None
    assert finding.safe_form.replacement is None
    assert "in one go" in (finding.safe_form.note or "")


@pytest.mark.parametrize(
    ("rule", "before", "down"),
    [
        ("index-drop-blocks-table", ORDERS, "DROP INDEX totals, users_email;"),
        (
            "check-scans-table",
            ORDERS,
            "DO $$ BEGIN IF true THEN ALTER TABLE orders ADD CHECK (total >= 0); END IF; END $$;",
        ),
        (
            "foreign-key-scans-table",
            EVENTS + USERS,
            "ALTER TABLE events ADD FOREIGN KEY (id) REFERENCES users (id);",
        ),
    ],
)
def test_no_patch_takes_away_more_than_it_is_about(rule: str, before: str, down: str) -> None:
    before += "CREATE TABLE people (email text); CREATE INDEX users_email ON people (email);"
    findings = found(rule, before=before, up="SELECT 1;", down=down)
    assert findings
    for finding in findings:
        assert finding.safe_form is not None
        assert finding.safe_form.patch is None
        assert finding.safe_form.note


def test_nothing_brings_back_what_a_down_deletes() -> None:
    (up,) = found("rows-without-where", up="DELETE FROM users;", down=None)
    assert up.message.endswith("users, and no down.sql brings the rows back")
    (down,) = found("rows-without-where", up="SELECT 1;", down="DELETE FROM users;")
    assert down.message == "on the way back, deletes every row of users, and nothing brings the rows back"


def test_a_volatile_default_that_is_the_same_in_every_row_is_not_said_to_differ() -> None:
    (same,) = found(
        "default-rewrites-table", up="ALTER TABLE users ADD n bigint DEFAULT currval('users_id_seq');", down=None
    )
    assert "anew, for currval() is volatile, under" in same.message
    (another,) = found(
        "default-rewrites-table", up="ALTER TABLE users ADD n uuid DEFAULT gen_random_uuid();", down=None
    )
    assert "anew, for gen_random_uuid() gives each of them another value, under" in another.message


def test_what_becomes_of_rows_elsewhere_is_one_sentence() -> None:
    before = (
        "CREATE TABLE t (id INTEGER PRIMARY KEY);"
        "CREATE TABLE a (t_id INTEGER REFERENCES t (id) ON DELETE CASCADE);"
        "CREATE TABLE b (t_id INTEGER REFERENCES t (id));"
    )
    (finding,) = found("drop-deletes-elsewhere", before=before, up="DROP TABLE t;", down=None, dialect=Dialect.SQLITE)
    assert (
        "deletes every row of a that points at it, and fails while b holds a row that points at it." in finding.message
    )
