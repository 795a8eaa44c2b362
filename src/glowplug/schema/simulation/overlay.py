"""Mappings that change without a copy of all they hold, and frozen ones with one item more or less."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, ValuesView

MANY = 64
"""Items from which on copying them all for each change costs more than sharing them."""

K = TypeVar("K")
V = TypeVar("V")


class Overlay(Generic[K, V]):
    """A mapping whose ``fork`` shares all that was written before it.

    What was written lies in layers that nobody writes to any more, each at least twice as large as the next, so that
    a reading looks into few of them and a chain of forks costs O(log n) a written item altogether.
    """

    __slots__ = ("_layers", "_top")

    def __init__(self) -> None:
        """Make an empty one."""
        self._layers: tuple[dict[K, V | None], ...] = ()  # from the oldest; None: removed
        self._top: dict[K, V | None] = {}

    def get(self, key: K) -> V | None:
        """Give what is at ``key``, None where nothing is."""
        if key in self._top:
            return self._top[key]
        for layer in reversed(self._layers):
            if key in layer:
                return layer[key]
        return None

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def put(self, key: K, value: V | None) -> None:
        """Write ``value``; None removes what is there."""
        self._top[key] = value

    def values(self) -> Iterator[V]:
        """Give all values, those of the oldest keys first."""
        everything: dict[K, V | None] = {}
        for layer in (*self._layers, self._top):
            everything.update(layer)
        return (value for value in everything.values() if value is not None)

    def fork(self) -> Overlay[K, V]:
        """Give another one with the same content; what is written to either is not seen by the other."""
        if self._top:
            self._layers, self._top = _pushed(self._layers, self._top), {}
        twin: Overlay[K, V] = Overlay()
        twin._layers = self._layers
        return twin


def _pushed(layers: tuple[dict[K, V | None], ...], layer: dict[K, V | None]) -> tuple[dict[K, V | None], ...]:
    while layers and len(layers[-1]) < 2 * len(layer):
        layer = {**layers[-1], **layer}
        layers = layers[:-1]
    if not layers:
        layer = {key: value for key, value in layer.items() if value is not None}
    return (*layers, layer)


class Items(Mapping[K, V]):
    """A frozen mapping of many items; those that ``with_item`` and ``without`` make of it share what stays the same.

    An item keeps its place when its value is replaced, and goes to the end when it comes anew, as in a dict.
    """

    __slots__ = ("_layers", "_size", "_whole")

    def __init__(self, layers: tuple[dict[K, V | None], ...], size: int) -> None:
        """Take layers as an Overlay has them, to which nobody writes, and how many items are in them."""
        self._layers = layers
        self._size = size
        self._whole: dict[K, V] | None = None

    def __getitem__(self, key: K) -> V:
        for layer in reversed(self._layers):
            if key in layer:
                value = layer[key]
                if value is None:
                    break
                return value
        raise KeyError(key)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[K]:
        return iter(self._all())

    def values(self) -> ValuesView[V]:
        """Give all values in order."""
        return self._all().values()

    def items(self) -> ItemsView[K, V]:
        """Give all items in order."""
        return self._all().items()

    def changed(self, changes: dict[K, V | None]) -> Items[K, V]:
        """Give one with other items; None removes one, which must be there."""
        size = self._size
        layers = self._layers
        for key, value in changes.items():
            if value is None:
                size -= 1
            elif key not in self:
                size += 1
                if any(key in layer for layer in layers):  # it was there before: its place is another now
                    layers = (dict(self._all()),)
        return Items(_pushed(layers, changes), size)

    def touched_since(self, other: Items[K, V]) -> set[K]:
        """Give the keys of all items that may differ: those in layers that the two don't share."""
        shared = 0
        for mine, its in zip(self._layers, other._layers, strict=False):
            if mine is not its:
                break
            shared += 1
        return {key for layer in (*self._layers[shared:], *other._layers[shared:]) for key in layer}

    def _all(self) -> dict[K, V]:
        if self._whole is None:
            everything: dict[K, V | None] = {}
            for layer in self._layers:
                everything.update(layer)
            self._whole = {key: value for key, value in everything.items() if value is not None}
        return self._whole


def with_item(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """Give a mapping with one more, or one other."""
    if len(mapping) < MANY:
        return MappingProxyType({**mapping, key: value})
    return _items(mapping).changed({key: value})


def without(mapping: Mapping[K, V], *keys: K) -> Mapping[K, V]:
    """Give a mapping with some less."""
    if len(mapping) < MANY:
        return MappingProxyType({key: value for key, value in mapping.items() if key not in keys})
    return _items(mapping).changed(dict.fromkeys(key for key in keys if key in mapping))


def touched(before: Mapping[K, V], after: Mapping[K, V]) -> set[K]:
    """Give the keys of all items that may differ in two mappings."""
    if isinstance(before, Items) and isinstance(after, Items):
        return after.touched_since(before)
    return {key for key in (*before, *after) if before.get(key) is not after.get(key)}


def differing(before: Mapping[K, V], after: Mapping[K, V]) -> set[K]:
    """Give the keys that are in one of two mappings alone."""
    if isinstance(before, Items) and isinstance(after, Items):
        return {key for key in after.touched_since(before) if (key in before) != (key in after)}
    return before.keys() ^ after.keys()


def _items(mapping: Mapping[K, V]) -> Items[K, V]:
    return mapping if isinstance(mapping, Items) else Items((dict(mapping),), len(mapping))
