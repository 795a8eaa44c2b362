"""The machine's processes: which of them belong to a scratch area, whoever started them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_PATIENCE = 5.0
_ROUNDS = 5


def end_all_in(directory: Path) -> None:
    """Kill every process that works in ``directory`` or below, and wait until it is gone.

    Servers, their workers, initdb and copies all work there, whoever their parent is by now. The working
    directory is read at the moment of the kill, so an id that was given out again hits nobody else.
    """
    import psutil  # noqa: PLC0415 - 15 ms that only an end or a sweep pays

    for _ in range(_ROUNDS):
        found = [each for each in psutil.process_iter(["pid"]) if _works_in(each, directory)]
        if not found:
            return
        for each in found:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                each.kill()
        psutil.wait_procs(found, timeout=_PATIENCE)


def _works_in(each: psutil.Process, directory: Path) -> bool:
    import psutil  # noqa: PLC0415 - the same

    try:
        if each.pid == os.getpid() or each.status() == psutil.STATUS_ZOMBIE:
            return False
        where = each.cwd()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return bool(where) and Path(where.removesuffix(" (deleted)")).is_relative_to(directory)
