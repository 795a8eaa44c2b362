"""The proofs on MariaDB refute what is false, and refuse to ask where the server's answer would prove nothing."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.review.claims import Alters, Claim, Fails, Leaves
from glowplug.review.mysql_alter import BLOCKING_COPY
from glowplug.review.rule import Rule

from .mysql import administrator, cheapest, database, prove, version_of
from .proof import Proof, Question, Servers

pytestmark = pytest.mark.mysql

SETUP = "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1), (2, NULL)"
COPY = Alters(dialect=Dialect.MYSQL, algorithm="COPY", lock="SHARED", versions=BLOCKING_COPY)
INSTANT = Alters(dialect=Dialect.MYSQL, algorithm="INSTANT", lock="NONE")
LEAVES = Leaves(dialect=Dialect.MYSQL, what="rows")
ASKED = Question(sql="SELECT COUNT(*) FROM t", unsafe="0", safe="2")
WIDEN, ADD, INDEX = "ALTER TABLE t MODIFY n bigint", "ALTER TABLE t ADD m int", "ALTER TABLE t ADD KEY (n)"


def fails(number: str) -> Fails:
    return Fails(dialect=Dialect.MYSQL, code=number)


@pytest.mark.parametrize(
    ("claim", "unsafe", "safe"),
    [
        (COPY, ADD, ()),
        (COPY, WIDEN, (WIDEN,)),
        (INSTANT, WIDEN, ()),
        (COPY, "ALTER TABLE t MODIFY nothing bigint", ()),
        (COPY, WIDEN, ("ALTER TABLE t MODIFY nothing bigint",)),
        (fails("1146"), "SELECT 1", ()),
        (fails("1146"), "SELECT * FROM t WHERE nothing", ()),
        (fails("1054"), "SELECT nothing FROM t", ("SELECT nothing FROM t",)),
        (LEAVES, "DELETE FROM t WHERE id = 1", ("SELECT 1",)),
        (LEAVES, "DELETE FROM t", ("DELETE FROM t",)),
        (LEAVES, "DELETE FROM t; SELECT nothing", ()),
    ],
)
def test_a_false_claim_and_an_unsafe_safe_form_are_refuted(
    servers: Servers, claim: Claim, unsafe: str, safe: tuple[str, ...]
) -> None:
    proof = Proof(rule=Rule, claims=(claim,), setup=SETUP, unsafe=unsafe, safe=safe, question=ASKED)
    with pytest.raises(AssertionError):
        prove(proof, servers)


@pytest.mark.parametrize(
    ("claim", "unsafe", "safe"),
    [
        (COPY, WIDEN, (ADD, INDEX)),
        (fails("1054"), "SELECT nothing FROM t", ("SELECT n FROM t",)),
        (LEAVES, "DELETE FROM t", ("SELECT 1",)),
    ],
)
def test_the_same_claims_hold_where_they_are_true(
    servers: Servers, claim: Claim, unsafe: str, safe: tuple[str, ...]
) -> None:
    prove(Proof(rule=Rule, claims=(claim,), setup=SETUP, unsafe=unsafe, safe=safe, question=ASKED), servers)


@pytest.mark.parametrize(
    ("setup", "statement"),
    [
        (SETUP, "ALTER TABLE t ENGINE=MyISAM"),
        (SETUP, "ALTER TABLE t ADD m int, ENGINE=MyISAM"),
        (SETUP, "ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 2"),
        (f"{SETUP}; CREATE INDEX i ON t (n)", "DROP INDEX i ON t"),
        ("CREATE TABLE t (id int) ENGINE=MyISAM; INSERT INTO t VALUES (1)", "ALTER TABLE t MODIFY id bigint"),
        ("CREATE TABLE t (id int)", "ALTER TABLE t MODIFY id bigint"),
        (SETUP, "ALTER TABLE t MODIFY n bigint, ALGORITHM=COPY"),
        (SETUP, "ALTER TABLE t MODIFY n bigint, LOCK=NONE"),
        (SETUP, "ALTER TABLE t MODIFY n bigint; ALTER TABLE t ADD m int"),
        (SETUP, "ALTER TABLE elsewhere MODIFY n bigint"),
    ],
)
def test_where_the_ladder_proves_nothing_it_is_not_climbed(servers: Servers, setup: str, statement: str) -> None:
    session = servers.get("mysql", administrator)
    with database(session, setup), pytest.raises(AssertionError):
        cheapest(session, statement, version_of(session))


def test_settings_hold_for_one_proof_alone(servers: Servers) -> None:
    session = servers.get("mysql", administrator)
    before = session.rows("SELECT @@sql_mode, @@foreign_key_checks, @@lock_wait_timeout")
    with database(session, "SET sql_mode = '', foreign_key_checks = 0, lock_wait_timeout = 1"):
        assert session.rows("SELECT @@sql_mode, @@foreign_key_checks, @@lock_wait_timeout") != before
    assert session.rows("SELECT @@sql_mode, @@foreign_key_checks, @@lock_wait_timeout") == before
