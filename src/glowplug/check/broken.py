"""What a file leaves broken, or perhaps, as Findings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.dialect import Direction
from glowplug.finding import Place, Severity, Text
from glowplug.project.configuration import FILE_NAME
from glowplug.project.layout import TEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.broken import BrokenObject, UnaskedObject
    from glowplug.database.interface import SqlError
    from glowplug.finding import Finding
    from glowplug.project import Migration
    from glowplug.rehearsal import RoundTrip

_SHOWN = 12
_MENDED = (
    "\na later migration speaks of what is broken here: where that one fails, or runs later, the application meets it"
)
_HARM = {
    "view": "every query of it fails",
    "trigger": "a write that fires it fails where it comes to this",
    "function": "every call of it fails",
    "procedure": "every call of it fails",
}


def left_broken(trip: RoundTrip, later: Sequence[Migration]) -> Iterator[Finding]:
    """Say of each file of a migration what it leaves broken.

    It is a warning where the ups of ``later`` migrations speak of all of it: they may mend it.
    """
    for direction, broken in ((Direction.UP, trip.leaves_broken), (Direction.DOWN, trip.down_leaves_broken)):
        if broken:
            migration = trip.migration
            mended = direction is Direction.UP and all(_is_spoken_of(each, later) for each in broken)
            yield faults.LEAVES_BROKEN.found(
                _message(migration, direction, broken) + (_MENDED if mended else ""),
                version=migration.version,
                migration=migration.name,
                place=Place(file=migration.file(direction)),
                subject=", ".join(sorted(f"{each.kind} {each.name}" for each in broken)),
                severity=Severity.WARNING if mended else None,
            )


def not_asked(trip: RoundTrip) -> Iterator[Finding]:
    """Say of each file of a migration of what the server did not tell whether it can still be used."""
    for direction, unasked in ((Direction.UP, trip.leaves_unasked), (Direction.DOWN, trip.down_leaves_unasked)):
        if unasked:
            migration = trip.migration
            yield faults.BROKEN_NOT_ASKED.found(
                _message_of_unasked(direction, unasked),
                version=migration.version,
                migration=migration.name,
                place=Place(file=migration.file(direction)),
                subject=", ".join(sorted(f"{each.kind} {each.name}" for each in unasked)),
                severity=Severity.NOTICE if all(each.new for each in unasked) else None,
            )


def _is_spoken_of(broken: BrokenObject, later: Sequence[Migration]) -> bool:
    named = re.compile(rf"(?<!\w){re.escape(_plain(broken))}(?!\w)", re.IGNORECASE)
    return any(named.search((each.up or b"").decode("utf-8", "replace")) for each in later)


def _is_made(broken: BrokenObject, text: str) -> bool:
    """Whether a file's text has a CREATE of it."""
    name = rf"(?:[\w\"`\[\]]+\s*\.\s*)?[\"`\[]?{re.escape(_plain(broken))}(?!\w)"
    made = rf"\bcreate\b[^;()]*?\b{broken.kind}\s+(?:if\s+not\s+exists\s+)?{name}"
    return re.search(made, text, re.IGNORECASE) is not None


def _plain(broken: BrokenObject) -> str:
    return broken.name.partition("(")[0].rpartition(".")[2].strip('"`')


def _message(migration: Migration, direction: Direction, broken: Sequence[BrokenObject]) -> Text:
    text = ((migration.up if direction is Direction.UP else migration.down) or b"").decode("utf-8", "replace")
    there = [each for each in broken if not _is_made(each, text)]
    it, its = ("it", "it is") if len(there) == 1 else ("them", "they are")
    what = f"there is what the server can't use{' as it could before' if there else ''}"
    advice = f"Drop {it} before the change and create {it} again after it, as {its} to be from then on, in this file"
    if not there:
        it = "it" if len(broken) == 1 else "them"
        advice = f"This file creates {it}: let {it} name what is there, or create first what is named"
    return (
        f"after {direction.file_name} {what}:\n"
        + Text.listed([_line(each) for each in broken], most=_SHOWN)
        + f"\n{advice}"
    )


def _message_of_unasked(direction: Direction, unasked: Sequence[UnaskedObject]) -> Text:
    by_reason: dict[str, list[str]] = {}
    for each in unasked:
        on = "" if each.table is None else f" on {each.table}"
        said = "" if each.error is None else f": {_said(each.error)}"
        by_reason.setdefault(f"{each.why}{said}", []).append(f"{each.kind} {each.name}{on}")
    lines = [_names(names) + f": {reason}" for reason, names in by_reason.items()]
    this, it, names = ("this", "it", "it names") if len(unasked) == 1 else ("these", "them", "they name")
    advice = f"use {it} once in the migration's {TEST}, or by an [[assert]] of {FILE_NAME}"
    return (
        f"whether {this} can be used after {direction.file_name} could not be asked:\n"
        + Text.listed(lines, most=_SHOWN)
        + f"\nThe file changed {it}, or what {names}: {advice}"
    )


def _names(names: Sequence[str]) -> Text:
    return Text.listed(names, most=_SHOWN, between=", ", more=" ")


def _said(error: SqlError) -> str:
    return error.message if error.code is None else f"{error.message} [{error.code}]"


def _line(broken: BrokenObject) -> str:
    on = "" if broken.table is None else f" on {broken.table}"
    return f"{broken.kind} {broken.name}{on}: {_HARM[broken.kind]}: {_said(broken.error)}"
