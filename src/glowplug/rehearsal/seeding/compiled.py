"""One case of a plan, made ready for rows: what makes each column, and what each link may refer to."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.seeding.makers import Maker, maker
from glowplug.rehearsal.seeding.makers.base import listed
from glowplug.rehearsal.seeding.needs import ANYTHING, Needs, both, meets
from glowplug.rehearsal.seeding.scalars import scalar
from glowplug.schema.tables import Family
from glowplug.sql.condition import UNKNOWN, Unknown, names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.seeding.cases import Case
    from glowplug.rehearsal.seeding.makers import Making
    from glowplug.rehearsal.seeding.making_rows import Surroundings
    from glowplug.rehearsal.seeding.plan import Key, Link, Plan, Planned
    from glowplug.schema.tables import Type
    from glowplug.sql.condition import Scalar

_SPARSE = 3
"""Numbers between the values of rows that must not overlap."""
_FEW = 12
"""Values of a column that are few."""
FAR = 5_000
"""Numbers that no row has in a primary key, between the first row's and the second's: beyond those of other turns."""
_ROOM_FOR_A_GAP = 120
"""Numbers that there are to be at least for one."""
_OWN_NUMBERS = 1_000_000
"""Where numbers begin that the server would else give: far from its own."""


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """How rows are varied. ``nulls`` and ``defaults`` (left out): some, all or none of those that may be.

    ``shift``: which case comes first; ``guess``: of values whose type is not known; ``wild``: columns of conditions
    that can't be told are drawn by chance.
    """

    nulls: str = "some"
    defaults: str = "some"
    shift: int = 0
    guess: int = 0
    wild: bool = False


STRICTEST = Strategy(nulls="none", defaults="none")
"""Every column is written, and is NULL only where it must be."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """One column: ``make`` its values, whose number is divided by ``divisor`` first.

    ``null_at``: at which turn it is NULL now and then, never the first: rows of other tables have its number. -1: at
    none. ``always_out``: the server numbers it.
    """

    name: str
    type: Type
    needs: Needs
    nullable: bool
    make: Callable[[int], Value]
    divisor: int = 1
    null_at: int = -1
    only_null: bool = False
    omissible: bool = False
    always_out: bool = False

    def is_left_out(self, number: int, strategy: Strategy) -> bool:
        """Whether the server gives the value in this row."""
        if not self.omissible:
            return False
        return self.always_out or strategy.defaults == "all" or (strategy.defaults == "some" and number % 5 == 4)  # noqa: PLR2004 - a fifth

    def is_null(self, number: int, strategy: Strategy) -> bool:
        """Whether it is NULL in this row."""
        if self.null_at < 0 or strategy.nulls == "none":
            return self.only_null
        return self.only_null or strategy.nulls == "all" or number % 7 == self.null_at


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """A case that rows can be made for; ``demanded`` links refer to a row, ``absent`` ones to none."""

    case: Case
    columns: tuple[Chosen, ...]
    chosen: Mapping[str, Chosen]
    links: tuple[Link, ...]
    to_itself: tuple[Link, ...]
    parents: Mapping[Link, Sequence[tuple[Value, ...]]]
    divisors: Mapping[Link, int]
    demanded: frozenset[Link]
    absent: frozenset[Link]
    fixed: frozenset[str]
    defaults: Mapping[str, Value | Unknown]

    def left_out(self, row: Mapping[str, Value]) -> dict[str, Value | Unknown]:
        """Give what stands in the columns that a row leaves out, as far as it is known."""
        return {name: value for name, value in self.defaults.items() if name not in row}


def compiled(plan: Plan, strategy: Strategy, making: Making, around: Surroundings) -> tuple[Compiled, ...]:
    """Make each case ready that values exist for."""
    found = (_compiled(plan, case, strategy, making, around) for case in plan.cases)
    ready = tuple(each for each in found if each is not None)
    if plan.contradiction and strategy.nulls != "all":
        return ()
    return ready


def _compiled(plan: Plan, case: Case, strategy: Strategy, making: Making, around: Surroundings) -> Compiled | None:
    nullable = {each.column.name for each in plan.columns if each.column.nullable}
    waiting = {name for link in plan.links if link in around.delayed for name in _waiting(link, nullable)}
    used = tuple(each for each in plan.links if each not in around.delayed and not each.itself)
    to_itself = tuple(each for each in plan.links if each not in around.delayed and each.itself)
    linked = {name for link in used for name in link.columns}
    itself = {name for link in to_itself for name in link.columns}
    own = {name for link in to_itself for name in link.referenced} | around.written
    keyed = {name for key in plan.keys for name in key.columns}
    told = {name for condition in plan.conditions for name in names(condition)}
    tried = {name for each in case.rest for name in names(each)} | plan.untold
    columns: dict[str, Chosen] = {}
    sizes: dict[str, int | None] = {}
    for place, planned in enumerate(plan.columns):
        name = planned.column.name
        needs = both(planned.needs, case.needs.get(name, ANYTHING))
        if needs is None:
            return None
        if name in waiting and name not in linked:
            if not planned.column.nullable or case.needs.get(name, ANYTHING).null is False:
                return None
            needs = Needs(null=True)
        about = msgspec.structs.replace(making, simple=name in tried, salt=0 if planned.kin else making.salt)
        made = _maker(planned, needs, about, strategy, key=_is_key(plan, name), numbered_by_us=name in own)
        if made is None and name not in linked and name not in itself:
            if planned.omissible:
                made = listed((None,))
            elif planned.column.nullable and needs.null is not False:
                needs, made = Needs(null=True), listed((None,))
            else:
                return None
        made = made or listed((None,))
        if made.size is not None and 1 < made.size <= _FEW and name not in keyed:
            made = _turned(made, made.size, place)
        columns[name] = _chosen(planned, needs, made, place, forced=name in own or _unclear(planned, told))
        sizes[name] = made.size
    parents = _that_agree({link: _parents(link, columns, around) for link in used})
    demanded = frozenset(link for link in used if any(columns[name].needs.null is False for name in link.columns))
    if any(not parents[link] for link in demanded) and len(plan.cases) > 1:
        return None
    divisors = _divisors(plan.keys, sizes, parents)
    sparse = bool(plan.exclusions)
    return Compiled(
        case=case,
        columns=tuple(
            each
            if each.name not in divisors and not sparse
            else _spread(each, divisors.get(each.name, 1), sparse=sparse)
            for each in columns.values()
        ),
        chosen=columns,
        links=used,
        to_itself=to_itself,
        parents=parents,
        divisors={link: divisors[link.columns[0]] for link in used if link.columns[0] in divisors},
        demanded=demanded,
        absent=frozenset(link for link in used if any(columns[name].needs.null is True for name in link.columns)),
        fixed=frozenset(linked | itself | waiting),
        defaults={each.column.name: _default(each) for each in plan.columns if each.omissible},
    )


def _unclear(planned: Planned, told: Collection[str]) -> bool:
    """Whether what the server would give could break a condition."""
    return planned.column.name in told and planned.default is UNKNOWN and not planned.column.numbered


def _turned(made: Maker, size: int, place: int) -> Maker:
    """Let columns of few values meet in all combinations."""
    make = made.make
    return Maker(make=lambda n: make(n + n // size * place), size=size)


def _with_gap(made: Maker) -> Maker:
    """Let no row but the first have a number that it would also have if all were numbered anew.

    Nor one that is greater than that by as much as all others are. Of a type that has few, some are left over.
    """
    make, size = made.make, made.size
    if size is not None and size < _ROOM_FOR_A_GAP:
        return made
    gap = FAR if size is None else min(FAR, size // 8)
    return Maker(make=lambda n: make(n + n // 3 + gap if n else n), size=size)


def _default(planned: Planned) -> Value | Unknown:
    value = planned.default
    if isinstance(value, (str, bytes)) or value is None:
        return value
    return UNKNOWN if isinstance(value, Unknown) else str(value).lower()


def _is_key(plan: Plan, name: str) -> bool:
    return any(unique.primary and unique.columns == (name,) for unique in plan.table.uniques)


def _maker(
    planned: Planned, needs: Needs, making: Making, strategy: Strategy, *, key: bool, numbered_by_us: bool
) -> Maker | None:
    given = planned.given
    if given is not None and needs.null is not True:
        if given.values is not None:
            return listed(tuple(_text(each) for each in given.values))
        if given.pattern is not None:
            pattern = given.pattern
            return Maker(make=lambda n: pattern.replace("{n}", str(n)), size=None if "{n}" in pattern else 1)
    if numbered_by_us and planned.column.numbered:
        found = maker(planned.type, needs, making)
        if found is None:
            return None
        make = found.make
        return Maker(make=lambda n: make(n + _OWN_NUMBERS), size=found.size)
    found = maker(planned.type, needs, making, attempt=strategy.guess)
    return _with_gap(found) if found is not None and key and planned.type.family is Family.INTEGER else found


def _text(value: object) -> Value:
    if value is None or isinstance(value, bytes):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _chosen(planned: Planned, needs: Needs, made: Maker, place: int, *, forced: bool) -> Chosen:
    column = planned.column
    bounded = column.numbered and (needs.among is not None or needs.high is not None)
    omissible = planned.omissible and not forced and not bounded and _default_fits(planned, needs)
    return Chosen(
        name=column.name,
        type=planned.type,
        needs=needs,
        nullable=column.nullable,
        make=made.make,
        null_at=(place % 7 or 3) if column.nullable and needs.null is None and planned.given is None else -1,
        only_null=needs.null is True,
        omissible=omissible,
        always_out=omissible and column.numbered and planned.given is None,
    )


def _default_fits(planned: Planned, needs: Needs) -> bool:
    if planned.given is not None:
        return False
    if isinstance(planned.default, Unknown):
        # What the server makes is no constant: it may be anything, so a column that is narrowed is written.
        return planned.column.numbered or (needs.among is None and needs.low is None and not needs.patterns)
    default: Scalar | Unknown = planned.default
    if isinstance(default, str):
        default = scalar(planned.column.type, default)
    return isinstance(default, Unknown) or meets(default, needs)


def _parents(link: Link, columns: Mapping[str, Chosen], around: Surroundings) -> Sequence[tuple[Value, ...]]:
    every = around.parents.get(link, ())
    asking = [(place, columns[name]) for place, name in enumerate(link.columns) if _asks(columns[name].needs)]
    if not asking:
        return every
    found = []
    for parent in every:
        told = [(scalar(chosen.type, parent[place]), chosen.needs) for place, chosen in asking]
        if all(isinstance(value, Unknown) or meets(value, needs) for value, needs in told):
            found.append(parent)
    return found


def _waiting(link: Link, nullable: Collection[str]) -> Sequence[str]:
    """Give the columns that are NULL until a link refers; those that can't be have their values before."""
    return [name for name in link.columns if name in nullable] or link.columns


