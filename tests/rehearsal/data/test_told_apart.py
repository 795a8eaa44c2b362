"""Odd rows that a file refuses: each thing that is refused is told once, of the rows that it is refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import When

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Measurement

DATES = "CREATE TABLE a (id serial PRIMARY KEY, first date NOT NULL, last date NOT NULL);"
MOMENTS = "CREATE TABLE b (id serial PRIMARY KEY, x timestamptz NOT NULL, y timestamptz NOT NULL, n int NOT NULL);"
OWNED = "CREATE TABLE u (id uuid PRIMARY KEY, email text); CREATE TABLE n (id uuid PRIMARY KEY, u uuid{});"


def told(found: Measurement) -> list[tuple[str | None, str | None, str | None]]:
    return [(each.table, each.column, each.value) for each in found.data.refusals]


@pytest.mark.postgres
@pytest.mark.parametrize("last", ["n >= 0", "y >= x"])
def test_of_two_conditions_on_two_tables_both(last: str, on_postgres: Measure) -> None:
    found = on_postgres(
        DATES + MOMENTS,
        f"ALTER TABLE a ADD CONSTRAINT r CHECK (last >= first);\nALTER TABLE b ADD CONSTRAINT e CHECK ({last});",
        "ALTER TABLE a DROP CONSTRAINT r; ALTER TABLE b DROP CONSTRAINT e;",
    )
    columns = "n" if last.startswith("n") else "x, y"
    assert told(found) == [
        ("public.a", "first, last", "a row that r refuses"),
        ("public.b", columns, "a row that e refuses"),
    ]


@pytest.mark.postgres
def test_a_new_reference_is_not_another_columns_fault(on_postgres: Measure) -> None:
    found = on_postgres(OWNED.format(" NOT NULL"), "ALTER TABLE n ADD FOREIGN KEY (u) REFERENCES u (id);", "SELECT 1;")
    assert told(found) == [("public.n", "u", "a value that refers to nothing")]


@pytest.mark.mysql
def test_a_new_reference_is_not_another_columns_fault_on_mysql(on_mysql: Measure) -> None:
    found = on_mysql(
        "CREATE TABLE u (id CHAR(9) PRIMARY KEY); CREATE TABLE n (id CHAR(9) PRIMARY KEY, u CHAR(9) NOT NULL, v INT);",
        "ALTER TABLE n ADD CONSTRAINT k FOREIGN KEY (u) REFERENCES u (id);",
        "ALTER TABLE n DROP FOREIGN KEY k; ALTER TABLE n DROP INDEX k;",
    )
    assert told(found) == [("n", "u", "a value that refers to nothing")]


@pytest.mark.postgres
def test_nothing_is_no_reference_to_nothing(on_postgres: Measure) -> None:
    found = on_postgres(
        OWNED.format(" REFERENCES u"),
        "CREATE TABLE m (id uuid PRIMARY KEY, u uuid); INSERT INTO m SELECT id, u FROM n; DROP TABLE n;",
        "CREATE TABLE n (id uuid PRIMARY KEY, u uuid REFERENCES u); INSERT INTO n SELECT id, u FROM m; DROP TABLE m;",
    )
    after = [each for each in found.data.refusals if each.written is When.AFTER]
    assert after
    assert "NULL" not in {each.value for each in after}
