"""What is in a database, as values, and how two of them differ."""

from __future__ import annotations

from glowplug.schema.diff import Difference, diff
from glowplug.schema.model import Schema, SchemaObject

__all__ = ["Difference", "Schema", "SchemaObject", "diff"]
