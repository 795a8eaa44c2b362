"""Where in glowplug.toml the setting stands that a scratch server refuses: the server knows its value alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.scratch.settings import SECTION as SCRATCH

if TYPE_CHECKING:
    from glowplug.check.report import Problem
    from glowplug.check.settings import Settings
    from glowplug.errors import Setting
    from glowplug.project import Chain


def at_setting(problem: Problem, chain: Chain, settings: Settings) -> Problem:
    """Put the problem of ``chain`` where the setting stands that it is about, in the glowplug.toml that is in force.

    One that is about none, or has its place, stays as it is.
    """
    if problem.file is not None or problem.setting is None:
        return problem
    configuration = settings.configuration
    path = _path(problem.setting, chain, settings)
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
