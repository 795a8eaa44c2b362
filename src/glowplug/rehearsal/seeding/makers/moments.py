"""Dates, times, intervals."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding.makers.base import Maker, Making, listed
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.rehearsal.seeding.needs import Needs
    from glowplug.schema.tables import Type
    from glowplug.sql.condition import Scalar

_FIRST = dt.datetime(2001, 1, 4, 8, 15, 0)  # noqa: DTZ001 - as the server shows it, its zone is written beside it
_LAST = dt.datetime(9990, 1, 1)  # noqa: DTZ001 - the same
_LAST_OF_TIMESTAMP = dt.datetime(2038, 1, 1)  # noqa: DTZ001 - the same; MySQL's TIMESTAMP
_ZONES = ("+00", "+05:30", "-03")
_LONG_TIME = len("08:15:00.250000+05:30")
_DAY = dt.timedelta(days=1)
_STEP = dt.timedelta(days=1, hours=1, minutes=7, seconds=13)
_MOST = 8200
"""Days from the first to the last, where nothing bounds them: all in the past."""


def moment(kind: Type, needs: Needs, making: Making) -> Maker | None:
    """Dates and timestamps."""
    if needs.among is not None:
        return listed(tuple(str(each) for each in needs.among))
    low, high = _read(needs.low), _read(needs.high)
    if needs.low_open and low is not None:
        low += _DAY if kind.family is Family.DATE else dt.timedelta(seconds=1)
    if needs.high_open and high is not None:
        high -= _DAY if kind.family is Family.DATE else dt.timedelta(seconds=1)
    if high is not None and kind.family is Family.TIMESTAMP and high != low:
        high -= dt.timedelta(seconds=1)  # room for the fraction
    highest = _LAST_OF_TIMESTAMP if making.dialect is Dialect.MYSQL and kind.name.startswith("timestamp") else _LAST
    first = _FIRST if low is None or low <= _FIRST else low
    if high is not None and first > high:
        first = low if low is not None else high - _MOST * _DAY
    last = min(high, highest) if high is not None else min(first + _MOST * _STEP, highest)
    if last < first:
        return None
    show = _show(kind, making.dialect)
    if kind.family is Family.DATE:
        size = (last.date() - first.date()).days + 1
        day = first.date()
        return Maker(make=lambda n: str(day + dt.timedelta(days=n % size)), size=size)
    room = last - first
    step = _STEP if room >= 400 * _STEP else max(room / 400, dt.timedelta(seconds=1))
    step = dt.timedelta(seconds=int(step.total_seconds()))
    count = room // step + 1
    return Maker(make=lambda n: show(first + n % count * step, n), size=count)


def _show(kind: Type, dialect: Dialect) -> Callable[[dt.datetime, int], str]:
    digits = 6 if kind.precision is None else kind.precision
    tail = "+00" if kind.zoned and dialect is Dialect.POSTGRES else ""

    def show(moment: dt.datetime, n: int) -> str:
        return f"{moment:%Y-%m-%d %H:%M:%S}{_fraction(n, digits)}{tail}"

    return show


def _read(value: Scalar) -> dt.datetime | None:
    """Read a moment; what is none bounds nothing, and the server has the last word."""
    if not isinstance(value, str):
        return None
    try:
        found = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if found.tzinfo is not None:
        found = found.astimezone(dt.UTC).replace(tzinfo=None)
    return found


def time(kind: Type, needs: Needs) -> Maker:
    """Times of day, with a fraction and in zones where the type has room for them and no bound is in the way."""
    if needs.among is not None:
        return listed(tuple(str(each) for each in needs.among))
    free = needs.low is None and needs.high is None and (needs.longest or _LONG_TIME) >= _LONG_TIME
    digits = (6 if kind.precision is None else kind.precision) if free else 0
    zones = (_ZONES if free else _ZONES[:1]) if kind.zoned else ("",)
    low, high = _seconds(needs.low, 8 * 3600, up=True), _seconds(needs.high, 86_399)
    low, high = (low + needs.low_open, high - needs.high_open)
    if low > high:
        low = _seconds(needs.low, 0, up=True)
    size = max(high - low, 0) + 1
    step = 757 if size > 757 else 1  # noqa: PLR2004 - a prime, so that all seconds come up

    def make(n: int) -> str:
        second = low + n * step % size
        shown = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        return f"{shown}{_fraction(n, digits)}{zones[n % len(zones)]}"

    return Maker(make=make, size=size)


def _fraction(n: int, digits: int) -> str:
    """Write a part of a second: less than half of one, so that rounded it is still the same second."""
    shown = f"{(n * 137_007 + 250_000) % 500_000:06d}"[:digits]
    return f".{shown}" if shown else ""


def _seconds(value: Scalar, default: int, *, up: bool = False) -> int:
    """Give a time of day in whole seconds, a part of one as none, or as one if ``up``."""
    try:
        found = dt.time.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        found = None
    return (
        default
        if found is None
        else found.hour * 3600 + found.minute * 60 + found.second + (up and found.microsecond > 0)
    )


def interval(kind: Type, needs: Needs) -> Maker:
    """Lengths of time: days and a time, every other one with months, with a fraction where the type has room for it."""
    if needs.among is not None:
        return listed(tuple(str(each) for each in needs.among))
    digits = 6 if kind.precision is None else kind.precision

    def make(n: int) -> str:
        months = f"{n % 11 + 1} mons " if n % 2 else ""
        return f"{months}{n // 24 + 1} days {n % 24:02d}:{n % 60:02d}:{n * 7 % 60:02d}{_fraction(n, digits)}"

    return Maker(make=make)
