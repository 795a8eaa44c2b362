"""One migration with rows in it: what it was seen to do, what it loses, and what it can't stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect, Direction
from glowplug.errors import CannotBranch
from glowplug.rehearsal.data.files.foreseeable import foreseeable
from glowplug.rehearsal.data.files.harmless import changes_what_it_locks
from glowplug.rehearsal.data.files.names import Names, names_between
from glowplug.rehearsal.data.files.reversibility import says
from glowplug.rehearsal.data.files.steady import Settled, is_steady, leave, take
from glowplug.rehearsal.data.files.text import Text
from glowplug.rehearsal.data.files.touched import Touched, seen, touched
from glowplug.rehearsal.data.losses.losses import Since, lost_since, outcome_of
from glowplug.rehearsal.data.losses.unseen import unless_unseen
from glowplug.rehearsal.data.refusals.blame import down_alone, not_again
from glowplug.rehearsal.data.refusals.refusals import refused
from glowplug.rehearsal.data.subject import Subject
from glowplug.rehearsal.data.trip import Trip, trip
from glowplug.rehearsal.data.with_rows import WithRows, widened
from glowplug.rehearsal.measured import Data, DataOutcome, Failure, Measurement, When
from glowplug.sql.blank import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.trace import Trace
    from glowplug.project import Migration
    from glowplug.rehearsal.seeding import DataSettings
    from glowplug.rehearsal.seeds import Seed
    from glowplug.schema.tables import Table
    from glowplug.scratch.interface import Database

_ENDS_SESSIONS = re.compile(rb"\bpg_(?:terminate|cancel)_backend\s*\(\s*(?!pg_backend_pid\b)", re.IGNORECASE)


def measure(
    database: Database,
    migration: Migration,
    *,
    dialect: Dialect,
    settings: DataSettings,
    seeds: Sequence[Seed] = (),
    forward_only: bool = False,
    earlier: Sequence[Migration] = (),
) -> Measurement:
    """Measure a migration on branches of ``database``, which stands in the state before its up and stays there.

    Most migrations take one branch; two where what is touched can't be seen without going on from there, one more
    where there is another world, and more where a file fails.
    ``forward_only``: its down is not run, so that what the up takes away is gone for good.
    ``earlier``: those that went up before it; what is known of the tables that the last left is not read again.

    Raises:
        EnvironmentFailure: the server, not a migration, failed.
    """
    text = Text.of(migration, dialect, earlier)
    has_down = not forward_only and migration.down is not None and not is_blank(migration.down, dialect)
    subject = Subject(
        database=database,
        migration=migration,
        dialect=dialect,
        settings=settings,
        seeds=tuple(seeds),
        text=text,
        has_down=has_down,
        touched=Touched(before=frozenset(), after=frozenset()),
    )
    try:
        _let_sessions_live(migration)
        measurement = _measure(subject, earlier[-1] if earlier else None)
    except CannotBranch as obstacle:
        data = Data(outcome=DataOutcome.NOT_MEASURED, why=obstacle.message)
        measurement = Measurement(observed=None, observed_down=None, data=data)
    data = replace(measurement.data, text_says=says(text, with_down=has_down))
    return replace(measurement, data=data, met=subject.met.errors)


def _let_sessions_live(migration: Migration) -> None:
    """Let nobody be measured who ends sessions of the same role: that in which the chain goes up waits meanwhile."""
    for direction in Direction:
        if _ENDS_SESSIONS.search(migration.sql(direction) or b""):
            raise CannotBranch(f"{direction.file_name} ends other sessions: that in which the chain goes up is one")


def _measure(subject: Subject, previous: Migration | None) -> Measurement:
    known = take(previous, subject.database)
    with trip(subject) as here:
        finish = _begin(replace(subject, before=known or here.rows.tables()), here)
    return finish()


def _begin(subject: Subject, here: Trip, *, as_it_is: bool = False) -> Callable[[], Measurement]:
    """Do what the first branch is for, and give what remains to be done without it.

    ``as_it_is``: nothing is foreseen from an up in other words.
    """
    migration = subject.migration
    words = migration if as_it_is else foreseeable(migration, subject.dialect)
    with here.connection.glimpse(words, Direction.UP) as foreseen:
        if foreseen is not None and foreseen.error is None:
            subject = _seen(subject, foreseen, here)
    if subject.touched.before:
        rows = WithRows(subject)
        went = rows.go(Trip(subject, here.connection))
        if went.observed.error is not None and words is not migration:
            return lambda: _again_as_it_is(subject)
        return lambda: rows.measurement(went)
    refused = foreseen is not None and foreseen.error is not None and words is migration
    observed = foreseen if refused and foreseen is not None else here.observe(Direction.UP)
    if observed.error is not None:
        error = observed.error
        return lambda: _up_fails(subject, observed, error)
    if foreseen is None:
        subject = _seen(subject, observed, here)
    if subject.touched.before:
        return WithRows(subject).measurement
    return _New(Trip(subject, here.connection), observed).measurement


def _again_as_it_is(subject: Subject) -> Measurement:
    """Go another way where the up was foreseen in other words, and failed in its own: on no row's account, perhaps."""
    subject = replace(
        subject,
        after=(),
        names=Names({}, {}),
        touched=Touched(before=frozenset(), after=frozenset()),
        settled=Settled(),
    )
    with trip(subject) as here:
        finish = _begin(subject, here, as_it_is=True)
    return finish()


