"""What is known of a file beforehand, remembered: a chain's downs run in excursions, then on the way down."""

from __future__ import annotations

import functools

from glowplug.sql.postgres_locality import Locality, locality

_FILES = 4096


@functools.lru_cache(maxsize=_FILES)
def local_changes(text: str) -> Locality | None:
    """Tell what ``locality`` does."""
    return locality(text)
