"""What a finding says to write instead, as migrations of a small project: for ``glowplug check`` to look at."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.review.rule import Rule, rules
from glowplug.sql.reader import read
from tests.review.cases import Case, case, sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Finding, SafeForm
    from glowplug.project import Migration
    from glowplug.sql.statement import Script, Statement

CASES = Path(__file__).parents[1] / "review"
START = "20000101000000"
_OF_THE_WHOLE_FILE = frozenset(
    {"drop-deletes-elsewhere", "enum-value-used", "rename-moves-references", "table-dropped", "view-stops-rename"}
)
"""Rules whose steps hold what the file does before the statement as well, or start from the schema before it."""
_ALONE = "run_in_transaction = false"
_NOTHING = {Dialect.POSTGRES: "SELECT 1;", Dialect.MYSQL: "DO 1;", Dialect.SQLITE: "SELECT 1;"}
_FOR_A_PERSON = re.compile(r"(?:^|[^'\"])…|-- CREATE (?:VIEW|TRIGGER) |known here|-- of (?:up|down)\.sql, line")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A migration to write, in the order of its version."""

    version: str
    name: str
    up: str
    down: str | None = None
    inside: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """A chain: what was there ``before``, and what is ``new``, which follows the advice of ``finding``."""

    title: str
    dialect: Dialect
    case: Case
    finding: Finding
    before: tuple[File, ...]
    new: tuple[File, ...]

    @property
    def since(self) -> str:
        """The version before what is new."""
        return self.before[-1].version

    def write(self, root: Path) -> None:
        """Write the project."""
        (root / ".git").mkdir(parents=True)
        (root / "diesel.toml").touch()
        (root / "glowplug.toml").write_text(self._settings())
        for file in (*self.before, *self.new):
            here = root / "migrations" / f"{file.version}_{file.name}"
            here.mkdir(parents=True)
            (here / "up.sql").write_text(file.up)
            if file.down is not None:
                (here / "down.sql").write_text(file.down)
            if not file.inside:
                (here / "metadata.toml").write_text(f"{_ALONE}\n")

    def _settings(self) -> str:
        terms = self.case.terms
        lines = ["[[chain]]", 'migrations = "migrations"', f'backend = "{self.dialect}"']
        if terms.foreign_keys_said:
            lines.append(f'session_setup = ["PRAGMA foreign_keys = {"ON" if terms.foreign_keys else "OFF"}"]')
        return "\n".join(lines)


def all_advised() -> Iterator[Advised]:
    """All that the pages and the cases of the rules are told to write, once; not what a person has to fill in."""
    seen: set[tuple[str, str]] = set()
    for rule in rules():
        for title, one in _cases(rule):
            for finding in one.review().findings:
                safe = finding.safe_form
                if finding.rule != rule.name or finding.migration not in one.new or safe is None:
                    continue
                if (rule.name, repr(safe)) in seen or not _is_whole(safe):
                    continue
                seen.add((rule.name, repr(safe)))
                yield _advised(title, *_by_itself(one, finding))


def _cases(rule: Rule) -> Iterator[tuple[str, Case]]:
    first = next(dialect for dialect in Dialect if dialect in rule.dialects)
    pages = (inspect.getdoc(type(rule)) or "", (CASES / rule.harm / f"{rule.name}.md").read_text("utf-8"))
    for section in (each for page in pages for each in sections(page)):
        yield f"{rule.name}: {section.title}", case(section, first)


def _is_whole(safe: SafeForm) -> bool:
    texts = [safe.replacement or "", *(text for step in safe.steps for text in (step.up, step.down))]
    said = "\n".join(line for text in texts for line in text.splitlines() if "glowplug: allow" not in line)
    return bool(safe.steps or safe.patch) and _FOR_A_PERSON.search(said) is None


