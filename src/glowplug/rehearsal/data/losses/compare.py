"""Which rows are the same before and after, and which of their values are: pure functions over Contents."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from glowplug.schema.tables import Family, Written

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from glowplug.database.rows import Contents, Value
    from glowplug.schema.tables import Column, Table, Type

_PAIRED_BY_LIKENESS = 400  # rows: beyond, without a key, what is not equal is taken for gone
_PADDED = ("char(", "character(", "bpchar", '"char"')
_TELLING = 2  # columns: values of a single one may be another's
_TRUE, _FALSE = frozenset({"t", "true", "1", "yes", "on"}), frozenset({"f", "false", "0", "no", "off"})
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?\Z")  # a text that a number's text gives back
_OPENS_JSON = frozenset({"{", "["})
_ARE_LABELS = frozenset({Family.BOOLEAN, Family.ENUM, Family.SET})
_MOMENT = re.compile(r"\d{4,}-\d\d-\d\d[ T]\d\d:\d\d")


class Reading(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A table with all its rows at one moment."""

    table: Table
    contents: Contents

    def column(self, name: str) -> Column | None:
        """Find a column by its name."""
        return self._columns.get(name)

    def values(self, name: str) -> tuple[Value, ...]:
        """Give a column's values in the rows' order."""
        return self._values[name]

    def distinct(self, name: str) -> frozenset[Value]:
        """Give a column's values, each once."""
        if name not in self._distinct:
            self._distinct[name] = frozenset(self._values[name])
        return self._distinct[name]

    def has(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._values

    @cached_property
    def data_columns(self) -> tuple[str, ...]:
        """Columns whose values were written: not those that the server computes from others."""
        computed = {
            column.name for column in self.table.columns if column.written is Written.SERVER and not column.numbered
        }
        return tuple(name for name in self.contents.columns if name not in computed)

    @cached_property
    def _distinct(self) -> dict[str, frozenset[Value]]:
        return {}

    @cached_property
    def _columns(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.table.columns}

    @cached_property
    def _values(self) -> Mapping[str, tuple[Value, ...]]:
        rows = self.contents.rows
        columns = zip(*rows, strict=True) if rows else ((),) * len(self.contents.columns)
        return dict(zip(self.contents.columns, columns, strict=True))


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Which row became which, by index; ``gone`` has no later one, ``came`` no earlier one."""

    kept: tuple[tuple[int, int], ...]
    gone: tuple[int, ...]
    came: tuple[int, ...]


def same(first: Value, second: Value, types: tuple[Type | None, Type | None]) -> bool:
    """Whether two values are the same though their types may differ: 5 and '5', 1.0 and 1, true and 1."""
    if first == second:
        return True
    if first is None or second is None:
        return False
    if (
        isinstance(first, str)
        and isinstance(second, str)
        and first[:1] in _OPENS_JSON
        and _json(first) == _json(second)
    ):
        return True
    old, new = types
    if old is None or new is None or old == new:
        return False
    return meaning(first, old) == meaning(second, new)


def meaning(value: Value, kind: Type) -> Hashable:
    """Give what a value means, the same for all types that can hold it."""
    if not isinstance(value, str):
        return value
    match kind.family:
        case Family.BOOLEAN if value.casefold() in _TRUE | _FALSE:
            return decimal.Decimal(value.casefold() in _TRUE)
        case Family.JSON:
            return _json(value)
        case Family.UUID:
            return value.casefold()
        case Family.TEXT:
            text = value.rstrip(" ") if kind.name.startswith(_PADDED) else value
            return _number(text) if _PLAIN_NUMBER.match(text) else _moment(text)
        case _:
            number = _number(value)
            return _moment(value) if number is None else number


def _json(text: str) -> Hashable:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def _number(text: str) -> Hashable:
    try:
        number = decimal.Decimal(text)
    except decimal.InvalidOperation:
        return None
    return number if number.is_finite() else text.casefold()


def _moment(text: str) -> Hashable:
    if not _MOMENT.match(text):
        return text
    filled = re.sub(r"([+-]\d\d)$", r"\1:00", text.replace(" ", "T", 1).replace(" UTC", "+00:00"))
    try:
        moment = dt.datetime.fromisoformat(filled)
    except ValueError:
        return text
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def sameness(old: Sequence[Value], new: Sequence[Value], types: tuple[Type | None, Type | None]) -> list[bool]:
    """Tell of each pair of a column's values whether nothing was lost between them.

    Labels of which each became one of its own (true to 'yes') are another spelling. Values of which there are many are
    not: each may have become a digest, or a part that two would share if both were there.
    """
    equal = [same(first, second, types) for first, second in zip(old, new, strict=True)]
    if all(equal) or not _may_be_another_spelling(types):
        return equal
    there: defaultdict[Value, set[Value]] = defaultdict(set)
    back: defaultdict[Value, set[Value]] = defaultdict(set)
    for first, second in zip(old, new, strict=True):
        there[first].add(second)
        back[second].add(first)
    one_to_one = all(len(values) == 1 for values in (*there.values(), *back.values()))
    return [True] * len(equal) if one_to_one and len(there) > 1 else equal


def _may_be_another_spelling(types: tuple[Type | None, Type | None]) -> bool:
    old, new = types
    if old is None or new is None or old.family is new.family:
        return False
    return old.family in _ARE_LABELS or new.family in _ARE_LABELS


def match(before: Reading, after: Reading, columns: Mapping[str, str]) -> Pairs:
    """Pair the rows of a table before with those after; ``columns``: what each old column is called afterwards.

    By the primary key where it survives; else rows that are equal in what both have, then those that are most alike.
    """
    key = _key(before)
    if key and all(columns.get(name) in after.contents.columns for name in key):
        pairs = _by_key(before, after, [(name, columns[name]) for name in key])
        if pairs is not None:
            return _renumbered(before, after, columns, key, pairs) or _with_changed_keys(
                before, after, columns, key, pairs
            )
    return _by_likeness(before, after, columns)


def _key(reading: Reading) -> tuple[str, ...]:
    for unique in reading.table.uniques:
        if unique.primary and None not in unique.columns:
            return tuple(name for name in unique.columns if name is not None)
    return ()


def _by_key(before: Reading, after: Reading, key: Sequence[tuple[str, str]]) -> Pairs | None:
    """Pair by key; None where the key is none any more: its values repeat, or none of them is there."""
    old, new = _keyed(before, [name for name, _ in key]), _keyed(after, [name for _, name in key])
    if len(old) < len(before.contents.rows) or len(new) < len(after.contents.rows):
        return None
    kept = tuple((index, new[value]) for value, index in old.items() if value in new)
    if not kept and old and new and len(new) >= len(old):
        return None
    there = {second for _, second in kept}
    return Pairs(
        kept=kept,
        gone=tuple(index for value, index in old.items() if value not in new),
        came=tuple(index for index in new.values() if index not in there),
    )


def _with_changed_keys(
    before: Reading, after: Reading, columns: Mapping[str, str], key: Sequence[str], pairs: Pairs
) -> Pairs:
    """Pair rows whose key is gone with new ones that are like them in the rest: the key was changed.

    Where there is more than the key, a part of it that they share does not make two rows one.
    """
    if not pairs.gone or not pairs.came or max(len(pairs.gone), len(pairs.came)) > _PAIRED_BY_LIKENESS:
        return pairs
    common = _common(before, after, columns)
    rest = [at for at, (old, _) in enumerate(common) if old not in key]
    olds, news = _both_projected(before, after, common)
    alike = [
        (one, two)
        for one, two in _most_alike(olds, news, pairs.gone, pairs.came)
        if any(olds[one][at] == news[two][at] for at in rest) or not set(before.data_columns).difference(key)
    ]
    return Pairs(
        kept=(*pairs.kept, *alike),
        gone=tuple(sorted(set(pairs.gone) - {one for one, _ in alike})),
        came=tuple(sorted(set(pairs.came) - {two for _, two in alike})),
    )


def _renumbered(
    before: Reading, after: Reading, columns: Mapping[str, str], key: Sequence[str], pairs: Pairs
) -> Pairs | None:
    """Pair rows that are all there with other keys: hardly one is what it was, and each is one of the others."""
    common = [(old, new) for old, new in _common(before, after, columns) if old not in key]
    olds, news = _both_projected(before, after, common)
    size = len(olds)
    unchanged = sum(olds[one] == news[two] for one, two in pairs.kept)
    if len(common) < _TELLING or len(set(olds)) * 2 <= size or unchanged * 2 >= size:
        return None
    kept, gone, came = _equal(olds, news)
    return None if gone else Pairs(kept=tuple(kept), gone=(), came=tuple(came))


def _equal(
    olds: Sequence[tuple[Hashable, ...]], news: Sequence[tuple[Hashable, ...]]
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pair equal rows, in order; and give those that have no equal, of the old and of the new."""
    waiting: defaultdict[tuple[Hashable, ...], list[int]] = defaultdict(list)
    for index in reversed(range(len(news))):
        waiting[news[index]].append(index)
    kept: list[tuple[int, int]] = []
    rest: list[int] = []
    for index, row in enumerate(olds):
        if waiting[row]:
            kept.append((index, waiting[row].pop()))
        else:
            rest.append(index)
    return kept, rest, sorted(index for indexes in waiting.values() for index in indexes)


def _keyed(reading: Reading, names: Sequence[str]) -> dict[tuple[Hashable, ...], int]:
    kinds = [column.type if (column := reading.column(name)) else None for name in names]
    return {row: at for at, row in enumerate(_projected(reading, names, kinds))}


def _by_likeness(before: Reading, after: Reading, columns: Mapping[str, str]) -> Pairs:
    common = _common(before, after, columns)
    olds, news = _both_projected(before, after, common)
    if not common and before.contents.columns:
        return Pairs(kept=(), gone=tuple(range(len(olds))), came=tuple(range(len(news))))
    kept, rest, left = _equal(olds, news)
    if len(rest) <= _PAIRED_BY_LIKENESS and len(left) <= _PAIRED_BY_LIKENESS:
        alike = _most_alike(olds, news, rest, left)
        kept += alike
        rest = sorted(set(rest) - {one for one, _ in alike})
        left = sorted(set(left) - {two for _, two in alike})
    return Pairs(kept=tuple(kept), gone=tuple(rest), came=tuple(left))


def _common(before: Reading, after: Reading, columns: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, columns[name]) for name in before.data_columns if columns.get(name) in after.contents.columns]


