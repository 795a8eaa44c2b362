"""Proofs of ``view-stops-rename``."""

from __future__ import annotations

from glowplug.review.rules.fails.view_stops_rename import ViewStopsRename
from tests.proof.proof import Proof

VIEW = "CREATE VIEW people AS SELECT name FROM users;"
REBUILD = """
CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_users (id, name) SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;
"""

PROOFS = tuple(
    Proof(
        title=title,
        rule=ViewStopsRename,
        claims=ViewStopsRename.claims,
        setup=f"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); {VIEW}",
        unsafe=REBUILD,
        safe=(safe,),
    )
    for title, safe in {
        "the view is dropped first": f"DROP VIEW people; {REBUILD} {VIEW}",
        "legacy_alter_table": f"PRAGMA legacy_alter_table = ON; {REBUILD}",
    }.items()
)
