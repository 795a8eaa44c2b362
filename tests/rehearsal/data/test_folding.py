"""Two values that an UPDATE makes equal where no two may be: told, with what finds them in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import Finds

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Measurement, Refusal

DIALECTS = [
    pytest.param("on_postgres", marks=pytest.mark.postgres),
    pytest.param("on_mysql", marks=pytest.mark.mysql),
    pytest.param("on_sqlite", marks=pytest.mark.sqlite),
]
COLLATED = {"on_mysql": "VARCHAR(60) COLLATE utf8mb4_bin", "on_postgres": "varchar(60)", "on_sqlite": "TEXT"}


def folding(found: Measurement) -> list[Refusal]:
    return [each for each in found.data.refusals if (each.value or "").startswith("two values that it makes equal")]


@pytest.mark.parametrize("server", DIALECTS)
@pytest.mark.parametrize(
    ("expression", "equal", "apart"),
    [
        ("lower(name)", ("A", "a"), ("a", "b")),
        ("replace(name, '-', '_')", ("x-y", "x_y"), ("x-y", "x+y")),
        ("upper(trim(name))", (" q", "Q"), ("q", "qq")),
        ("substr(name, 1, 30)", ("x" * 30 + "a", "x" * 30 + "b"), ("x" * 29 + "a", "x" * 29 + "b")),
    ],
)
def test_values_that_become_equal(
    server: str, expression: str, equal: tuple[str, str], apart: tuple[str, str], request: pytest.FixtureRequest
) -> None:
    measure: Measure = request.getfixturevalue(server)
    before = f"CREATE TABLE t (id INT PRIMARY KEY, name {COLLATED[server]} NOT NULL UNIQUE);"
    up = f"UPDATE t SET name = {expression};"
    (refusal,) = folding(measure(before, up, "SELECT 1;"))
    assert (refusal.column, refusal.finds) == ("name", Finds.ALL)
    assert refusal.query is not None
    assert "GROUP BY 1 HAVING count(*) > 1" in refusal.query
    for pair, fails in ((equal, True), (apart, False)):
        held = f"{before} INSERT INTO t VALUES (1, '{pair[0]}'), (2, '{pair[1]}');"
        asked = f"{held} CREATE TABLE asked (n INT NOT NULL); INSERT INTO asked SELECT 1 FROM ({refusal.query}) AS q;"
        found = measure(asked, "INSERT INTO asked SELECT CASE WHEN count(*) > 0 THEN NULL ELSE 1 END FROM asked;", None)
        assert (found.data.failure is not None) == fails, (pair, refusal.query)
        assert (measure(held, up, None).data.failure is not None) == fails, pair


@pytest.mark.postgres
def test_a_column_of_the_ups_own_that_becomes_unique(on_postgres: Measure) -> None:
    found = folding(
        on_postgres(
            "CREATE TABLE t (id serial PRIMARY KEY, name varchar(255) NOT NULL UNIQUE);",
            "ALTER TABLE t ADD COLUMN canon varchar(255);\n"
            "UPDATE t SET name = lower(name), canon = replace(lower(name), '-', '_');\n"
            "ALTER TABLE t ADD UNIQUE (canon);",
            "ALTER TABLE t DROP COLUMN canon;",
        )
    )
    assert {each.query for each in found} == {
        "SELECT lower(name), count(*) FROM public.t GROUP BY 1 HAVING count(*) > 1",
        "SELECT replace(lower(name), '-', '_'), count(*) FROM public.t GROUP BY 1 HAVING count(*) > 1",
    }


@pytest.mark.sqlite
def test_those_that_an_update_leaves_out_may_be_refused_as_well(on_sqlite: Measure) -> None:
    (refusal,) = folding(
        on_sqlite(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);",
            "UPDATE t SET name = lower(name) WHERE name <> 'Kept';",
            "SELECT 1;",
        )
    )
    assert refusal.query == (
        "SELECT lower(name), count(*) FROM t WHERE (name <> 'Kept') GROUP BY 1 HAVING count(*) > 1"
    )
    assert refusal.finds is Finds.SOME


@pytest.mark.sqlite
@pytest.mark.parametrize("expression", ["name || 'x'", "hex(randomblob(9)) || name", "hex(name)"])
def test_what_keeps_values_apart_is_not_told(on_sqlite: Measure, expression: str) -> None:
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    assert folding(on_sqlite(before, f"UPDATE t SET name = {expression};", "SELECT 1;")) == []


@pytest.mark.sqlite
def test_what_is_written_before_is_not_asked(on_sqlite: Measure) -> None:
    refusals = folding(
        on_sqlite(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, slug TEXT);",
            "UPDATE t SET name = name || lower(name);\nUPDATE t SET slug = replace(name, '-', '_');\n"
            "CREATE UNIQUE INDEX i ON t (slug);",
            "DROP INDEX i;",
        )
    )
    assert [each.finds for each in refusals] == [Finds.SOME]
