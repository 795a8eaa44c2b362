"""What a file that refuses rows says of them: its statement, their tables, and the row where that can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.names import found
from glowplug.rehearsal.data.files.text import every, names_in
from glowplug.rehearsal.measured import Refusal
from glowplug.sql.actions import Block, Dynamic, Insert
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from glowplug.database.interface import SqlError
    from glowplug.dialect import Direction
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.measured import When
    from glowplug.sql.statement import Statement

TAKEN = frozenset({"23505", "23000", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})


def once(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Leave out what says the same as another."""
    told = {(each.direction, each.table, each.column, each.value, each.error.message): each for each in refusals}
    return tuple(told.values())


def tables_at(subject: Subject, direction: Direction, error: SqlError) -> frozenset[str]:
    """Give the tables, by their names before the up, that the failing statement names."""
    statements, _ = failing(subject, direction, error)
    old = {table.name for table in subject.before}
    new = {table.name for table in subject.after}
    back = subject.names.back().tables
    named = [name for each in every(statements) for action in each.actions for name in names_in(action)]
    before = {match for name in named if (match := found(name, old, subject.dialect)) is not None}
    after = {match for name in named if (match := found(name, new, subject.dialect)) is not None}
    return frozenset(before | {back[name] for name in after if name in back})


def failing(subject: Subject, direction: Direction, error: SqlError) -> tuple[tuple[Statement, ...], str]:
    """Give the statement that failed, or several where they begin in one line, and their text."""
    script = subject.text.file(direction)
    if script is None or error.line is None:
        return (), ""
    lines = [script.text.count("\n", 0, each.span.start) for each in script.statements]
    last = max((line for line in lines if line < error.line), default=None)
    at = tuple(each for each, line in zip(script.statements, lines, strict=True) if line == last)
    return at, "\n".join(script.text_of(each.span) for each in at)


def writes_a_taken_key(subject: Subject, direction: Direction, error: SqlError) -> bool:
    """Whether a file wrote a row of its own, with a key that another row has."""
    if error.code not in TAKEN:
        return False
    statements, _ = failing(subject, direction, error)
    return not statements or any(
        isinstance(action, (Block, Dynamic, Insert)) for each in every(statements) for action in each.actions
    )


def of_references(error: SqlError) -> bool:
    """Whether rows are refused for what they refer to, or for what refers to them."""
    return "foreign key" in error.message.casefold()


def refer_to_nothing(error: SqlError) -> bool:
    """Whether rows are refused for what they refer to, and that is not there; SQLite does not say which of the two."""
    return "insert or update on table" in error.message or "add or update a child row" in error.message


def refused(
    subject: Subject, direction: Direction, error: SqlError, written: When, *, children: Collection[str] = ()
) -> Refusal:
    """Say that a file refuses rows, and of which table, where that can be told; which, where ``children`` refer to it.

    Without ``children`` nobody can tell which.
    """
    tables = sorted(tables_at(subject, direction, error))
    if of_references(error):
        by_name = {table.name: table for table in subject.before}
        references = [
            (table, key)
            for table in map(by_name.get, sorted(children))
            if table is not None
            for key in table.foreign_keys
            if key.table in tables or not tables
        ]
        if len(references) == 1:
            ((child, key),) = references
            named = [quoted(name, subject.dialect) for name in key.columns]
            shown = child.sql if subject.dialect is Dialect.POSTGRES else quoted(child.name, subject.dialect)
            there = " AND ".join(f"{name} IS NOT NULL" for name in named)
            return Refusal(
                direction=direction,
                error=error,
                table=key.table,
                value=f"a row of {child.name} that refers to it",
                query=f"SELECT * FROM {shown} WHERE {there}",
                written=written,
            )
    return Refusal(direction=direction, error=error, table=tables[0] if len(tables) == 1 else None, written=written)
