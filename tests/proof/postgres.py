"""Proofs on PostgreSQL: every major that can be had, each watched while it runs a statement.

Seen are the strongest lock on each relation, whether it was written anew (another relfilenode), and whether it was
read whole: as many blocks of it fetched in the transaction as it has (``pg_stat_get_xact_blocks_fetched``, which
counts ALTER TABLE's own scans and index builds too). What must run alone is watched from another session,
whenever it waits for a writer that holds ROW EXCLUSIVE on the tables.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.review.claims import Claim, Fails, Leaves, LockMode, Locks, Rewrites, Scans
from glowplug.review.version import Version
from glowplug.scratch.postgres import source
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings

from .proof import Alone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .proof import Proof, Servers

MAJORS = (14, 15, 16, 17, 18)
FEWEST_BLOCKS = 20
PATIENCE = 20.0
ORDER = list(LockMode)
_MEASURED = (Locks, Rewrites, Scans)

Session = psycopg.Connection[tuple[object, ...]]
_schemas = itertools.count()


@dataclass(slots=True)
class Seen:
    """What one file did, by the relations' parts in it."""

    locks: dict[str, LockMode] = field(default_factory=dict)
    rewritten: set[str] = field(default_factory=set)
    scanned: set[str] = field(default_factory=set)
    code: str | None = None
    alone: bool = False

    def lock(self, part: str, modes: Iterable[str]) -> None:
        """Remember the strongest, by pg_locks' names."""
        for mode in modes:
            named = next(each for each in ORDER if each.value.title().replace(" ", "") + "Lock" == mode)
            self.locks[part] = max(named, self.locks.get(part, named), key=ORDER.index)

    def holds(self, part: str, mode: LockMode) -> bool:
        """Whether it had that lock or a stronger one."""
        return part in self.locks and ORDER.index(self.locks[part]) >= ORDER.index(mode)

    def reads_whole(self, part: str) -> bool:
        """Whether it read it all while writers wait; what ran alone is taken to have read everything."""
        return self.holds(part, LockMode.SHARE) and (self.alone or part in self.scanned)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation before the file ran."""

    oid: int
    filenode: int | None
    blocks: int
    kind: str


def prove(proof: Proof, servers: Servers) -> None:
    """Execute it on each server within its versions.

    Raises:
        AssertionError: a server does otherwise than is claimed.
    """
    ran = False
    for major in available():
        server = servers.get(f"postgres {major}", lambda major=major: administrator(major))
        version = Version.of(server.info.parameter_status("server_version").split()[0], Dialect.POSTGRES)
        if version not in proof.versions:
            continue
        ran = True
        _unsafe(proof, server, version)
        _safe(proof, server, version)
    if not ran:
        pytest.skip(f"no PostgreSQL of {proof.versions}: glowplug server install 14 (… 18)")


@functools.cache
def available() -> tuple[int, ...]:
    """The majors that are here, or that must be."""
    here = {each.major for each in source.find_all(os.environ, [])}
    return tuple(major for major in MAJORS if _must() or major in here)


@contextlib.contextmanager
def administrator(major: int) -> Iterator[Session]:
    """A server of that major, and a session on it."""
    request = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=str(major)),
        settings=ScratchSettings(fetch=_must()),
        environment=dict(os.environ),
    )
    with open_server(request) as server, _session(server.conninfo) as session:
        session.execute("CREATE DATABASE proofs")
        with _session({**server.conninfo, "dbname": "proofs"}) as opened:
            yield opened


def _must() -> bool:
    return "postgres" in os.environ.get("GLOWPLUG_REQUIRE", "").split(",")


def _session(conninfo: Mapping[str, str]) -> Session:
    return psycopg.connect(autocommit=True, **conninfo)  # type: ignore[arg-type]  # libpq's keywords are strings


@contextlib.contextmanager
def _schema(proof: Proof, server: Session) -> Iterator[dict[str, Relation | None]]:
    name = f"proof_{next(_schemas)}"
    server.execute(f"CREATE SCHEMA {name}; SET search_path = {name}, public")
    for variable, value in proof.settings.items():
        server.execute("SELECT set_config(%s, %s, false)", (variable, value))
    server.execute(proof.setup)
    try:
        yield {part: _relation(server, name) for part, name in proof.relations.items()}
    finally:
        server.rollback()
        server.execute(f"RESET ALL; DROP SCHEMA {name} CASCADE")


def _relation(server: Session, name: str) -> Relation | None:
    row = server.execute(
        "SELECT oid::int, pg_relation_filenode(oid)::int, (pg_relation_size(oid) / 8192)::int, relkind::text"
        " FROM pg_class WHERE oid = to_regclass(%s)",
        (name,),
    ).fetchone()
    return Relation(*row) if row else None  # type: ignore[arg-type]  # the casts above


def _unsafe(proof: Proof, server: Session, version: Version) -> None:
    with _schema(proof, server) as relations:
        seen = _run(server, proof.unsafe, relations, proof, in_transaction=proof.in_transaction)
        for claim in proof.claims:
            if isinstance(claim, (Scans, Rewrites)):
                before = relations[claim.on]
                assert before is not None
                assert before.blocks >= FEWEST_BLOCKS, f"{proof.relations[claim.on]} has too few rows to tell"
            if version in claim.versions:
                assert _does(claim, seen, proof, server, safe=False), f"{version} does not: {claim}; seen {seen}"
            else:
                assert not _does(claim, seen, proof, server, safe=False), f"{version} does too: {claim}; seen {seen}"
        if not any(isinstance(claim, Fails) and version in claim.versions for claim in proof.claims):
            assert seen.code is None, f"{version}: {proof.unsafe} fails: {seen.code}"


def _does(claim: Claim, seen: Seen, proof: Proof, server: Session, *, safe: bool) -> bool:
    match claim:
        case Locks():
            return seen.locks.get(claim.on) is claim.mode
        case Scans():
            return seen.reads_whole(claim.on)
        case Rewrites():
            return claim.on in seen.rewritten
        case Fails():
            return seen.code == claim.code
        case Leaves():
            assert proof.question is not None
            row = server.execute(proof.question.sql).fetchone()
            expected = proof.question.safe if safe else proof.question.unsafe
            return (str(row[0]) if row else "") == expected
    raise AssertionError(f"{claim} says nothing of PostgreSQL")


def _safe(proof: Proof, server: Session, version: Version) -> None:
    if not proof.safe:
        return
    heavy = tuple(claim for claim in proof.claims if isinstance(claim, (Scans, Rewrites)))
    with _schema(proof, server) as relations:
        for step in proof.safe:
            seen = _run(server, step, relations, proof, in_transaction=not isinstance(step, Alone))
            assert seen.code is None, f"{version}: {step} fails: {seen.code}"
            works = seen.alone or any(
                claim.on in (seen.scanned if isinstance(claim, Scans) else seen.rewritten) for claim in heavy
            )
            for claim in proof.claims:
                if isinstance(claim, Locks):
                    held = seen.holds(claim.on, claim.mode)
                    assert not (held and (works or not heavy)), f"{version}: {step} has {claim}: {seen}"
                elif isinstance(claim, (Scans, Rewrites)):
                    assert not _does(claim, seen, proof, server, safe=True), f"{version}: {step} does {claim}: {seen}"
            relations.update({part: _relation(server, name) for part, name in proof.relations.items()})
        for claim in proof.claims:
            if isinstance(claim, Leaves):
                assert _does(claim, Seen(), proof, server, safe=True), f"{version}: {proof.safe} leaves {claim}"


def _run(
    server: Session, sql: str, relations: Mapping[str, Relation | None], proof: Proof, *, in_transaction: bool
) -> Seen:
    if isinstance(sql, Alone):
        return _watched(server, sql, relations)
    known = {part: relation.oid for part, relation in relations.items() if relation}
    values = ", ".join(
        [f"('{part}', {oid}::oid)" for part, oid in known.items()]
        + [f"('{part}', to_regclass('{proof.relations[part]}')::oid)" for part in relations if part not in known]
    )
    measure = f"""
        SELECT part, (SELECT array_agg(mode) FROM pg_locks
                      WHERE pid = pg_backend_pid() AND locktype = 'relation' AND relation = oid),
               pg_relation_filenode(oid)::int, coalesce(pg_stat_get_xact_blocks_fetched(oid), 0)::int
        FROM (VALUES {values or "('', 0::oid)"}) AS of (part, oid)"""
    seen = Seen()
    batch = f"{measure};{sql};{measure}" if any(isinstance(claim, _MEASURED) for claim in proof.claims) else sql
    try:
        cursor = server.execute(f"{'BEGIN;' if in_transaction else ''}{batch}")
    except psycopg.Error as error:
        server.execute("ROLLBACK") if server.info.transaction_status else None
        return Seen(code=error.sqlstate)
    earlier, rows = (
        _first_and_last(cursor) if batch != sql else ([], [])
    )  # what the session fetched before is not yet forgotten
    for (part, modes, filenode, fetched), (*_, fetched_before) in zip(rows, earlier, strict=True):
        before = relations.get(part)
        seen.lock(part, modes or ())
        if before and filenode not in (before.filenode, None):
            seen.rewritten.add(part)
        if before and before.blocks and fetched - fetched_before >= before.blocks:
            seen.scanned.add(part)
    if in_transaction:
        server.execute("COMMIT")
    return seen


def _first_and_last(cursor: psycopg.Cursor[Any]) -> tuple[list[Any], list[Any]]:
    """The rows of a batch's first query, and those of its last."""
    if cursor.description is None:
        cursor.nextset()  # BEGIN
    first = cursor.fetchall()
    while cursor.nextset():
        pass
    return first, cursor.fetchall()


