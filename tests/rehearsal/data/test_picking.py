"""Conditions by which an up picks rows: asked for by the names that they use, and told where nothing meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.picking import picks
from glowplug.schema.tables import Table
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from conftest import Measure

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
