"""The page of each rule: its docstring under a head of its facts, the same in ``explain`` and in docs/rules."""

from __future__ import annotations

import ast
import importlib
import inspect
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.finding import Fault, Harm
from glowplug.review import faults
from glowplug.review.names import rule_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

    from glowplug.review.rule import Rule

SECTIONS = ("What it does", "Why it is harmful", "Example", "Use instead", "How it was proven")
"""The headings that every rule's docstring has, in this order."""

SERVERS = {Dialect.POSTGRES: "PostgreSQL", Dialect.MYSQL: "MySQL and MariaDB", Dialect.SQLITE: "SQLite"}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a rule, or of another kind of finding; ``text`` is Markdown, ``summary`` its first sentence."""

    name: str
    harm: Harm
    hazards: tuple[int, ...]
    severity: str
    dialects: tuple[Dialect, ...]
    text: str

    @property
    def summary(self) -> str:
        """The first line."""
        return self.text.partition("\n")[0]

    def __str__(self) -> str:
        """The page as Markdown, without a line end."""
        servers = ", ".join(SERVERS[dialect] for dialect in self.dialects)
        hazards = ", ".join(map(str, self.hazards))
        facts = [self.severity, f"harm: {self.harm.value}"]
        facts += [f"hazards: {hazards}"] if hazards else []
        facts += [servers] if servers else []
        return f"# {self.name}\n\n{' · '.join(facts)}\n\n{self.text}".rstrip()


def page_of(name: str) -> Page | None:
    """Give the page of a rule; None where there is no such rule. Imports that rule alone."""
    if name not in rule_files():
        return None
    return _page(_rule(rule_files()[name][1]))


def pages() -> tuple[Page, ...]:
    """Give the pages of all rules, by name."""
    return tuple(_page(_rule(module)) for _, module in rule_files().values())


def own_pages() -> tuple[Page, ...]:
    """Give the pages of what the review says by itself."""
    return fault_pages(faults)


def fault_pages(module: ModuleType) -> tuple[Page, ...]:
    """Give the pages of a module's Faults: what stands as a string below each."""
    documents = _documents(Path(inspect.getfile(module)).read_text("utf-8"))
    return tuple(
        Page(
            name=fault.rule,
            harm=fault.harm,
            hazards=fault.hazards,
            severity=fault.severity.value,
            dialects=(),
            text=documents.get(constant, ""),
        )
        for constant, fault in vars(module).items()
        if isinstance(fault, Fault)
    )


def index(found: Iterable[Page]) -> str:
    """Give the index of docs/rules as Markdown."""
    lines = [
        "# Rules",
        "",
        "What `glowplug lint` and `glowplug check` look for in the SQL. `make docs` writes these pages from the rules'",
        "docstrings, which `glowplug explain RULE` shows as well.",
    ]
    by_harm: dict[Harm, list[Page]] = {}
    for page in found:
        by_harm.setdefault(page.harm, []).append(page)
    for harm in Harm:
        if harm in by_harm:
            lines += ["", f"## {harm.value}", "", "| rule | severity | servers | |", "|-|-|-|-|"]
            lines += [_row(page) for page in by_harm[harm]]
    return "\n".join(lines) + "\n"


def _row(page: Page) -> str:
    servers = ", ".join(SERVERS[dialect] for dialect in page.dialects)
    return f"| [{page.name}]({page.name}.md) | {page.severity} | {servers} | {page.summary} |"


def _rule(module: str) -> type[Rule]:
    """Give the one rule of a module.

    Raises:
        LookupError: there is none, or more than one.
    """
    from glowplug.review.rule import Rule  # noqa: PLC0415 - names alone need no rule

    found = [
        each
        for each in vars(importlib.import_module(module)).values()
        if isinstance(each, type) and issubclass(each, Rule) and each.__module__ == module
    ]
    if len(found) != 1:
        raise LookupError(f"{module} holds {len(found)} rules, not one")
    return found[0]


def _page(kind: type[Rule]) -> Page:
    rule = kind()
    return Page(
        name=rule.name,
        harm=rule.harm,
        hazards=rule.hazards,
        severity=rule.severity.value,
        dialects=tuple(dialect for dialect in Dialect if dialect in rule.dialects),
        text=inspect.getdoc(kind) or "",
    )


def _documents(source: str) -> Mapping[str, str]:
    body = ast.parse(source).body
    found = {}
    for statement, following in pairwise(body):
        if (
            isinstance(statement, ast.Assign)
            and isinstance(statement.targets[0], ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            found[statement.targets[0].id] = inspect.cleandoc(following.value.value)
    return found
