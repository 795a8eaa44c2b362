"""``glowplug check``."""

from __future__ import annotations

import os
import re
import sys
import traceback
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glowplug.check.check import Options, check
from glowplug.check.report import Problem, conclude
from glowplug.check.settings import Settings
from glowplug.cli._options import everywhere, wants_colour
from glowplug.cli._progress import progress_line
from glowplug.errors import EnvironmentFailure, GlowplugError, UsageError
from glowplug.finding import Severity
from glowplug.project.discovery import find_project
from glowplug.report import FORMATS, render
from glowplug.report.harmless import harmless

if TYPE_CHECKING:
    from glowplug.check.report import CheckReport

LONGEST = 24 * 3600.0  # seconds
_URL = re.compile(r"[a-z][a-z0-9+.-]*:/+[^/]*@", re.IGNORECASE)  # a Path has one slash
REPORT_IT = "This is a bug of glowplug's, and no verdict on the migrations: please report it with the trace above."


class _Documented(click.Command):
    """Prints a document where one is asked for, even if the rest of the command line makes no sense."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        wanted = "--format=json" in args or ("--format", "json") in pairwise(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if wanted:
                _print(_failed(UsageError(error.format_message())), "json", 0, colour=False)
            raise


@click.command(cls=_Documented)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--base", metavar="REF", help="The git ref to compare with; `none`: all is new.")
@click.option("--since", metavar="VERSION|REF", help="New is what comes after this version or git ref.")
@click.option("--all", "everything", is_flag=True, help="Let history count too.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error", show_default=True)
@click.option(
    "--statement-timeout",
    metavar="SECONDS",
    default="60s",
    show_default=True,
    help="For one migration's file; 2m works.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@everywhere
def command(
    *,
    path: Path | None,
    base: str | None,
    since: str | None,
    everything: bool,
    fail_on: str,
    statement_timeout: str,
    form: str,
    verbose: int,
    quiet: bool,
    color: str,
) -> int:
    """Prove every migration: up, down and up again, then the whole way down.

    Reads the Diesel checkout at PATH (default: around the working directory), makes a scratch database of its own, and
    says yes or no with reasons. It never connects to DATABASE_URL.

    \b
    Examples:
      glowplug check
      glowplug check --base origin/release --fail-on warning
      glowplug check --all -v path/to/checkout
      glowplug check --format json > report.json
    """
    try:
        _reject_urls(path, base, since)
        options = Options(
            base=base,
            since=since,
            everything=everything,
            fail_on=Severity(fail_on),
            statement_timeout=_seconds(statement_timeout),
        )
        report = _check(path, options, quiet=quiet or form != "text")
    except GlowplugError as error:
        report = _failed(error)
    except Exception as bug:  # noqa: BLE001 - exit 1 is a verdict; a bug of glowplug's is none
        click.echo(harmless(traceback.format_exc()), err=True)
        report = _failed(EnvironmentFailure(f"glowplug itself failed: {type(bug).__name__}: {bug}", advice=REPORT_IT))
    _print(report, form, verbose - quiet, colour=wants_colour(color))
    return report.exit_code


def _check(path: Path | None, options: Options, *, quiet: bool) -> CheckReport:
    project = find_project(path, environment=os.environ)
    settings = Settings.of(project.configuration)
    with progress_line(quiet=quiet) as progress:
        return check(project, settings, options, environment=os.environ, progress=progress)


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


def _reject_urls(*arguments: Path | str | None) -> None:
    """Refuse what may hold a password, without repeating it."""
    if any(_URL.match(str(argument)) for argument in arguments):
        raise UsageError(
            "a URL is no argument: it may hold a password, which every process of this machine could read",
            advice="Put a scratch server's URL into GLOWPLUG_SCRATCH_URL; give a checkout or a migrations directory.",
        )


def _failed(error: GlowplugError) -> CheckReport:
    return conclude((), fail_on=Severity.ERROR, base=None, problem=Problem.of(error))


def _print(report: CheckReport, form: str, verbosity: int, *, colour: bool) -> None:
    """Print the report; who closes the pipe early (``| head``) changes no answer.

    Raises:
        EnvironmentFailure: it can't be written.
    """
    shown = render(report, form, verbosity=verbosity)
    try:
        click.echo(shown, nl=False, color=colour)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python fails again when it flushes
        if not isinstance(error, BrokenPipeError):
            raise EnvironmentFailure(f"the answer can't be written: {error.strerror}") from error
