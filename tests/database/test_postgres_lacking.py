"""What a build of PostgreSQL lacks is told from what a migration does wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.postgres import source
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.features import Feature, features_asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import SqlError
    from glowplug.scratch.interface import Server

pytestmark = pytest.mark.postgres

FORMS = [
    ("CREATE COLLATION c (provider = icu, locale = 'en')", Feature.ICU),
    ("CREATE COLLATION c (locale = 'en', PROVIDER='icu')", Feature.ICU),
    ("CREATE TABLE t (a xml DEFAULT '<a/>'::xml)", Feature.XML),
    ("SELECT xmlelement(name a)", Feature.XML),
    ("SELECT xpath('/a', '<a/>')", Feature.XML),
    ("SELECT table_to_xml('pg_class', true, false, '')", Feature.XML),
    ("CREATE TABLE t (a text COMPRESSION lz4)", Feature.LZ4),
    ("CREATE TABLE t (a text); ALTER TABLE t ALTER a SET COMPRESSION lz4", Feature.LZ4),
    ("SET default_toast_compression = 'lz4'", Feature.LZ4),
]
OF_THE_MIGRATION = [
    "CREATE TABLE t (a text COMPRESSION zzz)",
    "SET default_toast_compression = 'zzz'",
    "SELECT 'x' COLLATE \"nowhere\"",
    "SELECT '<a>'::int",
    "CREATE TABLE t (a int) WITH (icu = 1)",
]


def request(server_version: str) -> Request:
    return Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=server_version),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with open_server(request("18")) as server:
        yield server


def refusal(server: Server, up: str) -> SqlError | None:
    database = server.create()
    try:
        migration = Migration(version="1", name="1", path="1", up=up.encode(), down=None)
        return database.connection.run(migration, Direction.UP).error
    finally:
        database.close()


@pytest.mark.parametrize(("up", "feature"), FORMS)
def test_what_it_was_built_without_is_named(server: Server, up: str, feature: Feature) -> None:
    lacks = source.choose(request("18")).installation.lacking({feature})
    error = refusal(server, up)
    assert (None if error is None else error.missing_feature) == (str(feature) if lacks else None)
    assert features_asked(up.encode()) == {feature}


def test_a_collation_of_icus_is_named(server: Server) -> None:
    up = 'CREATE TABLE t (a text COLLATE "en-x-icu")'
    error = refusal(server, up)
    assert error is None or error.missing_feature == 'the collation "en-x-icu"'
    assert features_asked(up.encode()) == {Feature.ICU}


def test_a_locale_of_another_system_is_named(server: Server) -> None:
    error = refusal(server, "CREATE COLLATION c (provider = libc, locale = 'tlh_QO.UTF-8')")
    assert error is not None
    assert error.missing_feature == 'the locale "tlh_QO.UTF-8"'


@pytest.mark.parametrize("up", OF_THE_MIGRATION)
def test_what_no_server_takes_is_the_migrations(server: Server, up: str) -> None:
    error = refusal(server, up)
    assert error is not None
    assert error.missing_feature is None


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (xml text, icu text, lz4 int)",
        "SELECT xml FROM documents",
        "CREATE COLLATION c (provider = libc, locale = 'C')",
        "ALTER TABLE t ALTER a SET COMPRESSION pglz",
    ],
)
def test_names_ask_for_nothing(sql: str) -> None:
    assert features_asked(sql.encode()) == frozenset()
