"""Tables that need each other's rows at once: row n of one refers to row n of the next, written in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding.compiled import STRICTEST
from glowplug.rehearsal.seeding.filling import Filled, in_words
from glowplug.rehearsal.seeding.keys import Taken
from glowplug.rehearsal.seeding.makers import Making, maker
from glowplug.rehearsal.seeding.making_rows import RowMaker, Surroundings
from glowplug.rehearsal.seeding.needs import NOT_NULL
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.database.rows import Rows, Value
    from glowplug.rehearsal.seeding.known import Known
    from glowplug.rehearsal.seeding.plan import Link, Plan


def fill_knot(
    plans: Sequence[Plan],
    wanted: int,
    *,
    rows: Rows,
    known: Known,
    delayed: frozenset[Link],
    making: Making,
    start: int,
) -> dict[str, Filled]:
    """Write up to ``wanted`` rows into each of the tables, all or none."""
    members = {each.table.name: each for each in plans}
    made: dict[str, list[dict[str, Value]]] = {}
    for name, plan in members.items():
        around = _around(plan, members, known, delayed, making)
        taken = Taken(plan)
        taken.add_all(known.existing(name))
        row_maker = RowMaker(plan, around, taken, making)
        made[name] = row_maker.rows(range(start, start + wanted), STRICTEST)
        if not made[name]:
            return {each: Filled(written=0, why=row_maker.why) for each in members}
    count = min(map(len, made.values()))
    for name, plan in members.items():
        made[name] = made[name][:count]
        for link in plan.links:
            if link.table in members and link not in delayed:
                for own, other in zip(made[name], made[link.table], strict=False):
                    own.update(zip(link.columns, (other[each] for each in link.referenced), strict=True))
    error = rows.execute(_statement([(members[name], each) for name, each in made.items()], making.dialect))
    if error is not None:
        why = f"{' and '.join(members)} need each other's rows at once: {in_words(error)}"
        return {each: Filled(written=0, why=why) for each in members}
    for name, each in made.items():
        known.wrote(name, each)
    return {name: Filled(written=count) for name in members}


def _around(
    plan: Plan, members: Mapping[str, Plan], known: Known, delayed: frozenset[Link], making: Making
) -> Surroundings:
    parents: dict[Link, Sequence[tuple[Value, ...]]] = {}
    for link in plan.links:
        if link in delayed or link.itself:
            continue
        parents[link] = known.tuples(link) if link.table not in members else [_stand_in(plan, link, making)]
    asked = (link for other in members.values() for link in other.links if link.table == plan.table.name)
    return Surroundings(
        parents=parents,
        delayed=delayed,
        written=frozenset(name for link in asked if link not in delayed for name in link.referenced),
    )


def _stand_in(plan: Plan, link: Link, making: Making) -> tuple[Value, ...]:
    """Give values that stand in a row until it is known to which row it refers."""
    types = {each.name: each.type for each in plan.table.columns}
    makers = (maker(types[name], NOT_NULL, making) for name in link.columns)
    return tuple("" if each is None else each.make(0) for each in makers)


def _statement(parts: Sequence[tuple[Plan, Sequence[Mapping[str, Value]]]], dialect: Dialect) -> str:
    """Write all rows such that references are looked at when all are there."""
    inserts = [_insert(plan, made, dialect) for plan, made in parts]
    if dialect is Dialect.POSTGRES:
        before = ", ".join(f"part_{place} AS ({each})" for place, each in enumerate(inserts[:-1]))
        return f"WITH {before} {inserts[-1]}"
    if dialect is Dialect.SQLITE:
        return f"BEGIN; PRAGMA defer_foreign_keys = ON; {'; '.join(inserts)}; COMMIT"
    return "; ".join(f"SET STATEMENT foreign_key_checks = 0 FOR {each}" for each in inserts)


def _insert(plan: Plan, made: Sequence[Mapping[str, Value]], dialect: Dialect) -> str:
    columns = list(made[0])
    listed = ", ".join(quoted(each, dialect) for each in columns)
    values = ", ".join(f"({', '.join(_literal(row[each], dialect) for each in columns)})" for row in made)
    return f"INSERT INTO {plan.table.sql} ({listed}) VALUES {values}"


def _literal(value: Value, dialect: Dialect) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'" if dialect is Dialect.POSTGRES else f"X'{value.hex()}'"
    text = value.replace("'", "''")
    if dialect is Dialect.SQLITE or "\\" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\")
    return f"E'{escaped}'" if dialect is Dialect.POSTGRES else f"'{escaped}'"
