"""Pairs of values that an UPDATE makes equal, where no two may be: found by asking the server what it makes of some."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.files.names import found
from glowplug.rehearsal.data.files.text import actions_of
from glowplug.rehearsal.data.refusals.finds import as_before, names_before
from glowplug.rehearsal.seeding.edges import FOLDED, Edge, rows_with
from glowplug.schema.tables import Family
from glowplug.sql.actions import Update
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.data.trip import Trip
    from glowplug.schema.tables import Column, Table
    from glowplug.sql.parts import Expression
    from glowplug.sql.statement import Statement

_LITERAL = re.compile(r"'((?:[^'\\]|'')*)'")
_NUMBER = re.compile(r"(?<![\w.'])\d{1,3}(?![\w.'])")
_PLAIN = ("ab", "Ab", "AB", " ab", "ab ", "a b", "a  b", "áb")


class _Folding(msgspec.Struct, frozen=True, kw_only=True):
    """What an UPDATE writes to a column that is unique: of the column ``source``, which it calls ``named``."""

    update: Update
    table: Table
    source: Column
    named: str
    value: Expression
    folds: bool
    asked: str
    where: str


def folded(here: Trip, direction: Direction, only: Collection[str]) -> Iterator[Edge]:
    """Make pairs of rows that an UPDATE of a file makes equal, in ``only`` some tables."""
    subject = here.subject
    tables = subject.before if direction is Direction.UP else subject.after
    told = set()
    for each in _foldings(subject, direction):
        place = each.table.name, each.source.name, each.value.text
        if each.table.name not in only or place in told:
            continue
        told.add(place)
        pair = _made_equal(here, each)
        values = [{each.source.name: value} for value in pair]
        rows = rows_with(here.rows, tables, each.table.name, values, dialect=subject.dialect, settings=subject.settings)
        if pair and rows is not None:
            shown = each.table.sql if subject.dialect is Dialect.POSTGRES else quoted(each.table.name, subject.dialect)
            where = " AND ".join(
                filter(None, (each.where, f"({each.asked}) IS NOT NULL" if each.source.nullable else ""))
            )
            query = (
                f"SELECT {each.asked}, count(*) FROM {shown}{f' WHERE {where}' if where else ''}"
                " GROUP BY 1 HAVING count(*) > 1"
            )
            yield Edge(
                table=each.table.name,
                columns=(each.source.name,),
                value=f"{FOLDED} ('{pair[0]}' and '{pair[1]}')",
                rows=rows,
                query=query,
                whole=not each.where,
            )


def _foldings(subject: Subject, direction: Direction) -> Iterator[_Folding]:
    up = direction is Direction.UP
    here, there = (subject.before, subject.after) if up else (subject.after, subject.before)
    back = (subject.names.back() if up else subject.names).tables
    known = {table.name: table for table in here}
    then = {table.name: table for table in (subject.later if up else subject.earlier)}
    names = {table.name for table in (*here, *there)}
    for action, statement in actions_of(subject.text.file(direction)):
        if not isinstance(action, Update) or action.reads or action.limited:
            continue
        name = found(action.table, names, subject.dialect)
        table = known.get(back.get(name, name) if name not in known and name is not None else name or "")
        if table is not None:
            yield from _of(subject, direction, action, statement, (table, then.get(table.name, table)))


def _of(
    subject: Subject, direction: Direction, update: Update, statement: Statement, both: tuple[Table, Table]
) -> Iterator[_Folding]:
    table, later = both
    named = names_before(subject, direction, table, statement)
    plain = update.where is None or update.tautology
    where = "" if plain or update.where is None else as_before(update.where, named, subject.dialect)
    for name, value in zip(update.columns, update.values, strict=False):
        columns = {each.casefold() for each in value.columns}
        source = named.get(columns.copy().pop()) if len(columns) == 1 else None
        asked = as_before(value, named, subject.dialect)
        now = named.get(name.casefold())
        targets = _alone_unique(later, name) or (_alone_unique(table, now.name) if now is not None else None)
        if source is None or source.type.family is not Family.TEXT or asked is None or where is None or not targets:
            continue
        yield _Folding(
            update=update,
            table=table,
            source=source,
            named=value.columns[0],
            value=value,
            folds=targets.type.folds,
            asked=asked,
            where=f"({where})" if where else "",
        )


def _alone_unique(table: Table, name: str) -> Column | None:
    """Give a column of which no two rows may hold the same."""
    keys = {each.columns for each in table.uniques if each.predicate is None}
    column = next((each for each in table.columns if each.name.casefold() == name.casefold()), None)
    return column if column is not None and (column.name,) in keys else None


def _made_equal(here: Trip, folding: _Folding) -> Sequence[str]:
    """Ask the server what it makes of some texts, and give two of which it makes the same, or none."""
    dialect = here.subject.dialect
    longest = folding.source.type.length
    texts = [each for each in _texts(folding.value.text) if longest is None or len(each) <= longest]
    name, alias = quoted(folding.named, dialect), quoted(folding.update.table.name, dialect)
    listed = " UNION ALL ".join(f"SELECT {_literal(each)} AS {name}" for each in texts)
    answer = here.rows.query(f"SELECT {name}, {folding.value.text} FROM ({listed}) AS {alias}")
    made: dict[str, list[str]] = {}
    for was, became in () if answer.error is not None else answer.rows:
        if not isinstance(was, str) or not isinstance(became, str):
            continue
        alike = made.setdefault(became.casefold() if folding.folds else became, [])
        same = [each for each in alike if _seen(each, folding) == _seen(was, folding)]
        if not same:
            alike.append(was)
        if len(alike) > 1:
            return alike
    return ()


def _seen(text: str, folding: _Folding) -> str:
    return text.casefold() if folding.source.type.folds else text


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _texts(expression: str) -> list[str]:
    """Give texts that may become the same: that differ in case, blanks, what the expression names, or far behind."""
    literals = [each.replace("''", "'") for each in _LITERAL.findall(expression)]
    lengths = [int(each) for each in _NUMBER.findall(expression)]
    made = [
        *(f"a{each}b" for each in literals),
        *(f"ab{each}{end}" for each in literals for end in "cd"),
        *("a" * length + end for length in lengths for end in "cd"),
        *_PLAIN,
    ]
    return list(dict.fromkeys(made))
