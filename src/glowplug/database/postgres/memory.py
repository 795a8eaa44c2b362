"""What a session remembers of the schema, and what a few readings make of it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from glowplug.schema import SchemaObject
    from glowplug.schema.model import Key

    Objects = dict[Key, SchemaObject]
    Group = tuple[int, str]
    Groups = dict[Group, Objects]
    """Objects by the section that holds them, by its number, and the oid of the relation that they belong to."""


class Memory:
    """A schema in groups: what is read again replaces its group.

    Where a reading changes nothing, or just undoes what the last one that was remembered had changed, the Schema
    given is the very one that was there: to compare two of those costs little.
    """

    def __init__(self, groups: Groups) -> None:
        """Remember a whole reading, which is then this memory's own."""
        self.groups = groups
        self.schema = self._before = Schema(MappingProxyType(_together(groups.values())))
        self._step: tuple[Objects, Objects] = ({}, {})

    def with_(self, changed: Groups) -> Schema:
        """Give the schema as it is where ``changed`` was read, and remember nothing."""
        old, new = self._difference(changed)
        if old == new:
            return self.schema
        if (new, old) == self._step:
            return self._before
        known = self.schema.objects
        objects = known.copy() if isinstance(known, MappingProxyType) else dict(known)  # 20 times as fast
        for key in old:
            objects.pop(key, None)
        objects.update(new)
        return Schema(MappingProxyType(objects))

    def remember(self, changed: Groups) -> None:
        """Let ``changed`` replace what was there."""
        step = self._difference(changed)
        schema = self.with_(changed)
        self.schema, self._before, self._step = schema, self.schema, step
        self.groups.update(changed)

    def knows(self, oid: str, count: int) -> bool:
        """Whether anything is known of a relation; sections are numbered below ``count``."""
        return any(self.groups.get((number, oid)) for number in range(count))

    def names_of(self, oids: Iterable[str], count: int) -> frozenset[str]:
        """Give the names of relations, without schemas and quotes, in lower case; sections as for ``knows``."""
        found = _together(self.groups.get((number, oid), {}) for oid in oids for number in range(count))
        own = [each for each in found.values() if each.parent is None or each.parent[0] == "schema"]
        return frozenset(each.name.rpartition(".")[2].strip('"').lower() for each in own)

    def sections_of(self, oid: str, count: int) -> Groups:
        """Give empty groups for all that is known of a relation; sections are numbered below ``count``."""
        return {(number, oid): {} for number in range(count) if self.groups.get((number, oid))}

    def differs(self, changed: Groups, numbers: Collection[int]) -> bool:
        """Whether some of these sections are not as they are remembered."""
        return any(found != self.groups.get(group, {}) for group, found in changed.items() if group[0] in numbers)

    def _difference(self, changed: Groups) -> tuple[Objects, Objects]:
        different = [group for group, found in changed.items() if found != self.groups.get(group, {})]
        return _together(self.groups.get(group, {}) for group in different), _together(
            changed[group] for group in different
        )


def _together(groups: Iterable[Objects]) -> Objects:
    objects: Objects = {}
    for group in groups:
        objects.update(group)
    return objects
