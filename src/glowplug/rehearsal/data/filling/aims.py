"""Rows that a file aims at: those that its WHERE and CASE pick, which no row of ours would be by chance."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.rehearsal.data.files.names import found, with_meant
from glowplug.rehearsal.data.files.paths import paths_in
from glowplug.rehearsal.data.files.text import actions_of, condition_of_query, every
from glowplug.rehearsal.data.filling.cleared import cleared
from glowplug.rehearsal.data.filling.documents import with_documents
from glowplug.rehearsal.data.filling.solved import solved
from glowplug.rehearsal.seeding.cases import cases
from glowplug.rehearsal.seeding.makers import Making, maker
from glowplug.rehearsal.seeding.narrowing import narrowed
from glowplug.rehearsal.seeding.needs import NOT_NULL, both
from glowplug.schema.tables import Check, Written
from glowplug.sql.actions import AlterColumnType, CreateTable, Delete, Insert, Select, Update
from glowplug.sql.condition import Call, parse, walk
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.dialect import Dialect
    from glowplug.rehearsal.data.files.paths import Path
    from glowplug.rehearsal.data.files.text import Text
    from glowplug.rehearsal.seeding.cases import Case
    from glowplug.schema.tables import Table
    from glowplug.sql.actions import Action
    from glowplug.sql.condition import Expression
    from glowplug.sql.parts import Expression as Source
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Script, Statement

    Row = dict[str, Value]

_CASES = 6  # of one condition
_VALUES = 3  # of a list, in as many rows
_CHOICES = frozenset({"case", "if", "iif"})
_NAME = re.compile(r"\w+")
_WITHIN = re.compile(r"\bfrom\s+(?P<table>[\w.\"`]+)(?:\s+(?:as\s+)?\w+)?\s+where\b", re.IGNORECASE)


def aims(
    text: Text, tables: Sequence[Table], later: Sequence[Table], *, seed: int = 1, documents: bool = True
) -> Mapping[str, tuple[Mapping[str, Value], ...]]:
    """Give values by column for some rows of each table, such that the files' conditions pick them, or leave them out.

    ``tables`` are those before the up, and ``later`` what they will be by the same names. What a down deletes of a
    table into which its up inserts is the up's own, but where such a row may have been there before, and is left alone.
    ``documents``: JSON holds the keys that the files speak of.
    """
    known = {table.name: table for table in tables}
    after = {table.name: table for table in later}
    gathered: dict[str, dict[tuple[tuple[str, Value], ...], None]] = {}
    for name, case, literal, goes in _aimed(text, known):
        table, making = known[name], Making(dialect=text.dialect, seed=seed)
        there = None if goes else after.get(name)
        by_trial = solved(literal, case, table, there, making) if case.rest or case.relations else ()
        for row in _first(by_trial) or _first(_rows(case, table, there, making)):
            gathered.setdefault(name, {})[tuple(row.items())] = None
    aimed: dict[str, tuple[Mapping[str, Value], ...]] = {
        name: (*map(dict, rows), *(dict(row) for row in rows if not _unique(known[name]).intersection(dict(row))))
        for name, rows in gathered.items()
    }
    for name, alike in cleared(text, known, after, Making(dialect=text.dialect, seed=seed)):
        aimed[name] = (*aimed.get(name, ()), alike)
    if not documents:
        return aimed
    written = set_by(text.up, tables, text.dialect)
    return with_documents(text, tables, after, aimed, written=written, seed=seed)


def chosen(text: Text, tables: Sequence[Table], *, seed: int = 1) -> Mapping[str, Mapping[str, Sequence[Value]]]:
    """Give the values of columns that the up's CASEs name, by table: it may take no others."""
    known = {table.name: table for table in tables}
    making = Making(dialect=text.dialect, seed=seed)
    gathered: dict[str, dict[str, dict[Value, None]]] = {}
    for name, case in _chosen_by(text, known):
        for row in _first(_rows(case, known[name], None, making)):
            for column, value in row.items():
                gathered.setdefault(name, {}).setdefault(column, {})[value] = None
    return {name: {column: tuple(values) for column, values in each.items()} for name, each in gathered.items()}


def _chosen_by(text: Text, tables: Mapping[str, Table]) -> Iterator[tuple[str, Case]]:
    for action, _, meant in with_meant(text.up, tuple(tables.values()), text.dialect):
        if not isinstance(action, (AlterColumnType, Update)):
            continue
        name = meant(action.table)
        if name is not None:
            for condition in _choices(action, text.dialect):
                yield from ((name, case) for case in cases([(condition, True)])[:_CASES])


