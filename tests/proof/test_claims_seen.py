"""What the rules claim of locks and rewrites, as a live server shows it while a file runs: no claim is refuted."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.check.witnessed import READS_NOTHING, Witness, told_by
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Basis, Severity
from glowplug.project.configuration import ChainSettings
from glowplug.review import engine
from glowplug.review.claims import Locks, Rewrites, Scans
from glowplug.review.context import Terms
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from tests.proof.proof import Proof, proofs
from tests.review.planted import chain_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.trace import Trace
    from glowplug.finding import Finding
    from glowplug.scratch.postgres.server import PostgresServer

pytestmark = pytest.mark.postgres

ALL = [
    pytest.param(name.replace("_", "-"), proof, id=f"{name}: {proof.title}")
    for (harm, name), of_a_rule in proofs().items()
    for proof in of_a_rule
    if harm in {"lock", "rewrite"} and proof.dialect is Dialect.POSTGRES
    if any(isinstance(claim, (Locks, Rewrites, Scans)) for claim in proof.claims)
]
NO_SCAN = ("IF NOT EXISTS, and it is there", "the parent")
"""Of rules that claim scans, what shows the lock alone."""

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with open_server(REQUEST) as running:
        yield running


def seen(
    server: PostgresServer, rule: str, setup: str, sql: str, *, transaction: bool = True
) -> tuple[list[Finding], Trace]:
    """What the rule says of a migration, and what the server shows of it."""
    chain = chain_of((setup, None), (sql, None))
    found = [
        each
        for each in engine.review(chain, Terms.of(chain)).findings
        if each.rule == rule and each.version == chain.migrations[1].version
    ]
    with contextlib.closing(
        create_database(server.conninfo, request=REQUEST, superuser=False, private=True)
    ) as database:
        first, second = chain.migrations
        assert database.connection.run(first, Direction.UP).error is None
        trace = database.connection.observe(replace(second, run_in_transaction=transaction), Direction.UP)
    return found, trace


@pytest.mark.full
@pytest.mark.parametrize(("rule", "proof"), ALL)
def test_what_a_rule_claims_is_observed(rule: str, proof: Proof, server: PostgresServer) -> None:
    found, trace = seen(server, rule, proof.setup, str(proof.unsafe), transaction=proof.in_transaction)
    for finding in found:
        told = told_by(Witness(trace=trace, empty=frozenset()), finding)
        assert told == replace(finding, basis=told.basis)
        assert told.basis is Basis.OBSERVED or proof.title in NO_SCAN


def test_what_the_text_can_not_know_the_server_does(server: PostgresServer) -> None:
    hidden = "'ALTER TABLE users ADD CHECK (email ' || (SELECT 'IS NOT NULL)')"
    setup = f"CREATE TABLE users (email text); DO $$ BEGIN EXECUTE {hidden}; END $$"
    rule = "set-not-null-scans-table"
    (finding,), trace = seen(server, rule, setup, "ALTER TABLE users ALTER email SET NOT NULL")
    assert finding.severity is Severity.ERROR
    told = told_by(Witness(trace=trace, empty=frozenset()), finding)
    assert (told.severity, told.message) == (Severity.NOTICE, f"{finding.message}: but {READS_NOTHING}")
    assert told_by(Witness(trace=trace, empty=frozenset({"public.users"})), finding) == finding
