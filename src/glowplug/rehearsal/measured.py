"""What a migration was measured to do to rows, and what it locks: values, with no opinion in them."""

from __future__ import annotations

import enum

import msgspec

from glowplug.database.interface import SqlError  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.database.trace import Trace  # noqa: TC001 - the same
from glowplug.dialect import Direction  # noqa: TC001 - the same
from glowplug.rehearsal.seeds import DIRECTORY as SEEDS


class DataOutcome(enum.StrEnum):
    """What becomes of rows on the way up and the way back; the worst of both, over rows written before and after."""

    LOSSLESS = "lossless"
    LOSSY = "lossy"
    IRREVERSIBLE = "irreversible"
    FAILS_ON_DATA = "fails_on_data"
    NOT_MEASURED = "not_measured"


class How(enum.StrEnum):
    """What became of a value or row."""

    DROPPED = "dropped"
    NULLED = "nulled"
    DEFAULTED = "defaulted"  # it came back as the column's default, the same in every row
    CHANGED = "changed"
    DELETED = "deleted"


class When(enum.StrEnum):
    """When rows were written: before the up, or through the new schema after it."""

    BEFORE = "before"
    AFTER = "after"


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One value, before and after; text, shortened; None is NULL or nothing."""

    before: str | None
    after: str | None


class Cause(enum.StrEnum):
    """Why values are taken for lost by the up."""

    ALIKE = "alike"  # they stand where they were, but others became the same, and nothing tells which were which
    UNTOLD = "untold"  # each became another of its own: whether a down could make it back, the rows do not tell


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Values that are no more: of ``rows`` rows out of ``of`` of a table, all of them or one ``column``.

    ``by``: which file loses them. ``expected``: what a down takes away of the up's own new table or column.
    ``cause``: why it is the up's doing, where that is not plain to see.
    """

    table: str
    column: str | None
    by: Direction
    how: How
    rows: int
    of: int
    written: When
    examples: tuple[Example, ...] = ()
    expected: bool = False
    cause: Cause | None = None


class NotSeeded(msgspec.Struct, frozen=True, kw_only=True):
    """A table with no rows, or fewer than were asked for, and why; or a file of ``seeds/``, with its error's line."""

    table: str
    why: str
    line: int | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file of ``seeds/``."""
        return self.table.startswith(f"{SEEDS}/") and self.table.endswith(".sql")


class Finds(enum.StrEnum):
    """What a query for production gives of the rows that a file refuses for one thing."""

    ALL = "all"  # each such row, and no other
    SOME = "some"  # those like the one that was tried; others may be refused as well
    PERHAPS = "perhaps"  # rows that may be refused: what the file's own conditions leave out, it does not ask


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A file that works with plain rows and fails where a row is like this one.

    ``value`` says what it is in words ("NULL", "a text of 200 characters", "two equal values"), ``query`` finds such
    rows in production: a SELECT that gives rows where the file would fail, None where none is known; ``finds`` how
    many of them. ``more``: the search for what is refused came to its end before all rows were tried. ``world``: the
    setting under which it was seen, where that is not the configured one (``foreign_keys = OFF``, ``strict mode``).
    ``enough``: so few plain rows of a table make it fail, whatever was tried in them; None: that was not seen.
    """

    direction: Direction
    error: SqlError
    table: str | None = None
    column: str | None = None
    value: str | None = None
    query: str | None = None
    finds: Finds = Finds.ALL
    written: When = When.BEFORE
    world: str | None = None
    enough: int | None = None
    more: bool = False


class Reversibility(enum.StrEnum):
    """What the text of a migration says of its way back, without a server."""

    LOSSLESS = "lossless"
    LOSSY = "lossy"
    IRREVERSIBLE = "irreversible"
    UNKNOWN = "unknown"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A file that failed on rows which the chain or ``seeds/`` wrote; ``of_seeds``: without ``seeds/`` it does not."""

    direction: Direction
    error: SqlError
    of_seeds: bool = False


class OtherWorld(msgspec.Struct, frozen=True, kw_only=True):
    """The same under the setting that production may have: only findings come of it."""

    world: str
    outcome: DataOutcome
    losses: tuple[Loss, ...] = ()
    failure: Failure | None = None


NOT_ASKED = "no rows were asked for"
"""Why nothing was measured, where ``--rows 0`` says so."""


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows; ``why`` says why nothing was measured.

    ``up_again``: why, with rows, the up can't run on what its down has left, though without any it can.
    """

    outcome: DataOutcome
    losses: tuple[Loss, ...] = ()
    not_seeded: tuple[NotSeeded, ...] = ()
    seeded: int = 0  # tables with as many rows as were asked for
    seeds_ran: tuple[str, ...] = ()  # files of seeds/ that ran to their end
    failure: Failure | None = None
    why: str | None = None
    text_says: Reversibility = Reversibility.UNKNOWN
    refusals: tuple[Refusal, ...] = ()
    elsewhere: tuple[OtherWorld, ...] = ()
    odd_losses: tuple[Loss, ...] = ()  # of edge rows, where plain ones lose nothing: they give only findings
    up_again: Refusal | None = None


class TestFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A ``test.sql`` that does not hold: the line, what was expected and came, the server's error if there was one."""

    __test__ = False

    line: int | None
    message: str
    error: SqlError | None = None


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What one migration was seen to lock and rewrite, up and down, what became of rows, and of its own test.

    ``met``: errors of the machine or the moment that came in between, though nothing else may tell of them.
    """

    observed: Trace | None
    observed_down: Trace | None
    data: Data
    tests: tuple[TestFailure, ...] = ()
    met: tuple[SqlError, ...] = ()
