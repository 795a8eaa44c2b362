"""Rows that the schema allows and a file can't stand: found apart, since production may have none of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.refusals.causes import Cause, cause_of, is_asked, there
from glowplug.rehearsal.data.refusals.edge_rows import write_edges
from glowplug.rehearsal.data.refusals.finds import finds, queries
from glowplug.rehearsal.data.refusals.odd import back_over, edges_of, over
from glowplug.rehearsal.data.refusals.refusals import refer_to_nothing
from glowplug.rehearsal.data.refusals.suspects import Suspects
from glowplug.rehearsal.data.trip import filled_trip
from glowplug.rehearsal.measured import Finds, When
from glowplug.rehearsal.seeding.edge_values import null
from glowplug.rehearsal.seeding.edges import EQUAL, ORPHANED, REFUSED_BY

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_ASKED = 24  # edge rows that the tables refuse on the other side of a file, each tried on a branch of its own
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


def _apart(edges_there: Sequence[Edge], culprits: Sequence[Edge]) -> list[list[Edge]]:
    """Give the edge rows beside those that are refused, and last, each by itself, what is of the same columns."""
    told = {_place([edge]) for edge in culprits}
    others = [edge for edge in edges_there if edge not in culprits]
    alike = [[edge for edge in others if _place([edge]) == place] for place in sorted(told, key=repr)]
    return [group for group in ([edge for edge in others if _place([edge]) not in told], *alike) if group]


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
    """Give what the server says, and where, without numbers and names."""
    return f"{error.code} {error.line} {_NUMBER.sub('', error.message)}"


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
        self._found: list[Refusal] = []
        self._culprits: list[Edge] = []
        self._told: set[tuple[object, str | None]] = set()

    def refused(self) -> Refused:
        """Find them: one for each place and each thing that the server says of it."""
        first = self._suspects.attempt(None)
        if first is None:
            return Refused(losses=self._losses, again=self._again)
        more = not first.timed_out and self._find_asked()
        if self._culprits:
            left, taken = self._search(_apart(self._edges, self._culprits), None)
        else:
            left, taken = self._search([list(self._edges)], first)
        rest, is_told = self._of_the_rest(left)
        more = more or bool(rest) or self._is_slow or (is_told and any(map(self._is_elsewhere, left)))
        self._take(taken)
        placed = _placed([*self._found, *rest])
        if placed and more:
            placed = (*placed[:-1], replace(placed[-1], more=True))
        return Refused(refusals=placed, edges=tuple(self._culprits), losses=self._losses, again=self._again)

    def _find_asked(self) -> bool:
        """Try each alone that the tables on the other side refuse, and say whether there are too many of them."""
        asked = self._asked()
        for edge in asked[:_ASKED]:
            own = self._refuses([edge])
            if own is not None and not own.timed_out and not self._is_another(edge, own):
                if edge.whole or (_place([edge]), own.code) not in self._told:
                    self._found.append(self._refusal(edge, own))
                    self._culprits.append(edge)
                self._tell(edge, own)
        self._found.sort(key=lambda refusal: refusal.error.line or 0)
        return len(asked) > _ASKED

    def _tell(self, edge: Edge, error: SqlError) -> None:
        self._told |= {(_place([edge]), error.code), (_in_short(error), None)}

    def _is_elsewhere(self, edge: Edge) -> bool:
        return _place([edge]) not in {place for place, _ in self._told}

    def _search(self, waiting: list[list[Edge]], first: SqlError | None) -> tuple[list[Edge], list[Edge]]:
        """Look for what is refused in groups of edge rows, and give those not looked at, and those that are taken.

        ``first``: why the first group is refused, where that is known.
        """
        suspects, found = self._suspects, self._found
        taken: list[Edge] = []
        most = len(found) + _REFUSALS
        while waiting and len(found) < most and suspects.are_tried:
            group = waiting.pop(0)
            failed, first = first or suspects.attempt(group), None
            if failed is None:
                taken += group
            elif failed.timed_out:
                found.append(suspects.refusal(None, failed))
                waiting = [] if self._is_slow else [each for each in (self._unnamed(group, failed), *waiting) if each]
                self._is_slow = True
            elif (_place(group), failed.code) in self._told:
                continue
            elif any(_is_whole(each) and _same(each.error, failed) for each in found):
                waiting += [half for half in (group[::2], group[1::2]) if half and len(group) > 1]
            else:
                waiting = [each for each in self._narrowed(group, failed, waiting) if each]
        return [edge for group in waiting for edge in group], taken

    def _narrowed(self, group: list[Edge], failed: SqlError, waiting: list[list[Edge]]) -> list[list[Edge]]:
        """Find one that is refused of a group, say so, and give what is to be looked at then."""
        culprit, own = self._suspects.narrow(group, failed)
        if culprit is None or self._is_another(culprit, own):
            self._found.append(self._suspects.refusal(None, own))
            return waiting
        cause = self._cause(culprit, own)
        if cause is not Cause.VALUE:
            self._found.append(self._of_columns(culprit, own, cause))
            self._tell(culprit, own)
            return [*waiting, _others(group, culprit, cause)]
        if (_in_short(own), None) not in self._told or self._suspects.is_named(culprit, own):
            self._found.append(self._refusal(culprit, own))
            self._culprits.append(culprit)
        self._tell(culprit, own)
        others = [edge for edge in group if edge is not culprit]
        alike = [edge for edge in others if _place([edge]) == _place([culprit])]
        rest = [edge for edge in others if edge not in alike]
        elsewhere: list[Edge] = []
        if self._found and _is_whole(self._found[-1]):  # what it is about is refused of the table's other rows as well
            elsewhere = [edge for edge in rest if edge.table != culprit.table]
            rest = [edge for edge in rest if edge.table == culprit.table]
        return [elsewhere, *waiting, rest, alike]

    def _asked(self) -> list[Edge]:
        """Give those that the tables on the other side refuse for what is odd, one for each thing that is asked."""
        return list(
            {
                (edge.table, edge.columns, edge.query): edge
                for edge in reversed(self._edges)
                if is_asked(self._subject, self._direction, edge)
            }.values()
        )[::-1]

    def _refusal(self, edge: Edge, error: SqlError) -> Refusal:
        """Say with what row the file fails, and which query finds such rows."""
        asked = is_asked(self._subject, self._direction, edge)
        known = finds(self._subject, self._direction, edge, error, asked=asked)
        for query, then in queries(self._subject, self._direction, edge, error) if known is not Finds.ALL else ():
            if self._finds_it_alone(query, edge):
                return replace(self._suspects.refusal(edge, error, then), query=query)
        return self._suspects.refusal(edge, error, known)

    def _finds_it_alone(self, query: str, edge: Edge) -> bool:
        """Whether a query gives a row once an edge row is written, and none before."""
        with there(self._subject, self._direction, self._without) as here:
            answer = here.rows.query(query, limit=1)
            if answer.error is not None or answer.rows or not write_edges(here, self._direction, [edge]):
                return False
            return bool(here.rows.query(query, limit=1).rows)

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

    def _of_the_rest(self, edges_there: Sequence[Edge]) -> tuple[list[Refusal], bool]:
        """Say what is refused of rows that there were too many of to be told apart; or whether that is told already."""
        error = self._suspects.attempt(edges_there) if edges_there else None
        if error is None or (_in_short(error), None) in self._told:
            return [], error is not None
        return [self._suspects.refusal(None, error)], False

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
