"""What waits behind a statement is what the transaction holds by then, not what the statement alone would take."""

from __future__ import annotations

import pytest

from glowplug.review import engine
from glowplug.review.context import Terms

from .planted import chain_of

SETUP = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint CONSTRAINT orders_user REFERENCES users (id), note text);
CREATE INDEX orders_note ON orders (note);
"""
KEY = "ADD CONSTRAINT again FOREIGN KEY (user_id) REFERENCES users (id)"
VALIDATE = "ALTER TABLE orders VALIDATE CONSTRAINT again"
WRITES, READS = "every INSERT, UPDATE and DELETE on", "waits, SELECT too, until"


def messages(sql: str, *, down: bool = False) -> dict[str, str]:
    """What is said of a file, by rule."""
    chain = chain_of((SETUP, None), ("SELECT 1", sql) if down else (sql, None))
    new = chain.migrations[1].version
    return {each.rule: each.message for each in engine.review(chain, Terms.of(chain)).findings if each.version == new}


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(
    ("sql", "rule", "lock", "waits"),
    [
        (
            f"ALTER TABLE orders {KEY}",
            "foreign-key-scans-table",
            "a SHARE ROW EXCLUSIVE lock on orders and users",
            WRITES,
        ),
        (
            f"ALTER TABLE orders\nDROP CONSTRAINT orders_user,\n{KEY}",
            "foreign-key-scans-table",
            "the ACCESS EXCLUSIVE lock that line 2 takes on orders and users",
            f"every query on either {READS}",
        ),
        (
            f"ALTER TABLE orders DROP CONSTRAINT orders_user;\nALTER TABLE orders {KEY}",
            "foreign-key-scans-table",
            "the ACCESS EXCLUSIVE lock that line 1 takes on orders and users",
            f"every query on either {READS}",
        ),
        (
            f"ALTER TABLE users ADD a int;\nALTER TABLE orders ADD a int;\nALTER TABLE orders {KEY}",
            "foreign-key-scans-table",
            "the ACCESS EXCLUSIVE locks that line 2 takes on orders and line 1 takes on users",
            f"every query on either {READS}",
        ),
        (
            f"ALTER TABLE orders ADD a int;\nALTER TABLE orders {KEY}",
            "foreign-key-scans-table",
            "the ACCESS EXCLUSIVE lock that line 1 takes on orders",
            f"every query on it {READS} the migration has ended; writes to users wait too, under SHARE ROW EXCLUSIVE",
        ),
        (
            f"ALTER TABLE users ADD a int;\nALTER TABLE orders {KEY}",
            "foreign-key-scans-table",
            "a SHARE ROW EXCLUSIVE lock on orders and the ACCESS EXCLUSIVE lock that line 1 takes on users",
            f"{WRITES} orders waits until the migration has ended, and every query on users, SELECT too",
        ),
        (
            "ALTER TABLE users ADD a int;\nALTER TABLE orders ADD b bigint DEFAULT 1 REFERENCES users",
            "foreign-key-scans-table",
            "the ACCESS EXCLUSIVE locks that line 2 takes on orders and line 1 takes on users",
            f"every query on either {READS}",
        ),
        ("CREATE INDEX x ON orders (user_id)", "index-blocks-writes", "under a SHARE lock on orders", WRITES),
        (
            "ALTER TABLE orders ADD a int;\nCREATE INDEX x ON orders (user_id)",
            "index-blocks-writes",
            "under the ACCESS EXCLUSIVE lock that line 1 takes on orders",
            "every query on it, SELECT too, waits",
        ),
        (
            "DO $$ BEGIN\nIF true THEN ALTER TABLE orders ADD a int; END IF;\nEND $$;\nCREATE INDEX x ON orders (id)",
            "index-blocks-writes",
            "under the ACCESS EXCLUSIVE lock that line 2 takes, if it runs, on orders",
            "every query on it, SELECT too, waits",
        ),
        (
            "ALTER TABLE orders ADD a int;\nALTER TABLE orders RENAME TO bills;\nCREATE INDEX x ON bills (user_id)",
            "index-blocks-writes",
            "under the ACCESS EXCLUSIVE lock that line 2 takes on bills",
            "every query on it, SELECT too, waits",
        ),
        (
            "ALTER TABLE orders ADD a int;\nCREATE INDEX IF NOT EXISTS orders_note ON orders (note)",
            "index-blocks-writes",
            "its lock adds nothing to the ACCESS EXCLUSIVE lock that line 1 takes on orders",
            f"every query on it {READS}",
        ),
        (
            "ALTER TABLE orders ADD a int;\nCOMMIT;\nCREATE INDEX x ON orders (user_id)",
            "index-blocks-writes",
            "under a SHARE lock on orders",
            WRITES,
        ),
        (
            "ALTER TABLE orders ADD a int;\nREINDEX TABLE orders",
            "reindex-blocks-writes",
            "again under the ACCESS EXCLUSIVE lock that line 1 takes on orders",
            "so does every query",
        ),
        (
            f"ALTER TABLE orders {KEY} NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT again",
            "validation-in-same-transaction",
            "the lock that ADD CONSTRAINT again took in this file, SHARE ROW EXCLUSIVE on orders and users, is still",
            "every write to them waits",
        ),
        (
            f"ALTER TABLE orders ADD a int, {KEY} NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT again",
            "validation-in-same-transaction",
            "the ACCESS EXCLUSIVE lock that line 1 takes on orders is still held",
            "every query on it waits, SELECT too, and every write to users,",
        ),
        (
            f"ALTER TABLE orders DROP CONSTRAINT orders_user, {KEY} NOT VALID;\n{VALIDATE}",
            "validation-in-same-transaction",
            "the ACCESS EXCLUSIVE lock that line 1 takes on orders and users is still held",
            "every query on either waits, SELECT too,",
        ),
        (
            "ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT c",
            "validation-in-same-transaction",
            "the ACCESS EXCLUSIVE lock that line 1 takes on orders is still held",
            "every query on it waits, SELECT too,",
        ),
    ],
)
def test_the_lock_that_is_held_is_said(sql: str, rule: str, lock: str, waits: str, *, down: bool) -> None:
    message = messages(sql, down=down)[rule]
    assert lock in message
    assert waits in message
    assert ("ACCESS EXCLUSIVE" in message.replace("an ACCESS EXCLUSIVE lock on each", "")) is ("line" in lock)


REFERENCES = "CREATE TABLE bills (user_id bigint REFERENCES users)"


def test_so_it_is_of_a_referenced_table() -> None:
    assert messages(REFERENCES)["foreign-key-locks-parent"].startswith(
        "takes a SHARE ROW EXCLUSIVE lock on users, for the foreign key of bills: it waits for every transaction that "
        f"has written to it, and {WRITES} it waits until the migration has ended."
    )
    assert messages(f"ALTER TABLE users ADD a int;\n{REFERENCES}")["foreign-key-locks-parent"].startswith(
        "adds a foreign key of bills under the ACCESS EXCLUSIVE lock that line 1 takes on users: every query on it, "
        "SELECT too, waits until the migration has ended."
    )


def test_after_a_commit_nothing_is_validated_under_the_lock_of_add_constraint() -> None:
    said = messages(
        "ALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID;\nCOMMIT;\n"
        "ALTER TABLE orders VALIDATE CONSTRAINT c"
    )
    assert "validation-in-same-transaction" not in said


def test_what_one_file_locks_another_does_not_hold() -> None:
    chain = chain_of((SETUP, None), ("ALTER TABLE orders ADD a int", None), ("CREATE INDEX x ON orders (note)", None))
    (said,) = [
        each.message for each in engine.review(chain, Terms.of(chain)).findings if each.rule == "index-blocks-writes"
    ]
    assert "under a SHARE lock on orders" in said
