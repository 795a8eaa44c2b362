"""What a live server calls the types and names that were read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.actions import CreateTable
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database import Connection

pytestmark = pytest.mark.postgres

TYPES = [
    *("int", "int2", "smallint", "int4", "int8", "bigint", "serial", "bigserial", "smallserial", "serial8"),
    *("float4", "real", "float", "float(10)", "float8", "double precision", "bool", "boolean", '"char"', "char"),
    *("char(3)", "character", "character (3)", "bpchar", "varchar", "varchar(5)", "character varying", "nchar(2)"),
    *("national character varying(5)", "text", "name", "numeric", "numeric(4)", "numeric(4,2)", "decimal(4, 2)"),
    *("dec", "bit", "bit(3)", "varbit", "varbit(3)", "bit varying(3)", "date", "time", "time(3)", "timetz"),
    *("time with time zone", "time(3) with time zone", "timestamp", "timestamp(3)", "timestamptz", "timestamptz(3)"),
    *("timestamp (3) with time zone", "timestamp without time zone", "interval", "interval(2)", "interval year"),
    *("interval day to second", "interval day to second(3)", "interval hour to minute", "interval second(1)"),
    *("uuid", "json", "jsonb", "bytea", "inet", "cidr", "macaddr", "oid", "regclass", "tsvector", "tsquery", "xml"),
    *("money", "point", "int4range", "tstzmultirange", "int[]", "int[][]", "varchar(3)[]", "timestamptz(2)[]"),
    *("int array", "int array[3]", "pg_catalog.int4", "pg_catalog.text", "pg_catalog.varchar(3)", "mood", "s.kind"),
    *('"Mixed"', 's."a b"', "mood[]", '"timestamp"', '"int4"'),
]
BEFORE = (
    "CREATE SCHEMA s; CREATE TYPE mood AS ENUM ('a'); CREATE TYPE s.kind AS (a int); "
    'CREATE DOMAIN "Mixed" AS text; CREATE DOMAIN s."a b" AS int;'
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    request = Request(
        dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )
    with open_server(request) as running:
        database = running.create()
        yield database.connection
        database.close()


def test_types_are_called_as_the_server_calls_them(connection: Connection) -> None:
    columns = ", ".join(f"c{number} {name}" for number, name in enumerate(TYPES))
    sql = f"CREATE TABLE t ({columns})"
    code = f"{BEFORE} {sql};".encode()
    up = Migration(version="1", name="1", path="1", up=code, down=None, run_in_transaction=True)
    assert connection.run(up, Direction.UP).error is None
    objects = connection.snapshot().objects
    (table,) = read(sql, Dialect.POSTGRES).statements[0].actions
    assert isinstance(table, CreateTable)
    ours = {TYPES[number]: str(column.type) for number, column in enumerate(table.columns)}
    for number, name in enumerate(TYPES):
        theirs = objects["column", f"public.t.c{number}"].properties["type"]
        assert ours[name] == theirs.removeprefix("public."), name  # a reader does not know where a type was found


@pytest.mark.parametrize(
    ("sql", "offset"),
    [
        ("SELECT 1; /* a", 10),
        ("SELECT 1 /* a", 9),
        ("/* a", 0),
        ("SELECT 'é'; -- /*\n/* a /* b */ -- */", None),
        ("SELECT 'é'; -- /*\n/* a */ ; /* a /* b */ -- c", 28),
        ("SELECT 1; /*/", 10),
        ("SELECT 1; /* a */ -- /*", None),
        ("SELECT 1; /* a /* b */ */;", None),
        ("SELECT '/*'; -- /*", None),
        ("SELECT 1; /* a\nSELECT 2;", 10),
        ("SELECT 'a; /* a", 7),
    ],
)
def test_a_comment_that_is_never_closed_is_refused_by_both(
    connection: Connection, sql: str, offset: int | None
) -> None:
    up = Migration(version="1", name="1", path="1", up=sql.encode(), down=None, run_in_transaction=True)
    error = connection.run(up, Direction.UP).error
    found = [one.unparsed.offset for one in read(sql, Dialect.POSTGRES).statements if one.unparsed]
    assert found == ([] if offset is None else [offset])
    assert (error is not None and "unterminated" in error.message) == (offset is not None)
