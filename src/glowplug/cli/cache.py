"""``glowplug cache``: where glowplug keeps what it can make again, how much that is, and an end to it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from glowplug.cli._options import everywhere
from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.store.shelf import Shelf

_REVIEWS = "reviews"
_PROVED = "proved migrations"
_STATES = "states of databases"
_TEMPLATES = "initialised servers"
_ADVICE = "Set GLOWPLUG_CACHE_DIR to a directory of your own, which you can write to and others can't."


@click.group()
def command() -> None:
    """Show and clear what is kept between runs.

    \b
    Examples:
      glowplug cache show
      glowplug cache clear
    """


@command.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@everywhere(quiet="The figures alone: no advice.")
def show(form: str, *, verbose: int, quiet: bool, color: str) -> None:
    """Show where the cache is, and how much is in it.

    \b
    Examples:
      glowplug cache show
      glowplug cache show --format json
    """
    del verbose, color
    from glowplug.store.place import cache_path  # noqa: PLC0415 - only when it is run

    place = cache_path(os.environ)
    problem, shelves = _problem(place), list(_shelves())
    sizes = [(name, shelf.size(), _problem_of(shelf)) for name, shelf in shelves]
    if form == "json":
        kept = [{"what": name, "files": size.files, "bytes": size.bytes, "problem": own} for name, size, own in sizes]
        document = {"schema": "glowplug.cache/1", "directory": str(place), "problem": problem, "kept": kept}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(place)
    if problem:
        click.echo(f"  {problem}")
    width = max(len(name) for name, _ in shelves)
    for name, size, own in sizes:
        amount = f"{size.files:>6} {'file ' if size.files == 1 else 'files'}  {_shown(size.bytes):>10}"
        if not problem or not own:
            click.echo(f"  {name:<{width}}  {own or amount}")
    if not quiet:
        known = not problem and not any(own for _, _, own in sizes)
        click.echo("`glowplug cache clear` removes these; servers that were installed stay." if known else _ADVICE)


@command.command()
@everywhere(quiet="Nothing but an error.")
def clear(*, verbose: int, quiet: bool, color: str) -> None:
    """Remove what was kept, installed servers aside.

    The next check proves everything anew. A run that is under way is not disturbed.

    \b
    Examples:
      glowplug cache clear
    """
    del verbose, color
    from glowplug.store.place import cache_path, why_unusable  # noqa: PLC0415 - only when it is run

    place = cache_path(os.environ)
    if not os.path.lexists(place) and (reason := why_unusable(place)):
        raise EnvironmentFailure(f"the cache directory {place} can't be used: {reason}", advice=_ADVICE)
    shelves = [shelf for _, shelf in _shelves()]
    removed = [shelf.clear() for shelf in shelves]
    for directory in (place, *(shelf.directory for shelf in shelves)):
        if directory is not None and os.path.lexists(directory) and (reason := why_unusable(directory)):
            raise EnvironmentFailure(f"what lies in {directory} was not removed: {reason}", advice=_ADVICE)
    if not quiet:
        files, size = sum(each.files for each in removed), sum(each.bytes for each in removed)
        click.echo(f"removed {files} {'file' if files == 1 else 'files'}, {_shown(size)}")


def _shelves() -> Iterator[tuple[str, Shelf]]:
    from glowplug.rehearsal.proved import shelf_of as proved  # noqa: PLC0415 - only when it is run
    from glowplug.review.cache import Cache  # noqa: PLC0415 - the same
    from glowplug.scratch.checkpoint import shelf_of as states  # noqa: PLC0415 - the same
    from glowplug.scratch.template import shelf_of as templates  # noqa: PLC0415 - the same

    yield _REVIEWS, Cache.of(os.environ).shelf
    yield _PROVED, proved(os.environ)
    yield _STATES, states(os.environ)
    yield _TEMPLATES, templates(os.environ)


def _problem(place: Path) -> str | None:
    from glowplug.store.place import why_untrusted, why_unusable  # noqa: PLC0415 - only when it is run

    reason = why_unusable(place)
    if reason is not None:
        return f"can't be used: {reason}"
    distrust = why_untrusted(place.stat()) if place.exists() else None
    return None if distrust is None else f"no server is started with it: {distrust}"


def _problem_of(shelf: Shelf) -> str | None:
    from glowplug.store.place import why_unusable  # noqa: PLC0415 - only when it is run

    reason = None if shelf.directory is None else why_unusable(shelf.directory)
    return None if reason is None else f"can't be used: {reason}"


def _shown(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
