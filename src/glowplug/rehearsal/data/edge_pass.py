"""Rows that the schema allows and a file can't stand: found apart, since production may have none of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.causes import Cause, cause_of
from glowplug.rehearsal.data.edge_rows import write_edges
from glowplug.rehearsal.data.odd import back_over, edges_of, over
from glowplug.rehearsal.data.refusals import refer_to_nothing
from glowplug.rehearsal.data.suspects import Suspects
from glowplug.rehearsal.data.trip import filled_trip
from glowplug.rehearsal.measured import When
from glowplug.rehearsal.seeding.edge_values import null
from glowplug.rehearsal.seeding.edges import EQUAL, ORPHANED, REFUSED_BY

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.rehearsal.measured import Loss, Refusal
    from glowplug.rehearsal.seeding import Edge

_NUMBER = re.compile(r"\d+|'[^']*'|\"[^\"]*\"")
_KEY = re.compile(r"\bKey \(([^)]*)\)=|\bFOREIGN KEY \(([^)]*)\) REFERENCES")
_NAMED = re.compile(r"[\"'`]")
_WHOLE = frozenset({EQUAL, ORPHANED})
_REFUSALS = 5
_SOME = "some of the odd rows that the schema allows"


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Edge rows that a file refuses: what is said of them, and the rows; what is lost of those that it takes.

    ``again``: some that it takes, on which the up then does not run again.
    """

    refusals: tuple[Refusal, ...] = ()
    edges: tuple[Edge, ...] = ()
    losses: tuple[Loss, ...] = ()
    again: tuple[Edge, ...] = ()


def edge_pass(subject: Subject, direction: Direction, *, without: frozenset[str]) -> Refused:
    """Say which rows make the up fail, or which written after it make the down fail.

    ``without``: tables that get no rows.
    """
    if not subject.may_refuse(direction):
        return Refused()
    return _Pass(subject, direction, without).refused()


def not_again_on_odd_rows(
    subject: Subject, written: When, chosen: Sequence[Edge] | None, *, without: frozenset[str]
) -> Refusal | None:
    """Say with which edge rows the up can't run on what its down has left, though both take them; None: with none.

    ``chosen``: those among which one is suspected; None: all that can be written.
    """
    direction = Direction.UP if written is When.BEFORE else Direction.DOWN
    all_of_them = list(chosen or ())

    def attempt(some: Sequence[Edge] | None) -> SqlError | None:
        with filled_trip(subject, without=without) as here:
            if direction is Direction.DOWN and here.run(Direction.UP) is not None:
                return None
            if some is None:
                some = edges_of(here, direction, without)
                all_of_them.extend(some)
            write_edges(here, direction, some)
            if direction is Direction.UP and here.run(Direction.UP) is not None:
                return None
            return None if here.run(Direction.DOWN) is not None else here.run(Direction.UP)

    suspects = Suspects(subject, Direction.UP, written, attempt)
    error = suspects.attempt(chosen)
    if error is None:
        return None
    culprit, own = (None, error) if error.timed_out else suspects.narrow(all_of_them, error)
    if culprit is not None:
        refused = (culprit, own)
        cause = cause_of(subject, direction, refused, others=all_of_them, fails=attempt, without=without)
        culprit = culprit if cause is Cause.VALUE else None
    refusal = suspects.refusal(culprit, own)
    return refusal if culprit is not None else replace(refusal, value=_SOME)


def _place(edges_there: Sequence[Edge]) -> tuple[str, tuple[str, ...]] | None:
    """Give the columns that all of these are about, if they are the same."""
    places = {(edge.table, edge.columns) for edge in edges_there}
    return places.pop() if len(places) == 1 else None


def _others(group: Sequence[Edge], culprit: Edge, cause: Cause) -> list[Edge]:
    """Give the edge rows that need not be refused for the same: of other columns, or where those are not it, tables."""
    if cause is Cause.COLUMNS:
        return [edge for edge in group if _place([edge]) != _place([culprit])]
    return [edge for edge in group if edge.table != culprit.table]


