"""What ``check`` and ``lint`` share: their options, and one answer whatever happens."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import click
from msgspec import structs

from glowplug.check.report import Problem, conclude
from glowplug.cli._options import everywhere, wants_colour
from glowplug.cli._secrets import holds_url, masked
from glowplug.errors import EnvironmentFailure, GlowplugError, UsageError
from glowplug.finding import Severity
from glowplug.report import FORMATS, render
from glowplug.report.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glowplug.check.report import CheckReport
    from glowplug.cli._options import FunctionT

REPORT_IT = "This is a bug of glowplug's, and no verdict on the migrations: please report it with the trace above."


class Documented(click.Command):
    """Prints a document where one is asked for, even if the rest of the command line makes no sense."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, and refuse to say both more and less."""
        wanted = "--format=json" in args or ("--format", "json") in pairwise(args)
        try:
            return self._parsed(ctx, args)
        except click.UsageError as error:
            if wanted:
                _print(_failed(UsageError(error.format_message())), "json", 0, colour=False)
            raise

    def _parsed(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        if ctx.params.get("verbose") and ctx.params.get("quiet"):
            raise click.UsageError("-v asks for more and -q for less: leave one of them out.", ctx)
        return rest


def of_answers(function: FunctionT) -> FunctionT:
    """Add the options that decide what counts and how it is shown, and those that every command has."""
    function = everywhere(
        verbose="More: every migration's outcome, what is accepted, nothing cut.",
        quiet="The verdict alone, and no progress.",
        color=True,
    )(function)
    for option in (
        click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True),
        click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error", show_default=True),
        click.option("--all", "everything", is_flag=True, help="Let history count too."),
        click.option("--since", metavar="VERSION|REF", help="New is what comes after this version or git ref."),
        click.option("--base", metavar="REF", help="The git ref to compare with; `none`: all is new."),
    ):
        function = option(function)
    return function


def answer(look: Callable[[], CheckReport], form: str, *, verbosity: int, color: str) -> int:
    """Look, print the answer, and give its exit code; a bug of glowplug's is no verdict."""
    try:
        report = look()
        if report.problem is not None:
            report = structs.replace(report, problem=_masked(report.problem))
    except GlowplugError as error:
        report = _failed(error)
    except Exception as bug:  # noqa: BLE001 - exit 1 is a verdict; a bug of glowplug's is none
        import traceback  # noqa: PLC0415 - it brings a tokenizer that no verdict needs

        click.echo(harmless(traceback.format_exc()), err=True)
        report = _failed(EnvironmentFailure(f"glowplug itself failed: {type(bug).__name__}: {bug}", advice=REPORT_IT))
    for chain in report.chains:
        if chain.problem is not None and chain.problem.trace is not None:
            click.echo(harmless(chain.problem.trace), err=True)
    _print(report, form, verbosity, colour=wants_colour(color))
    return report.exit_code


def reject_urls(*arguments: Path | str | None) -> None:
    """Refuse what may hold a password, without repeating it.

    Raises:
        UsageError: there is one.
    """
    if any(map(holds_url, arguments)):
        raise UsageError(
            "a URL is no argument: it may hold a password, which every process of this machine could read",
            advice="Put a scratch server's URL into GLOWPLUG_SCRATCH_URL; give a checkout or a migrations directory.",
        )


def _failed(error: GlowplugError) -> CheckReport:
    problem = Problem.of(error)
    if isinstance(error, UsageError):
        problem = _masked(problem)
    return conclude((), fail_on=Severity.ERROR, base=None, problem=problem)


def _masked(problem: Problem) -> Problem:
    advice = None if problem.advice is None else masked(problem.advice)
    return structs.replace(problem, message=masked(problem.message), advice=advice)


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
