"""Migrations that lose something ordinary of a type's values: plain rows show it, or else an odd row does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

# A column x's type, and what becomes of it: another value, or by TYPE or MODIFY another type.
POSTGRES = """
numeric                 | round(x, 2)
numeric                 | round(x, 5)
numeric                 | trunc(x)
numeric                 | abs(x)
numeric                 | TYPE numeric(14,2)
numeric                 | TYPE integer
numeric                 | TYPE real
numeric(10,2)           | round(x, 1)
numeric(10,2)           | abs(x)
numeric(20,8)           | round(x, 5)
money                   | x::numeric::integer::money
double precision        | round(x::numeric, 2)
double precision        | abs(x)
double precision        | TYPE real
double precision        | TYPE integer
double precision        | TYPE numeric(14,2)
real                    | round(x::numeric, 2)
real                    | TYPE integer
integer                 | x / 10 * 10
bigint                  | x % 10
timestamp               | date_trunc('second', x)
timestamp               | x::date
timestamp               | TYPE timestamp(0)
timestamptz             | TYPE timestamptz(3)
timestamptz             | TYPE date
timestamptz(0)          | date_trunc('minute', x)
date                    | date_trunc('month', x)
time                    | TYPE time(0)
time                    | date_trunc('hour', x)
timetz                  | TYPE time
interval                | TYPE interval(0)
interval                | date_trunc('day', x)
interval                | make_interval(secs => extract(epoch FROM x)::float8)
interval(0)             | x - date_trunc('month', x)
inet                    | host(x)::inet
inet                    | network(x)
cidr                    | set_masklen(x, 24)
macaddr                 | trunc(x)
text                    | lower(x)
text                    | upper(x)
text                    | left(x, 20)
text                    | split_part(x, ' ', 1)
varchar(30)             | left(x, 18)
varchar(10)             | lower(x)
varchar(10)             | upper(x)
char(5)                 | lower(x)
jsonb                   | x - 'name'
jsonb                   | x #- '{in it,a.b}'
jsonb                   | x - 'legacy'
jsonb                   | x - ARRAY['older', 'old']
jsonb                   | x #- '{a,b}'
jsonb                   | jsonb_set(x, '{state}', '"new"', false)
jsonb                   | jsonb_strip_nulls(x)
json                    | (x::jsonb - 'in it')::json
text[]                  | x[1:1]
text[]                  | ARRAY[x[1], x[2]]
integer[]               | x[1:2]
numeric[]               | x::integer[]
boolean[]               | x[1:1]
uuid                    | (left(x::text, 24) || '000000000000')::uuid
bytea                   | substring(x FROM 1 FOR 8)
bytea                   | convert_to(encode(x, 'base64'), 'UTF8')
bit(8)                  | x & B'11111110'
bit varying(8)          | x::bit(8)
boolean                 | true
mood                    | CASE x WHEN 'calm' THEN 'glad' ELSE x::text END::mood
numrange                | numrange(lower(x), lower(x) + 1)
tstzrange               | tstzrange(date_trunc('day', lower(x)), upper(x))
point                   | point(round(x[0]), x[1])
tsvector                | strip(x)
"""
MYSQL = """
decimal(20,8)           | ROUND(x, 5)
decimal(10,2)           | ROUND(x, 1)
decimal(10,2)           | ABS(x)
decimal(10,2)           | MODIFY decimal(10,1)
decimal(10,2)           | MODIFY int
float                   | ROUND(x, 2)
float                   | MODIFY int
double                  | ROUND(x, 2)
double                  | ABS(x)
double                  | MODIFY float
double                  | MODIFY decimal(14,2)
int                     | x DIV 10
datetime                | DATE(x)
datetime                | MODIFY date
datetime(6)             | MODIFY datetime
timestamp(6)            | MODIFY timestamp
time(6)                 | MODIFY time
time                    | SEC_TO_TIME(HOUR(x) * 3600)
date                    | DATE_FORMAT(x, '%Y-%m-01')
varchar(100)            | LOWER(x)
varchar(100)            | UPPER(x)
varchar(100)            | LEFT(x, 20)
varchar(30)             | LEFT(x, 18)
varchar(10)             | LOWER(x)
varchar(10)             | UPPER(x)
text                    | SUBSTRING_INDEX(x, ' ', 1)
json                    | JSON_REMOVE(x, '$.name')
json                    | JSON_REMOVE(x, '$."in it"."a.b"')
json                    | JSON_REMOVE(x, '$.legacy')
json                    | JSON_REMOVE(x, '$.a.b')
json                    | JSON_REPLACE(x, '$.state', 'new')
varbinary(64)           | LEFT(x, 8)
blob                    | LEFT(x, 8)
bit(8)                  | x & 14
boolean                 | 1
enum('a','b','c')       | REPLACE(x, 'c', 'b')
set('a','b','c')        | x & 3
point                   | POINT(ROUND(ST_X(x)), ST_Y(x))
"""
SQLITE = """
REAL                    | round(x, 2)
REAL                    | round(x, 5)
REAL                    | abs(x)
REAL                    | CAST(x AS INTEGER)
DOUBLE                  | round(x, 2)
FLOAT                   | round(x, 2)
NUMERIC                 | round(x, 2)
DECIMAL(10,2)           | round(x, 1)
INTEGER                 | x / 10
BOOLEAN                 | 1
TIMESTAMP               | date(x)
TIMESTAMP               | strftime('%Y-%m-%d %H:%M:%S', x)
TIME                    | time(x)
TIME                    | substr(x, 1, 5)
DATE                    | strftime('%Y-%m-01', x)
TEXT                    | lower(x)
TEXT                    | upper(x)
TEXT                    | substr(x, 1, 20)
VARCHAR(30)             | substr(x, 1, 18)
VARCHAR(10)             | lower(x)
VARCHAR(10)             | upper(x)
BLOB                    | substr(x, 1, 8)
JSON                    | json_remove(x, '$.name')
JSON                    | json_remove(x, '$."in it"."a.b"')
JSON                    | json_remove(x, '$.legacy')
JSON                    | json_remove(x, '$.a.b')
JSON                    | json_replace(x, '$.state', 'new')
"""
# What plain rows are not, by their being plain: negative whole numbers, blanks around texts, nothing at all.
ODD = {
    "postgres": """
