"""Every change of type between common types costs what glowplug.review.mysql_type_change says, on a live MariaDB."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.review.mysql_type_change import MARIADB, MYSQL, Loss, Work, canonical, loses, work
from glowplug.sql.actions import CreateTable
from glowplug.sql.parts import TypeName
from glowplug.sql.reader import read

from .mysql import REFUSALS, administrator, database, version_of

if TYPE_CHECKING:
    from glowplug.database.mysql.session import Session

    from .proof import Servers

pytestmark = pytest.mark.mysql

TYPES = (
    *("tinyint", "boolean", "smallint", "mediumint", "int", "integer(5)", "int unsigned", "bigint", "bigint unsigned"),
    *("decimal(10,2)", "numeric(12,2)", "decimal(10)", "float", "float(7,3)", "double", "bit(4)", "bit(8)"),
    *("char(10)", "char(36)", "varchar(10)", "varchar(31)", "varchar(32)", "varchar(63)", "varchar(64)"),
    *("varchar(300)", "binary(16)", "varbinary(16)", "varbinary(127)", "varbinary(128)", "varbinary(255)"),
    *("varbinary(256)", "tinytext", "text", "mediumtext", "longtext", "blob", "longblob", "json", "date", "datetime"),
    *("datetime(3)", "timestamp null", "timestamp(3) null", "time", "year", "enum('a','b')", "enum('a','b','c')"),
    *("enum('b','a')", "set('a','b')", "set('a','b','c')", "uuid", "geometry", "point"),
    *("varchar(10) character set latin1", "varchar(127) character set latin1", "varchar(128) character set latin1"),
    *("varchar(300) character set latin1", "varchar(20) character set utf8mb3", "varchar(20) character set ascii"),
    *("varchar(20) collate utf8mb4_bin", "varchar(20) collate latin1_bin", "text collate utf8mb4_bin"),
    *("text character set utf8mb3", "char(10) character set utf8mb3", "enum('a','b') character set ascii"),
)
"""No character set said: the server's, utf8mb4 with utf8mb4_general_ci."""

SETS = tuple(f"set({','.join(repr(str(n)) for n in range(count))})" for count in (7, 8, 9, 16, 17))
SERVERS_OWN = TypeName(name="", charset="utf8mb4", collation="utf8mb4_general_ci")

SAMPLES = {
    "tinyint": ("5", "-128"),
    "smallint": ("5", "-32768"),
    "int": ("5", "-2147483647"),
    "int unsigned": ("5", "4294967295"),
    "bigint": ("5", "-9223372036854775807"),
    "bigint unsigned": ("5", "18446744073709551615"),
    "decimal(10,2)": ("5.25", "-12345678.91"),
    "decimal(12,4)": ("5.1234", "12345678.9123"),
    "decimal(20,0)": ("5", "-99999999999999999999"),
    "float": ("1.23456", "1e30"),
    "double": ("1.23456789012", "-1e300"),
    "char(10)": ("'a'", "'abcdefghi☃'"),
    "varchar(20)": ("'a'", "'abcdefghijabcdefghi☃'"),
    "varchar(40)": ("'a'", "repeat('☃', 40)"),
    "varchar(20) character set latin1": ("'a'", "'abcdefghijabcdefghié'"),
    "tinytext": ("'a'", "repeat('☃', 85)"),
    "text": ("'a'", "repeat('☃', 21845)"),
    "mediumtext": ("'a'", "repeat('☃', 70000)"),
    "binary(16)": ("repeat('y', 16)", "repeat('x', 16)"),
    "varbinary(20)": ("repeat('y', 5)", "repeat('x', 20)"),
    "tinyblob": ("repeat('y', 5)", "repeat('x', 255)"),
    "blob": ("repeat('y', 5)", "repeat('x', 65535)"),
    "date": ("'2024-05-06'", "'1969-05-06'"),
    "datetime": ("'2024-05-06 07:08:09'", "'1969-05-06 07:08:09'"),
    "datetime(3)": ("'2024-05-06 07:08:09.123'", "'1969-05-06 07:08:09.123'"),
    "timestamp null": ("'2024-05-06 07:08:09'", "'2024-05-06 07:08:09'"),
    "timestamp(3) null": ("'2024-05-06 07:08:09.123'", "'2024-05-06 07:08:09.123'"),
    "bit(4)": ("3", "15"),
    "bit(8)": ("3", "255"),
}
"""Of each type a value that has nothing to lose but its precision, and one that only the type itself holds."""

COMPARED = {
    "number": "CAST({} AS DECIMAL(65, 20))",
    "text": "CONVERT({} USING utf8mb4) COLLATE utf8mb4_bin",
    "bytes": "TRIM(TRAILING '\\0' FROM CAST({} AS BINARY))",
    "time": "CAST({} AS DATETIME(6))",
    "bits": "{} + 0",
}
FAMILIES = {
    "number": ("int", "decimal", "float", "double"),
    "text": ("char", "text"),
    "bytes": ("binary", "blob"),
    "time": ("date", "time"),
    "bits": ("bit",),
}


