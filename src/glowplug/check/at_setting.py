"""Where in glowplug.toml the setting stands that a scratch server refuses: the server knows its value alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.check.settings import SETUPS
from glowplug.database.creation import refused_setting
from glowplug.scratch.settings import SECTION as SCRATCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.check.report import Problem
    from glowplug.check.settings import Settings
    from glowplug.errors import Setting
    from glowplug.project import Chain

_OF_SCRATCH = re.compile(r"\[scratch\] (\w+)")
_OF_CREATION = "no database with this encoding and collation"


def at_setting(problem: Problem, chain: Chain, settings: Settings) -> Problem:
    """Put the problem of ``chain`` where the setting stands that it is about, in the glowplug.toml that is in force.

    One that is about none, or has its place, stays as it is.
    """
    if problem.file is not None:
        return problem
    configuration = settings.configuration
    setting = problem.setting or _in_words(problem, chain, settings)
    path = None if setting is None else _path(setting, chain, settings)
    if path is None:
        return problem
    return replace(problem, file=configuration.shown, line=configuration.line(*path))


def _path(setting: Setting, chain: Chain, settings: Settings) -> Setting | None:
    """Give the key from the document down; None where glowplug.toml has no such chain."""
    if setting[0] == SCRATCH:
        return setting
    held = settings.chain(chain.settings.migrations, chain.dialect)
    here = next((index for index, each in enumerate(settings.chains) if each is held), None)
    return None if here is None else ("chain", here, *setting)


def _in_words(problem: Problem, chain: Chain, settings: Settings) -> Setting | None:
    """Find the setting of an error that carries none, by what it says."""
    said = "\n".join(filter(None, (problem.message, problem.advice)))
    of_scratch = _OF_SCRATCH.match(problem.message)
    if of_scratch is not None:
        name = of_scratch[1]
        return SCRATCH, name, *_element(getattr(settings.scratch, name, None), lambda value: repr(value) in said)
    held = settings.chain(chain.settings.migrations, chain.dialect)
    for name in SETUPS:
        if problem.message.startswith((f"{name} fails", f"{name} asks for")):
            return name, *_element(getattr(held, name), said.endswith)
    if problem.message.startswith(_OF_CREATION):
        return refused_setting(said, encoding=held.encoding, collation=held.collation)
    return None


def _element(values: object, is_meant: Callable[[str], bool]) -> tuple[int, ...]:
    """Give the index of the one of several that is meant; nothing where it is not known which."""
    several = values if isinstance(values, tuple) else ()
    return next(((index,) for index, value in enumerate(several) if is_meant(value)), ())
