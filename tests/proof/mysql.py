"""Proofs on MariaDB (or MySQL): one scratch server, each file run as Diesel sends it.

How dear an ALTER TABLE is, the server says itself: it is run with the cheapest ALGORITHM and LOCK, then with the next
dearer, and the first that is not refused (1845, 1846) is the answer. That proves nothing for tables that are not
InnoDB's, for ENGINE and PARTITION clauses, and there is no such clause in ``DROP INDEX … ON``: there it is not asked.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql import ServerVersion
from glowplug.database.mysql.connection import DIESEL_SETUP
from glowplug.database.mysql.session import Session, text_of
from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.review.claims import Alters, Claim, Fails, Leaves
from glowplug.review.version import Version
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.source import choose
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql import actions
from glowplug.sql.actions import TableChange
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.mysql import Address

    from .proof import Proof, Servers

REFUSALS = frozenset({1845, 1846})
LADDER = (
    ("INSTANT", "NONE"),
    ("NOCOPY", "NONE"),
    ("NOCOPY", "SHARED"),
    ("INPLACE", "NONE"),
    ("INPLACE", "SHARED"),
    ("COPY", "NONE"),
    ("COPY", "SHARED"),
    ("COPY", "EXCLUSIVE"),
)
"""What is asked of a server, from the cheapest; MySQL knows no NOCOPY."""

_LIES = frozenset(
    {
        *(TableChange.ENGINE, TableChange.PARTITIONING, TableChange.DROP_PARTITION, TableChange.TRUNCATE_PARTITION),
        TableChange.ORDER_BY,
    }
)
_databases = itertools.count()


class AdministratorSession(Session):
    """A session that knows where its server is."""

    def __init__(self, address: Address) -> None:
        """Connect."""
        super().__init__(address)
        self.address = address


def prove(proof: Proof, servers: Servers) -> None:
    """Execute it, if the server is within its versions.

    Raises:
        AssertionError: the server does otherwise than is claimed.
    """
    session = servers.get("mysql", administrator)
    version = version_of(session)
    if version not in proof.versions:
        pytest.skip(f"the server is {version}, not one of {proof.versions}")
    claims = tuple(claim for claim in proof.claims if claim.versions.vendor in {None, version.vendor})
    if not claims:
        pytest.skip(f"the server is {version}, and nothing is claimed of {version.vendor}")
    proof = replace(proof, claims=claims)
    _unsafe(proof, session, version)
    _safe(proof, session, version)


@contextlib.contextmanager
def administrator() -> Iterator[AdministratorSession]:
    """A server, and a session on it as its administrator."""
    environment = dict(os.environ)
    request = Request(dialect=Dialect.MYSQL, chain=ChainSettings(), settings=ScratchSettings(), environment=environment)
    with Area(room=2**30) as area:
        server = OwnServer.fresh(choose(request), area, cache=cache_directory(environment), name="m")
        session = AdministratorSession(server.address)
        try:
            yield session
        finally:
            session.close()


def version_of(session: Session) -> Version:
    """What the server is."""
    found = ServerVersion.of(_answer(session, "SELECT VERSION()"))
    return Version.of(f"{found.vendor} {found.number}", Dialect.MYSQL)


@contextlib.contextmanager
def database(session: Session, setup: str = "") -> Iterator[None]:
    """A database of its own, in a session as Diesel opens it."""
    name = f"proof_{next(_databases)}"
    session.rows(f"CREATE DATABASE {name}; USE {name}")
    session.rows("; ".join(DIESEL_SETUP))
    try:
        if setup.strip():
            session.rows(setup)
        yield
    finally:
        session.rows("ROLLBACK")
        session.rows(f"DROP DATABASE {name}")
        session.rows("SET sql_mode = DEFAULT, foreign_key_checks = DEFAULT, lock_wait_timeout = DEFAULT")


def cheapest(session: Session, statement: str, version: Version) -> tuple[str, str] | int:
    """Run an ALTER TABLE as cheaply as the server lets, and give ALGORITHM and LOCK; or the error's number.

    Raises:
        AssertionError: the ladder proves nothing for it.
    """
    _assert_that_the_ladder_tells(session, statement)
    for algorithm, lock in LADDER:
        if algorithm == "NOCOPY" and version.vendor == "mysql":
            continue
        asked = f"ALGORITHM={algorithm}" + ("" if algorithm == "INSTANT" else f", LOCK={lock}")
        error = session.batch(f"{statement.rstrip().rstrip(';')}, {asked}".encode()).error
        if error is None:
            return algorithm, lock
        if error.number not in REFUSALS:
            return error.number
    raise AssertionError(f"{version} refuses all of the ladder: {statement}")


def _assert_that_the_ladder_tells(session: Session, statement: str) -> None:
    script = read(statement, Dialect.MYSQL)
    assert len(script.statements) == 1, f"not one statement: {statement}"
    assert statement.lstrip().upper().startswith("ALTER TABLE"), f"no ALTER TABLE: {statement}"
    (one,) = script.statements
    assert one.actions, f"not understood: {statement}"
    assert one.algorithm is None, f"asks for an algorithm: {statement}"
    assert one.lock is None, f"asks for a lock: {statement}"
    for action in one.actions:
        lies = isinstance(action, actions.AlterTableSetting) and action.change in _LIES
        assert not lies, f"the ladder proves nothing for {statement}"
        table = getattr(action, "table", None)
        assert table is not None
        engine = session.rows(
            f"SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{table}'"
        )
        assert [text_of(row[0]) for row in engine[0]] == ["InnoDB"], f"{table} is not InnoDB's: {statement}"
        assert session.rows(f"SELECT 1 FROM {table} LIMIT 1")[0], f"{table} has no rows"


def _prepared(proof: Proof) -> str:
    settings = "; ".join(f"SET SESSION {name} = {value}" for name, value in proof.settings.items())
    return f"{settings}; {proof.setup}" if settings else proof.setup


def _unsafe(proof: Proof, session: AdministratorSession, version: Version) -> None:
    claimed = [claim for claim in proof.claims if version in claim.versions]
    with database(session, _prepared(proof)):
        altered: tuple[str, str] | int | None = None
        if any(isinstance(claim, Alters) for claim in proof.claims):
            altered = cheapest(session, proof.unsafe, version)
            number = altered if isinstance(altered, int) else None
        else:
            with _read_elsewhere(proof, session):
                number = _run(session, proof.unsafe, in_transaction=proof.in_transaction)
        for claim in proof.claims:
            done = _does(claim, altered, number, proof, session)
            assert done is (claim in claimed), f"{version}: {claim} is {done}; {altered or number}: {proof.unsafe}"
        if not any(isinstance(claim, Fails) for claim in claimed):
            assert number is None, f"{version}: {proof.unsafe} fails: {number}"


def _does(
    claim: Claim, altered: tuple[str, str] | int | None, number: int | None, proof: Proof, session: Session
) -> bool:
    match claim:
        case Alters():
            return altered == (claim.algorithm, claim.lock)
        case Fails():
            return number is not None and str(number) == claim.code
        case Leaves():
            assert proof.question is not None
            assert proof.question.unsafe != proof.question.safe
            return _answer(session, proof.question.sql) == proof.question.unsafe
    raise AssertionError(f"{claim} says nothing of MySQL")


def _safe(proof: Proof, session: Session, version: Version) -> None:
    if not proof.safe:
        return
    heavy = [claim for claim in proof.claims if isinstance(claim, Alters)]
    with database(session, _prepared(proof)):
        for step in proof.safe:
            if heavy and _is_alter(step):
                altered = cheapest(session, step, version)
                assert not isinstance(altered, int), f"{version}: {step} fails: {altered}"
                for claim in heavy:
                    dearest = LADDER.index((claim.algorithm, claim.lock))
                    assert LADDER.index(altered) < dearest, f"{version}: {step} is as dear: {altered}"
            else:
                number = _run(session, step, in_transaction=True)
                assert number is None, f"{version}: {step} fails: {number}"
        if any(isinstance(claim, Leaves) for claim in proof.claims):
            assert proof.question is not None
            answer = _answer(session, proof.question.sql)
            assert answer == proof.question.safe, f"{version}: after {proof.safe}: {answer}"


def _is_alter(step: str) -> bool:
    return step.lstrip().upper().startswith("ALTER TABLE")


@contextlib.contextmanager
def _read_elsewhere(proof: Proof, session: AdministratorSession) -> Iterator[None]:
    """Let another session's transaction have read the relation ``read elsewhere``, where a proof names one."""
    table = proof.relations.get("read elsewhere")
    if table is None:
        yield
        return
    reader = Session(session.address.to(_answer(session, "SELECT DATABASE()")))
    try:
        reader.rows(f"BEGIN; SELECT * FROM {table}")
        yield
    finally:
        reader.close()


def _answer(session: Session, question: str) -> str:
    rows = session.rows(question)[0]
    value = text_of(rows[0][0]) if rows else ""
    return "NULL" if value is None else value


def _run(session: Session, sql: str, *, in_transaction: bool) -> int | None:
    """Run a file as Diesel does, and give the error's number."""
    if in_transaction:
        session.rows("BEGIN")
    error = session.batch(sql.encode()).error
    if in_transaction:
        session.rows("COMMIT" if error is None else "ROLLBACK")
    return None if error is None else error.number