def _watched(server: Session, sql: str, relations: Mapping[str, Relation | None]) -> Seen:
    """Run it while writers come and go; each time that it waits, see what it holds and asks for."""
    seen = Seen(alone=True)
    known = {relation.oid: part for part, relation in relations.items() if relation}
    tables = [relation.oid for relation in relations.values() if relation and relation.kind in "rp"]
    ended = threading.Event()

    def execute() -> None:
        try:
            server.execute(sql)
        except psycopg.Error as error:
            seen.code = error.sqlstate
        finally:
            ended.set()

    pid = server.info.backend_pid
    conninfo = {"password": server.info.password, **server.info.get_parameters()}
    waits = 0
    with _session(conninfo) as observer, _session(conninfo) as writer, _session(conninfo) as next_writer:
        thread = threading.Thread(target=execute)
        writing, following = writer, next_writer
        _write(writing, tables)
        thread.start()
        until = time.monotonic() + PATIENCE
        while not ended.wait(0.001):
            locks = observer.execute(
                "SELECT relation::int, mode, granted FROM pg_locks WHERE pid = %s", (pid,)
            ).fetchall()
            if not all(granted for _, _, granted in locks):
                waits += 1
                for oid, mode, _ in locks:
                    if part := known.get(oid):  # type: ignore[call-overload]  # an int
                        seen.lock(part, [str(mode)])
                _write(following, tables)
                writing.execute("COMMIT")
                writing, following = following, writing
            if time.monotonic() > until:
                server.cancel()
        thread.join()
    assert seen.code or waits, f"{sql} waited for nobody, so nothing was seen"
    for part, relation in relations.items():
        row = relation and server.execute("SELECT pg_relation_filenode(%s)::int", (relation.oid,)).fetchone()
        if relation and row and row[0] not in (relation.filenode, None):
            seen.rewritten.add(part)
    return seen


def _write(writer: Session, tables: Iterable[int]) -> None:
    """Lock as a writer does, and stay; nothing where it would wait, or where a table is gone."""
    writer.execute("BEGIN")
    for oid in tables:
        row = writer.execute(
            "SELECT to_regclass(%s::oid::regclass::text) IS NULL, %s::oid::regclass::text", (oid, oid)
        ).fetchone()
        try:
            writer.execute(f"LOCK TABLE {row[1]} IN ROW EXCLUSIVE MODE NOWAIT" if row and not row[0] else "SELECT 1")
        except psycopg.errors.LockNotAvailable:
            writer.execute("ROLLBACK")
            return
