"""One column now and after the migration: values that both types take."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from glowplug.rehearsal.seeding.needs import ANYTHING, NOT_NULL, Needs, both
from glowplug.schema.tables import Family

if TYPE_CHECKING:
    from glowplug.schema.tables import Column, Type

_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT})
_FRACTIONS = frozenset({Family.DECIMAL, Family.FLOAT})
_AS_THEY_ARE = frozenset({Family.TEXT, Family.OTHER})


def narrowed(now: Column, later: Column | None) -> tuple[Type, Needs]:
    """Give the type to make values of, and what both ask of them.

    Only what would be refused is kept out: a value that merely loses digits or its time of day stays as it is, to be
    seen to lose them.
    """
    needs = ANYTHING if now.nullable else NOT_NULL
    if later is None:
        return now.type, needs
    if not later.nullable:
        needs = both(needs, NOT_NULL) or needs
    joint = both(needs, _fits(now.type, later.type))
    return _made_of(now.type, later.type), needs if joint is None else joint


def _made_of(now: Type, later: Type) -> Type:
    if now.family is Family.TEXT and later.family not in _AS_THEY_ARE:
        return later
    return now


def _fits(now: Type, later: Type) -> Needs:  # noqa: PLR0911 - one a family
    if later.family is Family.TEXT and later.length is not None:
        if now.family is Family.INTEGER:
            most = Decimal(10**later.length - 1)
            return Needs(high=most, low=-most if later.length > 1 else Decimal(0))
        return Needs(longest=later.length)
    if later.family in {Family.BYTES, Family.BITS} and later.length is not None:
        exact = later.family is Family.BITS and "varying" not in later.name and "varying" in now.name
        return Needs(longest=later.length, shortest=later.length if exact else 0)
    if later.family is Family.ENUM and now.family in {Family.ENUM, Family.TEXT}:
        return Needs(among=later.labels)
    if later.family is Family.INTEGER and (now.family in _NUMBERS or now.family is Family.TEXT):
        return _within(now, later)
    if later.family in _FRACTIONS and now.family in _NUMBERS:
        low = None if later.minimum is None else Decimal(later.minimum)
        if later.family is Family.FLOAT or later.precision is None:
            return Needs(low=low)
        most = Decimal(10) ** (later.precision - (later.scale or 0)) - 1
        return Needs(low=-most if low is None else low, high=most)
    return ANYTHING


def _within(now: Type, later: Type) -> Needs:
    """Ask for no more than the later type does: an own range that is no wider needs no bound."""
    same = now.family is Family.INTEGER
    low, high = later.minimum, later.maximum
    if same and low is not None and now.minimum is not None and low <= now.minimum:
        low = None
    if same and high is not None and now.maximum is not None and high >= now.maximum:
        high = None
    return Needs(low=None if low is None else Decimal(low), high=None if high is None else Decimal(high))
