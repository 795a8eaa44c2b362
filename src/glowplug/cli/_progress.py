"""Progress on standard error: a live line on a terminal, now and then a plain one elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from glowplug.cli._options import is_terminal
from glowplug.report.harmless import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.project import Chain
    from glowplug.rehearsal.rehearse import Progress

    Observer = Callable[[Chain, Progress], None]

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_PAINTINGS = 0.1


@contextmanager
def progress_line(first: str, *, quiet: bool) -> Iterator[Observer]:
    """Give something to call at every migration; ``first`` is what a terminal shows until then."""
    if quiet:
        yield lambda _chain, _progress: None
    elif is_terminal(sys.stderr):
        from rich.console import Console  # noqa: PLC0415 - only where it renders
        from rich.text import Text  # noqa: PLC0415 - only where it renders

        console = Console(stderr=True)
        with console.status(Text(first)) as status:
            yield _now_and_then(SECONDS_BETWEEN_PAINTINGS, lambda line: status.update(Text(line)))
    else:
        yield _now_and_then(SECONDS_BETWEEN_LINES, lambda line: click.echo(line, err=True), at_once=False)


def _now_and_then(seconds: float, show: Callable[[str], None], *, at_once: bool = True) -> Observer:
    last = time.monotonic() - seconds * at_once

    def observe(chain: Chain, progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            way = "" if progress.way == "up" else "the way down: "
            where = one_line(f"{chain.directory}: {way}{progress.name}")
            show(f"{where} ({progress.done + 1} of {progress.total})")

    return observe
