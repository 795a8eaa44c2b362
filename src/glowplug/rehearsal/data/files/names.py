"""What tables and columns are called before and after a file: renamed ones are the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.text import actions_of, followed
from glowplug.sql.actions import (
    AddColumn,
    DropColumn,
    DropTable,
    Insert,
    ModifyColumn,
    ObjectKind,
    Rename,
    RenameColumn,
    RenameTable,
    SetSchema,
    Update,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from glowplug.schema.tables import Check, ForeignKey, Table, Unique
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Script, Statement


class Names(msgspec.Struct, frozen=True):
    """What each old table, and each column of it, is called afterwards; what is not in it is gone."""

    tables: Mapping[str, str]
    columns: Mapping[tuple[str, str], str]

    def then(self, other: Names) -> Names:
        """Follow the names through another file after this one."""
        tables = {old: other.tables[new] for old, new in self.tables.items() if new in other.tables}
        columns = {}
        for (table, column), new in self.columns.items():
            between = self.tables.get(table)
            if between is not None and (between, new) in other.columns:
                columns[table, column] = other.columns[between, new]
        return Names(tables, columns)

    def back(self) -> Names:
        """The same, asked from the new names."""
        columns = {
            (self.tables[table], new): column for (table, column), new in self.columns.items() if table in self.tables
        }
        return Names({new: old for old, new in self.tables.items()}, columns)

    def or_by_name(self, before: Iterable[Table], after: Iterable[Table]) -> Names:
        """Add what is gone and there again under its own name, which nothing else has taken."""
        there = {table.name: {column.name for column in table.columns} for table in after}
        tables, columns = dict(self.tables), dict(self.columns)
        taken = set(tables.values())
        for table in before:
            if table.name not in tables and table.name in there and table.name not in taken:
                tables[table.name] = table.name
            now = tables.get(table.name)
            if now is None or now not in there:
                continue
            taken_columns = {new for (name, _), new in columns.items() if name == table.name}
            for column in table.columns:
                if (table.name, column.name) not in columns and column.name in there[now] - taken_columns:
                    columns[table.name, column.name] = column.name
        return Names(tables, columns)


def found(name: Name, tables: Iterable[str], dialect: Dialect) -> str | None:
    """Find which of these tables' names is meant; None: none, or which one can't be told."""
    tables = list(tables)
    fold: Callable[[str], str] = str if dialect is Dialect.POSTGRES else str.casefold
    wanted = fold(str(name) if dialect is Dialect.POSTGRES else name.name)
    matching = [table for table in tables if fold(table) == wanted]
    if not matching and name.schema is None:
        matching = [table for table in tables if fold(table.rpartition(".")[2]) == wanted]
    if len(matching) > 1:
        matching = [table for table in matching if table.startswith("public.")]
    return matching[0] if len(matching) == 1 else None


def names_between(script: Script | None, before: Sequence[Table], after: Sequence[Table], dialect: Dialect) -> Names:
    """Tell what became of each table and column of ``before`` through a file that left ``after``.

    Renames are followed; a table that is dropped while another takes its name (the rebuilding of a table) is that one.
    So is a column, but where it is added anew and nothing is put into it: that is another. A key's is the key anew.
    """
    walk = _Walk(before, dialect)
    for action, statement in actions_of(script):
        walk.apply(action, statement)
    there = {table.name: table for table in after}
    claimed = {now for old, now in walk.tables.items() if now in there and now != old}
    tables = {}
    for old, now in walk.tables.items():
        if now in there:
            tables[old] = now
        elif old in there and old not in claimed:
            tables[old] = old
    columns = {}
    for old, new in tables.items():
        present = {column.name for column in there[new].columns}
        current = walk.columns[old]
        renamed = {now for column, now in current.items() if now in present and now != column}
        for column, now in current.items():
            if now in present:
                columns[old, column] = now
            elif column in present and column not in renamed and not walk.is_another(old, column, script):
                columns[old, column] = column
    return Names(tables, columns)


def with_meant(
    script: Script | None, before: Sequence[Table], dialect: Dialect
) -> Iterator[tuple[Action, Statement, Meant]]:
    """Give each Action of a file with what tells which table of ``before`` a name means where the Action stands.

    A name that an old table has given up is no longer its, but where the old one is dropped in the end: the table that
    has taken its name is then that one.
    """
    actions = list(actions_of(script))
    end = _Walk(before, dialect)
    for action, statement in actions:
        end.apply(action, statement)
    rebuilt = tuple(old for old, now in end.tables.items() if not now and old not in end.tables.values())
    walk = _Walk(before, dialect)
    for action, statement in actions:
        yield action, statement, Meant(dict(walk.tables), rebuilt, dialect)
        walk.apply(action, statement)


class Meant(msgspec.Struct, frozen=True):
    """Old tables with what they are called at one place of a file, and those that are dropped by its end."""

    called: Mapping[str, str]
    dropped: tuple[str, ...]
    dialect: Dialect

    def __call__(self, name: Name) -> str | None:
        """Give the old table that a name means here; None: none, or which one can't be told."""
        now = found(name, filter(None, self.called.values()), self.dialect)
        if now is None:
            return found(name, self.dropped, self.dialect)
        return next(old for old, current in self.called.items() if current == now)


