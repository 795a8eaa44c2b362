"""Which values of unique columns are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.rehearsal.seeding.scalars import scalar
from glowplug.schema.tables import Family
from glowplug.sql.condition import UNKNOWN, Unknown, evaluate
from glowplug.sql.condition.functions import truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glowplug.database.rows import Value
    from glowplug.rehearsal.seeding.plan import Key, Plan
    from glowplug.sql.condition import Scalar

_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_MOMENTS = frozenset({Family.TIME, Family.TIMESTAMP})


class Taken:
    """What the rows of a table hold in its keys."""

    def __init__(self, plan: Plan) -> None:
        """Begin with nothing taken."""
        self._keys = plan.keys
        self._types = {each.name: each.type for each in plan.table.columns}
        self._taken: list[set[tuple[object, ...]]] = [set() for _ in plan.keys]
        self._simple = [not key.expressions and key.predicate is None for key in plan.keys]
        self._last: list[tuple[int, tuple[object, ...]]] = []

    def forget(self) -> None:
        """Begin anew."""
        for each in self._taken:
            each.clear()

    def take(self, row: Mapping[str, Value | Unknown]) -> bool:
        """Take a row's keys, unless one of them is taken; whether they were free."""
        found = []
        for place, key in enumerate(self._keys):
            values = self._values(place, key, row)
            if values is not None:
                if values in self._taken[place]:
                    return False
                found.append((place, values))
        for place, values in found:
            self._taken[place].add(values)
        self._last = found
        return True

    def give_back(self) -> None:
        """Free the keys that were taken last: that row is not written as it was."""
        for place, values in self._last:
            self._taken[place].discard(values)
        self._last = []

    def holds(self, part: Mapping[str, Value]) -> bool:
        """Whether some key is taken for every row with these values, whatever its others are."""
        return any(
            self._simple[place] and (values := self._values(place, key, part)) is not None and values in taken
            for place, (key, taken) in enumerate(zip(self._keys, self._taken, strict=True))
        )

    def add(self, row: Mapping[str, Value | Unknown]) -> None:
        """Take a row's keys, whoever else has them."""
        for place, key in enumerate(self._keys):
            values = self._values(place, key, row)
            if values is not None:
                self._taken[place].add(values)

    def add_all(self, rows: Iterable[Mapping[str, Value | Unknown]]) -> None:
        """Take the keys of rows."""
        for row in rows:
            self.add(row)

    def _values(self, place: int, key: Key, row: Mapping[str, Value | Unknown]) -> tuple[object, ...] | None:
        """Give the values that must differ; None where these can't be equal to another row's, or can't be told."""
        if not self._simple[place] and key.predicate is not None:
            said = evaluate(key.predicate, self.scalars(row))
            if not isinstance(said, Unknown) and not (said is not None and truth(said)):
                return None
        found: list[object] = []
        expressions = iter(key.expressions)
        for column in key.columns:
            if column is None:
                expression = next(expressions, None)
                value: Scalar | Value | Unknown = (
                    UNKNOWN if expression is None else evaluate(expression, self.scalars(row))
                )
            else:
                value = row.get(column, UNKNOWN)
            if isinstance(value, Unknown) or (value is None and key.nulls_distinct):
                return None
            found.append(value if column is None else self._folded(column, value))
        return tuple(found)

    def _folded(self, column: str, value: object) -> object:
        kind = self._types[column]
        if not isinstance(value, str):
            return value
        if kind.folds:
            value = value.casefold().rstrip()
        if kind.family in _NUMBERS or kind.family is Family.BOOLEAN:
            return scalar(kind, value)
        if kind.family in _MOMENTS and "." in value:
            whole, _, tail = value.partition(".")
            fraction, zone = (tail, "") if "+" not in tail else tail.split("+", 1)
            return f"{whole}.{fraction.rstrip('0')}+{zone}"
        return value

    def scalars(self, row: Mapping[str, Value | Unknown]) -> dict[str, Scalar | Unknown]:
        """Give a row as conditions see it."""
        types = self._types
        return {name: scalar(types[name], value) for name, value in row.items()}
