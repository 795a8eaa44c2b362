"""What is done to the session, the transaction, and by code that is not SQL."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action

if TYPE_CHECKING:
    from glowplug.sql.parts import Name


class SetVariable(Action, frozen=True, kw_only=True):
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


class Transaction(Action, frozen=True, kw_only=True):
    """BEGIN, COMMIT and their like."""

    kind: TransactionKind


class LockTable(Action, frozen=True, kw_only=True):
    """LOCK TABLE, one Action a table; ``mode`` in capitals as PostgreSQL names it (MySQL: READ, WRITE)."""

    table: Name
    mode: str


class Maintain(Action, frozen=True, kw_only=True):
    """VACUUM, ANALYZE, CLUSTER, OPTIMIZE TABLE: ``verb`` in lower case, ``full`` for VACUUM FULL."""

    verb: str
    table: Name | None = None
    full: bool = False


class Dynamic(Action, frozen=True, kw_only=True):
    """Code whose effect the text does not tell: EXECUTE, PREPARE, CALL, an untrusted language; ``what`` names it."""

    what: str


class Block(Action, frozen=True, kw_only=True):
    """DO, or MySQL's BEGIN NOT ATOMIC: what could be read of its body is in the Statement's ``body``."""

    language: str


class ClientCommand(Action, frozen=True, kw_only=True):
    """What only a client understands, and a server refuses: psql's meta-commands, DELIMITER, sqlite3's ``.read``."""

    command: str


class Other(Action, frozen=True, kw_only=True):
    """A statement that is understood, and does nothing that a hazard is about; ``verb`` is its first words."""

    verb: str
