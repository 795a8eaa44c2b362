"""Rows of one table with some of their values set from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.rehearsal.seeding.cases import cases, joined
from glowplug.rehearsal.seeding.compiled import STRICTEST, Strategy
from glowplug.rehearsal.seeding.keys import Taken
from glowplug.rehearsal.seeding.makers import maker
from glowplug.rehearsal.seeding.making_rows import RowMaker, Surroundings
from glowplug.rehearsal.seeding.needs import ANYTHING, meets
from glowplug.schema.tables import Family, Written
from glowplug.sql.condition import UNKNOWN, Unknown, evaluate, names, parse
from glowplug.sql.condition.functions import truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.database.rows import Value
    from glowplug.rehearsal.seeding.known import Known
    from glowplug.rehearsal.seeding.makers import Making
    from glowplug.rehearsal.seeding.plan import Plan
    from glowplug.schema.tables import ForeignKey, Table
    from glowplug.sql.condition import Scalar

_START = 2000
"""Where the numbers of edge rows begin: beyond those of plain ones."""
_TRIES = 6
_STRATEGIES = (
    STRICTEST,
    Strategy(nulls="none", defaults="all"),
    Strategy(nulls="all", defaults="all"),
)
_FAR = (7_654_321, 2_100_000_011, 32_111, 251)
"""Numbers whose values nothing is likely to have."""


_STRANGE = frozenset(
    {Family.ARRAY, Family.COMPOSITE, Family.XML, Family.OTHER, Family.RANGE, Family.MULTIRANGE, Family.GEOMETRY}
)
_WITHOUT_EQUALITY = frozenset({Family.GEOMETRY, Family.XML, Family.OTHER})


class EdgeRows:
    """Makes rows that the table takes, each with keys of its own."""

    def __init__(self, plan: Plan, known: Known, making: Making) -> None:
        """Look at what is there, of the table and of those that it refers to."""
        links = [each for each in plan.links if not each.itself]
        # A reference that may be NULL can do without a row to refer to; its table may be filled later than this.
        self._around = Surroundings(
            parents={each: known.tuples(each) for each in links},
            delayed=frozenset(each for each in plan.links if each.itself and each.optional),
        )
        self._plan = plan
        self._known = known
        self._making = making
        self._taken = Taken(plan)
        self._taken.add_all(known.read(plan.table.name))
        self._maker = RowMaker(plan, self._around, self._taken, making)
        self._types = {each.name: each.type for each in plan.table.columns}
        self._strange = frozenset(name for name, kind in self._types.items() if kind.family in _STRANGE)
        self._unequal = frozenset(
            name for name, kind in self._types.items() if kind.family in _WITHOUT_EQUALITY or kind.name == "json"
        )
        self._hidden = _hidden(plan)
        self._fragile = _fragile(plan)
        self._conditions = [(each, names(each)) for each in plan.conditions]
        self._told = plan.parts.union(*(mentioned for _, mentioned in self._conditions))
        self._keyed = {name for key in plan.keys for name in key.columns}
        self._number = _START
        self._strategies = list(_STRATEGIES)

    def table(self, name: str) -> Table | None:
        """Give another table."""
        return self._known.table(name)

    def base(self) -> dict[str, Value] | None:
        """Make a plain row."""
        while self._strategies:
            self._number += 1
            found = self._maker.rows((self._number,), self._strategies[0])
            if found:
                return self._as_others(found[0])
            self._strategies.pop(0)
        return None

    def _as_others(self, row: dict[str, Value]) -> dict[str, Value]:
        """Take what conditions name that can't be told, and values of strange types, from a row that is there."""
        there = self._known.read(self._plan.table.name)
        if not there:
            return row
        scalars = self._scalars(row)
        untold = [mentioned for each, mentioned in self._conditions if evaluate(each, scalars) is UNKNOWN]
        named = frozenset().union(*untold) or (self._plan.unclear if untold else frozenset())
        copied = (named | self._strange) - self._keyed
        if not copied:
            return row
        like = there[self._number % len(there)]
        return {name: like[name] if name in copied else value for name, value in row.items()}

    def with_values(self, values: Mapping[str, Value]) -> dict[str, Value] | None:
        """Make a row with these values; None where the table would refuse it, or may."""
        if self._fragile & values.keys() or self._is_never_taken(values):
            return None
        for _ in range(_TRIES):
            row = self.base()
            if row is None:
                return None
            self._taken.give_back()
            row = self._completed({**row, **values}, values)
            if self._is_taken(row, values):
                return row
        return None

    def _scalars(self, row: Mapping[str, Value]) -> dict[str, Scalar | Unknown]:
        """Give what conditions see of a row."""
        return self._taken.scalars({name: value for name, value in row.items() if name in self._told})

    def _is_never_taken(self, values: Mapping[str, Value]) -> bool:
        """Whether the table takes no row with these values, or none of which that can be told."""
        scalars = self._scalars(values)
        for condition, mentioned in self._conditions:
            if mentioned and mentioned <= values.keys():
                said = evaluate(condition, scalars)
                if said is UNKNOWN or (said is not None and not truth(said)):
                    return True
        return self._taken.holds(values)

    def _completed(self, row: dict[str, Value], values: Mapping[str, Value]) -> dict[str, Value]:
        """Keep references whole: what refers to its own row still does, and MATCH FULL is NULL in all columns."""
        for link in self._plan.links:
            if link.itself and not link.optional:
                row.update(
                    (column, row[referenced])
                    for column, referenced in zip(link.columns, link.referenced, strict=True)
                    if referenced in row
                )
            elif link.match_full and any(values.get(each, "") is None for each in link.columns):
                row.update(dict.fromkeys(link.columns))
        return row

    def _is_taken(self, row: Mapping[str, Value], values: Mapping[str, Value]) -> bool:
        """Whether the table takes a row, as far as can be told; where a condition on ``values`` can't be, no."""
        scalars = self._scalars(row)
        for condition, mentioned in self._conditions:
            said = evaluate(condition, scalars)
            if said is UNKNOWN:
                if mentioned & values.keys():
                    return False
            elif said is not None and not truth(said):
                return False
        parts = self._plan.parts
        if parts and not any(
            all(
                isinstance(value := scalars.get(name, UNKNOWN), Unknown) or meets(value, case.needs.get(name, ANYTHING))
                for name in parts
            )
            for case in self._plan.cases
        ):
            return False
        return self._taken.take(row)

    def pair(self, columns: tuple[str, ...]) -> tuple[dict[str, Value], dict[str, Value]] | None:
        """Make two rows that are equal in these columns; None where a key forbids it, or they can't be told."""
        if self._hidden or self._unequal.intersection(columns):
            return None
        first = self.base()
        if first is None or any(first.get(each) is None for each in columns):
            return None
        whole = {
            name
            for link in self._plan.links
            if not link.itself and set(columns) & set(link.columns)
            for name in link.columns
        }
        second = self.with_values({each: first[each] for each in (*columns, *sorted(whole - set(columns)))})
        # What refers to its own row is not what was asked for.
        return None if second is None or any(second[each] != first[each] for each in columns) else (first, second)

    def orphan(self, key: ForeignKey) -> dict[str, Value] | None:
        """Make a row that refers by a key to no row."""
        if any(each not in self._types for each in key.columns):
            return None
        parent = self._known.table(key.table)
        there = set()
        if parent is not None and {each.name for each in parent.columns}.issuperset(key.referenced):
            there = {tuple(each[name] for name in key.referenced) for each in self._known.read(key.table)}
        for number in _FAR:
            made = [maker(self._types[each], ANYTHING, self._making) for each in key.columns]
            values = {name: each.make(number) for name, each in zip(key.columns, made, strict=True) if each is not None}
            if len(values) == len(key.columns) and tuple(values.values()) not in there:
                return self.with_values(values)
        return None

    def against(self, expression: str) -> tuple[dict[str, Value], tuple[str, ...]] | None:
        """Make a row for which a condition is false, and tell the columns that it names."""
        condition = parse(expression, self._making.dialect)
        columns = tuple(sorted(names(condition) & self._types.keys()))
        refused = cases([(condition, False)])
        ways = tuple(
            both for case in self._plan.cases for other in refused if (both := joined(case, other)) is not None
        )
        if not columns or not ways:
            return None
        # The columns of the condition are written in any case: what it says of a default is not known.
        plan = replace(self._plan, cases=ways)
        made = RowMaker(plan, self._around, self._taken, self._making)
        for _ in range(_TRIES):
            self._number += 1
            for row in made.rows((self._number,), STRICTEST):
                said = evaluate(condition, self._taken.scalars(row))
                if said is not UNKNOWN and said is not None and not truth(said):
                    return row, columns
        return None


def _hidden(plan: Plan) -> bool:
    """Whether a key holds what only the server computes: then two rows may be equal there unseen."""
    computed = {each.name for each in plan.table.columns if each.written is Written.SERVER and not each.numbered}
    return any(not computed.isdisjoint(key.columns) for key in plan.keys)


def _fragile(plan: Plan) -> frozenset[str]:
    """Give columns whose odd values would get into the way of other rows: those of exclusion constraints."""
    found = set()
    for exclusion in plan.exclusions:
        found |= {name for name, _ in exclusion.parts if name is not None}
        if any(name is None for name, _ in exclusion.parts):
            found |= {each.name for each in plan.table.columns if each.name in exclusion.definition}
    return frozenset(found)
