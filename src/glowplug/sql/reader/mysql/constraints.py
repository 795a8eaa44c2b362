"""Constraints and indexes, as CREATE TABLE, ALTER TABLE and CREATE INDEX define them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import CreateIndex
from glowplug.sql.parts import Constraint, ConstraintKind, IndexKey
from glowplug.sql.reader.mysql.expressions import expression
from glowplug.sql.reader.mysql.facts import Facts

if TYPE_CHECKING:
    from glowplug.sql.parts import Name
    from glowplug.sql.reader.mysql.cursor import Cursor

_BEGIN = frozenset(
    {"CONSTRAINT", "PRIMARY", "FOREIGN", "CHECK", "UNIQUE", "FULLTEXT", "SPATIAL", "INDEX", "KEY", "VECTOR"}
)
_VALUED = frozenset({"KEY_BLOCK_SIZE", "COMMENT", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE", "M", "DISTANCE"})
_SWITCHES = ("VISIBLE", "INVISIBLE", "IGNORED")


def begins_one(cursor: Cursor) -> bool:
    """Whether a constraint or an index comes next, and not a column."""
    if cursor.word == "VECTOR":
        return cursor.ahead() in {"INDEX", "KEY"}
    if cursor.word == "PERIOD":
        return cursor.ahead() == "FOR"
    return cursor.word in _BEGIN


def element(cursor: Cursor, table: Name) -> tuple[Constraint | CreateIndex, bool]:
    """Take a constraint or an index of a table, and say whether it may be there already (IF NOT EXISTS).

    A UNIQUE is an index, whether CONSTRAINT stands before it or not, for that is what the servers make of it.
    """
    first = cursor.at
    label = None
    if cursor.accept("CONSTRAINT"):
        if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
        if cursor.word not in _BEGIN:
            label = cursor.identifier()
    else:
        if_not_exists = False
    if cursor.accept("PRIMARY"):
        cursor.expect("KEY")
        cursor.accept("IF", "NOT", "EXISTS")
        if cursor.is_identifier() and cursor.word != "USING":
            cursor.identifier()
        _method(cursor)
        keys = index_keys(cursor)
        _options(cursor)
        columns = tuple(key.column or "" for key in keys)
        made = Constraint(kind=ConstraintKind.PRIMARY_KEY, span=cursor.span(first), name=label, columns=columns)
        return made, if_not_exists
    if cursor.accept("FOREIGN"):
        return _foreign(cursor, label, first, if_not_exists=if_not_exists)
    if cursor.word == "CHECK":
        return check(cursor, label, first), if_not_exists
    return _index(cursor, table, label, first)


def _foreign(cursor: Cursor, label: str | None, first: int, *, if_not_exists: bool) -> tuple[Constraint, bool]:
    cursor.expect("KEY")
    if cursor.accept("IF", "NOT", "EXISTS"):
        if_not_exists = True
    own = cursor.identifier() if cursor.word != "(" else None
    columns = tuple(cursor.listed(cursor.identifier))
    return references(cursor, columns, label or own, first), if_not_exists


def references(cursor: Cursor, columns: tuple[str, ...], name: str | None, first: int) -> Constraint:
    """Take ``REFERENCES parent (column, …) …``."""
    cursor.expect("REFERENCES")
    parent = cursor.name()
    parents = tuple(cursor.listed(cursor.identifier)) if cursor.word == "(" else ()
    if cursor.accept("MATCH") and not cursor.accept_any("FULL", "PARTIAL", "SIMPLE"):
        cursor.fail()
    actions: dict[str, str] = {}
    while cursor.word == "ON" and cursor.ahead() in {"DELETE", "UPDATE"} and cursor.ahead() not in actions:
        if cursor.ahead(2) not in {"CASCADE", "RESTRICT", "SET", "NO"}:
            break  # a column's ON UPDATE
        cursor.at += 1
        event = cursor.take().upper()
        action = cursor.take().upper()
        if action in {"SET", "NO"}:
            second = cursor.accept_any("NULL", "DEFAULT") if action == "SET" else cursor.accept_any("ACTION")
            if not second:
                cursor.fail()
            action = f"{action} {second}"
        actions[event] = action
    return Constraint(
        kind=ConstraintKind.FOREIGN_KEY,
        span=cursor.span(first),
        name=name,
        columns=columns,
        references=parent,
        referenced_columns=parents,
        on_delete=actions.get("DELETE"),
        on_update=actions.get("UPDATE"),
    )


def check(cursor: Cursor, name: str | None, first: int) -> Constraint:
    """Take ``CHECK (expression)``, enforced or not."""
    cursor.expect("CHECK", "(")
    found = expression(cursor, Facts())
    cursor.expect(")")
    is_enforced = True
    if cursor.word == "NOT" and cursor.ahead() == "ENFORCED":
        cursor.at += 2
        is_enforced = False
    else:
        cursor.accept("ENFORCED")
    return Constraint(
        kind=ConstraintKind.CHECK,
        span=cursor.span(first),
        name=name,
        columns=found.columns,
        expression=found,
        enforced=is_enforced,
    )


def _index(cursor: Cursor, table: Name, label: str | None, first: int) -> tuple[CreateIndex, bool]:
    unique = cursor.accept("UNIQUE")
    method = None if unique else cursor.accept_any("FULLTEXT", "SPATIAL", "VECTOR").lower() or None
    if not cursor.accept_any("INDEX", "KEY") and not unique and method is None:
        cursor.fail()
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.identifier() if cursor.is_identifier() and cursor.word not in {"USING", "TYPE"} else None
    before = _method(cursor)
    keys = index_keys(cursor)
    after = _options(cursor)
    made = CreateIndex(
        span=cursor.span(first),
        index=name or label,
        table=table,
        keys=keys,
        unique=unique,
        method=method or after or before,
        if_not_exists=if_not_exists,
    )
    return made, if_not_exists


def create_index(cursor: Cursor, first: int, *, or_replace: bool) -> CreateIndex:
    """Take what stands behind CREATE, to the end of the index's options; ALGORITHM and LOCK are left."""
    unique = cursor.accept("UNIQUE")
    method = None if unique else cursor.accept_any("FULLTEXT", "SPATIAL", "VECTOR").lower() or None
    cursor.expect("INDEX")
    if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
    name = cursor.identifier()
    before = _method(cursor)
    cursor.expect("ON")
    table = cursor.name()
    wait(cursor)
    keys = index_keys(cursor)
    after = _options(cursor)
    return CreateIndex(
        span=cursor.span(first),
        index=name,
        table=table,
        keys=keys,
        unique=unique,
        method=method or after or before,
        if_not_exists=if_not_exists and not or_replace,
    )


