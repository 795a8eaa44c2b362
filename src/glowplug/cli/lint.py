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
from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.project.discovery import find_project

if TYPE_CHECKING:
    from glowplug.check.report import CheckReport


@click.command(cls=Documented)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH | FILES...]")
@click.option(
    "--backend",
    type=click.Choice([dialect.value for dialect in Dialect]),
    help="Of FILES that stand in no migrations directory, and of `-`.",
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
    it. Of FILES, the chain around them is read, and what is found in them alone is shown. `-` is standard input; a pipe
    that has a name, or a device, is not read.

    \b
    Examples:
      glowplug lint
      glowplug lint --all path/to/checkout
      glowplug lint migrations/2024-01-01-000000_users/up.sql
      glowplug lint --backend postgres seed.sql
      git show other:seed.sql | glowplug lint --backend postgres -
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
    from glowplug.check.files import choose, is_file_or_migration  # noqa: PLC0415 - only where it is run

    if not paths or (len(paths) == 1 and not is_file_or_migration(paths[0])):
        project = find_project(paths[0] if paths else None, environment=os.environ)
    else:
        chosen = choose(paths, backend=backend, environment=os.environ)
        project = chosen.project
        options = options.for_files(chosen.files, alone=chosen.alone)
    return check(project, Settings.of(project.configuration), options, environment=os.environ)
