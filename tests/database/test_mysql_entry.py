"""A migration that shuts the door behind itself is told so, and the rehearsal goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql import Administrator
from glowplug.dialect import Direction
from glowplug.project import Migration
from glowplug.scratch.mysql.place import Account, Place
from glowplug.scratch.settings import ScratchSettings

from .mysql_place import own_server, request_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.scratch.mysql.own import OwnServer

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as server:
        yield server


@pytest.fixture
def make_place(server: OwnServer) -> Iterator[Callable[..., Place]]:
    made: list[Place] = []

    def make(*, superuser: bool = False) -> Place:
        request = replace(request_for(), settings=ScratchSettings(superuser=superuser))
        name = f"s{len(made)}{'_super' * superuser}"
        place = Place(request, server.address, Account.random(name, host="localhost"), name, ran=lambda *_: None)
        made.append(place)
        place.create_account()
        place.furnish()
        return place

    yield make
    for place in made:
        place.administrator.drop_account(place._account.user, host="localhost")  # noqa: SLF001 - nothing else forgets it
        place.close()


def migration(up: str, *, version: str = "1") -> Migration:
    return Migration(version=version, name=version, path=f"m/{version}", up=up.encode(), down=None)


MYSELF = "CURRENT_USER()"


@pytest.mark.parametrize(
    ("up", "superuser"),
    [
        ("CREATE TABLE a (i INT); SET PASSWORD = PASSWORD('another')", False),
        ("SET @s = CONCAT('SET PASS', 'WORD = PASS', 'WORD(''another'')'); EXECUTE IMMEDIATE @s", False),
        (f"ALTER USER {MYSELF} ACCOUNT LOCK", True),
        (f"ALTER USER {MYSELF} PASSWORD EXPIRE", True),
        (f"ALTER USER {MYSELF} REQUIRE SUBJECT '/CN=nobody'", True),
        (f"DROP USER {MYSELF}", True),
    ],
)
def test_a_file_that_keeps_diesels_next_session_out_fails(
    make_place: Callable[..., Place], up: str, superuser: bool
) -> None:
    place = make_place(superuser=superuser)
    connection = place.connection
    error = connection.run(migration(up), Direction.UP).error
    assert error is not None
    assert error.message.startswith("shuts Diesel out")
    connection.close()
    assert connection.run(migration("CREATE TABLE b (i INT)", version="2"), Direction.UP).error is None
    assert connection.recorded()[0] == "2"


def test_a_statement_seen_on_its_own_shuts_it_as_well(make_place: Callable[..., Place]) -> None:
    trace = make_place().connection.observe(migration("SET PASSWORD = PASSWORD('another')"), Direction.UP)
    assert trace.error is not None
    assert trace.error.message.startswith("shuts Diesel out")


def test_one_session_is_all_that_diesel_needs(make_place: Callable[..., Place]) -> None:
    connection = make_place(superuser=True).connection
    up = f"GRANT USAGE ON *.* TO {MYSELF} WITH MAX_USER_CONNECTIONS 1"
    assert connection.run(migration(up), Direction.UP).error is None
    assert connection.run(migration("CREATE TABLE b (i INT)", version="2"), Direction.UP).error is None


def test_what_only_speaks_of_users_shuts_nothing(make_place: Callable[..., Place]) -> None:
    connection = make_place().connection
    up = "CREATE TABLE user (password TEXT); PREPARE p FROM 'SELECT 1'; EXECUTE p"
    assert connection.run(migration(up), Direction.UP).error is None


def test_a_door_that_was_shut_unseen_is_opened_again(server: OwnServer, make_place: Callable[..., Place]) -> None:
    """No file's text tells of it then, and the state of the scratch server is no verdict."""
    place = make_place()
    with Administrator(server.address) as administrator:
        administrator._session.rows(f"ALTER USER '{place.schema}'@'localhost' IDENTIFIED BY 'another'")  # noqa: SLF001 - what glowplug never does
    place.connection.close()
    assert place.connection.recorded() == ()
