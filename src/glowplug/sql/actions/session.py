"""What is done to the session, the transaction, and by code that is not SQL."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action

if TYPE_CHECKING:
    from glowplug.sql.parts import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVariable(Action):
    """SET, RESET, PRAGMA, USE, ``set_config()``: ``name`` in lower case.

    ``value`` None: reset, or a PRAGMA that only asks. ``scope``: session, local, global; a PRAGMA's is session.
    """

    name: str
    value: str | None
    scope: str = "session"


class TransactionKind(enum.StrEnum):
    """What a statement does to the transaction."""

    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SAVEPOINT = "savepoint"
    RELEASE = "release"
    ROLLBACK_TO = "rollback to"
    PREPARE = "prepare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction(Action):
    """BEGIN, COMMIT and their like."""

    kind: TransactionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTable(Action):
    """LOCK TABLE, one Action a table; ``mode`` in capitals as PostgreSQL names it (MySQL: READ, WRITE)."""

    table: Name
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintain(Action):
    """VACUUM, ANALYZE, CLUSTER, OPTIMIZE TABLE: ``verb`` in lower case, ``full`` for VACUUM FULL."""

    verb: str
    table: Name | None = None
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamic(Action):
    """Code whose effect the text does not tell: EXECUTE, PREPARE, CALL, an untrusted language; ``what`` names it."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Action):
    """DO, or MySQL's BEGIN NOT ATOMIC: what could be read of its body is in the Statement's ``body``."""

    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCommand(Action):
    """What only a client understands, and a server refuses: psql's meta-commands, DELIMITER, sqlite3's ``.read``."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Action):
    """A statement that is understood, and does nothing that a hazard is about; ``verb`` is its first words."""

    verb: str
