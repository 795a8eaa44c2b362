"""What a file leaves broken, as a Finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.dialect import Direction
from glowplug.finding import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.broken import BrokenObject
    from glowplug.finding import Finding
    from glowplug.rehearsal import RoundTrip

_SHOWN = 12
_HARM = {
    "view": "every query of it fails",
    "trigger": "every write that fires it fails",
    "function": "every call of it fails",
    "procedure": "every call of it fails",
}


def left_broken(trip: RoundTrip) -> Iterator[Finding]:
    """Say of each file of a migration what it leaves broken."""
    for direction, broken in ((Direction.UP, trip.leaves_broken), (Direction.DOWN, trip.down_leaves_broken)):
        if broken:
            migration = trip.migration
            yield faults.LEAVES_BROKEN.found(
                _message(direction, broken),
                version=migration.version,
                migration=migration.name,
                place=Place(file=migration.file(direction)),
                subject=", ".join(sorted(f"{each.kind} {each.name}" for each in broken)),
            )


def _message(direction: Direction, broken: Sequence[BrokenObject]) -> str:
    lines = [_line(each) for each in broken[:_SHOWN]]
    if len(broken) > _SHOWN:
        lines.append(f"and {len(broken) - _SHOWN} more")
    it, its = ("it", "it is") if len(broken) == 1 else ("them", "they are")
    return "\n".join((
        f"after {direction.file_name} the server refuses to use what it did not refuse before:",
        *lines,
        f"Drop {it} before the change and create {it} again after it, as {its} to be from then on, in this file",
    ))  # fmt: skip


def _line(broken: BrokenObject) -> str:
    on = "" if broken.table is None else f" on {broken.table}"
    code = "" if broken.error.code is None else f" [{broken.error.code}]"
    return f"{broken.kind} {broken.name}{on}: {_HARM[broken.kind]}: {broken.error.message}{code}"
