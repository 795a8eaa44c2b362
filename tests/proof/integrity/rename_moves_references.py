"""Proofs of ``rename-moves-references``."""

from __future__ import annotations

from glowplug.review.rules.integrity.rename_moves_references import RenameMovesReferences
from tests.proof.proof import Proof, Question

FOLLOWS, FAILS = RenameMovesReferences.claims
SETUP = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users);
CREATE VIEW people AS SELECT name FROM users;
INSERT INTO users VALUES (1, 'a');
INSERT INTO posts VALUES (1, 1);
"""
OLD_FIRST = """
ALTER TABLE users RENAME TO old_users;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO users (id, name) SELECT id, name FROM old_users;
DROP TABLE old_users;
"""
NEW_FIRST = """
DROP VIEW people;
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_users (id, name) SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
CREATE VIEW people AS SELECT name FROM users;
"""
OFF = {"foreign_keys": "off"}

PROOFS = (
    Proof(
        title="the foreign key follows",
        rule=RenameMovesReferences,
        claims=(FOLLOWS,),
        setup=SETUP,
        unsafe=OLD_FIRST,
        safe=(NEW_FIRST,),
        settings=OFF,
        question=Question(
            sql="""SELECT "table" FROM pragma_foreign_key_list('posts')""", unsafe="old_users", safe="users"
        ),
    ),
    Proof(
        title="legacy_alter_table, foreign keys off: it stays",
        rule=RenameMovesReferences,
        claims=(FOLLOWS,),
        setup=SETUP,
        unsafe=OLD_FIRST,
        safe=(f"PRAGMA legacy_alter_table = ON; {OLD_FIRST}",),
        settings=OFF,
        question=Question(
            sql="""SELECT "table" FROM pragma_foreign_key_list('posts')""", unsafe="old_users", safe="users"
        ),
    ),
    Proof(
        title="INSERTs fail",
        rule=RenameMovesReferences,
        claims=(FAILS,),
        setup=SETUP,
        unsafe=f"{OLD_FIRST} COMMIT; PRAGMA foreign_keys = ON; BEGIN; INSERT INTO posts VALUES (2, 1);",
        safe=(f"{NEW_FIRST} COMMIT; PRAGMA foreign_keys = ON; BEGIN; INSERT INTO posts VALUES (2, 1);",),
        settings=OFF,
    ),
    Proof(
        title="queries of the view fail",
        rule=RenameMovesReferences,
        claims=(FAILS,),
        setup=SETUP,
        unsafe=f"{OLD_FIRST} SELECT name FROM people;",
        safe=(f"{NEW_FIRST} SELECT name FROM people;",),
        settings=OFF,
    ),
)