def _both_projected(
    before: Reading, after: Reading, common: Sequence[tuple[str, str]]
) -> tuple[list[tuple[Hashable, ...]], list[tuple[Hashable, ...]]]:
    types = [_kinds(before.column(old), after.column(new)) for old, new in common]
    return (
        _projected(before, [old for old, _ in common], [kind for kind, _ in types]),
        _projected(after, [new for _, new in common], [kind for _, kind in types]),
    )


def _kinds(old: Column | None, new: Column | None) -> tuple[Type | None, Type | None]:
    """Give how two columns are to be understood; None: by their text, which equal values of one type share."""
    if old is not None and new is not None and old.type == new.type and old.type.family is not Family.JSON:
        return None, None
    return None if old is None else old.type, None if new is None else new.type


def _projected(reading: Reading, names: Sequence[str], kinds: Sequence[Type | None]) -> list[tuple[Hashable, ...]]:
    if not names:
        return [()] * len(reading.contents.rows)
    columns = (
        [value if kind is None or value is None else meaning(value, kind) for value in reading.values(name)]
        for name, kind in zip(names, kinds, strict=True)
    )
    return list(zip(*columns, strict=True))


def _most_alike(
    olds: Sequence[tuple[Hashable, ...]], news: Sequence[tuple[Hashable, ...]], rest: Sequence[int], left: Sequence[int]
) -> list[tuple[int, int]]:
    """Pair the rest, the most alike first; rows of which less than half is the same are different rows.

    Those that differ in one column of several are the same, however many of the others are NULL in both.
    """
    weighed = []
    for one in rest:
        for two in left:
            equal = sum(a == b and a is not None for a, b in zip(olds[one], news[two], strict=True))
            width = sum(a is not None or b is not None for a, b in zip(olds[one], news[two], strict=True))
            differing = sum(a != b for a, b in zip(olds[one], news[two], strict=True))
            if (equal and equal * 2 >= width) or (differing == 1 and len(olds[one]) > 1):
                weighed.append((-equal, one, two))
    weighed.sort()
    pairs, used_old, used_new = [], set(), set()
    for _, one, two in weighed:
        if one not in used_old and two not in used_new:
            pairs.append((one, two))
            used_old.add(one)
            used_new.add(two)
    return pairs
