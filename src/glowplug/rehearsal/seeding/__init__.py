"""Rows made from a catalogue: plain ones that a schema and a migration take, and edge cases."""

from __future__ import annotations

from glowplug.rehearsal.seeding.edges import Edge, edges
from glowplug.rehearsal.seeding.seed import Seeded, seed
from glowplug.rehearsal.seeding.settings import DataSettings

__all__ = ["DataSettings", "Edge", "Seeded", "edges", "seed"]
