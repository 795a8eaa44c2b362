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
LONGEST = 200  # of a line of a safe form
BEFORE = 60  # of them, in front of what is underlined
MOST_LINES = 4  # of an excerpt
MOST_UNDERLINED = 2  # lines; of more, the first alone
MOST_SAFE_LINES = 12
MOST_RELATED = 4


def finding_lines(finding: Finding, *, brief: bool = False, full: bool = False) -> Iterator[str]:
    """Give the lines; a ``brief`` one is its place and what happens; of a ``full`` one nothing is cut."""
    severity = click.style(
        finding.severity.value, fg=COLOURS[finding.severity], bold=finding.severity is Severity.ERROR
    )
    yield f"  {severity}[{finding.rule}] {_shown(finding.place)}{_accepted(finding)}"
    if finding.excerpt is not None and finding.place is not None and not brief:
        yield from _excerpt(finding.excerpt, finding.place, COLOURS[finding.severity], full=full)
    message = finding.message if full or finding.brief is None else finding.brief
    for line in harmless(message).splitlines():
        yield f"    │ {line}"
    if brief:
        return
    for related in finding.related if full else finding.related[:MOST_RELATED]:
        yield _dim(f"    ├ {_shown(related.place)}: {one_line(related.message)}")
    if len(finding.related) > MOST_RELATED and not full:
        yield _dim(f"    ├ and {len(finding.related) - MOST_RELATED} places more, which `-v` shows")
    if finding.safe_form is not None and finding.suppressed is None:
        yield from _instead(list(_safe_form(finding.safe_form)), full=full)


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
    is_whole = full or len(lines) <= MOST_LINES
    shown = range(excerpt.line, excerpt.line + len(lines)) if is_whole else range(first, last + 1)
    underlined = range(first, last + 1) if last - first < MOST_UNDERLINED else range(first, first + 1)
    margin = len(str(shown[-1])) if shown else 0
    for number in shown if full else shown[:MOST_LINES]:
        line = lines[number - excerpt.line]
        start = (place.column or 1) - 1 if number == first else len(line) - len(line.lstrip())
        end = (place.end_column or len(line) + 1) - 1 if number == place.end_line else len(line)
        width = len(line) if full else WIDTH
        marked = number in underlined
        text, underline = _window(line, start if marked else 0, end if marked else 0, width)
        yield f"    {number:>{margin}} │ {text}".rstrip()
        if marked and underline:
            yield f"    {'':>{margin}} │ {click.style(underline, fg=colour)}"
    if len(shown) > MOST_LINES and not full:
        yield f"    {'':>{margin}} │ …"


def _window(line: str, start: int, end: int, width: int) -> tuple[str, str]:
    """Cut a line to what is around ``start``, harmless, and give the underline of ``start`` to ``end`` below it."""
    left = max(0, start - BEFORE) if len(line) > width else 0
    right = min(len(line), left + width)
    head = ("…" if left else "") + one_line(line[left:start])
    body = one_line(line[start : min(end, right)])
    tail = one_line(line[max(start, min(end, right)) : right]) + ("…" if right < len(line) else "")
    return (head + body + tail).rstrip(), " " * len(head) + "^" * len(body.rstrip())


def _safe_form(form: SafeForm) -> Iterator[str]:
    if form.replacement is not None:
        yield "Instead:"
        yield from (f"  {line}" for line in form.replacement.strip().splitlines())
    if form.steps:
        yield "Instead:" if len(form.steps) == 1 else f"Instead, {len(form.steps)} migrations in this order:"
    for number, step in enumerate(form.steps, 1):
        yield from _step(step, f"{number}. " if len(form.steps) > 1 else "")
    if form.note is not None:
        yield from form.note.splitlines()


def _step(step: Step, number: str) -> Iterator[str]:
    alone = "" if step.run_in_transaction else " with run_in_transaction = false in metadata.toml"
    yield f"  {number}{step.name}{alone}"
    for name, sql in (("up.sql", step.up), ("down.sql", step.down)):
        for index, line in enumerate(sql.strip().splitlines()):
            yield f"    {name if index == 0 else '':<8}  {line}"
    if step.note is not None:
        yield from (f"    {line}" for line in step.note.splitlines())


def _instead(lines: list[str], *, full: bool) -> Iterator[str]:
    for line in lines if full else lines[:MOST_SAFE_LINES]:
        shown = one_line(line)
        cut = len(shown) > LONGEST and not full
        yield "    │ " + click.style(shown[: LONGEST - 1] + "…" if cut else shown, fg="green")
    left = 0 if full else len(lines) - MOST_SAFE_LINES
    if left > 0:
        yield _dim(f"    │ and {left} {'line' if left == 1 else 'lines'} more, which `-v` shows")


def _dim(text: str) -> str:
    return click.style(text, dim=True)
