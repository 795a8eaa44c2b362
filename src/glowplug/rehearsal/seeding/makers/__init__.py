"""Values by number: for each type, row n's value."""

from __future__ import annotations

from glowplug.rehearsal.seeding.makers.maker import Maker, Making, beyond, maker

__all__ = ["Maker", "Making", "beyond", "maker"]
