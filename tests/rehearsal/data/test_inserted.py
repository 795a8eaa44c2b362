"""What the up inserts may be referred to once it has run, and its down then can't delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import DataOutcome, Finds, When

if TYPE_CHECKING:
    from conftest import Measure

DIALECTS = [
    pytest.param("on_postgres", marks=pytest.mark.postgres),
    pytest.param("on_mysql", marks=pytest.mark.mysql),
    pytest.param("on_sqlite", marks=pytest.mark.sqlite),
]
KEYS = {
    "on_postgres": "serial PRIMARY KEY",
    "on_mysql": "INT AUTO_INCREMENT PRIMARY KEY",
    "on_sqlite": "INTEGER PRIMARY KEY NOT NULL",
}
FEEDS = (
    "CREATE TABLE feeds (id {key}, title VARCHAR(99) NOT NULL, link VARCHAR(99) NOT NULL UNIQUE);"
    "CREATE TABLE entries (id {key}, feed_id INT NOT NULL, title VARCHAR(99) NOT NULL,"
    " FOREIGN KEY (feed_id) REFERENCES feeds (id){then});"
)
UP = "INSERT INTO feeds (title, link) VALUES ('blog', 'https://x/rss');"
DOWN = "DELETE FROM feeds WHERE link = 'https://x/rss';"


@pytest.mark.parametrize("server", DIALECTS)
def test_a_row_that_refers_to_one_that_the_up_inserted(server: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    data = measure(FEEDS.format(key=KEYS[server], then=""), UP, DOWN).data
    (refusal,) = data.refusals
    assert (refusal.direction, refusal.written, refusal.column) == (Direction.DOWN, When.AFTER, "feed_id")
    assert refusal.value == "a row that refers to one that up.sql inserted"
    schema = "public." if server == "on_postgres" else ""
    assert refusal.query == (
        f"SELECT * FROM {schema}entries WHERE feed_id IN (SELECT id FROM {schema}feeds WHERE link = 'https://x/rss')"
    )
    assert refusal.finds is Finds.ALL
    assert data.outcome is DataOutcome.LOSSLESS


@pytest.mark.parametrize("server", DIALECTS)
def test_a_down_that_can_delete_it(server: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    cascading = FEEDS.format(key=KEYS[server], then=" ON DELETE CASCADE")
    assert measure(cascading, UP, DOWN).data.refusals == ()
    first = "DELETE FROM entries WHERE feed_id IN (SELECT id FROM feeds WHERE link = 'https://x/rss');"
    assert measure(FEEDS.format(key=KEYS[server], then=""), UP, first + DOWN).data.refusals == ()


@pytest.mark.sqlite
def test_the_query_is_none_that_was_not_seen_to_find_it(on_sqlite: Measure) -> None:
    data = on_sqlite(
        FEEDS.format(key=KEYS["on_sqlite"], then=""), UP, "DELETE FROM feeds WHERE id IN (SELECT max(id) FROM feeds);"
    ).data
    (refusal,) = [each for each in data.refusals if each.column == "feed_id"]
    assert refusal.query is None


@pytest.mark.sqlite
def test_without_foreign_keys_nothing_holds_it(on_sqlite_without_foreign_keys: Measure) -> None:
    data = on_sqlite_without_foreign_keys(FEEDS.format(key=KEYS["on_sqlite"], then=""), UP, DOWN).data
    assert data.refusals == ()
