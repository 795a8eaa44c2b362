"""Plain rows for a whole schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.measured import NotSeeded
from glowplug.rehearsal.seeding.delayed import refer_late
from glowplug.rehearsal.seeding.filling import Filled, fill, in_words, insert
from glowplug.rehearsal.seeding.given import asked_values, given_rows
from glowplug.rehearsal.seeding.knots import fill_knot
from glowplug.rehearsal.seeding.known import Known
from glowplug.rehearsal.seeding.makers import Making
from glowplug.rehearsal.seeding.making_rows import Surroundings
from glowplug.rehearsal.seeding.order import ordered, with_referenced
from glowplug.rehearsal.seeding.plan import Link, Plan, kin_of, links_of, plan
from glowplug.rehearsal.seeding.settings import is_about

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from glowplug.database.rows import Rows
    from glowplug.dialect import Dialect
    from glowplug.rehearsal.seeding.settings import DataSettings, TableSettings
    from glowplug.schema.tables import Table

_TURN = 1000
"""Numbers between the rows of one turn and those of the next."""
_SALT = 10_007
"""Numbers between the texts of one table and those of another, which a trigger may forbid to be equal."""
_SEED = 10_007
"""Numbers between the rows of one seed and those of the next."""


class Seeded(msgspec.Struct, frozen=True, kw_only=True):
    """``written``: rows of ours that the server took, by table; ``not_seeded``: tables with fewer than were asked for.

    A table that has enough rows all the same, by a trigger or from before, is none of these.
    """

    written: Mapping[str, int]
    not_seeded: tuple[NotSeeded, ...]


def seed(
    rows: Rows,
    tables: Sequence[Table],
    *,
    later: Sequence[Table] = (),
    dialect: Dialect,
    settings: DataSettings,
    only: Collection[str] | None = None,
    turn: int = 0,
) -> Seeded:
    """Write plain rows into ``tables``, such as the tables of the same names in ``later`` take too.

    Rows that are there stay. ``only``: names of the tables that are wanted; those that they refer to are filled as
    well. Another ``turn`` gives other values beside the first's. The same call on the same database writes the same
    rows. A table that can't be filled is named with the reason; none is in the way of another.
    """
    plans = plans_of(tables, later=later, dialect=dialect, settings=settings, only=only)
    order = ordered({name: each.links for name, each in plans.items()})
    known = Known(rows, {each.name: each for each in tables}, stirred=turn > 0)
    written: dict[str, int] = {}
    not_seeded: list[NotSeeded] = []
    for place, group in enumerate(order.groups):
        making = Making(dialect=dialect, seed=settings.seed, salt=place * _SALT)
        own = [plans[name] for name in group]
        found = _filled(own, rows=rows, known=known, delayed=order.delayed, making=making, turn=turn, settings=settings)
        for name, each in found.items():
            written[name] = each.written
            given = _given(settings, name)
            asked = len(given.rows) if given is not None and not given.skip else settings.rows
            if each.written < asked and (short := _short(name, each, asked, known)) is not None:
                not_seeded.append(short)
    refer_late(rows, plans, order, known)
    return Seeded(written=written, not_seeded=tuple(not_seeded))


def plans_of(
    tables: Sequence[Table],
    *,
    later: Sequence[Table],
    dialect: Dialect,
    settings: DataSettings,
    only: Collection[str] | None,
) -> dict[str, Plan]:
    """Plan each wanted table whose rows are written through itself, and what it refers to."""
    known = {each.name: each for each in tables}
    after = {each.name: each for each in later}
    own = {name: each for name, each in known.items() if each.partition_of is None}
    links = {name: links_of(each, after.get(name), known) for name, each in own.items()}
    wanted = own.keys() if only is None else with_referenced(_roots(only, known), links)
    partitions: dict[str, list[Table]] = {}
    for each in tables:
        if each.partition_of is not None:
            partitions.setdefault(each.partition_of, []).append(each)
    kin = kin_of(links.values())
    return {
        name: plan(
            table,
            after.get(name),
            links=links[name],
            partitions=partitions,
            dialect=dialect,
            settings=settings,
            kin=kin,
        )
        for name, table in own.items()
        if name in wanted
    }


def _roots(only: Collection[str], known: Mapping[str, Table]) -> list[str]:
    """Give the tables through which rows get into those that are wanted."""
    found = []
    for name in only:
        root = name
        while root in known and (parent := known[root].partition_of) is not None:
            root = parent
        found.append(root)
    return found


def _given(settings: DataSettings, name: str) -> TableSettings | None:
    return next((each for each in settings.table if is_about(each.table, name)), None)


def _filled(
    group: Sequence[Plan],
    *,
    rows: Rows,
    known: Known,
    delayed: frozenset[Link],
    making: Making,
    turn: int,
    settings: DataSettings,
) -> dict[str, Filled]:
    start = turn * max(_TURN, settings.rows) + (settings.seed - 1) % _TURN * _SEED
    if len(group) > 1 and not any(_given(settings, each.table.name) for each in group):
        return fill_knot(group, settings.rows, rows=rows, known=known, delayed=delayed, making=making, start=start)
    found = {}
    for own in group:
        name = own.table.name
        given = _given(settings, name)
        if given is not None:
            found[name] = _as_given(
                rows, known, own.table, given, making.dialect if turn == 0 or not known.read(name) else None
            )
            continue
        asked = asked_values(rows, own, settings.rows, start)
        if asked.why is not None:
            found[name] = Filled(written=0, why=asked.why)
            continue
        links = [each for each in asked.links if each not in delayed and not each.itself]
        around = Surroundings(parents={each: known.tuples(each) for each in links}, delayed=delayed)
        found[name] = fill(asked, settings.rows, rows=rows, known=known, around=around, making=making, start=start)
    return found


def _as_given(rows: Rows, known: Known, table: Table, given: TableSettings, dialect: Dialect | None) -> Filled:
    """Write the rows of glowplug.toml; ``dialect`` None: they are there already."""
    if given.skip:
        return Filled(written=0, why=f"glowplug.toml skips it: {given.because}")
    accepted, error = insert(rows, table, given_rows(given, table, dialect)) if dialect is not None else ([], None)
    known.wrote(table.name, accepted)
    return Filled(written=len(accepted), why=None if error is None else in_words(error))


def _short(name: str, found: Filled, asked: int, known: Known) -> NotSeeded | None:
    why = found.why or "no more rows could be made"
    if found.written == 0 and why.startswith("glowplug.toml"):
        return NotSeeded(table=name, why=why)
    there = len(known.read(name))
    if there >= asked:
        return None
    return NotSeeded(table=name, why=f"{there} of {asked} rows: {why}" if there else why)
