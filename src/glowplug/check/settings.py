"""What glowplug.toml says, all rooms' sections together, and what a stranger's change to it may not touch."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads the annotations when it decodes
import enum
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.allow import known_rules
from glowplug.check.kinds import why_not_weighed
from glowplug.finding import Place, Related
from glowplug.project.backend import foreign_keys_set
from glowplug.project.configuration import ChainSettings, Configuration
from glowplug.review.settings import ReviewSettings
from glowplug.scratch.settings import ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.dialect import Dialect
    from glowplug.finding import Fault, Finding
    from glowplug.project import Chain
    from glowplug.rehearsal.assertions import AssertSettings
    from glowplug.rehearsal.seeding import DataSettings


SETUPS = ("session_setup", "database_setup")
"""Keys of a ``[[chain]]`` that decide how far a migration's SQL can reach."""

OF_PRODUCTION = ("server_version", "encoding", "collation")
"""Keys of a ``[[chain]]`` that decide by which server a migration is judged."""


_HEADERS = {"allow": "[[allow]]", "rollback": "[rollback]", "review": "[review]"}

COUNTS_LATER = (
    "counts once it is merged; before that, `--base none` tries it on your own machine, with `--since VERSION` for "
    "what is new"
)
"""When a change to glowplug.toml counts, and what to do before that."""


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
            scratch=ScratchSettings.of(configuration),
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
        """Where each ``[[allow]]`` stands; of one whose rule there is not, where the rule does."""
        known = known_rules()
        keys = (() if each.rule in known else ("rule",) for each in self.allow)
        return tuple(self.configuration.line("allow", index, *key) for index, key in enumerate(keys))

    def chain(self, directory: str, dialect: Dialect | None) -> ChainSettings:
        """Give the ``[[chain]]`` of a migrations directory on one backend; one that is not there says nothing."""
        here = (chain for chain in self.chains if _tidy(chain.migrations) == _tidy(directory))
        fitting = (chain for chain in here if dialect is None or chain.backend in {None, dialect})
        return next(fitting, ChainSettings())


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

    def hold(self, chain: Chain) -> Chain:
        """Give the chain with the settings that are in force, and what follows from them."""
        held = self.settings.chain(chain.settings.migrations, chain.dialect)  # as it was said: it may be a link
        settings = replace(chain.settings, **{name: getattr(held, name) for name in (*SETUPS, *OF_PRODUCTION)})
        built = chain.foreign_keys_built
        if built is None:
            return replace(chain, settings=settings)
        said = foreign_keys_set(settings.session_setup, self.settings.configuration.shown)
        return replace(chain, settings=settings, foreign_keys=said or built)

    def changes(self, proposed: Settings, base: str) -> Iterator[Finding]:
        """Say what ``proposed`` would change."""
        if self.settings is proposed:
            return
        of_chains = list(self._chain_changes(proposed))
        reach = [(f"[scratch] {name}", place) for name, place in self._scratch_changes(proposed)]
        reach += [(what, place) for name, what, place in of_chains if name in SETUPS]
        yield from _differing(
            faults.CAGE_CHANGED,
            reach,
            base,
            f". That decides how far a migration's SQL can reach on the machine that checks it, so this check goes by "
            f"{base}. Have the change reviewed and merged by itself: it {COUNTS_LATER}.",
        )
        softer = [(what, place) for name, what, place in of_chains if name in OF_PRODUCTION]
        softer += self._softer_changes(proposed)
        yield from _differing(
            faults.SETTINGS_CHANGED, softer, base, f", and this check goes by {base}: the change {COUNTS_LATER}"
        )
        yield from self._other_changes(proposed, base)

    def _scratch_changes(self, proposed: Settings) -> Iterator[tuple[str, Place]]:
        for name in ScratchSettings.__struct_fields__:
            if getattr(proposed.scratch, name) != getattr(self.scratch, name):
                line = proposed.configuration.line("scratch", name)
                yield name, Place(file=proposed.configuration.shown, line=line)

    def _chain_changes(self, proposed: Settings) -> Iterator[tuple[str, str, Place]]:
        """Give each key of a ``[[chain]]`` that ``proposed`` would change: its name, how it is called, and where."""
        told: set[str] = set()
        for directory, dialect in _of_all((*self.settings.chains, *proposed.chains)):
            before, now = (settings.chain(directory, dialect) for settings in (self.settings, proposed))
            for name in (*SETUPS, *OF_PRODUCTION):
                what = f"{name} of {directory}"
                if getattr(before, name) != getattr(now, name) and what not in told:
                    told.add(what)
                    index = next((index for index, chain in enumerate(proposed.chains) if chain is now), None)
                    line = None if index is None else proposed.configuration.line("chain", index, name)
                    yield name, what, Place(file=proposed.configuration.shown, line=line)

    def _softer_changes(self, proposed: Settings) -> Iterator[tuple[str, Place]]:
        """Give what would be judged otherwise, though nothing would reach further."""
        for name in _HEADERS:
            if getattr(proposed, name) != getattr(self.settings, name):
                yield name, Place(file=proposed.configuration.shown, line=proposed.configuration.line(name))

    def _other_changes(self, proposed: Settings, base: str) -> Iterator[Finding]:
        """Say of each what comes of it."""
        shown = proposed.configuration.shown
        if proposed.data != self.settings.data:
            yield faults.SETTINGS_CHANGED.found(
                f"[data] differs from {base}: with other rows, or fewer, a migration may show other than it would",
                place=Place(file=shown, line=proposed.configuration.line("data")),
                subject="data",
            )
        if not set(proposed.assertions).issuperset(self.settings.assertions):
            yield faults.SETTINGS_CHANGED.found(
                f"an [[assert]] of {base} is gone or another, and this check still asks it: the change {COUNTS_LATER}",
                place=Place(file=shown, line=proposed.configuration.line("assert")),
                subject="assert",
            )


def _differing(fault: Fault, changes: Sequence[tuple[str, Place]], base: str, consequence: str) -> Iterator[Finding]:
    """Say once what follows from all of these, each of which stands at its place."""
    if not changes:
        return
    (_, place), *others = changes
    names = [_HEADERS.get(what, what) for what, _ in changes]
    listed = ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]
    found = fault.found(
        f"{listed} {'differ' if names[1:] else 'differs'} from {base}{consequence}",
        place=place,
        subject=", ".join(what for what, _ in changes),
    )
    related = (
        Related(place=each, message=f"{name} differs") for name, (_, each) in zip(names[1:], others, strict=True)
    )
    yield replace(found, related=tuple(related))


def _of_all(chains: Sequence[ChainSettings]) -> list[tuple[str, Dialect | None]]:
    """Name each ``[[chain]]`` once, by its directory and backend."""
    named = {(_tidy(chain.migrations), chain.backend) for chain in chains}
    return sorted(named, key=lambda one: (one[0], one[1] or ""))


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


def _tidy(directory: str) -> str:
    return "/".join(part for part in directory.split("/") if part not in ("", ".")) or "."
