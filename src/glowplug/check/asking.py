"""What production can be asked of rows that a file refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.rehearsal.measured import Finds

if TYPE_CHECKING:
    from glowplug.rehearsal.measured import Refusal


def in_production(refusal: Refusal, fails: str) -> str:
    """Give the query that production can be asked, and no more is said of it than it tells, and whether it is all."""
    more = "\nthere may be more that it refuses: not all rows were tried apart" if refusal.more else ""
    return _asked(refusal, fails) + more


def _asked(refusal: Refusal, fails: str) -> str:
    if refusal.query is None:
        return ""
    if refusal.finds is Finds.PERHAPS:
        may = "may fail" if fails == "fails" else "may not"
        why = f"{refusal.direction.file_name} may pick rows by conditions, and they are not asked"
        return f"\nit {may} where this gives rows ({why}): {refusal.query}"
    said = f"\nit {fails} where this gives rows: {refusal.query}"
    if refusal.finds is Finds.SOME:
        said += "\nthat asks for what was tried: other values may be refused as well, and no query is known for all"
    return said
