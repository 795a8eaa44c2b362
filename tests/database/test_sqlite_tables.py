"""Tables as rows see them, read from SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.sqlite.declared import Affinity, affinity, type_of
from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings
from glowplug.dialect import Direction
from glowplug.project import Migration
from glowplug.schema.tables import Action, Check, Family, ForeignKey, Table, Unique, Written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.sqlite


@pytest.fixture(name="session")
def _session(tmp_path: Path) -> Iterator[Session]:
    with Session(str(tmp_path / "main.db"), SessionSettings(foreign_keys=True)) as session:
        session.make_bookkeeping_table()
        yield session


def tables(session: Session, sql: str) -> dict[str, Table]:
    migration = Migration(version="1", name="1", path="1", up=sql.encode(), down=None)
    assert session.run(migration, Direction.UP).error is None
    return {table.name: table for table in session.rows.tables()}


def test_only_tables_that_rows_are_written_to(session: Session) -> None:
    found = tables(
        session,
        """
        CREATE TABLE "a table" (id INTEGER PRIMARY KEY AUTOINCREMENT);
        CREATE VIEW v AS SELECT 1; CREATE VIRTUAL TABLE words USING fts5(text); CREATE TEMP TABLE passing (a);
        CREATE TEMP TABLE "a table" (other); CREATE TABLE pragma_table_info (name);
        """,
    )
    assert [(table.name, table.sql) for table in found.values()] == [
        ("a table", 'main."a table"'),
        ("pragma_table_info", 'main."pragma_table_info"'),
    ]
    assert [column.name for column in found["a table"].columns] == ["id"]


def test_columns(session: Session) -> None:
    table = tables(
        session,
        """
        CREATE TABLE t (
          id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL COLLATE NOCASE, price DECIMAL(10, 2) DEFAULT 0,
          none TEXT DEFAULT NULL, twice INTEGER GENERATED ALWAYS AS (id * 2) VIRTUAL,
          kept TEXT AS (upper(name)) STORED, bare
        );
        """,
    )["t"]
    assert [(one.name, one.nullable, one.default, one.written, one.numbered) for one in table.columns] == [
        ("id", False, None, Written.SERVER_IF_LEFT_OUT, True),
        ("name", False, None, Written.ALWAYS_US, False),
        ("price", True, "0", Written.SERVER_IF_LEFT_OUT, False),
        ("none", True, None, Written.ALWAYS_US, False),
        ("twice", True, None, Written.SERVER, False),
        ("kept", True, None, Written.SERVER, False),
        ("bare", True, None, Written.ALWAYS_US, False),
    ]
    name, price, bare = table.columns[1].type, table.columns[2].type, table.columns[6].type
    assert (name.name, name.family, name.length, name.folds) == ("VARCHAR(50)", Family.TEXT, 50, True)
    assert (price.family, price.precision, price.scale, price.folds) == (Family.DECIMAL, 10, 2, False)
    assert (bare.name, bare.family) == ("BLOB", Family.BYTES)


@pytest.mark.parametrize(
    ("declared", "family", "bits"),
    [
        ("INTEGER", Family.INTEGER, 32),
        ("INT", Family.INTEGER, 32),
        ("BIGINT", Family.INTEGER, 64),
        ("smallint", Family.INTEGER, 16),
        ("UNSIGNED BIG INT", Family.INTEGER, 64),
        ("BOOLEAN", Family.BOOLEAN, None),
        ("TIMESTAMP", Family.TIMESTAMP, None),
        ("DATETIME", Family.TIMESTAMP, None),
        ("TimestamptzSqlite", Family.TIMESTAMP, None),
        ("DATE", Family.DATE, None),
        ("TIME", Family.TIME, None),
        ("UUID", Family.UUID, None),
        ("JSON", Family.JSON, None),
        ("CHARACTER(36)", Family.TEXT, None),
        ("NVARCHAR(36)", Family.TEXT, None),
        ("BLOB", Family.BYTES, None),
        ("BINARY(16)", Family.BYTES, None),
        ("", Family.BYTES, None),
        ("DOUBLE PRECISION", Family.FLOAT, None),
        ("NUMERIC", Family.DECIMAL, None),
        ("something", Family.OTHER, None),
    ],
)
def test_families(declared: str, family: Family, bits: int | None) -> None:
    found = type_of(declared)
    assert found.family is family
    assert found.maximum == (None if bits is None else (1 << (bits - 1)) - 1)
    assert found.minimum == (None if bits is None else -(1 << (bits - 1)))


@pytest.mark.parametrize("declared", ["INT", "POINT", "TEXT", "VARCHAR(9)", "BLOB", "", "REAL", "DOUBLE", "NUMERIC", "BOOLEAN", "DATE", "CHARINT", "FLOATING POINT", "STRING"])  # fmt: skip  # noqa: E501 - one word each
def test_affinities_are_sqlites_own(session: Session, declared: str) -> None:
    table = tables(session, f"CREATE TABLE t (a {declared}); INSERT INTO t VALUES ('5'), (5), (5.5);")["t"]
    kinds = {
        Affinity.INTEGER: ("integer", "integer", "real"),
        Affinity.NUMERIC: ("integer", "integer", "real"),
        Affinity.REAL: ("real", "real", "real"),
        Affinity.TEXT: ("text", "text", "text"),
        Affinity.BLOB: ("text", "integer", "real"),
    }
    answer = session.rows.query(f"SELECT typeof(a) FROM {table.sql}")
    assert tuple(kind for (kind,) in answer.rows) == kinds[affinity(declared, strict=False)]


def test_keys_uniques_and_checks(session: Session) -> None:
    found = tables(
        session,
        """
        CREATE TABLE a (x TEXT, y TEXT, z INTEGER CONSTRAINT positive CHECK (z > 0 AND "y" <> 'x'), UNIQUE (y, z),
                        PRIMARY KEY (x, y), CHECK (length(x) < 9));
        CREATE UNIQUE INDEX lowered ON a (lower(x), z DESC) WHERE z IS NOT NULL;
        CREATE INDEX no_unique ON a (z);
        CREATE TABLE b (id INTEGER PRIMARY KEY DESC, c TEXT UNIQUE COLLATE NOCASE) ;
        CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID;
        """,
    )
    a = found["a"]
    assert set(a.uniques) == {
        Unique(name="PRIMARY KEY", columns=("x", "y"), primary=True),
        Unique(name="sqlite_autoindex_a_1", columns=("y", "z")),
        Unique(name="lowered", columns=(None, "z"), expressions=("lower(x)",), predicate="z IS NOT NULL"),
    }
    assert set(a.checks) == {
        Check(name="positive", expression="z > 0 AND y <> 'x'", columns=("z", "y")),
        Check(name="CHECK (length(x) < 9)", expression="length(x) < 9", columns=("x",)),
    }
    assert [column.nullable for column in a.columns] == [False, False, True]
    assert [column.numbered for column in found["b"].columns] == [False, False]
    assert found["b"].columns[1].type.folds
    assert [(one.columns, one.primary) for one in found["w"].uniques] == [(("k",), True)]


def test_foreign_keys(session: Session) -> None:
    sql = """
        CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
        CREATE TABLE pair (x INTEGER, y INTEGER, PRIMARY KEY (x, y));
        CREATE TABLE child (
          id INTEGER PRIMARY KEY REFERENCES Parent,
          code TEXT REFERENCES parent (CODE) ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
          a INTEGER, b INTEGER, self INTEGER REFERENCES child ON DELETE CASCADE,
          lost INTEGER REFERENCES nowhere (id),
          CONSTRAINT both FOREIGN KEY (a, b) REFERENCES pair ON DELETE RESTRICT NOT DEFERRABLE
        );
        """
    expected = (
        ForeignKey(name="FOREIGN KEY (id)", columns=("id",), table="parent", referenced=("id",)),
        ForeignKey(
            name="FOREIGN KEY (code)",
            columns=("code",),
            table="parent",
            referenced=("code",),
            on_delete=Action.SET_NULL,
            on_update=Action.CASCADE,
            deferrable=True,
        ),
        ForeignKey(
            name="FOREIGN KEY (self)",
            columns=("self",),
            table="child",
            referenced=("id",),
            on_delete=Action.CASCADE,
        ),
        ForeignKey(name="FOREIGN KEY (lost)", columns=("lost",), table="nowhere", referenced=("id",)),
        ForeignKey(name="both", columns=("a", "b"), table="pair", referenced=("x", "y"), on_delete=Action.RESTRICT),
    )
    assert tables(session, sql)["child"].foreign_keys == expected


def test_foreign_keys_that_nobody_heeds(session: Session) -> None:
    assert session.rows.execute("PRAGMA foreign_keys = OFF") is None
    found = tables(session, "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);")
    assert [key.enforced for key in found["c"].foreign_keys] == [False]


def test_strict_triggers_and_rows(session: Session) -> None:
    found = tables(
        session,
        """
        CREATE TABLE s (id INTEGER PRIMARY KEY, any ANY) STRICT;
        CREATE TABLE t (id INTEGER PRIMARY KEY);
        CREATE TRIGGER first AFTER INSERT ON t BEGIN SELECT 1; END;
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) INSERT INTO t SELECT i FROM n;
        INSERT INTO s (any) VALUES (1), ('1');
        """,
    )
    assert (found["s"].strict, found["t"].strict) == (True, False)
    assert (found["s"].rows, found["t"].rows) == (2, 1000)
    assert (found["s"].triggers, found["t"].triggers) == ((), ("first",))


def test_what_another_file_changes_is_read_again(session: Session) -> None:
    assert len(tables(session, "CREATE TABLE t (a TEXT);")["t"].columns) == 1
    two = Migration(version="2", name="2", path="2", up=b"ALTER TABLE t ADD b TEXT CHECK (b <> '');", down=None)
    assert session.run(two, Direction.UP).error is None
    (table,) = session.rows.tables()
    assert [column.name for column in table.columns] == ["a", "b"]
    assert [check.columns for check in table.checks] == [("b",)]


def test_a_clause_of_a_newer_sqlite_hides_no_table(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_sql: str) -> None:
        raise ValueError("an unknown clause")

    monkeypatch.setattr("glowplug.database.sqlite.tables.parse_table", refuse)
    sql = "CREATE TABLE new_p (id INTEGER PRIMARY KEY); CREATE TABLE new_c (p INT NOT NULL UNIQUE REFERENCES new_p);"
    table = tables(session, sql)["new_c"]
    assert [(one.name, one.nullable) for one in table.columns] == [("p", False)]
    assert [one.columns for one in table.uniques] == [("p",)]
    assert [(one.columns, one.table, one.referenced) for one in table.foreign_keys] == [(("p",), "new_p", ("id",))]
