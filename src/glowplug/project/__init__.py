"""A checkout as Diesel reads it."""

from __future__ import annotations

from glowplug.project.configuration import ChainSettings, Configuration
from glowplug.project.discovery import find_project
from glowplug.project.layout import versions_of
from glowplug.project.migration import Chain, Migration, Project

__all__ = ["Chain", "ChainSettings", "Configuration", "Migration", "Project", "find_project", "versions_of"]
