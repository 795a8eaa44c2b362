"""Whether what is odd about a row is why a file refuses it: shown by the same row without it, and by plain ones."""

from __future__ import annotations

import enum
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.refusals.edge_rows import write_edges
from glowplug.rehearsal.data.trip import filled_trip
from glowplug.rehearsal.seeding.edge_values import null, refused_later
from glowplug.rehearsal.seeding.edges import EQUAL, FOLDED, ORPHANED, REFUSED_BY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.rehearsal.seeding import Edge


class Cause(enum.Enum):
    """What of an edge row is shown to be refused: what is odd about it, something in its columns, or none of these."""

    VALUE = enum.auto()
    COLUMNS = enum.auto()
    UNTOLD = enum.auto()


def cause_of(
    subject: Subject,
    direction: Direction,
    refused: tuple[Edge, SqlError],
    *,
    others: Sequence[Edge],
    fails: Callable[[Sequence[Edge]], SqlError | None],
    without: frozenset[str],
) -> Cause:
    """Tell for what an edge row is refused, as far as can be shown.

    Not for what is odd about it where plain rows that the file takes are like it in that, or where it is refused in the
    same way with another row's value in that place; for something in its columns then, if it is taken with a plain
    row's. What the tables ask for later is not doubted, nor what production can't be asked.
    ``direction``: the file before which the row was written; ``others``: edge rows, of which one lends its value;
    ``fails`` tries some.
    """
    edge, error = refused
    if edge.query is None or is_asked(subject, direction, edge):
        return Cause.VALUE
    with there(subject, direction, without) as here:
        is_plain = bool(here.rows.query(edge.query, limit=1).rows)
        lent = None if is_plain else _without_it(edge, others)
        shows = lent is not None and write_edges(here, direction, [lent]) and not _finds(here, edge.query)
    if not is_plain:
        own = fails([lent]) if shows and lent is not None else None
        if own is None or (own.code, own.line) != (error.code, error.line):
            return Cause.VALUE
    with there(subject, direction, without) as here:
        plain = _like_plain(here, direction, edge)
        taken = plain is not None and write_edges(here, direction, [plain])
    return Cause.COLUMNS if taken and plain is not None and fails([plain]) is None else Cause.UNTOLD


def is_asked(subject: Subject, direction: Direction, edge: Edge) -> bool:
    """Whether the tables on the other side of the file refuse just what is odd about a row."""
    up = direction is Direction.UP
    before, after = (subject.before, subject.later) if up else (subject.after, subject.earlier)
    table = next(each for each in before if each.name == edge.table)
    other = next((each for each in after if each.name == edge.table), None)
    if edge.value == ORPHANED or edge.value.startswith((FOLDED, REFUSED_BY)):
        return True
    if edge.value == EQUAL:
        return other is not None and any(unique.columns == edge.columns for unique in other.uniques)
    later = {} if other is None else {column.name: column for column in other.columns}
    now, then = next(each for each in table.columns if each.name == edge.columns[0]), later.get(edge.columns[0])
    if then is None or edge.value == null().words:
        return then is not None and not then.nullable
    return edge.value in refused_later(now.type, then.type, subject.dialect)


@contextmanager
def there(subject: Subject, direction: Direction, without: frozenset[str]) -> Iterator[Trip]:
    """Take a branch with plain rows that stands where edge rows are written."""
    with filled_trip(subject, without=without) as here:
        if direction is Direction.DOWN:
            here.run(Direction.UP)
        yield here


def _like_plain(here: Trip, direction: Direction, edge: Edge) -> Edge | None:
    """Give the row with the values of a plain one where this one is odd."""
    tables = here.subject.before if direction is Direction.UP else here.subject.after
    contents = here.rows.read(next(each for each in tables if each.name == edge.table))
    if not contents.rows:
        return None
    row = dict(zip(contents.columns, contents.rows[-1], strict=True))
    return _lent(edge, row)


def _finds(here: Trip, query: str) -> bool:
    answer = here.rows.query(query, limit=1)
    return answer.error is not None or bool(answer.rows)


def _without_it(edge: Edge, others: Sequence[Edge]) -> Edge | None:
    """Give the row with the value that another one has where this one is odd: a plain one, or else odd in its own way.

    What is refused as well with another odd value is not refused for this one.
    """
    columns = set(edge.columns)
    there = [each for each in others if each.table == edge.table and columns <= each.rows[0].keys()]
    plain = (each.rows[0] for each in there if columns.isdisjoint(each.columns))
    odd = (each.rows[0] for each in there if each.columns == edge.columns and each.value != edge.value)
    lender = next(plain, None) or next(odd, None)
    return None if lender is None else _lent(edge, lender)


def _lent(edge: Edge, row: Mapping[str, Value]) -> Edge:
    *rows, last = edge.rows
    return replace(edge, rows=(*rows, {**last, **{name: row[name] for name in edge.columns}}))
