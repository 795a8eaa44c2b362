"""A table made anew under its old name: both ways to write that have the same rows, and the same is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import DataOutcome

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Measurement

SERVERS = [
    pytest.param("on_sqlite", marks=pytest.mark.sqlite),
    pytest.param("on_postgres", marks=pytest.mark.postgres),
    pytest.param("on_mysql", marks=pytest.mark.mysql),
]
OLD_AWAY = "ALTER TABLE p RENAME TO q;\nCREATE TABLE p ({new});\nINSERT INTO p {select} FROM q{rest};\nDROP TABLE q;"
NEW_IN = "CREATE TABLE q ({new});\nINSERT INTO q {select} FROM p{rest};\nDROP TABLE p;\nALTER TABLE q RENAME TO p;"
OLD = "id INTEGER NOT NULL PRIMARY KEY, state VARCHAR(20) NOT NULL, n INTEGER NOT NULL"
CHECKED = (
    "id INTEGER NOT NULL PRIMARY KEY, state VARCHAR(20) NOT NULL CHECK (state IN ('new', 'done')),"
    " n INTEGER NOT NULL CHECK (n BETWEEN 0 AND 9)"
)
FITTING = " WHERE state IN ('new', 'done') AND n BETWEEN 0 AND 9"


def told(found: Measurement) -> list[tuple[str, str | None, str, int, int]]:
    return [
        (each.table.removeprefix("public."), each.column, each.how.value, each.rows, each.of)
        for each in found.data.losses
    ]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("copied", "losses"),
    [
        ({"new": CHECKED, "select": "SELECT *", "rest": FITTING}, [("p", None, "deleted", 20, 20)]),
        (
            {"new": f"{OLD}, CHECK (id = 0)", "select": "SELECT 0, state, n", "rest": " ORDER BY id DESC LIMIT 1"},
            [("p", None, "deleted", 19, 20), ("p", "id", "changed", 1, 20)],
        ),
    ],
    ids=["what does not fit is left out", "all but one are left out"],
)
def test_rows_that_are_left_out(
    copied: dict[str, str],
    losses: list[tuple[str, str | None, str, int, int]],
    server: str,
    request: pytest.FixtureRequest,
) -> None:
    measure: Measure = request.getfixturevalue(server)
    for way in (OLD_AWAY, NEW_IN):
        back = way.format(new=OLD, select="SELECT *", rest="")
        found = measure(f"CREATE TABLE p ({OLD});", way.format(**copied), back)
        assert (told(found), found.data.outcome) == (losses, DataOutcome.IRREVERSIBLE)


@pytest.mark.parametrize("server", SERVERS)
def test_a_condition_that_no_row_fails(server: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    condition = "coalesce(length(state), 0) * 7 < 100000"
    for way in (OLD_AWAY, NEW_IN):
        up = way.format(new=OLD, select="SELECT *", rest=f" WHERE {condition}")
        found = measure(f"CREATE TABLE p ({OLD});", up, way.format(new=OLD, select="SELECT *", rest="")).data
        assert [each.why for each in found.not_seeded] == [f"no row fails {condition}, by which up.sql copies rows"]


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_asked_of_all_is_no_loss(server: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    for way in (OLD_AWAY, NEW_IN):
        up = way.format(new=CHECKED, select="SELECT *", rest="")
        found = measure(f"CREATE TABLE p ({OLD});", up, way.format(new=OLD, select="SELECT *", rest=""))
        assert (told(found), found.data.outcome) == ([], DataOutcome.LOSSLESS)
        assert found.data.refusals


FOLDS = {
    "on_sqlite": [("INSERT OR IGNORE", ""), ("INSERT OR REPLACE", "")],
    "on_postgres": [("INSERT", " ON CONFLICT DO NOTHING")],
    "on_mysql": [("INSERT IGNORE", ""), ("REPLACE", "")],
}


@pytest.mark.parametrize("server", SERVERS)
def test_rows_of_which_a_copy_makes_one(server: str, request: pytest.FixtureRequest) -> None:
    measure: Measure = request.getfixturevalue(server)
    unique = f"{OLD}, UNIQUE (state)"
    grouped = {"new": unique, "select": "SELECT min(id), state, min(n)", "rest": " GROUP BY state"}
    ups = [way.format(**grouped) for way in (OLD_AWAY, NEW_IN)]
    ups += [
        way.format(new=unique, select="SELECT *", rest=rest).replace("INSERT", insert)
        for way in (OLD_AWAY, NEW_IN)
        for insert, rest in FOLDS[server]
    ]
    for up in ups:
        found = measure(f"CREATE TABLE p ({OLD});", up, NEW_IN.format(new=OLD, select="SELECT *", rest=""))
        assert (told(found), found.data.outcome) == ([("p", None, "deleted", 1, 20)], DataOutcome.IRREVERSIBLE), up


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "copy", ["INSERT OR IGNORE INTO q SELECT * FROM p", "INSERT INTO q SELECT * FROM p GROUP BY n"]
)
def test_rows_that_cannot_be_alike(copy: str, on_sqlite: Measure) -> None:
    unique = f"{OLD}, UNIQUE (n)"
    up = f"CREATE TABLE q ({unique}); {copy}; DROP TABLE p; ALTER TABLE q RENAME TO p;"
    found = on_sqlite(f"CREATE TABLE p ({unique});", up, NEW_IN.format(new=unique, select="SELECT *", rest="")).data
    assert (found.outcome, found.losses, found.not_seeded) == (DataOutcome.LOSSLESS, (), ())
