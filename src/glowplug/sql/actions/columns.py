"""What is done to columns, constraints and indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action

if TYPE_CHECKING:
    from glowplug.sql.parts import Column, Constraint, Expression, IndexKey, Name, TypeName


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn(Action):
    """ADD COLUMN; ``position`` is MySQL's: ``FIRST`` or ``AFTER name``."""

    table: Name
    column: Column
    if_not_exists: bool = False
    position: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn(Action):
    """DROP COLUMN."""

    table: Name
    column: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn(Action):
    """RENAME COLUMN, of a table or a view."""

    table: Name
    column: str
    new_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumnType(Action):
    """ALTER COLUMN … TYPE."""

    table: Name
    column: str
    type: TypeName
    using: Expression | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyColumn(Action):
    """MySQL's MODIFY and CHANGE COLUMN: ``column`` is redefined as ``definition``, whose name may be new."""

    table: Name
    column: str
    definition: Column
    if_exists: bool = False
    position: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDefault(Action):
    """ALTER COLUMN … SET DEFAULT; ``default`` None is DROP DEFAULT."""

    table: Name
    column: str
    default: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNotNull(Action):
    """ALTER COLUMN … SET NOT NULL."""

    table: Name
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropNotNull(Action):
    """ALTER COLUMN … DROP NOT NULL."""

    table: Name
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumnSetting(Action):
    """Another property of a column, ``what`` in lower case: identity, expression, statistics, storage, …."""

    table: Name
    column: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddConstraint(Action):
    """ADD CONSTRAINT, named or not."""

    table: Name
    constraint: Constraint
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropConstraint(Action):
    """DROP CONSTRAINT; MySQL also DROP FOREIGN KEY, DROP CHECK; a primary key dropped by kind has no name there."""

    table: Name
    name: str | None
    kind: str | None = None  # a ConstraintKind's value, where the statement says it
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateConstraint(Action):
    """VALIDATE CONSTRAINT."""

    table: Name
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameConstraint(Action):
    """RENAME CONSTRAINT."""

    table: Name
    name: str
    new_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterConstraint(Action):
    """ALTER CONSTRAINT (deferrable, enforced, inherit)."""

    table: Name
    name: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex(Action):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex(Action):
    """DROP INDEX, one Action an index; ``table`` is said on MySQL only."""

    index: Name
    table: Name | None = None
    concurrently: bool = False
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameIndex(Action):
    """ALTER INDEX … RENAME TO, and MySQL's RENAME INDEX."""

    index: Name
    new_name: str
    table: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindex(Action):
    """REINDEX; ``scope`` is index, table, schema, database or system."""

    scope: str
    target: Name | None
    concurrently: bool = False