def _placed(found: Sequence[Refusal]) -> tuple[Refusal, ...]:
    """Leave out what is said of no columns where the server says the same of some."""
    placed = [each for each in found if each.value is not None or each.column is not None]
    named = {_in_short(each.error) for each in placed}
    return tuple(each for each in found if each in placed or _in_short(each.error) not in named)


def _is_whole(refusal: Refusal) -> bool:
    """Whether it is told by what the tables ask for later, and so tells of all rows that are refused for that."""
    return refusal.value in _WHOLE or (refusal.value or "").startswith(REFUSED_BY)


def _same(one: SqlError, other: SqlError) -> bool:
    """Whether the same is refused at the same place, whichever row it is, by what the server calls it."""
    named = _NAMED.search(one.message) is not None  # SQLite says no more than that a key was refused
    return named and (one.code, one.line, one.message) == (other.code, other.line, other.message)


def _columns_told(error: SqlError) -> frozenset[str]:
    """Give the columns of the key that the server says is refused, if it does."""
    found = _KEY.search(f"{error.message}\n{error.detail or ''}")
    listed = "" if found is None else found[1] or found[2]
    return frozenset(name.strip(' "`').casefold() for name in listed.split(",") if name)


def _in_short(error: SqlError) -> str:
    """Give what the server says, without numbers and names."""
    return f"{error.code} {_NUMBER.sub('', error.message)}"


