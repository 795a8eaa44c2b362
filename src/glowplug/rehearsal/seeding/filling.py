"""One table filled: rows made, written, and made otherwise where the server refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.seeding.compiled import Strategy
from glowplug.rehearsal.seeding.keys import Taken
from glowplug.rehearsal.seeding.making_rows import RowMaker, Surroundings
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Rows, Value
    from glowplug.rehearsal.seeding.known import Known
    from glowplug.rehearsal.seeding.makers import Making
    from glowplug.rehearsal.seeding.plan import Plan
    from glowplug.schema.tables import Table

STRATEGIES = (
    Strategy(),
    Strategy(nulls="none", defaults="none"),
    Strategy(nulls="none", defaults="all", shift=1),
    Strategy(nulls="all", defaults="all"),
    Strategy(nulls="all", defaults="none"),
    *(Strategy(guess=guess, nulls="none", defaults="none") for guess in range(1, 9)),
    *(Strategy(guess=guess, wild=True, shift=guess, defaults="none") for guess in range(1, 9)),
    *(Strategy(guess=guess, wild=True, shift=guess, nulls="all", defaults="all") for guess in range(1, 5)),
)
"""From rows that vary most to rows by chance."""
_PROBE = 6
"""Rows of a strategy that are tried before the rest is."""
_PATIENCE = 10
"""Times in a row that a strategy may fail which has worked: what it draws by chance is refused now and then."""
_UNIQUE = frozenset({"23505", "23P01", "23000", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of a table the server took, and what was in the way of more."""

    written: int
    why: str | None = None


def fill(
    plan: Plan, wanted: int, *, rows: Rows, known: Known, around: Surroundings, making: Making, start: int
) -> Filled:
    """Write up to ``wanted`` rows, numbered from ``start``."""
    taken = Taken(plan)
    taken.add_all(known.existing(plan.table.name))
    making_rows = RowMaker(plan, around, taken, making)
    written, number, said = 0, start, None
    for strategy in STRATEGIES:
        misses, patience = 0, 1
        while misses < patience and written < wanted:
            first = written == 0 and (strategy is not STRATEGIES[0] or _is_doubtful(plan))
            count = min(wanted - written, _PROBE) if first else wanted - written
            made = making_rows.rows(range(number, number + count), strategy)
            number += count
            accepted, error = insert(rows, plan.table, made)
            known.wrote(plan.table.name, accepted)
            written += len(accepted)
            misses = 0 if accepted else misses + 1
            patience = _PATIENCE if accepted else patience
            if strategy is STRATEGIES[0] and not (first and accepted):
                patience = 0
            if error is not None:
                said = in_words(error)
                if error.timed_out:
                    return Filled(written=written, why=said)
                if error.code in _UNIQUE:
                    _take_all(taken, known, plan)
        if written >= wanted:
            return Filled(written=written)
    return Filled(written=written, why=said or making_rows.why)


def _is_doubtful(plan: Plan) -> bool:
    """Whether a server may refuse every row for what is in no catalogue: a trigger, a type that it checks itself."""
    return bool(plan.table.triggers) or any(each.type.family in {Family.XML, Family.OTHER} for each in plan.columns)


def _take_all(taken: Taken, known: Known, plan: Plan) -> None:
    """Look at the server's rows: what others wrote there, triggers above all, is taken too."""
    taken.forget()
    taken.add_all(known.read(plan.table.name))


def insert(
    rows: Rows, table: Table, made: Sequence[dict[str, Value]]
) -> tuple[list[dict[str, Value]], SqlError | None]:
    """Write rows, those with the same columns at once; give those taken, and the last thing said of another."""
    groups: dict[tuple[str, ...], list[dict[str, Value]]] = {}
    for row in made:
        groups.setdefault(tuple(row), []).append(row)
    accepted: list[dict[str, Value]] = []
    last = None
    for columns, group in groups.items():
        errors = rows.insert(table, columns, [tuple(row.values()) for row in group])
        for row, error in zip(group, errors, strict=True):
            if error is None:
                accepted.append(row)
            else:
                last = error
    return accepted, last


def in_words(error: SqlError) -> str:
    """Give what a server said, in one line."""
    said = error.message if error.detail is None else f"{error.message} ({error.detail})"
    return " ".join(said.split())
