"""What asks production for documents with something odd in them finds the row that was tried, and no plain one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.files.text import Text
from glowplug.rehearsal.data.refusals.odd_documents import odd_documents
from glowplug.rehearsal.seeding import DataSettings, seed
from glowplug.sql.reader import read
from tests.rehearsal.seeding.servers import database

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Refusal

DOWN = "ALTER TABLE t DROP COLUMN n;"


def refused(measure: Measure, before: str, up: str) -> Refusal:
    (found,) = measure(before, up, DOWN).data.refusals
    assert found.direction is Direction.UP
    return found


@pytest.mark.postgres
def test_a_text_that_is_no_number(on_postgres: Measure) -> None:
    up = "ALTER TABLE t ADD COLUMN n integer; UPDATE t SET n = (doc -> 'a' ->> 'it''s')::int;"
    found = refused(on_postgres, "CREATE TABLE t (id serial PRIMARY KEY, doc jsonb NOT NULL);", up)
    assert found.value == "a text that is no number at a.it's"
    assert found.query == (
        "SELECT * FROM public.t WHERE jsonb_typeof(CAST(doc AS jsonb) #> ARRAY['a', 'it''s']) = 'string' AND "
        "(CAST(doc AS jsonb) #> ARRAY['a', 'it''s'] #>> '{}') !~ '^\\s*[-+]?[0-9]+(\\.[0-9]+)?\\s*$'"
    )


@pytest.mark.mysql
def test_a_text_that_is_no_number_of_mysql_s_own_types(on_mysql: Measure) -> None:
    up = "ALTER TABLE t ADD COLUMN n bigint; UPDATE t SET n = CAST(JSON_VALUE(doc, '$.a') AS SIGNED);"
    found = refused(on_mysql, "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, doc JSON NOT NULL);", up)
    assert found.value == "a text that is no number at a"


@pytest.mark.postgres
def test_null_where_something_must_be(on_postgres: Measure) -> None:
    up = "ALTER TABLE t ADD COLUMN n text; UPDATE t SET n = coalesce(doc ->> 'a', 'x') || NULLIF(1, CASE WHEN"
    up += " doc -> 'a' = 'null' THEN 1 ELSE 2 END); ALTER TABLE t ALTER COLUMN n SET NOT NULL;"
    found = refused(on_postgres, "CREATE TABLE t (id serial PRIMARY KEY, doc jsonb NOT NULL);", up)
    assert found.value == "null at a"
    assert found.query == "SELECT * FROM public.t WHERE jsonb_typeof(CAST(doc AS jsonb) #> ARRAY['a']) = 'null'"


@pytest.mark.sqlite
def test_an_object_on_sqlite(on_sqlite: Measure) -> None:
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, doc TEXT NOT NULL CHECK (json_valid(doc)));"
    up = "ALTER TABLE t ADD COLUMN n INTEGER CHECK (n IS NULL OR n <> 'object');"
    up += " UPDATE t SET n = json_type(doc, '$.a') WHERE json_type(doc, '$.a') = 'object';"
    found = refused(on_sqlite, before, up)
    assert found.value == "an object at a"
    assert found.query is not None
    assert found.query.endswith("CASE WHEN json_valid(doc) THEN json_type(doc, '$.\"a\"') END = 'object'")


SETUPS = [
    pytest.param(Dialect.POSTGRES, "doc jsonb NOT NULL", "doc -> 'a' ->> 'it''s'", marks=pytest.mark.postgres),
    pytest.param(Dialect.POSTGRES, "doc json NOT NULL", "(doc #>> '{a,b}')::int", marks=pytest.mark.postgres),
    pytest.param(Dialect.MYSQL, "doc JSON NOT NULL", "JSON_VALUE(doc, '$.a.\"b c\"')", marks=pytest.mark.mysql),
    pytest.param(Dialect.SQLITE, "doc TEXT CHECK (json_valid(doc))", "doc ->> '$.a.b'", marks=pytest.mark.sqlite),
]


@pytest.mark.parametrize(("dialect", "column", "expression"), SETUPS)
def test_each_query_finds_its_own_row_alone(dialect: Dialect, column: str, expression: str) -> None:
    settings = DataSettings(rows=5)
    text = Text(dialect=dialect, up=read(f"UPDATE t SET v = {expression};", dialect), down=None)
    with database(dialect, f"CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(90), {column})") as rows:
        tables = rows.tables()
        seed(rows, tables, dialect=dialect, settings=settings)
        found = list(odd_documents(rows, text, Direction.UP, tables, tables, settings=settings, only=[tables[0].name]))
        assert len(found) == 6
        asked = [edge.query for edge in found if edge.query is not None]
        assert len(asked) >= 5
        assert not any(rows.query(query).rows for query in asked)
        for edge in found:
            (row,) = edge.rows
            assert rows.insert(tables[0], tuple(row), [tuple(row.values())]) == (None,)
            answers = [rows.query(query) for query in asked]
            assert not any(answer.error for answer in answers)
            assert [bool(answer.rows) for answer in answers] == [query == edge.query for query in asked]
            assert rows.execute("DELETE FROM t WHERE doc IS NOT NULL") is None
