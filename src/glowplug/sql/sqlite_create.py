"""What a CREATE statement of SQLite says, more than any pragma tells.

The statements come from ``sqlite_master``, so SQLite's own parser has accepted them: what stands here may read them
lightly, but loses nothing. A word that it does not know ends up in ``Column.clauses`` or raises ``ValueError``.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from glowplug.sql.sqlite import RESERVED, VALUES, normalised, quoted, tokens
from glowplug.sql.sqlite_cursor import Cursor, split_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.sql.sqlite import Token

_TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
_COLUMN_CONSTRAINTS = frozenset(
    {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "AS", "DEFERRABLE"}
)
_ACTIONS_BY_DEFAULT = frozenset({"NO ACTION", "SIMPLE", "NONE"})


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column as its table's text has it; ``clauses`` is what no other field holds."""

    name: str
    type: str
    not_null: bool
    not_null_conflict: str | None
    default: str | None
    collation: str | None
    generated: str | None
    clauses: str | None


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint, written as a table's constraint wherever it stood; ``columns`` are a primary key's.

    ``refers_to`` is the table whose primary key a foreign key means without naming its columns.
    """

    name: str | None
    label: str  # what it is called where it has no name
    definition: str
    columns: tuple[str, ...] = ()
    refers_to: str | None = None

    def referring_to(self, key: Sequence[str]) -> Constraint:
        """Name the columns of the primary key that is meant."""
        if self.refers_to is None or not key:
            return self
        named = f"{self.label} REFERENCES {quoted(self.refers_to)}"
        columns = ", ".join(map(quoted, key))
        return structs.replace(
            self, refers_to=None, definition=f"{named} ({columns}){self.definition.removeprefix(named)}"
        )


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a CREATE TABLE says."""

    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    without_rowid: bool
    strict: bool


def _indexed_columns(found: Sequence[Token]) -> str:
    items = ([token for token in item if token.word != "ASC"] for item in split_list(found))
    return ", ".join(normalised(item) for item in items)


def _actions(reader: Cursor) -> dict[str, str]:
    actions: dict[str, str] = {}
    while True:
        if reader.accept("ON"):
            event = f"ON {reader.take().word}"
            action = reader.take().word
            actions[event] = f"{action} {reader.take().word}" if action in {"SET", "NO"} else action
        elif reader.accept("MATCH"):
            actions["MATCH"] = reader.take().name.upper()
        else:
            return actions


def _foreign_key(reader: Cursor, name: str | None, label: str) -> Constraint:
    target = reader.take().name
    parts = [f"{label} REFERENCES {quoted(target)}"]
    named = reader.text == "("
    if named:
        parts.append("(" + ", ".join(quoted(item[0].name) for item in split_list(reader.group())) + ")")
    actions = _actions(reader)
    deferred = False
    while True:
        if reader.accept("NOT", "DEFERRABLE"):
            deferred = False
            if reader.accept("INITIALLY"):
                reader.take()
        elif reader.accept("DEFERRABLE"):
            deferred = reader.accept("INITIALLY") and reader.take().word == "DEFERRED"
        else:
            break
    parts += [f"{event} {actions[event]}" for event in sorted(actions) if actions[event] not in _ACTIONS_BY_DEFAULT]
    definition = " ".join(parts) + (" DEFERRABLE INITIALLY DEFERRED" if deferred else "")
    return Constraint(name=name, label=label, definition=definition, refers_to=None if named else target)


def _constraint(reader: Cursor, name: str | None, column: str | None) -> Constraint:
    """Read one constraint of a column (``column`` is its quoted name), or of the table."""
    if reader.accept("PRIMARY", "KEY"):
        if column is None:
            inside = reader.group()
            keys = tuple(item[0].name for item in split_list(inside))
            listed = _indexed_columns(inside)
        else:
            keys = (column,)
            listed = quoted(column) + (" DESC" if reader.accept("DESC") else "")
            reader.accept("ASC")
        conflict = reader.conflict()
        listed += " AUTOINCREMENT" if reader.accept("AUTOINCREMENT") else ""
        return Constraint(name=name, label="PRIMARY KEY", definition=f"PRIMARY KEY ({listed}){conflict}", columns=keys)
    if reader.accept("UNIQUE"):
        listed = _indexed_columns(reader.group()) if column is None else quoted(column)
        label = f"UNIQUE ({listed})"
        return Constraint(name=name, label=label, definition=label + reader.conflict())
    if reader.accept("CHECK"):
        label = f"CHECK ({normalised(reader.group())})"
        reader.conflict()  # SQLite ignores it here
        return Constraint(name=name, label=label, definition=label)
    if column is None and reader.accept("FOREIGN", "KEY"):
        label = "FOREIGN KEY (" + ", ".join(quoted(item[0].name) for item in split_list(reader.group())) + ")"
        if not reader.accept("REFERENCES"):
            raise ValueError("a foreign key without REFERENCES")
        return _foreign_key(reader, name, label)
    if column is not None and reader.accept("REFERENCES"):
        return _foreign_key(reader, name, f"FOREIGN KEY ({quoted(column)})")
    raise ValueError(f"an unknown constraint at {reader.text!r}")


