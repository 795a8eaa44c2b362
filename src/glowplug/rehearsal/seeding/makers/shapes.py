"""Values of the types that have a shape of their own: by family, or by the type's name."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding.makers.base import Maker, Making, listed
from glowplug.rehearsal.seeding.makers.texts import based

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.database.rows import Value
    from glowplug.rehearsal.seeding.needs import Needs
    from glowplug.schema.tables import Type

_POINTS: dict[str, Callable[[int], str]] = {
    "point": lambda n: f"({n}.25,{n + 1}.5)",
    "lseg": lambda n: f"[({n},{n}),({n + 1},{n + 2})]",
    "line": lambda n: f"{{{n + 1},-1,{n}}}",
    "box": lambda n: f"({4 * n + 2},2),({4 * n},0)",
    "path": lambda n: f"((0,0),({n + 1},{n + 1}),({n + 2},0))",
    "polygon": lambda n: f"((0,0),({n + 1},{n + 1}),({n + 2},0))",
    "circle": lambda n: f"<({4 * n},0),1>",
}
_WELL_KNOWN: dict[str, Callable[[int], str]] = {
    "point": lambda n: f"POINT({n}.25 {n + 1}.5)",
    "linestring": lambda n: f"LINESTRING(0 0,{n + 1} {n + 1})",
    "polygon": lambda n: f"POLYGON((0 0,{n + 1} 0,{n + 1} {n + 1},0 0))",
    "multipoint": lambda n: f"MULTIPOINT(0 0,{n + 1} {n + 1})",
    "multilinestring": lambda n: f"MULTILINESTRING((0 0,{n + 1} {n + 1}))",
    "multipolygon": lambda n: f"MULTIPOLYGON(((0 0,{n + 1} 0,{n + 1} {n + 1},0 0)))",
    "geometrycollection": lambda n: f"GEOMETRYCOLLECTION(POINT({n} {n + 1}))",
}
_ADDRESSES: dict[str, Callable[[int], str]] = {
    "cidr": lambda n: f"10.{n // 256 % 256}.{n % 256}.{('0/24', '16/28', '0/25', '7/32')[n % 4]}",
    "macaddr": lambda n: f"02:00:00:{n // 65536 % 256:02x}:{n // 256 % 256:02x}:{n % 256:02x}",
    "macaddr8": lambda n: f"02:00:00:ff:fe:{n // 65536 % 256:02x}:{n // 256 % 256:02x}:{n % 256:02x}",
    "inet6": lambda n: f"2001:db8::{n // 65536 % 65536:x}:{n % 65536:x}",
    "inet4": lambda n: f"10.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}",
}
_OTHERS: dict[str, Callable[[int], str]] = {
    "money": lambda n: f"{n + 1}.25",
    "pg_lsn": lambda n: f"16/B374D{n % 4096:03X}",
    "tsquery": lambda n: f"'fat{n}' & 'rat'",
    "jsonpath": lambda n: f'$."a{n}"',
    "txid_snapshot": lambda n: f"10:{20 + n}:10,14",
    "pg_snapshot": lambda n: f"10:{20 + n}:10,14",
    "tid": lambda n: f"(0,{n + 1})",
    "oidvector": lambda n: f"1 {n}",
    "int2vector": lambda n: f"1 {n % 32000}",
    "regclass": lambda n: "pg_class" if n % 2 else "pg_type",
    "regtype": lambda n: "integer" if n % 2 else "text",
    "regproc": lambda _: "now",
    "regrole": lambda _: "pg_monitor",
    "regnamespace": lambda n: "public" if n % 2 else "pg_catalog",
    "cube": lambda n: f"({n}, {n + 1})",
    "seg": lambda n: f"{n} .. {n + 1}",
    "isbn": lambda n: _isbn(n),  # noqa: PLW0108 - defined below
    "lquery": lambda n: f"a.b{n}",
}
_UNSURE: tuple[Callable[[int], str], ...] = (
    str,
    lambda n: f"a{n}",
    lambda n: f"{{{n}}}",
    lambda n: f"({n},{n + 1})",
    lambda n: f"[{n},{n + 1}]",
    lambda n: f"[{n},{n + 1},{n + 2}]",
    lambda n: f'{{"n": {n}}}',
    lambda n: f"2021-01-{n % 28 + 1:02d}",
)
"""What a type of an unknown name may understand: by trial."""


def identifier(making: Making, needs: Needs) -> Maker:
    """UUIDs of version 4, from the seed."""
    if needs.among is not None:
        return listed(tuple(str(each) for each in needs.among))
    salt = f"{making.seed}:"

    def make(n: int) -> str:
        digest = hashlib.blake2b(f"{salt}{n}".encode(), digest_size=16).digest()
        return str(uuid.UUID(bytes=digest, version=4))

    return Maker(make=make)


_NESTED = ', "in it": {"a.b": [{"Deep": 1.5}, " x ", true], "": {}}'
_ROOM_FOR_NESTED = 200


def document(needs: Needs) -> Maker:
    """JSON of the wanted type; objects with the keys that are asked for."""
    if needs.among is not None:
        return listed(tuple(str(each) for each in needs.among))
    shapes: dict[str, Callable[[int], object]] = {
        "array": lambda n: [n, "a b", {"n": n}],
        "string": lambda n: f"text {n}",
        "number": lambda n: n,
        "integer": lambda n: n,
        "boolean": lambda n: n % 2 == 0,
        "null": lambda _: None,
    }
    if needs.json in shapes:
        shape = shapes[needs.json]
        return Maker(make=lambda n: json.dumps(shape(n)), size=2 if needs.json == "boolean" else None)
    keys = "".join(f', {json.dumps(key)}: "value {{n}}"' for key in needs.keys)
    if keys:
        return Maker(make=lambda n: f'{{"n": {n}{keys.replace("{n}", str(n))}}}')
    nested = _NESTED if needs.longest is None or needs.longest >= _ROOM_FOR_NESTED else ""
    return Maker(
        make=lambda n: f'{{"n": {n}, "name": "Ada {n}", "list": [1, {n}], "none": null{nested * (n % 3 == 1)}}}'
    )


def octets(needs: Needs, longest: int | None) -> Maker | None:
    """Bytes: none that is text alone."""
    if needs.among is not None:
        return listed(tuple(each if isinstance(each, bytes) else str(each).encode() for each in needs.among))
    most = min((each for each in (longest, needs.longest) if each is not None), default=None)
    size = max(needs.shortest, min(8, most) if most is not None else 8)
    long = max(size, min(40, most) if most is not None else 40)
    if size == 0:
        return listed((b"",))

    def make(n: int) -> bytes:
        wanted = long if n % 4 == 3 else size  # noqa: PLR2004 - a fourth
        digest = hashlib.blake2b(str(n).encode(), digest_size=min(wanted, 64)).digest()
        return ((n % 2**32).to_bytes(4, "big") + digest * (wanted // 64 + 1))[:wanted]

    if size >= 4:  # noqa: PLR2004 - the number's own bytes
        return Maker(make=make)
    return Maker(make=lambda n: (n % 256**size).to_bytes(size, "big"), size=256**size)


def bits(kind: Type, needs: Needs) -> Maker:
    """Bit strings of exactly the length, of a varying type of any length up to it."""
    if needs.among is not None:
        return listed(tuple(str(each) for each in needs.among))
    varying = "varying" in kind.name
    length = min(kind.length or 8, 64, needs.longest or 64) if varying else kind.length or 1
    length = min(max(length, needs.shortest, 1), 100_000)
    least = max(needs.shortest, 1)
    size = 2 ** min(length, 30)

    def make(n: int) -> str:
        written = f"{(n + 1) % size:b}"
        return written.rjust(least if varying and n % 2 else length, "0")

    return Maker(make=make, size=size)


def labels_of(kind: Type, needs: Needs) -> Maker | None:
    """An enum's labels."""
    labels = kind.labels
    if needs.among is not None:
        labels = tuple(each for each in labels if each in needs.among)
    labels = tuple(each for each in labels if each not in needs.without)
    return listed(labels) if labels else None


