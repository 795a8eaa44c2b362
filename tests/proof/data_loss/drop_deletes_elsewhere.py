"""Proofs of ``drop-deletes-elsewhere``."""

from __future__ import annotations

from glowplug.review.procedure import CHECK_FOREIGN_KEYS
from glowplug.review.rules.data_loss.drop_deletes_elsewhere import DropDeletesElsewhere
from tests.proof.proof import Alone, Proof, Question

DELETES, FORGETS, FAILS = DropDeletesElsewhere.claims
REBUILD = """
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_users (id, name) SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
"""
SAFE = Alone(f"PRAGMA foreign_keys = OFF; BEGIN; {REBUILD} {CHECK_FOREIGN_KEYS} COMMIT; PRAGMA foreign_keys = ON;")
OFF_IN_VAIN = f"PRAGMA foreign_keys = OFF; {REBUILD}"
ITSELF = "CREATE TABLE users (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES {0} ON DELETE CASCADE);".format
POINTING = Question(sql="SELECT count(user_id) FROM posts", unsafe="0", safe="2")


def setup(action: str) -> str:
    """Two users, each with a post that points at it."""
    return f"""
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users {action});
    INSERT INTO users VALUES (1, 'a'), (2, 'b');
    INSERT INTO posts VALUES (1, 1), (2, 2);
    """


ON = {"foreign_keys": "on"}

PROOFS = (
    Proof(
        title="cascade",
        rule=DropDeletesElsewhere,
        claims=(DELETES,),
        setup=setup("ON DELETE CASCADE"),
        unsafe=REBUILD,
        safe=(SAFE,),
        settings=ON,
        question=Question(sql="SELECT count(*) FROM posts", unsafe="0", safe="2"),
    ),
    Proof(
        title="the pragma does nothing in a transaction",
        rule=DropDeletesElsewhere,
        claims=(DELETES,),
        setup=setup("ON DELETE CASCADE"),
        unsafe=OFF_IN_VAIN,
        safe=(SAFE,),
        settings=ON,
        question=Question(sql="SELECT count(*) FROM posts", unsafe="0", safe="2"),
    ),
    Proof(
        title="without a transaction and without the pragma",
        rule=DropDeletesElsewhere,
        claims=(DELETES,),
        setup=setup("ON DELETE CASCADE"),
        unsafe=REBUILD,
        in_transaction=False,
        settings=ON,
        question=Question(sql="SELECT count(*) FROM posts", unsafe="0", safe="2"),
    ),
    Proof(
        title="a drop for good",
        rule=DropDeletesElsewhere,
        claims=(DELETES,),
        setup=setup("ON DELETE CASCADE"),
        unsafe="DROP TABLE users",
        settings=ON,
        question=Question(sql="SELECT count(*) FROM posts", unsafe="0", safe="2"),
    ),
    Proof(
        title="the new table references the old one",
        rule=DropDeletesElsewhere,
        claims=(DELETES,),
        setup=f"{ITSELF('users')} INSERT INTO users VALUES (1, NULL), (2, 1), (3, 1)",
        unsafe=f"{ITSELF('users')} INSERT INTO new_users SELECT * FROM users; DROP TABLE users;"
        "ALTER TABLE new_users RENAME TO users".replace("CREATE TABLE users", "CREATE TABLE new_users"),
        safe=(
            f"{ITSELF('new_users')} INSERT INTO new_users SELECT * FROM users; DROP TABLE users;".replace(
                "CREATE TABLE users", "CREATE TABLE new_users"
            )
            + "ALTER TABLE new_users RENAME TO users",
        ),
        settings=ON,
        question=Question(sql="SELECT count(*) FROM users", unsafe="1", safe="3"),
    ),
    *(
        Proof(
            title=action,
            rule=DropDeletesElsewhere,
            claims=(FORGETS,),
            setup=setup(action),
            unsafe=REBUILD,
            safe=(SAFE,),
            settings=ON,
            question=POINTING,
        )
        for action in ("ON DELETE SET NULL", "ON DELETE SET DEFAULT")
    ),
    *(
        Proof(
            title=f"fails: {action}",
            rule=DropDeletesElsewhere,
            claims=(FAILS,),
            setup=setup(action),
            unsafe=unsafe,
            safe=(SAFE,),
            settings=ON,
        )
        for action in ("", "ON DELETE RESTRICT", "DEFERRABLE INITIALLY DEFERRED")
        for unsafe in (REBUILD,)
    ),
    Proof(
        title="deferring does not help",
        rule=DropDeletesElsewhere,
        claims=(FAILS,),
        setup=setup(""),
        unsafe=f"PRAGMA defer_foreign_keys = ON; {REBUILD}",
        safe=(SAFE,),
        settings=ON,
    ),
)
"""With foreign_keys off the same statements do no harm: ``test_foreign_keys_off`` in tests/proof/test_sqlite.py."""
