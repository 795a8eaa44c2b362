"""What a query for production finds of the rows that a file refuses, asked of the server that refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import Finds, When

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Measurement, Refusal

DIALECTS = [
    pytest.param("on_postgres", marks=pytest.mark.postgres),
    pytest.param("on_mysql", marks=pytest.mark.mysql),
    pytest.param("on_sqlite", marks=pytest.mark.sqlite),
]


def of_up(found: Measurement) -> list[Refusal]:
    return [each for each in found.data.refusals if each.written is When.BEFORE]


def checked(measure: Measure, before: str, up: str, query: str | None, row: str) -> tuple[bool, bool]:
    """Whether the query gives a row where a table holds this one, and whether the up fails there."""
    counted = measure(
        f"{before} INSERT INTO t {row}; CREATE TABLE asked (n int NOT NULL);"
        f" INSERT INTO asked SELECT 1 FROM ({query}) AS q;",
        "INSERT INTO asked SELECT CASE WHEN count(*) > 0 THEN NULL ELSE 1 END FROM asked;",
        None,
        rows=0,
    )
    tried = measure(f"{before} INSERT INTO t {row};", up, None, rows=0)
    return failed(counted), failed(tried)


def failed(found: Measurement) -> bool:
    return found.data.failure is not None or (found.observed is not None and found.observed.error is not None)


@pytest.mark.parametrize("server", DIALECTS[:2])
@pytest.mark.parametrize("expression", ["qty * 100", "qty + 2000000000", "qty - 2000000000", "qty * qty"])
def test_what_a_product_has_no_room_for(server: str, expression: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    before, up = "CREATE TABLE t (id INT PRIMARY KEY, qty INT NOT NULL);", f"UPDATE t SET qty = {expression};"
    refusals = of_up(measure(before, up, "SELECT 1;"))
    assert refusals
    for refusal in refusals:
        assert refusal.finds is Finds.ALL
        for quantity in (-2147483648, -200000000, -30000, 0, 30000, 30000000, 2147483647):
            asks, fails = checked(measure, before, up, refusal.query, f"VALUES (1, {quantity})")
            assert asks == fails, (quantity, refusal.query)


@pytest.mark.postgres
def test_a_number_that_was_tried_is_no_boundary(on_postgres: Measure) -> None:
    (refusal,) = of_up(
        on_postgres(
            "CREATE TABLE t (id serial PRIMARY KEY, qty int NOT NULL);", "UPDATE t SET qty = abs(qty * 7);", "SELECT 1;"
        )
    )[:1]
    assert refusal.query is not None
    assert refusal.finds is Finds.SOME


@pytest.mark.parametrize("server", DIALECTS)
def test_an_update_picks_what_it_refuses(server: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    before = "CREATE TABLE t (id INT PRIMARY KEY, tag VARCHAR(40) NOT NULL);"
    up = (
        "ALTER TABLE t RENAME COLUMN tag TO was;\nALTER TABLE t ADD COLUMN tag VARCHAR(40);\n"
        "CREATE UNIQUE INDEX i ON t (tag);\nUPDATE t SET tag = was WHERE was <> '';"
    )
    down = "DROP INDEX i{}; UPDATE t SET tag = was; ALTER TABLE t DROP COLUMN was;"
    refusals = of_up(measure(before, up, down.format(" ON t" if server == "on_mysql" else "")))
    (equal,) = [each for each in refusals if each.value == "two equal values"]
    assert equal.finds is Finds.ALL
    assert equal.query is not None
    assert "WHERE (tag <> '') GROUP BY tag" in equal.query
    assert checked(measure, before, up, equal.query, "VALUES (1, ''), (2, ''), (3, 'a')") == (False, False)
    assert checked(measure, before, up, equal.query, "VALUES (1, ''), (2, 'a'), (3, 'a')") == (True, True)


@pytest.mark.sqlite
def test_what_a_copy_leaves_out_is_not_asked(on_sqlite: Measure) -> None:
    (refusal,) = of_up(
        on_sqlite(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER NOT NULL);",
            "CREATE TABLE w (id INTEGER PRIMARY KEY, a TEXT UNIQUE, n INTEGER NOT NULL);"
            "\nINSERT INTO w SELECT id, a, n FROM t WHERE n > 0;\nDROP TABLE t; ALTER TABLE w RENAME TO t;",
            "SELECT 1;",
        )
    )
    assert (refusal.value, refusal.finds) == ("two equal values", Finds.PERHAPS)


@pytest.mark.sqlite
def test_an_update_of_another_column_does_not_matter(on_sqlite: Measure) -> None:
    (refusal,) = of_up(
        on_sqlite(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER NOT NULL);",
            "UPDATE t SET n = 1 WHERE n > 7;\nCREATE UNIQUE INDEX i ON t (a);",
            "DROP INDEX i;",
        )
    )
    assert (refusal.value, refusal.finds) == ("two equal values", Finds.ALL)


@pytest.mark.postgres
def test_all_that_types_have_no_room_for(on_postgres: Measure) -> None:
    before = (
        "CREATE TYPE mood AS ENUM ('old', 'new');CREATE TABLE t (id int PRIMARY KEY, n int, p numeric(9,3), m text);"
    )
    ups = (
        ("ALTER TABLE t ALTER n TYPE smallint;", "n", ("-40000", "-1", "40000")),
        ("ALTER TABLE t ALTER p TYPE numeric(5,2);", "p", ("-1000", "999.991", "999.996", "-999.999", "0")),
        ("ALTER TABLE t ALTER m TYPE mood USING m::mood;", "m", ("'old'", "'older'", "'Old'")),
    )
    for up, column, values in ups:
        whole = [each for each in of_up(on_postgres(before, up, "SELECT 1;")) if each.finds is Finds.ALL]
        assert whole, up
        for value in values:
            asked = [
                checked(on_postgres, before, up, each.query, f"(id, {column}) VALUES (1, {value})") for each in whole
            ]
            assert any(asks for asks, _ in asked) == asked[0][1], (up, value)


SMALLER = "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("up", "finds"),
    [
        ("ALTER TABLE t ALTER n TYPE smallint;", Finds.ALL),
        ("ALTER TABLE t ALTER n TYPE smallint USING n::smallint;", Finds.ALL),
        ("ALTER TABLE t ALTER n TYPE smallint USING CAST(n AS smallint);", Finds.ALL),
        ("ALTER TABLE t ALTER n TYPE smallint USING (n * 2)::smallint;", Finds.SOME),
        ("DO $$ BEGIN UPDATE t SET n = 0 WHERE n < 0; END $$;\nALTER TABLE t ALTER n TYPE smallint;", Finds.PERHAPS),
    ],
)
def test_what_is_converted_on_the_way(on_postgres: Measure, up: str, finds: Finds) -> None:
    refusals = of_up(on_postgres(SMALLER, up, "ALTER TABLE t ALTER n TYPE int;"))
    assert {each.finds for each in refusals if (each.value or "").startswith("a number above")} == {finds}


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("select", "finds"),
    [
        ("id, n FROM t", Finds.ALL),
        ("* FROM t", Finds.ALL),
        ("id, n - 7 FROM t", Finds.SOME),
        ("DISTINCT id, n FROM t", Finds.PERHAPS),
    ],
)
def test_what_is_copied(on_sqlite: Measure, select: str, finds: Finds) -> None:
    refusals = of_up(
        on_sqlite(
            SMALLER,
            "CREATE TABLE w (id int PRIMARY KEY, n int NOT NULL UNIQUE);"
            f"\nINSERT INTO w SELECT {select};\nDROP TABLE t; ALTER TABLE w RENAME TO t;",
            "SELECT 1;",
        )
    )
    assert {each.finds for each in refusals if each.value == "two equal values"} == {finds}


@pytest.mark.postgres
def test_a_column_of_another_table_does_not_stand_for_this_ones(on_postgres: Measure) -> None:
    refusals = of_up(
        on_postgres(
            "CREATE TABLE t (id serial PRIMARY KEY, qty int NOT NULL); CREATE TABLE o (id serial PRIMARY KEY);",
            "ALTER TABLE o ADD COLUMN qty int;\nUPDATE t SET qty = qty * 100;",
            "ALTER TABLE o DROP COLUMN qty;",
        )
    )
    assert refusals
    assert {each.finds for each in refusals} == {Finds.ALL}