def set_of(kind: Type, needs: Needs) -> Maker | None:
    """MySQL's SET: some of the labels."""
    allowed = [each for each in kind.labels if needs.among is None or each in needs.among]
    if not allowed:
        return None
    count = len(allowed)
    size = 2 ** min(count, 16)

    def make(n: int) -> str:
        places = (n + 1) % size
        return ",".join(label for place, label in enumerate(allowed) if places >> place & 1)

    return Maker(make=make, size=size)


def address(kind: Type, making: Making) -> Maker:
    """Addresses of networks and machines, of some machines with their network's."""
    make = _ADDRESSES.get(bare(kind), _ADDRESSES["inet4"])
    if bare(kind) != "inet" or making.simple:
        return Maker(make=make)
    return Maker(make=lambda n: make(n) + ("", "/24", "", "/16")[n % 4])


def geometry(kind: Type, making: Making) -> Maker:
    """Shapes: PostgreSQL's own, or as well-known text."""
    if making.dialect is Dialect.POSTGRES and bare(kind) in _POINTS:
        return Maker(make=_POINTS[bare(kind)])
    return Maker(make=_WELL_KNOWN.get(bare(kind), _WELL_KNOWN["point"]))


def other(kind: Type, attempt: int) -> Maker:
    """A type that only its name tells about; each attempt is another guess."""
    known = _OTHERS.get(bare(kind))
    return Maker(make=known if known is not None else _UNSURE[attempt % len(_UNSURE)])


def markup() -> Maker:
    """XML."""
    return Maker(make=lambda n: f"<row><n>{n}</n></row>")


def words() -> Maker:
    """Text search vectors."""
    return Maker(make=lambda n: f"'fat':1 'rat{n}':2")


def branch() -> Maker:
    """Paths of ltree."""
    return Maker(make=lambda n: f"Top.Science.n{n}")


def pairs() -> Maker:
    """Pairs of hstore."""
    return Maker(make=lambda n: f'"n"=>"{n}", "name"=>"Ada {based(n)}"')


def bare(kind: Type) -> str:
    """Give a type's name without its schema, size and quotes."""
    return kind.name.lower().partition("(")[0].rpartition(".")[2].strip().strip('"')


def element(value: Value) -> str:
    """Write a value as an element of an array or a field of a composite."""
    if value is None:
        return "NULL"
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else value
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _isbn(n: int) -> str:
    digits = f"978{n % 10**9:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"
