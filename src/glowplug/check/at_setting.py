"""Where in glowplug.toml the setting stands that a scratch server refuses: the server knows its value alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.check.settings import SETUPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glowplug.check.report import Problem
    from glowplug.check.settings import Settings
    from glowplug.project import Chain

_OF_SCRATCH = re.compile(r"\[scratch\] (\w+)")
_OF_CREATION = (
    "no database with this encoding and collation",
    "the scratch database can't be made",
    "glowplug.toml asks for",
)


def at_setting(problem: Problem, chain: Chain, settings: Settings) -> Problem:
    """Put the problem of ``chain`` where the setting stands that it is about, in the glowplug.toml that is in force.

    One that is about none, or has its place, stays as it is.
    """
    if problem.file is not None:
        return problem
    configuration = settings.configuration
    path = next(_paths(problem, chain, settings), None)
    if path is None:
        return problem
    return replace(problem, file=configuration.shown, line=configuration.line(*path))


def _paths(problem: Problem, chain: Chain, settings: Settings) -> Iterator[Sequence[str | int]]:
    said = "\n".join(filter(None, (problem.message, problem.advice)))
    of_scratch = _OF_SCRATCH.match(problem.message)
    if of_scratch is not None:
        name = of_scratch[1]
        yield "scratch", name, *_element(getattr(settings.scratch, name, None), lambda value: repr(value) in said)
    held = settings.chain(chain.settings.migrations, chain.dialect)
    here = next((index for index, each in enumerate(settings.chains) if each is held), None)
    if here is None:
        return
    for name in SETUPS:
        if problem.message.startswith((f"{name} fails", f"{name} asks for")):
            yield "chain", here, name, *_element(getattr(held, name), said.endswith)
    if problem.message.startswith(_OF_CREATION) or problem.message.endswith("is no character set or collation"):
        given = [name for name in ("collation", "encoding") if getattr(held, name) is not None]
        about = [name for name in given if re.search(rf"(?<!\w){re.escape(getattr(held, name))}(?!\w)", said)]
        yield from (("chain", here, name) for name in (*about, *given))


def _element(values: object, is_meant: Callable[[str], bool]) -> tuple[int, ...]:
    """Give the index of the one of several that is meant; nothing where it is not known which."""
    several = values if isinstance(values, tuple) else ()
    return next(((index,) for index, value in enumerate(several) if is_meant(value)), ())
