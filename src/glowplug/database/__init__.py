"""Connections to databases: run a file as Diesel does, see the schema, read the bookkeeping table."""

from __future__ import annotations