def _seen(subject: Subject, observed: Trace, here: Trip) -> Subject:
    """Add what the up was seen to do, and the tables as they are after it."""
    after = here.rows.tables_but(_unchanged(subject, observed))
    if is_steady(subject.text.up, subject.dialect, rows=False):
        leave(subject.migration, subject.database, after)
    names = names_between(subject.text.up, subject.before, after, subject.dialect)
    known = touched(subject.text, observed, subject.before, after, names)
    return replace(subject, after=after, names=names, touched=known)


def _unchanged(subject: Subject, observed: Trace) -> Sequence[Table]:
    if subject.dialect is not Dialect.POSTGRES or observed.blind or not changes_what_it_locks(subject.text.up):
        return ()
    locked = set(seen(observed, {"ACCESS SHARE"}))
    return [table for table in subject.before if table.name not in locked]


def _up_fails(subject: Subject, observed: Trace, error: SqlError) -> Measurement:
    """Tell whether it fails for the rows that the chain's own migrations wrote."""
    with_rows = [table for table in subject.before if table.rows and not table.partitioned]
    if with_rows and not error.timed_out:
        with trip(subject) as emptied:
            for _ in with_rows:  # those that others reference go later
                with_rows = [table for table in with_rows if emptied.rows.execute(f"DELETE FROM {table.sql}")]
            if not with_rows and emptied.run(Direction.UP) is None:
                failure = Failure(direction=Direction.UP, error=error)
                data = Data(outcome=DataOutcome.FAILS_ON_DATA, failure=failure)
                return Measurement(observed=observed, observed_down=None, data=data)
    why = f"its up fails without any rows of ours: {error.message}"
    return Measurement(observed=observed, observed_down=None, data=Data(outcome=DataOutcome.NOT_MEASURED, why=why))


class _New:
    """What becomes of rows where no table that was there before has to do with it, on the branch after the up."""

    def __init__(self, here: Trip, observed: Trace) -> None:
        self._subject = subject = here.subject
        self._observed = observed
        self._down: Trace | None = None
        self._wider: Subject | None = None
        self._stuck: SqlError | None = None
        self._unwritten: frozenset[str] = frozenset()
        self._data = Data(outcome=DataOutcome.LOSSLESS)
        if not subject.has_down:
            return
        there = here.new()
        not_seeded = here.write_through_the_new_schema(there) if there else ()
        written = here.new()
        self._unwritten = frozenset(name for name in written if written[name].contents == there[name].contents)
        if subject.settings.rows:
            not_seeded = (*not_seeded, *here.unseen(written, not_seeded))
        self._down = here.observe(Direction.DOWN)
        self._wider = widened(subject, observed, self._down)
        if self._wider is not None:
            return
        self._data = replace(
            self._data, not_seeded=not_seeded, seeded=len(there.keys() - {each.table for each in not_seeded})
        )
        if self._down.error is None and there:
            restored, names = here.restored()
            self._stuck = here.run(Direction.UP)
            again = here.new() if self._stuck is None else {}
            since = Since(there=there, written=written, restored=restored, again=again)
            losses = lost_since(since, subject.names, names)
            self._data = replace(self._data, losses=losses, outcome=outcome_of(losses))

    def measurement(self) -> Measurement:
        """Say what was seen; a down that failed is tried without our rows before they are blamed."""
        if self._wider is not None:
            return WithRows(self._wider).measurement()
        data = self._data
        if self._down is not None and self._down.error is not None:
            alone = down_alone(self._subject)
            if alone is None:
                refusal = refused(self._subject, Direction.DOWN, self._down.error, When.AFTER)
                why = f"its down refuses what was written after the up: {self._down.error.message}"
                data = replace(data, outcome=DataOutcome.NOT_MEASURED, why=why, refusals=(refusal,))
            else:
                why = f"its down fails without any rows of ours: {alone.message}"
                data = replace(data, outcome=DataOutcome.NOT_MEASURED, why=why)
        if self._stuck is not None:
            data = replace(data, up_again=not_again(self._subject, self._stuck, When.AFTER))
        data = unless_unseen(self._subject, data, empty=(), unwritten=self._unwritten)
        return Measurement(observed=self._observed, observed_down=self._down, data=data)
