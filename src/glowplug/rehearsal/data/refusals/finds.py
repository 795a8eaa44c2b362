"""What a query for production finds of the rows that a file refuses, and a better one where the file's words give it.

A row is refused by a statement that may pick rows by a condition, or compute what it writes: neither is in the query
for what is odd about the row. Where both can be asked of the tables as they are before the file, they are, and a query
is kept that finds the row and no plain one; where they can't, it is said that the query does not tell it all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.files.names import found
from glowplug.rehearsal.data.files.text import actions_of, condition_of_query, every, followed
from glowplug.rehearsal.data.refusals.refusals import TAKEN, failing
from glowplug.rehearsal.measured import Finds
from glowplug.rehearsal.seeding.edge_values import null
from glowplug.rehearsal.seeding.edges import EQUAL, FOLDED
from glowplug.schema.tables import Family
from glowplug.sql.actions import (
    AddColumn,
    AlterColumnType,
    Block,
    CreateTable,
    Delete,
    DropColumn,
    Insert,
    RenameColumn,
    Update,
)
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from glowplug.database.interface import SqlError
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.rehearsal.seeding import Edge
    from glowplug.schema.tables import Column, Table
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Expression
    from glowplug.sql.statement import Statement

OF_NULL = frozenset({"22004", "23502", "SQLITE_CONSTRAINT_NOTNULL"})
_OUT_OF_RANGE = "22003"
_COMPUTED = re.compile(r"(?P<left>\w+)\s*(?P<by>[-+*])\s*(?P<right>\w+)")
_PIECE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\w+|.", re.DOTALL)
_AS_IT_IS = re.compile(
    r"""\s*(?: \* | (?:cast\s*\(\s*)? [\w."`]+ (?:\s+as\s+[\w.\ ]+(?:\([\d,\ ]+\))?\s*\))?
    (?:\s*::\s*[\w.\ ]+(?:\([\d,\ ]+\))?)* )\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_FEWER = re.compile(r"\bdistinct\b|\b(?:group\s+by|having|limit|union|except|intersect)\b", re.IGNORECASE)
_INT = 2**31 - 1
_BIGINT = 2**63 - 1


def queries(subject: Subject, direction: Direction, edge: Edge, error: SqlError) -> Iterator[tuple[str, Finds]]:
    """Give queries that ask what the failing UPDATE picks, and what it computes, the most exact first.

    With what each finds if it finds the row and no plain one, which is for the server to say.
    """
    refusing = _refusing(subject, direction, error)
    if refusing is None or edge.query is None or edge.value.startswith(FOLDED):
        return
    update, statement = refusing
    if any(each is not statement for _, each in _writing(subject, direction, edge, error)):
        return
    table = _table(subject, direction, edge)
    named = names_before(subject, direction, table, statement)
    where = "" if update.where is None or update.tautology else as_before(update.where, named, subject.dialect)
    if where is None:
        return
    shown = table.sql if subject.dialect is Dialect.POSTGRES else quoted(table.name, subject.dialect)
    outside = _outside(update, named, table, subject.dialect) if error.code == _OUT_OF_RANGE else None
    if outside is not None:
        yield f"SELECT * FROM {shown} WHERE {f'({where}) AND ' if where else ''}{outside}", Finds.ALL
    if where and edge.query.count(f" FROM {shown}") == 1:
        start, _, rest = edge.query.partition(f" FROM {shown}")
        joined = f" AND{rest.removeprefix(' WHERE')}" if rest.startswith(" WHERE ") else rest
        if rest.startswith((" WHERE ", " GROUP BY ")):
            copied = {column.name for each in update.values if (column := named.get(_bare(each.text))) is not None}
            all_of_it = edge.whole and copied.issuperset(edge.columns)
            yield f"{start} FROM {shown} WHERE ({where}){joined}", Finds.ALL if all_of_it else Finds.SOME


def finds(subject: Subject, direction: Direction, edge: Edge, error: SqlError, *, asked: bool) -> Finds:
    """Say what an edge row's own query finds; ``asked``: the tables on the other side refuse just what is odd."""
    columns = set(map(str.casefold, edge.columns))
    last, _ = failing(subject, direction, error)
    fails = list(every(last))
    all_of_it = list(_writing(subject, direction, edge, error))
    if edge.value.startswith(FOLDED) and len(all_of_it) == 1:
        return Finds.ALL if edge.whole else Finds.SOME
    writing = [
        (action, statement)
        for action, statement in all_of_it
        if statement in fails
        or not isinstance(action, Update)
        or not columns.isdisjoint(map(str.casefold, action.columns))
    ]
    if _chooses(subject, direction) or any(_picks(each, statement, subject, direction) for each, statement in writing):
        return Finds.PERHAPS
    converted = (
        action
        for action, _ in actions_of(subject.text.file(direction))
        if isinstance(action, AlterColumnType) and action.column.casefold() in columns
    )
    if not edge.whole or any(_computes(each, columns) for each in (*(action for action, _ in writing), *converted)):
        return Finds.SOME
    of_null = edge.value == null().words and error.code in OF_NULL
    return Finds.ALL if asked or of_null or (edge.value == EQUAL and error.code in TAKEN) else Finds.SOME


def _table(subject: Subject, direction: Direction, edge: Edge) -> Table:
    tables = subject.before if direction is Direction.UP else subject.after
    return next(each for each in tables if each.name == edge.table)


def _refusing(subject: Subject, direction: Direction, error: SqlError) -> tuple[Update, Statement] | None:
    """Give the statement that failed, if it is an UPDATE of one table that reads no other one."""
    statements, _ = failing(subject, direction, error)
    updates = [(action, each) for each in every(statements) for action in each.actions if isinstance(action, Update)]
    if len(updates) != 1 or updates[0][0].reads or updates[0][0].limited:
        return None
    return updates[0]


def _writing(subject: Subject, direction: Direction, edge: Edge, error: SqlError) -> Iterator[tuple[Action, Statement]]:
    """Give what writes or copies rows of an edge row's table, until the file fails."""
    last, _ = failing(subject, direction, error)
    ends = max((each.span.end for each in last), default=None)
    up = direction is Direction.UP
    here, there = (subject.before, subject.after) if up else (subject.after, subject.before)
    names = {table.name for table in (*here, *there)}
    back = (subject.names.back() if up else subject.names).tables
    for action, statement in actions_of(subject.text.file(direction)):
        if ends is not None and statement.span.start >= ends:
            return
        if isinstance(action, (Delete, Update)):
            about = [action.table]
        elif isinstance(action, (CreateTable, Insert)) and action.from_query:
            about = list(action.reads)
        else:
            continue
        tables = [found(name, names, subject.dialect) for name in about]
        if any(name is not None and edge.table in {name, back.get(name, name)} for name in tables):
            yield action, statement


def _picks(action: Action, statement: Statement, subject: Subject, direction: Direction) -> bool:
    """Whether a statement leaves rows of the table out."""
    if isinstance(action, (Delete, Update)):
        return bool(action.reads) or action.limited or (action.where is not None and not action.tautology)
    script = subject.text.file(direction)
    if script is None or not isinstance(action, (CreateTable, Insert)):
        return True
    ignores = isinstance(action, Insert) and (action.ignore or action.replace)
    text = script.text_of(statement.span)
    return ignores or len(action.reads) > 1 or condition_of_query(text) is not None or _FEWER.search(text) is not None


def _chooses(subject: Subject, direction: Direction) -> bool:
    """Whether a file may run statements on conditions of its own, or holds something that can't be read."""
    script = subject.text.file(direction)
    if script is None or not followed(script):
        return True
    return any(isinstance(action, Block) for action, _ in actions_of(script))


def _computes(action: Action, columns: Collection[str]) -> bool:
    """Whether a statement writes something else than what these columns hold."""
    if isinstance(action, Update):
        return any(each.casefold() in columns for each in action.columns)
    if isinstance(action, AlterColumnType):
        return action.using is not None and _AS_IT_IS.fullmatch(action.using.text) is None
    if isinstance(action, Insert) and action.select:
        read = [each for each in action.select if any(name.casefold() in columns for name in each.columns)]
        return any(_AS_IT_IS.fullmatch(each.text) is None for each in read)
    return isinstance(action, (CreateTable, Insert))


def names_before(subject: Subject, direction: Direction, table: Table, until: Statement) -> Mapping[str, Column | None]:
    """Give what each column of a table is before the file, by the names that they have where a statement runs."""
    up = direction is Direction.UP
    names = {each.name for each in (*subject.before, *subject.after)}
    back = (subject.names.back() if up else subject.names).tables
    named: dict[str, Column | None] = {column.name.casefold(): column for column in table.columns}
    for action, statement in actions_of(subject.text.file(direction)):
        if statement.span.start >= until.span.start:
            break
        if not isinstance(action, (AddColumn, DropColumn, RenameColumn)):
            continue
        name = found(action.table, names, subject.dialect) or ""
        if table.name not in {name, back.get(name)}:
            continue
        if isinstance(action, RenameColumn):
            named[action.new_name.casefold()] = named.pop(action.column.casefold(), None)
        elif isinstance(action, AddColumn):
            named[action.column.name.casefold()] = None
        else:
            named.pop(action.column.casefold(), None)
    return named


def as_before(text: Expression, named: Mapping[str, Column | None], dialect: Dialect) -> str | None:
    """Give an expression in the names that there are before the file; None: it speaks of what there is not yet."""
    if text.subquery or any(named.get(each.casefold()) is None for each in text.columns):
        return None
    names = {each.casefold() for each in text.columns}
    pieces = []
    for piece in _PIECE.findall(text.text):
        word = piece if piece[0] == "'" else _bare(piece)
        column = named.get(word.casefold()) if word.casefold() in names else None
        renamed = column is not None and column.name.casefold() != word.casefold()
        pieces.append(quoted(column.name, dialect) if renamed and column is not None else piece)
    return " ".join("".join(pieces).split())


def _outside(update: Update, named: Mapping[str, Column | None], table: Table, dialect: Dialect) -> str | None:
    """Say where sums and products that a statement writes are more than there is room for."""
    columns = {each.name.casefold(): each for each in table.columns}
    said = []
    for name, value in zip(update.columns, update.values, strict=False):
        target = named.get(name.casefold()) or columns.get(name.casefold())
        match = _COMPUTED.fullmatch(value.text.strip())
        if target is None or match is None or target.type.family is not Family.INTEGER:
            return None
        operands = [(part, named.get(part.casefold())) for part in (match["left"], match["right"])]
        if any(column is None and not part.isdigit() for part, column in operands):
            return None
        bounds = [_bounds(part, column, dialect) for part, column in operands]
        if None in bounds or target.type.minimum is None or target.type.maximum is None:
            return None
        most = max((each for each in bounds if each is not None), default=_BIGINT)
        low, high = max(target.type.minimum, -most - 1), min(target.type.maximum, most)
        shown = [_wide(part, column, dialect) for part, column in operands]
        said.append(f"{shown[0]} {match['by']} {shown[1]} NOT BETWEEN {low} AND {high}")
    if not said:
        return None
    return said[0] if len(said) == 1 else f"({' OR '.join(said)})"


def _bare(name: str) -> str:
    return name.strip().strip('"`').casefold()


def _bounds(part: str, column: Column | None, dialect: Dialect) -> int | None:
    """Give the largest number that the type can hold in which a server computes with this."""
    if dialect is not Dialect.POSTGRES:
        return _BIGINT
    if column is None:
        return _INT if int(part) <= _INT else _BIGINT
    return column.type.maximum if column.type.family is Family.INTEGER else None


def _wide(part: str, column: Column | None, dialect: Dialect) -> str:
    if column is None:
        return part
    name = quoted(column.name, dialect)
    return f"{name}::numeric" if dialect is Dialect.POSTGRES else f"CAST({name} AS DECIMAL(60, 0))"
