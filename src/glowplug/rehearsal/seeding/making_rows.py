"""Rows of one table, made one after the other so that they meet its plan."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.seeding.compiled import Chosen, Compiled, Strategy, compiled
from glowplug.rehearsal.seeding.makers import beyond, maker
from glowplug.rehearsal.seeding.makers.numbers import shown
from glowplug.rehearsal.seeding.needs import ANYTHING, Needs, both, meets
from glowplug.rehearsal.seeding.scalars import scalar
from glowplug.schema.tables import Family
from glowplug.sql.condition import UNKNOWN, Call, Constant, Unknown, evaluate, functions, names, walk
from glowplug.sql.condition.functions import truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.seeding.keys import Taken
    from glowplug.rehearsal.seeding.makers import Making
    from glowplug.rehearsal.seeding.plan import Link, Plan
    from glowplug.sql.condition import Expression, Scalar

_TRIES = 30
"""How many other values are tried for a row whose keys are taken."""
_MISSES = 3
"""After so many numbers in a row that give no row, no more are tried."""
_REPAIRS = 200
"""Changes that are tried on one row whose conditions are false."""
_MOST_REPAIRS = 4000
"""The same on all rows of a table."""
_MOST_INDEX = 100_000

Row = dict[str, "Value"]


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a table's rows refer to: the values of each link's referenced columns; ``delayed`` links wait.

    ``written``: columns that rows write though the server would number them.
    """

    parents: Mapping[Link, Sequence[tuple[Value, ...]]]
    delayed: frozenset[Link] = frozenset()
    written: frozenset[str] = frozenset()


