"""The machine's processes: which of them belong to a scratch area, whoever started them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

_ROUNDS = ((signal.SIGTERM, 0.5), (signal.SIGQUIT, 2.0), *((signal.SIGKILL, 5.0),) * 5)
"""What is sent, and how many seconds it has to work: PostgreSQL leaves shared memory behind when it is killed."""


def end_all_in(directory: Path) -> None:
    """End every process that works in ``directory`` or below, by force in the end, and wait until it is gone.

    Servers, their workers, initdb and copies all work there, whoever their parent is by now. The working
    directory is read at the moment of the signal, so an id that was given out again hits nobody else.
    """
    import psutil  # noqa: PLC0415 - 15 ms that only an end or a sweep pays

    directory = directory.resolve()  # as the system names working directories: TMPDIR may be a link
    for number, patience in _ROUNDS:
        found = list(_all_in(directory))
        if not found:
            return
        for each in found:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                each.send_signal(number)
        psutil.wait_procs(found, timeout=patience)


def _all_in(directory: Path) -> Iterator[psutil.Process]:
    """Find them all: also those whose parent started them after the look began, and is gone when its turn comes."""
    import psutil  # noqa: PLC0415 - the same

    seen: set[int] = set()
    while new := set(psutil.pids()) - seen:
        seen |= new
        for pid in new:
            with contextlib.suppress(psutil.NoSuchProcess):
                each = psutil.Process(pid)
                if _works_in(each, directory):
                    yield each


def _works_in(each: psutil.Process, directory: Path) -> bool:
    import psutil  # noqa: PLC0415 - the same

    try:
        where = each.cwd()
        if not where or not Path(where.removesuffix(" (deleted)")).is_relative_to(directory):
            return False
        return each.pid != os.getpid() and each.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
