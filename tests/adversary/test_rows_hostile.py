"""Tables and files that are quick and tame while there is no row, and what is said of them with rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from .project import Migration, checked, glowplug, outcomes, write

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = ("--no-cache", "--statement-timeout", "4")
ENDLESS = "(WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r)"
FUNCTION = "CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {1} END $$;"
TRIGGER = "CREATE TRIGGER {0} {1} INSERT ON {0} FOR EACH ROW EXECUTE FUNCTION {0}();"
NAMES = ('a"b', "a\nb", "100%s", "{x}", "a\\0b", "x" * 63, "Case", "case", "select", "é" * 31, "it's", "$$", "-- x")


def told(root: Path, *arguments: str) -> dict[str, Any]:
    """The chain of a check with rows, after the schema's verdict was found to be the same without any."""
    code, bare = checked(root, *LIMIT, "--rows", "0", *arguments)
    with_rows, chain = checked(root, *LIMIT, *arguments)
    assert outcomes(chain) == outcomes(bare)
    assert with_rows == code
    return chain


def not_seeded(chain: dict[str, Any], number: int) -> dict[str, str]:
    return {each["table"]: each["why"] for each in chain["migrations"][number]["data"]["not_seeded"]}


def data_of(chain: dict[str, Any]) -> list[str]:
    return [migration["data"]["outcome"] for migration in chain["migrations"]]


def findings(chain: dict[str, Any], rule: str) -> list[tuple[str, str]]:
    return [(each["file"], each["message"]) for each in chain["findings"] if each["rule"] == rule]


def altered(table: str) -> Migration:
    return f"ALTER TABLE {table} ADD COLUMN later int;", f"ALTER TABLE {table} DROP COLUMN later;"


@pytest.mark.postgres
def test_rows_that_postgres_takes_and_nobody_sees_are_named_and_not_called_lost(tmp_path: Path) -> None:
    tables = "".join(f"CREATE TABLE {name} (id int PRIMARY KEY, a text NOT NULL);" for name in ("gone", "skip", "hide"))
    made = (
        tables
        + FUNCTION.format("gone", "DELETE FROM gone; RETURN NULL;")
        + TRIGGER.format("gone", "AFTER")
        + FUNCTION.format("skip", "RETURN NULL;")
        + TRIGGER.format("skip", "BEFORE")
        + "ALTER TABLE hide ENABLE ROW LEVEL SECURITY; ALTER TABLE hide FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY p ON hide FOR INSERT WITH CHECK (true); CREATE POLICY q ON hide FOR SELECT USING (false);"
    )
    down = "DROP TABLE gone, skip, hide; DROP FUNCTION gone, skip;"
    chain = told(write(tmp_path, "postgres", [(made, down), *map(altered, ("gone", "skip", "hide"))]))
    assert data_of(chain) == ["not_measured"] * 4
    assert "a trigger or a rule takes them away" in not_seeded(chain, 1)["public.gone"]
    assert "a trigger or a rule takes them away" in not_seeded(chain, 2)["public.skip"]
    assert "row-level security" in not_seeded(chain, 3)["public.hide"]


@pytest.mark.postgres
def test_what_is_endless_with_rows_alone_is_found_on_postgres(tmp_path: Path) -> None:
    table = "CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL);"
    loop = "DO $$ BEGIN WHILE EXISTS (SELECT FROM t) LOOP END LOOP; END $$; ALTER TABLE t ADD COLUMN b int;"
    chain = told(write(tmp_path, "postgres", [(table, "DROP TABLE t;"), (loop, "ALTER TABLE t DROP COLUMN b;")]))
    assert data_of(chain)[1] == "not_measured"
    ((file, message),) = findings(chain, "fails-on-rows")
    assert (file, "did not end within 4 s" in message) == ("migrations/20240101000001_m/up.sql", True)


@pytest.mark.postgres
def test_who_ends_other_sessions_ends_none_of_ours(tmp_path: Path) -> None:
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = user;"
    table = ("CREATE TABLE t (id int PRIMARY KEY);", "DROP TABLE t;")
    chain = told(write(tmp_path, "postgres", [table, (ends + altered("t")[0], altered("t")[1])]))
    assert data_of(chain) == ["lossy", "not_measured"]


