"""What looks like a chain and is not checked, and what to say where there is none at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import NothingToCheck, UsageError
from glowplug.project.checkout import MIGRATIONS, migrations_directory
from glowplug.project.other_tools import other_tool
from glowplug.project.search import tree_of
from glowplug.project.tree import as_diesel_prints, is_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glowplug.finding import Finding
    from glowplug.project.checkout import Checkout

SAY_SO = "If it is Diesel's, name the chains in glowplug.toml ([[chain]])."


def shown_from(path: Path, root: Path) -> str:
    """Give a path as messages name it."""
    return as_diesel_prints(Path(os.path.relpath(path, root)).as_posix())


def of_another_tool(directory: Path, crate: str, manifest: Path, root: Path) -> str:
    """Say whose migrations these are."""
    return (
        f"{shown_from(directory, root)} holds migrations of {crate}, which {shown_from(manifest, root)} depends on, "
        "and not on diesel"
    )


def unnamed(directories: Sequence[str], tables: str) -> str:
    """Say of directories that nothing tells they are chains; ``tables`` are of these and of all that is one."""
    one = len(directories) == 1
    holds, is_not, called, it = (
        ("holds", "is not", "it is not", "it") if one else ("hold", "are not", "none is", "them")
    )
    return (
        f"{', '.join(directories)} {holds} migrations as Diesel lays them, and {is_not} checked: {called} called "
        f"migrations, and no diesel.toml names {it}. Say in glowplug.toml which chains are Diesel's, and no others, "
        f"with the backend that is right, which replaces the search:\n{tables}"
    )


def nothing(checkout: Checkout, unread: Iterable[Finding], others: Sequence[str]) -> UsageError:
    """Say that there is nothing to check, and whose migrations there are instead, if any.

    ``others`` are directories which hold migrations, and which nothing names.
    """
    told = migrations_directory(checkout)
    places = [told.path if told else None, checkout.upward, checkout.start / MIGRATIONS, checkout.start]
    present = list(dict.fromkeys(place for place in places if place is not None and is_directory(place)))
    for place in present:
        found = other_tool(tree_of(place, checkout.root))
        if found:
            tool, example = found
            return UsageError(
                f"{shown_from(place, checkout.root)} holds migrations of {tool} ({example}), not of Diesel, which "
                "keeps each in a directory with an up.sql"
            )
    message = f"there are no Diesel migrations in {checkout.start}, above or below it"
    advice: str | None = "Run glowplug in a Diesel checkout, or give it one: glowplug check PATH"
    if present and present[0] != checkout.start:
        message, advice = f"{shown_from(present[0], checkout.root)} holds no migration", None
    if others:
        advice = (
            f"Migrations as Diesel lays them are in {', '.join(others)}, which nothing names: give the directory as "
            "PATH, or name it in glowplug.toml ([[chain]])."
        )
    return NothingToCheck("\n".join((message, *(one.message for one in unread))), advice=advice)
