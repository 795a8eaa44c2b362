"""Options that every command has."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

FunctionT = TypeVar("FunctionT", bound="Callable[..., object]")


class Count(click.IntRange):
    """A whole number in a range, and errors that call it so."""

    name = "whole number"


def everywhere(
    *, verbose: str | None = None, quiet: str | None = None, color: bool = False
) -> Callable[[FunctionT], FunctionT]:
    """Add ``-v``, ``-q`` and ``--color``: the command takes ``verbose``, ``quiet`` and ``color``.

    Each is taken everywhere; a command's help shows those that change something there: what it says of ``verbose`` and
    ``quiet``, and ``color`` where it paints.
    """
    colors = click.Choice(["auto", "always", "never"])
    options = (
        click.option("--color", type=colors, default="auto", show_default=True, hidden=not color),
        click.option("-q", "--quiet", is_flag=True, help=quiet, hidden=quiet is None),
        click.option("-v", "--verbose", count=True, help=verbose, hidden=verbose is None),
    )

    def add(function: FunctionT) -> FunctionT:
        for option in options:
            function = option(function)
        return function

    return add


def wants_colour(color: str) -> bool:
    """Whether to paint standard output; NO_COLOR (any value but "") wins over ``auto``."""
    if color != "auto":
        return color == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and is_terminal(sys.stdout)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that was closed before the start (then it is None) is not."""
    return stream is not None and stream.isatty()