integer                 | abs(x)
bigint                  | TYPE double precision
text                    | trim(x)
text                    | coalesce(nullif(x, ''), 'none')
text[]                  | array_remove(x, NULL)
numeric(6,2)            | abs(x)
""",
    "mysql": """
int                     | ABS(x)
varchar(100)            | TRIM(x)
varchar(100)            | COALESCE(NULLIF(x, ''), 'none')
""",
    "sqlite": """
INTEGER                 | abs(x)
TEXT                    | trim(x)
TEXT                    | coalesce(nullif(x, ''), 'none')
""",
}
SETUP = {"postgres": "CREATE TYPE mood AS ENUM ('sad', 'calm', 'glad');"}
PLAIN = {"postgres": POSTGRES, "mysql": MYSQL, "sqlite": SQLITE}


def cases(table: str) -> list[tuple[str, str]]:
    lines = [line.partition("|") for line in table.split("\n") if line]
    return [(kind.strip(), change.strip()) for kind, _, change in lines]


def files(number: int, kind: str, change: str) -> tuple[str, str]:
    """The up and the down of one migration."""
    word, _, other = change.partition(" ")
    if word == "TYPE":
        return tuple(f"ALTER TABLE t{number} ALTER COLUMN x TYPE {each};" for each in (other, kind))  # type: ignore[return-value]
    if word == "MODIFY":
        return tuple(f"ALTER TABLE t{number} MODIFY x {each} NOT NULL;" for each in (other, kind))  # type: ignore[return-value]
    return f"UPDATE t{number} SET x = {change};", "SELECT 1;"


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=getattr(pytest.mark, name)) for name in PLAIN],
)
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Any]]:
    """A project of one table and one migration a case, checked: what became of the rows of each, the first aside."""
    backend: str = request.param
    root = tmp_path_factory.mktemp(backend)
    every = cases(PLAIN[backend]) + cases(ODD[backend])
    tables = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, x {kind} NOT NULL);" for n, (kind, _) in enumerate(every)]
    drops = [f"DROP TABLE t{n};" for n in range(len(every))]
    first = (SETUP.get(backend, "") + "\n".join(tables), "\n".join(drops) + "DROP TYPE mood;" * (backend in SETUP))
    for at, (up, down) in enumerate([first, *(files(n, *case) for n, case in enumerate(every))]):
        own = root / "migrations" / f"{at:03}_m"
        own.mkdir(parents=True)
        (own / "up.sql").write_text(up)
        (own / "down.sql").write_text(down)
    chain = f'[[chain]]\nmigrations = "migrations"\nbackend = "{backend}"\n'
    (root / "glowplug.toml").write_text(chain + "[data]\nrows = 20\n")
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "check", "--base", "none", "--format", "json", str(root)],
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(root / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    (report,) = json.loads(done.stdout)["chains"]
    return backend, [migration["data"] for migration in report["migrations"][1:]]


def lost(data: dict[str, Any], which: str) -> list[tuple[str, str]]:
    return [(loss["column"], loss["how"]) for loss in data[which] if loss["written"] == "before"]


def test_what_is_lost_of_ordinary_values_is_seen_in_plain_rows(checked: tuple[str, list[Any]]) -> None:
    backend, data = checked
    plain = cases(PLAIN[backend])
    assert [
        (*case, found["outcome"], found["losses"], found["why"])
        for case, found in zip(plain, data[: len(plain)], strict=True)
        if found["outcome"] not in {"lossy", "irreversible"} or set(lost(found, "losses")) != {("x", "changed")}
    ] == []


def test_what_is_lost_of_odd_values_is_told_apart(checked: tuple[str, list[Any]]) -> None:
    backend, data = checked
    odd = cases(ODD[backend])
    assert [
        (*case, found["outcome"], found["odd_losses"])
        for case, found in zip(odd, data[-len(odd) :], strict=True)
        if found["outcome"] != "lossless" or ("x", "changed") not in lost(found, "odd_losses")
    ] == []
