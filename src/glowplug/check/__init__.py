"""Puts review, rehearsal and history together, and decides the answer."""

from __future__ import annotations
