"""A problem is put at the setting that its error names, whatever words it is told in."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from glowplug.check.at_setting import at_setting
from glowplug.check.report import Problem
from glowplug.check.settings import Settings
from glowplug.database.creation import refused_setting
from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError, MissingFeature
from glowplug.project import Chain
from glowplug.project.configuration import ChainSettings, Configuration

if TYPE_CHECKING:
    from glowplug.errors import Setting

TOML = b"""\
[scratch]
url_env = "X"

[[chain]]
migrations = "other"
session_setup = ["SELECT 0"]

[[chain]]
migrations = "migrations"
encoding = "UTF8"
session_setup = [
  "SELECT 1",
  "SELECT 2",
]
"""
SETTINGS = Settings.of(Configuration.parse(TOML))


def chain(directory: str = "migrations") -> Chain:
    settings = ChainSettings(migrations=directory)
    return Chain(directory=directory, dialect=Dialect.POSTGRES, migrations=(), settings=settings)


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        (("scratch", "url_env"), 2),
        (("session_setup", 1), 13),
        (("session_setup", 7), 11),
        (("encoding",), 10),
        (("collation",), 8),
    ],
)
def test_it_is_put_where_the_error_says(setting: Setting, line: int) -> None:
    error = ConfigurationError("said in any words", setting=setting)
    problem = at_setting(Problem.of(error), chain(), SETTINGS)
    assert (problem.message, problem.file, problem.line) == ("said in any words", "glowplug.toml", line)
    assert (Problem.of(error).file, Problem.of(error).line) == (None, None)


def test_where_there_is_no_such_chain_or_no_setting_there_is_no_place() -> None:
    for error in (ConfigurationError("x", setting=("encoding",)), ConfigurationError("x")):
        assert at_setting(Problem.of(error), chain("nowhere"), SETTINGS).file is None


def test_an_error_of_another_process_keeps_it() -> None:
    error = pickle.loads(pickle.dumps(MissingFeature("x", setting=("session_setup", 1))))  # noqa: S301 - our own
    assert error.setting == ("session_setup", 1)


@pytest.mark.parametrize(
    ("said", "encoding", "collation", "meant"),
    [
        ("Unknown character set: 'utf-8'", "utf-8", "C", ("encoding",)),
        ("Unknown collation: 'utf8_x'", "utf8", "utf8_x", ("collation",)),
        ("no such thing", "utf8", "utf8_x", ("collation",)),
        ("no such thing", "utf8", None, ("encoding",)),
        ("no such thing", None, None, None),
    ],
)
def test_which_of_two_settings_a_server_means(
    said: str, encoding: str | None, collation: str | None, meant: Setting | None
) -> None:
    assert refused_setting(said, encoding=encoding, collation=collation) == meant