def put_back(text: Text, tables: Sequence[Table]) -> Mapping[str, frozenset[str]]:
    """Give tables of which the up deletes chosen rows that the down writes anew, each with the words that choose them.

    Rows of the chain are written as the chain had them: what users have changed in them since is not among that.
    """
    known = {table.name: table for table in tables}
    dialect = text.dialect
    anew = {found(action.table, known, dialect) for action, _ in actions_of(text.down) if isinstance(action, Insert)}
    return {
        name: frozenset(_NAME.findall(action.where.text.casefold()))
        for action, _, meant in with_meant(text.up, tables, dialect)
        if isinstance(action, Delete) and action.where is not None
        if (name := meant(action.table)) is not None and name in anew
    }


def _unique(table: Table) -> frozenset[str]:
    return frozenset(name for unique in table.uniques for name in unique.columns if name is not None)


def set_by(
    script: Script | None, tables: Sequence[Table], dialect: Dialect, *, everywhere: bool = False
) -> frozenset[tuple[str, str]]:
    """Give the columns that a file sets or copies: what it then asks of them it may have seen to before.

    ``everywhere``: only those that it sets in all rows, of tables as they are called after it.
    """
    names = {table.name: {column.name.casefold(): column.name for column in table.columns} for table in tables}
    free: set[tuple[str, str]] = set()
    for action, _, meant in with_meant(script, tables, dialect):
        if everywhere and not (isinstance(action, Update) and (action.where is None or action.tautology)):
            continue
        if isinstance(action, Update):
            table = found(action.table, names, dialect) if everywhere else meant(action.table)
            own = {} if table is None else names[table]
            free |= {(table or "", own[each.casefold()]) for each in action.columns if each.casefold() in own}
        elif isinstance(action, (CreateTable, Insert)) and action.from_query:
            copied = {table for name in action.reads if (table := meant(name)) is not None}
            free |= {(table, column) for table in copied for column in names[table].values()}
    return frozenset(free)


def relaxed(tables: Sequence[Table], later: Sequence[Table], free: Collection[tuple[str, str]]) -> tuple[Table, ...]:
    """Ask of ``later``'s free columns no more than ``tables`` do."""
    known = {table.name: table for table in tables}
    return tuple(_relaxed(known[table.name], table, free) if table.name in known else table for table in later)


def without_parents(text: Text, tables: Sequence[Table], later: Sequence[Table]) -> tuple[Table, ...]:
    """Ask for NULL in what is to refer to a table of the up's own, where the up leaves that table empty."""
    known = {table.name: table for table in tables}
    new = [table.name for table in later if table.name not in known]
    dialect = text.dialect
    filled = {
        found(action.table, new, dialect)
        for action, _ in actions_of(text.up)
        if isinstance(action, (Insert, Update)) or (isinstance(action, CreateTable) and action.from_query)
    }
    empty = frozenset(new) - filled
    return tuple(
        _without_parents(known[each.name], each, empty, dialect) if each.name in known else each for each in later
    )


def _without_parents(now: Table, later: Table, empty: Collection[str], dialect: Dialect) -> Table:
    old = {column.name for column in now.columns if column.nullable}
    free = {column.name for column in later.columns if column.nullable} & old
    alone = {
        key.columns[0]
        for key in later.foreign_keys
        if key.enforced and key.table in empty and len(key.columns) == 1 and key.columns[0] in free
    }
    checks = (Check(name="", expression=f"{quoted(name, dialect)} IS NULL", columns=(name,)) for name in sorted(alone))
    return replace(later, checks=(*later.checks, *checks)) if alone else later


def _relaxed(now: Table, later: Table, free: Collection[tuple[str, str]]) -> Table:
    own = {column.name: column for column in now.columns if (now.name, column.name) in free}
    if not own:
        return later
    checks = {check.expression for check in now.checks}
    return replace(
        later,
        columns=tuple(
            replace(column, type=own[column.name].type, nullable=own[column.name].nullable)
            if column.name in own
            else column
            for column in later.columns
        ),
        checks=tuple(
            check for check in later.checks if check.expression in checks or own.keys().isdisjoint(check.columns)
        ),
    )


