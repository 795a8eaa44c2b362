"""Edge rows of tables whose keys are written, not numbered by the server: each has a key of its own."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings, edges, seed
from tests.rehearsal.seeding.servers import database

pytestmark = pytest.mark.sqlite

SETUP = """
CREATE TABLE owners (uuid TEXT PRIMARY KEY NOT NULL);
CREATE TABLE things (
    uuid TEXT PRIMARY KEY NOT NULL, owner TEXT REFERENCES owners (uuid), name TEXT, size INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('a', 'b')), code TEXT UNIQUE, itself TEXT NOT NULL REFERENCES things (uuid)
);
"""


def test_all_that_is_odd_is_tried_but_what_the_table_refuses() -> None:
    with database(Dialect.SQLITE, SETUP) as rows:
        tables = {table.name: table for table in rows.tables()}
        seed(rows, tuple(tables.values()), dialect=Dialect.SQLITE, settings=DataSettings())
        found = edges(rows, tuple(tables.values()), dialect=Dialect.SQLITE, settings=DataSettings(), only=["things"])
        odd: dict[str, set[str]] = {}
        for edge in found:
            odd.setdefault(edge.columns[0], set()).add(edge.value)
            for row in edge.rows:
                assert rows.insert(tables["things"], tuple(row), [tuple(row.values())]) == (None,), (edge, row)
        assert odd["owner"] == {"NULL", "two equal values"}
        assert odd["name"] >= {"NULL", "an empty text", "a text that is no ASCII", "two equal values"}
        assert odd["size"] >= {"zero", "a negative number", "two equal values"}
        assert odd["kind"] == {"two equal values"}
        assert "NULL" in odd["code"]
        assert "two equal values" not in odd["code"] | odd.get("itself", set())
