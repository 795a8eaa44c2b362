"""Proofs of ``alter-not-supported``."""

from __future__ import annotations

from glowplug.review.rules.fails.alter_not_supported import AlterNotSupported
from glowplug.review.version import Versions
from tests.proof.proof import Proof

NEVER, LATER, NO_KEY = AlterNotSupported.claims
SETUP = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, CONSTRAINT small CHECK (id < 9), CONSTRAINT only UNIQUE (b));
CREATE TABLE p (id INTEGER PRIMARY KEY);
"""
REBUILD = """
CREATE TABLE new_users (id INTEGER PRIMARY KEY, age INTEGER);
INSERT INTO new_users (id, age) SELECT id, age FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
"""

PROOFS = (
    *(
        Proof(title=clause, rule=AlterNotSupported, claims=(NEVER,), setup=SETUP, unsafe=f"ALTER TABLE t {clause}")
        for clause in (
            *("ALTER COLUMN a TYPE INTEGER", "ALTER COLUMN a SET DATA TYPE INTEGER", "MODIFY COLUMN a INTEGER"),
            *("CHANGE a c INTEGER", "ALTER COLUMN a SET DEFAULT 'x'", "ALTER COLUMN a DROP DEFAULT"),
            *("ADD CONSTRAINT k UNIQUE (a)", "ADD UNIQUE (a)", "ADD PRIMARY KEY (a)", "RENAME CONSTRAINT small TO s"),
            *("ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES p", "ADD FOREIGN KEY (a) REFERENCES p"),
            *("ADD COLUMN c INTEGER, ADD COLUMN d INTEGER", "DROP COLUMN a, DROP COLUMN b"),
            *("ADD COLUMN IF NOT EXISTS c INTEGER", "DROP COLUMN IF EXISTS a", "DROP COLUMN a CASCADE"),
        )
    ),
    *(
        Proof(title=clause, rule=AlterNotSupported, claims=(LATER,), setup=SETUP, unsafe=f"ALTER TABLE t {clause}")
        for clause in (
            *("ALTER COLUMN a SET NOT NULL", "ALTER COLUMN a DROP NOT NULL", "DROP CONSTRAINT small"),
            *("ADD CONSTRAINT k CHECK (a > 0)", "ADD CHECK (a > 0)"),
        )
    ),
    Proof(
        title="a key is no constraint that can be dropped",
        rule=AlterNotSupported,
        claims=(NO_KEY,),
        versions=Versions(since=(3, 53)),
        setup=SETUP,
        unsafe="ALTER TABLE t DROP CONSTRAINT only",
        safe=("ALTER TABLE t DROP CONSTRAINT small",),
    ),
    Proof(
        title="one clause a statement",
        rule=AlterNotSupported,
        claims=(NEVER,),
        setup=SETUP,
        unsafe="ALTER TABLE t ADD COLUMN c INTEGER, ADD COLUMN d INTEGER",
        safe=("ALTER TABLE t ADD COLUMN c INTEGER; ALTER TABLE t ADD COLUMN d INTEGER",),
    ),
    Proof(
        title="the table rebuilt",
        rule=AlterNotSupported,
        claims=(NEVER,),
        setup="CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT)",
        unsafe="ALTER TABLE users ALTER COLUMN age TYPE INTEGER",
        safe=(REBUILD,),
    ),
)
