"""The table of ``postgres_locks.txt``: what statements lock, rewrite, read and rebuild on PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from glowplug.review.claims import LockMode

HERE = Path(__file__).parent
SETUP = (HERE / "postgres_locks.sql").read_text()
ALONE = "alone, outside of a transaction"
FIRST_MAJOR = 14

_EFFECT = re.compile(r"    (?:\[(?P<low>\d+)(?:-(?P<high>\d+))?\] )?(?P<what>[A-Z][A-Z ]+[A-Z]|[a-z]+) (?P<names>.+)")
_MODES = {mode.value for mode in LockMode}


@dataclass(slots=True)
class Effects:
    """What a statement does, by the relations' names without their schema."""

    locks: dict[str, str] = field(default_factory=dict)
    rewrites: set[str] = field(default_factory=set)
    scans: set[str] = field(default_factory=set)
    rebuilds: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Form:
    """A statement, and the lines below it: (lowest major, highest, what, names)."""

    sql: str
    section: str
    since: int = FIRST_MAJOR
    lines: list[tuple[int, int, str, tuple[str, ...]]] = field(default_factory=list)

    def effects(self, major: int) -> Effects:
        """What it does on a server of that major."""
        found = Effects()
        for low, high, what, names in self.lines:
            if not low <= major <= high:
                continue
            if what in _MODES:
                found.locks.update((name, what) for name in names)
            else:
                getattr(found, what).update(names)
        return found


def forms() -> list[Form]:
    """Read the table."""
    found: list[Form] = []
    section = ""
    for line in (HERE / "postgres_locks.txt").read_text().splitlines():
        if not line or line.startswith("--"):
            continue
        if line.startswith("# "):
            section = line[2:]
        elif not line.startswith(" "):
            found.append(Form(line, section))
        elif line.startswith("    from "):
            found[-1].since = int(line.split()[1])
        else:
            match = _EFFECT.fullmatch(line)
            assert match is not None, line
            low = int(match["low"] or FIRST_MAJOR)
            high = int(match["high"] or match["low"] or 99)
            found[-1].lines.append((low, high, match["what"], tuple(match["names"].split(", "))))
    return found
