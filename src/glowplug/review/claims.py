"""What a rule claims that a server does; each claim is executed on live servers by ``tests/proof``.

``on`` names a relation by its part in the statement (``table``, ``referenced``, ``index``, ``child``, …); a proof says
which relation of its schema that is.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

from glowplug.review.version import ANY, Versions

if TYPE_CHECKING:
    from glowplug.dialect import Dialect


class LockMode(enum.StrEnum):
    """PostgreSQL's table locks, as ``pg_locks`` means them, from the weakest."""

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the statement does on a server of ``dialect`` within ``versions``."""

    dialect: Dialect
    versions: Versions = ANY


class Locks(Claim, frozen=True, kw_only=True):
    """The strongest lock that it takes on a relation, held to the transaction's end (PostgreSQL)."""

    on: str
    mode: LockMode


class Rewrites(Claim, frozen=True, kw_only=True):
    """It writes every row of the table anew (PostgreSQL: another relfilenode)."""

    on: str


class Scans(Claim, frozen=True, kw_only=True):
    """It reads every row of the table under its lock."""

    on: str


class Fails(Claim, frozen=True, kw_only=True):
    """The server refuses it: SQLSTATE (PostgreSQL), error number (MySQL), or a part of the message (SQLite)."""

    code: str


class Alters(Claim, frozen=True, kw_only=True):
    """The cheapest ALGORITHM that MySQL or MariaDB accepts for it, and the weakest LOCK with that."""

    algorithm: str
    lock: str


class Leaves(Claim, frozen=True, kw_only=True):
    """Another consequence, in words; its proof asks the server by a query, before and after."""

    what: str
