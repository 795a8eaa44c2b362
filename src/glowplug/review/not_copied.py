"""What the copy of a rebuilt table leaves out, and what the new table holds instead."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from glowplug.review.comments import without_comments
from glowplug.review.filling import names_of_another, reading, said
from glowplug.sql.actions import CreateTable, Insert, Update
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.dialect import Dialect
    from glowplug.review.context import Context
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.parts import Expression, Name, Span

    Readers = dict[str, list[tuple[Span, frozenset[str]]]]

_LONGEST = 60
"""Characters of an expression that a message quotes."""


def readers(contexts: Sequence[Context]) -> Readers:
    """Give, by the table that they read, the statements that write rows, each with its words."""
    readers: Readers = {}
    for context in contexts:
        for action in context.statement.actions:
            if isinstance(action, (Insert, Update, CreateTable)) and action.reads:
                span = context.statement.span
                words = frozenset(re.findall(r"\w+", context.text(span).casefold()))
                for name in action.reads:
                    readers.setdefault(name.name.casefold(), []).append((span, words))
    return readers


def read_elsewhere(readers: Readers, rebuild: Rebuild, column: str) -> bool:
    """Whether a statement other than the copy names the column and reads the old table."""
    return any(
        span != rebuild.copy and column.casefold() in words
        for name in (rebuild.table, rebuild.aside)
        for span, words in readers.get(name.name.casefold(), ())
    )


def missing(context: Context, rebuild: Rebuild, before: TableFacts) -> list[ColumnFacts]:
    """Give the old columns that the copy does not read; none where it does not tell."""
    insert = rebuild.insert
    if insert is None or not insert.select or any(each.text.endswith("*") or each.subquery for each in insert.select):
        return []
    text = _text(context, rebuild)
    how = reading(text, _source(rebuild))
    if how is None:  # from a query: its columns may have any name
        read = _words(text, r"\bSELECT\b")
    else:
        own = [each for each in insert.select if not names_of_another(each, how)]
        read = frozenset(column.casefold() for each in own for column in each.columns)
    return [each for at, each in before.columns.items() if at not in read and each.generated is None]


def looked_up(context: Context, rebuild: Rebuild, missing: list[ColumnFacts]) -> list[ColumnFacts]:
    """Give those by which the copy finds rows of other tables."""
    text = _text(context, rebuild)
    how = reading(text, _source(rebuild))
    if how is None or not how.joined:
        return []
    words = _words(text, r"\bFROM\b")
    return [each for each in missing if each.name.casefold() in words]


def _text(context: Context, rebuild: Rebuild) -> str:
    return "" if rebuild.copy is None else context.text(rebuild.copy)


def _source(rebuild: Rebuild) -> Name:
    return rebuild.aside if rebuild.old_first else rebuild.table


def _words(text: str, since: str) -> frozenset[str]:
    """Give the words behind the first ``since``, in lower case."""
    found = re.search(since, text, re.IGNORECASE)
    return frozenset(re.findall(r"\w+", text[found.start() :].casefold())) if found is not None else frozenset()


def gets(context: Context, rebuild: Rebuild, missing: list[ColumnFacts], after: TableFacts) -> dict[str, str]:
    """Say what the columns get that the new table has all the same; nothing where that can't be told."""
    values = {} if rebuild.insert is None else said(rebuild.insert, after, context.dialect)
    kept = [after.columns[each.name.casefold()] for each in missing if each.name.casefold() in after.columns]
    if values is None:
        return {}
    return {each.name: _value(values.get(each.name), each, after, context.dialect) for each in kept}


def _value(value: Expression | None, column: ColumnFacts, after: TableFacts, dialect: Dialect) -> str:
    if value is None:
        if _is_number_of_row(column, after):
            return "a new number"
        return "NULL" if column.default is None else f"its default {column.default.text}"
    if value.null:
        return "NULL"
    text = textwrap.shorten(without_comments(value.text, dialect), _LONGEST, placeholder=" …")
    return f"{text} in every row" if value.constant else text


def _is_number_of_row(column: ColumnFacts, table: TableFacts) -> bool:
    """Whether SQLite numbers the rows in it by itself."""
    keys = [
        each.definition.columns
        for each in table.constraints.values()
        if each.definition.kind is ConstraintKind.PRIMARY_KEY
    ]
    return keys == [(column.name,)] and str(column.type).casefold() == "integer"
