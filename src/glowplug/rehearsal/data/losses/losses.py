"""What a migration loses of rows, up and down, and what that makes of it: pure functions over readings."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.files.names import Names
from glowplug.rehearsal.data.losses.carried import carriers, is_carried
from glowplug.rehearsal.data.losses.compare import match
from glowplug.rehearsal.data.losses.missing import columns_of, examples, missing, row_examples
from glowplug.rehearsal.data.losses.moved import Moved
from glowplug.rehearsal.data.losses.referring import still_refer
from glowplug.rehearsal.measured import DataOutcome, How, Loss, When

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glowplug.rehearsal.data.losses.compare import Reading
    from glowplug.rehearsal.data.losses.missing import Missing, State
    from glowplug.schema.tables import Table

    Rows = Mapping[str, frozenset[int]]


def outcome_of(losses: Iterable[Loss]) -> DataOutcome:
    """Weigh what is lost: nothing brings back what the up took of rows that were there before it."""
    found = tuple(losses)
    if any(loss.by is Direction.UP and loss.written is When.BEFORE for loss in found):
        return DataOutcome.IRREVERSIBLE
    return DataOutcome.LOSSY if found else DataOutcome.LOSSLESS


def lost_for_good(before: State, after: State, up: Names, *, only: Rows | None = None) -> tuple[Loss, ...]:
    """Tell what an up that has no way back loses of the rows before it: what is nowhere any more.

    ``only``: some of the rows before, by table.
    """
    moved = Moved(before, after, up)
    found: list[Loss] = []
    for each in missing(before, after, up, only=only):
        if each.column is not None:
            rest = _without(each, moved.there(each.table, each.column, each.rows))
            found += _by_up(before, rest, moved)
            continue
        elsewhere = moved.columns_elsewhere(each.table, each.rows)
        if not elsewhere:
            found += _losses(before, each, Direction.UP)
            continue
        for column in before[each.table].data_columns:
            if column not in elsewhere:
                values = before[each.table].values(column)
                rows = tuple(row for row in each.rows if values[row] is not None)
                gone = replace(each, column=column, rows=rows, how=How.DROPPED, now=())
                found += _losses(before, gone, Direction.UP)
    return tuple(found)


def lost_there_and_back(
    before: State, after: State, restored: State, up: Names, down: Names, *, only: Rows | None = None
) -> tuple[Loss, ...]:
    """Tell what is lost of the rows before the up once its down has run, and which of the two lost it."""
    moved = Moved(before, after, up)
    by_up = {(each.table, each.column): each for each in missing(before, after, up, only=only)}
    found: list[Loss] = []
    both = up.then(down).or_by_name(_tables(before), _tables(restored))
    for each in missing(before, restored, both, only=only):
        if each.column is None:
            untold = _untold(before[each.table], each, by_up, up)
            if len(untold) < len(each.rows) and moved.rows_there(each.table, _without(each, untold).rows):
                found += _losses(before, _without(each, untold), Direction.DOWN)
                found += _losses(before, _only(each, untold), Direction.UP)
            else:
                found += _rows_by_up(before, each, by_up, untold)
            found += _values_by_up(before, each, by_up.values(), moved)
            continue
        there = moved.there(each.table, each.column, each.rows)
        found += _losses(before, _only(each, there), Direction.DOWN)
        rest = _without(each, there)
        seen = by_up.get((each.table, each.column)) or by_up.get((each.table, None))
        if rest.rows and seen is not None:
            rest = _as_seen(rest, seen)
        found += _by_up(before, rest, moved)
    return _joined(found)


def _values_by_up(before: State, gone: Missing, by_up: Iterable[Missing], moved: Moved) -> Iterator[Loss]:
    """Tell what the up had taken away already of rows that the down then took as a whole.

    Not what it had put something else for: a down may tell by that what there was.
    """
    for each in by_up:
        if each.table == gone.table and each.column is not None and each.how in {How.DROPPED, How.NULLED}:
            rest = _only(each, frozenset(gone.rows))
            yield from _by_up(before, _without(rest, moved.there(rest.table, each.column, rest.rows)), moved)


def _joined(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Tell once what one file loses of one column in the same way, of rows that it leaves and of others."""
    found: dict[tuple[object, ...], Loss] = {}
    for loss in losses:
        place = loss.table, loss.column, loss.by, loss.how, loss.cause
        known = found.get(place)
        found[place] = loss if known is None else replace(known, rows=known.rows + loss.rows)
    return tuple(found.values())


