"""What MariaDB accepts is read, and what it refuses as a syntax error is not."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.place import Account, Place
from glowplug.scratch.mysql.source import choose
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.statement import Statement, Unparsed

SYNTAX = re.compile(r"\((1064|4161)\)$|error in your SQL syntax")
HERE = Path(__file__).parent

_numbers = itertools.count()


def lines(name: str) -> list[str]:
    return (HERE / f"test_reader_mysql_{name}.sql").read_text("utf-8").splitlines()


def unparsed(text: str) -> list[Unparsed]:
    def of(statements: tuple[Statement, ...]) -> Iterator[Unparsed]:
        for each in statements:
            if each.unparsed:
                yield each.unparsed
            yield from of(each.body + each.routine_body)

    return list(of(read(text, Dialect.MYSQL).statements))


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    request = request_for()
    with Area(room=2**30) as area:
        yield OwnServer.fresh(choose(request), area, cache=cache_directory(request.environment), name="m")


def request_for() -> Request:
    return Request(
        dialect=Dialect.MYSQL, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )


def refusal(server: OwnServer, sql: str) -> str | None:
    """What a server says of ``sql``, run alone in an empty schema, if it finds a syntax error in it."""
    name = f"r{next(_numbers)}"
    place = Place(request_for(), server.address, Account.random(name, host="localhost"), name, ran=lambda *_: None)
    place.create_account()
    place.furnish()
    migration = Migration(version="1", name="1", path="1", up=sql.encode(), down=None)
    error = place.connection.run(migration, Direction.UP).error
    place.close()
    return error.message if error is not None and SYNTAX.search(error.message) else None


@pytest.mark.mysql
def test_what_the_server_accepts_is_read(server: OwnServer) -> None:
    statements = lines("accepted")
    assert len(statements) > 250
    assert {sql: refused for sql in statements if (refused := refusal(server, sql))} == {}
    assert {sql: found for sql in statements if (found := unparsed(sql))} == {}


@pytest.mark.mysql
def test_what_the_server_refuses_is_unparsed(server: OwnServer) -> None:
    statements = lines("refused")
    assert [sql for sql in statements if refusal(server, sql) is None] == []
    assert [sql for sql in statements if not unparsed(sql)] == []


@pytest.mark.parametrize("sql", lines("accepted_by_mysql"))
def test_what_mysql_alone_accepts_by_its_manual_is_read(sql: str) -> None:
    assert unparsed(sql) == []
