"""What the backends' statements are written with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Statements for up.sql and down.sql; ``alone``: meant to be the only statement of its file."""

    kind: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    alone: bool = False


@dataclass(slots=True, kw_only=True)
class Author:
    """Knows what earlier migrations of the layout made, so that later ones can build on it."""

    random: random.Random
    tables: list[str] = field(default_factory=list)
    enums: list[str] = field(default_factory=list)
    number: int = 0

    def next_number(self) -> int:
        """Give a number that no other object of the layout bears."""
        self.number += 1
        return self.number

    def new_table(self) -> str:
        name = f"t{self.next_number()}"
        self.tables.append(name)
        return name

    def table(self) -> str:
        """Name a table that an earlier piece made, or, where there is none, one that does not exist."""
        return self.random.choice(self.tables) if self.tables else "missing"
