"""Edge rows as they are written: odd in one thing, and in all else like rows that both schemas take."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.filling.numbering import numbered
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.filling.numbering import Numbering
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.rehearsal.seeding import Edge
    from glowplug.schema.tables import Table

    Row = dict[str, Value]


_FAR = 1_000_000_000


def write_edges(here: Trip, direction: Direction, chosen: Sequence[Edge]) -> bool:
    """Write edge rows to the tables as they are before a file runs, and say whether all were taken; the rest is left.

    Where the file changes what is asked of a column that is not the odd one, its value is a plain row's, which the
    file is known to take.
    """
    subject = here.subject
    up = direction is Direction.UP
    there = {table.name: table for table in (subject.before if up else subject.after)}
    others = {table.name: table for table in (subject.later if up else subject.earlier)}
    numbering = subject.numberings[direction] if subject.dialect is Dialect.POSTGRES else None
    taken = True
    for name, edges in itertools.groupby(sorted(chosen, key=lambda edge: edge.table), key=lambda edge: edge.table):
        numbers = _free_numbers(here, there[name], numbering)
        asked = _asked(subject, direction, there[name], others.get(name))
        taken = _write(here, there[name], asked, list(edges), numbers) and taken
    return taken


def _write(
    here: Trip, table: Table, asked: frozenset[str], edges: Sequence[Edge], numbers: Mapping[str, Iterator[str]]
) -> bool:
    plain = here.rows.read(table)
    like = itertools.cycle([dict(zip(plain.columns, row, strict=True)) for row in plain.rows[::-1]] or [{}])
    alike: dict[tuple[str, ...], list[tuple[Row, Row]]] = {}
    for edge in edges:
        for made in edge.rows:
            row: Row = {**{name: next(free) for name, free in numbers.items()}, **made}
            taken = asked.difference(edge.columns)
            one = next(like)
            mixed = {name: one.get(name, value) if name in taken else value for name, value in row.items()}
            alike.setdefault(tuple(row), []).append((mixed, row))
    all_taken = True
    for columns, rows in alike.items():
        errors = here.rows.insert(table, columns, [tuple(mixed.values()) for mixed, _ in rows])
        refused = [pair for pair, error in zip(rows, errors, strict=True) if error is not None]
        again = [tuple(row.values()) for mixed, row in refused if mixed != row]
        if again:
            errors = here.rows.insert(table, columns, again)
            all_taken = all_taken and errors.count(None) == len(again)
        all_taken = all_taken and len(again) == len(refused)
    return all_taken


def _asked(subject: Subject, direction: Direction, table: Table, other: Table | None) -> frozenset[str]:
    """Give the columns whose values the files take only as plain rows have them."""
    names = subject.names
    documents = {(old, column) for old, columns in subject.documents.items() for column in columns}
    if direction is Direction.DOWN:
        there = (place for place in documents if place[0] in names.tables and place in names.columns)
        documents = {(names.tables[place[0]], names.columns[place]) for place in there}
    read = frozenset(column for name, column in documents if name == table.name) - _keys(table)
    return read if other is None else read | _asked_otherwise(table, other) - _keys(table) - _keys(other)


def _keys(table: Table) -> frozenset[str]:
    return frozenset(name for unique in table.uniques for name in unique.columns if name is not None)


def _asked_otherwise(table: Table, other: Table) -> frozenset[str]:
    """Give the columns that the other table lacks, or asks more of: by type, NOT NULL, reference or CHECK."""
    before = {column.name: column for column in table.columns}
    differing = {
        column.name
        for column in other.columns
        if column.name in before
        and (column.type, column.nullable) != (before[column.name].type, before[column.name].nullable)
    }
    differing |= before.keys() - {column.name for column in other.columns}
    references = {(key.columns, key.table) for key in table.foreign_keys}
    differing |= {
        name for key in other.foreign_keys if (key.columns, key.table) not in references for name in key.columns
    }
    checks = {check.expression for check in table.checks}
    differing |= {name for check in other.checks if check.expression not in checks for name in check.columns}
    return frozenset(differing)


def _free_numbers(here: Trip, table: Table, numbering: Numbering | None) -> Mapping[str, Iterator[str]]:
    """Number what a sequence would: it does not know of rows that were written with numbers of their own.

    Far from its own next numbers, which the file or a trigger may take.
    """
    if numbering is None:
        return {}
    found: dict[str, Iterator[str]] = {}
    for column in numbered(table):
        highest = here.rows.query(f"SELECT max({quoted(column.name, Dialect.POSTGRES)}) FROM {table.sql}").rows
        value = highest[0][0] if highest else None
        first = numbering.first(table, column, _FAR)
        found[column.name] = map(str, itertools.count(max(int(value) + 1 if isinstance(value, str) else 1, first)))
    return found