class _Walk:
    """Tables and columns by their old names, with what they are called at this point; "" is gone."""

    def __init__(self, before: Sequence[Table], dialect: Dialect) -> None:
        self.dialect = dialect
        self.tables = {table.name: table.name for table in before}
        self.columns = {table.name: {column.name: column.name for column in table.columns} for table in before}
        self._empty: set[tuple[str, str]] = set()
        self._keys = {
            table.name: {name for unique in table.uniques if unique.primary for name in unique.columns}
            for table in before
        }
        self._at_start: dict[str, dict[str, str]] = {}
        self._statement: Statement | None = None

    def apply(self, action: object, statement: Statement) -> None:
        """Follow an action; the columns that one statement names are called as they were before it."""
        if statement is not self._statement:
            self._statement = statement
            self._at_start = {}
        match action:
            case RenameTable():
                self._rename(action.table, action.new_name.name, action.new_name.schema)
            case Rename(kind=ObjectKind.TABLE):
                self._rename(action.name, action.new_name, None)
            case SetSchema(kind=ObjectKind.TABLE):
                self._rename(action.name, action.name.name, action.schema)
            case DropTable():
                if (old := self._old(action.table)) is not None:
                    self.tables[old] = ""
            case _:
                self._apply_to_columns(action)

    def _apply_to_columns(self, action: object) -> None:
        match action:
            case RenameColumn():
                self._column(action.table, action.column, action.new_name)
            case ModifyColumn():
                self._column(action.table, action.column, action.definition.name)
            case DropColumn():
                self._column(action.table, action.column, "")
            case AddColumn() if (old := self._old(action.table)) is not None:
                self._empty.add((old, self._folded(action.column.name)))
            case Insert() | Update() if (old := self._old(action.table)) is not None:
                self._empty -= {(old, self._folded(column)) for column in action.columns}
            case _:
                pass

    def is_another(self, old: str, column: str, script: Script | None) -> bool:
        """Whether what an old table has as ``column`` now was added by the file, which puts nothing into it."""
        is_empty = (old, self._folded(column)) in self._empty and column not in self._keys[old]
        return is_empty and script is not None and followed(script)

    def _folded(self, column: str) -> str:
        return column if self.dialect is Dialect.POSTGRES else column.casefold()

    def _old(self, name: Name) -> str | None:
        now = found(name, filter(None, self.tables.values()), self.dialect)
        return None if now is None else next(old for old, current in self.tables.items() if current == now)

    def _rename(self, name: Name, new: str, schema: str | None) -> None:
        old = self._old(name)
        if old is None:
            return
        own, dot, _ = self.tables[old].rpartition(".")
        place = schema if schema is not None and dot else own
        self.tables[old] = f"{place}{dot}{new}"

    def _column(self, table: Name, column: str, new: str) -> None:
        old = self._old(table)
        if old is None:
            return
        for first, now in self._at_start.setdefault(old, dict(self.columns[old])).items():
            if self._folded(now) == self._folded(column):
                self.columns[old][first] = new
                return
        if (old, self._folded(column)) in self._empty:
            self._empty.remove((old, self._folded(column)))
            self._empty |= {(old, self._folded(new))} if new else set()


