"""What becomes of rows: kept or lost, on the way up and back, and which rows a migration can't stand."""

from glowplug.rehearsal.data.measure import measure

__all__ = ["measure"]