class RowMaker:
    """Makes rows; each is told by a number, and no key is used twice."""

    def __init__(
        self, plan: Plan, around: Surroundings, taken: Taken, making: Making, *, repairs: int = _MOST_REPAIRS
    ) -> None:
        """Make rows whose keys are not in ``taken``, which is added to; ``repairs``: changes tried on all of them."""
        self._plan = plan
        self._around = around
        self._taken = taken
        self._making = making
        self._random = random.Random(f"{making.seed} {plan.table.name}")  # noqa: S311 - the same rows each time
        self._pools = _pools(plan)
        self._named = sorted({name for condition in plan.conditions for name in names(condition)})
        self._repairs = repairs
        self._last: dict[str, Value] = {}
        self._compiled: dict[Strategy, tuple[Compiled, ...]] = {}
        self.why: str | None = None

    def rows(self, numbers: Sequence[int], strategy: Strategy) -> list[Row]:
        """Make a row for each number, fewer where no values are found; ``why`` then says what was in the way."""
        if strategy not in self._compiled:
            self._compiled[strategy] = compiled(self._plan, strategy, self._making, self._around)
        ways = self._compiled[strategy]
        if not ways:
            self.why = _beyond(self._plan) or "the values that its columns and conditions allow contradict each other"
            return []
        found = []
        missed = 0
        for number in numbers:
            row = self._row(number, ways, strategy)
            missed = missed + 1 if row is None else 0
            if row is not None:
                found.append(row)
            elif missed == _MISSES:
                break
        return found

    def _row(self, number: int, ways: Sequence[Compiled], strategy: Strategy) -> Row | None:
        for attempt in range(_TRIES):
            way = ways[(number + number // len(ways) + attempt + strategy.shift) % len(ways)]
            row = self._values(number, way, strategy, chance=attempt > 0)
            if row is None:
                continue
            seen: Mapping[str, Value | Unknown] = {**way.left_out(row), **row}
            if self._plan.conditions:
                repaired = self._repaired(row, seen, way, strategy)
                if repaired is None:
                    continue
                row = repaired
                seen = {**way.left_out(row), **row}
            if self._taken.take(seen):
                return row
            self.why = "no more different values fit its unique columns"
        return None

    def _values(self, number: int, way: Compiled, strategy: Strategy, *, chance: bool) -> Row | None:
        row: Row = {}
        for link in way.links:
            if not self._refer(row, link, number, way, strategy, chance=chance):
                self.why = f"{link.table} has no row that it could refer to by {', '.join(link.columns)}"
                return None
        for chosen in way.columns:
            if chosen.name in row or chosen.is_left_out(number, strategy):
                continue
            if chosen.is_null(number, strategy):
                row[chosen.name] = None
            else:
                index = self._random.randrange(_MOST_INDEX) if chance else number // chosen.divisor
                row[chosen.name] = chosen.make(index)
        for link in way.to_itself:
            for column, referenced in zip(link.columns, link.referenced, strict=True):
                if referenced in row:
                    row[column] = row[referenced]
        if way.case.relations:
            self._relate(row, way)
        return row

    def _refer(self, row: Row, link: Link, number: int, way: Compiled, strategy: Strategy, *, chance: bool) -> bool:
        parents = way.parents[link]
        fixed = [place for place, column in enumerate(link.columns) if column in row]
        if any(row[link.columns[place]] is None for place in fixed):
            parents = []
        elif fixed:
            wanted = [row[link.columns[place]] for place in fixed]
            parents = [each for each in parents if [each[place] for place in fixed] == wanted]
        if (
            link.optional
            and link not in way.demanded
            and (
                link in way.absent
                or not parents
                or strategy.nulls == "all"
                or (strategy.nulls == "some" and number % 6 == 5)  # noqa: PLR2004 - now and then
            )
        ):
            for column in link.columns:
                if column not in row and (way.chosen[column].nullable or link.match_full):
                    row[column] = None
            return True
        if not parents:
            return False
        index = self._random.randrange(_MOST_INDEX) if chance else number // way.divisors.get(link, 1)
        parent = parents[index % len(parents)]
        row.update(zip(link.columns, parent, strict=True))
        return True

    def _relate(self, row: Row, way: Compiled) -> None:
        """Give columns that are compared with others values on the right side of these."""
        for _ in range(2):
            for relation in way.case.relations:
                left, right = way.chosen.get(relation.left), way.chosen.get(relation.right)
                if left is None or right is None or row.get(left.name) is None or row.get(right.name) is None:
                    continue
                one, other = scalar(left.type, row[left.name]), scalar(right.type, row[right.name])
                if isinstance(one, Unknown) or isinstance(other, Unknown) or _holds(relation.operator, one, other):
                    continue
                if right.name not in way.fixed:
                    self._rebound(row, right, _MIRRORED[relation.operator], one)
                elif left.name not in way.fixed:
                    self._rebound(row, left, relation.operator, other)

    def _rebound(self, row: Row, chosen: Chosen, operator: str, value: Scalar) -> None:
        needs = both(chosen.needs, _BOUNDS[operator](value))
        found = None if needs is None else maker(chosen.type, needs, self._making)
        if found is not None:
            row[chosen.name] = found.make(0)

    def _repaired(self, row: Row, seen: Mapping[str, Value | Unknown], way: Compiled, strategy: Strategy) -> Row | None:
        """Give the row, or one near it, of which no condition is known to be false."""
        if strategy.wild:
            row = self._tamed(row, way)
            seen = {**way.left_out(row), **row}
        wrong = self._wrong(seen)
        if not wrong:
            return row
        open_ = [name for name in dict.fromkeys(self._open(wrong)) if name in way.chosen and name not in way.fixed]
        base = row
        for attempt in range(min(_REPAIRS, self._repairs) if open_ else 0):
            self._repairs -= 1
            changed = {**base, **{name: value for name, value in self._last.items() if name in open_}}
            if attempt > 0 or not self._last:
                changed = dict(base)
                for name in self._random.sample(open_, self._random.randint(1, len(open_))):
                    changed[name] = self._candidate(way.chosen[name])
            fewer = self._wrong({**way.left_out(changed), **changed})
            if not fewer:
                self._last = {name: changed[name] for name in open_ if name in changed}
                return changed
            if len(fewer) < len(wrong):
                base, wrong = changed, fewer
        called = dict(zip(self._plan.conditions, self._plan.called, strict=True))
        self.why = f"no values were found that meet {called[wrong[0]]}"
        return None

    def _tamed(self, row: Row, way: Compiled) -> Row:
        """Draw the columns of conditions that can't be told from what these conditions mention."""
        unclear = [name for name in self._plan.unclear if name in row and name not in way.fixed]
        return {**row, **{name: self._candidate(way.chosen[name]) for name in sorted(unclear)}}

    def _candidate(self, chosen: Chosen) -> Value:
        pool = self._pools.get(chosen.name, ())
        kind = self._random.random()
        if pool and kind < 0.6:  # noqa: PLR2004 - mostly
            value = self._random.choice(pool)
            if value is not None and meets(scalar_or_text(chosen, value), chosen.needs):
                return value
        if chosen.nullable and chosen.needs.null is None and kind > 0.85:  # noqa: PLR2004 - rarely
            return None
        return chosen.make(self._random.randrange(120))

    def _wrong(self, seen: Mapping[str, Value | Unknown]) -> list[Expression]:
        scalars = self._taken.scalars({name: seen[name] for name in self._named if name in seen})
        found = []
        for condition in self._plan.conditions:
            value = evaluate(condition, scalars)
            if value is not UNKNOWN and value is not None and not truth(value):
                found.append(condition)
        return found

    @staticmethod
    def _open(wrong: Sequence[Expression]) -> list[str]:
        return sorted({name for each in wrong for name in names(each)})


def scalar_or_text(chosen: Chosen, value: Value) -> Scalar:
    """Give a value's meaning, or its text where it has none of its own."""
    found = scalar(chosen.type, value)
    return value if isinstance(found, Unknown) else found


_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_BOUNDS = {
    "<": lambda value: Needs(high=value, high_open=True),
    "<=": lambda value: Needs(high=value),
    ">": lambda value: Needs(low=value, low_open=True),
    ">=": lambda value: Needs(low=value),
    "=": lambda value: Needs(among=(value,)),
    "<>": lambda value: Needs(without=(value,)),
}


def _holds(operator: str, left: Scalar, right: Scalar) -> bool:
    return meets(left, _BOUNDS[operator](right))


_TIDY = frozenset({"trim", "btrim", "ltrim", "rtrim", "lower", "upper", "initcap"})
_UNTIDY = (" aB ", " a")
_NUMERIC = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})


