"""Whether values can be had again from others: pure functions over two columns of the same rows.

A relation is believed where it holds in nearly all rows, and in enough that differ. That values are one-to-one is not
enough: they may be digests, or a spelling that two values would share if both were there.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import math
import operator
import re
from collections import defaultdict
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.rows import Value  # noqa: TC001 - msgspec reads the annotations
from glowplug.schema.tables import Family, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence

_POINTS = 3  # different values: two are always on a line
_REPEATED = 3  # rows a value, on average: a few values that stand for something, and not a text of each row's own
_FEW = 10  # one row in so many
_ROUNDING = Fraction(1, 10**12)  # relative: of floating point
_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_MOMENTS = frozenset({Family.DATE, Family.TIMESTAMP})
_LABELS = frozenset({Family.BOOLEAN, Family.ENUM, Family.INTEGER, Family.SET, Family.TEXT})
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?\Z")
_TWO = 2  # labels: any two columns of two are alike by chance
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

Numbers = list[Fraction]


class Series(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The values of one column in some rows, in the same order for all columns."""

    values: list[Value]
    type: Type | None

    @cached_property
    def distinct(self) -> frozenset[Value]:
        """Each of the values once."""
        return frozenset(self.values)

    @cached_property
    def numbers(self) -> Numbers | None:
        """What the values are as numbers, moments in seconds; None where one of them is none."""
        found: Numbers = []
        for value in self.values:
            number = _number(value, self.type)
            if number is None:
                return None
            found.append(number)
        return found


def follows(
    pair: tuple[Series, Series],
    *,
    columns: tuple[Series, Series],
    others: Callable[[], Iterable[Series]],
    kept: Callable[[], Iterable[Series]],
    named: bool,
    here: bool,
) -> frozenset[int]:
    """Give the places whose value can be computed from that of one column of now, which is no other column's.

    ``pair``: the values in question, before and after; ``columns``: all of both. ``others`` gives the other columns
    of then, ``kept`` those of them that are as they were. ``named``: the names of the two are alike; ``here``: it is
    one column.
    """
    old, new = pair
    every = frozenset(range(len(old.values)))
    if _is_encoded(old.values, new.values):
        return every
    labels = _of_few_labels(*columns)
    if labels and (named or (labels > _TWO and not any(_of_few_labels(other, new) for other in others()))):
        return every
    on = _on_a_line(old, new)
    if on and not (named and not here) and any(len(_on_a_line(other, new)) >= len(on) for other in others()):
        on = frozenset()
    if len(on) == len(every) or old.numbers is None or new.numbers is None:
        return on
    return max((on, *(_by_another(old, new, other) for other in kept())), key=len)


def _number(value: Value, kind: Type | None) -> Fraction | None:
    if kind is None or not isinstance(value, str):
        return None
    if kind.family in _MOMENTS:
        return _seconds(value)
    if kind.family not in _NUMBERS and not (kind.family is Family.TEXT and _PLAIN_NUMBER.match(value)):
        return None
    try:
        number = decimal.Decimal(value)
    except decimal.InvalidOperation:
        return None
    return Fraction(number) if number.is_finite() else None


