"""Rows that meet a condition of a file's which can't be read as what it asks of each column: found by trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.rehearsal.seeding.cases import joined
from glowplug.rehearsal.seeding.compiled import STRICTEST
from glowplug.rehearsal.seeding.keys import Taken
from glowplug.rehearsal.seeding.making_rows import RowMaker, Surroundings
from glowplug.rehearsal.seeding.plan import plan
from glowplug.rehearsal.seeding.settings import DataSettings
from glowplug.sql.condition import Call, Unknown, evaluate, names
from glowplug.sql.condition.functions import truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.database.rows import Value
    from glowplug.rehearsal.seeding.cases import Case
    from glowplug.rehearsal.seeding.makers import Making
    from glowplug.schema.tables import Table
    from glowplug.sql.condition import Expression, Scalar

_NUMBERS = range(700, 703)  # of rows: far from those of plain ones
_REPAIRS = 300  # other values that are tried on all of them


def solved(
    condition: Expression, case: Case, table: Table, later: Table | None, making: Making
) -> Iterator[dict[str, Value]]:
    """Give values of the columns that a condition names, with which it holds in a row that the table takes as well.

    ``case``: one way in which it holds. A condition that is to be false is a ``not`` around it.
    """
    settings = DataSettings(seed=making.seed)
    own = plan(table, later, links=(), partitions={}, dialect=making.dialect, settings=settings)
    named = names(condition) & {each.column.name for each in own.columns}
    ways = tuple(both for each in own.cases if (both := joined(each, case)) is not None)
    if named < names(condition) or not ways:
        return
    wanted = replace(own, cases=ways, conditions=(*own.conditions, condition), called=(*own.called, ""), keys=())
    types = Taken(wanted)
    maker = RowMaker(wanted, Surroundings(parents={}), types, making, repairs=_REPAIRS)
    for row in maker.rows(_NUMBERS, STRICTEST):
        scalars = types.scalars({name: row[name] for name in named if name in row})
        if named <= row.keys() and _holds(condition, scalars):
            yield {name: row[name] for name in sorted(named)}


def _holds(condition: Expression, scalars: Mapping[str, Scalar | Unknown]) -> bool:
    negated = isinstance(condition, Call) and condition.name == "not"
    said = evaluate(condition.arguments[0] if isinstance(condition, Call) and negated else condition, scalars)
    if isinstance(said, Unknown):
        return False
    return bool(said is not None and truth(said)) is not negated
