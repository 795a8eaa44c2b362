"""``glowplug lint``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glowplug.check.check import check
from glowplug.check.settings import Settings
from glowplug.check.terms import Options, Part
from glowplug.cli._answer import Documented, answer, of_answers, reject_urls
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Severity
from glowplug.project.discovery import find_project

if TYPE_CHECKING:
    from glowplug.check.report import CheckReport


@click.command(cls=Documented)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH | FILES...]")
@click.option(
    "--backend",
    type=click.Choice([dialect.value for dialect in Dialect]),
    help="Of FILES that stand in no migrations directory.",
)
@of_answers
def command(
    *,
    paths: tuple[Path, ...],
    backend: str | None,
    base: str | None,
    since: str | None,
    everything: bool,
    fail_on: str,
    form: str,
    verbose: int,
    quiet: bool,
    color: str,
) -> int:
    """Review every migration for known hazards: no database, no server.

    Reads the Diesel checkout at PATH (default: around the working directory), every statement with the schema before
    it. Of FILES, the chain around them is read, and what is found in them alone is shown.

    \b
    Examples:
      glowplug lint
      glowplug lint --all path/to/checkout
      glowplug lint migrations/2024-01-01-000000_users/up.sql
      glowplug lint --backend postgres seed.sql
    """

    def look() -> CheckReport:
        reject_urls(*paths, base, since)
        options = Options(
            base=base,
            since=since,
            everything=everything,
            fail_on=Severity(fail_on),
            parts=frozenset({Part.REVIEW}),
        )
        return _lint(paths, None if backend is None else Dialect(backend), options)

    return answer(look, form, verbosity=verbose - quiet, color=color)


def _lint(paths: tuple[Path, ...], backend: Dialect | None, options: Options) -> CheckReport:
    if not paths or (len(paths) == 1 and not _is_chosen(paths[0])):
        project = find_project(paths[0] if paths else None, environment=os.environ)
    else:
        from glowplug.check.files import choose  # noqa: PLC0415 - only where files are named

        chosen = choose(paths, backend=backend, environment=os.environ)
        project = chosen.project
        options = options.for_files(chosen.files, alone=chosen.alone)
    return check(project, Settings.of(project.configuration), options, environment=os.environ)


def _is_chosen(path: Path) -> bool:
    """Whether this is a file, or a directory that is one migration."""
    return path.is_file() or (path / Direction.UP.file_name).is_file()
