from __future__ import annotations

import pytest

from glowplug.check import faults
from glowplug.check.allow import known_rules
from glowplug.check.explain import all_pages, explain
from glowplug.check.kinds import Kind, kind_of
from glowplug.check.settings import Settings
from glowplug.errors import ConfigurationError
from glowplug.finding import Fault
from glowplug.project.configuration import Configuration


def test_everything_that_can_be_found_has_one_page_and_a_kind() -> None:
    listed = [page.name for _, page in all_pages()]
    assert sorted(listed) == sorted(known_rules())
    assert {kind for kind, _ in all_pages()} == set(Kind)
    assert all(explain(name).name == name for name in listed)
    assert [page.name for _, page in all_pages() if not page.summary] == []


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("index-blocks-writes", Kind.REVIEW),
        ("sql-not-seen", Kind.REVIEW),
        ("not-utf8", Kind.FILES),
        ("rows-lost-by-down", Kind.REHEARSAL),
        ("not-seeded", Kind.REHEARSAL),
        ("edited-since-base", Kind.HISTORY),
        ("allow-unneeded", Kind.SETTINGS),
        ("no-such-rule", None),
    ],
)
def test_what_looks_at_what(rule: str, kind: Kind | None) -> None:
    assert kind_of(rule) is kind


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("rows-lost-by-down", "but of the rehearsal: what is seen there is a fact"),
        ("not-utf8", r'but of the files: .* \[\[allow\]\] with rule = "not-utf8", version and because'),
        ("edited-since-base", "but of the history: .*allow"),
        ("cage-changed", "it guards what glowplug is told, and weighs the same in every project$"),
        ("zzz", "there is no rule 'zzz'; `glowplug rules` lists them"),
    ],
)
@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ('[review.severity]\nsql-not-seen = "off"\n{rule} = "off"', 3),
        ('[[review.path]]\npaths = ["a"]\nseverity = {{ {rule} = "notice" }}', 3),
    ],
)
def test_what_is_no_rule_of_the_review_can_not_be_weighed(rule: str, said: str, toml: str, line: int) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        Settings.of(Configuration.parse(toml.format(rule=rule).encode()))
    assert str(caught.value).startswith(f"glowplug.toml:{line}: ")


def test_what_is_said_of_settings_has_that_kind() -> None:
    named = {fault.rule for fault in vars(faults).values() if isinstance(fault, Fault)}
    of_settings = {name for name in named if kind_of(name) is Kind.SETTINGS}
    assert of_settings == {name for name in named if name.startswith(("allow-", "cage-", "settings-", "directory-"))}
