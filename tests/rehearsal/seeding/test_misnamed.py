"""Names of glowplug.toml that no state of a chain has, and the names that states have: held against servers."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings, Configuration
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.seeding.chain_tables import ChainTables, tables_of
from glowplug.rehearsal.seeding.misnamed import misnamed
from glowplug.rehearsal.seeding.settings import is_about
from tests.rehearsal.seeding.servers import database

POSTGRES = (
    "CREATE TABLE first (a int, b text); CREATE TABLE gone (x int); CREATE SCHEMA app; CREATE VIEW v AS SELECT 1 AS a",
    'ALTER TABLE first RENAME TO second; CREATE TABLE app."We.ird" ("Odd" int); DROP TABLE gone',
    "ALTER TABLE second SET SCHEMA app; ALTER TABLE app.second RENAME COLUMN b TO c; CREATE TEMP TABLE brief (a int)",
    "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9)",
    "ALTER TABLE p ADD COLUMN later int; CREATE TABLE heir (own int) INHERITS (app.second); DROP VIEW v",
    'DO $$ BEGIN CREATE TABLE "In_Block" (a int); END $$; ALTER TABLE app.second DROP COLUMN a',
)
SQLITE = (
    "CREATE TABLE First (A INTEGER, b TEXT); CREATE TABLE gone (x INTEGER); CREATE VIEW v AS SELECT 1 AS a",
    "ALTER TABLE first RENAME TO Second; DROP TABLE gone; CREATE TEMP TABLE brief (a INTEGER)",
    'ALTER TABLE second RENAME COLUMN b TO c; CREATE TABLE "We.ird" ("Odd" INTEGER)',
    "CREATE TABLE new_second (a INTEGER, c TEXT, d TEXT); DROP TABLE Second; ALTER TABLE new_second RENAME TO Second",
)
MYSQL = (
    "CREATE TABLE First (A INT, b TEXT); CREATE TABLE gone (x INT); CREATE VIEW v AS SELECT 1 AS a",
    "RENAME TABLE First TO Second; DROP TABLE gone; CREATE TABLE twin LIKE Second",
    "ALTER TABLE Second CHANGE b c TEXT, ADD COLUMN d INT; CREATE TABLE `We.ird` (`Odd` INT)",
)


def chain(ups: tuple[str | None, ...], dialect: Dialect = Dialect.POSTGRES) -> Chain:
    migrations = tuple(
        Migration(
            version=str(number),
            name=f"{number}_m",
            path=f"migrations/{number}_m",
            up=None if up is None else up.encode(),
            down=None,
        )
        for number, up in enumerate(ups)
    )
    return Chain(directory="migrations", dialect=dialect, migrations=migrations, settings=ChainSettings())


def settings(toml: str) -> DataSettings:
    return DataSettings.of(Configuration.parse(toml.encode()))


def told(toml: str, *chains: ChainTables) -> list[str]:
    return [each.message for each in misnamed(settings(toml), chains)]


def table(name: str) -> str:
    return f"[[data.table]]\ntable = '{name}'\nskip = true\nbecause = 'x'\n"


def column(name: str, own: str) -> str:
    return f"[[data.column]]\ntable = '{name}'\ncolumn = '{own}'\nvalues = [1]\n"


@pytest.mark.parametrize(
    ("dialect", "ups"),
    [
        pytest.param(Dialect.POSTGRES, POSTGRES, marks=pytest.mark.postgres),
        pytest.param(Dialect.MYSQL, MYSQL, marks=pytest.mark.mysql),
        pytest.param(Dialect.SQLITE, SQLITE, marks=pytest.mark.sqlite),
    ],
)
def test_every_table_and_column_of_every_state_is_known(dialect: Dialect, ups: tuple[str, ...]) -> None:
    found = tables_of(chain(ups, dialect))
    assert found.complete
    assert found.placed
    live: dict[str, set[str]] = {}
    with database(dialect, ups[0]) as rows:
        for up in ("", *ups[1:]):
            assert not up or rows.execute(up) is None
            for each in rows.tables():
                live.setdefault(each.name, set()).update(one.name for one in each.columns)
    known = {name: set(columns or ()) for name, columns in found.tables.items() if "brief" not in name}
    assert known == live
    for name, columns in live.items():
        assert told(table(name) + "".join(column(name, one) for one in columns), found) == []


@pytest.mark.parametrize("name", ["second", "app.second", "public.first", "first", '"app"."We.ird"', '"In_Block"'])
def test_a_name_that_any_state_has_is_right(name: str) -> None:
    assert told(table(name), tables_of(chain(POSTGRES))) == []


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (
            table("secnd"),
            "gives rows to no table: in no state of the migrations there is one called 'secnd'; is 'second' meant?",
        ),
        (table("public.gnoe"), "one called 'public.gnoe'; is 'public.gone' meant?"),
        (table("public.p2x"), "is 'public.p' meant?"),
        (table("app.first"), "one called 'app.first'; is 'public.first' meant?"),
        (table("FIRST"), "one called 'FIRST'; is 'first' meant?"),
        (table("in_block"), "is 'In_Block' meant?"),
        (table("zzzz"), "one called 'zzzz'"),
        (table("v"), "one called 'v'; public.v is a view, and rows are written to tables alone"),
        (column("secnd", "a"), "[[data.column]] gives values to no table: in no state of the migrations there is one"),
        (
            column("second", "cc"),
            "to no column: second never has one that is called 'cc', letter by letter; is 'c' meant?",
        ),
        (column("second", "C"), "never has one that is called 'C', letter by letter; is 'c' meant?"),
        (column("app.second", "later"), "never has one that is called 'later', letter by letter"),
    ],
)
def test_a_name_that_no_state_has_is_told(toml: str, message: str) -> None:
    (said,) = told(toml, tables_of(chain(POSTGRES)))
    assert message in said
    if "zzzz" in message or "later" in message:
        assert "meant" not in said


def test_a_name_needs_to_fit_one_of_several_chains() -> None:
    chains = [tables_of(chain(POSTGRES)), tables_of(chain(SQLITE, Dialect.SQLITE), ())]
    assert told(table("heir") + table("FIRST") + column("Second", "d"), *chains) == []
    assert len(told(table("heirs") + column("second", "e"), *chains)) == 2


@pytest.mark.parametrize(("ups", "dialect"), [(SQLITE, Dialect.SQLITE), (MYSQL, Dialect.MYSQL)])
def test_case_counts_in_no_name_of_sqlite_and_mysql(ups: tuple[str, ...], dialect: Dialect) -> None:
    found = tables_of(chain(ups, dialect))
    assert told(column("SECOND", "D") + column("second", "a"), found) == []
    (said,) = told(column("second", "E"), found)
    assert "second never has one that is called 'E'" in said
    assert "letter by letter" not in said


WRITTEN = "CREATE TABLE a (x int);"


@pytest.mark.parametrize(
    "up",
    [
        "DO $$ BEGIN EXECUTE 'CREATE TABLE ' || 'b' || ' (x int)'; END $$",
        "SELECT make_tables()",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE b (x int); RETURN NEW; END $$",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpython3u AS 'whatever'",
        "CREATE TABLE b OF OF (x int)",
        "ALTER TABLE b ADD COLUMN y int",
        "ALTER TABLE elsewhere RENAME TO b",
        None,
    ],
)
def test_where_there_may_be_more_than_the_text_tells_nothing_is_said(up: str | None) -> None:
    found = tables_of(chain((WRITTEN, up)))
    assert not found.complete
    assert told(table("b") + column("a", "y"), found) == []
    assert told(table("b") + column("a", "y"), tables_of(chain((WRITTEN,)))) != []
    other = tables_of(chain(SQLITE, Dialect.SQLITE))
    assert told(table("b"), other, found) == []


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("up", "name"),
    [
        ("DO $$ BEGIN FOR i IN 1..2 LOOP EXECUTE 'CREATE TABLE part_' || i || ' (x int)'; END LOOP; END $$", "part_1"),
        ("DO $$ BEGIN EXECUTE 'CREATE TABLE ' || reverse('abc') || ' (x int)'; END $$", "cba"),
    ],
)
def test_a_table_whose_name_no_file_contains_is_not_told_to_be_none(up: str, name: str) -> None:
    with database(Dialect.POSTGRES, WRITTEN) as rows:
        assert rows.execute(up) is None
        assert f"public.{name}" in {each.name for each in rows.tables()}
    assert name not in up
    found = tables_of(chain((WRITTEN, up)))
    assert told(table(name), found) == []
    assert told(table(name), tables_of(chain(SQLITE, Dialect.SQLITE)), found) == []


@pytest.mark.parametrize(
    "up",
    [
        "CREATE TABLE a AS SELECT 1 AS x",
        "DO $$ BEGIN IF random() < 2 THEN CREATE TABLE a (x int); END IF; END $$",
        WRITTEN + "DO $$ BEGIN IF random() < 2 THEN ALTER TABLE a RENAME TO c; END IF; END $$",
    ],
)
def test_of_a_table_whose_columns_are_uncertain_none_is_told(up: str) -> None:
    found = tables_of(chain((up,)))
    assert told(column("a", "y") + table("a"), found) == []
    assert len(told(table("b"), found)) == 1


def test_a_table_that_is_made_if_it_is_not_there_is_made_in_an_empty_database() -> None:
    found = tables_of(chain(("CREATE TABLE IF NOT EXISTS a (x int)",)))
    assert told(column("a", "x"), found) == []
    assert len(told(column("a", "y"), found)) == 1


def test_a_virtual_table_s_columns_are_its_module_s() -> None:
    found = tables_of(chain(("CREATE VIRTUAL TABLE docs USING fts5(title)",), Dialect.SQLITE))
    assert told(column("docs", "rank"), found) == []


@pytest.mark.parametrize(
    ("ups", "setup"),
    [
        (("SET search_path TO app; CREATE TABLE a (x int)",), ()),
        (("CREATE SCHEMA app CREATE TABLE a (x int)",), ()),
        ((WRITTEN,), ("ALTER ROLE CURRENT_USER SET search_path TO app",)),
    ],
)
def test_where_schemas_are_uncertain_the_name_alone_counts(ups: tuple[str, ...], setup: tuple[str, ...]) -> None:
    found = tables_of(chain(ups), setup)
    assert told(table("app.a") + table("public.a") + table("a"), found) == []
    assert len(told(table("app.b"), found)) == 1


def test_what_production_has_before_the_first_migration_counts() -> None:
    assert told(table("b"), tables_of(chain((WRITTEN,)), ("CREATE TABLE b (x int)",))) == []


@pytest.mark.parametrize(
    ("named", "own", "same"),
    [
        ("public.users", "public.users", True),
        ("users", "public.users", True),
        ('"users"', "public.users", True),
        ('public."users"', "public.users", True),
        ("Users", "public.users", False),
        ("app.users", "public.users", False),
        ('"a.b"', 'public."a.b"', True),
        ("b", 'public."a.b"', False),
        ('"q""q"', 'public."q""q"', True),
        ("Users", "users", True),
        ("users", "USERS", True),
        ("`users`", "users", True),
        ("user", "users", False),
        ("", "users", False),
    ],
)
def test_a_table_is_named_with_its_schema_or_without(named: str, own: str, same: bool) -> None:
    assert is_about(named, own) is same
