"""What must hold for a table's rows now and after the migration, in one place."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.rehearsal.seeding.bounds import bound_cases
from glowplug.rehearsal.seeding.cases import ALWAYS, Case, cases, joined
from glowplug.rehearsal.seeding.makers import Making, maker
from glowplug.rehearsal.seeding.narrowing import narrowed
from glowplug.rehearsal.seeding.needs import ANYTHING, Needs, both, meets
from glowplug.rehearsal.seeding.scalars import scalar
from glowplug.rehearsal.seeding.settings import column_of, is_about
from glowplug.schema.tables import Written
from glowplug.sql.condition import UNKNOWN, Unknown, evaluate, names, parse, parse_many, walk
from glowplug.sql.condition import Unread as _Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glowplug.dialect import Dialect
    from glowplug.rehearsal.seeding.settings import ColumnSettings, DataSettings
    from glowplug.schema.tables import Check, Column, Exclusion, ForeignKey, Table, Type, Unique
    from glowplug.sql.condition import Expression, Scalar


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign key as rows see it; ``optional``: its columns may be NULL, now and later."""

    owner: str
    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]
    optional: bool
    match_full: bool = False

    @property
    def itself(self) -> bool:
        """Whether it refers to its own table."""
        return self.owner == self.table


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """Columns, or expressions where they are None, that no two rows have equal; ``predicate``: of those rows alone."""

    columns: tuple[str | None, ...]
    expressions: tuple[Expression, ...] = ()
    predicate: Expression | None = None
    nulls_distinct: bool = True


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One column that rows write: ``type`` to make values of, ``needs`` of every value.

    ``default`` is the value that stands there if the column is left out, UNKNOWN where the server makes it;
    ``omissible``: it can be left out. ``given``: by glowplug.toml. ``kin``: columns of several tables are to have the
    same values, for one key refers to all of them.
    """

    column: Column
    type: Type
    needs: Needs
    omissible: bool
    default: Scalar | Unknown = None
    given: ColumnSettings | None = None
    kin: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A table's columns that are written, its links and keys, and the ways to meet its conditions.

    ``conditions`` are all of them, ``called`` so. ``parts``: columns that choose the partition. ``why``: why no row can
    be made, where that is plain from the catalogue.
    """

    table: Table
    columns: tuple[Planned, ...]
    links: tuple[Link, ...]
    keys: tuple[Key, ...]
    cases: tuple[Case, ...]
    conditions: tuple[Expression, ...]
    called: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    parts: frozenset[str] = frozenset()
    contradiction: bool = False
    why: str | None = None

    @property
    def untold(self) -> frozenset[str]:
        """Columns of which can't be told what a key's expression, an exclusion or a condition makes of them."""
        found = {name for key in self.keys for each in key.expressions for name in names(each)}
        excluding = [name for each in self.exclusions for name, _ in each.parts]
        found |= {name for name in excluding if name is not None}
        if None in excluding or any(isinstance(part, _Unread) for each in self.conditions for part in walk(each)):
            found |= {each.column.name for each in self.columns}
        return frozenset(found)

    @property
    def unclear(self) -> frozenset[str]:
        """Columns in conditions that can't be told in full: all of them where one was not read at all."""
        found: set[str] = set()
        for each in self.conditions:
            if any(isinstance(part, _Unread) for part in walk(each)):
                return frozenset(planned.column.name for planned in self.columns)
            found |= names(each)
        return frozenset(found)


