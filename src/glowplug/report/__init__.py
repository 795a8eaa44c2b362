"""Renders a report; one file a format."""

from __future__ import annotations
