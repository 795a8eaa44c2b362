"""The Action itself, and the kinds of objects."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from glowplug.sql.parts import Span


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a statement does; ``span`` is its clause, or the whole statement where it is all of it."""

    span: Span


class ObjectKind(enum.StrEnum):
    """What is named where no Action of its own is needed."""

    TABLE = "table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    SEQUENCE = "sequence"
    INDEX = "index"
    COLUMN = "column"
    CONSTRAINT = "constraint"
    TRIGGER = "trigger"
    RULE = "rule"
    POLICY = "policy"
    FUNCTION = "function"
    PROCEDURE = "procedure"
    AGGREGATE = "aggregate"
    TYPE = "type"
    DOMAIN = "domain"
    SCHEMA = "schema"
    DATABASE = "database"
    EXTENSION = "extension"
    ROLE = "role"
    EVENT = "event"
    OTHER = "other"
