"""Tables that are hard to fill are filled on live servers, and their edge rows are taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings, Seeded, edges, seed
from tests.rehearsal.seeding.servers import contents, database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.rows import Rows, Value

POSTGRES, MYSQL, SQLITE = Dialect
BACKENDS = [
    pytest.param((POSTGRES, "18"), marks=pytest.mark.postgres, id="18"),
    pytest.param((POSTGRES, "14"), marks=pytest.mark.postgres, id="14"),
    pytest.param((MYSQL, None), marks=pytest.mark.mysql, id="mysql"),
    pytest.param((SQLITE, None), marks=pytest.mark.sqlite, id="sqlite"),
]
FEWER = {
    POSTGRES: {"small_parent": 3, "one_row": 1, "unique_boolean": 2},
    MYSQL: {"one_row": 1, "small_parent": 3},
    SQLITE: {"one_row": 1, "small_parent": 3},
}
TOO_ODD = {
    # What an edge row does to others, or what only an expression's arithmetic tells.
    *(("divided", "the largest integer"), ("logged", "NULL")),
}
NO_LETTERS_FOR_IT = {("texts", f"a text beyond {charset}", ("k",)) for charset in ("latin1", "utf8mb3")}
REWRITTEN_BY_A_TRIGGER = {("stamped", ("updated_at",))}


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[Dialect, Rows, Seeded]]:
    dialect, version = request.param
    forms = (Path(__file__).parent / f"forms_{dialect.value}.sql").read_text("utf-8")
    with database(dialect, forms, version=version) as rows:
        yield dialect, rows, seed(rows, rows.tables(), dialect=dialect, settings=DataSettings())


def bare(name: str) -> str:
    return name.rpartition(".")[2]


def test_every_table_has_the_rows_that_it_can_have(backend: tuple[Dialect, Rows, Seeded]) -> None:
    dialect, rows, seeded = backend
    short = {bare(each.table): each.why for each in seeded.not_seeded}
    assert short.keys() == FEWER[dialect].keys(), short
    counts = {bare(table.name): table.rows for table in rows.tables() if table.partition_of is None}
    fewer = FEWER[dialect]
    assert {name: count for name, count in counts.items() if count < fewer.get(name, 50)} == {}
    assert {name: counts[name] for name in fewer} == fewer


def test_references_within_a_cycle_are_there(backend: tuple[Dialect, Rows, Seeded]) -> None:
    _, rows, _ = backend
    assert sum(row["parent_id"] is not None for row in contents(rows, "tree")) >= 20
    assert sum(row["egg"] is not None for row in contents(rows, "hen")) >= 20


def test_defaults_are_left_to_the_server_and_written(backend: tuple[Dialect, Rows, Seeded]) -> None:
    dialect, rows, _ = backend
    if dialect is MYSQL:
        values = [row["c"] for row in contents(rows, "defaults")]
        assert 1 <= values.count("7") < 20


def test_edge_rows_are_taken_and_found_by_their_query(backend: tuple[Dialect, Rows, Seeded]) -> None:
    dialect, rows, _ = backend
    tables = {each.name: each for each in rows.tables()}
    found = edges(rows, tuple(tables.values()), dialect=dialect, settings=DataSettings(), only=list(tables))
    words = {edge.value for edge in found}
    assert {
        "NULL",
        "an empty text",
        "a text that is no ASCII",
        "zero",
        "a negative number",
        "two equal values",
    } <= words
    refused: dict[tuple[str, str, tuple[str, ...]], str] = {}
    for edge in found:
        by_columns: dict[tuple[str, ...], list[tuple[Value, ...]]] = {}
        for row in edge.rows:
            by_columns.setdefault(tuple(row), []).append(tuple(row.values()))
        for columns, group in by_columns.items():
            for error in rows.insert(tables[edge.table], columns, group):
                if error is not None:
                    refused[bare(edge.table), edge.value, edge.columns] = error.message
        if edge.query is not None and (bare(edge.table), edge.columns) not in REWRITTEN_BY_A_TRIGGER:
            answer = rows.query(edge.query)
            if answer.error is not None or not answer.rows:
                refused[bare(edge.table), edge.value, edge.columns] = f"{edge.query}: {answer.error}"
    assert {
        each: why for each, why in refused.items() if each[:2] not in TOO_ODD and each not in NO_LETTERS_FOR_IT
    } == {}