@pytest.mark.postgres
def test_conditions_that_only_a_monstrous_text_meets_cost_no_time(tmp_path: Path) -> None:
    conditions = (
        "a ~ '^([a-z]{1000}){1000}$'",
        "a ~ '(((((x{9}){9}){9}){9}){9})'",
        "length(a) = 100000000",
        "a ~ '^a{40}!?$' AND a ~ '^(a+)+b$'",
    )
    made = "".join(
        f"CREATE TABLE t{number} (id int PRIMARY KEY, a text NOT NULL CHECK ({condition}));"
        for number, condition in enumerate(conditions)
    )
    chain = told(write(tmp_path, "postgres", [(made, "DROP TABLE t0, t1, t2, t3;")]))
    assert set(not_seeded(chain, 0)) == {"public.t0", "public.t1", "public.t2", "public.t3"}


@pytest.mark.parametrize(
    ("backend", "quote"),
    [
        pytest.param("postgres", '"', marks=pytest.mark.postgres),
        pytest.param("sqlite", '"', marks=pytest.mark.sqlite),
        pytest.param("mysql", "`", marks=pytest.mark.mysql),
    ],
)
def test_names_that_are_hard_to_quote_get_their_rows(tmp_path: Path, backend: str, quote: str) -> None:
    names = NAMES if backend == "postgres" else [name for name in NAMES if name != "Case"]
    quoted = [quote + name.replace(quote, quote * 2) + quote for name in names]
    tables = "".join(f"CREATE TABLE {name} (id int PRIMARY KEY, {name} varchar(90) NOT NULL);" for name in quoted)
    dropped = "".join(f"ALTER TABLE {name} DROP COLUMN {name};" for name in quoted)
    added = "".join(f"ALTER TABLE {name} ADD COLUMN {name} varchar(90) NOT NULL DEFAULT '';" for name in quoted)
    gone = "".join(f"DROP TABLE {name};" for name in quoted)
    chain = told(write(tmp_path, backend, [(tables, gone), (dropped, added)]))
    losses = chain["migrations"][1]["data"]["losses"]
    assert [not_seeded(chain, number) for number in range(2)] == [{}, {}]
    assert {each["column"] for each in losses if each["by"] == "up" and each["rows"] == 50} == set(names)


@pytest.mark.sqlite
def test_what_is_endless_for_each_row_is_tried_once_on_sqlite(tmp_path: Path) -> None:
    table = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);"
    slow = table + f"CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = {ENDLESS}; END;"
    chain = told(write(tmp_path / "trigger", "sqlite", [(slow, "DROP TABLE t;")]), "--statement-timeout", "1")
    assert not_seeded(chain, 0) == {"t": "interrupted"}


@pytest.mark.sqlite
def test_rows_that_sqlite_takes_and_nobody_sees_are_named(tmp_path: Path) -> None:
    made = "".join(
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, a TEXT);"
        f"CREATE TRIGGER {name}_g {when} INSERT ON {name} BEGIN {what}; END;"
        for name, when, what in (("gone", "AFTER", "DELETE FROM gone"), ("skip", "BEFORE", "SELECT RAISE(IGNORE)"))
    )
    chain = told(write(tmp_path, "sqlite", [(made, "DROP TABLE gone; DROP TABLE skip;"), altered("gone")]))
    assert set(not_seeded(chain, 0)) == {"gone", "skip"}
    assert set(not_seeded(chain, 1)) == {"gone"}


@pytest.mark.mysql
def test_what_sleeps_for_each_row_is_tried_once_on_mysql(tmp_path: Path) -> None:
    slow = (
        "CREATE TABLE t (id int PRIMARY KEY, a varchar(9));"
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @slept = SLEEP(100);"
    )
    chain = told(write(tmp_path, "mysql", [(slow, "DROP TABLE t;")]), "--statement-timeout", "1")
    assert not_seeded(chain, 0) == {"t": "it ran longer than the statement timeout allows"}


@pytest.mark.mysql
def test_an_assertion_changes_nothing_that_others_see_on_mysql(tmp_path: Path) -> None:
    asked = ("DROP TABLE t", "TRUNCATE t", "SELECT 1 FROM t; DROP TABLE t", "SELECT * FROM t")
    configuration = "".join(f'[[assert]]\nsql = "{sql}"\nbecause = "it is so"\n' for sql in asked)
    root = write(tmp_path, "mysql", [("CREATE TABLE t (id int PRIMARY KEY);", "DROP TABLE t;")], configuration)
    broken = [message for _, message in findings(told(root), "assertion-broken")]
    assert ["is no query" in each for each in broken] == [True, True, False]
    assert "more than one statement" in broken[2]


SEEDED = [
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("sqlite", marks=pytest.mark.sqlite),
    pytest.param("mysql", marks=pytest.mark.mysql),
]


