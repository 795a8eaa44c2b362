"""A rule's file, class, name, harm, page and examples agree."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from glowplug.dialect import Dialect
from glowplug.finding import Harm
from glowplug.review.hazards import HAZARDS
from glowplug.review.names import review_names, rule_files
from glowplug.review.page import SECTIONS, page_of, pages
from glowplug.review.rule import Rule, rules

from .cases import Section, case, of_chains, sections

CHECKOUT = Path(__file__).parents[2]
MOST_LINES = 200
EVERY_RULE = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)


def first_dialect(rule: Rule) -> Dialect:
    return next(dialect for dialect in Dialect if dialect in rule.dialects)


def part(rule: Rule, title: str) -> Section:
    """A section of the docstring that holds SQL."""
    (found,) = [section for section in sections(inspect.getdoc(rule) or "") if section.title == title]
    return found


@EVERY_RULE
def test_file_class_slug_and_harm_agree(rule: Rule) -> None:
    file = Path(inspect.getfile(type(rule)))
    assert file.stem == rule.name.replace("-", "_")
    assert type(rule).__name__ == "".join(word.capitalize() for word in rule.name.split("-"))
    assert rule.harm.value == file.parent.name.replace("_", "-")
    assert rule_files()[rule.name] == (rule.harm, type(rule).__module__)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert len(file.read_text("utf-8").splitlines()) <= MOST_LINES
    module = sys.modules[type(rule).__module__].__doc__
    assert module is not None
    assert rule.name in module


@EVERY_RULE
def test_its_facts_are_there(rule: Rule) -> None:
    assert rule.dialects
    assert rule.hazards
    assert set(rule.hazards) <= HAZARDS.keys()
    assert {claim.dialect for claim in rule.claims} <= rule.dialects
    assert set(rule.covers) <= review_names() - {rule.name}


@EVERY_RULE
def test_its_page_has_every_section_and_a_first_sentence(rule: Rule) -> None:
    text = inspect.getdoc(rule) or ""
    first = text.partition("\n")[0]
    assert re.fullmatch(r"[^\n]+[.:]", first), "the first line is a sentence"
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert tuple(title for title in titles if title in SECTIONS) == SECTIONS
    for section in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
        assert section.strip(), f"{rule.name}: an empty section"


@EVERY_RULE
def test_the_example_is_this_rule_s_and_no_other_s(rule: Rule) -> None:
    one = case(part(rule, "Example"), first_dialect(rule))
    found = Counter(item.rule for item in one.findings())
    others = Counter({name: count for name, count in found.items() if name != rule.name and name not in of_chains()})
    assert found[rule.name] == 1, found
    assert not others


@EVERY_RULE
def test_what_to_use_instead_is_silent(rule: Rule) -> None:
    one = case(part(rule, "Use instead"), first_dialect(rule))
    found = one.findings()
    assert [item.rule for item in found if item.rule == rule.name or item.rule not in of_chains()] == []


def test_every_folder_is_a_harm_and_no_rule_covers_one_that_covers_it() -> None:
    assert {harm for harm, _ in rule_files().values()} <= set(Harm)
    covers = {rule.name: set(rule.covers) for rule in rules()}
    assert [(one, other) for one, found in covers.items() for other in found if one in covers.get(other, ())] == []


def test_names_without_imports_are_those_of_the_rules() -> None:
    assert [rule.name for rule in rules()] == sorted(rule_files())
    assert len({rule.name for rule in rules()}) == len(rules())


def test_naming_rules_imports_none() -> None:
    code = (
        "import sys\nfrom glowplug.review.names import review_names\nassert review_names()\n"
        "print([name for name in sys.modules if '.rules.' in name or 'sql' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_page_is_found_by_its_name() -> None:
    for page in pages():
        assert page_of(page.name) == page
    assert page_of("no-such-rule") is None


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_documentation_is_the_docstring(page: object) -> None:
    name = getattr(page, "name", "")
    file = CHECKOUT / "docs" / "rules" / f"{name}.md"
    assert file.exists(), "make docs"
    document = file.read_text("utf-8")
    assert document.startswith(f"{page}\n"), "make docs"


def test_every_hazard_has_a_number_and_a_place() -> None:
    assert sorted(HAZARDS) == list(range(1, 145))
