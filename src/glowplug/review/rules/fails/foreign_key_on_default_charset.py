"""Rule ``foreign-key-on-default-charset``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter
from glowplug.review.claims import Fails
from glowplug.review.mysql_type_change import canonical, table_default
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, weight
from glowplug.sql.actions import AddColumn, AddConstraint, CreateTable
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Column, Constraint, TypeName

_COMPARED = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A column that refers, and the one that it refers to, each with its character set."""

    column: str
    kind: TypeName
    parent: TableFacts
    referenced: ColumnFacts
    parent_kind: TypeName


class ForeignKeyOnDefaultCharset(Rule):
    """A foreign key between texts, and no character set is said: where the defaults have changed, it is refused.

    ## What it does
    Finds foreign keys whose columns are CHAR, VARCHAR or TEXT, in CREATE TABLE and ALTER TABLE, that refer to a table
    of an earlier migration, unless character set and collation of both columns are said (at the column or the table)
    and the same. Numbers, binary types, ENUM and dates are silent: the server does not compare character sets there.
    That both are said and differ is an error.

    ## Why it is harmful
    Both columns need the same character set and collation. What is not said is the default of the server or database
    at the time, which differs between servers and changes with an upgrade or a restored dump: the migration works here
    and fails at some users', `errno: 150`, also with `foreign_key_checks = 0`.

    ## Example
    ```sql before
    CREATE TABLE users (uuid char(36) PRIMARY KEY);
    ```
    ```sql up
    CREATE TABLE posts (id int PRIMARY KEY, user_uuid char(36), FOREIGN KEY (user_uuid) REFERENCES users (uuid));
    ```

    ## Use instead
    Say them on both tables.
    ```sql before
    CREATE TABLE users (uuid char(36) PRIMARY KEY) CHARSET utf8mb4 COLLATE utf8mb4_bin;
    ```
    ```sql up
    CREATE TABLE posts (id int PRIMARY KEY, user_uuid char(36), FOREIGN KEY (user_uuid) REFERENCES users (uuid))
    CHARSET utf8mb4 COLLATE utf8mb4_bin;
    ```

    ## How it was proven
    On MariaDB, with a database whose default was changed in between: error 1005 (errno 150) for CHAR, VARCHAR and for
    another collation alone, with `foreign_key_checks` on and off; none for ENUM, BINARY and numbers.
    """

    hazards = (143,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.WARNING
    actions = (CreateTable, AddConstraint, AddColumn)
    claims = (Fails(dialect=Dialect.MYSQL, code="1005", versions=mysql_alter.ON_MARIADB),)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which columns depend on the defaults."""
        pairs = [*_pairs(action, context)]
        certain = [pair for pair in pairs if _differ(pair)]
        doubtful = [pair for pair in pairs if not _same(pair)]
        found = certain or doubtful
        if not found or not isinstance(action, (CreateTable, AddConstraint, AddColumn)):
            return
        columns = ", ".join(
            f"{action.table}.{pair.column} to {pair.parent.name}.{pair.referenced.name}" for pair in found
        )
        first = found[0]
        refuses = "the server refuses it (errno 150)"
        if mysql_alter.by_manual(context):
            refuses = f"the server refuses it (error 3780{mysql_alter.by_manual(context)})"
        what = f"{refuses}, for character sets or collations differ: "
        what += f"{_encoding(first.kind)} and {_encoding(first.parent_kind)}"
        if not certain:
            what = "where the server's or database's default character set or collation has changed since "
            what += f"{first.parent.name} was made, {refuses}"
        inline = isinstance(action, CreateTable) and not action.constraints and context.terms.version is None
        where = " (where the server makes a key of REFERENCES in a column's definition)" if inline else ""
        yield Hit(
            message=f"{lead(context)}has a foreign key between texts ({columns}): {what}{where}",
            span=action.span,
            subject=", ".join(f"{action.table}.{pair.column}" for pair in found),
            severity=weight(context, Severity.ERROR if certain else Severity.WARNING),
            related=tuple(context.related(pair.parent.born, f"{pair.parent.name} was made here") for pair in found[:1]),
            safe_form=SafeForm(note=_note(action, first)),
        )


def _pairs(action: Action, context: Context) -> Iterator[_Pair]:
    """Give the texts that are compared, but for those that were made with the same words at the same time."""
    table = None if isinstance(action, CreateTable) else _table(action, context)
    for key, kinds in _keys(action, context, table):
        parent = None if key.references is None else context.schema.table(key.references)
        if parent is None:
            continue
        together = context.is_new(parent.name) if table is None else table.born.version == parent.born.version
        for column, other in zip(key.columns, key.referenced_columns or _primary(parent), strict=False):
            kind, referenced = kinds.get(column.casefold()), parent.columns.get(other.casefold())
            if kind is None or referenced is None or referenced.type is None:
                continue
            parent_kind = canonical(referenced.type, table_default(parent.options))
            alike = (kind.charset, kind.collation) == (parent_kind.charset, parent_kind.collation)
            if {kind.name, parent_kind.name} <= _COMPARED and not (together and alike):
                yield _Pair(column=column, kind=kind, parent=parent, referenced=referenced, parent_kind=parent_kind)


def _table(action: Action, context: Context) -> TableFacts | None:
    return context.schema.table(action.table) if isinstance(action, (AddConstraint, AddColumn)) else None


def _primary(table: TableFacts) -> tuple[str, ...]:
    keys = (each.definition for each in table.constraints.values())
    return next((each.columns for each in keys if each.kind is ConstraintKind.PRIMARY_KEY), ())


def _keys(
    action: Action, context: Context, table: TableFacts | None
) -> Iterator[tuple[Constraint, dict[str, TypeName]]]:
    """Give the foreign keys that the action makes, with the types of the columns of its table."""
    made: tuple[Column, ...] = ()
    keys: tuple[Constraint, ...] = ()
    default = None if table is None else table_default(table.options)
    if isinstance(action, CreateTable):
        made, keys, default = action.columns, action.constraints, table_default(dict(action.options))
    elif isinstance(action, AddColumn):
        made = (action.column,)
    elif isinstance(action, AddConstraint) and not _there(action.constraint, table):
        keys = (action.constraint,)
    if mysql_alter.inline_references(context):
        keys += tuple(key for column in made for key in column.constraints)
    keys = tuple(key for key in keys if key.kind is ConstraintKind.FOREIGN_KEY)
    if not keys:  # nor is a table of many columns looked through
        return
    columns: list[Column | ColumnFacts] = [*made, *(() if table is None else table.columns.values())]
    kinds = {each.name.casefold(): canonical(each.type, default) for each in columns if each.type is not None}
    for key in keys:
        yield key, kinds


def _there(key: Constraint, table: TableFacts | None) -> bool:
    """Whether the same columns refer to the same table already: the server has taken that."""
    return any(
        (each.definition.columns, each.definition.references) == (key.columns, key.references)
        for each in (() if table is None else table.constraints.values())
    )


def _same(pair: _Pair) -> bool:
    known = not {None, "?"} & {pair.kind.collation, pair.parent_kind.collation}
    return known and pair.kind.collation == pair.parent_kind.collation


def _differ(pair: _Pair) -> bool:
    said = ((pair.kind.charset, pair.parent_kind.charset), (pair.kind.collation, pair.parent_kind.collation))
    return any(not {None, "?"} & {*both} and both[0] != both[1] for both in said)


def _encoding(kind: TypeName) -> str:
    return kind.collation or kind.charset or "the default"


def _note(action: CreateTable | AddConstraint | AddColumn, pair: _Pair) -> str:
    if pair.parent_kind.collation not in {None, "?"}:
        return f"say the parent's collation for {pair.column}: … COLLATE {pair.parent_kind.collation}"
    return (
        f"say character set and collation of {pair.column} and of {pair.parent.name}.{pair.referenced.name}, the same "
        "for both. What they are in each database: SELECT table_name, column_name, collation_name FROM "
        f"information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ('{action.table.name}', "
        f"'{pair.parent.name.name}')"
    )