def _aimed(text: Text, tables: Mapping[str, Table]) -> Iterator[tuple[str, Case, Expression, bool]]:
    """Give each way to meet a condition of the files, for the tables that it may be about, with the condition.

    The last says whether such rows are deleted by the up, so that what it asks for afterwards is not asked of them.
    That a document holds what the up puts there is no way to meet the down's.
    """
    dialect = text.dialect
    inserted = {
        found(action.table, tables, dialect)
        for action, _ in _own_actions(text.up)
        if isinstance(action, Insert) and not action.ignore
    }
    made = paths_in(text.up, dialect).set
    for direction in Direction:
        script = text.file(direction)
        for action, statement, meant in with_meant(script, tuple(tables.values()), dialect):
            for named, condition, wanted in _conditions(action, statement, script, dialect):
                name = meant(named)
                if direction is Direction.DOWN and isinstance(action, Delete) and name in inserted:
                    continue
                beside = action.reads if isinstance(action, (Delete, Update)) else ()
                every = {name, *map(meant, beside)}
                literal = condition if wanted else Call("not", (condition,))
                goes = name if direction is Direction.UP and isinstance(action, Delete) else None
                for case in cases([(condition, wanted)])[:_CASES]:
                    if direction is Direction.UP or made.isdisjoint(_keys(case)):
                        yield from ((each, case, literal, each == goes) for each in sorted(filter(None, every)))


def _keys(case: Case) -> Iterator[Path]:
    return ((key,) for needs in case.needs.values() for key in needs.keys)


def _own_actions(script: Script | None) -> Iterator[tuple[Action, Statement]]:
    """Give the Actions that stand in a file's statements, not those of routines that they call."""
    if script is None:
        return
    for whole in script.statements:
        for statement in every((whole,)):
            if whole.span.start <= statement.span.start and statement.span.end <= whole.span.end:
                yield from ((action, statement) for action in statement.actions)


def _conditions(
    action: object, statement: Statement, script: Script | None, dialect: Dialect
) -> Iterator[tuple[Name, Expression, bool]]:
    match action:
        case Delete() | Update() if action.where is not None and not action.tautology:
            for name, condition in ((action.table, action.where.text), *_within(action.where.text, action.reads)):
                yield name, parse(condition, dialect), True
        case CreateTable() | Insert() if action.reads and script is not None:
            where = condition_of_query(script.text_of(statement.span))
            if where is not None:
                yield action.reads[0], parse(where, dialect), False
        case Select() if action.reads and script is not None and statement not in script.statements:
            where = condition_of_query(script.text_of(statement.span))  # of a loop's, mostly
            if where is not None:
                yield action.reads[0], parse(where, dialect), True
        case _:
            pass
    if isinstance(action, (AlterColumnType, Update)):
        yield from ((action.table, condition, True) for condition in _choices(action, dialect))


def _within(text: str, reads: Sequence[Name]) -> Iterator[tuple[Name, str]]:
    """Give the conditions of the plain queries within one."""
    for match in _WITHIN.finditer(text):
        name = match["table"].rpartition(".")[2].strip('"`').casefold()
        rest = text[match.end() :]
        depths = itertools.accumulate((character == "(") - (character == ")") for character in rest)
        end = next((at for at, depth in enumerate(depths) if depth < 0), len(rest))
        yield from ((each, rest[:end]) for each in reads if each.name.casefold() == name)


def _choices(action: AlterColumnType | Update, dialect: Dialect) -> Iterator[Expression]:
    """Give the conditions on which it depends what is set."""
    for value in _values(action):
        for part in walk(parse(value.text, dialect)):
            if isinstance(part, Call) and part.name in _CHOICES:
                yield from part.arguments[:-1:2]


def _values(action: AlterColumnType | Update) -> tuple[Source, ...]:
    if isinstance(action, Update):
        return action.values
    return () if action.using is None else (action.using,)


def _first(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(itertools.islice(rows, _VALUES))


def _rows(case: Case, table: Table, later: Table | None, making: Making) -> Iterator[Row]:
    """Make rows that are what a case asks; what can't be had of a column is left as it is."""
    columns = {column.name.casefold(): column for column in table.columns if column.written is not Written.SERVER}
    after = {} if later is None else {column.name: column for column in later.columns}
    makers = {}
    for name, needs in case.needs.items():
        column = columns.get(name.casefold())
        if column is None or needs == NOT_NULL:
            continue
        kind, own = narrowed(column, after.get(column.name))
        joint = both(own, needs)
        made = None if joint is None else maker(kind, joint, making)
        if made is None:
            return
        makers[column.name] = made
    if makers:
        for number in range(max(min(made.size or 1, _VALUES) for made in makers.values())):
            yield {name: made.make(number) for name, made in makers.items()}
