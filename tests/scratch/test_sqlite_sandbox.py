"""What a hostile migration may try on SQLite; each is an attack."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.database.interface import Run, SqlError
    from glowplug.scratch.interface import Database, Server

pytestmark = pytest.mark.sqlite


def request(*, timeout: float = 30.0, size_limit: int | str = "64 MiB", superuser: bool = False) -> Request:
    return Request(
        dialect=Dialect.SQLITE,
        chain=ChainSettings(),
        settings=ScratchSettings(size_limit=size_limit, superuser=superuser),
        statement_timeout=timeout,
        foreign_keys=(True, "said so"),
    )


def migration(up: str, *, version: str = "1", down: str = "SELECT 1;", transaction: bool = True) -> Migration:
    return Migration(
        version=version,
        name=version,
        path=f"migrations/{version}",
        up=up.encode(),
        down=down.encode(),
        run_in_transaction=transaction,
    )


def run(database: Database, up: str, *, version: str = "1", transaction: bool = True) -> Run:
    return database.connection.run(migration(up, version=version, transaction=transaction), Direction.UP)


def failure(database: Database, up: str, *, transaction: bool = True) -> SqlError:
    error = run(database, up, transaction=transaction).error
    assert error is not None
    return error


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with open_server(request()) as server:
        yield server


@pytest.fixture(name="database")
def _database(server: Server) -> Iterator[Database]:
    database = server.create()
    yield database
    database.close()


@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '{file}' AS elsewhere;",
        "ATTACH '{directory}' || '/' || 'reached.db' AS elsewhere;",
        "ATTACH '' AS elsewhere;",
        "ATTACH ':memory:' AS elsewhere;",
        "DETACH main;",
        "VACUUM INTO '{file}';",
        "VACUUM main INTO '{file}';",
        "VACUUM INTO '{directory}' || '/reached.db';",
        "VACUUM temp; ATTACH '' AS elsewhere;",
        "SELECT load_extension('{file}');",
        "SELECT Load_Extension('{file}', 'entry');",
        "SELECT writefile('{file}', 'x');",
        "SELECT readfile('/etc/passwd');",
        "SELECT edit('x', 'touch {file}');",
        "SELECT fts3_tokenizer('simple', x'0000000000000000');",
        "PRAGMA temp_store_directory = '{directory}';",
        "PRAGMA data_store_directory = '{directory}';",
        "PRAGMA writable_schema = ON;",
        "PRAGMA main.writable_schema = 1;",
        "PRAGMA max_page_count = 4294967294;",
        "PRAGMA hard_heap_limit = 0;",
        "PRAGMA page_size = 65536;",
        "PRAGMA schema_version = 7;",
        "SELECT * FROM pragma_temp_store_directory('{directory}');",
        "CREATE VIRTUAL TABLE t USING csv(filename='/etc/passwd');",
        "CREATE VIRTUAL TABLE t USING fsdir;",
        "CREATE TABLE t (a); UPDATE sqlite_master SET sql = 'CREATE TABLE t(b)';",
        """
        CREATE TABLE t (a);
        CREATE TRIGGER u AFTER INSERT ON t BEGIN SELECT load_extension('{file}'); END;
        INSERT INTO t VALUES (1);
        """,
        "CREATE VIEW v AS SELECT load_extension('{file}') AS a; SELECT * FROM v;",
    ],
)
def test_nothing_reaches_beyond_the_database(
    database: Database, tmp_path: Path, sql: str, *, transaction: bool
) -> None:
    file = tmp_path / "reached.db"
    error = failure(database, sql.format(file=file, directory=tmp_path), transaction=transaction)
    assert not error.timed_out
    assert list(tmp_path.iterdir()) == []
    assert run(database, "SELECT 1;").error is None


def test_a_refusal_names_the_setting_that_lifts_it(database: Database) -> None:
    error = failure(database, "CREATE TABLE t (a);\n  ATTACH 'x' AS y;")
    assert error.needs_superuser
    assert error.code == "SQLITE_AUTH"
    assert error.hint is not None
    assert "ATTACH" in error.hint
    assert "superuser = true" in error.hint
    assert (error.line, error.column) == (2, 3)


def test_superuser_lifts_it(tmp_path: Path) -> None:
    with open_server(request(superuser=True)) as server:
        assert server.describe().superuser
        error = run(server.create(), f"VACUUM INTO '{tmp_path}/allowed.db';", transaction=False).error
        # As root, SQLite still runs as somebody who can't write there.
        assert error is None or error.code == "SQLITE_CANTOPEN"


@pytest.mark.parametrize(
    "pragma",
    [
        "foreign_keys = OFF",
        "defer_foreign_keys = ON",
        "legacy_alter_table = ON",
        "user_version = 7",
        "application_id = 7",
        "recursive_triggers = ON",
        "foreign_key_check",
        "integrity_check",
        "journal_mode = WAL",
        "wal_checkpoint(TRUNCATE)",
        "synchronous = NORMAL",
        "cache_size = -2000",
        "optimize",
        "case_sensitive_like = ON",
        "table_info(t)",
        "encoding",
        "page_size",
        "temp_store",
    ],
)
def test_pragmas_of_real_migrations_pass(database: Database, pragma: str) -> None:
    assert run(database, f"PRAGMA {pragma};", transaction=False).error is None


@pytest.mark.parametrize("value", ["DEFAULT", "FILE", "MEMORY", "0", "1", "2"])
def test_where_temporary_tables_lie_may_be_said(database: Database, value: str) -> None:
    sql = f"PRAGMA temp_store = {value};"
    assert run(database, sql, version="1").error is None
    assert run(database, sql, version="2", transaction=False).error is None


def test_temporary_files_lie_beside_the_database(database: Database, tmp_path: Path) -> None:
    error = failure(
        database,
        f"""
        PRAGMA temp_store = FILE;
        CREATE TEMP TABLE big (a);
        {TWO_THOUSAND.replace("SELECT i FROM n", "INSERT INTO big SELECT zeroblob(1000000) FROM n")};
        """,
        transaction=False,
    )
    assert error.code != "SQLITE_AUTH"
    assert not error.timed_out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pragma", ["page_size = 8192", "schema_version = 7", "threads = 2", "mmap_size = 1048576"])
def test_what_a_refusal_of_a_pragma_says_is_true(database: Database, pragma: str) -> None:
    error = failure(database, f"PRAGMA {pragma};")
    assert error.hint is not None
    assert error.hint.startswith(f"setting PRAGMA {pragma.partition(' ')[0]} is refused")
    with open_server(request(superuser=True)) as server:
        assert run(server.create(), f"PRAGMA {pragma};").error is None


@pytest.mark.parametrize("sql", ["VACUUM;", "VACUUM main;", "CREATE TABLE t (a); VACUUM; DROP TABLE t;"])
def test_a_plain_vacuum_passes(database: Database, sql: str) -> None:
    assert run(database, sql, transaction=False).error is None


TWO_THOUSAND = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT i FROM n"

ENDLESS = [
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;",
    # One call that SQLite does not interrupt: 32 MiB times 16 MiB comparisons.
    "SELECT instr(hex(zeroblob(16000000)), hex(zeroblob(8000000)) || 'x');",
]


@pytest.mark.parametrize("sql", ENDLESS)
def test_sql_without_end_is_ended(sql: str) -> None:
    with open_server(request(timeout=0.3)) as server:
        database = server.create()
        assert run(database, "CREATE TABLE kept (a);").error is None
        started = time.monotonic()
        error = failure(database, f"CREATE TABLE gone (a); {sql}")
        assert time.monotonic() - started < 20
        assert error.timed_out
        assert ("table", "kept") in database.connection.snapshot().objects
        assert ("table", "gone") not in database.connection.snapshot().objects
        assert run(database, "SELECT 1;", version="2").error is None


def test_an_excursion_survives_what_is_ended() -> None:
    with open_server(request(timeout=0.3)) as server:
        database = server.create()
        assert run(database, "CREATE TABLE kept (a);").error is None
        with database.excursion() as away:
            assert away.run(migration("CREATE TABLE there (a);", version="2"), Direction.UP).error is None
            ended = away.run(migration(ENDLESS[2], version="3"), Direction.UP)
            assert ended.error is not None
            assert ended.error.timed_out
            assert ("table", "there") in away.snapshot().objects
        assert ("table", "there") not in database.connection.snapshot().objects
        assert database.connection.recorded() == ("1",)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT hex(zeroblob(900000000));",
        "SELECT randomblob(2000000000);",
        "SELECT zeroblob(900000000) || 'x';",
        f"SELECT group_concat(hex(zeroblob(1000000))) FROM ({TWO_THOUSAND});",
        "SELECT 1 WHERE 'a' LIKE replace(hex(zeroblob(10000)), '0', '%a');",
        f"CREATE TEMP TABLE t AS SELECT zeroblob(1000000) FROM ({TWO_THOUSAND});",
        f"""
        PRAGMA cache_size = 2000000000;
        CREATE TEMP TABLE t (a);
        INSERT INTO t SELECT randomblob(1000000) FROM ({TWO_THOUSAND});
        """,
    ],
)
def test_memory_is_bounded(database: Database, sql: str) -> None:
    assert not failure(database, sql).timed_out
    assert run(database, "SELECT 1;").error is None


@pytest.mark.parametrize(
    ("before", "transaction"),
    [
        ("", True),
        ("", False),
        ("PRAGMA journal_mode = WAL;", False),
        ("PRAGMA journal_mode = MEMORY;", False),
        ("PRAGMA journal_mode = OFF;", False),
    ],
)
def test_the_disk_is_bounded(database: Database, before: str, *, transaction: bool) -> None:
    error = failure(
        database,
        f"{before}CREATE TABLE t (a); INSERT INTO t "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT randomblob(100000) FROM n;",
        transaction=transaction,
    )
    assert error.code is not None
    assert error.code.startswith(("SQLITE_FULL", "SQLITE_IOERR"))
    assert not error.timed_out
    assert error.hint is not None
    assert (
        error.hint == "Its part of the limit is 10.67 MiB. Give it more: size_limit under [scratch] in glowplug.toml."
    )
    assert run(database, "DROP TABLE IF EXISTS t;", version="2", transaction=False).error is None


def test_a_planted_trigger_runs_as_it_would_in_production_but_does_not_mislead(database: Database) -> None:
    planted = (
        "CREATE TABLE log (a); CREATE TRIGGER t AFTER INSERT ON __diesel_schema_migrations "
        "BEGIN INSERT INTO log VALUES (new.version); DELETE FROM __diesel_schema_migrations; END;"
    )
    assert run(database, planted).error is None
    assert database.connection.recorded() == ()
    assert ("trigger", "__diesel_schema_migrations.t") in database.connection.snapshot().objects


def test_a_trigger_that_refuses_the_row_fails_the_migration(database: Database) -> None:
    planted = "CREATE TRIGGER t BEFORE INSERT ON __diesel_schema_migrations BEGIN SELECT RAISE(ABORT, 'locked'); END;"
    error = failure(database, planted)
    assert error.message == "locked"
    assert error.code == "SQLITE_CONSTRAINT_TRIGGER"
    assert error.hint is not None
    assert "__diesel_schema_migrations" in error.hint
    assert ("trigger", "__diesel_schema_migrations.t") not in database.connection.snapshot().objects


def test_a_dropped_bookkeeping_table_fails_the_migration(database: Database) -> None:
    assert "no such table" in failure(database, "DROP TABLE __diesel_schema_migrations;").message
    assert database.connection.recorded() == ()
    assert run(database, "SELECT 1;").error is None
    assert failure(database, "DROP TABLE __diesel_schema_migrations;", transaction=False).code == "SQLITE_ERROR"
    assert database.connection.recorded() == ()


def test_a_bookkeeping_view_without_end_is_ended() -> None:
    endless = (
        "DROP TABLE __diesel_schema_migrations; CREATE VIEW __diesel_schema_migrations AS "
        "WITH RECURSIVE n(version) AS (SELECT 1 UNION ALL SELECT version + 1 FROM n) SELECT version FROM n;"
    )
    with open_server(request(timeout=0.3)) as server:
        database = server.create()
        assert run(database, endless, transaction=False).error is not None
        with pytest.raises(Exception, match="can't be read"):
            database.connection.recorded()


def test_names_that_shadow_what_is_read_do_not_mislead(database: Database) -> None:
    planted = (
        "CREATE TABLE real_one (a INTEGER NOT NULL);"
        "CREATE TABLE pragma_table_list (schema, name, type, ncol, wr, strict);"
        "CREATE TABLE pragma_table_xinfo (cid, name, type);"
        "CREATE TEMP TABLE real_one (b); CREATE TEMP VIEW __diesel_schema_migrations AS SELECT 'x' AS version;"
        "CREATE TEMP TRIGGER t INSTEAD OF INSERT ON __diesel_schema_migrations BEGIN SELECT 1; END;"
    )
    assert run(database, planted).error is None
    objects = database.connection.snapshot().objects
    assert objects["column", "real_one.a"].properties["not_null"] == "true"
    assert ("column", "real_one.b") not in objects
    assert database.connection.recorded() == ()


def test_no_secret_is_in_the_environment_of_what_runs_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite://a-secret")
    with open_server(request()) as server:
        from glowplug.scratch.sqlite.server import SqliteServer  # noqa: PLC0415 - a look inside

        assert isinstance(server, SqliteServer)
        import psutil  # noqa: PLC0415 - the same

        children = psutil.Process().children()
        assert children
        assert not any("a-secret" in str(child.environ()) for child in children)
