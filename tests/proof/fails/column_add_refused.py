"""Proofs of ``column-add-refused``."""

from __future__ import annotations

from glowplug.review.rules.fails.column_add_refused import ColumnAddRefused
from tests.proof.proof import Proof

UNIQUE, KEY, NOT_NULL, COMPUTED, STORED, REFERENCES = ColumnAddRefused.claims
EMPTY = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);"
)
ROW = f"{EMPTY} INSERT INTO users VALUES (1);"


def adding(column: str) -> str:
    """One column."""
    return f"ALTER TABLE users ADD COLUMN {column}"


PROOFS = (
    Proof(
        title="UNIQUE, without rows",
        rule=ColumnAddRefused,
        claims=(UNIQUE,),
        setup=EMPTY,
        unsafe=adding("email TEXT UNIQUE"),
        safe=(f"{adding('email TEXT')}; CREATE UNIQUE INDEX users_email_key ON users (email)",),
    ),
    Proof(
        title="PRIMARY KEY, without rows",
        rule=ColumnAddRefused,
        claims=(KEY,),
        setup=EMPTY,
        unsafe=adding("number INTEGER PRIMARY KEY"),
    ),
    *(
        Proof(
            title=column,
            rule=ColumnAddRefused,
            claims=(claim,),
            setup=ROW,
            unsafe=adding(column),
            safe=tuple(map(adding, safe)),
        )
        for column, claim, safe in (
            ("a TEXT NOT NULL", NOT_NULL, ("a TEXT", "b TEXT NOT NULL DEFAULT ''")),
            ("a TEXT NOT NULL DEFAULT (NULL)", NOT_NULL, ("a TEXT DEFAULT (NULL)",)),
            ("a TEXT DEFAULT CURRENT_TIMESTAMP", COMPUTED, ("a TEXT DEFAULT '2026-01-01'",)),
            ("a INT DEFAULT (1 + 1)", COMPUTED, ("a INT DEFAULT (2)", "b INT DEFAULT (-2)", "c INT DEFAULT TRUE")),
            ("a INT DEFAULT (random())", COMPUTED, ("a INT DEFAULT ((1))",)),
            ("a TEXT DEFAULT ('a' || 'b')", COMPUTED, ("a TEXT DEFAULT (CAST(1 AS TEXT))",)),
            ("a INT AS (id + 1) STORED", STORED, ("a INT AS (id + 1) VIRTUAL", "b INT NOT NULL AS (id) VIRTUAL")),
        )
    ),
    *(
        Proof(
            title=f"without rows: {column}",
            rule=ColumnAddRefused,
            claims=(claim,),
            setup=ROW,
            unsafe=adding(column),
            safe=(f"DELETE FROM users; {adding(column)}",),
        )
        for column, claim in (
            ("a TEXT NOT NULL", NOT_NULL),
            ("a TEXT DEFAULT CURRENT_TIMESTAMP", COMPUTED),
            ("a INT AS (id + 1) STORED", STORED),
        )
    ),
    Proof(
        title="REFERENCES with a default, foreign_keys on",
        rule=ColumnAddRefused,
        claims=(REFERENCES,),
        setup=ROW,
        unsafe=adding("t_id INT NOT NULL DEFAULT 1 REFERENCES t"),
        safe=(adding("t_id INT REFERENCES t"), adding("other_id INT DEFAULT NULL REFERENCES t")),
        settings={"foreign_keys": "on"},
    ),
    Proof(
        title="REFERENCES with a default, foreign_keys off",
        rule=ColumnAddRefused,
        claims=(UNIQUE,),
        setup=ROW,
        unsafe=adding("t_id INT DEFAULT 1 UNIQUE REFERENCES t"),
        safe=(adding("t_id INT NOT NULL DEFAULT 1 REFERENCES t"),),
        settings={"foreign_keys": "off"},
    ),
)
