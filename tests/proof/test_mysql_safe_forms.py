"""What a finding about MySQL says to write instead runs on a live server, forth and back, and is silent itself."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.review.engine import review
from glowplug.review.rule import rules
from glowplug.sql.reader import read
from tests.review.cases import Case, case, sections

from .mysql import administrator, database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Finding

    from .proof import Servers

CASES = Path(__file__).parents[1] / "review"
TO_FILL = "…"
"""Stands where only a person knows what to write."""


def findings() -> Iterator[tuple[str, Case, Finding]]:
    """Every finding, with something to run, of the cases and pages of the rules about MySQL alone."""
    for rule in (each for each in rules() if each.dialects == {Dialect.MYSQL}):
        pages = (inspect.getdoc(type(rule)) or "", (CASES / rule.harm / f"{rule.name}.md").read_text("utf-8"))
        for section in (each for page in pages for each in sections(page)):
            one = case(section, Dialect.MYSQL)
            for finding in one.review().findings:
                safe = finding.safe_form
                mine = finding.rule == rule.name and finding.migration in one.new
                if mine and safe is not None and (safe.steps or safe.replacement):
                    yield f"{rule.name}: {section.title}, line {finding.place and finding.place.line}", one, finding


NOT_THERE = "A table that no migration made"
ALL = [pytest.param(one, finding, id=title) for title, one, finding in findings() if NOT_THERE not in title]


@pytest.mark.mysql
@pytest.mark.parametrize(("one", "finding"), ALL)
def test_it_runs(servers: Servers, one: Case, finding: Finding) -> None:
    session = servers.get("mysql", administrator)
    assert finding.safe_form is not None
    with database(session):
        for text in before(one, finding):
            session.rows(text)
        session.rows(finding.safe_form.replacement or "DO 1")
        steps = [step for step in finding.safe_form.steps if not _to_fill(f"{step.up}\n{step.down}")]
        for step in steps if not _of_a_down(finding) else ():
            session.rows(step.up)
        for step in reversed(steps):
            session.rows(f"DO 1; {step.down}")


@pytest.mark.parametrize(("one", "finding"), ALL)
def test_it_is_silent(one: Case, finding: Finding) -> None:
    assert finding.safe_form is not None
    if _of_a_down(finding):
        _silent_in_its_place(one, finding)
        return
    texts = [*before(one, finding)]
    new = [finding.safe_form.replacement] if finding.safe_form.replacement else []
    new += [step.up for step in finding.safe_form.steps if not _to_fill(step.up)]
    migrations = tuple(
        Migration(version=f"{n:03}", name=f"{n:03}", path=f"m/{n:03}", up=text.encode(), down=None)
        for n, text in enumerate([*texts, *new])
    )
    chain = Chain(directory="m", dialect=Dialect.MYSQL, migrations=migrations, settings=one.chain.settings)
    named = {each.name for each in migrations[len(texts) :]}
    found = review(chain, one.terms, new=named).findings
    again = [each.message for each in found if each.migration in named and each.rule == finding.rule]
    assert again == []


def _silent_in_its_place(one: Case, finding: Finding) -> None:
    safe = finding.safe_form
    assert safe is not None
    *_, its = (each for each in one.chain.migrations if each.name == finding.migration)
    lines = [f"{each};" for each in ahead((its.down or b"").decode(), finding)]
    new = [safe.replacement or "", *(step.down for step in safe.steps if not _to_fill(step.down))]
    changed = msgspec.structs.replace(its, down="\n".join((*lines, *new)).encode())
    migrations = tuple(changed if each is its else each for each in one.chain.migrations)
    found = review(msgspec.structs.replace(one.chain, migrations=migrations), one.terms, new={its.name}).findings
    assert not [each for each in found if each.rule == finding.rule and each.place and _of_a_down(each)]


def _of_a_down(finding: Finding) -> bool:
    return finding.place is not None and finding.place.file.endswith("down.sql")


def before(one: Case, finding: Finding) -> Iterator[str]:
    """Give what runs before the statement that it is about: earlier files, and what stands before it in its own."""
    for migration in one.chain.migrations:
        up, down = (migration.up or b"").decode(), (migration.down or b"").decode()
        if migration.name != finding.migration:
            yield up
            continue
        if _of_a_down(finding):
            yield up
        yield from ahead(down if _of_a_down(finding) else up, finding)
        return


def ahead(text: str, finding: Finding) -> Iterator[str]:
    """Give the statements of its file that stand before it."""
    assert finding.place is not None
    assert finding.place.line is not None
    script = read(text, Dialect.MYSQL)
    start = sum(map(len, text.splitlines(keepends=True)[: finding.place.line - 1])) + (finding.place.column or 1) - 1
    yield from (script.text_of(each.span) for each in script.statements if each.span.end <= start)


def _to_fill(text: str) -> bool:
    """Whether SQL, and not only a reason above it, is for a person to fill in."""
    return any(TO_FILL in line and not line.startswith("--") for line in text.splitlines())
