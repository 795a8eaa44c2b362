"""What is for a client program alone fails on a server, and is told for what it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.check.check import check
from glowplug.check.client import of_a_client
from glowplug.check.settings import Settings
from glowplug.check.terms import Options, Part
from glowplug.database.interface import SqlError
from glowplug.project import find_project

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "What follows COPY … FROM stdin, up to the line `\\.`, are rows that psql sends by itself"


def refused(root: Path, backend: str, up: str) -> str:
    """Give what is said of an up that a server refuses."""
    directory = root / backend / "migrations/1_m"
    directory.mkdir(parents=True)
    (directory / "up.sql").write_text(up)
    (directory / "down.sql").write_text("DROP TABLE t;")
    project = find_project(root, environment={})
    options = Options(base="none", parts=frozenset({Part.REHEARSAL}), cached=False)
    (chain,) = check(project, Settings.of(project.configuration), options, environment=dict(os.environ)).chains
    (found,) = [finding for finding in chain.findings if finding.rule == "up-fails"]
    return found.message


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("COPY public.t (a, b) FROM stdin;\n1\tone; two\n2\ttwo\n\\.\nSELECT 1;", ROWS),
        ("copy t from\nSTDIN WITH (FORMAT csv);\nselect,one\n\\.", ROWS),
        ("COPY t FROM stdin;\n\\.", ROWS),
        ("\\connect elsewhere", "\\connect is a command of psql alone"),
    ],
)
def test_on_postgres(tmp_path: Path, lines: str, said: str) -> None:
    assert said in refused(tmp_path, "postgres", f"CREATE TABLE t (a text, b text);\n{lines}\n")


def test_on_sqlite(tmp_path: Path) -> None:
    said = refused(tmp_path, "sqlite", "CREATE TABLE t (a int);\n.mode csv\n")
    assert ".mode is a command of the sqlite3 shell alone" in said


@pytest.mark.mysql
def test_on_mysql(tmp_path: Path) -> None:
    said = refused(tmp_path, "mysql", "CREATE TABLE t (a int);\nDELIMITER //\nDO 1//\nDELIMITER ;\n")
    assert "DELIMITER is a command of the mysql client alone" in said


@pytest.mark.parametrize(
    ("code", "line", "text"),
    [
        ("42601", 2, "COPY t FROM stdin;\nSELCT 1;"),  # no rows end here
        ("42601", 4, "COPY t FROM stdin;\n1\n\\.\nSELCT 1;"),
        ("42601", 1, "SELECT '\n\\.\n'"),
        ("42601", 9, "SELECT"),
        ("42601", None, "\\connect x"),
        ("42P01", 1, "\\connect x"),
        ("SQLITE_ERROR", 1, "SELECT .5 .5"),
    ],
)
def test_another_error_is_not_taken_for_it(code: str, line: int | None, text: str) -> None:
    assert of_a_client(SqlError(code=code, message="syntax error", line=line), text) is None
