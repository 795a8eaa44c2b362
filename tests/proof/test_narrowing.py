"""The query that a finding gives to ask production counts what the change of type refuses or changes, and nothing else.

Each value is alone in its table: the query counts it or not, then the type changes, and the value is held against what
it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from glowplug.review import engine
from glowplug.review.context import Terms
from tests.review.planted import chain_of

from .postgres import administrator, available

if TYPE_CHECKING:
    from .postgres import Session
    from .proof import Servers

pytestmark = pytest.mark.postgres

NUMBERS = ("0", "1", "-1", "32767", "-32768", "32768", "-32769", "2147483647", "2147483648", "-2147483649", "16777217")
WIDE = (*NUMBERS, "9223372036854775807", "-9223372036854775808", "1152921504606846976", "9007199254740993")
FRACTIONS = ("0.5", "-0.4", "1.25", "123456789.125", "0.1", "32767.4", "32767.6", "1e20")
SPECIAL = ("'NaN'", "'Infinity'", "'-Infinity'")
TINY = ("1e-40", "1e-300")
MOMENTS = (
    "'2024-02-03 00:00'",
    "'2024-02-03 04:05:06.789'",
    "'infinity'",
    "'4713-01-01 00:00 BC'",
    "'2024-02-03 04:05:06'",
)
PAIRS = (
    *(("bigint", new, WIDE) for new in ("integer", "smallint", "real", "double precision")),
    *(("integer", new, ("0", "32768", "-32769", "16777217", "2147483647")) for new in ("smallint", "real")),
    *(
        (old, new, (*NUMBERS, *FRACTIONS, *SPECIAL, "9223372036854775808", "-9223372036854775808"))
        for old in ("numeric", "real", "double precision")
        for new in ("smallint", "integer", "bigint")
    ),
    ("numeric", "real", (*WIDE, *FRACTIONS, *TINY, *SPECIAL, "1e39", "0.12345678")),
    ("numeric", "double precision", (*NUMBERS, *FRACTIONS, *TINY, *SPECIAL, "4e-324", "1e309", "0.12345678901234567")),
    ("double precision", "real", (*NUMBERS, *FRACTIONS, *TINY, *SPECIAL, "1e-46", "1e39", "-1e39", "0.12345678")),
    ("numeric", "numeric(5,2)", ("0", "999.99", "999.994", "999.995", "1000", "-1000", "1.234", *SPECIAL)),
    ("numeric(12,4)", "numeric(12,2)", ("0", "1.2345", "99999999.9999", "1.5")),
    ("numeric(12,2)", "numeric(6,2)", ("9999.99", "10000", "'NaN'")),
    ("numeric(12,2)", "numeric(6)", ("9999.99", "1000000", "999999")),
    *(
        (old, new, ("''", "'abcde'", "'abcdef'", "'äöüßé'", "'abcde  '"))
        for old in ("text", "varchar(20)", "citext", "name")
        for new in ("varchar(5)", "char(5)")
        if old != "citext"
    ),
    ("char(20)", "varchar(5)", ("''", "'abcde'", "'abcdef'")),
    *(("timestamp", new, MOMENTS) for new in ("date", "time", "timestamp(0)", "timestamp(2)")),
    *(("timestamptz", new, MOMENTS) for new in ("date", "time", "timetz", "timestamptz(0)")),
    *((old, f"{old}(1)", ("'01:02:03'", "'01:02:03.44'")) for old in ("time", "timetz", "interval")),
    (
        "json",
        "jsonb",
        ("""'{"a": 1}'""", """'{"a":1}'""", """'{"a": 1, "a": 2}'""", r"""'["\u0000"]'""", "'null'", "'1.0'"),
    ),
    ("inet", "cidr", ("'10.0.0.1'", "'10.0.0.1/8'", "'10.0.0.0/8'", "'::1/64'")),
)


def query(old: str, new: str) -> str:
    """What the finding says to ask."""
    chain = chain_of((f'CREATE TABLE "T" (n {old})', None), (f'ALTER TABLE "T" ALTER n TYPE {new}', None))
    notes = [
        each.safe_form.note
        for each in engine.review(chain, Terms.of(chain)).findings
        if each.rule == "type-narrowed" and each.safe_form is not None
    ]
    found = re.fullmatch(r"ask production first: (SELECT .*);", notes[0] or "")
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("old", "new", "values"), PAIRS, ids=lambda each: each if isinstance(each, str) else "")
def test_it_counts_what_does_not_stay(servers: Servers, old: str, new: str, values: tuple[str, ...]) -> None:
    asked = query(old, new)
    for major in sorted({available()[0], available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: administrator(major))
        server.execute("SET timezone = 'UTC'")
        said, seen = {}, {}
        for value in (*values, "NULL"):
            server.execute(f"""CREATE TABLE "T" (n {old}); INSERT INTO "T" VALUES (({value})::{old})""")
            try:
                said[value] = _only(server, asked) == 1
                seen[value] = _is_lost(server, old, new)
            finally:
                server.execute('DROP TABLE "T"')
        assert said == seen, major


def _only(server: Session, sql: str) -> object:
    row = server.execute(sql).fetchone()
    assert row is not None
    return row[0]


def _is_lost(server: Session, old: str, new: str) -> bool:
    """Whether the change refuses the value, or makes another of it."""
    server.execute('ALTER TABLE "T" ADD was text; UPDATE "T" SET was = n::text')
    try:
        server.execute(f'ALTER TABLE "T" ALTER n TYPE {new}')
    except psycopg.errors.DatatypeMismatch:
        raise
    except psycopg.Error:
        return True
    if re.match("time|timestamp|numeric|real|double|bigint|integer", old):
        return bool(_only(server, f'SELECT coalesce({_same(old, new)}, was IS NULL) FROM "T"') is False)
    return bool(_only(server, 'SELECT was IS DISTINCT FROM n::text FROM "T"'))


def _same(old: str, new: str) -> str:
    if old.startswith("timestamp") and new in {"time", "timetz"}:
        return "false AND n IS NOT NULL OR (n IS NULL AND was IS NULL)"
    if old == "bigint" and new in {"real", "double precision"}:
        return "CASE WHEN n < 9223372036854775808 THEN n::double precision::bigint = was::bigint ELSE false END"
    if old.startswith("time"):
        return f"n = was::{old}"
    if old in {"real", "double precision"} and new != "real":
        return f"n::{old} = was::{old}"
    return "n::text::numeric = was::numeric"
