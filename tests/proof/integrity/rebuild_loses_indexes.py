"""Proofs of ``rebuild-loses-indexes``."""

from __future__ import annotations

from glowplug.review.rules.integrity.rebuild_loses_indexes import RebuildLosesIndexes
from tests.proof.proof import Proof, Question

INDEX = "CREATE UNIQUE INDEX users_name ON users (name);"
TRIGGER = "CREATE TRIGGER users_kept BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'kept'); END;"
SETUP = f"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); {INDEX} {TRIGGER} INSERT INTO users VALUES (1, 'a');"
NEW_FIRST = """
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_users (id, name) SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
"""
OLD_FIRST = """
ALTER TABLE users RENAME TO old_users;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO users (id, name) SELECT id, name FROM old_users;
DROP TABLE old_users;
"""

PROOFS = tuple(
    Proof(
        title=title,
        rule=RebuildLosesIndexes,
        claims=RebuildLosesIndexes.claims,
        setup=SETUP,
        unsafe=rebuild,
        safe=(f"{rebuild} {INDEX} {TRIGGER}",),
        question=Question(
            sql="SELECT group_concat(name, ' ') FROM sqlite_master WHERE type IN ('index', 'trigger')",
            unsafe="None",
            safe="users_name users_kept",
        ),
    )
    for title, rebuild in {"new first": NEW_FIRST, "old first": OLD_FIRST}.items()
)
