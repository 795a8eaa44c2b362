"""A migrations directory, read once more and on its own: names in Diesel's order, files, the transaction's key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One migration: what Diesel would run, and how."""

    name: str
    version: str
    up: str
    down: str | None
    in_transaction: bool


def read(directory: Path) -> list[Step]:
    """All steps, in Diesel's order."""
    found = [_step(child) for child in directory.iterdir() if child.is_dir() and not child.name.startswith(".")]
    return sorted(found, key=lambda step: step.version.encode())


def _step(directory: Path) -> Step:
    down = directory / "down.sql"
    metadata = directory / "metadata.toml"
    in_transaction = True
    if metadata.exists():
        try:
            in_transaction = bool(tomllib.loads(metadata.read_text()).get("run_in_transaction", False))
        except tomllib.TOMLDecodeError:
            in_transaction = True
    return Step(
        name=directory.name,
        version=directory.name.split("_")[0].replace("-", ""),
        up=(directory / "up.sql").read_text(),
        down=down.read_text() if down.exists() else None,
        in_transaction=in_transaction,
    )


def is_empty(sql: str) -> bool:
    """Whether nothing is left of it without comments and white space."""
    return not re.sub(r"--[^\n]*|/\*(?!!).*?\*/", " ", sql, flags=re.DOTALL).strip()
