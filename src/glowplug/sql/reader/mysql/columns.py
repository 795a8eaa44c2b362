"""Types and columns, as CREATE TABLE and ALTER TABLE define them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.sql.parts import Column, Constraint, ConstraintKind, Expression, Identity, TypeName
from glowplug.sql.reader.mysql.constraints import check, references
from glowplug.sql.reader.mysql.expressions import expression, operand_alone
from glowplug.sql.reader.mysql.facts import Facts
from glowplug.sql.reader.mysql.words import TYPES

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor

_SECOND_WORDS = {
    "DOUBLE": ("PRECISION",),
    "CHARACTER": ("VARYING",),
    "CHAR": ("VARYING",),
    "NCHAR": ("VARYING", "VARCHAR"),
    "LONG": ("VARCHAR", "VARCHARACTER", "VARBINARY", "CHAR"),
}

_SWITCHES = frozenset(
    {
        *("INVISIBLE", "VISIBLE", "COMPRESSED", "COLUMN_FORMAT", "STORAGE", "SRID", "REF_SYSTEM_ID"),
        *("ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"),
    }
)


def type_name(cursor: Cursor) -> TypeName:
    """Take a type with its modifiers, sign, character set and collation."""
    if cursor.kind != "word" or cursor.word not in TYPES:
        cursor.fail(f"{cursor.value!r} is no type that is known" if cursor.kind == "word" else None)
    words = [cursor.take().lower()]
    if words == ["national"]:
        words.append(cursor.take().lower())
        if words[1] not in {"char", "character", "varchar", "varcharacter"}:
            cursor.at -= 1
            cursor.fail()
    if cursor.word in _SECOND_WORDS.get(words[-1].upper(), ()):
        words.append(cursor.take().lower())
    if words[0] == "long" and cursor.word == "VARYING":
        words.append(cursor.take().lower())
    modifiers = tuple(cursor.listed(lambda: _modifier(cursor))) if cursor.word == "(" else ()
    return _with_attributes(cursor, " ".join(words), modifiers)


def _with_attributes(cursor: Cursor, name: str, modifiers: tuple[str, ...]) -> TypeName:
    unsigned = False
    charset = collation = None
    while True:
        if cursor.accept_any("UNSIGNED", "ZEROFILL"):
            unsigned = True
        elif cursor.word in {"CHARACTER", "CHARSET"} or (cursor.word == "CHAR" and cursor.ahead() == "SET"):
            charset = charset_name(cursor)
        elif cursor.word in {"ASCII", "UNICODE", "BINARY", "BYTE"}:
            charset = {"ASCII": "latin1", "UNICODE": "ucs2"}.get(cursor.take().upper(), "binary")
        elif cursor.accept("COLLATE"):
            collation = word_or_string(cursor)
        elif not cursor.accept("SIGNED"):
            break
    return TypeName(name=name, modifiers=modifiers, unsigned=unsigned, charset=charset, collation=collation)


def _modifier(cursor: Cursor) -> str:
    return cursor.text_value() if cursor.kind == "string" else cursor.number()


def charset_name(cursor: Cursor) -> str:
    """Take ``CHARACTER SET x`` in all of its spellings, and give the set's name in lower case."""
    if cursor.accept_any("CHARACTER", "CHAR"):
        cursor.expect("SET")
    else:
        cursor.expect("CHARSET")
    cursor.accept("=")
    return word_or_string(cursor)


def word_or_string(cursor: Cursor) -> str:
    """Take a word, a name or a string, and give it in lower case."""
    if cursor.kind == "string":
        return cursor.text_value().lower()
    return cursor.identifier(any_word=True).lower()


class _Attributes(msgspec.Struct):
    """What stands behind a column's type, while it is read."""

    not_null: bool = False
    default: Expression | None = None
    generated: Expression | None = None
    stored: bool = False
    identity: Identity | None = None
    collation: str | None = None
    comment: str | None = None
    on_update: Expression | None = None
    constraints: list[Constraint] = msgspec.field(default_factory=list)


def column(cursor: Cursor) -> Column:
    """Take a column's name and definition."""
    first = cursor.at
    return definition(cursor, cursor.identifier(), first)


