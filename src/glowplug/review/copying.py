"""Copying the rows of a table into the one that is to take its place, on SQLite: whether and how it can be written."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.review.filling import puts
from glowplug.sql.parts import ConstraintKind
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glowplug.review.context import Context
    from glowplug.review.filling import Put
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.parts import Constraint, Name

_KEYS = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE})
_EMPTIEST = (
    (("TIMESTAMP", "DATETIME"), "'1970-01-01 00:00:00'"),
    (("DATE",), "'1970-01-01'"),
    (("TIME",), "'00:00:00'"),
    (("INT",), "0"),
    (("CHAR", "CLOB", "TEXT"), "''"),
    (("BLOB",), "x''"),
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def puts_of(context: Context, rebuild: Rebuild, before: TableFacts, after: TableFacts) -> tuple[Put, ...] | None:
    """Tell what the copy of a rebuild puts into which column; None where that can't be told."""
    if rebuild.copy is None or rebuild.insert is None:
        return None
    source = rebuild.aside if rebuild.old_first else rebuild.table
    return puts(context.text(rebuild.copy), rebuild.insert, source, before, after, context.dialect)


def intended(rebuild: Rebuild, filled: Sequence[Put] | None, before: TableFacts) -> Sequence[Put]:
    """Leave what a copy without a list of columns puts, by their order, into a column that the old table has too."""
    if rebuild.insert is None or rebuild.insert.columns:
        return filled or ()
    return [each for each in filled or () if each.column.casefold() not in before.columns]


def mismatched(schema: Simulation, after: TableFacts) -> list[str]:
    """Name the tables between which and ``after`` a foreign key would point at no key, were it alone what changes.

    ``PRAGMA foreign_key_check`` then fails as a whole.
    """
    found = [
        str(child.name)
        for child, facts in schema.references_to(after.name)
        if child.name != after.name and not _is_key(after, facts.definition)
    ]
    for facts in after.constraints.values():
        parent = facts.definition.references
        if parent is not None:
            itself = parent.name.casefold() == after.name.name.casefold()
            table = after if itself else schema.table(parent)
            found += [] if table is not None and _is_key(table, facts.definition) else [str(parent)]
    return list(dict.fromkeys(found))


def _is_key(parent: TableFacts, reference: Constraint) -> bool:
    """Whether the columns that a foreign key points at are a key of the parent."""
    keys = [facts.definition for facts in parent.constraints.values() if facts.definition.kind in _KEYS]
    if not reference.referenced_columns:
        primary = (key.columns for key in keys if key.kind is ConstraintKind.PRIMARY_KEY)
        return any(len(columns) == len(reference.columns) for columns in primary)
    wanted = _folded(reference.referenced_columns)
    unique = [key.columns for key in keys]
    unique += [
        tuple(key.column or "" for key in index.keys)
        for index in parent.indexes.values()
        if index.unique and index.where is None
    ]
    return any(_folded(columns) == wanted for columns in unique)


def _folded(columns: Iterable[str]) -> set[str]:
    return {each.casefold() for each in columns}


def copies_all(context: Context, rebuild: Rebuild, before: TableFacts, after: TableFacts) -> bool:
    """Whether the copy is a plain one, so that another can be written: each row of the one table, nothing of others."""
    insert = rebuild.insert
    if rebuild.copy is None or insert is None or any("." in each.text or each.subquery for each in insert.select):
        return False
    if len(insert.columns) != len(insert.select) and not after.columns.keys() <= before.columns.keys():
        return False
    old = rebuild.aside if rebuild.old_first else rebuild.table
    text = _COMMENT.sub(" ", context.text(rebuild.copy)).strip()
    name = rf"(?:[\w\"`\[\]]+\.)?[\"`\[]?{re.escape(old.name)}[\"`\]]?"
    return (
        re.search(rf"\bFROM\s+{name}(?:\s+(?:AS\s+)?\w+)?\s*;?$", text, re.IGNORECASE) is not None
        and re.search(
            r"\b(?:DISTINCT|WITH|UNION|EXCEPT|INTERSECT)\b|\bON\s+CONFLICT\b|\bOR\s+\w+\s+INTO\b", text, re.IGNORECASE
        )
        is None
    )


