"""Objects from the rows of a reading, each text taken apart once."""

from __future__ import annotations

import functools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import sections
from glowplug.database.postgres.catalogue.given import Layout, apart, column
from glowplug.database.postgres.catalogue.section import KINDS, MARK
from glowplug.database.postgres.record import records
from glowplug.schema import SchemaObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.catalogue.section import Section
    from glowplug.database.postgres.memory import Group, Groups, Objects
    from glowplug.schema.model import Key

    Ranks = dict[str | None, str]

_SCRATCH_NAME = re.compile(r"\bglowplug_[0-9a-f]{16}(?:_twin_\d+)?(?:_copy)?\b")
"""The role's and the databases', others in every run."""
_MAY_BE_NAMED = "glowplug_"
_KEPT = 200_000
_COLUMNS = 2
_GIVEN = b"head"
_MARKED = [MARK.strip("()")]


class Known:
    """Objects by the text that a query of sections gives for them; every session of a process has the same."""

    def __init__(self, version: int) -> None:
        """Know none, of servers of this ``server_version_num``."""
        self._sections = sections(version)
        self._names = [section.property_names for section in self._sections]
        self._layouts = {
            column(number, quick=quick).encode(): (
                Layout.of(number, section, quick=quick),
                apart(number, quick=quick).encode(),
            )
            for number, section in enumerate(self._sections)
            for quick in (True, False)
        }
        self._known: dict[bytes, tuple[int, Objects]] = {}
        self._known_of: dict[tuple[bytes | None, ...], tuple[Objects, bool]] = {}

    def put(self, groups: Groups, result: PGresult) -> set[int]:
        """Put what was read into its groups; the sections, by number, that hold more than the query read."""
        if len(self._known) + len(self._known_of) > _KEPT:
            self._known, self._known_of = {}, {}
        tells = result.nfields > _COLUMNS
        if tells and result.fname(1) == _GIVEN:
            return self._put_given(groups, result)
        known, value = self._known, result.get_value
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

    def _put_given(self, groups: Groups, result: PGresult) -> set[int]:
        """The same, of relations that were given."""
        known, value = self._known_of, result.get_value
        names = [result.fname(at) or b"" for at in range(result.nfields)]
        read = [
            (at, name, layout, names.index(other) if layout.beside else None)
            for at, name in enumerate(names)
            if name in self._layouts
            for layout, other in (self._layouts[name],)
        ]
        unread: set[int] = set()
        for row in range(result.ntuples):
            oid, head = (value(row, 0) or b"").decode(), value(row, 1)
            for at, name, layout, other in read:
                text = value(row, at)
                if text is None:
                    continue
                key = (name, head, text, None if other is None else value(row, other))
                learnt = known.get(key)
                if learnt is None:
                    learnt = known[key] = self._learn_given(layout, *((each or b"").decode() for each in key[1:]))
                groups[layout.number, oid], more = learnt
                if more:
                    unread.add(layout.number)
        return unread

    def _learn_given(self, layout: Layout, head: str, text: str, beside: str) -> tuple[Objects, bool]:
        """Learn the objects, and whether there is more to read of them."""
        section = self._sections[layout.number]
        schema, relation, of = _relation(head)
        found = records(text)
        parts = [part for part in found if part != _MARKED]
        unread = len(parts) < len(found)
        if layout.tells:
            unread |= "t" in [part.pop() for part in parts]
        ranks = _ranks(parts) if section.ranked else {}
        more = {key: values for key, *values in records(beside)}
        named = any(_MAY_BE_NAMED in each for each in (head, text, beside))
        objects: Objects = {}
        for part in parts:
            key, parent, values = of, ("schema", schema), part
            if section.grouped:
                name, *values = part
                key, parent = (section.word, f"{of[1]}.{_quoted(name or '')}"), of
            elif not section.itself:
                kind, name, parent_kind, parent_name, *values = part
                key, parent = (kind or "", name or ""), (parent_kind or "", parent_name or "")
            told = layout.properties(values)
            unusual = layout.unusual(more[values[0]], relation=relation, part=part[0]) if values[0] in more else {}
            if unusual:
                both = {**told, **unusual}
                told = {name: both[name] for name in section.property_names if name in both}
            if named:
                key, parent = _scrubbed_key(key), _scrubbed_key(parent)
                told = {name: _scrubbed(value) for name, value in told.items()}
            objects[key] = _object(section, key, parent, told, ranks)
        return objects, unread

    def _learn(self, row: bytes) -> tuple[int, Objects]:
        first, *parts = records(_scrubbed(row.decode()))
        number = int(first[0] or 0)
        section, names = self._sections[number], self._names[number]
        if not section.grouped:
            _, kind, name, parent_kind, parent_name, *values = first
            parent = None if parent_kind is None or parent_name is None else (parent_kind, parent_name)
            key = (kind or "", name or "")
            return number, {key: _object(section, key, parent, _told(names, values), {})}
        of = (first[1] or "", first[2] or "")
        ranks = _ranks(parts) if section.ranked else {}
        found: Objects = {}
        for name, *values in parts:
            key = (section.word, f"{of[1]}.{_quoted(name or '')}")
            found[key] = _object(section, key, of, _told(names, values), ranks)
        return number, found


def _object(section: Section, key: Key, parent: Key | None, properties: dict[str, str], ranks: Ranks) -> SchemaObject:
    if ranks:
        properties["position"] = ranks[properties["position"]]
    if section.finish is not None:
        section.finish(properties)
    if section.under in properties:
        parent = ("column", properties[section.under])
    return SchemaObject(kind=key[0], name=key[1], parent=parent, properties=MappingProxyType(properties))


@functools.lru_cache(maxsize=64)
def _relation(head: str) -> tuple[str, str, Key]:
    """Give a relation's schema as an object's name, its own name, and its key; each section of it asks anew."""
    ((letter, schema, name),) = records(head)
    schema = _quoted(schema or "")
    return schema, name or "", (KINDS.of(letter) or "", f"{schema}.{_quoted(name or '')}")


def _told(names: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _scrubbed(text: str) -> str:
    return _SCRATCH_NAME.sub("owner", text) if _MAY_BE_NAMED in text else text


def _scrubbed_key(key: Key) -> Key:
    return _scrubbed(key[0]), _scrubbed(key[1])


def _ranks(parts: list[list[str | None]]) -> Ranks:
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
