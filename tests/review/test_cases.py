"""Every rule finds what its case file says, line by line, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm
from glowplug.review.rule import Rule, rules

from .cases import Section, case, sections

HERE = Path(__file__).parent
LEAST = 4
"""An unsafe case, its safe form, a look-alike that is safe, and a pair that only the schema tells apart."""


def file_of(rule: Rule) -> Path:
    """Where a rule's cases stand: beside its module's name."""
    return HERE / rule.harm / f"{rule.name}.md"


def all_sections() -> list[tuple[Rule, Section]]:
    return [
        (rule, section)
        for rule in rules()
        if file_of(rule).exists()
        for section in sections(file_of(rule).read_text("utf-8"))
    ]


@pytest.mark.parametrize(
    ("rule", "section"), [pytest.param(*each, id=f"{each[0].name}: {each[1].title}") for each in all_sections()]
)
def test_case(rule: Rule, section: Section) -> None:
    one = case(section, first_dialect(rule))
    found = one.found()
    assert {"not found": dict(one.expected - found), "not expected": dict(found - one.expected)} == {
        "not found": {},
        "not expected": {},
    }, "\n".join(finding.message for finding in one.findings())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_what_is_to_be_pasted_ends(rule: Rule) -> None:
    for section in sections(file_of(rule).read_text("utf-8")):
        for finding in case(section, first_dialect(rule)).review().findings:
            safe = finding.safe_form or SafeForm()
            written = [safe.replacement or "", *(text for each in safe.steps for text in (each.up, each.down))]
            for text in map(_without_comments, written):
                assert not text or text.endswith(";"), f"{section.title}: {text}"


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--")).strip()


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_every_rule_has_its_cases(rule: Rule) -> None:
    file = file_of(rule)
    assert file.exists(), f"{file.relative_to(HERE.parents[1])} is missing"
    cases = [case(section, first_dialect(rule)) for section in sections(file.read_text("utf-8"))]
    unsafe = [one for one in cases if any(f": {rule.name}" in mark for _, _, mark in one.expected)]
    silent = [one for one in cases if not one.expected]
    with_history = [one for one in cases if any(item.name not in one.new for item in one.chain.migrations)]
    assert len(cases) >= LEAST, "an unsafe case, its safe form, a look-alike that is safe, a schema-dependent pair"
    assert unsafe, "no case is unsafe"
    assert len(silent) >= 2, "the safe form and a look-alike must be silent"
    assert with_history, "no case depends on an earlier migration"


def test_no_case_file_is_without_its_rule() -> None:
    known = {file_of(rule) for rule in rules()}
    assert [str(path.relative_to(HERE)) for path in HERE.glob("*/*.md") if path not in known] == []


def first_dialect(rule: Rule) -> Dialect:
    """The rule's only dialect, or the first of several in the order in which Dialect names them."""
    return next(dialect for dialect in Dialect if dialect in rule.dialects)
