"""The rows that a partitioned table takes: what its partitions' bounds ask of the partition key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.rehearsal.seeding.cases import ALWAYS, Case, joined
from glowplug.rehearsal.seeding.needs import Needs
from glowplug.sql.condition import UNKNOWN, Name, evaluate, parse_many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.dialect import Dialect
    from glowplug.schema.tables import Table
    from glowplug.sql.condition import Expression, Scalar

_KEY = re.compile(r"\s*(\w+)\s*\((.*)\)\s*\Z", re.DOTALL)
_FROM_TO = re.compile(r"\s*FOR VALUES FROM \((.*)\) TO \((.*)\)\s*\Z", re.DOTALL | re.IGNORECASE)
_IN = re.compile(r"\s*FOR VALUES IN \((.*)\)\s*\Z", re.DOTALL | re.IGNORECASE)
_OPEN = frozenset({"minvalue", "maxvalue"})


def bound_cases(table: Table, partitions: Mapping[str, Sequence[Table]], dialect: Dialect) -> tuple[Case, ...] | None:
    """Give a case for each partition that rows can be in; None: the table has none, so it takes no row.

    A bound that can't be read asks for nothing: the server says whether a row fits.
    """
    own = partitions.get(table.name, ())
    columns = _columns(table, dialect)
    found: list[Case] = []
    others: list[Case] = []
    for partition in own:
        case, others_too = _case(columns, partition.bound or "", dialect)
        within = bound_cases(partition, partitions, dialect) if partition.partitioned else (ALWAYS,)
        for inner in within or ():
            joint = joined(case, inner)
            if joint is not None:
                (others if others_too else found).append(joint)
    return tuple(found or others) or None


def _columns(table: Table, dialect: Dialect) -> tuple[str | None, ...]:
    match = _KEY.match(table.partition_key or "")
    if match is None or match.group(1).upper() == "HASH":
        return ()
    read = parse_many(match.group(2), dialect) or ()
    return tuple(each.name if isinstance(each, Name) else None for each in read)


def _case(columns: tuple[str | None, ...], bound: str, dialect: Dialect) -> tuple[Case, bool]:
    """Give a partition's case, and whether it is the default, for what fits no other."""
    if (match := _IN.match(bound)) is not None and len(columns) == 1 and columns[0] is not None:
        values = _values(parse_many(match.group(1), dialect))
        told = tuple(each for each in values if each is not None)
        if told:
            return Case(needs={columns[0]: Needs(null=False, among=told)}), False
        return (Case(needs={columns[0]: Needs(null=True)}) if values else ALWAYS), False
    if (match := _FROM_TO.match(bound)) is not None and columns and None not in columns:
        low, high = (parse_many(text, dialect) or () for text in match.groups())
        return Case(needs=_between(columns, low, high)), False
    return ALWAYS, "DEFAULT" in bound.upper()


def _between(
    columns: tuple[str | None, ...], low: tuple[Expression, ...], high: tuple[Expression, ...]
) -> dict[str, Needs]:
    lows, highs = _ends(low), _ends(high)
    first = columns[0]
    if first is None or not lows or not highs:
        return {}
    if len(columns) == 1:
        return {first: Needs(null=False, low=lows[0], high=highs[0], high_open=highs[0] is not None)}
    needs: dict[str, Needs] = {}
    for column, start, end in zip(columns, lows, highs, strict=False):
        if column is None:
            break
        if start is None:
            needs[column] = Needs(null=False, high=end, high_open=True)
            break
        if start != end:
            needs[column] = Needs(null=False, low=start, low_open=True, high=end, high_open=True)
            if not _has_room(start, end):
                needs[column] = Needs(null=False, among=(start,))
                continue
            break
        needs[column] = Needs(null=False, among=(start,))
    return needs


def _has_room(start: Scalar, end: Scalar) -> bool:
    try:
        return end is None or int(str(end)) - int(str(start)) > 1
    except ValueError:
        return True


def _ends(expressions: tuple[Expression, ...]) -> tuple[Scalar, ...]:
    """Give the values of a bound; MINVALUE and MAXVALUE, and what can't be told, bound nothing."""
    found: list[Scalar] = []
    for each in expressions:
        if isinstance(each, Name) and each.name in _OPEN:
            found.append(None)
            continue
        value = evaluate(each, {})
        found.append(None if value is UNKNOWN else value)
    return tuple(found)


def _values(expressions: tuple[Expression, ...] | None) -> tuple[Scalar, ...]:
    values = (evaluate(each, {}) for each in expressions or ())
    return tuple(each for each in values if each is not UNKNOWN)
