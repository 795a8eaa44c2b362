"""What MODIFY and CHANGE take from a column by not repeating it, and the same statement with all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.review import mysql_alter
from glowplug.review.mysql_type_change import MARIADB, WITH_CHARSET, canonical, written
from glowplug.schema.simulation.parts import own_check
from glowplug.sql.parts import ConstraintKind, Identity, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.actions import ModifyColumn
    from glowplug.sql.parts import Expression, TypeName

_CHECKS_COUNT = (10, 2)  # the first MariaDB that heeds a CHECK; until then it is read, and forgotten
_BEHIND_TYPE = "CHARACTER SET"
_TYPE = re.compile(
    r"\s*(?:`(?:[^`]|``)*`|\S+)\s+(?:(?:char|varchar|tinytext|text|mediumtext|longtext|enum|set)\b)"
    r"(?:\s*(?P<values>\((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^)'\"])*\)))?",
    re.IGNORECASE,
)
_NOW = re.compile(r"(?P<name>current_timestamp|now|localtime|localtimestamp)(?:(?P<empty>\(\))|\(\d\))?", re.IGNORECASE)
_NULL = re.compile(r"(?P<other>\b(?:NOT|DEFAULT)\s+)?\bNULL\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lost:
    """What is not repeated, as SQL, and what follows from that; ``grave`` where INSERTs fail at once."""

    text: str
    follows: str
    grave: bool = False

    @property
    def kind(self) -> str:
        """What it is of, whatever its value."""
        word = self.text.split(maxsplit=1)[0]
        return _BEHIND_TYPE if word == "COLLATE" or self.text.startswith(_BEHIND_TYPE) else word


def lost(action: ModifyColumn, context: Context) -> tuple[Lost, ...]:
    """Give what the column has, as far as the chain tells, and the new definition does not say.

    A down.sql takes nothing by leaving out what was not there before its up.sql, and says what was.
    """
    table = context.schema.table(action.table)
    column = context.schema.column(action.table, action.column)
    if table is None or column is None or action.definition.generated is not None:
        return ()
    now = tuple(_lost(action, context, table, column))
    was = _before_up(context, table, column)
    if was is None:
        return now
    gone = {each.kind for each in now}
    return tuple(each for each in _lost(action, context, *was) if each.kind in gone)


def _before_up(context: Context, table: TableFacts, column: ColumnFacts) -> tuple[TableFacts, ColumnFacts] | None:
    """Find a down.sql's table and column as they were before its up.sql, under whatever name."""
    tables = () if context.earlier is None else context.earlier.tables()
    return next(
        (
            (each, other)
            for each in tables
            if each.born == table.born
            for other in each.columns.values()
            if other.born == column.born
        ),
        None,
    )


def whole(action: ModifyColumn, context: Context, missing: Sequence[Lost]) -> str | None:
    """Write the statement with what it leaves out, and an ENUM's or SET's new values behind the old ones.

    None: there is nothing to add, or the text gives no place for it.
    """
    said = action.definition
    text, start = context.text(said.span), said.span.start
    puts: list[tuple[Span, str]] = []
    type_ = _TYPE.match(text)
    values = None if context.down else appended(action, context)
    if values is not None and type_ is not None and type_["values"]:
        puts.append((Span(start + type_.start("values"), start + type_.end("values")), f"({_listed(values)})"))
    rest = "".join(f" {each.text}" for each in missing if not each.text.startswith(_BEHIND_TYPE))
    if rest:
        puts.append((Span(said.span.end, said.span.end), rest))
    behind_type = [each.text for each in missing if each.text.startswith(_BEHIND_TYPE)]
    if behind_type and type_ is not None:  # before the rest, where both come to stand at the end
        puts.append((Span(start + type_.end(), start + type_.end()), f" {behind_type[0]}"))
    if not puts or (behind_type and type_ is None):
        return None
    statement, first = context.text(context.statement.span), context.statement.span.start
    for span, put in sorted(puts, key=lambda each: each[0].start, reverse=True):
        statement = statement[: span.start - first] + put + statement[span.end - first :]
    return statement


