"""Which rows a narrower type does not hold, as a condition that runs on every row, those included.

A cast to the narrower type would fail itself on what is to be counted. ``tests/proof/test_narrowing.py`` holds each
condition against what the servers do to such rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.review.type_change import TEXTS

if TYPE_CHECKING:
    from glowplug.sql.parts import TypeName

_INTEGERS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_FLOATS = {"real": "1e-45 AND 3.4028234e38", "double precision": "5e-324 AND 1.7976931348623157e308"}
_LARGEST_BELOW = {"real": 2**63 - 2**39, "double precision": 2**63 - 2**10}
"""The largest bigint that a float holds; above it no bigint is one."""

_ZONES = ("timestamp without time zone", "timestamp with time zone")
_TIMES = ("time without time zone", "time with time zone")
_SPECIAL = "('NaN', 'Infinity', '-Infinity')"


def lost(column: str, old: TypeName, new: TypeName) -> str:
    """Write the condition under which the value in ``column``, an expression, is refused or comes out as another."""
    condition = f"{column}::{new} <> {column}"
    if old.name in TEXTS:
        condition = f"length({column}::text) > {new.modifiers[0]}"
    elif new.name == "numeric":
        condition = _beyond_digits(column, new)
    elif new.name in _INTEGERS:
        condition = _beyond_integer(column, old, _INTEGERS[new.name])
    elif new.name in _FLOATS:
        condition = _beyond_float(column, old, new.name)
    elif old.name in _ZONES and new.name in _TIMES:
        condition = f"{column} IS NOT NULL"
    elif old.name == "json":
        condition = (
            f"CASE WHEN position('\\u0000' IN {column}::text) > 0 THEN true "
            f"ELSE {column}::jsonb::text <> {column}::text END"
        )
    return condition


def _beyond_digits(column: str, new: TypeName) -> str:
    precision, scale = int(new.modifiers[0]), int(new.modifiers[1]) if len(new.modifiers) > 1 else 0
    rounded = f"round({column}, {scale})"
    return f"({rounded} <> {column} OR abs({rounded}) >= 1e{precision - scale}) AND {column} <> 'NaN'"


def _beyond_integer(column: str, old: TypeName, end: int) -> str:
    if old.name in _INTEGERS:
        return f"{column} NOT BETWEEN {-end} AND {end - 1}"
    return f"round({column}) <> {column} OR round({column}) < {-end} OR round({column}) >= {end}"


def _beyond_float(column: str, old: TypeName, new: str) -> str:
    if old.name == "bigint":
        back = f"{column}::{new}::double precision::bigint"
        return f"CASE WHEN {column} <= {_LARGEST_BELOW[new]} THEN {back} <> {column} ELSE true END"
    if old.name in _INTEGERS:
        return f"{column}::{new} <> {column}"
    written = f"{column}::{new}::text::numeric <> {column}::text::numeric"
    return (
        f"CASE WHEN {column} = 0 OR abs({column}) BETWEEN {_FLOATS[new]} THEN {written} "
        f"ELSE {column} NOT IN {_SPECIAL} END"
    )
