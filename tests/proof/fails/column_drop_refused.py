"""Proofs of ``column-drop-refused``."""

from __future__ import annotations

from glowplug.review.rules.fails.column_drop_refused import ColumnDropRefused
from tests.proof.proof import Proof

KEY, UNIQUE, LAST, NEEDED = ColumnDropRefused.claims
DROP = "ALTER TABLE t DROP COLUMN b"

PROOFS = tuple(
    Proof(title=title, rule=ColumnDropRefused, claims=(claim,), setup=setup, unsafe=DROP, safe=(safe,) if safe else ())
    for title, claim, setup, safe in (
        ("key", KEY, "CREATE TABLE t (a, b INTEGER PRIMARY KEY)", None),
        ("key of two", KEY, "CREATE TABLE t (a, b, c, PRIMARY KEY (a, b))", "ALTER TABLE t DROP COLUMN c"),
        ("UNIQUE", UNIQUE, "CREATE TABLE t (a, b UNIQUE)", None),
        ("UNIQUE of the table", NEEDED, "CREATE TABLE t (a, b, c, UNIQUE (a, b))", "ALTER TABLE t DROP COLUMN c"),
        ("the last", LAST, "CREATE TABLE t (b)", None),
        ("index", NEEDED, "CREATE TABLE t (a, b); CREATE INDEX i ON t (b)", f"DROP INDEX i; {DROP}"),
        ("expression", NEEDED, "CREATE TABLE t (a, b); CREATE INDEX i ON t (lower(b))", f"DROP INDEX i; {DROP}"),
        ("WHERE", NEEDED, "CREATE TABLE t (a, b); CREATE INDEX i ON t (a) WHERE b > 0", f"DROP INDEX i; {DROP}"),
        ("view", NEEDED, "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT b FROM t", f"DROP VIEW v; {DROP}"),
        (
            "view in legacy mode",
            NEEDED,
            "CREATE TABLE t (a, b); CREATE VIEW v AS SELECT b FROM t",
            f"PRAGMA legacy_alter_table = ON; {DROP}",
        ),
        (
            "view that names other columns",
            NEEDED,
            "CREATE TABLE t (a, b, c); CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT * FROM t",
            "ALTER TABLE t DROP COLUMN c",
        ),
        ("CHECK of the table", NEEDED, "CREATE TABLE t (a, b, c CHECK (c > 0), CHECK (b > 0))", "ALTER TABLE t DROP c"),
        ("CHECK of another column", NEEDED, "CREATE TABLE t (a CHECK (b > 0), b)", None),
        (
            "FOREIGN KEY of the table",
            NEEDED,
            "CREATE TABLE p (id PRIMARY KEY); CREATE TABLE t (a, b, c REFERENCES p, FOREIGN KEY (b) REFERENCES p)",
            "ALTER TABLE t DROP COLUMN c",
        ),
        ("generated column", NEEDED, "CREATE TABLE t (a, b, c AS (b + 1))", "ALTER TABLE t DROP COLUMN c"),
    )
)
