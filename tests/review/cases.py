"""Cases in Markdown: sections of prose and SQL, with what the review must find written behind the line.

A fence is ```` ```sql ROLE [dialect] [no-transaction] [version=14] [foreign_keys=on|off] ````; ROLE is ``before`` (an
earlier migration), ``up`` or ``down`` (the last up's). A marker is a comment at the end of the line on which a finding
begins: ``-- error: rule``, ``-- warning: rule``, ``-- notice: rule``, several separated by ``, ``.
``-- chain: rule`` on a file's first line marks what a rule says of the chain as a whole. What ``-- glowplug: allow …``
accepts is not found.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.check.allow import accept, complaints, of_comments
from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review
from glowplug.review.rule import Rule, rules
from glowplug.review.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Finding
    from glowplug.review.engine import Reviewed

ROLES = ("before", "up", "down")
FENCE = re.compile(r"^```sql(?: +(?P<info>[^\n]*))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^## +(.+)$", re.MULTILINE)
MARKER = re.compile(
    r"--\s+(?P<found>(?:error|warning|notice|chain): [\w-]+(?:, (?:(?:error|warning|notice): )?[\w-]+)*)\s*$"
)
Mark = tuple[str, int, str]
"""A file, a line, and ``severity: rule``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One block of SQL."""

    role: str
    text: str
    options: frozenset[str] = frozenset()
    line: int = 1

    def option(self, name: str) -> str | None:
        """What stands behind ``name=``."""
        return next((word.partition("=")[2] for word in self.options if word.startswith(f"{name}=")), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and the SQL under it."""

    title: str
    fences: tuple[Fence, ...]
    line: int = 1


@dataclass(slots=True, kw_only=True)
class Case:
    """A section as a chain to review, and what must be found."""

    chain: Chain
    terms: Terms
    new: frozenset[str]
    expected: Counter[Mark] = field(default_factory=Counter)

    def review(self) -> Reviewed:
        """Review it."""
        return review(self.chain, self.terms, new=self.new)

    def findings(self) -> list[Finding]:
        """What is found in what is new and not accepted in the SQL, and what is wrong with what accepts it."""
        reviewed = self.review()
        assert not reviewed.broken, reviewed.broken[0].trace
        today = dt.datetime.now(tz=dt.UTC).date()
        allowances = of_comments(reviewed.comments)
        findings, used = accept(reviewed.findings, allowances, today=today)
        left = [*findings, *complaints(allowances, used, today=today)]
        return [item for item in left if item.suppressed is None and item.migration in self.new]

    def found(self) -> Counter[Mark]:
        """The same in the form of the markers."""
        return Counter(mark for finding in self.findings() if (mark := self._mark(finding)) is not None)

    def _mark(self, finding: Finding) -> Mark | None:
        assert finding.place is not None
        assert finding.place.line is not None
        if finding.rule in of_chains():
            marked = (finding.place.file, 1, f"chain: {finding.rule}")
            return marked if marked in self.expected else None
        return finding.place.file, finding.place.line, f"{finding.severity}: {finding.rule}"


def of_chains() -> frozenset[str]:
    """The rules that look at a chain as a whole."""
    return frozenset(rule.name for rule in rules() if type(rule).check_chain is not Rule.check_chain)


def sections(text: str) -> Iterator[Section]:
    """Give each ``##`` section that holds SQL."""
    headings = list(HEADING.finditer(text))
    for number, heading in enumerate(headings):
        end = headings[number + 1].start() if number + 1 < len(headings) else len(text)
        fences = tuple(_fence(found, text) for found in FENCE.finditer(text, heading.end(), end))
        if fences:
            yield Section(title=heading[1], fences=fences, line=text.count("\n", 0, heading.start()) + 1)


def case(section: Section, default: Dialect) -> Case:
    """Make the chain that a section describes."""
    migrations: list[Migration] = []
    expected: Counter[Mark] = Counter()
    new: set[str] = set()
    for fence in section.fences:
        if fence.role == "down":
            last = migrations.pop()
            migrations.append(_with_down(last, fence.text))
            file = f"{last.path}/down.sql"
        else:
            migration = _migration(len(migrations) + 1, fence)
            migrations.append(migration)
            file = f"{migration.path}/up.sql"
            if fence.role == "up":
                new.add(migration.name)
        expected += Counter(_markers(file, fence.text)) if fence.role != "before" else Counter()
    dialect, version, foreign_keys = _terms(section, default)
    settings = ChainSettings(server_version=version)
    chain = Chain(directory="migrations", dialect=dialect, migrations=tuple(migrations), settings=settings)
    terms = Terms(
        dialect=dialect,
        version=None if version is None else Version.of(version, dialect),
        foreign_keys=None if foreign_keys is None else foreign_keys == "on",
        foreign_keys_said=foreign_keys is not None,
    )
    return Case(chain=chain, terms=terms, new=frozenset(new), expected=expected)


def _fence(found: re.Match[str], text: str) -> Fence:
    role, *options = (found["info"] or "").split()
    line = text.count("\n", 0, found.start("text")) + 1
    assert role in ROLES, f"line {line}: a fence is ```sql before|up|down …"
    known = {*Dialect, "no-transaction"}
    unknown = [word for word in options if word not in known and word.split("=")[0] not in {"version", "foreign_keys"}]
    assert not unknown, f"line {line}: unknown words behind sql: {unknown}"
    return Fence(role=role, text=found["text"], options=frozenset(options), line=line)


def _migration(number: int, fence: Fence) -> Migration:
    version = f"2024{number:04}"
    name = f"{version}_{fence.role}"
    return Migration(
        version=version,
        name=name,
        path=f"migrations/{name}",
        up=fence.text.encode(),
        down=None,
        run_in_transaction="no-transaction" not in fence.options,
    )


def _with_down(last: Migration, text: str) -> Migration:
    return Migration(
        version=last.version,
        name=last.name,
        path=last.path,
        up=last.up,
        down=text.encode(),
        run_in_transaction=last.run_in_transaction,
    )


def _terms(section: Section, default: Dialect) -> tuple[Dialect, str | None, str | None]:
    dialects = {Dialect(word) for fence in section.fences for word in fence.options if word in set(Dialect)}
    assert len(dialects) <= 1, f"{section.title}: two dialects"
    said = {name: {fence.option(name) for fence in section.fences} - {None} for name in ("version", "foreign_keys")}
    assert all(len(values) <= 1 for values in said.values()), f"{section.title}: two values of one option"
    version, foreign_keys = (next(iter(said[name]), None) for name in ("version", "foreign_keys"))
    return next(iter(dialects), default), version, foreign_keys


def _markers(file: str, text: str) -> Iterator[Mark]:
    for number, line in enumerate(text.splitlines(), 1):
        marker = MARKER.search(line)
        severity = ""
        for item in marker["found"].split(", ") if marker else ():
            said, _, rule = item.rpartition(": ")
            severity = said or severity
            yield file, 1 if severity == "chain" else number, f"{severity}: {rule}"
