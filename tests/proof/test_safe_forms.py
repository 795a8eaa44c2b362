"""What a finding says to write instead runs on the oldest and the newest server, forth and back, and is found safe."""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from glowplug.dialect import Dialect
from glowplug.finding import Harm, Severity
from glowplug.project import Chain, Migration
from glowplug.review.engine import review
from glowplug.review.rule import Rule, rules
from glowplug.sql.reader import read
from tests.review.cases import Case, case, sections

from .postgres import Session, administrator, available

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Finding

    from .proof import Servers

CASES = Path(__file__).parents[1] / "review"

pytestmark = pytest.mark.postgres


def findings() -> Iterator[tuple[str, Case, Finding]]:
    """Every finding of the cases and pages of the rules about PostgreSQL's locks."""
    for rule in rules():
        if rule.harm is Harm.LOCK and rule.dialects == {Dialect.POSTGRES}:
            yield from _of_rule(rule)


def _of_rule(rule: Rule) -> Iterator[tuple[str, Case, Finding]]:
    pages = (inspect.getdoc(type(rule)) or "", (CASES / rule.harm / f"{rule.name}.md").read_text("utf-8"))
    for section in (each for page in pages for each in sections(page)):
        one = case(section, Dialect.POSTGRES)
        for finding in one.review().findings:
            if finding.rule == rule.name and finding.migration in one.new and finding.safe_form is not None:
                yield f"{rule.name}: {section.title}, line {finding.place and finding.place.line}", one, finding


@pytest.mark.parametrize(
    ("one", "finding"), [pytest.param(one, finding, id=title) for title, one, finding in findings()]
)
def test_a_safe_form_runs(servers: Servers, one: Case, finding: Finding) -> None:
    assert finding.safe_form is not None
    earlier, statements, at = _before(one, finding)
    safe = finding.safe_form
    assert safe.steps or safe.replacement or safe.note
    after = [*earlier, *statements[:at]]
    if safe.replacement is not None:
        after.append(safe.replacement)
    for major in sorted({available()[0], available()[-1]}):
        if one.terms.version is not None and one.terms.version.numbers[0] > major:
            continue
        server = servers.get(f"postgres {major}", lambda major=major: administrator(major))
        with _empty(server):
            for statement in after:
                server.execute(statement)
            before = _definitions(server)
            for step in safe.steps:
                server.execute(step.up)
            for step in reversed(safe.steps):
                server.execute(step.down)
            unless = any("IF NOT EXISTS" in step.up for step in safe.steps)  # what is there already, the down drops
            assert unless or _definitions(server) == before


@pytest.mark.parametrize(
    ("one", "finding"),
    [
        pytest.param(one, finding, id=title)
        for title, one, finding in findings()
        if finding.safe_form and finding.safe_form.steps
    ],
)
def test_the_steps_of_a_safe_form_are_safe(one: Case, finding: Finding) -> None:
    assert finding.safe_form is not None
    earlier, statements, at = _before(one, finding)
    files = [(f"{number}", "before", text, True) for number, text in enumerate([*earlier, *statements[:at]])]
    files += [(f"9{n}", step.name, step.up, step.run_in_transaction) for n, step in enumerate(finding.safe_form.steps)]
    migrations = tuple(
        Migration(
            version=version,
            name=f"{version}_{name}",
            path=version,
            up=up.encode(),
            down=None,
            run_in_transaction=inside,
        )
        for version, name, up, inside in files
    )
    chain = Chain(directory="m", dialect=Dialect.POSTGRES, migrations=migrations, settings=one.chain.settings)
    reviewed = review(chain, one.terms)
    steps = {f"9{n}_{step.name}" for n, step in enumerate(finding.safe_form.steps)}
    graver = [each for each in reviewed.findings if each.migration in steps and each.severity is not Severity.NOTICE]
    assert [f"{each.migration}: {each.rule}: {each.message}" for each in graver] == []


def _before(one: Case, finding: Finding) -> tuple[list[str], list[str], int]:
    """Give the files before it, the statements of its own, and the number of the statement that it is in."""
    assert finding.place is not None
    earlier: list[str] = []
    for migration in one.chain.migrations:
        up, down = (migration.up or b"").decode(), (migration.down or b"").decode()
        if migration.name == finding.migration:
            text = down if finding.place.file.endswith("down.sql") else up
            earlier += [up] if text is down else []
            script = read(text, Dialect.POSTGRES)
            start = _offset(text, finding)
            at = next(n for n, each in enumerate(script.statements) if each.span.start <= start < each.span.end)
            return earlier, [script.text_of(each.span) for each in script.statements], at
        earlier.append(up)
    raise AssertionError(finding)


def _offset(text: str, finding: Finding) -> int:
    assert finding.place is not None
    line, column = finding.place.line, finding.place.column
    assert line is not None
    assert column is not None
    return sum(len(each) for each in text.splitlines(keepends=True)[: line - 1]) + column - 1


def _definitions(server: Session) -> list[object]:
    """Every column, constraint and index, as the server writes them; what was validated stays so."""
    columns = "SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity::text"
    here = "IN (SELECT oid FROM pg_class WHERE relnamespace = 'safe_form'::regnamespace)"
    queries = (
        f"{columns} FROM pg_attribute WHERE attrelid {here} AND attnum > 0 AND NOT attisdropped",
        f"SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid {here}",
        f"SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid {here}",
    )
    return [sorted(str(row).replace(" NOT VALID", "") for row in server.execute(query)) for query in queries]


@contextlib.contextmanager
def _empty(server: Session) -> Iterator[None]:
    server.execute("CREATE SCHEMA safe_form; SET search_path = safe_form")
    try:
        yield
    except psycopg.Error as error:
        pytest.fail(f"{server.info.parameter_status('server_version')}: {error}")
    finally:
        server.rollback()
        server.execute("RESET ALL; DROP SCHEMA safe_form CASCADE")
