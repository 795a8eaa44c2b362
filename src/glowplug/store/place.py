"""Where glowplug keeps everything that it can make again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "GLOWPLUG_CACHE_DIR"


def cache_path(environment: Mapping[str, str]) -> Path:
    """Name the directory: GLOWPLUG_CACHE_DIR, else the user's own cache; nothing is made or looked at."""
    named = environment.get(VARIABLE)
    if named:
        return Path(os.path.expanduser(named)).absolute()  # noqa: PTH111 - Path's raises where there is no such user
    from platformdirs import user_cache_path  # noqa: PLC0415 - only where nothing is said

    return Path(user_cache_path("glowplug", appauthor=False))
