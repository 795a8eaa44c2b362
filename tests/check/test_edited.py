"""What follows for a database that ran a migration, of each way to edit it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.check.edited import edited_since
from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.project.migration import Migration

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = Migration(
    version="1",
    name="1_a",
    path="migrations/1_a",
    up=b"-- first\nCREATE TABLE a (p int);\nCREATE TABLE b (p int);\n",
    down=b"DROP TABLE b;\nDROP TABLE a;\n",
)
UP = "nothing tells that database from a new one"
DOWN = "a revert runs what it holds now"
SAME = "Diesel runs the same"


def edited(dialect: Dialect, **changes: object) -> tuple[str, Severity, str]:
    finding = edited_since("main", replace(BEFORE, **changes), [BEFORE], dialect)
    assert finding.place is not None
    return str(finding.message), finding.severity, finding.place.file


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    "up",
    [
        b"CREATE TABLE a (p int);\nCREATE TABLE b (p bigint);\n",
        b"CREATE TABLE b (p int);\nCREATE TABLE a (p int);\n",
        b"CREATE TABLE a (p int);\n",
        b"CREATE TABLE a (p int);\n-- CREATE TABLE b (p int);\n",
        b"CREATE TABLE a (p int);\nCREATE TABLE b (p int);\nSELECT 1",
        b"CREATE TABLE a (p int);\nCREATE TABLE b (p int);\nnonsense ' here",
        b"CREATE TABLE a (p int);\nCREATE TABLE b (p int);\n/* not closed",
        b"\xff",
        None,
    ],
)
def test_an_up_that_does_other_things(dialect: Dialect, up: bytes | None) -> None:
    message, severity, file = edited(dialect, up=up)
    if up is not None and up.endswith(b"not closed") and dialect is Dialect.SQLITE:  # to SQLite it is a comment
        assert SAME in message
    else:
        assert (UP in message, severity, file) == (True, Severity.WARNING, "migrations/1_a")


def test_what_runs_in_a_comment_is_no_comment() -> None:
    up = BEFORE.up or b""
    for hidden in (b"/*!50000 DROP TABLE a */", b"/*M! DROP TABLE a */;"):
        assert UP in edited(Dialect.MYSQL, up=up + hidden)[0]
        assert SAME in edited(Dialect.SQLITE, up=up + hidden.removesuffix(b";"))[0]


@pytest.mark.parametrize("dialect", Dialect)
def test_comments_and_blanks_between_statements(dialect: Dialect) -> None:
    up = b"CREATE TABLE a (p int)\n;\n/* it's \" ; */\n\nCREATE TABLE b (p int); -- glowplug: allow x because 'y'"
    for changes in ({"up": up}, {"down": b"-- back\n" + (BEFORE.down or b"")}):
        message, severity, _ = edited(dialect, **changes)
        assert message == (
            "edited since main, and only comments or blanks: Diesel runs the same, and where it has run already "
            "nothing is missing"
        )
        assert severity is Severity.NOTICE


def test_a_comment_within_a_statement_counts() -> None:
    """SQLite keeps it in the schema, and so does a function's body anywhere."""
    up = b"CREATE TABLE a (p int /* of all */);\nCREATE TABLE b (p int);\n"
    assert UP in edited(Dialect.SQLITE, up=up)[0]


def test_a_down_alone() -> None:
    down = b"DROP TABLE b; DROP TABLE IF EXISTS a;"
    message, severity, file = edited(Dialect.POSTGRES, down=down)
    assert (DOWN in message, severity, file) == (True, Severity.NOTICE, "migrations/1_a/down.sql")
    assert DOWN in edited(Dialect.POSTGRES, down=down, up=b"-- second\n" + (BEFORE.up or b""))[0]
    assert UP in edited(Dialect.POSTGRES, down=down, up=b"SELECT 1;")[0]
    message, severity, _ = edited(Dialect.POSTGRES, down=None)
    assert ("down.sql is gone" in message, severity) == (True, Severity.WARNING)


@pytest.mark.parametrize(("before", "now"), [(b"", b"-- nothing"), (b"-- nothing", b""), (b"\n", b"-- nothing")])
def test_a_down_that_tells_nothing_is_not_the_same_as_another(before: bytes, now: bytes) -> None:
    """Diesel refuses a file of 0 bytes, and runs one that is a comment."""
    finding = edited_since("main", replace(BEFORE, down=now), [replace(BEFORE, down=before)], Dialect.SQLITE)
    assert DOWN in str(finding.message)


def test_a_metadata_file() -> None:
    message, severity, file = edited(Dialect.POSTGRES, metadata=b"run_in_transaction = false", run_in_transaction=False)
    assert "run_in_transaction is false, and was true" in message
    assert (severity, file) == (Severity.WARNING, "migrations/1_a/metadata.toml")
    message, severity, _ = edited(Dialect.POSTGRES, metadata=b"run_in_transaction = true")
    assert "only what metadata.toml says beside run_in_transaction" in message
    assert severity is Severity.NOTICE


def test_where_it_is_not_known_which_of_two_has_run() -> None:
    now = replace(BEFORE, down=b"SELECT 1;")
    finding = edited_since("main", now, [BEFORE, replace(BEFORE, up=b"SELECT 1;")], Dialect.POSTGRES)
    assert UP in str(finding.message)


@pytest.mark.diesel
@pytest.mark.sqlite
def test_diesel_reverts_by_the_down_that_is_there_now(tmp_path: Path, diesel: Path) -> None:
    directory = tmp_path / "migrations/2024-01-01-000000_a"
    directory.mkdir(parents=True)
    (directory / "up.sql").write_text("CREATE TABLE a (p INTEGER);")
    (directory / "down.sql").write_text("DROP TABLE a;")
    (tmp_path / "diesel.toml").write_text("")

    def run(*arguments: str) -> None:
        options = ["--migration-dir", "migrations", "--database-url", "a.db"]
        subprocess.run([diesel, "migration", *arguments, *options], cwd=tmp_path, check=True, capture_output=True)

    run("run")
    (directory / "down.sql").write_text("ALTER TABLE a RENAME TO what_the_new_down_made;")
    (directory / "up.sql").write_text("CREATE TABLE what_the_new_up_made (p INTEGER);")
    run("run")
    run("revert")
    assert tables(tmp_path / "a.db") == {BOOKKEEPING_TABLE, "what_the_new_down_made"}


def tables(database: Path) -> set[str]:
    import apsw  # noqa: PLC0415 - one test asks

    connection = apsw.Connection(str(database))
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    finally:
        connection.close()
