"""How two Schemas differ, object by object and property by property."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glowplug.schema.model import Key, Schema, SchemaObject

MISSING = "missing"
EXTRA = "extra"
LABELS = "labels"
LINES_SHOWN = 10
_LABEL = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One property of one object that differs.

    ``property`` is ``missing`` (only the first Schema has the object), ``extra`` (only the second), or a property's
    name; ``before`` and ``after`` are its values, None where it does not apply. For a missing or extra object the
    side that has it holds its description.
    """

    kind: str
    name: str
    property: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        """For a person: what, which property, both values; of a text of many lines those that differ."""
        subject = f"{self.kind} {self.name}"
        if self.property == MISSING:
            return f"{subject} is gone"
        if self.property == EXTRA:
            return f"{subject} is left behind"
        if self.property == LABELS and (said := _labels_that_differ(self.before or "", self.after or "")):
            return f"{subject}: {said}"
        if self.before is not None and self.after is not None and "\n" in self.before + self.after:
            return f"{subject}: {self.property} differs:\n" + "\n".join(_lines_that_differ(self.before, self.after))
        return f"{subject}: {self.property} was {_shown(self.before)}, is {_shown(self.after)}"

    def in_brief(self) -> str:
        """The same, of many lines that differ the first alone."""
        head, *lines = str(self).split("\n")
        more = [f"  and {len(lines) - LINES_SHOWN} more lines"] if len(lines) > LINES_SHOWN else []
        return "\n".join([head, *lines[:LINES_SHOWN], *more])


def diff(before: Schema, after: Schema) -> tuple[Difference, ...]:
    """Name everything that differs, sorted; of a missing or extra object its children are not listed again."""
    if before is after or before.objects == after.objects:
        return ()
    found: list[Difference] = []
    for key in before.objects.keys() | after.objects.keys():
        old, new = before.objects.get(key), after.objects.get(key)
        if old is not None and new is not None:
            found.extend(_changed(old, new))
        elif old is not None:
            if not _lacks_parent(old, before, after):
                found.append(_one_sided(old, MISSING))
        elif new is not None and not _lacks_parent(new, after, before):
            found.append(_one_sided(new, EXTRA))
    return tuple(sorted(found, key=lambda item: (item.kind, item.name, item.property)))


def only_adds_labels(item: Difference) -> bool:
    """Whether an enum has labels more than it had, and that is all that differs."""
    if item.property != LABELS:
        return False
    old, new = _LABEL.findall(item.before or ""), _LABEL.findall(item.after or "")
    return [each for each in new if each in old] == old != new


def describe(item: SchemaObject) -> str:
    """Put an object in one line: its definition where it has one, else its properties."""
    definition = item.properties.get("definition")
    if definition is not None:
        return definition
    return ", ".join(f"{name}={value}" for name, value in sorted(item.properties.items()))


def _labels_that_differ(before: str, after: str) -> str | None:
    """Say which of an enum's labels came or went; None where those that stayed stand in another order, or all did."""
    old, new = _LABEL.findall(before), _LABEL.findall(after)
    gone, left = [each for each in old if each not in new], [each for each in new if each not in old]
    if [each for each in old if each in new] != [each for each in new if each in old]:
        return None
    said = [_of_labels(gone, "gone")] if gone else []
    return ", ".join([*said, _of_labels(left, "left behind")] if left else said) or None


def _of_labels(labels: list[str], what: str) -> str:
    return f"label {labels[0]} is {what}" if len(labels) == 1 else f"labels {', '.join(labels)} are {what}"


def _lines_that_differ(before: str, after: str) -> list[str]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return [f"  {line}" for line in lines if not line.startswith("@@")]


def _shown(value: str | None) -> str:
    return "not there" if value is None else repr(value) if value in ("", " ") else value


def _changed(old: SchemaObject, new: SchemaObject) -> list[Difference]:
    if old.properties == new.properties:
        return []
    return [
        Difference(
            kind=old.kind,
            name=old.name,
            property=name,
            before=old.properties.get(name),
            after=new.properties.get(name),
        )
        for name in old.properties.keys() | new.properties.keys()
        if old.properties.get(name) != new.properties.get(name)
    ]


def _one_sided(item: SchemaObject, side: str) -> Difference:
    text = describe(item)
    return Difference(
        kind=item.kind,
        name=item.name,
        property=side,
        before=text if side == MISSING else None,
        after=text if side == EXTRA else None,
    )


def _lacks_parent(item: SchemaObject, here: Schema, there: Schema) -> bool:
    parent: Key | None = item.parent
    while parent is not None:
        if parent in here.objects and parent not in there.objects:
            return True
        above = here.objects.get(parent)
        parent = above.parent if above is not None else None
    return False
