"""``glowplug check``."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from glowplug.check.check import check
from glowplug.check.settings import Settings
from glowplug.check.terms import Options, Part
from glowplug.cli._answer import Documented, answer, of_answers, reject_urls
from glowplug.cli._options import Count
from glowplug.cli._progress import progress_line
from glowplug.errors import UsageError
from glowplug.finding import Severity
from glowplug.project.discovery import find_project
from glowplug.store.place import VARIABLE, cache_path, why_unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.check.report import CheckReport

LONGEST = 24 * 3600.0  # seconds


@click.command(cls=Documented)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--only", type=click.Choice([part.value for part in Part]), help="One part alone: the review needs no server."
)
@click.option(
    "--statement-timeout",
    metavar="SECONDS",
    default="60s",
    show_default=True,
    help="For one migration's file; 2m works.",
)
@click.option(
    "--jobs",
    type=Count(min=1),
    metavar="N",
    default=None,
    help="Stretches of a long chain to rehearse at once [default: the cores that may be used].",
)
@click.option(
    "--rows",
    type=Count(min=0, max=1000),
    metavar="N",
    default=None,
    help="Rows to give each table, to see what becomes of them [default: 50]; 0: the schema alone, no locks either.",
)
@click.option("--no-cache", is_flag=True, help="Prove everything, also what was proved earlier with all the same.")
@of_answers
def command(
    *,
    path: Path | None,
    base: str | None,
    since: str | None,
    everything: bool,
    fail_on: str,
    only: str | None,
    statement_timeout: str,
    jobs: int | None,
    rows: int | None,
    no_cache: bool,
    form: str,
    verbose: int,
    quiet: bool,
    color: str,
) -> int:
    """Prove every migration: reviewed, then up, down and up again, with rows in it, and the whole way down.

    Reads the Diesel checkout at PATH (default: around the working directory), makes a scratch database of its own, and
    says yes or no with reasons. It never connects to DATABASE_URL.

    \b
    Examples:
      glowplug check
      glowplug check --base origin/release --fail-on warning
      glowplug check --all -v path/to/checkout
      glowplug check --format json > report.json
    """

    def look() -> CheckReport:
        reject_urls(path, base, since)
        options = Options(
            base=base,
            since=since,
            everything=everything,
            fail_on=Severity(fail_on),
            statement_timeout=_seconds(statement_timeout),
            jobs=jobs or _cores(),
            rows=rows,
            cached=not no_cache,
            parts=frozenset(Part) if only is None else frozenset({Part(only)}),
        )
        return _check(path, options, quiet=quiet or form != "text")

    return answer(look, form, verbosity=verbose - quiet, color=color)


def _check(path: Path | None, options: Options, *, quiet: bool) -> CheckReport:
    project = find_project(path, environment=os.environ)
    settings = Settings.of(project.configuration)
    first = "starting a scratch server" if Part.REHEARSAL in options.parts else "reviewing"
    with progress_line(first, quiet=quiet) as progress, _environment(cached=options.cached) as environment:
        report = check(project, settings, options, environment=environment, progress=progress)
    return _noting_the_cache(report) if options.cached else report


@contextlib.contextmanager
def _environment(*, cached: bool) -> Iterator[Mapping[str, str]]:
    """Give the process's own; who wants no cache, and can have none, has one of this run's alone: servers need it."""
    if cached or why_unusable(cache_path(os.environ)) is None:
        yield os.environ
        return
    import tempfile  # noqa: PLC0415 - only where there is no cache

    with tempfile.TemporaryDirectory(prefix="glowplug-", ignore_cleanup_errors=True) as place:
        yield {**os.environ, VARIABLE: place}


def _noting_the_cache(report: CheckReport) -> CheckReport:
    """Say that nothing is kept, where the cache can't be written and no server stopped at that."""
    place = cache_path(os.environ)
    why = None
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or "").lower()
    if why is None and not os.access(place, os.W_OK):
        why = "it can't be written"
    if why is None or any(chain.problem is not None for chain in report.chains):
        return report
    note = (
        f"The cache directory {place} can't be used: {why}. What was proved is not kept, and proved again by the next "
        f"run; set {VARIABLE} to a directory that you can write to."
    )
    return replace(report, notes=(*report.notes, note))


def _cores() -> int:
    """How many cores this process may use: a container or ``taskset`` may give it fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _seconds(time: str) -> float:
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    number = time.rstrip("msh ")
    unit = time[len(number) :].strip() or "s"
    try:
        seconds = float(number) * units[unit]
    except (ValueError, KeyError):
        seconds = 0.0
    if not 0 < seconds <= LONGEST:
        raise UsageError(f"--statement-timeout {time}: not a time up to 24h; write 60s, 500ms or 2m")
    return seconds
