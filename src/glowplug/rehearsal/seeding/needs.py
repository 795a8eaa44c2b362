"""What must be true of one column's value."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.sql.condition.functions import compare

if TYPE_CHECKING:
    import re

    from glowplug.sql.condition import Scalar


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """Each field narrows; none of them means any value of the type.

    ``null``: must be NULL, must not be, either. ``low`` and ``high``, which are left out where ``open``. ``shortest``
    and ``longest`` in characters, of BYTES in bytes, of arrays in elements. ``patterns`` must be found in the text.
    ``case`` is lower or upper. ``trimmed``: no blank at its ends. ``json``: a document, of this type unless "any";
    ``keys`` are in it. ``dimensions`` of an array, 0: as it comes.
    """

    null: bool | None = None
    low: Scalar = None
    high: Scalar = None
    low_open: bool = False
    high_open: bool = False
    among: tuple[Scalar, ...] | None = None
    without: tuple[Scalar, ...] = ()
    shortest: int = 0
    longest: int | None = None
    patterns: tuple[re.Pattern[str], ...] = ()
    case: str | None = None
    trimmed: bool = False
    json: str | None = None
    keys: tuple[str, ...] = ()
    dimensions: int = 0


ANYTHING = Needs()
NOT_NULL = Needs(null=False)
NULL = Needs(null=True)


def both(one: Needs, other: Needs) -> Needs | None:
    """Join two needs; None where no value meets both."""
    if one is ANYTHING or other is ANYTHING:
        return other if one is ANYTHING else one
    if one.null is not None and other.null is not None and one.null is not other.null:
        return None
    if one.dimensions and other.dimensions and one.dimensions != other.dimensions:
        return None
    if one.case is not None and other.case is not None and one.case != other.case:
        return None
    low, low_open = _bound((one.low, one.low_open), (other.low, other.low_open), 1)
    high, high_open = _bound((one.high, one.high_open), (other.high, other.high_open), -1)
    longest = min((each for each in (one.longest, other.longest) if each is not None), default=None)
    found = Needs(
        null=one.null if one.null is not None else other.null,
        low=low,
        high=high,
        low_open=low_open,
        high_open=high_open,
        among=_among(one.among, other.among),
        without=(*one.without, *(each for each in other.without if each not in one.without)),
        shortest=max(one.shortest, other.shortest),
        longest=longest,
        patterns=tuple(dict.fromkeys((*one.patterns, *other.patterns))),
        case=one.case or other.case,
        trimmed=one.trimmed or other.trimmed,
        json=_json(one.json, other.json),
        keys=tuple(dict.fromkeys((*one.keys, *other.keys))),
        dimensions=max(one.dimensions, other.dimensions),
    )
    if found.among is not None:
        among = tuple(each for each in found.among if meets(each, replace(found, among=None, json=None)))
        found = replace(found, among=among)
    return None if is_empty(found) else found


def is_empty(needs: Needs) -> bool:
    """Whether no value can meet it (NULL aside); where that is not plain, it is not."""
    if needs.among == ():
        return True
    if needs.longest is not None and needs.longest < needs.shortest:
        return True
    if needs.low is None or needs.high is None:
        return False
    order = compare(needs.low, needs.high)
    return order is not None and (order > 0 or (order == 0 and (needs.low_open or needs.high_open)))


def meets(value: Scalar, needs: Needs) -> bool:
    """Whether a value meets it; NULL only where it must be NULL or may be."""
    if value is None or needs.null is True:
        return value is None and needs.null is not False
    return (
        _within(value, needs)
        and (needs.among is None or any(compare(value, each) == 0 for each in needs.among))
        and not any(compare(value, each) == 0 for each in needs.without)
        and _written(value, needs)
    )


def _within(value: Scalar, needs: Needs) -> bool:
    if needs.low is not None:
        order = compare(value, needs.low)
        if order is None or order < 0 or (order == 0 and needs.low_open):
            return False
    if needs.high is not None:
        order = compare(value, needs.high)
        if order is None or order > 0 or (order == 0 and needs.high_open):
            return False
    return True


def _written(value: Scalar, needs: Needs) -> bool:
    if isinstance(value, (str, bytes)):
        length = len(value)
        if length < needs.shortest or (needs.longest is not None and length > needs.longest):
            return False
    if isinstance(value, str):
        if needs.case is not None and value != (value.lower() if needs.case == "lower" else value.upper()):
            return False
        if needs.trimmed and value != value.strip():
            return False
        return all(pattern.search(value) for pattern in needs.patterns)
    if needs.patterns:
        shown = format(value, "f") if isinstance(value, Decimal) else str(value)
        return all(pattern.search(shown) for pattern in needs.patterns)
    return True


def _bound(one: tuple[Scalar, bool], other: tuple[Scalar, bool], sign: int) -> tuple[Scalar, bool]:
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    order = compare(one[0], other[0])
    if order is None or order == 0:
        return one[0], one[1] or other[1]
    return one if order * sign > 0 else other


def _among(one: tuple[Scalar, ...] | None, other: tuple[Scalar, ...] | None) -> tuple[Scalar, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    return tuple(each for each in one if any(compare(each, same) == 0 for same in other))


def _json(one: str | None, other: str | None) -> str | None:
    if one is None or one == "any":
        return other or one
    return one
