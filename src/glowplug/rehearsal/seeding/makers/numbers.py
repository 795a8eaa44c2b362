"""Numbers: on a grid as fine as their scale, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding.makers.base import Maker, Making, listed
from glowplug.rehearsal.seeding.regexes import scattered
from glowplug.schema.tables import Family
from glowplug.sql.condition.functions import number, truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from glowplug.rehearsal.seeding.needs import Needs
    from glowplug.schema.tables import Type
    from glowplug.sql.condition import Scalar

_PLENTY = 100_000
_BELOW = 254
"""Where few numbers from 1 upwards fit, so many below are taken as well."""
_FREE_SCALE = 2
"""Digits after the point where the type sets no number of them."""


def boolean(needs: Needs, making: Making) -> Maker | None:
    """True and false, as the dialect writes them."""
    words = ("false", "true") if making.dialect is Dialect.POSTGRES else ("0", "1")
    allowed = tuple(word for word, value in zip(words, (False, True), strict=True) if _allows(needs, value))
    return listed(allowed[::-1]) if allowed else None


def _allows(needs: Needs, value: bool) -> bool:  # noqa: FBT001 - the value itself
    among = needs.among is None or any(truth(each) is value for each in needs.among)
    return among and not any(truth(each) is value for each in needs.without)


def numeric(kind: Type, needs: Needs) -> Maker | None:
    """Integers, decimals and floats."""
    if needs.among is not None:
        return listed(tuple(shown(each, 0 if kind.family is Family.INTEGER else None) for each in needs.among))
    scale = _scale(kind)
    step = 10**scale
    low, high = _limits(kind, needs, step)
    if low is not None and high is not None and high < low:
        return None
    without = {int(found * step) for each in needs.without if (found := number(each)) is not None}
    make, size = _grid(low, high, step)
    show = _show(scale)
    if not without:
        return Maker(make=lambda n: show(make(n)), size=size)
    if size is not None and size <= _PLENTY:
        kept = [place for n in range(size) if (place := make(n)) not in without]
        return listed(tuple(show(each) for each in kept)) if kept else None
    around = len(without) + 1

    def other(n: int) -> str:
        place = make(n)
        while place in without:
            place += around * step
        return show(place)

    return Maker(make=other, size=size)


def _scale(kind: Type) -> int:
    if kind.family is Family.INTEGER:
        return 0
    return min(max(kind.scale, 0), 6) if kind.scale is not None else _FREE_SCALE


def _limits(kind: Type, needs: Needs, step: int) -> tuple[int | None, int | None]:
    low = number(needs.low)
    high = number(needs.high)
    lows = [_ceiling(low * step, open_=needs.low_open)] if low is not None else []
    highs = [_floor(high * step, open_=needs.high_open)] if high is not None else []
    if kind.minimum is not None:
        lows.append(kind.minimum * step)
    if kind.maximum is not None:
        highs.append(kind.maximum * step)
    if kind.family is Family.DECIMAL and kind.precision is not None:
        most = 10 ** max(kind.precision - (kind.scale or 0), 0) * step - 1
        if (kind.scale or 0) > _scale(kind):
            most = max(10 ** max(kind.precision - (kind.scale or 0), 0) * step - step, 0)
        lows.append(-most)
        highs.append(most)
    return (max(lows) if lows else None), (min(highs) if highs else None)


def _ceiling(value: Decimal, *, open_: bool) -> int:
    whole = int(value.to_integral_value(rounding="ROUND_CEILING"))
    return whole + 1 if open_ and whole == value else whole


def _floor(value: Decimal, *, open_: bool) -> int:
    whole = int(value.to_integral_value(rounding="ROUND_FLOOR"))
    return whole - 1 if open_ and whole == value else whole


def _grid(low: int | None, high: int | None, step: int) -> tuple[Callable[[int], int], int | None]:
    """Number the places: from 1 upwards where the bounds leave room, else all between them."""
    first = step if low is None or low <= step else low
    if high is not None and first > high:
        first = high - _BELOW * step if low is None else max(low, high - _BELOW * step)
    spread = step + step * 2537 // 10_000
    if high is None or high - first >= _PLENTY * spread:
        return (lambda n: first + n * spread), None
    begin = first - _BELOW * step if low is None else max(low, first - _BELOW * step)
    if high - first >= _BELOW * step:
        begin = first
    size = high - begin + 1
    if step == 1:
        return (lambda n: begin + (first - begin + n) % size), size
    stride = scattered(size)
    return (lambda n: begin + n * stride % size), size


def _show(scale: int) -> Callable[[int], str]:
    if scale == 0:
        return str
    step = 10**scale

    def show(place: int) -> str:
        whole, part = divmod(abs(place), step)
        return f"{'-' if place < 0 else ''}{whole}.{part:0{scale}d}"

    return show


def shown(value: Scalar, scale: int | None) -> str:
    """Write a number as the servers read it."""
    if isinstance(value, bool):
        return str(int(value))
    found = number(value)
    if found is None:
        return str(value)
    return str(int(found)) if scale == 0 and found == found.to_integral_value() else format(found, "f")
