"""What is done to tables and their partitions."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action

if TYPE_CHECKING:
    from glowplug.sql.actions.columns import CreateIndex
    from glowplug.sql.parts import Column, Constraint, Name


class CreateTable(Action, frozen=True, kw_only=True):
    """CREATE TABLE; ``constraints`` are the table's own, ``columns`` carry theirs; ``options`` in lower case."""

    table: Name
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[CreateIndex, ...] = ()  # MySQL: KEY … inside the parentheses
    if_not_exists: bool = False
    or_replace: bool = False
    temporary: bool = False
    unlogged: bool = False
    like: Name | None = None
    inherits: tuple[Name, ...] = ()
    partition_of: Name | None = None
    default_partition: bool = False
    partition_by: str | None = None
    from_query: bool = False
    reads: tuple[Name, ...] = ()
    options: tuple[tuple[str, str], ...] = ()  # MySQL: engine, charset, collate, …; SQLite: strict, without rowid
    virtual: bool = False  # SQLite: CREATE VIRTUAL TABLE


class DropTable(Action, frozen=True, kw_only=True):
    """DROP TABLE, one Action a table."""

    table: Name
    if_exists: bool = False
    cascade: bool = False
    temporary: bool = False


class RenameTable(Action, frozen=True, kw_only=True):
    """ALTER TABLE … RENAME TO, RENAME TABLE; ``new_name`` may move it to another schema."""

    table: Name
    new_name: Name
    if_exists: bool = False


class Truncate(Action, frozen=True, kw_only=True):
    """TRUNCATE, one Action a table."""

    table: Name
    cascade: bool = False


class TableChange(enum.StrEnum):
    """What ``AlterTableSetting`` changes."""

    LOGGED = "logged"  # value: logged | unlogged
    ACCESS_METHOD = "access method"
    TABLESPACE = "tablespace"
    REPLICA_IDENTITY = "replica identity"
    ROW_SECURITY = "row security"  # value: enable | disable | force | no force
    CLUSTER_ON = "cluster on"
    INHERIT = "inherit"
    NO_INHERIT = "no inherit"
    STORAGE_PARAMETERS = "storage parameters"
    ENGINE = "engine"
    AUTO_INCREMENT = "auto_increment"
    CHARACTER_SET = "character set"  # CONVERT TO: value is the charset, MySQL
    DEFAULT_CHARACTER_SET = "default character set"
    COMMENT = "comment"
    PARTITIONING = "partitioning"  # MySQL: PARTITION BY, REORGANIZE, …
    DROP_PARTITION = "drop partition"
    TRUNCATE_PARTITION = "truncate partition"
    FORCE = "force"
    ORDER_BY = "order by"
    OTHER = "other"


class AlterTableSetting(Action, frozen=True, kw_only=True):
    """A property of the table as a whole."""

    table: Name
    change: TableChange
    value: str | None = None
    collation: str | None = None


class AttachPartition(Action, frozen=True, kw_only=True):
    """ALTER TABLE … ATTACH PARTITION."""

    table: Name
    partition: Name
    default: bool = False


class DetachPartition(Action, frozen=True, kw_only=True):
    """ALTER TABLE … DETACH PARTITION."""

    table: Name
    partition: Name
    concurrently: bool = False
    finalize: bool = False
