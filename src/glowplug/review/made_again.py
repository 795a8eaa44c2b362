"""What SQLite's views and triggers are made of again, once a table that they read is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.schema.simulation.values import Origin, ViewFacts


def view(facts: ViewFacts, gone: Iterable[str] = ()) -> str:
    """Write the view as it was made, or a comment where that can't be had: it names a column that is ``gone``, or may.

    A comment is also all there is where a rename has changed what the view says.
    """
    named = {each.casefold() for each in facts.reads_columns}
    lost = [each for each in gone if not named or each.casefold() in named]
    if facts.definition is None or lost:
        without = f", without {' and '.join(lost)}" if lost else ""
        return _as_in("VIEW", str(facts.name), facts.born, without)
    return f"{facts.definition};"


def trigger(name: str, born: Origin) -> str:
    """Say where the trigger was made."""
    return _as_in("TRIGGER", name, born)


def _as_in(kind: str, name: str, born: Origin, without: str = "") -> str:
    return f"-- CREATE {kind} {name} …: again, as in {born.file}, line {born.line}{without}"
