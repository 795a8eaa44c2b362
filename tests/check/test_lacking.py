"""What the scratch server lacks is no verdict on a migration, be it met on the schema or on rows alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.check.check import check
from glowplug.check.settings import Settings
from glowplug.check.terms import Options, Part
from glowplug.dialect import Dialect
from glowplug.project import find_project
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.staging import find_layout
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.features import Feature

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.check.report import CheckReport

pytestmark = pytest.mark.postgres

TABLE = "CREATE TABLE t (id int PRIMARY KEY, a text);"


@pytest.fixture(autouse=True)
def _server_without() -> None:
    request = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version="18"),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )
    if source.choose(request).installation.lacking(set(Feature)) < len(Feature):
        pytest.skip("PostgreSQL 18 lacks nothing here")


def checked(root: Path, *migrations: tuple[str, str], server_version: str | None = "18") -> CheckReport:
    for number, (up, down) in enumerate(migrations, start=1):
        directory = root / f"migrations/{number}_m"
        directory.mkdir(parents=True)
        (directory / "up.sql").write_text(up)
        (directory / "down.sql").write_text(down)
    said = "" if server_version is None else f'server_version = "{server_version}"\n'
    (root / "glowplug.toml").write_text(f'[[chain]]\nmigrations = "migrations"\nbackend = "postgres"\n{said}')
    project = find_project(root, environment={})
    options = Options(base="none", parts=frozenset({Part.REHEARSAL}), cached=False)
    return check(project, Settings.of(project.configuration), options, environment=dict(os.environ))


@pytest.mark.parametrize(
    ("up", "what"),
    [
        ("CREATE COLLATION c (provider = icu, locale = 'en');", "ICU"),
        ("UPDATE t SET a = xmlcomment(a)::text;", "XML"),
    ],
)
def test_it_ends_the_check_and_names_who_asks(tmp_path: Path, up: str, what: str) -> None:
    report = checked(tmp_path, (TABLE, "DROP TABLE t;"), (f"\n{up}", "SELECT 1;"))
    assert report.exit_code == 3
    (chain,) = report.chains
    assert chain.problem is not None
    assert chain.problem.message.startswith(f"asks for {what}, which the scratch server lacks")
    assert (chain.problem.file, chain.problem.line) == ("migrations/2_m/up.sql", 2)
    assert "glowplug server list" in (chain.problem.advice or "")
    assert [finding.rule for finding in chain.findings if finding.rule.endswith(("up-fails", "fails-on-rows"))] == []


def test_a_column_that_can_not_be_given_rows_stops_nothing(tmp_path: Path) -> None:
    report = checked(tmp_path, ("CREATE TABLE t (id int PRIMARY KEY, a xml);", "DROP TABLE t;"))
    assert report.exit_code == 0


HASHED = (
    f"CREATE EXTENSION pgcrypto;\n{TABLE}\nINSERT INTO t VALUES (1, crypt('a', gen_salt('bf', 4)));",
    "DROP TABLE t; DROP EXTENSION pgcrypto;",
)


def test_what_a_stand_in_has_not_is_not_said_to_be_lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_on_machine", lambda _: ())
    monkeypatch.setattr(source, "_in_cache", lambda _: ())
    report = checked(tmp_path, HASHED)
    assert report.exit_code == 3
    (chain,) = report.chains
    assert chain.problem is not None
    assert chain.problem.message.startswith(
        "asks for the extension 'pgcrypto' and uses more of it than glowplug's stand-in has, which took its place on "
        "PostgreSQL 18"
    )
    assert (chain.problem.file, chain.problem.line) == ("migrations/1_m/up.sql", 3)
    assert "glowplug server list" in (chain.problem.advice or "")


def test_an_extension_that_is_not_there_is_lacking(tmp_path: Path) -> None:
    report = checked(tmp_path, ("CREATE EXTENSION no_such_extension;", "SELECT 1;"))
    assert report.exit_code == 3
    (chain,) = report.chains
    assert chain.problem is not None
    assert chain.problem.message == "asks for the extension 'no_such_extension', which the scratch server lacks"
    assert chain.problem.file == "migrations/1_m/up.sql"


def test_a_server_that_has_all_of_the_extension_is_taken(tmp_path: Path) -> None:
    found = source.find_all(dict(os.environ), [])
    if not any((find_layout(each).extensions / "pgcrypto.control").is_file() for each in found):
        pytest.skip("no PostgreSQL with pgcrypto is here")
    report = checked(tmp_path, HASHED, server_version=None)
    assert report.exit_code == 0
    (chain,) = report.chains
    assert chain.scratch is not None
    assert chain.scratch.stand_ins == ()
