"""Tables that an up joins by columns without a foreign key: some rows have a partner there, and others have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Measure

    from glowplug.rehearsal.measured import Data

BACKENDS = ("sqlite", "postgres", "mysql")
everywhere = pytest.mark.parametrize(
    "backend", [pytest.param(each, marks=getattr(pytest.mark, each)) for each in BACKENDS]
)
USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL UNIQUE{});"
OF_THEIRS = "CREATE TABLE e (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL{}, pos INTEGER NOT NULL);"
BY_NAME = "CREATE TABLE e (name VARCHAR(60) NOT NULL, pos INTEGER NOT NULL, PRIMARY KEY (name, pos));"
BY_TWO = OF_THEIRS.format("") + "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, kind INTEGER);"
NEW = "CREATE TABLE n (user_id INTEGER NOT NULL, pos INTEGER NOT NULL); INSERT INTO n (user_id, pos) "
IN = " DROP TABLE e; ALTER TABLE n RENAME TO e;"
SET = (
    "ALTER TABLE e ADD COLUMN user_id INTEGER; {} DELETE FROM e WHERE user_id IS NULL;"
    " ALTER TABLE e ADD COLUMN more INTEGER;"
)


def on(backend: str, request: pytest.FixtureRequest, before: str, up: str) -> Data:
    measure: Measure = request.getfixturevalue(f"on_{backend}")
    return measure(before, up, "SELECT 1;").data


@everywhere
@pytest.mark.parametrize("table", [OF_THEIRS.format(""), BY_NAME], ids=["by a number", "by the name itself"])
@pytest.mark.parametrize(
    "up",
    [
        NEW + "SELECT u.id, o.pos FROM e o INNER JOIN users AS u ON o.name = u.name;" + IN,
        NEW + "SELECT users.id, pos FROM e JOIN users USING (name);" + IN,
        SET.format("UPDATE e SET user_id = (SELECT u.id FROM users u WHERE u.name = e.name);"),
        "DELETE FROM e WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.name = e.name);",
    ],
    ids=["a copy", "a copy by columns alike", "an update", "a clearing away"],
)
def test_rows_with_a_partner_stay(table: str, up: str, backend: str, request: pytest.FixtureRequest) -> None:
    found = on(backend, request, USERS.format("") + table, up)
    (lost,) = [each for each in found.losses if each.column is None]
    assert (lost.how.value, lost.of, found.not_seeded) == ("deleted", 20, ())
    assert 0 < lost.rows <= 12


@pytest.mark.postgres
def test_rows_with_a_partner_stay_where_an_update_reads_another_table(on_postgres: Measure) -> None:
    up = SET.format("UPDATE e SET user_id = u.id FROM users u WHERE e.name = u.name;")
    (lost,) = on_postgres(USERS.format("") + OF_THEIRS.format(""), up, "SELECT 1;").data.losses
    assert 0 < lost.rows <= 12


@everywhere
def test_a_partner_by_two_columns(backend: str, request: pytest.FixtureRequest) -> None:
    up = NEW + "SELECT u.id, e.pos FROM e JOIN users u ON e.name = u.name AND e.pos = u.kind;" + IN
    (lost,) = [each for each in on(backend, request, BY_TWO, up).losses if each.column is None]
    assert lost.rows == 10


@everywhere
def test_it_is_said_where_none_can_have_one(backend: str, request: pytest.FixtureRequest) -> None:
    before = USERS.format(" CHECK (name < 'm')") + OF_THEIRS.format(" CHECK (name > 'n')")
    up = NEW + "SELECT u.id, e.pos FROM e JOIN users u ON e.name = u.name;" + IN
    found = on(backend, request, before, up)
    users = "public.users" if backend == "postgres" else "users"
    assert [each.why for each in found.not_seeded] == [
        f"no row has a partner in {users} by name, by which up.sql joins them"
    ]


@everywhere
def test_an_up_that_takes_no_partners_is_given_none(backend: str, request: pytest.FixtureRequest) -> None:
    up = NEW.replace("user_id INTEGER NOT NULL", "user_id INTEGER NOT NULL CHECK (user_id < 0)")
    up += "SELECT u.id, e.pos FROM e JOIN users u ON e.name = u.name AND e.pos = u.kind;"
    found = on(backend, request, BY_TWO, up)
    table, other = ("public.e", "public.users") if backend == "postgres" else ("e", "users")
    assert [(each.table, each.why) for each in found.not_seeded] == [
        (table, f"no row has a partner in {other} by name, pos, by which up.sql joins them")
    ]


@everywhere
def test_rows_that_are_alike_without_their_key_are_lost_by_the_up_alone(
    backend: str, request: pytest.FixtureRequest
) -> None:
    measure: Measure = request.getfixturevalue(f"on_{backend}")
    table = "CREATE TABLE {} (name VARCHAR(60) NOT NULL PRIMARY KEY, shown BOOLEAN NOT NULL, more BOOLEAN NOT NULL);"
    down = table.format("n") + "INSERT INTO n SELECT u.name, e.shown, e.more FROM e JOIN users u ON e.user_id = u.id;"
    up = (
        "CREATE TABLE n (user_id INTEGER NOT NULL PRIMARY KEY, shown BOOLEAN NOT NULL, more BOOLEAN NOT NULL);"
        "INSERT INTO n SELECT u.id, e.shown, e.more FROM e JOIN users u ON e.name = u.name;"
    )
    losses = measure(USERS.format("") + table.format("e"), up + IN, down + IN).data.losses
    assert [(each.by.value, each.how.value) for each in losses if each.column is None] == [("up", "deleted")]
