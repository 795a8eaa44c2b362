"""What a database holds and can no longer use: views and triggers on what is gone, as values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.interface import SqlError  # noqa: TC001 - msgspec reads the annotations when it decodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from glowplug.schema import Schema, SchemaObject
    from glowplug.schema.model import Key

_UNNAMED = frozenset({"index", "statistics", "trigger"})
"""What no view, trigger or function names, nor means by naming its table."""

_ANYWHERE = frozenset({"cast", "extension", "language", "operator", "operator class", "schema", "setting"})
"""What may count for any of them, whatever it names."""

_HAS_A_TYPE = frozenset({"aggregate", "column", "domain", "function", "procedure"})
"""What is another thing, though its text is the same, where a type or a function that it names is another."""


class BrokenObject(msgspec.Struct, frozen=True, kw_only=True):
    """A view, trigger or function that the server takes no use of, and what it says.

    ``kind`` and ``name`` tell it from any other, also where the table that a trigger is on gets another name: that
    is ``table``, as it is called now, None for what is on none.
    """

    kind: str
    name: str
    error: SqlError
    table: str | None = None

    @property
    def key(self) -> Key:
        """What identifies it before and after a file ran."""
        return (self.kind, self.name)


class UnaskedObject(msgspec.Struct, frozen=True, kw_only=True):
    """A view, trigger or function of which the server did not tell whether it can be used, and ``why``.

    ``error``: what the server said instead, if anything. ``new``: the file made it.
    """

    kind: str
    name: str
    why: str
    error: SqlError | None = None
    table: str | None = None
    new: bool = False

    @property
    def key(self) -> Key:
        """What identifies it before and after a file ran."""
        return (self.kind, self.name)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a server said of all that it holds: what is in neither can be used, as far as the server can tell."""

    broken: tuple[BrokenObject, ...] = ()
    unasked: tuple[UnaskedObject, ...] = ()


def touched(items: Iterable[SchemaObject], before: Schema, after: Schema) -> frozenset[Key]:
    """Say which of ``items``, of ``after``, are not the same in both, or name anything in which the two differ.

    What a function gives, or a column holds, is another thing where its type is: who names that is touched as well.
    """
    changed = {
        key
        for key in before.objects.keys() | after.objects.keys()
        if (one := before.objects.get(key)) is not (other := after.objects.get(key)) and one != other
    }
    if any(kind in _ANYWHERE for kind, _ in changed):
        return frozenset(each.key for each in items)
    words = {_word(after.objects.get(key) or before.objects[key]) for key in changed if key[0] not in _UNNAMED}
    named = _naming(_with_what_they_make(words, after)) if words else None
    return frozenset(each.key for each in items if each.key in changed or (named and named.search(_text(each))))


def _with_what_they_make(words: Collection[str], schema: Schema) -> set[str]:
    """Add whatever is of a type that is among them, or gives one, or is made of a function."""
    found = set(words)
    typed = [each for each in schema if each.kind in _HAS_A_TYPE]
    while True:
        named = _naming(found)
        texts: dict[str, bool] = {}
        more = set()
        for each in typed:
            definition = each.properties.get("definition")
            text = each.properties.get("type", "") if definition is None else definition.partition(" LANGUAGE ")[0]
            if text not in texts:
                texts[text] = named.search(text) is not None
            if texts[text]:
                more.add(_word(each))
        if more <= found:
            return found
        found |= more


def _naming(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(words)))})(?!\w)", re.IGNORECASE)


def _word(item: SchemaObject) -> str:
    """By which name a text would name it: a column's is its table's."""
    name = item.name if item.parent is None or item.parent[0] == "schema" else item.parent[1]
    return name.partition("(")[0].rpartition(".")[2].strip('"')


def _text(item: SchemaObject) -> str:
    on = "" if item.parent is None else item.parent[1]
    return f"{on} {item.properties.get('definition') or ' '.join(item.properties.values())}"
