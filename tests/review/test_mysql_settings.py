"""What ``session_setup`` and a file say of strict mode and foreign_key_checks reaches the rules about MySQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review
from glowplug.review.rule import rules
from glowplug.review.version import Version

from .cases import Case, case, sections

if TYPE_CHECKING:
    from collections.abc import Iterator

NARROW = "ALTER TABLE users MODIFY name varchar(5);"
KEY = "ALTER TABLE users ADD FOREIGN KEY (boss) REFERENCES users (id);"
TABLE = "CREATE TABLE users (id int PRIMARY KEY, boss int, name varchar(40));"


def found(rule: str, up: str, *session_setup: str) -> list[str]:
    migrations = tuple(
        Migration(version=version, name=version, path=f"m/{version}", up=text.encode(), down=None)
        for version, text in (("1", TABLE), ("2", up))
    )
    chain = Chain(directory="m", dialect=Dialect.MYSQL, migrations=migrations, settings=ChainSettings())
    terms = Terms(dialect=Dialect.MYSQL, session_setup=session_setup)
    reviewed = review(chain, terms, new={"2"})
    assert not reviewed.broken
    return [each.severity.value for each in reviewed.findings if each.rule == rule]


@pytest.mark.parametrize(
    ("up", "session_setup", "severity"),
    [
        (NARROW, (), "warning"),
        (NARROW, ("SET sql_mode = ''",), "error"),
        (NARROW, ("SET SESSION sql_mode='NO_ENGINE_SUBSTITUTION'",), "error"),
        (NARROW, ("SET @@session.sql_mode := '', time_zone = '+00:00'",), "error"),
        (NARROW, ("SET sql_mode = ''", "SET sql_mode = 'TRADITIONAL'"), "warning"),
        (NARROW, ("SET sql_mode = 'STRICT_ALL_TABLES'",), "warning"),
        (NARROW, ("SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')",), "warning"),
        (NARROW, ("SET sql_mode = DEFAULT",), "warning"),
        (f"SET sql_mode = 'STRICT_TRANS_TABLES'; {NARROW}", ("SET sql_mode = ''",), "warning"),
        (f"SET sql_mode = ''; {NARROW}", ("SET sql_mode = 'STRICT_TRANS_TABLES'",), "error"),
        (f"{NARROW} SET sql_mode = '';", (), "warning"),
    ],
)
def test_strict_mode(up: str, session_setup: tuple[str, ...], severity: str) -> None:
    assert found("modify-narrows-type", up, *session_setup) == [severity]


@pytest.mark.parametrize(
    ("up", "session_setup", "expected"),
    [
        (KEY, (), ["error"]),
        (KEY, ("SET foreign_key_checks = 0",), []),
        (KEY, ("SET FOREIGN_KEY_CHECKS=OFF",), []),
        (KEY, ("SET foreign_key_checks = 1",), ["error"]),
        (f"SET foreign_key_checks = 1; {KEY}", ("SET foreign_key_checks = 0",), ["error"]),
    ],
)
def test_foreign_key_checks(up: str, session_setup: tuple[str, ...], expected: list[str]) -> None:
    assert found("foreign-key-copies-table", up, *session_setup) == expected


def test_lock_wait_timeout() -> None:
    assert found("lock-wait-timeout-missing", KEY) == ["notice"]
    assert found("lock-wait-timeout-missing", KEY, "SET lock_wait_timeout = 5") == []


def cases() -> Iterator[tuple[str, Case]]:
    for rule in (each for each in rules() if each.dialects == {Dialect.MYSQL}):
        text = (Path(__file__).parent / rule.harm / f"{rule.name}.md").read_text("utf-8")
        for section in sections(text):
            yield f"{rule.name}: {section.title}", case(section, Dialect.MYSQL)


@pytest.mark.parametrize("one", [pytest.param(one, id=title) for title, one in cases()])
def test_what_was_not_executed_on_mysql_is_said_to_be_by_its_manual(one: Case) -> None:
    """No registry has a MySQL server to try."""
    names = {rule.name for rule in rules() if rule.dialects == {Dialect.MYSQL}}
    terms = Terms(dialect=Dialect.MYSQL, version=Version.of("8.4", Dialect.MYSQL))
    found = [each.message for each in review(one.chain, terms, new=one.new).findings if each.rule in names]
    assert [message for message in found if "manual" not in message and "not known here" not in message] == []
