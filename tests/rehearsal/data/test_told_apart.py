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


@pytest.mark.sqlite
def test_two_new_references_of_one_table(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE q (id INTEGER PRIMARY KEY);"
        " CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER, q INTEGER);",
        "CREATE TABLE n (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p, q INTEGER REFERENCES q);"
        " INSERT INTO n SELECT id, p, q FROM c; DROP TABLE c; ALTER TABLE n RENAME TO c;",
        "SELECT 1;",
    )
    columns = {each.column for each in found.data.refusals if each.value == "a value that refers to nothing"}
    assert columns == {"p", "q"}


@pytest.mark.postgres
def test_a_column_that_is_renamed_in_the_same_file(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE t (id serial PRIMARY KEY, tag text NOT NULL);",
        "ALTER TABLE t RENAME tag TO label; ALTER TABLE t ADD UNIQUE (label);",
        "ALTER TABLE t DROP CONSTRAINT t_label_key; ALTER TABLE t RENAME label TO tag;",
    )
    assert ("public.t", "tag", "two equal values") in told(found)


@pytest.mark.postgres
def test_what_a_called_routine_writes_is_not_for_the_down_to_delete(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE r (id serial PRIMARY KEY, n text NOT NULL); CREATE FUNCTION h() RETURNS void LANGUAGE sql"
        " AS $$ INSERT INTO r (id, n) VALUES (7700, 'special') $$;",
        "SELECT h();",
        "DELETE FROM r WHERE n = 'special';",
    )
    assert [(loss.table, loss.by.value, loss.how.value) for loss in found.data.losses] == [
        ("public.r", "down", "deleted")
    ]


ASKED = (
    ("a", "NULL"),
    ("b", "two equal values"),
    ("c", "a text of 6 characters"),
    ("d", "NULL"),
    ("d", "two equal values"),
    ("e", "NULL"),
    ("n", "a row that "),
)


@pytest.mark.parametrize(
    ("server", "form"),
    [
        pytest.param("on_postgres", "ALTER TABLE p ALTER {0} TYPE {1}", marks=pytest.mark.postgres),
        pytest.param("on_mysql", "ALTER TABLE p MODIFY {0} {1}", marks=pytest.mark.mysql),
    ],
)
def test_all_that_the_tables_ask_for(server: str, form: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    null = (
        "ALTER TABLE p ALTER {0} SET NOT NULL" if server == "on_postgres" else "ALTER TABLE p MODIFY {0} {1} NOT NULL"
    )
    found = measure(
        "CREATE TABLE p (id int PRIMARY KEY, a varchar(9), b varchar(9) NOT NULL, n int NOT NULL, c varchar(9),"
        " d varchar(9), e int);",
        ";\n".join(
            (
                null.format("a", "varchar(9)"),
                "ALTER TABLE p ADD UNIQUE (b)",
                form.format("c", "varchar(5)"),
                null.format("d", "varchar(9)"),
                "ALTER TABLE p ADD UNIQUE (d)",
                null.format("e", "int"),
                "ALTER TABLE p ADD CONSTRAINT few CHECK (n >= 0);",
            )
        ),
        "SELECT 1;",
    )
    told_of = [(column, (value or "").replace("few refuses", "")) for _, column, value in told(found)]
    assert tuple(told_of) == ASKED
    assert all(each.query is not None for each in found.data.refusals)


@pytest.mark.sqlite
def test_all_that_a_rebuilt_table_asks_for(on_sqlite: Measure) -> None:
    found = on_sqlite(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL, c TEXT);",
        "CREATE TABLE q (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL UNIQUE, c TEXT NOT NULL);"
        "\nINSERT INTO q SELECT * FROM p;\nDROP TABLE p; ALTER TABLE q RENAME TO p;",
        "SELECT 1;",
    )
    assert {(column, value) for _, column, value in told(found)} == {
        ("a", "NULL"),
        ("b", "two equal values"),
        ("c", "NULL"),
    }


@pytest.mark.sqlite
def test_where_the_search_ends_it_is_said_that_there_may_be_more(on_sqlite: Measure) -> None:
    names = [f"c{index}" for index in range(30)]
    found = on_sqlite(
        f"CREATE TABLE p (id INTEGER PRIMARY KEY, {' TEXT, '.join(names)} TEXT);",
        f"CREATE TABLE q (id INTEGER PRIMARY KEY, {' TEXT NOT NULL, '.join(names)} TEXT NOT NULL);"
        "\nINSERT INTO q SELECT * FROM p;\nDROP TABLE p; ALTER TABLE q RENAME TO p;",
        "SELECT 1;",
    )
    assert 20 < len(found.data.refusals) < 30
    assert [each.more for each in found.data.refusals].count(True) == 1