def _pools(plan: Plan) -> dict[str, tuple[Value, ...]]:
    """Give the values that the conditions of each column mention, and those beside them."""
    found: dict[str, dict[Value, None]] = {}
    numeric = {each.column.name for each in plan.columns if each.column.type.family in _NUMERIC}
    arrays = {each.column.name for each in plan.columns if each.column.type.family is Family.ARRAY}
    for condition in plan.conditions:
        types = {id(part.arguments[1]) for part in walk(condition) if isinstance(part, Call) and part.name == "cast"}
        constants = [part for part in walk(condition) if isinstance(part, Constant) and id(part) not in types]
        mentioned = [value for constant in constants for value in _beside(constant.value)]
        everything = not names(condition)
        for name in [each.column.name for each in plan.columns] if everything else names(condition):
            fitting = [
                each for each in mentioned if name not in numeric or each is None or functions.number(each) is not None
            ]
            if name in arrays:
                fitting = [each for each in fitting if str(each).startswith("{") and str(each).endswith("}")]
            found.setdefault(name, {}).update(dict.fromkeys(fitting))
        for name in _rewritten(condition) - numeric:
            found[name].update(dict.fromkeys(_UNTIDY))
    return {name: tuple(values) for name, values in found.items()}


def _beyond(plan: Plan) -> str | None:
    """Say of which column no value is made because of its size."""
    found = (
        (planned.column.name, beyond(planned.type, joint))
        for case in plan.cases
        for planned in plan.columns
        if (joint := both(planned.needs, case.needs.get(planned.column.name, ANYTHING))) is not None
    )
    return next((f"{name} {said}" for name, said in found if said is not None), None)


def _rewritten(condition: Expression) -> frozenset[str]:
    """Give the columns whose blanks or letters a condition looks at."""
    calls = (part for part in walk(condition) if isinstance(part, Call) and part.name in _TIDY)
    return frozenset(name for call in calls for name in names(call))


def _beside(value: Scalar) -> tuple[Value, ...]:
    if isinstance(value, Decimal):
        return tuple(shown(each, 0) for each in (value, value + 1, value - 1, value * 2))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, bytes) or value is None:
        return (value,)
    return (value, value + "1", f'{{"{value}": "a"}}')
