"""From pg_type to what a value of a type may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.schema.tables import Family, Type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.database.postgres.table_catalogue import DomainCheck, TypeRow

_FAMILIES = {
    Family.BOOLEAN: ("bool",),
    Family.INTEGER: ("int2", "int4", "int8", "oid"),
    Family.DECIMAL: ("numeric", "money"),
    Family.FLOAT: ("float4", "float8"),
    Family.TEXT: ("text", "varchar", "bpchar", "name", "char"),
    Family.BYTES: ("bytea",),
    Family.BITS: ("bit", "varbit"),
    Family.DATE: ("date",),
    Family.TIME: ("time", "timetz"),
    Family.TIMESTAMP: ("timestamp", "timestamptz"),
    Family.INTERVAL: ("interval",),
    Family.UUID: ("uuid",),
    Family.JSON: ("json", "jsonb"),
    Family.XML: ("xml",),
    Family.ADDRESS: ("inet", "cidr", "macaddr", "macaddr8"),
    Family.GEOMETRY: ("point", "line", "lseg", "box", "path", "polygon", "circle"),
    Family.TEXT_SEARCH: ("tsvector", "tsquery"),
}
_BUILT_IN = {name: family for family, names in _FAMILIES.items() for name in names}
_OF_EXTENSIONS = {"citext": Family.TEXT, "ltree": Family.TREE, "hstore": Family.PAIRS, "geometry": Family.GEOMETRY}
_BOUNDS = {
    "int2": (-(2**15), 2**15 - 1),
    "int4": (-(2**31), 2**31 - 1),
    "int8": (-(2**63), 2**63 - 1),
    "oid": (0, 2**32 - 1),
}
_BYTES_OF_NAME = 63
_MONEY = {"precision": 18, "scale": 2}
_HEADER = 4  # bytes that a length or precision is stored with in a modifier
_WITH_HEADER = frozenset({"varchar", "bpchar", "numeric"})
_WHOLE_PRECISION = 0xFFFF
_SCALE = 0x7FF
_SCALE_SIGN = 0x400
_ARRAY, _DOMAIN, _ENUM, _COMPOSITE, _RANGE, _MULTIRANGE = "Adecrm"
_KINDS = {_ENUM: Family.ENUM, _COMPOSITE: Family.COMPOSITE, _RANGE: Family.RANGE, _MULTIRANGE: Family.MULTIRANGE}


class Types:
    """The types that were read, by oid."""

    def __init__(self, rows: Iterable[TypeRow]) -> None:
        """Know ``rows``."""
        self._rows = {row.oid: row for row in rows}

    def resolve(self, oid: str, modifier: int, name: str) -> Type:
        """Give a type with its modifier, a domain as what it stands on; ``name`` is what the server calls it."""
        row = self._rows[oid]
        if row.kind == _DOMAIN:
            return self.resolve(row.base, row.base_modifier, row.base_name)
        if row.kind in _KINDS:
            return self._made(row, name)
        if row.element is not None and row.element_name is not None and name.endswith("[]"):
            element = self.resolve(row.element, modifier, name.removesuffix("[]"))
            return Type(name=name, family=Family.ARRAY, element=element)
        return _scalar(row, modifier, name)

    def domains(self, oid: str) -> tuple[TypeRow, ...]:
        """The domains that a type is, one on the other, the outermost first."""
        row = self._rows[oid]
        return (row, *self.domains(row.base)) if row.kind == _DOMAIN else ()

    def checks(self, oid: str) -> tuple[DomainCheck, ...]:
        """The conditions on VALUE of all those."""
        return tuple(check for row in self.domains(oid) for check in row.checks or ())

    def _made(self, row: TypeRow, name: str) -> Type:
        family = _KINDS[row.kind]
        if row.element is not None and row.element_name is not None:
            return Type(name=name, family=family, element=self.resolve(row.element, -1, row.element_name))
        fields = tuple(
            (field.name, self.resolve(field.type, field.modifier, field.type_name)) for field in row.fields or ()
        )
        return Type(name=name, family=family, labels=tuple(row.labels), fields=fields)


def _scalar(row: TypeRow, modifier: int, name: str) -> Type:
    short = row.short
    family = (_BUILT_IN if row.builtin else _OF_EXTENSIONS).get(short, Family.OTHER)
    minimum, maximum = _BOUNDS.get(short, (None, None)) if row.builtin else (None, None)
    plain = Type(name=name, family=family, minimum=minimum, maximum=maximum)
    given = modifier - _HEADER if short in _WITH_HEADER else modifier
    if short == "citext" and not row.builtin:
        return replace(plain, folds=True)
    if family is Family.DECIMAL:
        return _decimal(plain, short, given)
    if family in (Family.TEXT, Family.BITS):
        fixed = {"name": _BYTES_OF_NAME, "char": 1}.get(short)
        return replace(plain, length=fixed or (given if given >= 0 else None))
    if family in (Family.TIME, Family.TIMESTAMP):
        return replace(plain, precision=given if given >= 0 else None, zoned=short.endswith("tz"))
    if family is Family.INTERVAL and given >= 0 and given & _WHOLE_PRECISION != _WHOLE_PRECISION:
        return replace(plain, precision=given & _WHOLE_PRECISION)
    return plain


def _decimal(plain: Type, short: str, given: int) -> Type:
    if short == "money":
        return replace(plain, **_MONEY)
    if given < 0:
        return plain
    scale = ((given & _SCALE) ^ _SCALE_SIGN) - _SCALE_SIGN  # negative since 15
    return replace(plain, precision=given >> 16 & 0xFFFF, scale=scale)