def wait(cursor: Cursor) -> None:
    """Take MariaDB's WAIT n or NOWAIT, if it is there."""
    if cursor.accept("WAIT"):
        cursor.number()
    else:
        cursor.accept("NOWAIT")


def index_keys(cursor: Cursor) -> tuple[IndexKey, ...]:
    """Take an index's keys in their parentheses."""
    return tuple(cursor.listed(lambda: _key(cursor)))


def _key(cursor: Cursor) -> IndexKey:
    if cursor.word == "(":
        cursor.expect("(")
        found = expression(cursor, Facts())
        cursor.expect(")")
        return IndexKey(expression=found, descending=cursor.accept_any("ASC", "DESC") == "DESC")
    column = cursor.identifier()
    length = None
    if cursor.accept("("):
        length = cursor.number()
        if not length.isdecimal():
            cursor.fail()
        cursor.expect(")")
    descending = cursor.accept_any("ASC", "DESC") == "DESC"
    if cursor.accept("WITHOUT"):
        cursor.expect("OVERLAPS")
    return IndexKey(column=column, descending=descending, length=None if length is None else int(length[:9]))


def _method(cursor: Cursor) -> str | None:
    if cursor.word == "USING" or (cursor.word == "TYPE" and cursor.ahead() in {"BTREE", "HASH", "RTREE"}):
        cursor.at += 1
        return cursor.accept_any("BTREE", "HASH", "RTREE").lower() or cursor.fail()
    return None


def _options(cursor: Cursor) -> str | None:
    """Take an index's options, and give its method if it is among them."""
    method = None
    while True:
        if found := _method(cursor):
            method = found
        elif cursor.word in _VALUED:
            cursor.at += 1
            cursor.accept("=")
            if cursor.kind not in {"number", "string", "word"}:
                cursor.fail()
            cursor.at += 1
        elif cursor.accept("WITH"):
            cursor.expect("PARSER")
            cursor.identifier()
        elif cursor.accept("NOT"):
            cursor.expect("IGNORED")
        elif cursor.accept("CLUSTERING"):
            cursor.expect("=")
            cursor.identifier()
        elif not cursor.accept_any(*_SWITCHES):
            return method
