"""Files that go to PostgreSQL in one message, and readings of a part, show what each by itself and all would.

The truth of each chain was executed with the diesel CLI and pg_dump.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal import rehearse
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

from .in_one_message import OF_ONE_TRANSACTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.interface import Server

pytestmark = pytest.mark.postgres

Files = list[tuple[str, str]]

MADE = ("CREATE TABLE u1 (id int)", "CREATE TABLE u2 (id int)", "CREATE TABLE u3 (id int)")
DROPPED = ("; DROP TABLE u1", "; DROP TABLE u2", "; DROP TABLE u3")
SETS_OFF = """
CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE log (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE t (id int); INSERT INTO t VALUES (1);
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log VALUES (1); RETURN 1; END';
CREATE DOMAIN dd AS int DEFAULT f()
"""
WAITS = """
CREATE TABLE res (v text); CREATE TABLE log (id int); CREATE TABLE t (id int); INSERT INTO t VALUES (1);
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN INSERT INTO public.res VALUES (current_setting(''search_path'')); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER tg AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tf();
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log VALUES (1); RETURN 1; END';
CREATE DOMAIN dd AS int DEFAULT f()
"""
OF_ROWS = {
    "a view": "CREATE VIEW v AS SELECT ROW(1, 2)::pair AS r",
    "a function of rows": "CREATE VIEW v AS SELECT count(*) FROM jsonb_populate_recordset(NULL::pair, '[]') r",
    "a view of an array": "CREATE VIEW v AS SELECT ARRAY[ROW(1, 2)::pair] AS r",
    "a default": "CREATE TABLE b (x pair DEFAULT ROW(1, 2)::pair)",
    "a check": "CREATE TABLE b (x pair CHECK (x IS DISTINCT FROM ROW(3, 4)::pair))",
    "a function's default": "CREATE FUNCTION g(x pair DEFAULT ROW(1, 2)::pair) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "an index": "CREATE TABLE b (x pair); CREATE INDEX ix ON b ((x = ROW(1, 2)::pair))",
    "a trigger": """
        CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE b (x int);
        CREATE TRIGGER tr BEFORE INSERT ON b FOR EACH ROW WHEN (ROW(NEW.x, 2)::pair IS NOT NULL) EXECUTE FUNCTION g()
    """,
    "a generated column": "CREATE TABLE b (x pair, y bool GENERATED ALWAYS AS (x = ROW(1, 2)::pair) STORED)",
    "a domain": "CREATE DOMAIN dom AS int CHECK ((ROW(VALUE, 2)::pair).id > 0)",
    "statistics": "CREATE TABLE b (x int); CREATE STATISTICS st ON ((ROW(x, 2)::pair).id), (x + 1) FROM b",
    "a policy": "CREATE TABLE b (x int); CREATE POLICY po ON b USING (ROW(1, 2)::pair IS NOT NULL)",
}

CHAINS: dict[str, tuple[Files, list[str], str]] = {
    "an index as a table": (
        [
            ("CREATE TABLE t (id int PRIMARY KEY, k int); CREATE INDEX i ON t (k)", "DROP TABLE t"),
            ("ALTER TABLE i SET (fillfactor = 50)", "SELECT 1"),
            ("ALTER TABLE t_pkey SET (fillfactor = 60)", "SELECT 1"),
            ("ALTER TABLE i RESET (fillfactor)", "ALTER TABLE i SET (fillfactor = 50)"),
            *[(f"CREATE TABLE later{number} (id int)", f"DROP TABLE later{number}") for number in range(8)],
        ],
        ["restored", "differs", "differs", *["restored"] * 9],
        "complete",
    ),
    "a domain as a type": (
        [
            (
                "CREATE DOMAIN d1 AS int; CREATE DOMAIN d2 AS int CHECK (VALUE > 0); CREATE DOMAIN d3 AS text",
                "DROP DOMAIN IF EXISTS d1, d2, d3",
            ),
            ("DROP TYPE d1", "CREATE DOMAIN d1 AS int"),
            ("CREATE TABLE w (id int)", "DO $$ BEGIN DROP TABLE w; END $$"),
            ("DROP TYPE d3", "SELECT 1"),
            ("DROP TYPE d2; ALTER TABLE w ADD a int CHECK (a > 1)", "ALTER TABLE w DROP a"),
        ],
        ["restored", "restored", "restored", "differs", "differs"],
        "complete",
    ),
    **{
        f"of a table's rows: {name}": (
            [
                (f"CREATE TABLE pair (id int, k int); {made}", "SELECT 1"),
                ("ALTER TABLE pair DROP COLUMN k", "ALTER TABLE pair ADD COLUMN k int"),
            ],
            ["differs", "differs"],
            "complete",
        )
        for name, made in OF_ROWS.items()
    },
    "another encoding for what comes after": (
        [
            ("CREATE TABLE t (id int)", "DROP TABLE t"),
            ('ALTER TABLE t ADD "maß" int', 'ALTER TABLE t DROP "maß"'),
            (MADE[1], "SET NAMES 'LATIN1'" + DROPPED[1]),
        ],
        ["restored"] * 3,
        "failed",
    ),
    "two moments": (
        [
            ("CREATE TABLE t (v int, at timestamptz)", "DROP TABLE t"),
            (MADE[0], "ALTER TABLE t ADD UNIQUE (at)" + DROPPED[0]),
            (MADE[1], "INSERT INTO t VALUES (1, CURRENT_TIMESTAMP)" + DROPPED[1]),
            (MADE[2], "INSERT INTO t VALUES (1, CURRENT_TIMESTAMP)" + DROPPED[2]),
        ],
        ["restored", "differs", "restored", "restored"],
        "complete",
    ),
    "two moments of columns": (
        [
            ("CREATE TABLE t (v int); INSERT INTO t VALUES (1)", "DROP TABLE t"),
            (MADE[0], "ALTER TABLE t ADD CHECK (a > b)" + DROPPED[0]),
            (MADE[1], "ALTER TABLE t ADD a timestamptz DEFAULT now()" + DROPPED[1]),
            (MADE[2], "ALTER TABLE t ADD b timestamptz DEFAULT now()" + DROPPED[2]),
        ],
        ["restored", "down_failed", "differs", "differs"],
        "complete",
    ),
    "a moment later": (
        [
            ("CREATE TABLE t (v int, at timestamptz)", "DROP TABLE t"),
            (MADE[0], "ALTER TABLE t ADD CONSTRAINT c CHECK (v IS NULL)" + DROPPED[0]),
            (MADE[1], "UPDATE t SET v = NULL WHERE at >= now()" + DROPPED[1]),
            (MADE[2], "INSERT INTO t VALUES (1, now())" + DROPPED[2]),
        ],
        ["restored", "differs", "restored", "restored"],
        "failed",
    ),
    "strings read otherwise": (
        [
            ("CREATE TABLE t (v text)", "DROP TABLE t"),
            (MADE[0], "INSERT INTO t VALUES (E'it\\'s')" + DROPPED[0]),
            (MADE[1], "SET backslash_quote = off" + DROPPED[1]),
        ],
        ["restored"] * 3,
        "failed",
    ),
    "a setting by a name put together": (
        [
            ("CREATE TABLE t (v text CHECK (v = 'a\\b'))", "DROP TABLE t"),
            (MADE[0], "INSERT INTO t VALUES ('a\\b')" + DROPPED[0]),
            (MADE[1], "SELECT set_config('standard_conforming' || '_strings', 'off', false)" + DROPPED[1]),
        ],
        ["restored"] * 3,
        "failed",
    ),
    "the moment of another transaction": (
        [
            ("CREATE TABLE t (v int, at timestamptz)", "DROP TABLE t"),
            (
                "UPDATE t SET v = NULL WHERE at >= now(); ALTER TABLE t ADD CONSTRAINT c CHECK (v IS NULL)",
                "INSERT INTO t VALUES (NULL, now()); ALTER TABLE t DROP CONSTRAINT c; UPDATE t SET v = 1",
            ),
        ],
        ["restored", "restored: the second up fails"],
        "complete",
    ),
    "a deferred check of what a default writes": (
        [
            (SETS_OFF, "DROP DOMAIN dd; DROP FUNCTION f; DROP TABLE t, log, p"),
            ("CREATE TABLE z (id int)", "DROP TABLE z; ALTER TABLE t ADD COLUMN c dd"),
        ],
        ["restored", "down_failed"],
        "failed",
    ),
    "a deferred trigger of what a default writes": (
        [
            (WAITS, "SELECT 1"),
            ("ALTER TABLE t ADD COLUMN c0 int", "ALTER TABLE t DROP COLUMN c0"),
            ("ALTER TABLE t ADD COLUMN c1 dd", "ALTER TABLE t DROP COLUMN c1"),
            ("ALTER TABLE t ADD COLUMN c2 dd", "ALTER TABLE t DROP COLUMN c2"),
            (
                "ALTER TABLE res ADD CHECK (v NOT LIKE 'pg_catalog%')",
                "ALTER TABLE res DROP CONSTRAINT res_v_check",
            ),
        ],
        ["differs", "restored", "restored", "restored", "restored"],
        "complete",
    ),
    "an isolation level, and a setting later": (
        [
            ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE u1 (id int)", "DROP TABLE u1"),
            ("SET default_transaction_isolation = 'serializable'; CREATE TABLE u2 (id int)", "DROP TABLE u2"),
        ],
        ["restored", "restored"],
        "complete",
    ),
}


def chain(files: Files) -> Chain:
    migrations = tuple(
        Migration(version=f"{n:03}", name=f"{n:03}_m", path=f"m/{n:03}_m", up=up.encode(), down=down.encode())
        for n, (up, down) in enumerate(files)
    )
    return Chain(directory="m", dialect=Dialect.POSTGRES, migrations=migrations, settings=ChainSettings())


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    request = Request(
        dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )
    with open_server(request) as server:
        yield server


@pytest.mark.parametrize("name", [*CHAINS, *OF_ONE_TRANSACTION])
def test_a_chain(name: str, server: Server) -> None:
    files, outcomes, back = {**CHAINS, **OF_ONE_TRANSACTION}[name]
    found = rehearse(chain(files), server, forward_only=False)
    again = {"failed": ": the second up fails"}
    told = [
        trip.outcome + again.get(trip.second_up or "", "") * (trip.outcome == "restored") for trip in found.round_trips
    ]
    assert told == outcomes
    assert found.chain_down.outcome == back


def test_a_trigger_that_shuts_the_door_is_told(server: Server) -> None:
    shuts = (
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database()); RETURN NEW; END $$"
    )
    files = [
        (
            f"CREATE TABLE t (id int); {shuts}; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
            "DROP TABLE t; DROP FUNCTION f",
        ),
        ("INSERT INTO t VALUES (1)", "DELETE FROM t"),
    ]
    found = rehearse(chain(files), server, forward_only=False)
    assert found.round_trips[1].outcome == "up_failed"
    assert found.round_trips[1].error is not None
    message = found.round_trips[1].error.error.message
    assert message.startswith("shuts Diesel out: its next session can't begin: too many connections")
    assert "glowplug" not in message
