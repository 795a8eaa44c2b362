"""What is seen while a statement is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from glowplug.sql.parts import Expression, Name


class Facts(msgspec.Struct):
    """What has been seen while something was read; dictionaries for their order."""

    functions: dict[str, None] = msgspec.field(default_factory=dict)
    columns: dict[str, None] = msgspec.field(default_factory=dict)
    reads: dict[Name, None] = msgspec.field(default_factory=dict)
    common: set[str] = msgspec.field(default_factory=set)  # names that WITH gives
    subquery: bool = False
    outputs: list[Expression] | None = None  # of the outermost plain SELECT
    writes_file: bool = False

    def include(self, other: Facts) -> None:
        """Add what another has seen."""
        self.functions |= other.functions
        self.columns |= other.columns
        self.reads |= other.reads