def _type(reader: Cursor) -> str:
    start = reader.position
    while not reader.done() and reader.word not in _COLUMN_CONSTRAINTS:
        if reader.word == "GENERATED" and reader.ahead(1) == "ALWAYS":
            break
        if reader.text == "(":
            reader.group()
        else:
            reader.take()
    return normalised(reader.found[start : reader.position])


def _default(reader: Cursor) -> str:
    # Raw, not normalised: DEFAULT "true" is a string, DEFAULT true is not.
    if reader.text == "(":
        return "(" + " ".join(token.text for token in reader.group()) + ")"
    sign = reader.take().text if reader.text in {"+", "-"} else ""
    value = reader.take()
    return sign + (value.text.upper() if value.word in RESERVED | VALUES else value.text)


def _column(found: Sequence[Token], constraints: list[Constraint]) -> Column:
    reader = Cursor(found)
    name = reader.take().name
    type_ = _type(reader)
    not_null, conflict = False, ""
    default = collation = generated = constraint_name = None
    clauses: list[Token] = []
    while not reader.done():
        if reader.accept("CONSTRAINT"):
            constraint_name = reader.take().name
            continue
        if reader.accept("NOT", "NULL"):
            not_null, conflict = True, reader.conflict()
        elif reader.accept("NULL"):
            reader.conflict()
        elif reader.accept("DEFAULT"):
            default = _default(reader)
        elif reader.accept("COLLATE"):
            collation = reader.take().name
        elif reader.accept("GENERATED", "ALWAYS", "AS") or reader.accept("AS"):
            expression = normalised(reader.group())
            generated = f"({expression}) {reader.take().word if reader.word in {'STORED', 'VIRTUAL'} else 'VIRTUAL'}"
        elif reader.word in {"PRIMARY", "UNIQUE", "CHECK", "REFERENCES"}:
            constraints.append(_constraint(reader, constraint_name, name))
        else:
            clauses.append(reader.take())
        constraint_name = None
    return Column(
        name=name,
        type=type_,
        not_null=not_null,
        not_null_conflict=conflict.strip().removeprefix("ON CONFLICT ") or None,
        default=default,
        collation=None if collation is None or collation.upper() == "BINARY" else collation,
        generated=generated,
        clauses=normalised(clauses) or None,
    )


@functools.lru_cache(maxsize=4096)
def parse_table(statement: str) -> Table:
    """Read a CREATE TABLE of ``sqlite_master``.

    Raises:
        ValueError: it says something that is not known here.
    """
    reader = Cursor(list(tokens(statement)))
    while reader.text != "(":
        reader.take()
    items = split_list(reader.group())
    options = [token.word for token in reader.found[reader.position :]]
    if set(options) - {"WITHOUT", "ROWID", "STRICT", "", ","}:
        raise ValueError(f"unknown table options: {' '.join(options)}")
    columns: list[Column] = []
    constraints: list[Constraint] = []
    for item in items:
        if item and item[0].word not in _TABLE_CONSTRAINTS:
            columns.append(_column(item, constraints))
            continue
        part = Cursor(item)
        while not part.done():  # SQLite takes table constraints without a comma between them too
            name = part.take().name if part.accept("CONSTRAINT") else None
            constraints.append(_constraint(part, name, None))
    return Table(
        columns=tuple(columns),
        constraints=tuple(constraints),
        without_rowid="WITHOUT" in options,
        strict="STRICT" in options,
    )


def whole(statement: str) -> str:
    """All of a statement, in the one way to write it."""
    return normalised(list(tokens(statement)))


@functools.lru_cache(maxsize=4096)
def definition(statement: str) -> str:
    """What a CREATE INDEX, TRIGGER, VIEW or VIRTUAL TABLE of ``sqlite_master`` says, without its own name.

    An index loses its table's name as well: ``UNIQUE (a, b) WHERE c``.
    """
    reader = Cursor(list(tokens(statement)))
    reader.accept("CREATE")
    reader.accept("TEMP")
    reader.accept("TEMPORARY")
    unique = reader.accept("UNIQUE")
    kind = reader.take().word
    reader.accept("TABLE")
    reader.accept("IF", "NOT", "EXISTS")
    reader.take()
    if reader.text == ".":
        reader.take()
        reader.take()
    if kind == "INDEX":
        reader.accept("ON")
        reader.take()
        columns = _indexed_columns(reader.group())
        rest = normalised(reader.found[reader.position :])
        return ("UNIQUE " if unique else "") + f"({columns})" + (f" {rest}" if rest else "")
    return normalised(reader.found[reader.position :])
