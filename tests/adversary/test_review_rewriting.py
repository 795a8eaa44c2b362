"""The same harm in other words: a finding stays where the server does the harm, and goes where it does not.

What each variant does was looked at on PostgreSQL 15: locks, scans and rewrites of the tables that were there before.
"""

from __future__ import annotations

import pytest

from glowplug.review import engine
from glowplug.review.context import Terms
from tests.review.planted import chain_of

BEFORE = """
CREATE SCHEMA s;
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(10), d int DEFAULT 1, fk int);
CREATE INDEX t_b ON t (lower(b));
CREATE TABLE s.t (id int PRIMARY KEY, a int, b varchar(10), d int DEFAULT 1, fk int);
CREATE INDEX st_b ON s.t (lower(b));
"""
LIKE_IT = "(id int PRIMARY KEY, a int, b varchar(10), d int DEFAULT 1, fk int)"
HARMS = {
    "check-scans-table": "ALTER TABLE {} ADD CONSTRAINT k CHECK (a > 0)",
    "column-check-scans-table": "ALTER TABLE {} ADD COLUMN n int CHECK (n > 0)",
    "foreign-key-scans-table": "ALTER TABLE {} ADD CONSTRAINT f FOREIGN KEY (fk) REFERENCES public.p (id)",
    "unique-blocks-table": "ALTER TABLE {} ADD CONSTRAINT k UNIQUE (a)",
    "set-not-null-scans-table": "ALTER TABLE {} ALTER COLUMN a SET NOT NULL",
    "default-rewrites-table": "ALTER TABLE {} ADD COLUMN n float DEFAULT random()",
    "type-rewrites-table": "ALTER TABLE {} ALTER COLUMN a TYPE bigint",
    "type-change-reads-table": "ALTER TABLE {} ALTER COLUMN b TYPE text",
    "type-narrowed": "ALTER TABLE {} ALTER COLUMN a TYPE smallint",
    "not-null-without-default": "ALTER TABLE {} ADD COLUMN n int NOT NULL",
    "column-dropped": "ALTER TABLE {} DROP COLUMN a",
    "default-changed": "ALTER TABLE {} ALTER COLUMN d DROP DEFAULT",
    "name-changed": "ALTER TABLE {} RENAME COLUMN a TO z",
    "exclusion-blocks-table": "ALTER TABLE {} ADD CONSTRAINT ex EXCLUDE USING btree (a WITH =)",
    "index-blocks-writes": "CREATE INDEX ON {} (a)",
    "table-dropped": "DROP TABLE {} CASCADE",
    "rows-without-where": "DELETE FROM {}",
}
HARMFUL = {
    "qualified": ("{}", "public.t"),
    "quoted": ("{}", '"public"."t"'),
    "in capitals": ("{}", "PUBLIC . T"),
    "in Unicode's escapes": ("{}", 'U&"\\0074"'),
    "with a comment": ("{}", "/* x */ t -- y\n"),
    "in a block": ("DO $$ BEGIN {}; END $$", "t"),
    "in a block, on a condition": ("DO $$ BEGIN IF 1 = 1 THEN {}; END IF; END $$", "t"),
    "in a block, with a handler": ("DO $$ BEGIN {}; EXCEPTION WHEN duplicate_object THEN NULL; END $$", "t"),
    "in a loop": ("DO $$ BEGIN FOR i IN 1..1 LOOP {}; END LOOP; END $$", "t"),
    "as a constant that is executed": ("DO $$ BEGIN EXECUTE '{}'; END $$", "t"),
    "after CREATE TABLE IF NOT EXISTS": (f"CREATE TABLE IF NOT EXISTS t {LIKE_IT}; {{}}", "t"),
    "after a rename": ("ALTER TABLE t RENAME TO tt; {}", "tt"),
    "after a rename there and back": ("ALTER TABLE t RENAME TO tt; ALTER TABLE tt RENAME TO t; {}", "t"),
    "after a rename in a block": ("DO $$ BEGIN ALTER TABLE t RENAME TO tt; END $$; {}", "tt"),
    "beside a temporary table": (f"CREATE TEMP TABLE t {LIKE_IT}; {{}}", "public.t"),
    "found by the search path": ("SET LOCAL search_path = s; {}; SET LOCAL search_path = public", "t"),
    "found by set_config": ("SELECT set_config('search_path', 's, public', true); {}", "t"),
    "moved to another schema": ("ALTER TABLE s.t RENAME TO x; ALTER TABLE t SET SCHEMA s; {}", "s.t"),
    "with a view between": ("CREATE VIEW v AS SELECT 1 AS one; {}", "t"),
}
HARMLESS = {
    "new": (f"CREATE TABLE n {LIKE_IT}; {{}}", "n"),
    "new and renamed": (f"CREATE TABLE n {LIKE_IT}; ALTER TABLE n RENAME TO m; {{}}", "m"),
    "temporary": (f"CREATE TEMP TABLE t {LIKE_IT}; {{}}", "t"),
    "temporary by its schema": (f"CREATE TABLE pg_temp.t {LIKE_IT}; {{}}", "pg_temp.t"),
    "new in a schema": (f"CREATE SCHEMA f; CREATE TABLE f.t {LIKE_IT}; {{}}", "f.t"),
    "new by the search path": (
        f"CREATE SCHEMA f; SET LOCAL search_path = f; CREATE TABLE t {LIKE_IT}; {{}}; SET LOCAL search_path = public",
        "t",
    ),
    "made again": (f"DROP TABLE p; CREATE TABLE p {LIKE_IT}; {{}}", "p"),
}


def found(sql: str) -> set[str]:
    """The rules that speak of the second migration."""
    chain = chain_of((BEFORE, None), (sql, None))
    reviewed = engine.review(chain, Terms.of(chain))
    assert not reviewed.broken, reviewed.broken[0].trace
    return {each.rule for each in reviewed.findings if each.version == "0002"}


@pytest.mark.parametrize("rule", HARMS)
def test_other_words_do_not_hide_it(rule: str) -> None:
    hidden = [title for title, (words, table) in HARMFUL.items() if rule not in found(_said(words, rule, table))]
    assert hidden == []


@pytest.mark.parametrize("rule", sorted(HARMS.keys() - {"table-dropped"}))
def test_what_does_no_harm_is_left_alone(rule: str) -> None:
    cried = [title for title, (words, table) in HARMLESS.items() if rule in found(_said(words, rule, table))]
    assert cried == []


@pytest.mark.parametrize("title", sorted(HARMLESS.keys() - {"made again"}))
def test_dropping_what_the_file_made_is_left_alone(title: str) -> None:
    words, table = HARMLESS[title]
    assert "table-dropped" not in found(_said(words, "table-dropped", table))


def _said(words: str, rule: str, table: str) -> str:
    return words.replace("{}", HARMS[rule].format(table), 1)
