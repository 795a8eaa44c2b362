"""References within a cycle: the rows are there with NULL, and now refer to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.database.rows import Rows, Value
    from glowplug.rehearsal.seeding.known import Known
    from glowplug.rehearsal.seeding.order import Order
    from glowplug.rehearsal.seeding.plan import Link, Plan


def refer_late(rows: Rows, plans: Mapping[str, Plan], order: Order, known: Known) -> None:
    """Let rows of ours refer by the links that waited; what the server refuses stays NULL."""
    for name, plan in plans.items():
        for link in plan.links:
            if link in order.delayed and known.written(name):
                _refer(rows, plan, link, known)


def _refer(rows: Rows, plan: Plan, link: Link, known: Known) -> None:
    by = _identity(plan)
    own = known.read(plan.table.name)
    parents = known.tuples(link)
    if by is None or not parents:
        return
    columns = [each for each in link.columns if each not in by]
    changes: list[tuple[Value, ...]] = []
    for index, row in enumerate(own):
        if any(row[column] is not None for column in columns) or any(row[column] is None for column in by):
            continue
        if not _needed(plan, columns) and index % 3 == 0:
            continue
        fixed = [
            (place, row[column]) for place, column in enumerate(link.columns) if column in by or row[column] is not None
        ]
        fit = [each for each in parents if all(each[place] == value for place, value in fixed)]
        if fit:
            parent = fit[index // 2 % len(fit)]
            values = dict(zip(link.columns, parent, strict=True))
            changes.append((*(values[column] for column in columns), *(row[column] for column in by)))
    if changes:
        rows.update(plan.table, columns, changes, by=by)
        known.wrote(plan.table.name, ())


def _needed(plan: Plan, columns: list[str]) -> bool:
    """Whether they will have to hold something."""
    return any(each.column.name in columns and each.needs.null is False for each in plan.columns)


def _identity(plan: Plan) -> tuple[str, ...] | None:
    """Give columns that tell a row from all others."""
    nullable = {each.name for each in plan.table.columns if each.nullable}
    uniques = sorted(plan.table.uniques, key=lambda each: (not each.primary, len(each.columns)))
    for unique in uniques:
        columns = tuple(each for each in unique.columns if each is not None)
        if len(columns) == len(unique.columns) and unique.predicate is None and not nullable & set(columns):
            return columns
    return None
