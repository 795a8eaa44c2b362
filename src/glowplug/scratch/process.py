"""The machine's processes: which of them belong to a scratch area, whoever started them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_ROUNDS = ((signal.SIGTERM, 0.5), (signal.SIGQUIT, 2.0), *((signal.SIGKILL, 5.0),) * 5)
"""What is sent, and how many seconds it has to work: PostgreSQL leaves shared memory behind when it is killed."""


def end_all_in(directory: Path) -> None:
    """End every process that works in ``directory`` or below, by force in the end, and wait until it is gone.

    Servers, their workers, initdb and copies all work there, whoever their parent is by now. The working
    directory is read at the moment of the signal, so an id that was given out again hits nobody else.
    """
    import psutil  # noqa: PLC0415 - 15 ms that only an end or a sweep pays

    for number, patience in _ROUNDS:
        found = [each for each in psutil.process_iter(["pid"]) if _works_in(each, directory)]
        if not found:
            return
        for each in found:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                each.send_signal(number)
        psutil.wait_procs(found, timeout=patience)


def _works_in(each: psutil.Process, directory: Path) -> bool:
    import psutil  # noqa: PLC0415 - the same

    try:
        if each.pid == os.getpid() or each.status() == psutil.STATUS_ZOMBIE:
            return False
        where = each.cwd()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return bool(where) and Path(where.removesuffix(" (deleted)")).is_relative_to(directory)