def _by_up(before: State, rest: Missing, moved: Moved) -> Iterator[Loss]:
    """Tell what the up loses of a column's values, and why that is said where it is not plain to see."""
    cause = None
    if rest.column is not None and rest.how is not How.DROPPED:
        cause = moved.cause(rest.table, rest.column, rest.rows)
    yield from (replace(loss, cause=cause) for loss in _losses(before, rest, Direction.UP))


def _untold(
    reading: Reading, each: Missing, by_up: Mapping[tuple[str, str | None], Missing], up: Names
) -> frozenset[int]:
    """Give the rows that the up may as well have lost as others that are there in the end, and that it left alike."""
    seen = by_up.get((each.table, None))
    if seen is None:
        return frozenset()
    there = columns_of(reading, up)
    columns = [reading.values(column) for column in reading.data_columns if column in there]
    alike = Counter(tuple(values[row] for values in columns) for row in set(seen.rows).difference(each.rows))
    found = set()
    for row in sorted(set(each.rows).difference(seen.rows)):
        values = tuple(values[row] for values in columns)
        if alike[values]:
            alike[values] -= 1
            found.add(row)
    return frozenset(found)


def _rows_by_up(
    before: State, each: Missing, by_up: Mapping[tuple[str, str | None], Missing], untold: frozenset[int]
) -> Iterator[Loss]:
    """Some of the rows may have gone with the up, the others with the down."""
    seen = by_up.get((each.table, None))
    gone = frozenset() if seen is None else untold.union(seen.rows)
    how = each.how if seen is None else seen.how
    yield from _losses(before, replace(_only(each, gone), how=how), Direction.UP)
    yield from _losses(before, _without(each, gone), Direction.DOWN)


def _as_seen(rest: Missing, seen: Missing) -> Missing:
    """Say what became of the values as the up left them: a column that a down makes anew was dropped, not nulled.

    What the down put there then is what stands in their place.
    """
    if seen.column is None:
        return replace(rest, how=seen.how, now=())
    if seen.how is How.DROPPED:
        return replace(rest, how=How.DROPPED)
    now = dict(zip(rest.rows, rest.now, strict=False)) | dict(zip(seen.rows, seen.now, strict=False))
    rows = tuple(sorted(rest.rows, key=lambda row: row not in seen.rows))
    return replace(rest, rows=rows, how=seen.how, now=tuple(now.get(row) for row in rows))


def written_after(there: State, written: State) -> dict[str, frozenset[int]]:
    """Give, by table, the rows of ``written`` that are new since ``there``, or were changed."""
    found = {}
    for name, reading in written.items():
        rows = reading.contents.rows
        old = there.get(name)
        if old is None:
            found[name] = frozenset(range(len(rows)))
            continue
        pairs = match(old, reading, {column: column for column in old.contents.columns})
        changed = {two for one, two in pairs.kept if old.contents.rows[one] != rows[two]}
        found[name] = frozenset(changed | set(pairs.came))
    return found


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """Readings around rows that are written through the new schema.

    ``there`` is before they are ``written``, ``restored`` after the down, ``again`` after the up that follows.
    """

    there: State
    written: State
    restored: State
    again: State


