"""A MariaDB stands in for a MySQL: what the one has and the other lacks is neither a no nor a yes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.check.check import check
from glowplug.check.settings import Settings
from glowplug.check.terms import Options, Part
from glowplug.project import find_project
from glowplug.scratch.mysql.source import find_all

if TYPE_CHECKING:
    from pathlib import Path

    from glowplug.check.report import ChainReport, CheckReport

pytestmark = pytest.mark.mysql

TABLE = ("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(50), meta JSON);", "DROP TABLE t;")


@pytest.fixture(autouse=True)
def _a_mariadb_alone() -> None:
    if any(each.version.vendor == "MySQL" for each in find_all(os.environ)):
        pytest.skip("there is a MySQL here, which needs no stand-in")


def checked(
    root: Path,
    *migrations: tuple[str, str],
    version: str | None = "8.4",
    more: str = "",
    rows: int = 0,
    parts: frozenset[Part] = frozenset({Part.REHEARSAL}),
) -> CheckReport:
    for number, (up, down) in enumerate(migrations, start=1):
        directory = root / f"migrations/{number}_m"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "up.sql").write_text(up)
        (directory / "down.sql").write_text(down)
    said = "" if version is None else f'server_version = "{version}"\n'
    (root / "glowplug.toml").write_text(f'[[chain]]\nmigrations = "migrations"\nbackend = "mysql"\n{said}{more}')
    project = find_project(root, environment={})
    options = Options(base="none", parts=parts, cached=False, rows=rows)
    return check(project, Settings.of(project.configuration), options, environment=dict(os.environ))


def only(report: CheckReport) -> ChainReport:
    (chain,) = report.chains
    return chain


@pytest.mark.parametrize(
    ("up", "what", "line"),
    [
        ("CREATE TABLE u (a INT)\n  COLLATE utf8mb4_0900_ai_ci;", "the collation utf8mb4_0900_ai_ci", 1),
        ("SELECT 1;\nCREATE INDEX i ON t ((lower(name)));", "an index on an expression", 2),
        ("ALTER TABLE t\n ADD a INT AS (meta->>'$.a');", "the operator ->>", 2),
        ("UPDATE t SET name = UUID_TO_BIN(UUID());", "the function UUID_TO_BIN", 1),
        *(
            (up, "REFERENCES without columns in a column's definition", 1)
            for up in (
                "CREATE TABLE u (a INT NOT NULL REFERENCES t ON DELETE CASCADE);",
                "CREATE TABLE u (a INT, b INT REFERENCES `t`, FOREIGN KEY (a) REFERENCES t (id));",
                "ALTER TABLE t ADD COLUMN a INT REFERENCES t;",
            )
        ),
    ],
)
def test_what_mariadb_lacks_is_no_verdict(tmp_path: Path, up: str, what: str, line: int) -> None:
    report = checked(tmp_path, TABLE, (up, "SELECT 1;"))
    chain = only(report)
    assert report.exit_code == 3
    assert chain.problem is not None
    assert chain.problem.message.startswith(f"asks for {what}, which the scratch server lacks")
    assert (chain.problem.file, chain.problem.line) == ("migrations/2_m/up.sql", line)
    assert "GLOWPLUG_SCRATCH_URL_MYSQL" in (chain.problem.advice or "")
    assert "PostgreSQL" not in (chain.problem.advice or "")
    assert chain.scratch is not None
    assert chain.scratch.matches_production is False
    assert "stands in" in chain.scratch.notes[0]
    assert [finding.rule for finding in chain.findings] == []


def test_a_down_that_asks_for_it_is_none_either(tmp_path: Path) -> None:
    report = checked(tmp_path, TABLE, ("ALTER TABLE t ADD a INT;", "ALTER TABLE t DROP a, DROP CHECK c;"))
    problem = only(report).problem
    assert report.exit_code == 3
    assert problem is not None
    assert problem.message.startswith("asks for DROP CHECK")
    assert problem.file == "migrations/2_m/down.sql"


def test_with_rows_in_the_tables_it_is_none_either(tmp_path: Path) -> None:
    up = "INSERT INTO t (id) VALUES (1) AS new ON DUPLICATE KEY UPDATE name = new.name;"
    report = checked(tmp_path, TABLE, (up, "DELETE FROM t WHERE id = 1;"), rows=5)
    assert report.exit_code == 3
    assert {one.rule for one in only(report).findings} <= {"down-drops-new-rows"}


@pytest.mark.parametrize("version", [None, "mariadb-10.11", "10.11"])
def test_where_no_mysql_was_asked_for_it_is_the_migrations_error(tmp_path: Path, version: str | None) -> None:
    report = checked(tmp_path, TABLE, ("CREATE INDEX i ON t ((lower(name)));", "SELECT 1;"), version=version)
    (finding,) = (one for one in only(report).findings if one.rule == "up-fails")
    assert report.exit_code == 1
    assert "stands in" not in finding.message


@pytest.mark.parametrize(
    "up",
    [
        "CREATE TABLE u (a INT) COLLATE utf8mb4_nosuch_ci;",
        "SELECT nosuch(1);",
        "ALTER TABLE t ADD a INT INVALID;",
        "CREATE INDEX i ON t ();",
        "CREATE INDEX i ON t (name) WITH NOTHING;",
        "UPDATE t SET name = 'x' WHER id = 1;",
        "DELETE FROM t WHER id = 1;",
        "INSERT INTO t VALUES (1, 'a', NULL) AS;",
        "SET nosuchvariable = 1;",
        "CREATE TABLE u (id INT, a INT visible BOOLEAN);",
        "CREATE TABLE u (a TEXT COLLATE utf8mb4_0900_ai_cs);",
        "CREATE INDEX i ON t ((lower(name));",
        "ALTER TABLE t MODIFY name INT, ALGORITHM=INPLACE;",
    ],
)
def test_an_error_stays_one_and_says_who_says_so(tmp_path: Path, up: str) -> None:
    report = checked(tmp_path, TABLE, (up, "SELECT 1;"))
    (finding,) = (one for one in only(report).findings if one.rule == "up-fails")
    assert report.exit_code == 1
    assert "A MariaDB says so, which stands in for production's MySQL" in finding.message


@pytest.mark.parametrize(
    "up",
    [
        "CREATE TABLE u (a INT, FOREIGN KEY (a) REFERENCES t);",
        "CREATE TABLE u (a INT, CONSTRAINT c FOREIGN KEY k (a) REFERENCES t ON DELETE CASCADE);",
        "CREATE TABLE u (a VARCHAR(9), FOREIGN KEY (a) REFERENCES t (id));",
        "CREATE TABLE u (a VARCHAR(9), b INT REFERENCES t (id), FOREIGN KEY (a) REFERENCES t (id));",
    ],
)
def test_a_foreign_key_that_mysql_refuses_as_well_stays_an_error(tmp_path: Path, up: str) -> None:
    report = checked(tmp_path, TABLE, (up, "SELECT 1;"))
    assert report.exit_code == 1
    assert [one.rule for one in only(report).findings if one.rule == "up-fails"] == ["up-fails"]


@pytest.mark.parametrize(("version", "code"), [("8.0", 3), ("8.4", 3), ("9.0", 1)])
def test_what_mysql_ignores_before_it_makes_a_key_of_it(tmp_path: Path, version: str, code: int) -> None:
    up = "CREATE TABLE u (a VARCHAR(9) REFERENCES t (id), b INT REFERENCES nosuch (id));"
    report = checked(tmp_path, TABLE, (up, "SELECT 1;"), version=version)
    assert report.exit_code == code
    problem = only(report).problem
    said = "asks for REFERENCES in a column's definition that makes no foreign key, which the scratch server lacks"
    assert problem is None if code == 1 else problem is not None and problem.message.startswith(said)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ('collation = "utf8mb4_0900_ai_ci"\n', "glowplug.toml asks for the collation utf8mb4_0900_ai_ci"),
        (
            'session_setup = ["SET SESSION cte_max_recursion_depth = 5"]\n',
            "session_setup asks for the variable cte_max_recursion_depth",
        ),
    ],
)
def test_settings_that_ask_for_it_are_no_mistake(tmp_path: Path, more: str, what: str) -> None:
    report = checked(tmp_path, TABLE, more=more)
    problem = only(report).problem
    assert report.exit_code == 3
    assert problem is not None
    assert problem.message.startswith(what)


def refused(report: CheckReport) -> list[str]:
    return [one.message.partition(":")[0] for one in only(report).findings if one.rule == "mysql-refuses"]


def test_what_mariadb_alone_takes_is_no_yes_in_silence(tmp_path: Path) -> None:
    two = ("-- more\nALTER TABLE t\n  ADD COLUMN IF NOT EXISTS a INT;", "ALTER TABLE t DROP COLUMN IF EXISTS a;")
    report = checked(tmp_path, TABLE, two)
    up, down = (one for one in only(report).findings if one.rule == "mysql-refuses")
    assert report.exit_code == 0
    assert up.severity == "warning"
    assert "Production runs MySQL 8.4; the scratch server is MariaDB" in up.message
    assert up.place is not None
    assert (up.place.file, up.place.line, up.place.column) == ("migrations/2_m/up.sql", 3, 14)
    assert up.excerpt is not None
    assert up.migration == "2_m"
    assert down.message.startswith("on the way back, IF EXISTS")
    assert "mysql-refuses" not in {one.rule for one in only(checked(tmp_path, two, version=None)).findings}


GROUPED = "CREATE VIEW w AS SELECT name, id FROM t GROUP BY name;"


def test_a_column_that_the_groups_leave_open_is_told_where_the_mode_is_mysqls_own(tmp_path: Path) -> None:
    (told,) = refused(checked(tmp_path, TABLE, (GROUPED, "DROP VIEW w;")))
    assert told == (
        "the column id, which a query gives that groups by name (error 1055, unless sql_mode lacks ONLY_FULL_GROUP_BY)"
    )
    setup = """session_setup = ["SET SESSION sql_mode = 'STRICT_TRANS_TABLES'"]\n"""
    assert refused(checked(tmp_path, TABLE, (GROUPED, "DROP VIEW w;"), more=setup)) == []
    assert refused(checked(tmp_path, TABLE, (GROUPED, "DROP VIEW w;"), version="5.6")) == []
    key = "ALTER TABLE t ADD UNIQUE (name);"
    assert refused(checked(tmp_path, TABLE, (key + GROUPED, "DROP VIEW w; ALTER TABLE t DROP KEY name;"))) == []


def test_what_a_down_reads_is_as_its_up_leaves_it(tmp_path: Path) -> None:
    up, down = "ALTER TABLE t ADD a INT;", "CREATE TABLE z AS SELECT a, {} FROM t GROUP BY a; DROP TABLE z;"
    down += "ALTER TABLE t DROP a;"
    (told,) = refused(checked(tmp_path, TABLE, (up, down.format("name"))))
    assert told.startswith("on the way back, the column name, which a query gives that groups by a ")
    assert refused(checked(tmp_path, TABLE, (up, down.format("max(name)")))) == []


def test_it_is_said_again_of_what_was_proved_earlier(tmp_path: Path) -> None:
    project = find_project(_written(tmp_path), environment={})
    environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")}
    options = Options(base="none", parts=frozenset({Part.REHEARSAL}), rows=0)
    first, second = (
        check(project, Settings.of(project.configuration), options, environment=environment) for _ in range(2)
    )
    assert refused(first) == refused(second) != []
    trips = only(second).rehearsal
    assert trips is not None
    assert all(trip.cached for trip in trips.round_trips)


def _written(root: Path) -> Path:
    (root / "migrations/1_m").mkdir(parents=True)
    (root / "migrations/1_m/up.sql").write_text("CREATE OR REPLACE TABLE t (id INT PRIMARY KEY);")
    (root / "migrations/1_m/down.sql").write_text("DROP TABLE t;")
    (root / "glowplug.toml").write_text(
        '[[chain]]\nmigrations = "migrations"\nbackend = "mysql"\nserver_version = "8.4"\n'
    )
    return root


def test_the_review_alone_needs_no_server_and_says_nothing_of_one(tmp_path: Path) -> None:
    report = checked(tmp_path, ("CREATE OR REPLACE TABLE t (id INT);", "DROP TABLE t;"), parts=frozenset({Part.REVIEW}))
    assert refused(report) == []
