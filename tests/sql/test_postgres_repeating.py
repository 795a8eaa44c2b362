"""Which files make the same of one schema whenever they succeed."""

from __future__ import annotations

import pytest

from glowplug.sql.postgres_repeating import repeats


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE a (at timestamptz NOT NULL DEFAULT now(), b int CHECK (b > 0)); CREATE INDEX ON a (b);",
        "ALTER TABLE a ADD COLUMN IF NOT EXISTS c text DEFAULT 'x'; COMMENT ON COLUMN a.c IS 'y'",
        "CREATE VIEW v AS SELECT 1 AS one; DROP TABLE b; CREATE TYPE t AS ENUM ('a')",
    ],
)
def test_these_do(text: str) -> None:
    assert repeats(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CREATE TABLE",
        "ALTER TABLE a ADD at timestamptz DEFAULT 'now'",
        "ALTER TABLE a ADD at timestamptz DEFAULT $$ToDay$$",
        r"ALTER TABLE a ADD at timestamptz DEFAULT E'\x6eow'",
        "ALTER TABLE a ADD at timestamptz DEFAULT U&'!006eow' UESCAPE '!'",
        "CREATE TABLE c PARTITION OF p FOR VALUES FROM (now()) TO ('infinity')",
        "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM (now()) TO ('infinity')",
        "CREATE TABLE c AS SELECT now() AS at",
        "DO $$ BEGIN EXECUTE 'CREATE TABLE x ()'; END $$",
        "UPDATE a SET b = 1",
        "SET search_path = other; CREATE TABLE a (b int)",
        "ALTER TABLE a RENAME b TO c",
    ],
)
def test_these_may_not(text: str) -> None:
    assert not repeats(text)
