"""Columns, constraints and indexes as they come to be on a table, with the names that the server finds."""

from __future__ import annotations

import itertools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation import naming
from glowplug.schema.simulation.indexing import index_for_key, mysql_index_name, relieved, used
from glowplug.schema.simulation.overlay import with_item, without
from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts
from glowplug.sql.parts import ConstraintKind, Identity, IndexKey, TypeName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import Origin, TableFacts
    from glowplug.sql.parts import Column, Constraint, Expression


WITH_INDEX = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE})
PRIMARY = "PRIMARY"
_LABELS = {
    ConstraintKind.PRIMARY_KEY: "pkey",
    ConstraintKind.UNIQUE: "key",
    ConstraintKind.EXCLUDE: "excl",
    ConstraintKind.FOREIGN_KEY: "fkey",
    ConstraintKind.CHECK: "check",
    ConstraintKind.NOT_NULL: "not_null",
}
_DESCENDING = re.compile(r"\bKEY\s+DESC\b", re.IGNORECASE)
_SERIALS = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}


def column_facts(state: State, column: Column, born: Origin) -> ColumnFacts:
    """Give a column as it is once it was added, its keys aside."""
    kind = column.type
    identity = column.identity
    if state.dialect is Dialect.POSTGRES and kind is not None and kind.name in _SERIALS:
        kind, identity = replace(kind, name=_SERIALS[kind.name]), Identity.SERIAL
    default = stored_default(state, column.default, kind)
    return ColumnFacts(
        name=column.name,
        type=kind,
        not_null=column.not_null or (identity is not None and state.dialect is not Dialect.SQLITE),
        not_null_said=column.not_null,
        default=default,
        generated=column.generated,
        stored=column.stored,
        identity=identity,
        collation=column.collation or (kind.collation if kind else None),
        comment=column.comment,
        on_update=column.on_update,
        born=born,
    )


def stored_default(state: State, default: Expression | None, kind: TypeName | None) -> Expression | None:
    """Give the default that is kept: DEFAULT NULL is none, but where PostgreSQL has to fit NULL to a length."""
    if default is None or not default.null:
        return default
    return default if state.dialect is Dialect.POSTGRES and kind is not None and kind.modifiers else None


def add_sequence(state: State, key: Key, table: str, column: ColumnFacts) -> None:
    """Make the sequence of a serial or identity column (PostgreSQL)."""
    if state.dialect is Dialect.POSTGRES and column.identity is not None:
        name = naming.invented(table, column.name, "seq", lambda name: state.taken(key[0], name))
        state.put_sequence((key[0], name), key, column.name)


def add_constraint(
    state: State,
    key: Key,
    table: TableFacts,
    constraint: Constraint,
    born: Origin,
    *,
    creating: bool = False,
    inline: str | None = None,
) -> TableFacts:
    """Give the table with one more constraint, and the index that carries it.

    ``creating``: in the CREATE TABLE, where PostgreSQL takes NOT VALID for valid, for there are no rows.
    ``inline`` is the column within whose definition it was written.
    """
    if constraint.kind is ConstraintKind.NOT_NULL:
        return _add_not_null(state, table, constraint, born)
    if constraint.references is not None:
        constraint = replace(constraint, references=state.canonical(constraint.references))
    taken_over = table.indexes.get(state.fold(constraint.using_index)) if constraint.using_index else None
    if taken_over is not None:
        columns = tuple(each.column for each in taken_over.keys if each.column is not None)
        constraint = replace(constraint, columns=columns, name=constraint.name or constraint.using_index)
    elif constraint.kind in WITH_INDEX:
        table = relieved(state, table, tuple(IndexKey(column=name) for name in constraint.columns))
    name = _name(state, key, table, constraint, inline)
    facts = ConstraintFacts(
        name=name,
        definition=constraint,
        validated=constraint.enforced and (constraint.validated or (creating and state.dialect is Dialect.POSTGRES)),
        born=born,
    )
    table = replace(table, constraints=with_item(table.constraints, _place(state, table, facts, inline), facts))
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        table = _keyed(state, table, constraint)
    if constraint.kind in WITH_INDEX:
        indexes = without(table.indexes, state.fold(taken_over.name)) if taken_over else table.indexes
        index = _carrier(state, table, facts, taken_over)
        if index is not None:
            table = replace(table, indexes=with_item(indexes, state.fold(index.name), index))
    if state.dialect is Dialect.MYSQL:
        table = index_for_key(state, table, facts)
    return table