def links_of(table: Table, later: Table | None, known: Mapping[str, Table]) -> tuple[Link, ...]:
    """Give a table's foreign keys and those that it will have, as far as what they refer to is there now."""
    columns = {each.name: each for each in table.columns if each.written is not Written.SERVER}
    after = {each.name: each for each in later.columns} if later is not None else {}
    keys = [*table.foreign_keys, *(later.foreign_keys if later is not None else ())]
    found: dict[tuple[tuple[str, ...], str, tuple[str, ...]], Link] = {}
    for key in keys:
        if not _is_there(key, columns, known):
            continue
        found.setdefault(
            (key.columns, key.table, key.referenced),
            Link(
                owner=table.name,
                columns=key.columns,
                table=key.table,
                referenced=key.referenced,
                optional=any(
                    columns[each].nullable and (each not in after or after[each].nullable) for each in key.columns
                ),
                match_full=key.match_full,
            ),
        )
    return tuple(sorted(found.values(), key=lambda each: -len(each.columns)))


def _is_there(key: ForeignKey, columns: Mapping[str, Column], known: Mapping[str, Table]) -> bool:
    if key.table not in known or not all(each in columns for each in key.columns):
        return False
    there = {each.name for each in known[key.table].columns}
    return len(key.referenced) == len(key.columns) and all(each in there for each in key.referenced)


def kin_of(links: Iterable[Sequence[Link]]) -> frozenset[tuple[str, str]]:
    """Give the columns, with their tables, whose values a row needs in several tables at once: its keys share one."""
    found: set[tuple[str, str]] = set()
    every = [link for own in links for link in own]
    for own in (tuple(each) for each in _by_owner(every).values()):
        for one, other in itertools.permutations(own, 2):
            for name in {*one.columns}.intersection(other.columns) if one.table != other.table else ():
                found.add((one.table, one.referenced[one.columns.index(name)]))
    return frozenset(found)


def _by_owner(links: Iterable[Link]) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(link.owner, []).append(link)
    return found


def plan(
    table: Table,
    later: Table | None,
    *,
    links: tuple[Link, ...],
    partitions: Mapping[str, Sequence[Table]],
    dialect: Dialect,
    settings: DataSettings,
    kin: frozenset[tuple[str, str]] = frozenset(),
) -> Plan:
    """Put together what a table's rows must be; ``kin``: what ``kin_of`` says of all tables."""
    given = _given(table, settings)
    after = {each.name: each for each in later.columns} if later is not None else {}
    promised = _promised(table, later)
    asked = _asked_later(table, after, dialect)
    columns = tuple(
        replace(
            _planned(each, asked.get(each.name), given.get(each.name), dialect, promised=each.name in promised),
            kin=(table.name, each.name) in kin,
        )
        for each in table.columns
        if each.written is not Written.SERVER
    )
    there = frozenset(each.name for each in table.columns)
    checks = [*table.checks, *(_that_apply(later, columns, dialect) if later is not None else ())]
    named: dict[Expression, str] = {}
    for check in checks:
        condition = parse(check.expression, dialect)
        if names(condition) <= there:
            named.setdefault(condition, check.name)
    conditions = tuple(named)
    uniques = [*table.uniques, *(later.uniques if later is not None else ())]
    keys = tuple(dict.fromkeys(key for each in uniques if (key := _key(each, there, dialect)) is not None))
    own = {each.column.name: each.needs for each in columns}
    found = _possible(cases((condition, True) for condition in conditions), own)
    contradiction = not found
    why = None
    ways = found or (ALWAYS,)
    parts: set[str] = set()
    if table.partitioned:
        within = bound_cases(table, partitions, dialect)
        if within is None:
            why = "it is partitioned and has no partition that takes rows"
        parts = {name for bound in within or () for name in bound.needs}
        pairs = tuple(
            both_ways for way in ways for bound in within or () if (both_ways := joined(way, bound)) is not None
        )
        ways = pairs or ways
    return Plan(
        table=table,
        columns=columns,
        links=links,
        keys=keys,
        cases=ways,
        conditions=conditions,
        called=tuple(named.values()),
        exclusions=(*table.exclusions, *(later.exclusions if later is not None else ())),
        parts=frozenset(parts),
        contradiction=contradiction,
        why=why,
    )


