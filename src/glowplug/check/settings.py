"""What glowplug.toml says, all rooms' sections together, and what a stranger's change to it may not touch."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads the annotations when it decodes
import enum
from typing import TYPE_CHECKING

import msgspec

from glowplug.check import faults
from glowplug.check.kinds import why_not_weighed
from glowplug.finding import Place
from glowplug.project.configuration import ChainSettings, Configuration
from glowplug.review.settings import ReviewSettings
from glowplug.scratch.settings import ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Finding
    from glowplug.rehearsal.assertions import AssertSettings
    from glowplug.rehearsal.seeding import DataSettings


class Strategy(enum.StrEnum):
    """How this project goes back: by its downs, or only forward."""

    DOWN = "down"
    FORWARD_ONLY = "forward-only"


class RollbackSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[rollback]``."""

    strategy: Strategy = Strategy.DOWN


class AllowSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[allow]]``: a finding accepted without touching the migration's bytes.

    ``rows``: the reason holds while the table has at most so many; ``step``: what was done by hand.
    """

    rule: str
    version: str | None = None
    because: str
    rows: int | None = None
    step: str | None = None
    until: dt.date | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All sections of one glowplug.toml."""

    configuration: Configuration
    chains: tuple[ChainSettings, ...]
    scratch: ScratchSettings
    rollback: RollbackSettings
    review: ReviewSettings
    allow: tuple[AllowSettings, ...]
    data: DataSettings | None = None  # None: glowplug.toml says nothing
    assertions: tuple[AssertSettings, ...] = ()

    @classmethod
    def of(cls, configuration: Configuration) -> Settings:
        """Read every section.

        Raises:
            ConfigurationError: an unknown table or key, a wrong type, a value that is not allowed.
        """
        configuration.reject_unknown(("chain", "scratch", "rollback", "review", "allow", "data", "assert"))
        return cls(
            configuration=configuration,
            chains=configuration.sections("chain", ChainSettings),
            scratch=configuration.section("scratch", ScratchSettings),
            rollback=configuration.section("rollback", RollbackSettings),
            review=ReviewSettings.of(configuration, why_not_weighed),
            allow=configuration.sections("allow", AllowSettings),
            data=_data(configuration),
            assertions=_assertions(configuration),
        )

    @property
    def forward_only(self) -> bool:
        """Whether this project ships no downs."""
        return self.rollback.strategy is Strategy.FORWARD_ONLY

    def allow_lines(self) -> tuple[int | None, ...]:
        """Where each ``[[allow]]`` stands."""
        return tuple(self.configuration.line("allow", index) for index in range(len(self.allow)))

    def chain(self, directory: str) -> ChainSettings:
        """Give the ``[[chain]]`` of a migrations directory; one that is not there says nothing."""
        return next((chain for chain in self.chains if _tidy(chain.migrations) == _tidy(directory)), ChainSettings())