@pytest.mark.parametrize("indexed", [False, True])
def test_every_pair_on_mariadb(servers: Servers, indexed: bool) -> None:
    session = servers.get("mysql", administrator)
    if version_of(session).vendor != MARIADB:
        pytest.skip("what is held against a server is MariaDB's: apt-get install mariadb-server-core")
    pairs = [*itertools.product(TYPES, TYPES), *itertools.pairwise(SETS)]
    told, wrong = 0, []
    with database(session):
        for old, new, copied in tried(session, pairs, indexed=indexed):
            said = work(kind_of(old), kind_of(new), MARIADB, indexed=indexed)
            told += said is not Work.UNKNOWN
            if said is not Work.UNKNOWN and (said is Work.COPY) is not copied:
                wrong.append(f"{old} -> {new}: {said}, but copied: {copied}")
    assert "\n".join(wrong) == ""
    assert told > len(TYPES) ** 2 * 0.9, "hardly anything was told"


def tried(session: Session, pairs: list[tuple[str, str]], *, indexed: bool) -> list[tuple[str, str, bool]]:
    """The pairs that the server can change, each with whether it copies the table for it."""
    outcomes: list[tuple[str, str, bool]] = []
    made = None
    for old, new in pairs:
        if made != old:
            session.rows(f"DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, c {old}{key(old, indexed)})")
            made = old
        number = None
        for algorithm in ("INSTANT", "NOCOPY", "INPLACE"):
            error = session.batch(f"ALTER TABLE t MODIFY c {new}, ALGORITHM={algorithm}".encode()).error
            number = None if error is None else error.number
            if number not in REFUSALS:
                break
        if number is None:
            made = None
        if number is None or number in REFUSALS:
            outcomes.append((old, new, number is not None))
    return outcomes


def key(kind: str, indexed: bool) -> str:
    """An index on the column, where it can have one as it stands."""
    if not indexed or kind in {"geometry", "point"}:
        return ""
    return ", KEY (c(5))" if any(word in kind for word in ("text", "blob", "json")) else ", KEY (c)"


def kind_of(text: str) -> TypeName:
    """The type as the reader reads it, on a table with the server's own character set."""
    script = read(f"CREATE TABLE t (c {text})", Dialect.MYSQL)
    create = script.statements[0].actions[0]
    assert isinstance(create, CreateTable), text
    kind = create.columns[0].type
    assert kind is not None
    return canonical(kind, SERVERS_OWN)


def test_what_is_said_to_be_lost_is_lost(servers: Servers) -> None:
    session = servers.get("mysql", administrator)
    wrong, lost = [], 0
    with database(session):
        for old, new in itertools.product(SAMPLES, SAMPLES):
            if family(old) != family(new):
                continue
            said = loses(kind_of(old), kind_of(new))
            lost += said is not None
            small, large = (changed(session, old, new, value, strict=True) for value in SAMPLES[old])
            lax = changed(session, old, new, SAMPLES[old][1], strict=False)
            if (said is not None and said[0] is Loss.SILENT) is not (True in {small, large}):
                wrong.append(f"{old} -> {new}: {said}, but silently in strict mode: {small}, {large}")
            if (said is not None) is (large is False):
                wrong.append(f"{old} -> {new}: {said}, but the largest value changes: {large}")
            if lax is not (said is not None):
                wrong.append(f"{old} -> {new}: {said}, but without strict mode: {lax}")
    assert "\n".join(wrong) == ""
    assert lost > len(SAMPLES)


def family(kind: str) -> str:
    """What values of the type are compared as."""
    return next(name for name, words in FAMILIES.items() if any(word in kind for word in words))


def changed(session: Session, old: str, new: str, value: str, *, strict: bool) -> bool | None:
    """Whether the value is another one after the change; None: the change is refused."""
    session.rows(
        "SET sql_mode = 'STRICT_TRANS_TABLES'; DROP TABLE IF EXISTS t, before_it; "
        f"CREATE TABLE t (c {old}); INSERT INTO t VALUES ({value}); CREATE TABLE before_it (c {old}) AS SELECT * FROM t"
        f"; SET sql_mode = '{'STRICT_TRANS_TABLES' if strict else ''}'"
    )
    if session.batch(f"ALTER TABLE t MODIFY c {new}".encode()).error is not None:
        return None
    compared = COMPARED[family(old)]
    one, other = compared.format("t.c"), compared.format("before_it.c")
    return session.rows(f"SELECT {one} <=> {other} FROM t, before_it")[0][0][0] == b"0"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("varchar(10)", "varchar(63)", Work.NOTHING),
        ("varchar(63)", "varchar(64)", Work.COPY),
        ("varchar(64)", "varchar(300)", Work.NOTHING),
        ("varchar(10)", "varchar(300)", Work.COPY),
        ("varchar(20) character set utf8mb3", "varchar(20)", Work.COPY),
        ("varchar(20)", "varchar(20) collate utf8mb4_bin", Work.COPY),
        ("int", "bigint", Work.COPY),
        ("int(5)", "int", Work.NOTHING),
        ("enum('a')", "enum('a','b')", Work.NOTHING),
        ("enum('a')", "enum('b','a')", Work.COPY),
    ],
)
def test_mysql_by_its_manual(old: str, new: str, said: Work) -> None:
    assert work(kind_of(old), kind_of(new), MYSQL) is said
