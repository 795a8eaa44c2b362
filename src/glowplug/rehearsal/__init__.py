"""Up, down and up again on a scratch database, and the whole chain down."""

from __future__ import annotations

from glowplug.rehearsal.outcome import ChainDown, Outcome, Rehearsal, RoundTrip, SecondUp, StepError
from glowplug.rehearsal.rehearse import rehearse
from glowplug.rehearsal.without import Alone, history_alone, stops_only_since

__all__ = [
    "Alone",
    "ChainDown",
    "Outcome",
    "Rehearsal",
    "RoundTrip",
    "SecondUp",
    "StepError",
    "history_alone",
    "rehearse",
    "stops_only_since",
]
