"""The Schema: every object of a database with its properties."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations when it decodes
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaObject:
    """One object.

    ``kind`` is a lower-case noun (table, column, constraint, index, trigger, view, function, type, sequence, …);
    ``name`` is ``schema.table.child`` on PostgreSQL and ``table.child`` elsewhere, functions with argument types;
    ``parent`` is the key of the object that it lives in and vanishes with, or None;
    ``properties`` maps a property's name to its text; a property that does not apply is absent.
    """

    kind: str
    name: str
    properties: Mapping[str, str]
    parent: Key | None = None

    @property
    def key(self) -> Key:
        """What identifies it in a Schema."""
        return (self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Schema:
    """All objects of a database by (kind, name)."""

    objects: Mapping[Key, SchemaObject] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, objects: Iterable[SchemaObject]) -> Schema:
        """Build one from its objects; the keys are theirs, the last of two equal keys wins."""
        return cls(MappingProxyType({item.key: item for item in objects}))

    def __iter__(self) -> Iterator[SchemaObject]:
        """All objects, in no particular order."""
        return iter(self.objects.values())

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.objects)