def _seconds(text: str) -> Fraction | None:
    filled = re.sub(r"([+-]\d\d)\Z", r"\1:00", text.replace(" UTC", "+00:00"))
    try:
        moment = dt.datetime.fromisoformat(filled)
    except ValueError:
        return None
    since = (moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)) - _EPOCH
    return Fraction(since // dt.timedelta(microseconds=1), 1_000_000)


def _on_a_line(first_of: Series, then: Series) -> frozenset[int]:
    """Give the places where the new number is the old one multiplied and moved, by the same in nearly all; else none.

    A few may be beyond what the new type holds. None either where the numbers may have been rounded: those that end
    alike are all moved by the same then, and by less than what the new ones are multiples of.
    """
    old, new = first_of.numbers, then.numbers
    if old is None or new is None or len(set(old)) < _POINTS:
        return frozenset()
    exact = any(each.type is not None and each.type.family in _MOMENTS for each in (first_of, then))
    near = operator.eq if exact else _near
    points = sorted(set(zip(old, new, strict=True)))
    (first, low), (last, high) = points[len(points) // 4], points[-1 - len(points) // 4]
    if first == last or low == high:
        return frozenset()
    slope = (high - low) / (last - first)
    moved = low - slope * first
    on = frozenset(
        place for place, (one, two) in enumerate(zip(old, new, strict=True)) if near(slope * one + moved, two)
    )
    if not _are_most(on, old):
        return frozenset()
    rounded = not near(slope * first, low) and abs(moved) < _step([new[place] for place in on])
    return frozenset() if rounded else on


def _step(numbers: Numbers) -> Fraction:
    """Give the greatest number of which all are multiples."""
    below = math.lcm(*(each.denominator for each in numbers))
    return Fraction(math.gcd(*(int(each * below) for each in numbers)), below)


def _near(one: Fraction, two: Fraction) -> bool:
    return abs(one - two) <= _ROUNDING * max(abs(one), abs(two))


def _by_another(first_of: Series, then: Series, beside: Series) -> frozenset[int]:
    """Give the places where one elementary operation makes the old number of the new one and another that was kept.

    None where it does so in few: by what is zero, nothing can be divided.
    """
    old, new, other = first_of.numbers, then.numbers, beside.numbers
    if old is None or new is None or other is None or min(len(set(old)), len(set(other))) < _POINTS:
        return frozenset()
    triples = list(enumerate(zip(old, new, other, strict=True)))
    for made in (
        [at for at, (one, two, third) in triples if _near(one, two - third)],
        [at for at, (one, two, third) in triples if _near(one, two + third)],
        [at for at, (one, two, third) in triples if _near(one, third - two)],
        [at for at, (one, two, third) in triples if third != 0 and _near(one * third, two)],
        [at for at, (one, two, third) in triples if third != 0 and _near(one, two * third)],
    ):
        if _are_most(made, old):
            return frozenset(made)
    return frozenset()


def _are_most(places: Collection[int], old: Numbers) -> bool:
    """Whether it holds in nearly all, and in enough of them that differ."""
    return len({old[at] for at in places}) >= _POINTS and len(places) * _FEW >= len(old) * (_FEW - 1)


def _of_few_labels(old: Series, new: Series) -> int:
    """Give how many values there are, where few stand in many rows and each has become one of its own; else 0."""
    few = len(old.distinct)
    known = all(kind is not None and kind.family in _LABELS for kind in (old.type, new.type))
    if not known or few < _TWO or few * _REPEATED > len(old.values) or few != len(new.distinct):
        return 0
    return few if len(set(zip(old.values, new.values, strict=True))) == few else 0


def _is_encoded(old: Sequence[Value], new: Sequence[Value]) -> bool:
    """Whether each new text spells the old bytes or text in hexadecimal or base64 digits, or backwards."""
    known = set(old)
    return len(known) >= _POINTS and any(
        all(bool(one) and isinstance(two, str) and _spells(two, one, way) for one, two in zip(old, new, strict=True))
        for way in ("hex", "base64", "backwards")
    )


def _spells(text: str, value: Value, way: str) -> bool:
    if way == "backwards":
        return isinstance(value, str) and text == value[::-1]
    wanted = value.encode() if isinstance(value, str) else value
    try:
        plain = bytes.fromhex(text.removeprefix("\\x")) if way == "hex" else base64.b64decode(text)
    except (ValueError, binascii.Error):
        return False
    return plain == wanted


def merged(old: Mapping[int, Hashable], new: Mapping[int, Hashable]) -> frozenset[int]:
    """Give the rows whose new value another row has as well, which had another old one: nothing tells them apart."""
    by_image: defaultdict[Hashable, set[Hashable]] = defaultdict(set)
    for row, image in new.items():
        by_image[image].add(old[row])
    return frozenset(row for row, image in new.items() if len(by_image[image]) > 1)


def is_less(old: Series, new: Series) -> bool:
    """Whether what became of each value says plainly less: rounded numbers, parts of texts, letters made alike."""
    first, second = old.numbers, new.numbers
    if first is not None and second is not None:
        step = _step(second)
        return all(abs(one - two) < step for one, two in zip(first, second, strict=True))
    pairs = list(zip(old.values, new.values, strict=True))
    if all(isinstance(one, str) and isinstance(two, str) and len(two) < len(one) and two in one for one, two in pairs):
        return True
    return _letters_merge(pairs)


def _letters_merge(pairs: Sequence[tuple[Value, Value]]) -> bool:
    """Whether texts were rewritten letter by letter, and two letters have become one: capitals and small ones."""
    became: dict[str, str] = {}
    for one, two in pairs:
        if not isinstance(one, str) or not isinstance(two, str) or len(one) != len(two):
            return False
        if any(became.setdefault(first, second) != second for first, second in zip(one, two, strict=True)):
            return False
    return len(set(became.values())) < len(became)
