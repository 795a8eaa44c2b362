"""A checkout as Diesel reads it."""

from __future__ import annotations

from glowplug.project.migration import Chain, Migration, Project

__all__ = ["Chain", "Migration", "Project"]