def definition(cursor: Cursor, name: str, first: int) -> Column:
    """Take what stands behind a column's name; ``first`` is the index of its first token.

    ``SERIAL`` is read as what it stands for: a BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE.
    """
    found = _Attributes()
    at = cursor.at
    kind = type_name(cursor)
    if kind.name == "serial":
        kind = TypeName(name="bigint", unsigned=True)
        _serial(cursor, found, name, at)
    while _attribute(cursor, found, name):
        pass
    collation = found.collation or kind.collation
    if collation is not None and kind.collation is None:
        kind = TypeName(
            name=kind.name,
            modifiers=kind.modifiers,
            unsigned=kind.unsigned,
            charset=kind.charset,
            collation=collation,
        )
    return Column(
        name=name,
        span=cursor.span(first),
        type=kind,
        not_null=found.not_null,
        default=found.default,
        generated=found.generated,
        stored=found.stored,
        identity=found.identity,
        collation=collation,
        comment=found.comment,
        on_update=found.on_update,
        constraints=tuple(found.constraints),
    )


def _serial(cursor: Cursor, found: _Attributes, name: str, first: int) -> None:
    found.not_null = True
    found.identity = Identity.AUTO_INCREMENT
    found.constraints.append(Constraint(kind=ConstraintKind.UNIQUE, span=cursor.span(first), columns=(name,)))


def _attribute(cursor: Cursor, found: _Attributes, name: str) -> bool:
    """Take one attribute, or say that none is left."""
    first = cursor.at
    if cursor.accept("NOT"):
        cursor.expect("NULL")
        found.not_null = True
    elif cursor.accept("NULL"):
        found.not_null = False
    elif cursor.accept("DEFAULT"):
        found.default = default_value(cursor)
    elif cursor.accept("ON"):
        cursor.expect("UPDATE")
        found.on_update = operand_alone(cursor, Facts())
    elif cursor.accept("AUTO_INCREMENT"):
        found.identity = Identity.AUTO_INCREMENT
    elif cursor.accept("SERIAL"):
        cursor.expect("DEFAULT", "VALUE")
        _serial(cursor, found, name, first)
    elif cursor.word in {"GENERATED", "AS"}:
        _generated(cursor, found)
    else:
        return _described(cursor, found) or _constraint(cursor, found, name)
    return True


def _described(cursor: Cursor, found: _Attributes) -> bool:
    if cursor.accept("COMMENT"):
        found.comment = cursor.text_value()
    elif cursor.accept("COLLATE"):
        found.collation = word_or_string(cursor)
    elif cursor.word in _SWITCHES:
        _switch(cursor)
    elif cursor.accept_any("WITH", "WITHOUT"):
        cursor.expect("SYSTEM", "VERSIONING")
    else:
        return False
    return True


def _constraint(cursor: Cursor, found: _Attributes, name: str) -> bool:
    first = cursor.at
    if cursor.accept("UNIQUE"):
        cursor.accept("KEY")
        made = Constraint(kind=ConstraintKind.UNIQUE, span=cursor.span(first), columns=(name,))
    elif cursor.word in {"PRIMARY", "KEY"}:
        cursor.accept("PRIMARY")
        cursor.expect("KEY")
        made = Constraint(kind=ConstraintKind.PRIMARY_KEY, span=cursor.span(first), columns=(name,))
    elif cursor.word == "REFERENCES":
        made = references(cursor, (name,), None, first)
    elif cursor.word in {"CHECK", "CONSTRAINT"}:
        label = None
        if cursor.accept("CONSTRAINT") and cursor.word != "CHECK":
            label = cursor.identifier()
        referring = cursor.word == "REFERENCES"
        made = references(cursor, (name,), label, first) if referring else check(cursor, label, first)
    else:
        return False
    found.constraints.append(made)
    return True


def default_value(cursor: Cursor) -> Expression:
    """Take what stands behind DEFAULT, parentheses included."""
    return operand_alone(cursor, Facts())


def _generated(cursor: Cursor, found: _Attributes) -> None:
    if cursor.accept("GENERATED"):
        cursor.expect("ALWAYS")
    cursor.expect("AS")
    if cursor.accept("ROW"):
        first = cursor.at
        if not cursor.accept_any("START", "END"):
            cursor.fail()
        found.generated = Expression(text=f"ROW {cursor.since(first).upper()}")
        found.stored = True
        return
    cursor.expect("(")
    found.generated = expression(cursor, Facts())
    cursor.expect(")")
    found.stored = cursor.accept_any("VIRTUAL", "STORED", "PERSISTENT") in {"STORED", "PERSISTENT"}


def _switch(cursor: Cursor) -> None:
    word = cursor.take().upper()
    if word == "COMPRESSED":
        if cursor.accept("="):
            cursor.identifier()
    elif word not in {"INVISIBLE", "VISIBLE"}:
        cursor.accept("=")
        if cursor.kind not in {"word", "number", "string"}:
            cursor.fail()
        cursor.at += 1
