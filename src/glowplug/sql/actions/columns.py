"""What is done to columns, constraints and indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action

if TYPE_CHECKING:
    from glowplug.sql.parts import Column, Constraint, Expression, IndexKey, Name, TypeName


class AddColumn(Action, frozen=True, kw_only=True):
    """ADD COLUMN; ``position`` is MySQL's: ``FIRST`` or ``AFTER name``."""

    table: Name
    column: Column
    if_not_exists: bool = False
    position: str | None = None


class DropColumn(Action, frozen=True, kw_only=True):
    """DROP COLUMN."""

    table: Name
    column: str
    if_exists: bool = False
    cascade: bool = False


class RenameColumn(Action, frozen=True, kw_only=True):
    """RENAME COLUMN, of a table or a view."""

    table: Name
    column: str
    new_name: str


class AlterColumnType(Action, frozen=True, kw_only=True):
    """ALTER COLUMN … TYPE."""

    table: Name
    column: str
    type: TypeName
    using: Expression | None = None
    collation: str | None = None


class ModifyColumn(Action, frozen=True, kw_only=True):
    """MySQL's MODIFY and CHANGE COLUMN: ``column`` is redefined as ``definition``, whose name may be new."""

    table: Name
    column: str
    definition: Column
    if_exists: bool = False
    position: str | None = None


class SetDefault(Action, frozen=True, kw_only=True):
    """ALTER COLUMN … SET DEFAULT; ``default`` None is DROP DEFAULT."""

    table: Name
    column: str
    default: Expression | None = None


class SetNotNull(Action, frozen=True, kw_only=True):
    """ALTER COLUMN … SET NOT NULL."""

    table: Name
    column: str


class DropNotNull(Action, frozen=True, kw_only=True):
    """ALTER COLUMN … DROP NOT NULL."""

    table: Name
    column: str


class AlterColumnSetting(Action, frozen=True, kw_only=True):
    """Another property of a column, ``what`` in lower case: identity, expression, statistics, storage, ….

    ``value`` is what it becomes (identity: an Identity's value; expression: its text), None where it is dropped.
    """

    table: Name
    column: str
    what: str
    value: str | None = None


class AddConstraint(Action, frozen=True, kw_only=True):
    """ADD CONSTRAINT, named or not."""

    table: Name
    constraint: Constraint
    if_not_exists: bool = False


class DropConstraint(Action, frozen=True, kw_only=True):
    """DROP CONSTRAINT; MySQL also DROP FOREIGN KEY, DROP CHECK; a primary key dropped by kind has no name there."""

    table: Name
    name: str | None
    kind: str | None = None  # a ConstraintKind's value, where the statement says it
    if_exists: bool = False
    cascade: bool = False


class ValidateConstraint(Action, frozen=True, kw_only=True):
    """VALIDATE CONSTRAINT."""

    table: Name
    name: str


class RenameConstraint(Action, frozen=True, kw_only=True):
    """RENAME CONSTRAINT."""

    table: Name
    name: str
    new_name: str


class AlterConstraint(Action, frozen=True, kw_only=True):
    """ALTER CONSTRAINT (deferrable, enforced, inherit)."""

    table: Name
    name: str
    what: str


class CreateIndex(Action, frozen=True, kw_only=True):
    """CREATE INDEX, and MySQL's ADD INDEX, ADD UNIQUE, ADD FULLTEXT; ``method`` in lower case."""

    index: str | None
    table: Name
    keys: tuple[IndexKey, ...]
    unique: bool = False
    method: str | None = None
    concurrently: bool = False
    if_not_exists: bool = False
    only: bool = False
    where: Expression | None = None
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False


class DropIndex(Action, frozen=True, kw_only=True):
    """DROP INDEX, one Action an index; ``table`` is said on MySQL only."""

    index: Name
    table: Name | None = None
    concurrently: bool = False
    if_exists: bool = False
    cascade: bool = False


class RenameIndex(Action, frozen=True, kw_only=True):
    """ALTER INDEX … RENAME TO, and MySQL's RENAME INDEX."""

    index: Name
    new_name: str
    table: Name | None = None


class Reindex(Action, frozen=True, kw_only=True):
    """REINDEX; ``scope`` is index, table, schema, database or system, or name where SQLite is told no more."""

    scope: str
    target: Name | None
    concurrently: bool = False
