"""The schema as values, advanced statement by statement from what a chain's files say."""

from __future__ import annotations

from glowplug.schema.simulation.simulation import Simulation

__all__ = ["Simulation"]