def _that_apply(later: Table, columns: Sequence[Planned], dialect: Dialect) -> Iterator[Check]:
    """Give the checks that there are to be, but for those that no value of a type of now can meet.

    They are of what a file makes of it, or puts in its place.
    """
    after = {column.name: column for column in later.columns}
    changed = {
        each.column.name: (each.type, each.needs)
        for each in columns
        if each.column.name in after and after[each.column.name].type.family is not each.column.type.family
    }
    return (check for check in later.checks if _can_be_met(check, changed, dialect))


def _asked_later(table: Table, after: Mapping[str, Column], dialect: Dialect) -> dict[str, Column]:
    """Give the columns as they are to be, but for those of another kind that no value is which a check of now takes."""
    changed = {
        column.name: narrowed(column, after[column.name])
        for column in table.columns
        if column.name in after and after[column.name].type.family is not column.type.family
    }
    unfit = {
        name
        for check in table.checks
        for name, each in changed.items()
        if not _can_be_met(check, {name: each}, dialect)
    }
    return {name: column for name, column in after.items() if name not in unfit}


def _can_be_met(check: Check, columns: Mapping[str, tuple[Type, Needs]], dialect: Dialect) -> bool:
    """Whether there are values of these columns' types with which a check holds, or it can't be told."""
    condition = parse(check.expression, dialect)
    own = columns.keys() & names(condition)
    return not own or any(
        all(_has_a_value(*columns[name], case.needs.get(name, ANYTHING), dialect) for name in own)
        for case in cases([(condition, True)])
    )


def _has_a_value(kind: Type, own: Needs, needs: Needs, dialect: Dialect) -> bool:
    joint = both(own, needs)
    made = None if joint is None else maker(kind, joint, Making(dialect=dialect))
    if joint is None or made is None:
        return False
    value = scalar(kind, made.make(0))
    return isinstance(value, Unknown) or meets(value, joint)


def _given(table: Table, settings: DataSettings) -> dict[str, ColumnSettings]:
    """Give what glowplug.toml says of columns, by how the table calls them."""
    there = [each.name for each in table.columns]
    said = [
        (column_of(each.column, there, table.name), each)
        for each in settings.column
        if is_about(each.table, table.name)
    ]
    return {name: each for name, each in said if name is not None}


def _promised(table: Table, later: Table | None) -> frozenset[str]:
    """Name the columns of keys that are not there yet: the server does not refuse what it gives them twice."""
    own = {each.columns for each in table.uniques}
    new = () if later is None else (each.columns for each in later.uniques if each.columns not in own)
    return frozenset(name for columns in new for name in columns if name is not None)


def _planned(
    now: Column, later: Column | None, given: ColumnSettings | None, dialect: Dialect, *, promised: bool
) -> Planned:
    kind, needs = narrowed(now, later)
    omissible = now.written is Written.SERVER_IF_LEFT_OUT and (now.numbered or not promised)
    default: Scalar | Unknown = None
    if omissible:
        default = UNKNOWN
        if now.default is not None and not now.numbered:
            default = evaluate(parse(now.default, dialect), {})
    return Planned(column=now, type=kind, needs=needs, omissible=omissible, default=default, given=given)


def _possible(found: tuple[Case, ...], own: Mapping[str, Needs]) -> tuple[Case, ...]:
    """Leave out cases that a column's own needs contradict."""
    return tuple(
        case
        for case in found
        if all(both(own.get(column, ANYTHING), each) is not None for column, each in case.needs.items())
    )


def _key(unique: Unique, there: frozenset[str], dialect: Dialect) -> Key | None:
    if not all(each is None or each in there for each in unique.columns):
        return None
    expressions: tuple[Expression, ...] = ()
    for each in unique.expressions:
        expressions = (*expressions, *(parse_many(each, dialect) or ()))
    return Key(
        columns=unique.columns,
        expressions=expressions,
        predicate=parse(unique.predicate, dialect) if unique.predicate else None,
        nulls_distinct=unique.nulls_distinct,
    )
