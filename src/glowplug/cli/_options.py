"""Options that every command has."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

FunctionT = TypeVar("FunctionT", bound="Callable[..., object]")


def everywhere(function: FunctionT) -> FunctionT:
    """Add ``-v``, ``-q`` and ``--color``: the command takes ``verbose``, ``quiet`` and ``color``."""
    for option in (
        click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
        click.option("-q", "--quiet", is_flag=True, help="The verdict alone, and no progress."),
        click.option(
            "-v", "--verbose", count=True, help="More: every migration's outcome, what is accepted, nothing cut."
        ),
    ):
        function = option(function)
    return function


def wants_colour(color: str) -> bool:
    """Whether to paint standard output; NO_COLOR (any value but "") wins over ``auto``."""
    if color != "auto":
        return color == "always"
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and is_terminal(sys.stdout)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that was closed before the start (then it is None) is not."""
    return stream is not None and stream.isatty()
