"""What a CREATE statement of SQLite says, more than any pragma tells.

The statements come from ``sqlite_master``, so SQLite's own parser has accepted them: what stands here may read them
lightly, but loses nothing. A word that it does not know ends up in ``Column.clauses`` or raises ``ValueError``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.sql.sqlite import RESERVED, VALUES, normalised, quoted, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.sql.sqlite import Token

_TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
_COLUMN_CONSTRAINTS = frozenset(
    {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "AS", "DEFERRABLE"}
)
_ACTIONS_BY_DEFAULT = frozenset({"NO ACTION", "SIMPLE", "NONE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as its table's text has it; ``clauses`` is what no other field holds."""

    name: str
    type: str
    not_null: bool
    not_null_conflict: str | None
    default: str | None
    collation: str | None
    generated: str | None
    clauses: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A constraint, written as a table's constraint wherever it stood; ``columns`` are a primary key's."""

    name: str | None
    label: str  # what it is called where it has no name
    definition: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a CREATE TABLE says."""

    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    without_rowid: bool
    strict: bool


class _Reader:
    """A cursor over tokens."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.found = found
        self.position = 0

    @property
    def word(self) -> str:
        return self.ahead(0)

    def ahead(self, distance: int) -> str:
        index = self.position + distance
        return self.found[index].word if index < len(self.found) else ""

    @property
    def text(self) -> str:
        return self.found[self.position].text if self.position < len(self.found) else ""

    def take(self) -> Token:
        if self.position >= len(self.found):
            raise ValueError("the statement ends too early")
        self.position += 1
        return self.found[self.position - 1]

    def accept(self, *words: str) -> bool:
        if all(self.ahead(distance) == word for distance, word in enumerate(words)):
            self.position += len(words)
            return True
        return False

    def group(self) -> list[Token]:
        """Take a parenthesised group, and give what is inside."""
        if self.text != "(":
            raise ValueError(f"a parenthesis was expected at {self.text!r}")
        start, depth = self.position, 0
        while True:
            text = self.take().text
            depth += (text == "(") - (text == ")")
            if depth == 0:
                return list(self.found[start + 1 : self.position - 1])

    def done(self) -> bool:
        return self.position >= len(self.found)

    def conflict(self) -> str:
        return f" ON CONFLICT {self.take().word}" if self.accept("ON", "CONFLICT") else ""


def split_list(found: Sequence[Token]) -> list[list[Token]]:
    """Cut a list at its commas, those within parentheses left alone."""
    items: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text == ",":
            items.append([])
        else:
            items[-1].append(token)
    return items


def _indexed_columns(found: Sequence[Token]) -> str:
    items = ([token for token in item if token.word != "ASC"] for item in split_list(found))
    return ", ".join(normalised(item) for item in items)


def _actions(reader: _Reader) -> dict[str, str]:
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


def _references(reader: _Reader) -> str:
    target = quoted(reader.take().name)
    parts = [f"REFERENCES {target}"]
    if reader.text == "(":
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
    return " ".join(parts) + (" DEFERRABLE INITIALLY DEFERRED" if deferred else "")


def _constraint(reader: _Reader, name: str | None, column: str | None) -> Constraint:
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
        return Constraint(name=name, label=label, definition=f"{label} {_references(reader)}")
    if column is not None and reader.accept("REFERENCES"):
        label = f"FOREIGN KEY ({quoted(column)})"
        return Constraint(name=name, label=label, definition=f"{label} {_references(reader)}")
    raise ValueError(f"an unknown constraint at {reader.text!r}")


def _type(reader: _Reader) -> str:
    start = reader.position
    while not reader.done() and reader.word not in _COLUMN_CONSTRAINTS:
        if reader.word == "GENERATED" and reader.ahead(1) == "ALWAYS":
            break
        if reader.text == "(":
            reader.group()
        else:
            reader.take()
    return normalised(reader.found[start : reader.position])


def _default(reader: _Reader) -> str:
    # Raw, not normalised: DEFAULT "true" is a string, DEFAULT true is not.
    if reader.text == "(":
        return "(" + " ".join(token.text for token in reader.group()) + ")"
    sign = reader.take().text if reader.text in {"+", "-"} else ""
    value = reader.take()
    return sign + (value.text.upper() if value.word in RESERVED | VALUES else value.text)


def _column(found: Sequence[Token], constraints: list[Constraint]) -> Column:
    reader = _Reader(found)
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
    reader = _Reader(list(tokens(statement)))
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
        part = _Reader(item)
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
    reader = _Reader(list(tokens(statement)))
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