def _place(state: State, table: TableFacts, facts: ConstraintFacts, inline: str | None) -> str:
    """Say where a table's constraints hold a new one: by its name, as far as names are unique."""
    at = state.fold(facts.name)
    definition = facts.definition
    if state.mariadb and inline is not None and definition.name is None and definition.kind is ConstraintKind.CHECK:
        return own_check(at)
    return _free(at, table) if state.dialect is Dialect.SQLITE else at


def own_check(column: str) -> str:
    """Where a table's constraints hold a CHECK that is a part of a column's definition: MariaDB's have no name."""
    return f"{column} (check)"


def merged(constraints: Iterable[Constraint]) -> list[Constraint]:
    """Give what PostgreSQL makes of constraints that stand in one list.

    Of those that want the same unique index it keeps the first, under the first name that any of them has.
    """
    kept: list[Constraint] = []
    by_index: dict[object, int] = {}
    for constraint in sorted(constraints, key=lambda one: one.kind is not ConstraintKind.PRIMARY_KEY):
        wanted = _wanted_index(constraint)
        same = None if wanted is None else by_index.setdefault(wanted, len(kept))
        if same is None or same == len(kept):
            kept.append(constraint)
        elif kept[same].name is None:
            kept[same] = replace(kept[same], name=constraint.name)
    return kept


def _wanted_index(one: Constraint) -> tuple[object, ...] | None:
    if one.kind not in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE}:
        return None
    return one.columns, one.include, one.nulls_not_distinct, one.deferrable, one.initially_deferred


def _add_not_null(state: State, table: TableFacts, constraint: Constraint, born: Origin) -> TableFacts:
    """NOT NULL as a constraint: named and perhaps not valid, from PostgreSQL 18 on."""
    for name in constraint.columns:
        column = table.columns.get(state.fold(name))
        if column is None:
            continue
        if constraint.validated:
            table = replace(table, columns=with_item(table.columns, state.fold(name), replace(column, not_null=True)))
        if constraint.name or not constraint.validated:
            own = constraint.name or naming.invented(table.name.name, name, "not_null", table.constraints.__contains__)
            facts = ConstraintFacts(name=own, definition=constraint, validated=constraint.validated, born=born)
            table = replace(table, constraints=with_item(table.constraints, state.fold(own), facts))
    return table


def _name(state: State, key: Key, table: TableFacts, constraint: Constraint, inline: str | None) -> str:
    if state.dialect is Dialect.MYSQL and constraint.kind is ConstraintKind.PRIMARY_KEY:
        return PRIMARY
    if constraint.name:
        return constraint.name
    if state.dialect is Dialect.SQLITE:
        return _label(constraint, table)
    if state.dialect is Dialect.MYSQL:
        return _mysql_name(state, table, constraint, inline)
    columns = list(constraint.columns)
    if constraint.kind is ConstraintKind.CHECK:
        names = dict.fromkeys(constraint.expression.columns if constraint.expression else columns)
        columns = list(names) if len(names) == 1 else []
    first = naming.cut(table.name.name, 63)
    middle = "" if constraint.kind is ConstraintKind.PRIMARY_KEY else naming.addition(columns)
    relation = constraint.kind in WITH_INDEX

    def taken(name: str) -> bool:
        at = (key[0], name)
        return at in state.constraint_names or name in table.constraints or (relation and used(state, key, table, name))

    return naming.invented(first, middle, _LABELS[constraint.kind], taken)


def _label(constraint: Constraint, table: TableFacts) -> str:
    """SQLite finds no name: it is called by what it is, with a number where there are more of the kind."""
    label = constraint.kind.upper()
    if constraint.kind in {ConstraintKind.UNIQUE, ConstraintKind.FOREIGN_KEY}:
        label += f" ({', '.join(constraint.columns)})"
    elif constraint.kind is ConstraintKind.CHECK and constraint.expression is not None:
        label += f" ({constraint.expression.text})"
    return _free(label, table)