def stricter(column: str, before: TableFacts, after: TableFacts) -> bool:
    """Whether the new table may refuse what the old one holds in a column."""
    there = after.columns.get(column)
    if there is None:
        return False
    old = {_shape(each.definition) for each in before.constraints.values()}
    return (there.not_null and not before.columns[column].not_null) or any(
        _shape(each.definition) not in old and column in _naming(each.definition)
        for each in after.constraints.values()
        if each.definition.kind is not ConstraintKind.FOREIGN_KEY
    )


def _shape(constraint: Constraint) -> tuple[object, ...]:
    text = "" if constraint.expression is None else " ".join(constraint.expression.text.casefold().split())
    return constraint.kind, tuple(each.casefold() for each in constraint.columns), text


def _naming(constraint: Constraint) -> set[str]:
    named = {*constraint.columns, *(constraint.expression.columns if constraint.expression is not None else ())}
    return {each.casefold() for each in named}


def copy_sql(  # noqa: PLR0917 - two tables, their names, and what is said of columns
    before: TableFacts,
    after: TableFacts,
    new: Name,
    old: Name,
    filled: Sequence[Put] | None = None,
    own: Sequence[str] = (),
    *,
    given: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Write the INSERT that copies every row and every column of both tables.

    ``filled``: what a file's own INSERT puts into columns; ``own`` get their old value whatever it says; ``given`` what
    no column has.
    """
    copied = _same(before, after)
    copied |= given
    copied |= {
        each.column: each.text if each.source is None else _sql(each.source)
        for each in filled or ()
        if each.source is not None or ("." not in each.text and each.value is not None and not each.value.subquery)
    }
    return _insert_sql(copied | {each: _sql(each) for each in own}, new, old)


def back_sql(before: TableFacts, after: TableFacts, old: Name, filled: Sequence[Put], given: Mapping[str, str]) -> str:
    """Write the INSERT of the way back: each old column from the one that its value was put into, or as ``given``."""
    moved = {each.source: _sql(each.column) for each in filled if each.source is not None}
    stayed = {each.source: _sql(each.column) for each in filled if each.source == each.column}
    taken = {column for column in moved if before.columns[column.casefold()].generated is None}
    copied = _same(after, before) | dict(given)
    copied |= {column: text for column, text in (moved | stayed).items() if column in taken}
    return _insert_sql(copied, old, after.name)


def stand_ins(out_of: TableFacts, into: TableFacts) -> dict[str, str]:
    """Give, for each column that has to hold a value which the rows of ``out_of`` don't tell, one that all can have."""
    bound = {at for facts in into.constraints.values() for at in _naming(facts.definition)}
    bound |= {(key.column or "").casefold() for index in into.indexes.values() if index.unique for key in index.keys}
    return {
        each.name: _nothing(str(each.type or "blob").upper())
        for at, each in into.columns.items()
        if at not in out_of.columns and at not in bound
        if each.not_null and each.default is None and each.generated is None
    }


def _nothing(kind: str) -> str:
    """Write the emptiest value of a type, by what Diesel reads of it, and by SQLite's affinities."""
    return next((value for words, value in _EMPTIEST if any(word in kind for word in words)), "0")


def _same(out_of: TableFacts, into: TableFacts) -> dict[str, str]:
    """Give what both tables have by one name."""
    return {
        each.name: _sql(each.name)
        for at, each in into.columns.items()
        if each.generated is None and at in out_of.columns
    }


def _insert_sql(copied: Mapping[str, str], into: Name, out_of: Name) -> str:
    columns, values = ", ".join(map(_sql, copied)), ", ".join(copied.values())
    return f"INSERT INTO {_sql(into)} ({columns})\nSELECT {values} FROM {_sql(out_of)}"


def _sql(name: str | Name) -> str:
    return quoted(name, Dialect.SQLITE)
