"""Objects from the rows of a reading, each text taken apart once."""

from __future__ import annotations

import functools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import sections
from glowplug.database.postgres.record import records
from glowplug.schema import SchemaObject

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.memory import Group, Groups, Objects
    from glowplug.schema.model import Key

_SCRATCH_NAME = re.compile(r"\bglowplug_[0-9a-f]{16}(?:_twin_\d+)?(?:_copy)?\b")
"""The role's and the databases', others in every run."""
_MAY_BE_NAMED = "glowplug_"
_KEPT = 200_000
_COLUMNS = 2


class Known:
    """Objects by the text that a query of sections gives for them; more than one thread may have them."""

    def __init__(self, version: int) -> None:
        """Know none, of servers of this ``server_version_num``."""
        self._sections = sections(version)
        self._names = [section.property_names for section in self._sections]
        self._known: dict[bytes, tuple[int, Objects]] = {}

    def put(self, groups: Groups, result: PGresult) -> set[int]:
        """Put what was read into its groups; the sections, by number, that hold more than the query read."""
        if len(self._known) > _KEPT:
            self._known = {}
        known, value, tells = self._known, result.get_value, result.nfields > _COLUMNS
        unread: set[int] = set()
        merged: set[Group] = set()  # what is known belongs to other readings, too, and stays as it is
        for row in range(result.ntuples):
            text, relation = value(row, 1) or b"", value(row, 0)
            learnt = known.get(text)
            if learnt is None:
                learnt = known[text] = self._learn(text)
            number, found = learnt
            group = (number, (relation or b"").decode())
            there = groups.get(group)
            if not there:
                groups[group] = found
            elif group in merged:
                there.update(found)
            else:
                groups[group] = {**there, **found}
                merged.add(group)
            if tells and value(row, 2) == b"t":
                unread.add(number)
        return unread

    def _learn(self, row: bytes) -> tuple[int, Objects]:
        text = row.decode()
        if _MAY_BE_NAMED in text:
            text = _SCRATCH_NAME.sub("owner", text)
        first, *parts = records(text)
        number = int(first[0] or 0)
        if self._sections[number].grouped:
            return number, self._parts(number, (first[1] or "", first[2] or ""), parts)
        _, kind, name, parent_kind, parent_name, *values = first
        parent = None if parent_kind is None or parent_name is None else (parent_kind, parent_name)
        key = (kind or "", name or "")
        return number, {key: self._object(number, key, parent, values)}

    def _parts(self, number: int, parent: Key, parts: list[list[str | None]]) -> Objects:
        section = self._sections[number]
        ranks = _ranks(parts) if section.ranked else {}
        found: Objects = {}
        for name, *values in parts:
            if ranks:
                values[0] = ranks[values[0]]
            key = (section.word, f"{parent[1]}.{_quoted(name or '')}")
            found[key] = self._object(number, key, parent, values)
        return found

    def _object(self, number: int, key: Key, parent: Key | None, values: list[str | None]) -> SchemaObject:
        pairs = zip(self._names[number], values, strict=True)
        properties = MappingProxyType({name: value for name, value in pairs if value is not None})
        return SchemaObject(kind=key[0], name=key[1], parent=parent, properties=properties)


def _ranks(parts: list[list[str | None]]) -> dict[str | None, str]:
    """Number the parts, each of which may be there more than once, by the number that they have."""
    numbers = sorted({part[1] for part in parts}, key=lambda number: int(number or 0))
    return {number: str(rank) for rank, number in enumerate(numbers, start=1)}


def _quoted(identifier: str) -> str:
    """Write an identifier as ``name_of`` does."""
    if "." in identifier or '"' in identifier:
        return '"' + identifier.replace('"', '""') + '"'
    return identifier


@functools.cache
def known(version: int) -> Known:
    """Give what this process knows of servers of this ``server_version_num``."""
    return Known(version)