def _free(label: str, table: TableFacts) -> str:
    """Number what SQLite takes twice: a name, or the same constraint without one."""
    name = label
    for number in itertools.count(2):
        if name.casefold() not in table.constraints:
            break
        name = f"{label} #{number}"
    return name


def _mysql_name(state: State, table: TableFacts, constraint: Constraint, inline: str | None) -> str:
    if constraint.kind is ConstraintKind.UNIQUE:
        return mysql_index_name(table, [IndexKey(column=name) for name in constraint.columns])
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        retired = state.retired.get(state.exact(table.name), frozenset())
        return _numbered({*table.constraints, *retired}, f"{table.name.name}_ibfk_", highest=True)
    if not state.mariadb:
        return _numbered(set(table.constraints), f"{table.name.name}_chk_", highest=False)
    return inline or _numbered(set(table.constraints), "CONSTRAINT_", highest=False)


def _numbered(names: set[str], prefix: str, *, highest: bool) -> str:
    folded = prefix.casefold()
    used = {name for name in names if name.startswith(folded)}
    if highest:
        numbers = [int(name[len(folded) :]) for name in used if name[len(folded) :].isdecimal()]
        return f"{prefix}{max(numbers, default=0) + 1}"
    return next(f"{prefix}{number}" for number in itertools.count(1) if f"{folded}{number}" not in used)


def _keyed(state: State, table: TableFacts, constraint: Constraint) -> TableFacts:
    """Columns of a primary key hold no NULL; SQLite lets them, but as the rowid, in STRICT and WITHOUT ROWID tables."""
    columns = dict(table.columns)
    for name in constraint.columns:
        column = columns.get(state.fold(name))
        if column is None or (state.dialect is Dialect.SQLITE and not _holds_no_null(state, table, constraint, column)):
            continue
        columns[state.fold(name)] = replace(column, not_null=True)
    return replace(table, columns=MappingProxyType(columns))


def _holds_no_null(state: State, table: TableFacts, constraint: Constraint, column: ColumnFacts) -> bool:
    return not {"without rowid", "strict"}.isdisjoint(table.options) or _is_rowid(state, constraint, column)


def _is_rowid(state: State, constraint: Constraint, column: ColumnFacts) -> bool:
    """Whether a SQLite primary key is the rowid by another name: one column that is INTEGER, literally.

    ``INTEGER PRIMARY KEY DESC``, with the column, is none: a quirk that SQLite keeps for old files' sake.
    """
    kind = column.type or TypeName(name="")
    descending = _DESCENDING.search(state.text, constraint.span.start, constraint.span.end)
    return len(constraint.columns) == 1 and kind.name.casefold() == "integer" and not kind.modifiers and not descending


def _carrier(
    state: State,
    table: TableFacts,
    facts: ConstraintFacts,
    taken_over: IndexFacts | None,
) -> IndexFacts | None:
    """Give the index that carries a constraint; None where SQLite's rowid or the table itself does."""
    constraint, own = facts.definition, facts.name
    if taken_over is not None:
        return replace(taken_over, name=own, constraint=own)
    if state.dialect is Dialect.SQLITE:
        if constraint.kind is ConstraintKind.PRIMARY_KEY:
            first = table.columns.get(state.fold(constraint.columns[0])) if constraint.columns else None
            if "without rowid" in table.options or (first is not None and _is_rowid(state, constraint, first)):
                return None
        prefix = f"sqlite_autoindex_{table.name.name}_"
        own = next(f"{prefix}{n}" for n in itertools.count(1) if state.fold(f"{prefix}{n}") not in table.indexes)
    return IndexFacts(
        name=own,
        table=table.name,
        keys=tuple(IndexKey(column=column) for column in constraint.columns),
        unique=constraint.kind is not ConstraintKind.EXCLUDE,
        method=None,
        where=None,
        include=constraint.include,
        constraint=facts.name,
        valid=True,
        attributes=constraint.columns,
        born=facts.born,
    )
