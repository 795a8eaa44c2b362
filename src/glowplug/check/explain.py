"""What each rule, and each other kind of finding, means; and which of them decides which hazard."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.check.allow import known_rules
from glowplug.check.kinds import Kind, kind_of
from glowplug.errors import UsageError
from glowplug.project import faults as of_layout
from glowplug.review.hazards import HAZARDS
from glowplug.review.page import fault_pages, own_pages, page_of, pages

if TYPE_CHECKING:
    from glowplug.review.page import Page

NOT_YET = "not yet"


def explain(name: str) -> Page:
    """Give the page of a rule, or of another kind of finding.

    Raises:
        UsageError: there is none of that name.
    """
    page = page_of(name)
    if page is not None:
        return page
    others = {other.name: other for other in other_pages()}
    if name in others:
        return others[name]
    close = difflib.get_close_matches(name, sorted(known_rules()), n=1)
    raise UsageError(
        f"there is no rule {name!r}" + (f"; is {close[0]} meant?" if close else ""),
        advice="`glowplug rules` lists them.",
    )


def all_pages() -> tuple[tuple[Kind, Page], ...]:
    """Give the page of everything that can be found, with its kind: kind by kind, in each by name."""
    order = {kind: place for place, kind in enumerate(Kind)}
    found = ((kind, page) for page in (*pages(), *other_pages()) if (kind := kind_of(page.name)) is not None)
    return tuple(sorted(found, key=lambda pair: (order[pair[0]], pair[1].name)))


def other_pages() -> tuple[Page, ...]:
    """Give the pages of all findings that are no rule's: of the review itself, the files, and the rehearsal."""
    return (*own_pages(), *fault_pages(of_layout), *fault_pages(faults))


def hazards_document() -> str:
    """Give docs/hazards.md: each hazard, and what decides it."""
    decided: dict[int, list[str]] = {}
    for page in pages():
        for hazard in page.hazards:
            decided.setdefault(hazard, []).append(f"[{page.name}](rules/{page.name}.md)")
    for page in other_pages():
        for hazard in page.hazards:
            decided.setdefault(hazard, []).append(page.name)
    lines = [
        "# Hazards",
        "",
        "What can go wrong with a migration, and what of glowplug finds it: a rule of the review (with a link), or",
        "another finding, of the files, the rehearsal or the history. `make docs` writes this page.",
    ]
    section = ""
    for number, (where, name) in sorted(HAZARDS.items()):
        if where != section:
            section = where
            lines += ["", f"## {where}", "", "| # | hazard | found as |", "|-|-|-|"]
        lines.append(f"| {number} | {name} | {', '.join(decided.get(number, [NOT_YET]))} |")
    there = sum(number in decided for number in HAZARDS)
    lines += ["", f"{there} of {len(HAZARDS)} are found."]
    return "\n".join(lines) + "\n"
