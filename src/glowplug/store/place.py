"""Where glowplug keeps everything that it can make again."""

from __future__ import annotations

import os
import stat
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


def why_unusable(directory: Path) -> str | None:
    """Say what keeps glowplug from keeping anything in a directory, made or to be made; None: nothing does."""
    try:
        status = directory.stat()
    except FileNotFoundError:
        return _why_not_made(directory)
    except OSError as error:
        return _reason(error)
    if not stat.S_ISDIR(status.st_mode):
        return "it is no directory"
    return None if os.access(directory, os.R_OK | os.W_OK | os.X_OK) else "it can't be read and written"


def why_untrusted(status: os.stat_result) -> str | None:
    """Say why no program is run that lies in a directory; None: nobody else could have put it there."""
    if status.st_uid != os.geteuid():
        return "it belongs to another user"
    return "other users can write to it" if status.st_mode & stat.S_IWOTH else None


def _why_not_made(directory: Path) -> str | None:
    if directory.is_symlink():
        return "it is a link that leads nowhere"
    above = next((each for each in directory.parents if os.path.lexists(each)), directory)
    if not above.is_dir():
        return f"it can't be made: {above} is no directory"
    return None if os.access(above, os.W_OK | os.X_OK) else f"it can't be made: {above} can't be written"


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
