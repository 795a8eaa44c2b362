"""By which expression PostgreSQL turns a value of one type into another's: pg_cast and the conversions by way of text.

``tests/proof/test_casts.py`` holds it against servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.review.type_change import TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.schema.simulation import Simulation
    from glowplug.sql.parts import TypeName

_TIMESTAMP, _TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"
_TIME, _TIMETZ = "time without time zone", "time with time zone"
_NUMBERS = frozenset({"smallint", "integer", "bigint", "real", "double precision", "numeric"})
_ASSIGNED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_NUMBERS, _NUMBERS),
    "smallint": _NUMBERS | {"oid"},
    "integer": _NUMBERS | {"oid", "money"},
    "bigint": _NUMBERS | {"oid", "money"},
    "numeric": _NUMBERS | {"money"},
    "oid": frozenset({"integer", "bigint"}),
    "money": frozenset({"numeric"}),
    "cidr": frozenset({"inet"}),
    "inet": frozenset({"cidr"}),
    "json": frozenset({"jsonb"}),
    "jsonb": frozenset({"json"}),
    "bit": frozenset({"bit varying"}),
    "bit varying": frozenset({"bit"}),
    "macaddr": frozenset({"macaddr8"}),
    "macaddr8": frozenset({"macaddr"}),
    "date": frozenset({_TIMESTAMP, _TIMESTAMPTZ}),
    _TIMESTAMP: frozenset({"date", _TIME, _TIMESTAMPTZ}),
    _TIMESTAMPTZ: frozenset({"date", _TIME, _TIMETZ, _TIMESTAMP}),
    _TIME: frozenset({"interval", _TIMETZ}),
    _TIMETZ: frozenset({_TIME}),
    "interval": frozenset({_TIME}),
}
"""What a value is turned to when it is assigned."""

_TOLD: Mapping[str, frozenset[str]] = {
    "integer": frozenset({"boolean", "bit", '"char"'}),
    '"char"': frozenset({"integer"}),
    "bigint": frozenset({"bit"}),
    "boolean": frozenset({"integer"}),
    "bit": frozenset({"integer", "bigint"}),
    "jsonb": _NUMBERS | {"boolean"},
}
"""What it is turned to by a cast that is told."""


def cast(name: str, now: TypeName, wanted: TypeName, schema: Simulation) -> str | None:
    """Give the expression that makes ``name``, of the type ``now``, a value of ``wanted``; None: no cast is known."""
    one, other = _plain(now, schema), _plain(wanted, schema)
    array, text = bool(one.dimensions), one.name in TEXTS and not one.dimensions
    if other.name in TEXTS and not other.dimensions:
        return name
    if text:
        return f"{name}::{wanted}"
    if array is not bool(other.dimensions):
        return None
    if one.name == other.name or other.name in _ASSIGNED.get(one.name, ()) or (array and other.name in TEXTS):
        return name
    told = other.name in _TOLD.get(one.name, ()) or (array and one.name in TEXTS)
    return f"{name}::{wanted}" if told else None


def _plain(kind: TypeName, schema: Simulation) -> TypeName:
    """Give the type that a domain is made of."""
    facts = schema.type(kind.name)
    if facts is None or facts.kind != "domain" or facts.base is None:
        return kind
    return replace(_plain(facts.base, schema), dimensions=kind.dimensions + facts.base.dimensions)
