from __future__ import annotations

import pytest

from glowplug.errors import ConfigurationError
from glowplug.finding import Place, Severity
from glowplug.project.configuration import Configuration
from glowplug.review import faults
from glowplug.review.settings import ReviewSettings

HIDDEN, STRANGE = (
    fault.found("…", place=Place(file="migrations/2023-01-01-000000_a/up.sql", line=1))
    for fault in (faults.SQL_NOT_SEEN, faults.SQL_NOT_UNDERSTOOD)
)


def settings(text: str) -> ReviewSettings:
    return ReviewSettings.of(Configuration.parse(text.encode()))


def test_without_a_section_nothing_changes() -> None:
    assert settings("").apply([HIDDEN, STRANGE]) == (HIDDEN, STRANGE)


def test_a_rule_weighs_what_is_said_and_off_is_left_out() -> None:
    (found,) = settings('[review.severity]\nsql-not-seen = "error"\nsql-not-understood = "off"').apply(
        [HIDDEN, STRANGE]
    )
    assert (found.rule, found.severity) == ("sql-not-seen", Severity.ERROR)
    assert found.fingerprint == HIDDEN.fingerprint


def test_a_path_wins_over_the_project_and_the_last_path_over_the_first() -> None:
    text = """
        [review.severity]
        sql-not-seen = "off"
        [[review.path]]
        paths = ["elsewhere/*", "migrations/2023*"]
        severity = { sql-not-seen = "error" }
        [[review.path]]
        paths = ["migrations/*/up.sql"]
        severity = { sql-not-seen = "warning" }
        [[review.path]]
        paths = ["migrations/2024*"]
        severity = { sql-not-seen = "error" }
    """
    (found,) = settings(text).apply([HIDDEN])
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[review.severity]\nsql-not-sen = "off"',
            "glowplug.toml:2: there is no rule 'sql-not-sen'; is 'sql-not-seen' meant?",
        ),
        ('[review.severity]\nzzz = "off"', "glowplug.toml:2: there is no rule 'zzz'; `glowplug rules` lists them"),
        (
            '[review.severity]\nsql-not-seen = "of"',
            'glowplug.toml:2: sql-not-seen: \'of\' is not allowed; one of "error", "warning", "notice", "off"',
        ),
        (
            "[review.severity]\nsql-not-seen = 1",
            "glowplug.toml:2: review.severity.sql-not-seen: expected a string, got an integer",
        ),
        ("[review]\nseverty = {}", "glowplug.toml:2: unknown key 'severty' in [review]; is 'severity' meant?"),
        (
            '[[review.path]]\npaths = ["a"]\nseverity = { nope = "off" }',
            "glowplug.toml:3: there is no rule 'nope'; `glowplug rules` lists them",
        ),
        ('[[review.path]]\npaths = ["a"]', "glowplug.toml:1: review.path: object missing required field severity"),
        (
            '[[review.path]]\npaths = "a"\nseverity = {}',
            "glowplug.toml:2: review.path.paths: expected an array, got a string",
        ),
        ("review = 1", "glowplug.toml:1: review is an integer; write a table: [review]"),
    ],
)
def test_what_makes_no_sense_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(text)
    assert message in str(caught.value)