def appended(action: ModifyColumn, context: Context) -> TypeName | None:
    """Give the type with the values that are new behind those that are there, where they stand elsewhere."""
    column, kind = context.schema.column(action.table, action.column), action.definition.type
    if column is None or column.type is None or kind is None:
        return None
    old, new = (mysql_alter.column_type(context, action.table, each) for each in (column.type, kind))
    if old.name != new.name or old.name not in {"enum", "set"}:
        return None
    fresh = tuple(each for each in new.modifiers if each not in old.modifiers)
    if not fresh or new.modifiers[: len(old.modifiers)] == old.modifiers:
        return None
    return replace(old, modifiers=(*old.modifiers, *fresh))


def _listed(kind: TypeName) -> str:
    bare = written(replace(kind, charset=None, collation=None))
    return bare[bare.index("(") + 1 : bare.rindex(")")]


def _lost(action: ModifyColumn, context: Context, table: TableFacts, column: ColumnFacts) -> Iterator[Lost]:
    new, name = action.definition, action.definition.name
    said = any(found["other"] is None for found in _NULL.finditer(context.text(new.span)))
    key = any(
        each.definition.kind is ConstraintKind.PRIMARY_KEY
        and column.name.casefold() in map(str.casefold, each.definition.columns)
        for each in table.constraints.values()
    )
    if column.not_null and not new.not_null and not said and not key and new.identity is None:
        implied = new.type is not None and new.type.name == "timestamp"
        where = " (where explicit_defaults_for_timestamp is on)" if implied else ""
        yield Lost("NOT NULL", f"rows can hold NULL in {name}, which the release that runs can't read{where}")
    if column.default is not None and new.default is None and new.identity is None:
        fails = new.not_null or (column.not_null and key)
        follows = "fail in strict mode" if fails else "put NULL there"
        yield Lost(f"DEFAULT {_as_precise(column.default, new.type)}", f"INSERTs that leave {name} out {follows}")
    if column.identity is Identity.AUTO_INCREMENT and new.identity is None:
        yield Lost("AUTO_INCREMENT", f"INSERTs that leave {name} out fail in strict mode", grave=True)
    check = _own_check(table, column) if _heeds_checks(context) else None
    if check is not None and not any(each.kind is ConstraintKind.CHECK for each in new.constraints):
        where = "" if context.terms.version is not None else " (on MariaDB)"
        yield Lost(f"CHECK ({check.text})", f"rows that it refused get in{where}")
    if column.on_update is not None and new.on_update is None:
        yield Lost(
            f"ON UPDATE {_as_precise(column.on_update, new.type)}", f"{name} no longer follows when a row changes"
        )
    if column.comment and new.comment is None:
        escaped = column.comment.replace("\\", "\\\\").replace("'", "''")
        yield Lost(f"COMMENT '{escaped}'", "")
    yield from _lost_encoding(action, column)


def _as_precise(value: Expression, kind: TypeName | None) -> str:
    """Write a moment with as many digits of its second as the type has: the server refuses another number of them."""
    now = _NOW.fullmatch(value.text)
    if now is None or kind is None or kind.name not in {"datetime", "timestamp"}:
        return value.text
    return now["name"] + (f"({kind.modifiers[0]})" if kind.modifiers else now["empty"] or "")


def _heeds_checks(context: Context) -> bool:
    version = context.terms.version
    return MARIADB in mysql_alter.vendors(context) and (version is None or version.numbers >= _CHECKS_COUNT)


def _own_check(table: TableFacts, column: ColumnFacts) -> Expression | None:
    """Give the CHECK within the column's definition, which is a part of it on MariaDB."""
    facts = table.constraints.get(own_check(column.name.casefold()))
    return None if facts is None else facts.definition.expression


def _lost_encoding(action: ModifyColumn, column: ColumnFacts) -> Iterator[Lost]:
    new = action.definition.type
    if column.type is None or new is None or not {canonical(new).name, canonical(column.type).name} <= WITH_CHARSET:
        return
    if new.charset is None and new.collation is None:
        if column.type.collation:
            yield Lost(f"COLLATE {column.type.collation}", "its texts get the table's character set and collation")
        elif column.type.charset:
            yield Lost(f"CHARACTER SET {column.type.charset}", "its texts get the table's character set")
