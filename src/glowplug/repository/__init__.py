"""git, through the ``git`` command: the base, and files as they were."""

from __future__ import annotations

from glowplug.repository.base import Base, find_base
from glowplug.repository.tree import file_at, files_at, resolve

__all__ = ["Base", "file_at", "files_at", "find_base", "resolve"]