def lost_since(since: Since, up: Names, down: Names) -> tuple[Loss, ...]:
    """Tell what the way down loses of what was written after the up: what neither it nor the next up has.

    Where the up does not run again (``again`` holds nothing), no value is told: it might have brought it back. But
    those of its own columns, which are gone.
    """
    if not since.again and since.restored:
        stuck = lost_since(replace(since, again=since.restored), up, down)
        return tuple(loss for loss in stuck if loss.column is None or (loss.expected and loss.how is How.DROPPED))
    written = since.written
    only = written_after(since.there, written)
    identity = Names({}, {}).or_by_name(_tables(written), _tables(since.again))
    old = up.back()
    found: list[Loss] = []
    in_restored = {(each.table, each.column): each for each in missing(written, since.restored, down, only=only)}
    for each in missing(written, since.again, identity, only=only):
        also = in_restored.get((each.table, each.column)) or in_restored.get((each.table, None))
        if also is None:
            continue
        own = _is_own(each, old)
        lost = frozenset(also.rows) - still_refer(each, written, since.again, identity)
        both = replace(_only(each, lost), how=also.how if own or also.how is How.DROPPED else each.how)
        found += (replace(loss, written=When.AFTER, expected=own) for loss in _losses(written, both, Direction.DOWN))
    return tuple(found)


def may_be_lost(since: Since, up: Names, down: Names) -> bool:
    """Whether the down has left anything of what was written after the up gone, or as another value; ``again`` aside.

    What it takes of the up's own tables and columns does not count, but for those that hold what others did.
    """
    old = up.back()
    only = written_after(since.there, since.written)
    carrying = {(reading.table.name, column) for reading, column in carriers(since.written, since.restored, old, down)}
    return any(
        not _is_own(each, old) or (each.table, each.column) in carrying
        for each in missing(since.written, since.restored, down, only=only)
    )


def lost_of_odd(since: Since, up: Names, down: Names) -> tuple[Loss, ...]:
    """Tell what the way down loses of odd rows that were written after the up, with some of those that are deleted.

    Of the up's own columns only what those lose that hold what others did, where plain values come back.
    """
    told = []
    carried = _carried(since, up.back(), down)
    for loss in lost_since(since, up, down):
        if (loss.table, loss.column) in carried:
            told.append(replace(loss, expected=False, how=How.CHANGED))
            continue
        if loss.column is not None or loss.expected:
            told.append(loss)
            continue
        reading = since.written[loss.table]
        gone = {each.table: each.rows for each in missing(since.written, since.restored, down) if each.column is None}
        odd = written_after(since.there, since.written)[loss.table]
        rows = [row for row in gone.get(loss.table, ()) if row in odd]
        told.append(replace(loss, examples=row_examples(reading, rows)))
    return tuple(loss for loss in told if not loss.expected)


def _carried(since: Since, old: Names, down: Names) -> set[tuple[str, str]]:
    """Give the up's own columns that hold what others did, and of which plain values come back."""
    found = list(carriers(since.written, since.restored, old, down)) if since.again else []
    if not found:
        return set()
    identity = Names({}, {}).or_by_name(_tables(since.written), _tables(since.again))
    odd = written_after(since.there, since.written)
    lost: defaultdict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for each in missing(since.written, since.again, identity):
        if each.column is not None:
            lost[each.table][each.column] = each.rows
    return {
        (reading.table.name, column)
        for reading, column in found
        if is_carried(reading, column, odd[reading.table.name], lost[reading.table.name])
    }


def _is_own(found: Missing, old: Names) -> bool:
    """Whether it is of a table or column that there was not before the up."""
    return found.table not in old.tables or (
        found.column is not None and (found.table, found.column) not in old.columns
    )


def _tables(state: State) -> list[Table]:
    return [reading.table for reading in state.values()]


def _losses(state: State, found: Missing, by: Direction) -> Iterator[Loss]:
    if found.rows:
        yield Loss(
            table=found.table,
            column=found.column,
            by=by,
            how=How.CHANGED if by is Direction.UP and found.how is How.DEFAULTED else found.how,
            rows=len(found.rows),
            of=found.of,
            written=When.BEFORE,
            examples=examples(found, state[found.table]),
        )


def _only(found: Missing, rows: frozenset[int]) -> Missing:
    now = found.now or (None,) * len(found.rows)
    kept = [(row, value) for row, value in zip(found.rows, now, strict=True) if row in rows]
    return replace(
        found, rows=tuple(row for row, _ in kept), now=tuple(value for _, value in kept) if found.now else ()
    )


def _without(found: Missing, rows: frozenset[int]) -> Missing:
    return _only(found, frozenset(found.rows) - rows)