@pytest.mark.parametrize("backend", SEEDED)
def test_a_seed_file_that_never_runs_is_named_with_its_line(tmp_path: Path, backend: str) -> None:
    tables = ("CREATE TABLE t (id int PRIMARY KEY, a varchar(9));", "DROP TABLE t;")
    root = write(tmp_path, backend, [tables, altered("t")])
    (root / "seeds").mkdir()
    (root / "seeds" / "a.sql").write_text("INSERT INTO t (id, a) VALUES (1001, 'a');\n\nINSERT INTO t VALUE 1 2;\n")
    (root / "seeds" / "b.sql").write_text("INSERT INTO t (id, a) VALUES (1002, 'b');\n")
    _, chain = checked(root, *LIMIT)
    (finding,) = [each for each in chain["findings"] if each["rule"] == "not-seeded"]
    assert (finding["file"], finding["line"]) == ("seeds/a.sql", 3)


@pytest.mark.parametrize("backend", SEEDED)
def test_a_file_that_fails_on_the_rows_of_seeds_is_an_error(tmp_path: Path, backend: str) -> None:
    of = " ON t" if backend == "mysql" else ""
    tables = ("CREATE TABLE t (id int PRIMARY KEY, a varchar(9));", "DROP TABLE t;")
    root = write(tmp_path, backend, [tables, ("CREATE UNIQUE INDEX i ON t (a);", f"DROP INDEX i{of};")])
    (root / "seeds").mkdir()
    (root / "seeds" / "a.sql").write_text("INSERT INTO t (id, a) VALUES (1001, 'a'), (1002, 'a');\n")
    code, chain = checked(root, *LIMIT)
    assert (code, data_of(chain)[1]) == (1, "fails_on_data")
    assert [file for file, _ in findings(chain, "fails-on-data")] == ["migrations/20240101000001_m/up.sql"]


@pytest.mark.parametrize("kind", ["pipe", "directory", "loop", "leaves", "other text"])
def test_a_seed_file_that_is_none_is_an_error_of_the_project(tmp_path: Path, kind: str) -> None:
    root = write(tmp_path / "project", "sqlite", [("CREATE TABLE t (id int);", "DROP TABLE t;")])
    (root / "seeds").mkdir()
    file = root / "seeds" / "a.sql"
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "directory":
            file.mkdir()
        case "loop":
            file.symlink_to("a.sql")
        case "leaves":
            (tmp_path / "outside.sql").write_text("SELECT 1;")
            file.symlink_to(tmp_path / "outside.sql")
        case _:
            file.write_bytes("SELECT 'é';".encode("utf-16"))
    done = glowplug("check", *LIMIT, where=root)
    assert (done.returncode, "seeds/a.sql" in done.stdout + done.stderr) == (2, True)


@pytest.mark.sqlite
def test_rows_of_the_configuration_that_are_refused_are_named_with_what_is_said_of_them(tmp_path: Path) -> None:
    given = '[[data.table]]\ntable = "t"\nrows = [{ id = "1", a = "x" }, { id = "1", a = "y" }]\n'
    made = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);", "DROP TABLE t;")
    _, chain = checked(write(tmp_path, "sqlite", [made, altered("t")], given), *LIMIT)
    why = {"t": "1 of 2 rows: UNIQUE constraint failed: t.id"}
    assert [not_seeded(chain, number) for number in range(2)] == [why, why]


@pytest.mark.sqlite
def test_more_rows_than_are_looked_at_are_named(tmp_path: Path) -> None:
    numbers = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r LIMIT 10001)"
    many = f"INSERT INTO t {numbers} SELECT i, 'x' FROM r;"
    made = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);", "DROP TABLE t;")
    _, chain = checked(write(tmp_path, "sqlite", [made, (many, "DELETE FROM t;"), altered("t")]), *LIMIT)
    assert not_seeded(chain, 2) == {"t": "it has more than 10000 rows, and those beyond were not looked at"}


@pytest.mark.parametrize("said", ["rows = 10001", "rows = -1"])
def test_a_number_of_rows_that_nobody_can_wait_for_is_an_error(tmp_path: Path, said: str) -> None:
    root = write(tmp_path, "sqlite", [("CREATE TABLE t (id int);", "DROP TABLE t;")], f"[data]\n{said}\n")
    done = glowplug("check", *LIMIT, where=root)
    assert (done.returncode, "glowplug.toml:2" in done.stdout + done.stderr) == (2, True)
