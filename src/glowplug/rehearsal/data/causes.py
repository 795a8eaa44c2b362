"""Whether what is odd about a row is why a file refuses it: shown by the same row without it, and by plain ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.edge_rows import write_edges
from glowplug.rehearsal.data.trip import filled_trip
from glowplug.rehearsal.seeding.edge_values import null, refused_later
from glowplug.rehearsal.seeding.edges import EQUAL, ORPHANED, REFUSED_BY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.rehearsal.seeding import Edge


def is_cause(
    subject: Subject,
    direction: Direction,
    refused: tuple[Edge, SqlError],
    *,
    others: Sequence[Edge],
    fails: Callable[[Sequence[Edge]], SqlError | None],
    without: frozenset[str],
) -> bool:
    """Whether an edge row is refused for what is odd about it, as far as can be shown.

    It is not where plain rows that the file takes are like it in that, or where it is refused in the same way with
    another row's value in that place. What the tables ask for later is not doubted, nor what production can't be asked.
    ``direction``: the file before which the row was written; ``others``: edge rows, of which one lends its value;
    ``fails`` tries some.
    """
    edge, error = refused
    if edge.query is None or _is_asked(subject, direction, edge):
        return True
    with filled_trip(subject, without=without) as here:
        if direction is Direction.DOWN and here.run(Direction.UP) is not None:
            return True
        if here.rows.query(edge.query, limit=1).rows:
            return False
        plain = _without_it(edge, others)
        if plain is None or not write_edges(here, direction, [plain]) or _finds(here, edge.query):
            return True
    own = fails([plain])
    return own is None or (own.code, own.line) != (error.code, error.line)


def _finds(here: Trip, query: str) -> bool:
    answer = here.rows.query(query, limit=1)
    return answer.error is not None or bool(answer.rows)


def _is_asked(subject: Subject, direction: Direction, edge: Edge) -> bool:
    """Whether the tables on the other side of the file refuse just what is odd about a row."""
    up = direction is Direction.UP
    before, after = (subject.before, subject.later) if up else (subject.after, subject.earlier)
    table = next(each for each in before if each.name == edge.table)
    other = next((each for each in after if each.name == edge.table), None)
    if edge.value == ORPHANED or edge.value.startswith(REFUSED_BY):
        return True
    if edge.value == EQUAL:
        return other is not None and any(unique.columns == edge.columns for unique in other.uniques)
    later = {} if other is None else {column.name: column for column in other.columns}
    now, then = next(each for each in table.columns if each.name == edge.columns[0]), later.get(edge.columns[0])
    if then is None or edge.value == null().words:
        return then is not None and not then.nullable
    return edge.value in refused_later(now.type, then.type, subject.dialect)


def _without_it(edge: Edge, others: Sequence[Edge]) -> Edge | None:
    """Give the row with the value that another one has where this one is odd: a plain one, or else odd in its own way.

    What is refused as well with another odd value is not refused for this one.
    """
    columns = set(edge.columns)
    there = [each for each in others if each.table == edge.table and columns <= each.rows[0].keys()]
    plain = (each.rows[0] for each in there if columns.isdisjoint(each.columns))
    odd = (each.rows[0] for each in there if each.columns == edge.columns and each.value != edge.value)
    lender = next(plain, None) or next(odd, None)
    if lender is None:
        return None
    *rows, last = edge.rows
    return replace(edge, rows=(*rows, {**last, **{name: lender[name] for name in edge.columns}}))
