"""A finding for a person: the statement underlined, what happens, related places, and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from glowplug.finding import Severity
from glowplug.report.harmless import harmless, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Excerpt, Finding, Place, SafeForm, Step

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan"}
WIDTH = 110  # characters of a line of SQL
LONGEST = 200  # of a line of SQL to write; a sentence is shown whole
BEFORE = 60  # of them, in front of what is underlined
MOST_LINES = 4  # of an excerpt
MOST_UNDERLINED = 2  # lines; of more, the first alone
MOST_SAFE_LINES = 12  # of migrations to write
MOST_RELATED = 4
_REST = " … (`-v`)"


def finding_lines(finding: Finding, *, brief: bool = False, full: bool = False) -> Iterator[str]:
    """Give the lines; a ``brief`` one is its place and what happens; of a ``full`` one nothing is cut."""
    severity = click.style(
        finding.severity.value, fg=COLOURS[finding.severity], bold=finding.severity is Severity.ERROR
    )
    yield f"  {severity}[{finding.rule}] {_shown(finding.place)}{_accepted(finding)}"
    if finding.excerpt is not None and finding.place is not None and not brief:
        yield from _excerpt(finding.excerpt, finding.place, COLOURS[finding.severity], full=full)
    shortened = None if full else finding.brief
    for line in harmless(shortened or finding.message).splitlines():
        yield f"    │ {line}"
    if shortened:
        yield _dim("    │ cut; `-v` shows it whole")
    if brief:
        return
    places = _room(len(finding.related), MOST_RELATED, full=full)
    for related in finding.related[:places]:
        yield _dim(f"    ├ {_shown(related.place)}: {one_line(related.message)}")
    if len(finding.related) > places:
        yield _dim(f"    ├ and {len(finding.related) - places} places more, which `-v` shows")
    if finding.safe_form is not None and finding.suppressed is None:
        yield from _instead(finding.safe_form, full=full)


def _room(lines: int, most: int, *, full: bool) -> int:
    """How many of so many lines are shown: no line says that there is one more, it is shown in that one's place."""
    return lines if full or lines <= most + 1 else most


def _accepted(finding: Finding) -> str:
    accepted = finding.suppressed
    if accepted is None:
        return ""
    evidence = "".join(f"; {one_line(each)}" for each in accepted.evidence)
    return f" (accepted: {one_line(accepted.reason)}{evidence})"


def _shown(place: Place | None) -> str:
    if place is None:
        return ""
    return ":".join([one_line(place.file), *(str(part) for part in (place.line, place.column) if part is not None)])


def _excerpt(excerpt: Excerpt, place: Place, colour: str, *, full: bool) -> Iterator[str]:
    """Show a short statement whole, of a long one the lines of the place, the first of them underlined."""
    lines = excerpt.text.split("\n")
    first = place.line or excerpt.line
    last = min(place.end_line or first, excerpt.line + len(lines) - 1)
    is_whole = _room(len(lines), MOST_LINES, full=full) == len(lines)
    shown = range(excerpt.line, excerpt.line + len(lines)) if is_whole else range(first, last + 1)
    underlined = range(first, last + 1) if last - first < MOST_UNDERLINED else range(first, first + 1)
    margin = len(str(shown[-1])) if shown else 0
    room = _room(len(shown), MOST_LINES, full=full)
    for number in shown[:room]:
        line = lines[number - excerpt.line]
        start = (place.column or 1) - 1 if number == first else len(line) - len(line.lstrip())
        end = (place.end_column or len(line) + 1) - 1 if number == place.end_line else len(line)
        width = len(line) if full else WIDTH
        marked = number in underlined
        text, underline = _window(line, start if marked else 0, end if marked else 0, width)
        yield f"    {number:>{margin}} │ {text}".rstrip()
        if marked and underline:
            yield f"    {'':>{margin}} │ {click.style(underline, fg=colour)}"
    if len(shown) > room:
        yield f"    {'':>{margin}} │ …"


def _window(line: str, start: int, end: int, width: int) -> tuple[str, str]:
    """Cut a line to what is around ``start``, harmless, and give the underline of ``start`` to ``end`` below it."""
    left = max(0, start - BEFORE) if len(line) > width else 0
    right = min(len(line), left + width)
    head = ("…" if left else "") + one_line(line[left:start])
    body = one_line(line[start : min(end, right)])
    tail = one_line(line[max(start, min(end, right)) : right]) + ("…" if right < len(line) else "")
    return (head + body + tail).rstrip(), " " * len(head) + "^" * len(body.rstrip())


def _instead(form: SafeForm, *, full: bool) -> Iterator[str]:
    """Show what to write, long SQL cut unless in full; what to do beside it is always there, and whole."""
    lines = [*_safe_form(form)]
    room = _room(len(lines), MOST_SAFE_LINES, full=full)
    for indent, text, is_sql in lines[:room]:
        shown = one_line(text)
        yield _advice(indent + (_cut(shown, LONGEST) if is_sql and not full else shown))
    if len(lines) > room:
        yield _dim(f"    │ and {len(lines) - room} lines more, which `-v` shows")
    if form.note is not None:
        yield from map(_advice, map(one_line, form.note.splitlines()))


def _safe_form(form: SafeForm) -> Iterator[tuple[str, str, bool]]:
    """Give each line of migrations to write: how far it is indented, its text, and whether that is SQL."""
    if form.replacement is not None:
        yield "", "Instead:", False
        yield from (("  ", line, True) for line in form.replacement.strip().splitlines())
    if form.steps:
        several = f"Instead, {len(form.steps)} migrations in this order:"
        yield "", "Instead:" if len(form.steps) == 1 else several, False
    for number, step in enumerate(form.steps, 1):
        yield from _step(step, f"{number}. " if len(form.steps) > 1 else "")


def _step(step: Step, number: str) -> Iterator[tuple[str, str, bool]]:
    alone = "" if step.run_in_transaction else " with run_in_transaction = false in metadata.toml"
    yield "  ", f"{number}{step.name}{alone}", False
    for name, sql in (("up.sql", step.up), ("down.sql", step.down)):
        for index, line in enumerate(sql.strip().splitlines()):
            yield f"    {name if index == 0 else '':<8}  ", line, True
    if step.note is not None:
        yield from (("    ", line, False) for line in step.note.splitlines())


def _cut(text: str, most: int) -> str:
    """Cut a line at a word's end, and say what shows the rest; none is cut for less than is said of it."""
    if len(text) <= most + len(_REST):
        return text
    kept = text[:most]
    return (kept[: kept.rfind(" ")] if " " in kept.strip() else kept).rstrip() + _REST


def _advice(line: str) -> str:
    return "    │ " + click.style(line, fg="green")


def _dim(text: str) -> str:
    return click.style(text, dim=True)
