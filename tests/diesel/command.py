"""The real ``diesel`` command, and what it says of one migrations directory on one fresh database."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN_VERSION = "00000000000000"  # the command prints no line for it
MOST_REVERTS = 60
_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z +[A-Z]+ .*\n?", re.MULTILINE)  # it logs to where it prints


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one call printed; ``names`` are the directories of its "Running"/"Rolling back migration" lines."""

    code: int
    names: tuple[str, ...]
    output: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diesel:
    """The command, bound to a migrations directory and a database."""

    binary: Path
    migrations: Path
    url: str
    seconds: float = 60.0  # and then the call is over

    def run(self) -> Answer:
        return self._call("run")

    def revert_all(self) -> Answer:
        return self._call("revert", "--all")

    def revert_each(self) -> Answer:
        """Revert one after another in one session, until nothing is left or one fails."""
        return self._call("revert", "--number", str(MOST_REVERTS))

    def listed(self) -> tuple[tuple[str, bool], ...] | None:
        """Give each directory's name in the command's order, and whether it is applied; None: it refuses."""
        answer = self._call("list")
        if answer.code:
            return None
        parts = re.split(r"^  \[([X ])\] ", answer.output, flags=re.MULTILINE)
        names = [name.removesuffix("\n") for name in parts[2::2]]
        return tuple(zip(names, [mark == "X" for mark in parts[1::2]], strict=True))

    def pending(self) -> bool | None:
        """Say whether anything is pending; None: it refuses."""
        answer = self._call("pending")
        return None if answer.code else {"true": True, "false": False}[answer.output.strip()]

    def _call(self, *arguments: str) -> Answer:
        home = self.migrations.parent
        (home / "diesel.toml").touch()
        done = subprocess.run(
            [self.binary, "migration", *arguments, "--migration-dir", self.migrations, "--config-file", "diesel.toml"],
            cwd=home,
            env={"DATABASE_URL": self.url, "HOME": str(home), "PATH": os.environ["PATH"], "NO_COLOR": "1"},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=self.seconds,
            check=False,
        )
        output = _LOG_LINE.sub("", done.stdout.decode())
        error = done.stderr.decode(errors="replace")
        if done.returncode not in {0, 1}:
            raise AssertionError(f"diesel {' '.join(arguments)} ended with {done.returncode}: {error}")
        lines = re.split(r"^(?:Running|Rolling back) migration ", output, flags=re.MULTILINE)[1:]
        names = tuple(line.removesuffix("\n") for line in lines)
        return Answer(code=done.returncode, names=names, output=output, error=_last(error))


def _last(error: str) -> str:
    """Leave out the log lines that come before the command's own message."""
    _, found, message = error.rpartition("Failed to run migrations: ")
    return (message if found else error).strip()
