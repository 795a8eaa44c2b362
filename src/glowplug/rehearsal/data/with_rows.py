"""The passes over tables with rows: up, down, up; what is written after it; edge rows; the other world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.elsewhere import beyond_plain, other_world
from glowplug.rehearsal.data.files.touched import overlooked, touched
from glowplug.rehearsal.data.filling.aims import chosen
from glowplug.rehearsal.data.losses.losses import Since, lost_for_good, lost_since, lost_there_and_back, outcome_of
from glowplug.rehearsal.data.losses.unseen import unless_unseen
from glowplug.rehearsal.data.refusals.any_row import shown
from glowplug.rehearsal.data.refusals.blame import down_alone, not_again, runs_down_twice, without_rows
from glowplug.rehearsal.data.refusals.edge_pass import edge_pass, not_again_on_odd_rows
from glowplug.rehearsal.data.refusals.inserted import held_by_others
from glowplug.rehearsal.data.refusals.odd import Tried, tried
from glowplug.rehearsal.data.refusals.refusals import of_references, once, refused, tables_at, writes_a_taken_key
from glowplug.rehearsal.data.trip import Filled, Trip, filled_trip, trip
from glowplug.rehearsal.measured import (
    Data,
    DataOutcome,
    Failure,
    Measurement,
    NotSeeded,
    Refusal,
    When,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from glowplug.database.interface import SqlError
    from glowplug.database.trace import Trace
    from glowplug.rehearsal.data.losses.missing import State
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.measured import Loss
    from glowplug.rehearsal.seeding import Edge

_TRIES = 6  # ways to fill the tables until the up takes them, each table's being left without rows aside


class _Went(msgspec.Struct, frozen=True, kw_only=True):
    """How far one branch came: the up (which was refused, or not), the down, and rows that are written after.

    ``after`` are the losses of these, or why the down refused them, None where they were not written. ``odd``:
    what came of edge rows; what is refused among other rows may not be without them. ``empty``: tables without rows.
    ``unmet``: what is said of conditions by which rows are taken, and that none was seen to meet.
    """

    filled: Filled
    observed: Trace
    down: Trace | None = None
    losses: tuple[Loss, ...] = ()
    after: tuple[Loss, ...] | SqlError | None = None
    odd: Tried = Tried(refuse=frozenset({Direction.UP}))
    empty: frozenset[str] = frozenset()
    unmet: tuple[str, ...] = ()


def _worst(data: Data) -> DataOutcome:
    """Weigh what was seen; where the way back was not, only what the up lost is known."""
    if data.failure is not None:
        return DataOutcome.FAILS_ON_DATA
    lost = outcome_of(data.losses)
    return data.outcome if lost is DataOutcome.LOSSLESS else lost


def widened(subject: Subject, up: Trace, down: Trace | None) -> Subject | None:
    """Have the old tables touched as well that the files were seen to have to do with; None: no more than it has."""
    before, after, names = subject.before, subject.after, subject.names
    more = overlooked(subject.text, up, down, subject.touched, before, after, names)
    if not more:
        return None
    wider = touched(subject.text, up, before, after, names, more | subject.touched.before)
    return replace(subject, touched=wider)


def _is_told(error: SqlError, written: When, anyway: Collection[str | None]) -> bool:
    return written is When.AFTER and error.code in anyway


class WithRows:
    """All that is measured of one migration which touches tables that were there before it."""

    def __init__(self, subject: Subject) -> None:
        """Take what is measured."""
        self._subject = subject
        self._not_seeded: list[NotSeeded] = []
        self._refusals: list[Refusal] = []
        self._without: set[str] = set()
        self._refused_plainly: frozenset[Direction] = frozenset()
        self._refused_edges: tuple[Edge, ...] = ()
        self._filled = Filled()
        self._unwritten: frozenset[str] = frozenset()
        self._stuck: tuple[SqlError, When] | None = None
        self._plainly: tuple[Subject, SqlError] | None = None

    def measurement(self, first: _Went | None = None) -> Measurement:
        """Go through the passes; ``first``: what came of ``go``, if that was called."""
        for _ in range(_TRIES + len(self._subject.touched.before)):
            went, first = first or self._on_a_branch(), None
            if went.observed.error is None:
                if not self._widened(went) and not self._without_documents(went):
                    self._takes_chosen()
                    return self._from_there(went)
                continue
            failed = self._refused_plain_rows(went.observed, went.observed.error)
            if failed is not None:
                return failed
        return self._nothing(went.observed, "its up takes none of the rows that were made for it")

    def _on_a_branch(self) -> _Went:
        with trip(self._subject) as here:
            return self.go(here)

    def _widened(self, went: _Went) -> bool:
        """Whether tables were seen to be touched that nobody had thought of: then they are given rows as well."""
        wider = widened(self._subject, went.observed, went.down)
        self._subject = wider or self._subject
        return wider is not None

    def _without_documents(self, went: _Went) -> bool:
        """Whether the down is to be tried again with plainer documents: it may read what ours hold otherwise."""
        plainer = replace(self._subject, documented=False)
        if went.down is None or went.down.error is None:
            return False
        if plainer.aims == self._subject.aims and not self._subject.documents:
            return False
        self._subject = plainer
        return True

    def go(self, here: Trip) -> _Went:
        """Go there and back with rows, on a branch that stands before the up."""
        subject = self._subject
        filled = self._filled = here.fill_first(without=self._without)
        self._stuck = None
        before = here.old()
        observed = here.observe(Direction.UP)
        if observed.error is not None:
            return _Went(filled=filled, observed=observed)
        after = here.new()
        filled = replace(filled, not_seeded=(*filled.not_seeded, *here.untold(before, after)))
        named = subject.names.tables
        empty = frozenset(
            name
            for name, reading in before.items()
            if not reading.contents.rows or {name, named.get(name, name)} & here.unread.keys()
        )
        if subject.settings.rows:
            filled = self._with_unseen(filled, here, before)
        down = here.observe(Direction.DOWN) if subject.has_down else None
        if widened(subject, observed, down) is not None:  # all of it is done again, with rows there too
            return _Went(filled=filled, observed=observed, down=down)
        if down is None or down.error is not None:
            losses = lost_for_good(before, after, subject.names)
            return _Went(
                filled=filled, observed=observed, down=down, losses=losses, empty=empty, unmet=tuple(here.unmet)
            )
        restored, back = here.restored()
        losses = lost_there_and_back(before, after, restored, subject.names, back)
        odd = Tried(refuse=frozenset(Direction))
        since = self._write_after(here) if self._goes_up_again(here, When.BEFORE) else None
        if isinstance(since, tuple) and here.is_up:
            odd = tried(here, without=frozenset(self._without))
        return _Went(
            filled=filled,
            observed=observed,
            down=down,
            losses=losses,
            after=since,
            odd=odd,
            empty=empty,
            unmet=tuple(here.unmet),
        )

    def _goes_up_again(self, here: Trip, written: When) -> bool:
        """Run the up on what the down has left; why it could not is kept, with when the rows were written."""
        error = here.run(Direction.UP)
        if error is not None:
            self._stuck = self._stuck or (error, written)
        return error is None

    def _with_unseen(self, filled: Filled, here: Trip, before: State) -> Filled:
        ours = {name: reading for name, reading in before.items() if name not in self._without}
        unseen = here.unseen(ours, filled.not_seeded)
        written = max(0, filled.written - len(unseen))
        return replace(filled, written=written, not_seeded=(*filled.not_seeded, *unseen))

    def _write_after(self, here: Trip, without: frozenset[str] = frozenset()) -> tuple[Loss, ...] | SqlError:
        """Write through the new schema, go down and up again; why the down refuses it, where it does."""
        subject = self._subject
        there = here.new()
        unwritten = here.write_through_the_new_schema(there, without=without)
        known = {each.table for each in self._not_seeded}
        back = subject.names.back().tables
        self._not_seeded += [each for each in unwritten if back.get(each.table, each.table) not in known]
        written = here.new()
        self._unwritten = frozenset(
            name for name in written.keys() - without if written[name].contents == there[name].contents
        )
        error = here.run(Direction.DOWN)
        if error is not None:
            return error
        restored, down = here.restored()
        again = here.new() if self._goes_up_again(here, When.AFTER) else {}
        since = Since(there=there, written=written, restored=restored, again=again)
        return lost_since(since, subject.names, down)

    def _refused_plain_rows(self, observed: Trace, error: SqlError) -> Measurement | None:
        """Find who is to blame; None: to try again without rows in some tables."""
        if error.timed_out:
            self._refusals.append(refused(self._subject, Direction.UP, error, When.BEFORE))
            return self._nothing(observed, f"its up takes too long with rows: {error.message}")
        of_seeds = self._error_of_seeds(Direction.UP)
        if of_seeds is not None:
            failure = Failure(direction=Direction.UP, error=of_seeds, of_seeds=True)
            return self._nothing(observed, None, DataOutcome.FAILS_ON_DATA, failure)
        if self._otherwise(error) or self._with_chosen(error):
            return None
        if self._plainly is not None and self._subject.chosen:
            self._subject, error = self._plainly
        left = self._subject.touched.before - self._without
        if not left:
            return self._nothing(observed, f"its up fails: {error.message}")
        culprits = self._culprits(error, left)
        if all((each.error.line, each.error.message) != (error.line, error.message) for each in self._refusals):
            refusal = refused(self._subject, Direction.UP, error, When.BEFORE, children=culprits)
            self._refusals.append(shown(self._subject, refusal, self._without))
        self._not_seeded += [
            NotSeeded(table=name, why=f"its up refuses the rows that were made for it: {error.message}")
            for name in sorted(culprits)
        ]
        self._without |= culprits
        return None

    def _otherwise(self, error: SqlError) -> bool:
        """Whether rows may be made otherwise before they are blamed: not aimed at, or with keys of other numbers."""
        subject = self._subject
        if not subject.apart and writes_a_taken_key(subject, Direction.UP, error):
            self._subject = replace(subject, apart=True)
            return True
        if not subject.aimed or of_references(error):
            return False
        plainer = replace(subject, documented=False)
        if plainer.aims == subject.aims and not subject.documents:
            plainer = replace(plainer, aimed=False)
        self._subject = plainer
        return subject.is_fitted or plainer.aims != subject.aims or plainer.asked != subject.asked

    def _with_chosen(self, error: SqlError) -> bool:
        """Whether rows are tried before the others are blamed of which the up's CASEs choose each."""
        subject = self._subject
        if self._plainly is not None or not chosen(subject.text, subject.before):
            return False
        self._plainly = subject, error
        self._subject = replace(subject, chosen=True)
        return True

    def _takes_chosen(self) -> None:
        """Say that the up takes none but rows that its CASEs choose, where it took these alone."""
        if self._plainly is not None and self._subject.chosen:
            plain = refused(self._plainly[0], Direction.UP, self._plainly[1], When.BEFORE)
            self._refusals.append(replace(plain, value=None, query=None))
            self._refused_plainly = frozenset({Direction.UP})

    def _culprits(self, error: SqlError, left: frozenset[str]) -> frozenset[str]:
        """Give the tables whose rows are in the way: those that the statement names, or that refer to these."""
        named = tables_at(self._subject, Direction.UP, error) & left
        if of_references(error):
            parents = named or left
            children = {
                table.name
                for table in self._subject.before
                if table.name in left and any(key.table in parents for key in table.foreign_keys)
            }
            return frozenset(children) or named or left
        return named or left

    def _error_of_seeds(self, direction: Direction) -> SqlError | None:
        """Say why a file fails with the rows of the seed files and no other; None: it does not."""
        if not self._subject.seeds:
            return None
        with trip(self._subject) as seeds_alone:
            seeds_alone.fill(ours=False)
            error = seeds_alone.run(Direction.UP)
            if direction is Direction.UP or error is not None:
                return error if direction is Direction.UP else None
            return seeds_alone.run(Direction.DOWN)

    def _nothing(
        self,
        observed: Trace,
        why: str | None,
        outcome: DataOutcome = DataOutcome.NOT_MEASURED,
        failure: Failure | None = None,
    ) -> Measurement:
        if observed.error is not None:
            observed = without_rows(self._subject, observed)
        data = Data(
            outcome=outcome,
            failure=failure,
            why=why,
            refusals=once(self._refusals),
            not_seeded=(*self._not_seeded, *self._filled.failed),
            seeds_ran=self._filled.ran,
        )
        return Measurement(observed=observed, observed_down=None, data=data)

    def _from_there(self, went: _Went) -> Measurement:
        """Go on where the up has taken the rows."""
        self._not_seeded = [*went.filled.not_seeded, *went.filled.failed, *self._not_seeded]
        filled = went.filled
        data = Data(outcome=DataOutcome.LOSSLESS, losses=went.losses, seeded=filled.written, seeds_ran=filled.ran)
        if went.down is not None:
            data = self._with_down(data, went, went.down)
        odd_losses = went.odd.losses
        odd_again: dict[When, tuple[Edge, ...] | None] = dict.fromkeys(went.odd.again)
        for direction in sorted(went.odd.refuse - self._refused_plainly):
            found = edge_pass(self._subject, direction, without=frozenset(self._without))
            self._refusals += found.refusals
            odd_losses += found.losses
            if found.again:
                odd_again[When.BEFORE if direction is Direction.UP else When.AFTER] = found.again
            if direction is Direction.UP:
                self._refused_edges = found.edges
        if went.down is not None and went.down.error is None:
            self._refusals += held_by_others(self._subject, without=frozenset(self._without))
        data = replace(
            data,
            outcome=_worst(data),
            up_again=self._not_again(odd_again),
            refusals=once(self._refusals),
            not_seeded=tuple({each.table: each for each in reversed(self._not_seeded)}.values()),
            odd_losses=beyond_plain(odd_losses, data.losses, self._subject.names),
        )
        said = next((each.error.message for each in self._refusals if each.direction is Direction.UP), None)
        data = unless_unseen(
            self._subject,
            data,
            empty=went.empty,
            unwritten=self._unwritten,
            unmet=went.unmet,
            refused=said if went.empty & self._without else None,
        )
        down_fails = went.down is not None and went.down.error is not None
        elsewhere = other_world(self._subject, data, self._refused_edges, without=self._without, down_fails=down_fails)
        return Measurement(observed=went.observed, observed_down=went.down, data=replace(data, elsewhere=elsewhere))

    def _not_again(self, odd: Mapping[When, tuple[Edge, ...] | None]) -> Refusal | None:
        """Say why the up did not run again; not where such rows, among those written after it, are refused anyway."""
        anyway = {each.error.code for each in self._refusals if each.direction is Direction.UP}
        if self._stuck is not None:
            error, written = self._stuck
            return None if _is_told(error, written, anyway) else not_again(self._subject, error, written)
        for written, edges in sorted(odd.items(), reverse=True):
            found = not_again_on_odd_rows(self._subject, written, edges, without=frozenset(self._without))
            if found is not None and not _is_told(found.error, written, anyway):
                return found
        return None

    def _with_down(self, data: Data, went: _Went, down: Trace) -> Data:
        if down.error is not None:
            return self._down_refused(data, down.error)
        after = went.after
        if after is None or not (isinstance(after, tuple) or runs_down_twice(self._subject)):
            after = self._write_on_a_branch(frozenset())  # there and back again leads nowhere: on rows not gone down
        if not isinstance(after, tuple):
            self._refusals.append(refused(self._subject, Direction.DOWN, after, When.AFTER))
            self._refused_plainly = frozenset({Direction.DOWN})
            culprits = tables_at(self._subject, Direction.DOWN, after)
            names = self._subject.names.tables
            after = self._write_on_a_branch(frozenset(names.get(name, name) for name in culprits)) if culprits else ()
        if isinstance(after, tuple):
            return replace(data, losses=(*data.losses, *after))
        return replace(data, why=f"its down refuses what was written after the up: {after.message}")

    def _write_on_a_branch(self, without: frozenset[str]) -> tuple[Loss, ...] | SqlError:
        with filled_trip(self._subject, without=self._without) as here:
            return self._write_after(here, without) if here.run(Direction.UP) is None else ()

    def _down_refused(self, data: Data, error: SqlError) -> Data:
        """Tell whether seed files or our rows stop the down, or it fails without any."""
        alone = down_alone(self._subject)
        if alone is not None:
            why = f"its down fails without any rows of ours: {alone.message}"
            return replace(data, outcome=DataOutcome.NOT_MEASURED, why=why)
        of_seeds = self._error_of_seeds(Direction.DOWN)
        if of_seeds is not None:
            return replace(data, failure=Failure(direction=Direction.DOWN, error=of_seeds, of_seeds=True))
        refusal = refused(self._subject, Direction.DOWN, error, When.BEFORE)
        self._refusals.append(shown(self._subject, refusal, self._without))
        why = f"its down refuses rows that were there before the up: {error.message}"
        return replace(data, outcome=DataOutcome.NOT_MEASURED, why=why)