class Cage(msgspec.Struct, frozen=True, kw_only=True):
    """What decides how far a migration's SQL can reach, and which findings are accepted.

    Taken from the base where one is known: the file under attack does not open its own cage.
    """

    settings: Settings

    @property
    def scratch(self) -> ScratchSettings:
        """``[scratch]``."""
        return self.settings.scratch

    @property
    def allow(self) -> tuple[AllowSettings, ...]:
        """Every ``[[allow]]``."""
        return self.settings.allow

    @property
    def review(self) -> ReviewSettings:
        """``[review]``."""
        return self.settings.review

    @property
    def forward_only(self) -> bool:
        """Whether this project ships no downs."""
        return self.settings.forward_only

    def assertions(self, proposed: Settings) -> tuple[AssertSettings, ...]:
        """Give what must hold: the base's and what is proposed beside it, which can only ask for more."""
        return tuple(dict.fromkeys((*self.settings.assertions, *proposed.assertions)))

    def hold(self, own: ChainSettings, directory: str) -> ChainSettings:
        """Give the chain's own settings with the setups that are in force."""
        held = self.settings.chain(directory)
        return msgspec.structs.replace(own, session_setup=held.session_setup, database_setup=held.database_setup)

    def changes(self, proposed: Settings, base: str) -> Iterator[Finding]:
        """Say what ``proposed`` would change."""
        if self.settings is proposed:
            return
        shown = proposed.configuration.shown
        for name in ScratchSettings.__struct_fields__:
            if getattr(proposed.scratch, name) != getattr(self.scratch, name):
                line = proposed.configuration.line("scratch", name)
                yield _changed(f"[scratch] {name}", base, Place(file=shown, line=line))
        directories = {_tidy(chain.migrations): index for index, chain in enumerate(proposed.chains)}
        for directory in sorted(directories.keys() | {_tidy(chain.migrations) for chain in self.settings.chains}):
            for name in ("session_setup", "database_setup"):
                if getattr(proposed.chain(directory), name) != getattr(self.settings.chain(directory), name):
                    index = directories.get(directory)
                    line = None if index is None else proposed.configuration.line("chain", index, name)
                    yield _changed(f"{name} of {directory}", base, Place(file=shown, line=line))
        yield from self._softer_changes(proposed, base)

    def _softer_changes(self, proposed: Settings, base: str) -> Iterator[Finding]:
        """Say what would be judged otherwise, though nothing would reach further."""
        shown = proposed.configuration.shown
        if [_tidy(chain.migrations) for chain in proposed.chains] != [
            _tidy(chain.migrations) for chain in self.settings.chains
        ]:
            yield faults.SETTINGS_CHANGED.found(
                f"which directories are checked differs from {base}",
                place=Place(file=shown, line=proposed.configuration.line("chain")),
                subject="chain",
            )
        for name, header in (("allow", "[[allow]]"), ("rollback", "[rollback]"), ("review", "[review]")):
            if getattr(proposed, name) != getattr(self.settings, name):
                yield faults.SETTINGS_CHANGED.found(
                    f"{header} differs from {base}, and this check goes by {base}: the change counts once it is merged",
                    place=Place(file=shown, line=proposed.configuration.line(name)),
                    subject=name,
                )
        if proposed.data != self.settings.data:
            yield faults.SETTINGS_CHANGED.found(
                f"[data] differs from {base}: with other rows, or fewer, a migration may show other than it would",
                place=Place(file=shown, line=proposed.configuration.line("data")),
                subject="data",
            )
        if not set(proposed.assertions).issuperset(self.settings.assertions):
            yield faults.SETTINGS_CHANGED.found(
                f"an [[assert]] of {base} is gone or another, and this check still asks it: the change counts once "
                "it is merged",
                place=Place(file=shown, line=proposed.configuration.line("assert")),
                subject="assert",
            )


def _data(configuration: Configuration) -> DataSettings | None:
    if "data" not in configuration.tables:
        return None
    from glowplug.rehearsal.seeding import DataSettings  # noqa: PLC0415 - a review makes no rows

    return DataSettings.of(configuration)


def _assertions(configuration: Configuration) -> tuple[AssertSettings, ...]:
    if "assert" not in configuration.tables:
        return ()
    from glowplug.rehearsal.assertions import AssertSettings  # noqa: PLC0415 - a review asks no server

    return configuration.sections("assert", AssertSettings)


def _changed(what: str, base: str, place: Place) -> Finding:
    return faults.CAGE_CHANGED.found(
        f"{what} differs from {base}. It decides how far a migration's SQL can reach on the machine that checks it, so "
        f"this check goes by {base}. Have the change reviewed and merged by itself; to try it on your own machine, "
        "`--base none` trusts the file as it is.",
        place=place,
        subject=what,
    )


def _tidy(directory: str) -> str:
    return "/".join(part for part in directory.split("/") if part not in ("", ".")) or "."