class _Pass:
    """One direction: the edge rows all at once, then fewer until the one that is refused stands alone."""

    def __init__(self, subject: Subject, direction: Direction, without: frozenset[str]) -> None:
        self._subject = subject
        self._direction = direction
        self._without = without
        written = When.BEFORE if direction is Direction.UP else When.AFTER
        self._suspects = Suspects(subject, direction, written, self._attempt)
        self._edges: tuple[Edge, ...] = ()
        self._losses: tuple[Loss, ...] = ()
        self._again: tuple[Edge, ...] = ()
        self._is_slow = False

    def refused(self) -> Refused:
        """Find them: one for each place and each thing that the server says of it."""
        suspects = self._suspects
        found: list[Refusal] = []
        culprits: list[Edge] = []
        taken: list[Edge] = []
        told: set[tuple[object, str | None]] = set()
        first: SqlError | None = suspects.attempt(None)
        waiting = [list(self._edges)] if first is not None else []
        while waiting and len(found) < _REFUSALS and suspects.are_tried:
            group = waiting.pop(0)
            failed, first = first or suspects.attempt(group), None
            if failed is None:
                taken += group
                continue
            if failed.timed_out:
                found.append(suspects.refusal(None, failed))
                waiting = [] if self._is_slow else [each for each in (self._unnamed(group, failed), *waiting) if each]
                self._is_slow = True
                continue
            if (_place(group), failed.code) in told:
                continue
            if any(_is_whole(each) and _same(each.error, failed) for each in found):
                waiting += [half for half in (group[::2], group[1::2]) if half and len(group) > 1]
                continue
            culprit, own = suspects.narrow(group, failed)
            if culprit is None or self._is_another(culprit, own):
                found.append(suspects.refusal(None, own))
                continue
            cause = self._cause(culprit, own)
            if cause is not Cause.VALUE:
                found.append(self._of_columns(culprit, own, cause))
                told |= {(_place([culprit]), own.code), (_in_short(own), None)}
                waiting = [each for each in (*waiting, _others(group, culprit, cause)) if each]
                continue
            if (_in_short(own), None) not in told or suspects.is_named(culprit, own):
                found.append(suspects.refusal(culprit, own))
                culprits.append(culprit)
            told |= {(_place([culprit]), own.code), (_in_short(own), None)}
            others = [edge for edge in group if edge is not culprit]
            alike = [edge for edge in others if _place([edge]) == _place([culprit])]
            rest = [edge for edge in others if edge not in alike]
            if found and _is_whole(found[-1]):  # what it is about is refused of the table's other rows as well
                elsewhere = [edge for edge in rest if edge.table != culprit.table]
                rest = [edge for edge in rest if edge.table == culprit.table]
                waiting.insert(0, elsewhere)
            waiting = [each for each in (*waiting, rest, alike) if each]
        found += self._of_the_rest([edge for group in waiting for edge in group], told)
        self._take(taken)
        return Refused(refusals=_placed(found), edges=tuple(culprits), losses=self._losses, again=self._again)

    def _is_another(self, culprit: Edge, error: SqlError) -> bool:
        """Whether what is odd about a row is not what is refused, where the server says of which key that is."""
        if refer_to_nothing(error) and culprit.value == null().words:
            return True
        told = _columns_told(error)
        tables = self._subject.before if self._direction is Direction.UP else self._subject.after
        here = {column.name.casefold() for table in tables if table.name == culprit.table for column in table.columns}
        return bool(told) and told <= here and told.isdisjoint(map(str.casefold, culprit.columns))

    def _of_columns(self, culprit: Edge, error: SqlError, cause: Cause) -> Refusal:
        """Say what is refused, where it is not what is odd about the row, and in which columns, if that is shown."""
        refusal = self._suspects.refusal(None, error)
        if cause is not Cause.COLUMNS:
            return refusal
        return replace(refusal, table=culprit.table, column=", ".join(culprit.columns))

    def _cause(self, culprit: Edge, error: SqlError) -> Cause:
        return cause_of(
            self._subject,
            self._direction,
            (culprit, error),
            others=self._edges,
            fails=self._refuses,
            without=self._without,
        )

    def _refuses(self, chosen: Sequence[Edge]) -> SqlError | None:
        """Say why the file refuses some rows; what else comes of them is no edge row's."""
        with filled_trip(self._subject, without=self._without) as here:
            if self._direction is Direction.DOWN and here.run(Direction.UP) is not None:
                return None
            write_edges(here, self._direction, chosen)
            return here.run(self._direction)

    def _of_the_rest(self, edges_there: Sequence[Edge], told: Collection[tuple[object, str | None]]) -> list[Refusal]:
        """Say what is refused of rows that there were too many of to be told apart."""
        error = self._suspects.attempt(edges_there) if edges_there else None
        if error is None or (_in_short(error), None) in told:
            return []
        return [self._suspects.refusal(None, error)]

    def _take(self, taken: Sequence[Edge]) -> None:
        """See what is lost of the rows that are not refused; of the down's that is seen as each attempt is made."""
        if self._direction is Direction.UP and taken:
            with filled_trip(self._subject, without=self._without) as here:
                self._see_over(here, taken)

    def _see_over(self, here: Trip, chosen: Sequence[Edge]) -> SqlError | None:
        came = over(here, chosen)
        self._losses = came.losses
        self._again = tuple(chosen) if came.again is not None else ()
        return came.refused

    def _unnamed(self, edges: Sequence[Edge], error: SqlError) -> list[Edge]:
        """Give those that are not to blame at first sight: halving costs the time that a statement is given each."""
        named = self._suspects.named(edges, error)
        return [edge for edge in edges if edge not in named]

    def _attempt(self, chosen: Sequence[Edge] | None) -> SqlError | None:
        """Run the file over plain rows and those edge rows (None: all that can be written)."""
        with filled_trip(self._subject, without=self._without) as here:
            if self._direction is Direction.DOWN and here.run(Direction.UP) is not None:
                return None
            if chosen is None:
                chosen = self._edges = edges_of(here, self._direction, self._without)
                if self._direction is Direction.UP:
                    return self._see_over(here, chosen)
            if not chosen:
                return None
            if self._direction is Direction.UP:
                write_edges(here, self._direction, chosen)
                return here.run(self._direction)
            came = back_over(here, chosen)
            self._losses = tuple({(loss.table, loss.column): loss for loss in (*self._losses, *came.losses)}.values())
            if came.again is not None:
                self._again = tuple(chosen)
            return came.refused
