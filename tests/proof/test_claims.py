"""What the rules claim of servers is what servers do."""

from __future__ import annotations

import importlib

import pytest

from glowplug.dialect import Dialect
from glowplug.review.claims import Claim, Fails, Leaves, LockMode, Locks, Rewrites, Scans
from glowplug.review.rule import Rule

from .proof import Alone, Proof, Question, Servers, proofs

ALL = [
    pytest.param(proof, id=f"{harm}/{name}: {proof.title}", marks=getattr(pytest.mark, proof.dialect.value))
    for (harm, name), of_a_rule in proofs().items()
    for proof in of_a_rule
]


@pytest.mark.parametrize("proof", ALL)
def test_a_server_does_what_the_rule_claims_and_not_in_the_safe_form(proof: Proof, servers: Servers) -> None:
    importlib.import_module(f"{__package__}.{proof.dialect.value}").prove(proof, servers)


SETUP = """
CREATE TABLE t (id integer NOT NULL, note text);
INSERT INTO t SELECT n, repeat('.', 500) FROM generate_series(1, 600) AS n;
"""
POSTGRES = Dialect.POSTGRES
EXCLUSIVE = Locks(dialect=POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE)
SHARE = Locks(dialect=POSTGRES, on="table", mode=LockMode.SHARE)
SCANS, REWRITES = Scans(dialect=POSTGRES, on="table"), Rewrites(dialect=POSTGRES, on="table")
LEAVES = Leaves(dialect=POSTGRES, what="rows")
CHECK, NOT_VALID = "ALTER TABLE t ADD CHECK (id > 0)", "ALTER TABLE t ADD CHECK (id > 0) NOT VALID"
WIDEN = "ALTER TABLE t ALTER id TYPE bigint"
ASKED = Question(sql="SELECT count(*) FROM t", unsafe="0", safe="600")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("claims", "unsafe", "safe"),
    [
        ((SHARE,), CHECK, ()),
        ((EXCLUSIVE, SCANS), NOT_VALID, ()),
        ((EXCLUSIVE, REWRITES), CHECK, ()),
        ((EXCLUSIVE, SCANS), CHECK, (CHECK,)),
        ((EXCLUSIVE,), CHECK, (NOT_VALID,)),
        ((REWRITES,), WIDEN, (WIDEN,)),
        ((SCANS,), "CREATE INDEX ON t (id)", ("CREATE UNIQUE INDEX ON t (id)",)),
        ((SHARE, SCANS), "CREATE INDEX ON t (id)", (Alone("CREATE INDEX ON t (id)"),)),
        ((SHARE, SCANS), "CREATE INDEX ON t (id)", ("CREATE INDEX CONCURRENTLY ON t (id)",)),
        ((Fails(dialect=POSTGRES, code="42P01"),), "SELECT 1", ()),
        ((Fails(dialect=POSTGRES, code="42P01"),), "SELECT 1/0", ()),
        ((Fails(dialect=POSTGRES, code="22012"),), "SELECT 1/0", ("SELECT 1/0",)),
        ((LEAVES,), "DELETE FROM t WHERE id > 1", ("SELECT 1",)),
        ((LEAVES,), "DELETE FROM t", ("DELETE FROM t",)),
    ],
)
def test_a_false_claim_and_an_unsafe_safe_form_are_refuted(
    servers: Servers, claims: tuple[Claim, ...], unsafe: str, safe: tuple[str, ...]
) -> None:
    proof = Proof(
        rule=Rule, claims=claims, setup=SETUP, unsafe=unsafe, safe=safe, relations={"table": "t"}, question=ASKED
    )
    with pytest.raises(AssertionError):
        importlib.import_module(f"{__package__}.postgres").prove(proof, servers)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("claims", "unsafe", "safe"),
    [
        ((EXCLUSIVE, SCANS), CHECK, (NOT_VALID,)),
        ((EXCLUSIVE, REWRITES), WIDEN, ("ALTER TABLE t ADD wide bigint",)),
        ((LEAVES,), "DELETE FROM t", ("SELECT 1",)),
        ((Fails(dialect=POSTGRES, code="22012"),), "SELECT 1/0", ("SELECT 1",)),
    ],
)
def test_the_same_claims_hold_where_they_are_true(
    servers: Servers, claims: tuple[Claim, ...], unsafe: str, safe: tuple[str, ...]
) -> None:
    proof = Proof(
        rule=Rule, claims=claims, setup=SETUP, unsafe=unsafe, safe=safe, relations={"table": "t"}, question=ASKED
    )
    importlib.import_module(f"{__package__}.postgres").prove(proof, servers)


@pytest.mark.postgres
def test_a_scan_of_too_few_rows_tells_nothing(servers: Servers) -> None:
    few = "CREATE TABLE t (id integer NOT NULL); INSERT INTO t VALUES (1)"
    proof = Proof(rule=Rule, claims=(EXCLUSIVE, SCANS), setup=few, unsafe=CHECK, relations={"table": "t"})
    with pytest.raises(AssertionError, match="too few rows"):
        importlib.import_module(f"{__package__}.postgres").prove(proof, servers)