def _that_agree(parents: dict[Link, Sequence[tuple[Value, ...]]]) -> dict[Link, Sequence[tuple[Value, ...]]]:
    """Leave out what one link could refer to only where another that shares columns with it could not.

    Unless nothing would be left, or a link may be NULL.
    """
    for link, other in itertools.permutations(parents, 2):
        shared = [name for name in link.columns if name in other.columns]
        if not shared or link.optional or other.optional:
            continue
        own, theirs = ([each.columns.index(name) for name in shared] for each in (link, other))
        there = {tuple(row[at] for at in theirs) for row in parents[other]}
        agreeing = [row for row in parents[link] if tuple(row[at] for at in own) in there]
        parents[link] = agreeing or parents[link]
    return parents


def _asks(needs: Needs) -> bool:
    return needs.among is not None or needs.low is not None or needs.high is not None or bool(needs.without)


def _divisors(
    keys: tuple[Key, ...], sizes: Mapping[str, int | None], parents: Mapping[Link, Sequence[tuple[Value, ...]]]
) -> dict[str, int]:
    """Number the combinations of a key whose columns have few values each, as digits of one number."""
    counts: dict[str, int] = {name: size for name, size in sizes.items() if size is not None}
    for link, rows in parents.items():
        for name in link.columns:
            counts[name] = len(rows)
    together = {name: link.columns for link in parents for name in link.columns}
    found: dict[str, int] = {}
    for key in keys:
        members = [each for each in key.columns if each is not None]
        if len(members) < 2 or not all(each in counts for each in members):  # noqa: PLR2004 - a single column
            continue
        divisor = 1
        done: set[tuple[str, ...]] = set()
        for name in sorted(members, key=lambda each: -counts[each]):
            group = together.get(name, (name,))
            if group in done or any(each in found for each in group):
                continue
            done.add(group)
            if divisor > 1:
                found.update(dict.fromkeys(group, divisor))
            divisor *= max(counts[name], 1)
    return found


def _spread(chosen: Chosen, divisor: int, *, sparse: bool) -> Chosen:
    make = chosen.make
    if sparse:
        return msgspec.structs.replace(chosen, make=lambda n: make(n * _SPARSE), divisor=divisor)
    return msgspec.structs.replace(chosen, divisor=divisor)
