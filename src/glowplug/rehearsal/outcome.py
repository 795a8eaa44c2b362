"""What a rehearsal showed, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.broken import BrokenObject, UnaskedObject  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.database.interface import SqlError  # noqa: TC001 - the same
from glowplug.dialect import Direction  # noqa: TC001 - the same
from glowplug.project.migration import Migration  # noqa: TC001 - the same
from glowplug.rehearsal.measured import Measurement  # noqa: TC001 - the same
from glowplug.schema.diff import Difference  # noqa: TC001 - the same
from glowplug.schema.model import SchemaObject  # noqa: TC001 - the same
from glowplug.schema.noise import Noise  # noqa: TC001 - the same

if TYPE_CHECKING:
    from glowplug.rehearsal.assertions import Broken


class Outcome(enum.StrEnum):
    """What became of one migration's up, down and up again."""

    RESTORED = "restored"
    DIFFERS = "differs"
    DOWN_FAILED = "down_failed"
    NO_DOWN = "no_down"
    EMPTY_DOWN = "empty_down"
    UP_FAILED = "up_failed"
    NOT_REACHED = "not_reached"


class SecondUp(enum.StrEnum):
    """What became of the up that ran again after the down."""

    EQUAL = "equal"
    DIFFERS = "differs"
    FAILED = "failed"


class WayDown(enum.StrEnum):
    """What became of reverting everything that was recorded."""

    COMPLETE = "complete"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepError:
    """A file that failed: which one, by its path from the project's root, and what the server said."""

    direction: Direction
    file: str
    error: SqlError


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """Up, down, up of one migration.

    ``second_up`` is None unless a down ran; ``error`` is of the step that failed; ``differences`` are what the down
    left different from before the up, noise aside; where the up failed, what it left behind all the same; where the
    down failed, what it had made of the schema that the up left.
    ``leaves_broken``: what can be used no more after the up, and could before; ``down_leaves_broken``: after the down.
    ``leaves_unasked`` and ``down_leaves_unasked``: of what the server did not tell that.
    ``measurement``: what it locks, and what becomes of rows, where that was asked for. ``cached``: proved earlier.
    """

    migration: Migration
    outcome: Outcome
    second_up: SecondUp | None = None
    second_up_differences: tuple[Difference, ...] = ()
    empty_down_runs: bool | None = None
    error: StepError | None = None
    differences: tuple[Difference, ...] = ()
    noise: tuple[Noise, ...] = ()
    leaves_broken: tuple[BrokenObject, ...] = ()
    down_leaves_broken: tuple[BrokenObject, ...] = ()
    leaves_unasked: tuple[UnaskedObject, ...] = ()
    down_leaves_unasked: tuple[UnaskedObject, ...] = ()
    measurement: Measurement | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainDown:
    """The whole way down, from what the database had recorded.

    ``failed_at`` is a version; ``left`` are objects that are still there after ``COMPLETE``, ``lost`` what was there
    before the first migration and is gone or changed; ``why`` says why it was skipped.
    """

    outcome: WayDown
    reverted: int = 0
    failed_at: str | None = None
    error: StepError | None = None
    left: tuple[SchemaObject, ...] = ()
    lost: tuple[Difference, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Versions that ran and are not recorded; ``culprit``: whose up made it so, None where that did not show again."""

    versions: tuple[str, ...]
    culprit: Migration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """All round trips of a chain in its order, and the way down."""

    round_trips: tuple[RoundTrip, ...]
    chain_down: ChainDown
    recorded: tuple[str, ...]  # what the bookkeeping table held before the way down, in the order of revert
    forgotten: Forgotten | None = None
    broken: tuple[Broken, ...] = ()  # assertions that do not hold at the chain's end

    @property
    def stopped(self) -> RoundTrip | None:
        """The migration at which the way up ends: its up failed, and Diesel's next run does not pass it by."""
        runnable = [trip for trip in self.round_trips if trip.migration.runnable]
        reached = [trip for trip in runnable if trip.outcome is not Outcome.NOT_REACHED]
        if not reached or reached[-1].outcome is not Outcome.UP_FAILED:
            return None
        is_passed_by = len(reached) == len(runnable) and reached[-1].migration.version in self.recorded
        return None if is_passed_by else reached[-1]