def renamed(tables: Sequence[Table], names: Names, others: Iterable[Table]) -> tuple[Table, ...]:
    """Describe tables under the names that they have among ``others``, those of tables and columns alike.

    What is not there keeps its own, or is given one that nothing has there.
    """
    names = _apart(tables, names, {table.name: {column.name for column in table.columns} for table in others})
    moved = {table for (table, column), new in names.columns.items() if column != new}
    moved |= {table for table, new in names.tables.items() if table != new}
    return tuple(table if moved.isdisjoint(_named(table)) else _renamed(table, names) for table in tables)


def _apart(tables: Sequence[Table], names: Names, others: Mapping[str, Collection[str]]) -> Names:
    more, columns = dict(names.tables), dict(names.columns)
    for table in tables:
        if table.name not in more and table.name in others:
            more[table.name] = _unlike(table.name, others)
        there = others.get(more.get(table.name, table.name), ())
        for column in table.columns:
            if (table.name, column.name) not in columns and column.name in there:
                columns[table.name, column.name] = _unlike(column.name, there)
    return Names(more, columns)


def _unlike(name: str, others: Collection[str]) -> str:
    while name in others:
        name += "_anew"
    return name


def _named(table: Table) -> Iterator[str]:
    yield table.name
    yield from (key.table for key in table.foreign_keys)
    if table.partition_of is not None:
        yield table.partition_of


def _renamed(table: Table, names: Names) -> Table:
    columns = {column.name: names.columns.get((table.name, column.name), column.name) for column in table.columns}
    return replace(
        table,
        name=names.tables.get(table.name, table.name),
        columns=tuple(replace(column, name=columns[column.name]) for column in table.columns),
        checks=tuple(_check(check, columns) for check in table.checks),
        uniques=tuple(_unique(unique, columns) for unique in table.uniques),
        foreign_keys=tuple(_key(key, columns, names) for key in table.foreign_keys),
        partition_of=None if table.partition_of is None else names.tables.get(table.partition_of, table.partition_of),
    )


def _in_text(text: str, columns: Mapping[str, str]) -> str:
    changed = {old: new for old, new in columns.items() if old != new}
    if not changed:
        return text
    pattern = "|".join(re.escape(old) for old in sorted(changed, key=len, reverse=True))
    return re.sub(rf"(?<![\w']){'(' + pattern + ')'}(?![\w'])", lambda match: changed[match.group(1)], text)


def _check(check: Check, columns: Mapping[str, str]) -> Check:
    return replace(
        check,
        expression=_in_text(check.expression, columns),
        columns=tuple(columns.get(column, column) for column in check.columns),
    )


def _unique(unique: Unique, columns: Mapping[str, str]) -> Unique:
    return replace(
        unique,
        columns=tuple(None if column is None else columns.get(column, column) for column in unique.columns),
        expressions=tuple(_in_text(text, columns) for text in unique.expressions),
        predicate=None if unique.predicate is None else _in_text(unique.predicate, columns),
    )


def _key(key: ForeignKey, columns: Mapping[str, str], names: Names) -> ForeignKey:
    return replace(
        key,
        columns=tuple(columns.get(column, column) for column in key.columns),
        table=names.tables.get(key.table, key.table),
        referenced=tuple(names.columns.get((key.table, column), column) for column in key.referenced),
    )
