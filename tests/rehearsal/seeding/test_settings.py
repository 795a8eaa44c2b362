"""What glowplug.toml says of rows."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError
from glowplug.project.configuration import Configuration
from glowplug.rehearsal.seeding import DataSettings, seed
from tests.rehearsal.seeding.servers import contents, database

SETUP = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL, score INTEGER NOT NULL);
CREATE TABLE plans (id INTEGER PRIMARY KEY, name TEXT NOT NULL, paid BOOLEAN NOT NULL, extra TEXT);
CREATE TABLE odd (a INTEGER NOT NULL)
"""
TOML = """
[data]
rows = 10
[[data.column]]
table = "users"
column = "email"
pattern = "user{n}@example.org"
[[data.column]]
table = "users"
column = "role"
values = ["admin", "guest"]
[[data.column]]
table = "users"
column = "score"
sql = "{n} * {n} + 1"
[[data.table]]
table = "plans"
rows = [{name = "free", paid = false}, {name = "pro", paid = true, extra = {a = 1}}]
[[data.table]]
table = "odd"
skip = true
because = "it is written by another program"
"""


def read(toml: str) -> DataSettings:
    return DataSettings.of(Configuration.parse(toml.encode()))


@pytest.mark.sqlite
def test_values_rows_and_what_is_skipped() -> None:
    settings = read(TOML)
    with database(Dialect.SQLITE, SETUP) as rows:
        seeded = seed(rows, rows.tables(), dialect=Dialect.SQLITE, settings=settings)
        users = contents(rows, "users")
        assert [row["email"] for row in users] == [f"user{n}@example.org" for n in range(10)]
        assert {row["role"] for row in users} == {"admin", "guest"}
        assert [row["score"] for row in users] == [str(n * n + 1) for n in range(10)]
        assert [(row["name"], row["paid"], row["extra"]) for row in contents(rows, "plans")] == [
            ("free", "0", None),
            ("pro", "1", '{"a": 1}'),
        ]
        assert [(each.table, each.why) for each in seeded.not_seeded] == [
            ("odd", "glowplug.toml skips it: it is written by another program")
        ]
        assert seeded.written == {"users": 10, "plans": 2, "odd": 0}


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["odd", "Odd", '"odd"', "`ODD`"])
def test_a_table_is_meant_however_sqlite_lets_it_be_named(name: str) -> None:
    toml = f"[[data.column]]\ntable = '{name}'\ncolumn = 'a'\nvalues = [77]\n"
    with database(Dialect.SQLITE, SETUP) as rows:
        seed(rows, rows.tables(), dialect=Dialect.SQLITE, settings=read(toml), only={"odd"})
        assert {row["a"] for row in contents(rows, "odd")} == {"77"}


NAMED_OTHERWISE = """
[[data.column]]
table = "people"
column = "EMAIL"
pattern = "user{n}@example.org"
[[data.table]]
table = "plans"
rows = [{Name = "free"}]
"""


@pytest.mark.parametrize(
    "dialect",
    [
        pytest.param(Dialect.SQLITE, marks=pytest.mark.sqlite),
        pytest.param(Dialect.MYSQL, marks=pytest.mark.mysql),
        pytest.param(Dialect.POSTGRES, marks=pytest.mark.postgres),
    ],
)
def test_case_counts_in_the_names_of_columns_on_postgresql_alone(dialect: Dialect) -> None:
    setup = "CREATE TABLE people (Email VARCHAR(40) NOT NULL); CREATE TABLE plans (name VARCHAR(40) NOT NULL)"
    with database(dialect, setup) as rows:
        seed(rows, rows.tables(), dialect=dialect, settings=read(NAMED_OTHERWISE), only={"people", "public.people"})
        values = [value for row in contents(rows, "people") for value in row.values()]
        assert len(values) == 50
        assert all(str(value).startswith("user") for value in values) is (dialect is not Dialect.POSTGRES)
        if dialect is not Dialect.POSTGRES:
            seed(rows, rows.tables(), dialect=dialect, settings=read(NAMED_OTHERWISE), only={"plans"})
            assert contents(rows, "plans") == [{"name": "free"}]


@pytest.mark.sqlite
def test_sql_that_fails_is_told() -> None:
    toml = '[[data.column]]\ntable = "odd"\ncolumn = "a"\nsql = "no_such_function({n})"\n'
    with database(Dialect.SQLITE, SETUP) as rows:
        seeded = seed(rows, rows.tables(), dialect=Dialect.SQLITE, settings=read(toml), only={"odd"})
        assert "the sql of a in glowplug.toml fails: no such function" in seeded.not_seeded[0].why


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[data]\nrows = -1", "from 0 to"),
        ("[data]\nrow = 1", "row"),
        ('[[data.column]]\ntable = "t"\ncolumn = "c"', "exactly one of values, pattern and sql"),
        ('[[data.column]]\ntable = "t"\ncolumn = "c"\nvalues = []', "exactly one of values, pattern and sql"),
        (
            '[[data.column]]\ntable = "t"\ncolumn = "c"\nvalues = [1]\npattern = "x"',
            "exactly one of values, pattern and sql",
        ),
        ('[[data.column]]\ntable = "t"\ncolumn = "c"\npattern = "x"', r"toml:4: the pattern of t.c has no \{n\}"),
        ('[[data.column]]\ntable = "t"\ncolumn = "c"\npattern = "x{m}{n}"', r"toml:4: the pattern of t.c has \{m\}"),
        ('[[data.table]]\ntable = "t"\nskip = true', "because"),
        ('[[data.table]]\ntable = "t"', "either rows or skip"),
    ],
)
def test_what_is_wrong_is_said(toml: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read(toml)
