"""``glowplug cache``: where glowplug keeps what it can make again, how much that is, and an end to it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from glowplug.cli._options import everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.store.shelf import Shelf

_REVIEWS = "reviews"
_PROVED = "proved migrations"
_STATES = "states of databases"
_TEMPLATES = "initialised servers"


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
@everywhere
def show(form: str, *, verbose: int, quiet: bool, color: str) -> None:
    """Show where the cache is, and how much is in it.

    \b
    Examples:
      glowplug cache show
      glowplug cache show --format json
    """
    del verbose, color
    from glowplug.store.place import cache_path  # noqa: PLC0415 - only when it is run

    place = str(cache_path(os.environ))
    sizes = [(name, shelf.size()) for name, shelf in _shelves()]
    if form == "json":
        kept = [{"what": name, "files": size.files, "bytes": size.bytes} for name, size in sizes]
        click.echo(json.dumps({"schema": "glowplug.cache/1", "directory": place, "kept": kept}, indent=2))
        return
    click.echo(place)
    width = max(len(name) for name, _ in sizes)
    for name, size in sizes:
        click.echo(f"  {name:<{width}}  {size.files:>6} files  {_shown(size.bytes):>10}")
    if not quiet:
        click.echo("`glowplug cache clear` removes these; servers that were installed stay.")


@command.command()
@everywhere
def clear(*, verbose: int, quiet: bool, color: str) -> None:
    """Remove what was kept, installed servers aside.

    The next check proves everything anew. A run that is under way is not disturbed.

    \b
    Examples:
      glowplug cache clear
    """
    del verbose, color
    removed = [shelf.clear() for _, shelf in _shelves()]
    if not quiet:
        files, size = sum(each.files for each in removed), sum(each.bytes for each in removed)
        click.echo(f"removed {files} files, {_shown(size)}")


def _shelves() -> Iterator[tuple[str, Shelf]]:
    from glowplug.rehearsal.proved import shelf_of as proved  # noqa: PLC0415 - only when it is run
    from glowplug.review.cache import Cache  # noqa: PLC0415 - the same
    from glowplug.scratch.checkpoint import shelf_of as states  # noqa: PLC0415 - the same
    from glowplug.scratch.template import shelf_of as templates  # noqa: PLC0415 - the same

    yield _REVIEWS, Cache.of(os.environ).shelf
    yield _PROVED, proved(os.environ)
    yield _STATES, states(os.environ)
    yield _TEMPLATES, templates(os.environ)


def _shown(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
