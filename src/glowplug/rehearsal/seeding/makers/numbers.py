"""Numbers: on a grid as fine as their scale, within bounds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding.makers.base import Maker, Making, listed
from glowplug.rehearsal.seeding.regexes import scattered
from glowplug.schema.tables import Family
from glowplug.sql.condition.functions import number, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.rehearsal.seeding.needs import Needs
    from glowplug.schema.tables import Type
    from glowplug.sql.condition import Scalar

_PLENTY = 100_000
_BELOW = 254
"""Where few numbers from 1 upwards fit, so many below are taken as well."""
_FREE_SCALE = 2
"""Digits after the point where the type sets no number of them, but for every third value."""
_FINEST = 6
"""Digits that such a third has, and the most that any has."""
_ANY_LENGTH = 100
_SINGLE_UP_TO = 2**17
"""Numbers below it hold sixty-fourths in single precision, exactly."""


def boolean(needs: Needs, making: Making) -> Maker | None:
    """True and false, as the dialect writes them."""
    words = ("false", "true") if making.dialect is Dialect.POSTGRES else ("0", "1")
    allowed = tuple(word for word, value in zip(words, (False, True), strict=True) if _allows(needs, value))
    return listed(allowed[::-1]) if allowed else None


def _allows(needs: Needs, value: bool) -> bool:  # noqa: FBT001 - the value itself
    among = needs.among is None or any(truth(each) is value for each in needs.among)
    return among and not any(truth(each) is value for each in needs.without)


def numeric(kind: Type, needs: Needs, making: Making) -> Maker | None:
    """Integers, decimals and floats."""
    if needs.among is not None:
        return listed(tuple(shown(each, 0 if kind.family is Family.INTEGER else None) for each in needs.among))
    if kind.family is Family.INTEGER:
        return _on_grid(kind, needs, 0)
    if kind.scale is not None:
        made = _on_grid(kind, needs, min(max(kind.scale, 0), _FINEST))
    else:
        made = _on_grid(kind, needs, _FREE_SCALE)
        if made is None:  # nothing so coarse is within the bounds
            return _on_grid(kind, needs, _FINEST)
        made = made if making.simple else _finer(made, kind, needs, making)
    if made is None or made.size is not None or kind.scale == 0 or making.simple:
        return made
    return _signed(made, kind, needs)


def _on_grid(kind: Type, needs: Needs, scale: int) -> Maker | None:
    step = 10**scale
    low, high = _limits(kind, needs, scale)
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


def _finer(made: Maker, kind: Type, needs: Needs, making: Making) -> Maker:
    """Give every third number a fraction that any rounding shows.

    What is of single precision has it exactly, what is of double precision has not in single.
    """
    _, high = _limits(kind, needs, _FINEST)
    longest = _ANY_LENGTH if needs.longest is None else needs.longest
    single = _is_single(kind, making.dialect)
    show = _show(_FINEST)
    make = made.make

    def finer(n: int) -> str:
        coarse = str(make(n))
        if n % 3 != 1:
            return coarse
        place = int(Decimal(coarse).scaleb(_FINEST))
        more = (n % 4 * 2 + 1) * 15_625 if single else (n * 2_417 + 3_717) % 8_000 // 2 * 2 + 1_001
        fits = (high is None or place + more <= high) and not (single and abs(place) >= _SINGLE_UP_TO * 10**_FINEST)
        fine = show(place + more)
        return fine if fits and len(fine) <= longest else coarse

    return Maker(make=finer, size=made.size)


def _signed(made: Maker, kind: Type, needs: Needs) -> Maker:
    """Make every fifth of the numbers from 1 upwards a negative one, where nothing speaks against it."""
    low = number(needs.low)
    if needs.without or needs.longest is not None or kind.minimum is not None or (low is not None and low >= 0):
        return made
    make = made.make

    def signed(n: int) -> str:
        shown = str(make(n))
        return f"-{shown}" if n % 5 == 3 and (low is None or low < -Decimal(shown)) else shown  # noqa: PLR2004 - a fifth

    return Maker(make=signed)


def _is_single(kind: Type, dialect: Dialect) -> bool:
    return kind.name.startswith({Dialect.POSTGRES: "real", Dialect.MYSQL: "float"}.get(dialect, "?"))


def _limits(kind: Type, needs: Needs, scale: int) -> tuple[int | None, int | None]:
    step = 10**scale
    low = number(needs.low)
    high = number(needs.high)
    lows = [_ceiling(low * step, open_=needs.low_open)] if low is not None else []
    highs = [_floor(high * step, open_=needs.high_open)] if high is not None else []
    if kind.minimum is not None:
        lows.append(kind.minimum * step)
    if kind.maximum is not None:
        highs.append(kind.maximum * step)
    has_digits = kind.family is Family.DECIMAL or kind.scale is not None  # as MySQL's FLOAT(4,2) has
    if kind.precision is not None and has_digits:
        most = 10 ** max(kind.precision - (kind.scale or 0), 0) * step - 1
        if (kind.scale or 0) > scale:
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
    spread = step + step * 253_717 // 1_000_000
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
