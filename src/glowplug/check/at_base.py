"""What the base's glowplug.toml says that no server can be taken by: then this one says it, and a finding tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.settings import Settings
from glowplug.finding import Place
from glowplug.project.configuration import FILE_NAME
from glowplug.project.server_version import wrong_with
from glowplug.scratch.settings import SECTION, wrong_with_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.project.configuration import Configuration


def usable_of(base: Settings, proposed: Settings, chains: Sequence[Chain]) -> tuple[Settings, tuple[Finding, ...]]:
    """Put what ``proposed`` says in the place of each server_version that the chain's servers never had.

    Here it is refused. Refused at the base, it could be mended by no change that is compared with the base.
    """
    instead: dict[int, str | None] = {}
    found = []
    for chain in chains:
        held = base.chain(chain.settings.migrations, chain.dialect)
        problem = None if held.server_version is None else wrong_with(held.server_version, chain.dialect)
        if problem is None:
            continue
        here = proposed.chain(chain.settings.migrations, chain.dialect).server_version
        instead[next(index for index, each in enumerate(base.chains) if each is held)] = here
        way = "as if none were said, as here" if here is None else f'by "{here}", which is said here'
        found.append(
            faults.SETTINGS_UNUSABLE.found(
                f"{base.configuration.shown}: {problem}. Until that is mended there, this check goes {way}",
                place=Place(file=proposed.configuration.shown),
                subject=f"server_version of {chain.directory}",
            )
        )
    return (Settings.of(_with(base.configuration, instead)) if instead else base), tuple(found)


def with_a_size(base: Configuration) -> tuple[Configuration, tuple[Finding, ...]]:
    """Leave out a size_limit that is none, or less than an empty server takes: then the default is in force."""
    scratch = base.tables.get(SECTION)
    size = scratch.get("size_limit") if isinstance(scratch, dict) else None
    problem = wrong_with_size(size) if isinstance(size, int | str) else None
    if problem is None:
        return base, ()
    found = faults.SETTINGS_UNUSABLE.found(
        f"{base.shown}: {problem}. Until that is mended there, this check goes by the default",
        place=Place(file=FILE_NAME),
        subject="size_limit",
    )
    kept = {name: value for name, value in base.tables[SECTION].items() if name != "size_limit"}
    return replace(base, tables={**base.tables, SECTION: kept}), (found,)


def _with(configuration: Configuration, versions: Mapping[int, str | None]) -> Configuration:
    tables = [dict(table) for table in configuration.tables["chain"]]
    for index, version in versions.items():
        tables[index].pop("server_version")
        tables[index] |= {} if version is None else {"server_version": version}
    return replace(configuration, tables={**configuration.tables, "chain": tables})
