"""CREATE TABLE, DROP and ALTER TABLE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropNotNull,
    DropTable,
    ModifyColumn,
    RenameColumn,
    RenameConstraint,
    RenameTable,
    SetDefault,
    SetNotNull,
)
from glowplug.sql.parts import Name
from glowplug.sql.reader.sqlite.definitions import (
    TABLE_CONSTRAINTS,
    column_of,
    default_of,
    table_constraint_of,
    type_of,
)
from glowplug.sql.reader.sqlite.facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Column, Constraint, Span
    from glowplug.sql.reader.sqlite.source import Source


def create_table(source: Source, *, temporary: bool) -> CreateTable:
    """Read CREATE TABLE from what follows the word TABLE."""
    if_not_exists = source.exists("NOT", "EXISTS")
    table = source.qualified()
    if source.accept("AS"):
        reads = facts_of(source.rest()).reads
        return CreateTable(
            span=source.span,
            table=table,
            if_not_exists=if_not_exists,
            temporary=temporary,
            from_query=True,
            reads=reads,
        )
    columns, constraints = _elements(source)
    return CreateTable(
        span=source.span,
        table=table,
        columns=tuple(columns),
        constraints=tuple(constraints),
        if_not_exists=if_not_exists,
        temporary=temporary,
        options=_options(source),
    )


def _elements(source: Source) -> tuple[list[Column], list[Constraint]]:
    if not source.accept_text("("):
        raise source.unexpected("a parenthesis")
    columns: list[Column] = []
    constraints: list[Constraint] = []
    while not source.accept_text(")"):
        if source.word in TABLE_CONSTRAINTS:
            constraint = table_constraint_of(source)
            constraints += [constraint] if constraint else []
        else:
            columns.append(column_of(source))
        # Between table constraints SQLite asks for no comma.
        if not source.accept_text(",") and source.text != ")" and source.word not in TABLE_CONSTRAINTS:
            raise source.unexpected("a comma")
    return columns, constraints


def _options(source: Source) -> tuple[tuple[str, str], ...]:
    options: list[tuple[str, str]] = []
    while not source.done():
        if source.accept("WITHOUT"):
            options.append((f"without {source.name().lower()}", ""))
        else:
            options.append((source.name().lower(), ""))
        if not source.accept_text(",") and not source.done():
            raise source.unexpected("a comma")
    return tuple(options)


def create_virtual_table(source: Source) -> CreateTable:
    """Read CREATE VIRTUAL TABLE from what follows; the module is the option ``using``."""
    source.expect("TABLE")
    if_not_exists = source.exists("NOT", "EXISTS")
    table = source.qualified()
    source.expect("USING")
    module = source.name().lower()
    source.rest()
    return CreateTable(
        span=source.span, table=table, if_not_exists=if_not_exists, virtual=True, options=(("using", module),)
    )


def drop_table(source: Source) -> DropTable:
    """Read DROP TABLE from what follows the word TABLE."""
    if_exists = source.exists("EXISTS")
    return DropTable(span=source.span, table=source.qualified(), if_exists=if_exists)


def alter_table(source: Source) -> Iterator[Action]:
    """Read ALTER TABLE, also what only some versions of SQLite take, or none: what rules tell of by name.

    SQLite 3.53 knows ALTER COLUMN … SET and DROP NOT NULL, ADD CONSTRAINT … CHECK and DROP CONSTRAINT; none knows
    types, defaults, keys, IF [NOT] EXISTS and several clauses.
    """
    source.expect("ALTER", "TABLE")
    table = source.qualified()
    while True:
        yield _clause(source, table)
        if source.done():
            return
        if not source.accept_text(","):
            raise source.unexpected("the end of the statement")


def definitions_in(action: Action, sql: str) -> list[str]:
    """Put what an ALTER TABLE defines into statements that every version of SQLite reads, to have it judged."""
    match action:
        case (
            AddColumn(if_not_exists=False) | DropColumn(if_exists=False, cascade=False) | RenameColumn() | RenameTable()
        ):
            return [f"ALTER TABLE t {_text(action.span, sql)}"]
        case AddColumn(column=column) | ModifyColumn(definition=column):
            return [f"CREATE TABLE t ({_text(column.span, sql)})"]
        case AddConstraint(constraint=constraint):
            return [f"CREATE TABLE t (c, {_text(constraint.span, sql)})"]
        case SetDefault(default=default) if default is not None:
            return [f"CREATE TABLE t (c DEFAULT {default.text})"]
        case AlterColumnType(type=type_, using=using):
            return [f"CREATE TABLE t (c {type_})", *([f"SELECT ({using.text})"] if using is not None else [])]
        case _:
            return []


def _text(span: Span, sql: str) -> str:
    return sql[span.start : span.end]


def _clause(source: Source, table: Name) -> Action:
    start = source.start
    if source.accept("RENAME"):
        return _rename(source, table, start)
    if source.accept("ADD"):
        return _add(source, table, start)
    if source.accept("DROP"):
        return _drop(source, table, start)
    if source.accept("ALTER"):
        source.accept("COLUMN")
        return _alter_column(source, table, start)
    if source.accept("MODIFY") or source.word == "CHANGE":
        changes = source.accept("CHANGE")
        source.accept("COLUMN")
        old = source.name() if changes else None
        column = column_of(source)
        return ModifyColumn(span=source.since(start), table=table, column=old or column.name, definition=column)
    raise source.unexpected("what to alter")


def _rename(source: Source, table: Name, start: int) -> Action:
    if source.accept("TO"):
        new_name = Name(source.name(), table.schema)
        return RenameTable(span=source.since(start), table=table, new_name=new_name)
    if source.accept("CONSTRAINT"):
        name = source.name()
        source.expect("TO")
        return RenameConstraint(new_name=source.name(), name=name, table=table, span=source.since(start))
    if source.word == "COLUMN" and source.ahead(1) != "TO":
        source.take()
    column = source.name()
    source.expect("TO")
    new = source.name()
    return RenameColumn(span=source.since(start), table=table, column=column, new_name=new)


def _add(source: Source, table: Name, start: int) -> Action:
    if source.word in TABLE_CONSTRAINTS:
        constraint = table_constraint_of(source)
        if constraint is None:
            raise source.unexpected("a constraint")
        return AddConstraint(span=source.since(start), table=table, constraint=constraint)
    source.accept("COLUMN")
    if_not_exists = source.exists("NOT", "EXISTS")
    column = column_of(source)
    return AddColumn(span=source.since(start), table=table, column=column, if_not_exists=if_not_exists)


def _drop(source: Source, table: Name, start: int) -> Action:
    constraint = source.accept("CONSTRAINT")
    if not constraint:
        source.accept("COLUMN")
    if_exists = source.exists("EXISTS")
    name = source.name()
    cascade = source.accept("CASCADE")
    span = source.since(start)
    if constraint:
        return DropConstraint(span=span, table=table, name=name, if_exists=if_exists, cascade=cascade)
    return DropColumn(span=span, table=table, column=name, if_exists=if_exists, cascade=cascade)


def _alter_column(source: Source, table: Name, start: int) -> Action:
    column = source.name()
    if source.accept("SET", "NOT", "NULL"):
        source.conflict()
        return SetNotNull(span=source.since(start), table=table, column=column)
    if source.accept("DROP", "NOT", "NULL"):
        return DropNotNull(span=source.since(start), table=table, column=column)
    if source.accept("DROP", "DEFAULT"):
        return SetDefault(span=source.since(start), table=table, column=column)
    if source.accept("SET", "DEFAULT"):
        default = default_of(source)
        return SetDefault(span=source.since(start), table=table, column=column, default=default)
    if source.accept("SET", "DATA", "TYPE") or source.accept("TYPE"):
        type_ = type_of(source)
        if type_ is None:
            raise source.unexpected("a type")
        collation = source.name() if source.accept("COLLATE") else None
        using = source.expression(commas=True) if source.accept("USING") else None
        return AlterColumnType(
            span=source.since(start), table=table, column=column, type=type_, using=using, collation=collation
        )
    raise source.unexpected("what to alter of the column")