def _by_itself(one: Case, finding: Finding) -> tuple[Case, Finding]:
    """Take what else is found wrong before the statement out of its file: it would stop it."""
    migration, _, script, statement = _around(one, finding)
    others = [each for each in one.review().findings if _same_file(each, finding) and each.severity is Severity.ERROR]
    wrong = {_around(one, each)[3].span for each in others}
    before = [each for each in script.statements if each.span.end <= statement.span.start]
    if finding.rule in _OF_THE_WHOLE_FILE or wrong.isdisjoint(each.span for each in before):
        return one, finding
    kept = [each for each in before if each.span not in wrong]
    alone = "".join(f"{script.text_of(each.span)};\n" for each in (*kept, statement)).encode()
    in_down = finding.place is not None and finding.place.file.endswith("down.sql")
    changed = msgspec.structs.replace(migration, **{"down" if in_down else "up": alone})
    migrations = tuple(changed if each is migration else each for each in one.chain.migrations)
    apart = replace(one, chain=msgspec.structs.replace(one.chain, migrations=migrations))
    again = [each for each in apart.review().findings if each.rule == finding.rule and _same_file(each, finding)]
    whole = [each for each in again if each.safe_form is not None and _is_whole(each.safe_form)]
    return (apart, whole[-1]) if whole else (one, finding)


def _same_file(one: Finding, other: Finding) -> bool:
    return one.place is not None and other.place is not None and one.place.file == other.place.file


def _around(one: Case, finding: Finding) -> tuple[Migration, str, Script, Statement]:
    """Give the migration that it is about, its file, and the statement there."""
    assert finding.place is not None
    assert finding.place.line is not None
    migration = next(each for each in one.chain.migrations if each.name == finding.migration)
    text = ((migration.down if finding.place.file.endswith("down.sql") else migration.up) or b"").decode()
    start = sum(map(len, text.splitlines(keepends=True)[: finding.place.line - 1])) + (finding.place.column or 1) - 1
    script = read(text, one.terms.dialect)
    return migration, text, script, next(each for each in script.statements if start < each.span.end)


def _advised(title: str, one: Case, finding: Finding) -> Advised:
    safe, dialect = finding.safe_form, one.terms.dialect
    assert safe is not None
    migration, text, script, statement = _around(one, finding)
    earlier = one.chain.migrations[: one.chain.migrations.index(migration)]
    before = [File(version=START, name="start", up=_NOTHING[dialect], down=_NOTHING[dialect])]
    before += [
        File(version=f"{each.version}000000", name="x", up=(each.up or b"").decode(), inside=each.run_in_transaction)
        for each in earlier
    ]
    up, version = (migration.up or b"").decode(), f"{migration.version}00000"
    in_down = finding.place is not None and finding.place.file.endswith("down.sql")
    first = "\n".join(
        f"{script.text_of(each.span)};" for each in script.statements if each.span.end < statement.span.end
    )
    if safe.steps and in_down:
        (step,) = safe.steps
        new = [File(version=f"{version}1", name="m", up=up, down=step.down, inside=step.run_in_transaction)]
    elif safe.steps:
        if first and finding.rule not in _OF_THE_WHOLE_FILE:
            before.append(File(version=f"{version}0", name="x", up=first, inside=migration.run_in_transaction))
        new = [
            File(
                version=f"{version}{number}", name=step.name, up=step.up, down=step.down, inside=step.run_in_transaction
            )
            for number, step in enumerate(safe.steps, 1)
        ]
    else:
        put = text[: statement.span.start] + (safe.replacement or "").removesuffix(";") + text[statement.span.end :]
        inside = migration.run_in_transaction and _ALONE not in (safe.note or "")
        down = None if migration.down is None else migration.down.decode()
        up, down = (up, put) if in_down else (put, down)
        new = [File(version=f"{version}1", name="m", up=up, down=down, inside=inside)]
    where = f"{'down' if in_down else 'up'}, line {finding.place and finding.place.line}"
    return Advised(
        title=f"{title}, {where}", dialect=dialect, case=one, finding=finding, before=tuple(before), new=tuple(new)
    )
