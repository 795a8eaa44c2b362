"""Every change of type between common types costs what glowplug.review.type_change says, on every PostgreSQL."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.review.type_change import Work, work
from glowplug.sql.actions import AlterColumnType, CreateTable
from glowplug.sql.reader import read

from .postgres import administrator, available

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.parts import Expression, TypeName

    from .postgres import Session
    from .proof import Servers

TYPES = (
    *("smallint", "integer", "bigint", "oid", "real", "double precision", "numeric", "numeric(10,2)", "numeric(12,2)"),
    *("numeric(12,4)", "text", "varchar", "varchar(10)", "varchar(20)", "char(10)", "char(20)", "bpchar", "name"),
    *("boolean", "bytea", "uuid", "json", "jsonb", "xml", "inet", "cidr", "macaddr", "bit(4)", "bit(8)", "varbit"),
    *("varbit(4)", "varbit(8)", "date", "time", "time(3)", "timetz", "timestamp", "timestamp(3)", "timestamp(6)"),
    *("timestamptz", "timestamptz(3)", "interval", "interval(3)", "integer[]", "text[]", "varchar(10)[]", '"char"'),
)
USING = (
    ("varchar(10)", "varchar(20)", "c::varchar(20)"),
    ("varchar(10)", "text", "c"),
    ("varchar(10)", "text", "(c)::text"),
    ("varchar(10)", "text", "lower(c)"),
    ("timestamp", "timestamptz", "c AT TIME ZONE 'UTC'"),
    ("text", "integer", "c::integer"),
)


@pytest.mark.postgres
@pytest.mark.parametrize("major", available())
def test_every_pair(major: int, servers: Servers) -> None:
    server = servers.get(f"postgres {major}", lambda: administrator(major))
    wrong = [
        f"{old} -> {new}: {said}, but rewritten: {rewritten}"
        for old, new, said, rewritten in judged(server)
        if (said is Work.REWRITE) is not rewritten
    ]
    assert "\n".join(wrong) == ""


@pytest.mark.postgres
@pytest.mark.parametrize("major", available())
@pytest.mark.parametrize(("old", "new", "using"), USING)
def test_using(major: int, old: str, new: str, using: str, servers: Servers) -> None:
    server = servers.get(f"postgres {major}", lambda: administrator(major))
    kind, target, expression = changed(old, new, using)
    (rewritten,) = tried(server, [(old, new, f"USING {using}")])
    assert rewritten is not None
    assert (work(kind, target, "c", using=expression) is Work.REWRITE) is rewritten


def judged(server: Session) -> Iterator[tuple[str, str, Work, bool]]:
    """Every pair that the server can change, with what is said of it and what it does."""
    pairs = list(itertools.product(TYPES, TYPES))
    rewritten = tried(server, [(old, new, "") for old, new in pairs])
    assert sum(each is not None for each in rewritten) >= len(TYPES) * 4, "hardly a pair was accepted"
    for (old, new), outcome in zip(pairs, rewritten, strict=True):
        if outcome is not None:
            kind, target, _ = changed(old, new, None)
            yield old, new, work(kind, target, "c"), outcome


def tried(server: Session, changes: list[tuple[str, str, str]]) -> list[bool | None]:
    """Whether the table gets another file, for each change from a type to another; None where it is refused."""
    server.execute(
        "DROP TABLE IF EXISTS tried; CREATE TEMP TABLE tried (n int, old text, new text, clause text, is_new bool)"
    )
    with server.cursor() as cursor:
        cursor.executemany("INSERT INTO tried VALUES (%s, %s, %s, %s)", [(n, *each) for n, each in enumerate(changes)])
    server.execute("""
        DO $do$
        DECLARE
          one record;
          before oid;
        BEGIN
          SET LOCAL TimeZone = 'UTC';
          FOR one IN SELECT * FROM tried LOOP
            BEGIN
              EXECUTE format('CREATE TEMP TABLE changing (c %s)', one.old);
              before := pg_relation_filenode('changing');
              EXECUTE format('ALTER TABLE changing ALTER COLUMN c TYPE %s %s', one.new, one.clause);
              UPDATE tried SET is_new = pg_relation_filenode('changing') <> before WHERE n = one.n;
              DROP TABLE changing;
            EXCEPTION WHEN datatype_mismatch THEN NULL;
            END;
          END LOOP;
        END $do$""")
    rows = server.execute("SELECT is_new FROM tried ORDER BY n").fetchall()
    return [None if row[0] is None else bool(row[0]) for row in rows]


def changed(old: str, new: str, using: str | None) -> tuple[TypeName, TypeName, Expression | None]:
    """The types as the reader reads them."""
    clause = "" if using is None else f" USING {using}"
    script = read(f"CREATE TABLE t (c {old}); ALTER TABLE t ALTER COLUMN c TYPE {new}{clause}", Dialect.POSTGRES)
    create, alter = (statement.actions[0] for statement in script.statements)
    assert isinstance(create, CreateTable)
    assert isinstance(alter, AlterColumnType)
    kind = create.columns[0].type
    assert kind is not None
    return kind, alter.type, alter.using
