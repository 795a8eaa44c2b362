"""Proofs on SQLite: the one that apsw brings and Python's own, which differ in version, with foreign keys on and off.

Files run as Diesel runs them: as one batch, inside ``BEGIN`` and ``COMMIT`` or, Alone, as they are. A proof whose
``settings`` say ``foreign_keys`` holds for that value; any other holds for both.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Protocol

import apsw
import pytest

from glowplug.dialect import Dialect
from glowplug.review.claims import Claim, Fails, Leaves
from glowplug.review.version import Version

from .proof import Alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .proof import Proof, Servers


class Database(Protocol):
    """An empty database in memory."""

    version: str

    def run(self, script: str) -> str | None:
        """Run a batch; give the error's message, and then nothing of an open transaction stays."""

    def value(self, query: str) -> str:
        """Give the first value of a query as text, or the error's message."""

    def close(self) -> None:
        """End it."""


class Apsw:
    """The SQLite that glowplug itself uses."""

    version = apsw.sqlite_lib_version()

    def __init__(self) -> None:
        self._connection = apsw.Connection(":memory:")

    def run(self, script: str) -> str | None:
        try:
            list(self._connection.execute(script))
        except apsw.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return str(error)
        return None

    def value(self, query: str) -> str:
        try:
            return _first(self._connection.execute(query).fetchone())
        except apsw.Error as error:
            return str(error)

    def close(self) -> None:
        self._connection.close()


class Pythons:
    """The SQLite of Python's standard library: the system's, most often an older one."""

    version = sqlite3.sqlite_version

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)

    def run(self, script: str) -> str | None:
        try:
            self._connection.executescript(script)
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return str(error)
        return None

    def value(self, query: str) -> str:
        try:
            return _first(self._connection.execute(query).fetchone())
        except sqlite3.Error as error:
            return str(error)

    def close(self) -> None:
        self._connection.close()


def _first(row: object) -> str:
    return str(row[0]) if isinstance(row, tuple) else ""


def prove(proof: Proof, servers: Servers) -> None:  # noqa: ARG001 - a database in memory is made for each file
    """Execute it on both versions, with foreign keys as it says, or on and off.

    Raises:
        AssertionError: SQLite does otherwise than is claimed.
    """
    seen = False
    for kind in (Apsw, Pythons):
        version = Version.of(kind.version, Dialect.SQLITE)
        if version not in proof.versions:
            continue
        seen = seen or any(version in claim.versions for claim in proof.claims)
        said = proof.settings.get("foreign_keys")
        for foreign_keys in ("on", "off") if said is None else (said,):
            with _database(kind, proof, foreign_keys) as database:
                _unsafe(proof, database, version, foreign_keys)
            with _database(kind, proof, foreign_keys) as database:
                _safe(proof, database, foreign_keys)
    if not seen:
        pytest.skip(f"no SQLite of {[claim.versions for claim in proof.claims]} is here")


@contextlib.contextmanager
def _database(kind: type[Apsw | Pythons], proof: Proof, foreign_keys: str) -> Iterator[Database]:
    database = kind()
    try:
        for name, value in {**proof.settings, "foreign_keys": foreign_keys}.items():
            assert database.run(f"PRAGMA {name} = {value}") is None
        failure = database.run(proof.setup)
        assert failure is None, f"the setup fails: {failure}"
        yield database
    finally:
        database.close()


def _file(database: Database, text: str, *, in_transaction: bool) -> str | None:
    return database.run(f"BEGIN;{text}\n;COMMIT" if in_transaction else text)


def _unsafe(proof: Proof, database: Database, version: Version, foreign_keys: str) -> None:
    where = f"SQLite {database.version}, foreign_keys = {foreign_keys}"
    failure = _file(database, proof.unsafe, in_transaction=proof.in_transaction)
    for claim in proof.claims:
        does = _does(claim, failure, proof, database, safe=False)
        assert does is (version in claim.versions), f"{where}: {claim}: {does}; {failure}"
    if not any(isinstance(claim, Fails) and version in claim.versions for claim in proof.claims):
        assert failure is None, f"{where}: {proof.unsafe} fails: {failure}"


def _safe(proof: Proof, database: Database, foreign_keys: str) -> None:
    where = f"SQLite {database.version}, foreign_keys = {foreign_keys}"
    for file in proof.safe:
        failure = _file(database, file, in_transaction=not isinstance(file, Alone))
        assert failure is None, f"{where}: {file} fails: {failure}"
    for claim in proof.claims if proof.safe else ():
        if isinstance(claim, Leaves):
            assert _does(claim, None, proof, database, safe=True), f"{where}: {proof.safe}: {claim}"


def _does(claim: Claim, failure: str | None, proof: Proof, database: Database, *, safe: bool) -> bool:
    match claim:
        case Fails():
            return failure is not None and claim.code in failure
        case Leaves():
            assert proof.question is not None
            return database.value(proof.question.sql) == (proof.question.safe if safe else proof.question.unsafe)
    raise AssertionError(f"{claim} says nothing of SQLite")
