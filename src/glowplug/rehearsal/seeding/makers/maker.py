"""Choose what makes a column's values, by its type and what is needed of them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.rehearsal.seeding.makers import moments, numbers, shapes
from glowplug.rehearsal.seeding.makers.base import Maker, Making, listed
from glowplug.rehearsal.seeding.makers.styles import styled
from glowplug.rehearsal.seeding.makers.texts import text
from glowplug.rehearsal.seeding.needs import ANYTHING, Needs, both
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.rows import Value
    from glowplug.schema.tables import Type

__all__ = ["Maker", "Making", "beyond", "maker"]

_NULL = listed((None,))
_POSITIVE = Needs(low=Decimal(0))
"""What rises with its number, as the ends of a range must."""
_FEW = 100
"""Values of an element that are few."""
_MOST = 10_000
"""Elements of an array at most, for rows with it to be made."""
_LONGEST = 1 << 20
"""Characters or bytes that a value may have to have at least, for rows of it to be made."""


def beyond(kind: Type, needs: Needs) -> str | None:
    """Say that values are to be longer than any that are made; None: they are not."""
    unit, most = ("elements", _MOST) if kind.family is Family.ARRAY else ("characters", _LONGEST)
    if needs.shortest <= most:
        return None
    return f"is to have {needs.shortest:,} {unit} or more, and none of more than {most:,} are made"


def maker(kind: Type, needs: Needs, making: Making, *, attempt: int = 0) -> Maker | None:  # noqa: C901, PLR0911, PLR0912 - one line a family
    """Give what makes values of a type that meet needs; None where none was found.

    ``attempt`` counts the tries of a type whose values are guessed, and of texts that the server refuses.
    """
    if needs.null is True:
        return _NULL
    if needs.shortest > _LONGEST:
        return None
    match kind.family:
        case Family.BOOLEAN:
            return numbers.boolean(needs, making)
        case Family.INTEGER | Family.DECIMAL | Family.FLOAT:
            return numbers.numeric(kind, needs, making)
        case Family.TEXT:
            limit = both(needs, Needs(longest=kind.length)) if kind.length is not None else needs
            if limit is None or needs.json is not None:
                return None if limit is None else shapes.document(limit)
            return styled(limit, attempt) or text(limit, making.salt)
        case Family.DATE | Family.TIMESTAMP:
            return moments.moment(kind, needs, making)
        case Family.TIME:
            return moments.time(kind, needs)
        case Family.INTERVAL:
            return moments.interval(kind, needs)
        case Family.UUID:
            return shapes.identifier(making, needs)
        case Family.JSON:
            return shapes.document(needs)
        case Family.BYTES:
            return shapes.octets(needs, kind.length)
        case Family.BITS:
            return shapes.bits(kind, needs)
        case Family.ENUM:
            return shapes.labels_of(kind, needs)
        case Family.SET:
            return shapes.set_of(kind, needs)
        case Family.ADDRESS:
            return _given(needs) or shapes.address(kind, making)
        case Family.GEOMETRY:
            return shapes.geometry(kind, making)
        case Family.XML:
            return shapes.markup()
        case Family.TEXT_SEARCH:
            return shapes.words() if shapes.bare(kind) != "tsquery" else shapes.other(kind, attempt)
        case Family.TREE:
            return _given(needs) or shapes.branch()
        case Family.PAIRS:
            return shapes.pairs()
        case Family.ARRAY | Family.RANGE | Family.MULTIRANGE | Family.COMPOSITE:
            return _held(kind, needs, making, attempt)
        case _:
            return _given(needs) or shapes.other(kind, attempt)


def _given(needs: Needs) -> Maker | None:
    return None if needs.among is None else listed(tuple(str(each) for each in needs.among))


def _held(kind: Type, needs: Needs, making: Making, attempt: int) -> Maker | None:
    """Values that hold others."""
    if kind.family is Family.COMPOSITE:
        return _composite(kind, making, attempt)
    if kind.element is None:
        return shapes.other(kind, attempt)
    rising = kind.family is not Family.ARRAY and kind.element.family in {Family.DECIMAL, Family.FLOAT}
    inner = maker(kind.element, _POSITIVE if rising else ANYTHING, making, attempt=attempt)
    if inner is None:
        return None
    make = inner.make
    if kind.family is Family.ARRAY:
        return _array(inner, needs)
    if kind.family is Family.MULTIRANGE and kind.element.family is Family.RANGE:
        return replace(inner, make=lambda n: "{" + str(make(n)) + "}")
    size = None if inner.size is None else max(inner.size // 2, 1)
    opened = "{" if kind.family is Family.MULTIRANGE else ""
    closed = "}" if opened else ""

    def between(n: int) -> Value:
        return f"{opened}[{_bare(make(2 * n))},{_bare(make(2 * n + 1))}){closed}"

    return Maker(make=between, size=size)


def _nested(written: str, needs: Needs) -> str:
    outer = max(needs.dimensions - 1, 0)
    return "{" * outer + written + "}" * outer


def _array(inner: Maker, needs: Needs) -> Maker | None:
    """Arrays of one to three elements; of two where these are few, so that pairs of them make the difference.

    As many as are asked for, where that is told; None where that is more than a row can do with.
    """
    make = inner.make
    if needs.shortest or needs.longest is not None:
        size = needs.shortest or min(needs.longest or 0, _FEW)
        if size > _MOST:
            return None
        return Maker(make=lambda n: _nested(_written([make(n + at) for at in range(size)]), needs))
    few = inner.size if inner.size is not None and inner.size <= _FEW else 0

    def array(n: int) -> Value:
        at = (n, n // few + n) if few else (n, 2 * n + 1, 3 * n + 2)[: (2, 1, 3)[n % 3]]
        return _nested(_written([make(each) for each in at]), needs)

    return Maker(make=array, size=few**2 if few else inner.size)


def _written(elements: Sequence[Value]) -> str:
    return f"{{{','.join(map(shapes.element, elements))}}}"


def _bare(value: Value) -> str:
    return '"' + value + '"' if isinstance(value, str) else ""


def _composite(kind: Type, making: Making, attempt: int) -> Maker | None:
    makers = [maker(each, ANYTHING, making, attempt=attempt) for _, each in kind.fields]
    makes = [each.make for each in makers if each is not None]
    if len(makes) != len(kind.fields) or not makes:
        return None

    def make(n: int) -> Value:
        return f"({','.join('' if (value := each(n)) is None else shapes.element(value) for each in makes)})"

    sizes = [each.size for each in makers if each is not None]
    known = [each for each in sizes if each is not None]
    return Maker(make=make, size=None if len(known) < len(sizes) else max(known))
