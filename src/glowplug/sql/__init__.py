"""SQL as text: where a statement begins and ends, what is only comment, what ends a transaction."""

from __future__ import annotations
