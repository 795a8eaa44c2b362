"""Conditions by which an up picks rows: asked for by the names that they use, and told where nothing meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.filling.picking import picks
from glowplug.rehearsal.measured import DataOutcome
from glowplug.schema.tables import Table
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Data

P, M, S = Dialect.POSTGRES, Dialect.MYSQL, Dialect.SQLITE
JOINED = "SELECT 1 FROM t o JOIN b ON o.e = b.e WHERE b.n = 1"


@pytest.mark.parametrize(
    ("dialect", "statement", "query"),
    [
        (P, "DELETE FROM t AS o WHERE md5(o.e) LIKE 'a%';", "SELECT 1 FROM t AS o WHERE md5(o.e) LIKE 'a%'"),
        (P, "DELETE FROM ONLY t WHERE e = 'x';", "SELECT 1 FROM ONLY t WHERE e = 'x'"),
        (P, "DELETE FROM t o USING b WHERE o.e = b.e;", "SELECT 1 FROM t o, b WHERE o.e = b.e"),
        (P, "UPDATE t o SET n = 0 FROM b c WHERE o.e = c.e;", "SELECT 1 FROM t o, b c WHERE o.e = c.e"),
        (
            P,
            "UPDATE t SET n = extract(epoch FROM now()), e = (e IS DISTINCT FROM 'from') /* from x */ WHERE n = 1;",
            "SELECT 1 FROM t WHERE n = 1",
        ),
        (
            P,
            "WITH q AS (SELECT 1 AS n) UPDATE t SET n = 2 FROM q WHERE t.n = q.n;",
            "WITH q AS (SELECT 1 AS n) SELECT 1 FROM t, q WHERE t.n = q.n",
        ),
        (
            P,
            "MERGE INTO t o USING b ON o.e = b.e WHEN MATCHED THEN DELETE;",
            "SELECT 1 FROM t o, b WHERE o.e = b.e",
        ),
        (M, "DELETE o FROM t o JOIN b ON o.e = b.e WHERE b.n = 1;", JOINED),
        (M, "DELETE FROM o USING t o JOIN b ON o.e = b.e WHERE b.n = 1;", JOINED),
        (M, "UPDATE IGNORE t o JOIN b ON o.e = b.e SET o.n = 1 WHERE b.n = 1;", JOINED),
        (M, "DELETE o FROM t o JOIN b USING (e) WHERE b.n = 1;", "SELECT 1 FROM t o JOIN b USING (e) WHERE b.n = 1"),
        (M, "DELETE o FROM t o JOIN b ON o.e = b.e;", "SELECT 1 FROM t o JOIN b ON o.e = b.e"),
        (M, "DELETE FROM o USING t o JOIN b USING (e);", "SELECT 1 FROM t o JOIN b USING (e)"),
        (M, "UPDATE t o JOIN b ON o.e = b.e SET o.n = b.n;", "SELECT 1 FROM t o JOIN b ON o.e = b.e"),
        (P, "UPDATE t SET n = a.n FROM a JOIN b USING (e) RETURNING t.n;", "SELECT 1 FROM t, a JOIN b USING (e)"),
        (P, "DELETE FROM t USING b;", "SELECT 1 FROM t, b"),
        (
            P,
            "UPDATE t SET n = a.n FROM (SELECT e, 1 AS n FROM b) a WHERE t.e = a.e;",
            "SELECT 1 FROM t, (SELECT e, 1 AS n FROM b) a WHERE t.e = a.e",
        ),
        (
            P,
            "DELETE FROM t USING (SELECT e FROM b) a WHERE t.e = a.e;",
            "SELECT 1 FROM t, (SELECT e FROM b) a WHERE t.e = a.e",
        ),
        (
            S,
            "UPDATE t SET n = a.n FROM (SELECT e, 1 AS n FROM b) a WHERE t.e = a.e;",
            "SELECT 1 FROM t, (SELECT e, 1 AS n FROM b) a WHERE t.e = a.e",
        ),
        (S, "UPDATE OR IGNORE t AS o SET n = 1 FROM b WHERE o.e = b.e;", "SELECT 1 FROM t AS o, b WHERE o.e = b.e"),
        (S, "DELETE FROM t WHERE n = 1;", "SELECT 1 FROM t WHERE n = 1"),
    ],
)
def test_a_query_in_the_statement_s_own_words(dialect: Dialect, statement: str, query: str) -> None:
    tables = {"t": Table(name="t", sql="t", columns=())}
    found = [
        " ".join(pick.query.replace("\n,", ",").split()) for pick in picks(read(statement, dialect), tables, dialect)
    ]
    assert found == [query]


T = "CREATE TABLE t (id serial PRIMARY KEY, e text NOT NULL); CREATE TABLE b (id serial PRIMARY KEY, e text NOT NULL);"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("up", "condition"),
    [
        ("WITH q AS (SELECT 1) -- of t\nDELETE FROM t -- all\nWHERE md5(e) = 'x';", "md5(e) = 'x'"),
        ("DELETE FROM t AS o WHERE md5(o.e) LIKE 'abcdefg%';", "md5(o.e) LIKE 'abcdefg%'"),
        ("DELETE FROM t o USING b WHERE md5(o.e) = b.e;", "md5(o.e) = b.e"),
        ("UPDATE t o SET e = '' FROM b WHERE md5(o.e) = b.e;", "md5(o.e) = b.e"),
    ],
)
def test_a_condition_that_no_row_meets(up: str, condition: str, on_postgres: Measure) -> None:
    found = on_postgres(T, up, "SELECT 1;")
    assert [(each.table, each.why) for each in found.data.not_seeded] == [
        ("public.t", f"no row meets {condition}, by which up.sql picks rows")
    ]


@pytest.mark.mysql
@pytest.mark.parametrize(
    ("up", "join"),
    [
        ("DELETE t FROM t JOIN b ON md5(t.e) = b.e;", "t JOIN b ON md5(t.e) = b.e"),
        ("UPDATE t JOIN b ON md5(t.e) = b.e SET t.e = '';", "t JOIN b ON md5(t.e) = b.e"),
    ],
)
def test_a_join_that_no_row_is_in(up: str, join: str, on_mysql: Measure) -> None:
    found = on_mysql(T.replace("text", "varchar(60)"), up, "SELECT 1;").data
    why = f"no row is in {join}, of which up.sql picks all"
    assert [(each.table, each.why) for each in found.not_seeded] == [("t", why)]
    assert (found.outcome, found.why) == (DataOutcome.NOT_MEASURED, why)


@pytest.mark.mysql
def test_a_query_of_which_a_value_is_taken_is_no_join(on_mysql: Measure) -> None:
    up = "ALTER TABLE t ADD COLUMN n integer; UPDATE t SET n = (SELECT count(*) FROM b WHERE md5(t.e) = b.e);"
    found = on_mysql(T.replace("text", "varchar(60)"), up, "ALTER TABLE t DROP COLUMN n;").data
    assert found.not_seeded == ()


@pytest.mark.postgres
def test_a_condition_that_cannot_be_asked(on_postgres: Measure) -> None:
    made = "CREATE TABLE made AS SELECT {} AS e FROM t;"
    delete = "DELETE FROM t o USING made WHERE o.e = made.e; DROP TABLE made;"
    (told,) = on_postgres(T, made.format("md5(e)") + delete, "SELECT 1;").data.not_seeded
    assert told.table == "public.t"
    assert told.why.startswith("it could not be told whether a row meets o.e = made.e, by which up.sql picks rows: ")
    assert on_postgres(T, made.format("e") + delete, "SELECT 1;").data.not_seeded == ()


@pytest.mark.postgres
@pytest.mark.parametrize(("set_to", "seen"), [("'x'", True), ("NULL", False)])
def test_a_condition_on_what_the_up_makes_that_its_rows_show(set_to: str, seen: bool, on_postgres: Measure) -> None:
    up = f"ALTER TABLE t ADD COLUMN w text; UPDATE t SET w = {set_to} WHERE w IS NULL;"
    assert (on_postgres(T, up, "ALTER TABLE t DROP COLUMN w;").data.not_seeded == ()) is seen


PEOPLE = "CREATE TABLE t (id {key}, name {text} NOT NULL, age INTEGER NOT NULL, email {text}, score INTEGER);"
ON = {
    "sqlite": ("INTEGER PRIMARY KEY", "TEXT"),
    "postgres": ("serial PRIMARY KEY", "text"),
    "mysql": ("INTEGER PRIMARY KEY AUTO_INCREMENT", "VARCHAR(60)"),
}
BY_TRIAL = ("email = name", "trim(name) = ''", "trim(email) <> email", "substr(name, 1, 3) = 'abc'", "age % 7 = 3")
everywhere = pytest.mark.parametrize("backend", [pytest.param(each, marks=getattr(pytest.mark, each)) for each in ON])


def on(backend: str, request: pytest.FixtureRequest, before: str, up: str) -> Data:
    key, text = ON[backend]
    measure: Measure = request.getfixturevalue(f"on_{backend}")
    return measure(before.format(key=key, text=text), up.format(key=key, text=text), "SELECT 1;").data


@everywhere
@pytest.mark.parametrize("condition", BY_TRIAL)
def test_rows_that_meet_a_condition_are_found_by_trial(
    condition: str, backend: str, request: pytest.FixtureRequest
) -> None:
    found = on(backend, request, PEOPLE, f"DELETE FROM t WHERE {condition};")
    assert [(each.column, each.how.value) for each in found.losses] == [(None, "deleted")]
    assert (found.outcome, found.not_seeded) == (DataOutcome.IRREVERSIBLE, ())


@everywhere
@pytest.mark.parametrize(
    "condition",
    ["p_id IN (SELECT id FROM p WHERE title = 'x')", "EXISTS (SELECT 1 FROM p WHERE p.id = p_id AND p.title = 'x')"],
)
def test_rows_meet_the_condition_of_a_query_within(
    condition: str, backend: str, request: pytest.FixtureRequest
) -> None:
    before = (
        "CREATE TABLE p (id {key}, title {text} NOT NULL);"
        "CREATE TABLE t (id {key}, p_id INTEGER NOT NULL, FOREIGN KEY (p_id) REFERENCES p (id));"
    )
    found = on(backend, request, before, f"DELETE FROM t WHERE {condition};")
    assert (found.outcome, found.not_seeded) == (DataOutcome.IRREVERSIBLE, ())


BANNED = PEOPLE + "CREATE TABLE b (id {key}, address {text} NOT NULL);"


@everywhere
@pytest.mark.parametrize(
    "condition",
    ["email IN (SELECT address FROM b)", "EXISTS (SELECT 1 FROM b WHERE lower(b.address) = lower(t.email))"],
)
def test_a_row_has_the_text_of_another_tables_where_a_condition_asks_for_it(
    condition: str, backend: str, request: pytest.FixtureRequest
) -> None:
    found = on(backend, request, BANNED, f"DELETE FROM t WHERE {condition};")
    assert [(each.table.removeprefix("public."), each.column, each.rows) for each in found.losses] == [("t", None, 1)]
    assert (found.outcome, found.not_seeded) == (DataOutcome.IRREVERSIBLE, ())


@pytest.mark.mysql
def test_half_of_the_rows_have_the_text_of_another_tables_where_a_join_asks_for_it(on_mysql: Measure) -> None:
    key, text = ON["mysql"]
    up = "UPDATE t JOIN b ON t.email = b.address SET t.name = 'banned';"
    found = on_mysql(BANNED.format(key=key, text=text), up, "SELECT 1;").data
    assert [(each.table, each.column, each.rows) for each in found.losses] == [("t", "name", 10)]


@pytest.mark.postgres
def test_a_text_that_helps_nothing_is_put_back(on_postgres: Measure) -> None:
    found = on_postgres(T, "DELETE FROM t USING b WHERE md5(t.e) = b.e;", "SELECT 1;").data
    assert found.outcome is DataOutcome.NOT_MEASURED
    assert found.odd_losses == ()


@everywhere
@pytest.mark.parametrize(
    "up",
    [
        "DELETE FROM t WHERE age % 2 = 7;",
        "UPDATE t SET name = 'x' WHERE age % 2 = 7;",
        "DELETE FROM t WHERE score + age = 0;",
        PEOPLE.replace("TABLE t", "TABLE n")
        + "INSERT INTO n SELECT * FROM t o WHERE o.age % 2 < 7; DROP TABLE t; ALTER TABLE n RENAME TO t;",
    ],
)
def test_nothing_is_called_lossless_that_no_row_showed(up: str, backend: str, request: pytest.FixtureRequest) -> None:
    found = on(backend, request, PEOPLE, up)
    (told,) = found.not_seeded
    assert told.why.startswith(("no row meets ", "no row fails "))
    assert (found.outcome, found.why) == (DataOutcome.NOT_MEASURED, told.why)


@everywhere
@pytest.mark.parametrize(
    "up",
    [
        "DELETE FROM t WHERE age < 5 AND age > 5;",
        "ALTER TABLE t ADD COLUMN w {text}; UPDATE t SET w = name WHERE age % 2 = 7;",
        PEOPLE.replace("TABLE t", "TABLE n") + "INSERT INTO n SELECT * FROM t WHERE age % 2 < 7; DROP TABLE n;",
    ],
)
def test_what_takes_nothing_is_lossless_whether_a_row_meets_it_or_not(
    up: str, backend: str, request: pytest.FixtureRequest
) -> None:
    assert on(backend, request, PEOPLE, up).outcome is DataOutcome.LOSSLESS


@everywhere
@pytest.mark.parametrize(
    "condition",
    [
        "id NOT IN (SELECT k FROM (SELECT min(id) AS k FROM t GROUP BY email) x)",
        "email IN (SELECT email FROM (SELECT email FROM t GROUP BY email HAVING count(*) > 1) x)",
        "id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY t.email ORDER BY id) n FROM t) x WHERE n>1)",
    ],
)
def test_rows_that_are_alike_are_there_to_be_cleared_away(
    condition: str, backend: str, request: pytest.FixtureRequest
) -> None:
    up = f"DELETE FROM t WHERE {condition}; CREATE UNIQUE INDEX i ON t (email);"
    found = on(backend, request, PEOPLE, up)
    assert [(each.column, each.how.value) for each in found.losses] == [(None, "deleted")]
    assert (found.refusals, found.not_seeded) == ((), ())


@pytest.mark.postgres
@pytest.mark.parametrize("where", ["NOT EXISTS (SELECT 1 FROM p WHERE p.id = p_id)", "p_id NOT IN (SELECT id FROM p)"])
def test_rows_that_refer_to_nothing_are_there_to_be_cleared_away(where: str, on_postgres: Measure) -> None:
    before = "CREATE TABLE p (id serial PRIMARY KEY); CREATE TABLE t (id serial PRIMARY KEY, p_id integer NOT NULL);"
    up = f"DELETE FROM t WHERE {where}; ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id);"
    found = on_postgres(before, up, "ALTER TABLE t DROP CONSTRAINT f;").data
    assert [(each.column, each.how.value, each.rows) for each in found.losses] == [(None, "deleted", 1)]
    assert (found.refusals, found.not_seeded) == ((), ())


@pytest.mark.mysql
def test_rows_that_are_alike_in_a_join_are_cleared_away(on_mysql: Measure) -> None:
    before = PEOPLE.format(key="INTEGER PRIMARY KEY AUTO_INCREMENT", text="VARCHAR(60)")
    up = "DELETE a FROM t a JOIN t b ON a.email = b.email WHERE a.id > b.id;"
    found = on_mysql(before, up, "SELECT 1;").data
    assert (found.outcome, found.not_seeded) == (DataOutcome.IRREVERSIBLE, ())


CLEARED = {
    "those without a value": ("DELETE FROM t WHERE e IS NULL", "ALTER TABLE t ALTER e SET NOT NULL"),
    "those below": ("DELETE FROM t WHERE n < 0", "ALTER TABLE t ADD CONSTRAINT n_not_below CHECK (n >= 0)"),
    "too long ones": ("DELETE FROM t WHERE length(e) > 5", "ALTER TABLE t ALTER e TYPE varchar(5)"),
}


@pytest.mark.postgres
@pytest.mark.parametrize("name", CLEARED)
def test_rows_that_an_up_deletes_before_it_forbids_them_are_there(name: str, on_postgres: Measure) -> None:
    found = on_postgres("CREATE TABLE t (id serial PRIMARY KEY, e text, n int);", "; ".join(CLEARED[name]), "SELECT 1;")
    assert found.data.outcome is DataOutcome.IRREVERSIBLE
    assert [(loss.by.value, loss.how.value) for loss in found.data.losses] == [("up", "deleted")]
    assert (found.data.not_seeded, found.data.refusals, found.data.odd_losses) == ((), (), ())


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("column", "outcome"), [("at timestamp NOT NULL", DataOutcome.LOSSLESS), ("at timestamp", DataOutcome.IRREVERSIBLE)]
)
def test_what_no_row_can_meet_takes_nothing(column: str, outcome: DataOutcome, on_postgres: Measure) -> None:
    made = f"CREATE TABLE t (id serial PRIMARY KEY, {column});"
    found = on_postgres(made, "UPDATE t SET at = now() WHERE at IS NULL;", "SELECT 1;").data
    assert (found.outcome, len(found.not_seeded)) == (outcome, outcome is DataOutcome.LOSSLESS)
