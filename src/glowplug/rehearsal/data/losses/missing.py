"""What of one reading is not in another: rows and values that are gone or other than they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.data.losses.compare import match, sameness
from glowplug.rehearsal.measured import Example, How

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.losses.compare import Reading

    State = Mapping[str, Reading]

_EXAMPLES = 3
_SHOWN = 1000  # characters of a value; a person is shown fewer, unless more is asked for


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a table, by index in the earlier reading, that are no more; of one ``column``, or as a whole.

    ``of``: how many rows were looked at. ``now``: what stands in the values' place.
    """

    table: str
    column: str | None
    how: How
    rows: tuple[int, ...]
    of: int
    now: tuple[Value, ...] = ()


def missing(
    earlier: State, later: State, names: Names, *, only: Mapping[str, Collection[int]] | None = None
) -> Iterator[Missing]:
    """Compare all rows of ``earlier``, or ``only`` some of each table, with what ``later`` has under other names."""
    for name, reading in earlier.items():
        indexes = range(len(reading.contents.rows)) if only is None else sorted(only.get(name, ()))
        if not indexes:
            continue
        now = names.tables.get(name)
        if now is None or now not in later:
            yield Missing(table=name, column=None, how=How.DROPPED, rows=tuple(indexes), of=len(indexes))
        else:
            yield from _of_table(reading, later[now], names, frozenset(indexes))


def columns_of(reading: Reading, names: Names) -> dict[str, str]:
    """Give what each column of a table is called afterwards."""
    return {
        column: names.columns[reading.table.name, column]
        for column in reading.contents.columns
        if (reading.table.name, column) in names.columns
    }


def _of_table(reading: Reading, later: Reading, names: Names, indexes: frozenset[int]) -> Iterator[Missing]:
    columns = columns_of(reading, names)
    pairs = match(reading, later, columns)
    gone = tuple(index for index in pairs.gone if index in indexes)
    if gone and later.contents.complete:  # else they may be among the rows that were not read
        yield Missing(table=reading.table.name, column=None, how=How.DELETED, rows=gone, of=len(indexes))
    kept = [(one, two) for one, two in pairs.kept if one in indexes]
    for column in reading.data_columns:
        found = _of_column(reading, later, (column, columns.get(column)), kept)
        if found is not None:
            yield msgspec.structs.replace(found, of=len(indexes))


def _of_column(
    reading: Reading, later: Reading, column: tuple[str, str | None], kept: Sequence[tuple[int, int]]
) -> Missing | None:
    old, new = column
    values = reading.values(old)
    if new is None or not later.has(new):
        rows = tuple(one for one, _ in kept if values[one] is not None)
        return Missing(table=reading.table.name, column=old, how=How.DROPPED, rows=rows, of=0) if rows else None
    afterwards = later.values(new)
    before, after = reading.column(old), later.column(new)
    fine = sameness(
        [values[one] for one, _ in kept],
        [afterwards[two] for _, two in kept],
        (before.type if before else None, after.type if after else None),
    )
    lost = [pair for pair, kept_value in zip(kept, fine, strict=True) if not kept_value]
    if not lost:
        return None
    now = tuple(afterwards[two] for _, two in lost)
    default = after is not None and after.default is not None and not after.numbered
    alike = default and len({afterwards[two] for _, two in kept}) == 1
    return Missing(
        table=reading.table.name,
        column=old,
        how=How.NULLED if set(now) == {None} else How.DEFAULTED if alike else How.CHANGED,
        rows=tuple(one for one, _ in lost),
        of=0,
        now=now,
    )


def examples(found: Missing, reading: Reading) -> tuple[Example, ...]:
    """Give some of the values, before and after."""
    if found.column is None:
        return ()
    values = reading.values(found.column)
    after = found.now or (None,) * len(found.rows)
    pairs = dict.fromkeys((values[row], now) for row, now in zip(found.rows, after, strict=True))
    return tuple(Example(before=_shown(before), after=_shown(now)) for before, now in list(pairs)[:_EXAMPLES])


def row_examples(reading: Reading, rows: Sequence[int]) -> tuple[Example, ...]:
    """Give some rows that are gone: each by a value that sets it apart from those that stay, and by its key."""
    gone = frozenset(rows)
    stay = [at for at in range(len(reading.contents.rows)) if at not in gone]
    values = {name: reading.values(name) for name in reading.data_columns}
    known = {name: {values[name][at] for at in stay} for name in values}
    key = next((unique.columns for unique in reading.table.uniques if unique.primary), ())
    found = []
    for row in rows[:_EXAMPLES]:
        apart = [name for name in values if values[name][row] not in known[name] and name not in key]
        apart.sort(key=lambda name: (values[name][row] is not None, len(known[name])))
        shown = [*apart[:1], *(name for name in key if name in values)] or list(values)[:_EXAMPLES]
        text = ", ".join(f"{name} = {_in_words(values[name][row])}" for name in shown)
        found.append(Example(before=text, after=None))
    return tuple(found)


def _in_words(value: Value) -> str:
    shown = _shown(value)
    return "NULL" if shown is None else repr(shown)


def _shown(value: Value) -> str | None:
    if value is None:
        return None
    text = "\\x" + value.hex() if isinstance(value, bytes) else value
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
