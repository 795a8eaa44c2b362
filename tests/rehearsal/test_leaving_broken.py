"""What an up or a down leaves broken is shown once, of the file that broke it, on the servers that keep it."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.errors import LostConnection
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal import Outcome, Rehearsal, rehearse
from glowplug.rehearsal.proved import may_be_kept
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.broken import Asked, BrokenObject
    from glowplug.database.postgres.access import Access
    from glowplug.schema import SchemaObject

BOTH = [
    pytest.param(Dialect.MYSQL, marks=pytest.mark.mysql),
    pytest.param(Dialect.SQLITE, marks=pytest.mark.sqlite),
]
TABLES = (
    "CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER); CREATE TABLE audit (id INTEGER PRIMARY KEY);",
    "DROP TABLE audit; DROP TABLE items;",
)
VIEW = ("CREATE VIEW v AS SELECT id FROM audit;", "DROP VIEW v;")
MORE = ("CREATE TABLE more (id INTEGER PRIMARY KEY);", "DROP TABLE more;")
ROWS = ("INSERT INTO items VALUES (1, 1);", "DELETE FROM items;")
DROP = ("DROP TABLE audit;", "CREATE TABLE audit (id INTEGER PRIMARY KEY);")


def trigger(dialect: Dialect) -> tuple[str, str]:
    body = "INSERT INTO audit VALUES (NEW.id)"
    body = body if dialect is Dialect.MYSQL else f"BEGIN {body}; END"
    return (f"CREATE TRIGGER ai AFTER INSERT ON items FOR EACH ROW {body};", "DROP TRIGGER ai;")


def rehearsed(dialect: Dialect, *files: tuple[str, str]) -> Rehearsal:
    migrations = tuple(
        Migration(version=f"{number}", name=f"{number}", path=f"m/{number}", up=up.encode(), down=down.encode())
        for number, (up, down) in enumerate(files, 1)
    )
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    request = Request(dialect=dialect, chain=chain.settings, settings=ScratchSettings(), environment=dict(os.environ))
    with open_server(request) as server:
        return rehearse(chain, server, forward_only=False)


def shown(rehearsal: Rehearsal) -> list[tuple[set[str], set[str]]]:
    def names(broken: tuple[BrokenObject, ...]) -> set[str]:
        return {f"{each.kind} {each.name}" for each in broken}

    return [(names(trip.leaves_broken), names(trip.down_leaves_broken)) for trip in rehearsal.round_trips]


NOTHING: tuple[set[str], set[str]] = (set(), set())


@pytest.mark.parametrize("dialect", BOTH)
def test_an_up_that_breaks_is_told_once(dialect: Dialect) -> None:
    rehearsal = rehearsed(dialect, TABLES, VIEW, trigger(dialect), DROP, MORE)
    assert shown(rehearsal) == [*[NOTHING] * 3, ({"view v", "trigger ai"}, set()), NOTHING]
    assert {trip.outcome for trip in rehearsal.round_trips} == {Outcome.RESTORED}
    assert all(may_be_kept(trip) for trip in rehearsal.round_trips)


@pytest.mark.parametrize("dialect", BOTH)
def test_what_is_mended_in_the_same_file_is_not_broken(dialect: Dialect) -> None:
    make, drop = VIEW
    again = make.replace("audit", "log")
    rename = (
        f"{drop} ALTER TABLE audit RENAME TO log; {again}",
        f"{drop} ALTER TABLE log RENAME TO audit; {make}",
    )
    rehearsal = rehearsed(dialect, TABLES, VIEW, rename)
    assert shown(rehearsal) == [NOTHING] * 3
    assert rehearsal.round_trips[-1].outcome is Outcome.RESTORED


@pytest.mark.parametrize("dialect", BOTH)
def test_a_down_that_leaves_broken_what_was_not(dialect: Dialect) -> None:
    make, drop = VIEW
    forgets = (
        f"{drop} DROP TABLE audit; {make.replace('audit', 'items')}",
        f"{drop} {MORE[0]} {make.replace('audit', 'more')} {MORE[1]}",
    )
    rehearsal = rehearsed(dialect, TABLES, VIEW, forgets)
    assert shown(rehearsal) == [NOTHING, NOTHING, (set(), {"view v"})]
    assert rehearsal.round_trips[-1].outcome is Outcome.DIFFERS


@pytest.mark.sqlite
def test_a_view_that_was_never_valid_is_told_where_it_is_made() -> None:
    rehearsal = rehearsed(Dialect.SQLITE, TABLES, ("CREATE VIEW w AS SELECT * FROM nowhere;", "DROP VIEW w;"), MORE)
    assert shown(rehearsal) == [NOTHING, ({"view w"}, set()), NOTHING]


@pytest.mark.sqlite
def test_what_is_broken_is_asked_only_where_it_may_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    from glowplug.scratch.sqlite.connection import RemoteConnection  # noqa: PLC0415 - only this test looks inside

    asked: Counter[bool] = Counter()
    broken = RemoteConnection.broken

    def counted(connection: RemoteConnection) -> Asked:
        asked[connection._away] += 1  # noqa: SLF001 - the copy, or not
        return broken(connection)

    monkeypatch.setattr(RemoteConnection, "broken", counted)
    rehearsed(Dialect.SQLITE, TABLES, MORE, ROWS)
    assert not asked
    rehearsed(Dialect.SQLITE, TABLES, VIEW, ROWS, (MORE[0], MORE[1]))
    assert asked == {False: 2}


def untold(rehearsal: Rehearsal) -> list[tuple[list[tuple[str, bool]], list[tuple[str, bool]]]]:
    return [
        ([(each.name, each.new) for each in trip.leaves_unasked], [(each.name, each.new) for each in down])
        for trip in rehearsal.round_trips
        for down in [trip.down_leaves_unasked]
    ]


@pytest.mark.mysql
def test_what_is_not_read_is_told_where_it_is_made_and_where_what_it_names_changes() -> None:
    handler = "BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; INSERT INTO audit VALUES (NEW.id); END"
    made = (f"CREATE TRIGGER ai AFTER INSERT ON items FOR EACH ROW {handler};", "DROP TRIGGER ai;")
    grown = ("ALTER TABLE audit ADD COLUMN more INT;", "ALTER TABLE audit DROP COLUMN more;")
    rehearsal = rehearsed(Dialect.MYSQL, TABLES, made, MORE, ROWS, grown, VIEW)
    assert untold(rehearsal) == [
        ([], []),
        ([("ai", True)], []),
        ([], []),
        ([], []),
        ([("ai", False)], []),
        ([], []),
    ]
    assert all(may_be_kept(trip) for trip in rehearsal.round_trips)


@pytest.mark.sqlite
def test_what_the_application_brings_is_told_where_it_is_made_and_where_what_it_names_changes() -> None:
    view = ("CREATE VIEW w AS SELECT spherical(id) FROM audit;", "DROP VIEW w;")
    grown = ("ALTER TABLE audit ADD COLUMN more INT;", "ALTER TABLE audit DROP COLUMN more;")
    other = ("ALTER TABLE items ADD COLUMN more INT;", "ALTER TABLE items DROP COLUMN more;")
    rehearsal = rehearsed(Dialect.SQLITE, TABLES, view, MORE, other, grown)
    assert untold(rehearsal) == [([], []), ([("w", True)], []), ([], []), ([], []), ([("w", False)], [])]


@pytest.mark.postgres
def test_a_function_that_is_not_asked_for_is_told_where_what_it_names_changes_and_not_where_it_is_made() -> None:
    made = (
        "CREATE FUNCTION f(anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1 FROM audit';",
        "DROP FUNCTION f;",
    )
    grown = ("ALTER TABLE audit ADD COLUMN more INT;", "ALTER TABLE audit DROP COLUMN more;")
    rehearsal = rehearsed(Dialect.POSTGRES, TABLES, made, MORE, grown)
    assert untold(rehearsal) == [([], []), ([], []), ([], []), ([("public.f(anyelement)", False)], [])]


@pytest.mark.postgres
def test_what_no_session_was_asked_for_is_told_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from glowplug.database.postgres import broken as of_postgres  # noqa: PLC0415 - only this test looks inside

    def refused(_: Access) -> None:
        raise LostConnection("too many connections")

    real = of_postgres._asked  # noqa: SLF001 - which functions it is called with

    def lost(functions: Sequence[SchemaObject], access: Access, setup: Sequence[str]) -> Asked:
        with monkeypatch.context() as changed:
            changed.setattr(type(access), "connect", refused)
            return real(functions, access, setup)

    monkeypatch.setattr(of_postgres, "_asked", lost)
    rehearsal = rehearsed(Dialect.POSTGRES, TABLES, SEEN, FUNCTIONS, MORE, DROP)
    told = {"public.latest()", "public.clear()"}
    assert [{name for name, _ in up} for up, _ in untold(rehearsal)] == [*[set()] * 4, told]
    assert [may_be_kept(trip) for trip in rehearsal.round_trips] == [*[True] * 4, False]


FUNCTIONS = (
    """CREATE FUNCTION latest() RETURNS integer LANGUAGE sql AS 'SELECT max(id) FROM audit';
    CREATE FUNCTION "All of" () RETURNS TABLE (a integer) LANGUAGE sql STABLE AS $$ SELECT * FROM items_seen $$;
    CREATE FUNCTION parsed() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT max(id) FROM items; END;
    CREATE FUNCTION body() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT max(id) FROM audit); END';
    CREATE PROCEDURE clear() LANGUAGE sql AS 'DELETE FROM audit; DELETE FROM items WHERE price = 1';""",
    'DROP FUNCTION latest; DROP FUNCTION body; DROP FUNCTION parsed; DROP PROCEDURE clear; DROP FUNCTION "All of";',
)
SEEN = ("CREATE TABLE items_seen (id integer);", "DROP TABLE items_seen;")


@pytest.mark.postgres
def test_functions_in_sql_are_checked_and_what_only_a_run_tells_is_not_told() -> None:
    rehearsal = rehearsed(
        Dialect.POSTGRES,
        TABLES,
        SEEN,
        FUNCTIONS,
        ("ALTER TABLE items_seen ADD COLUMN more text;", "ALTER TABLE items_seen DROP COLUMN more;"),
        MORE,
        DROP,
        ("ALTER TABLE items RENAME COLUMN price TO cost;", "ALTER TABLE items RENAME COLUMN cost TO price;"),
    )
    assert {trip.outcome for trip in rehearsal.round_trips} == {Outcome.RESTORED}
    assert shown(rehearsal) == [
        *[NOTHING] * 3,
        ({"function public.All of()"}, set()),
        NOTHING,
        ({"function public.latest()", "procedure public.clear()"}, set()),
        NOTHING,
    ]
    (latest,) = (each for each in rehearsal.round_trips[5].leaves_broken if each.kind == "function")
    assert (latest.error.code, latest.error.message) == ("42P01", 'relation "audit" does not exist')


@pytest.mark.postgres
def test_a_function_whose_names_only_its_makers_session_knows_is_not_told() -> None:
    app = ("CREATE SCHEMA app; CREATE TABLE app.own (id integer);", "DROP TABLE app.own; DROP SCHEMA app;")
    make = "CREATE OR REPLACE FUNCTION {}() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM {}'"
    rehearsal = rehearsed(
        Dialect.POSTGRES,
        app,
        (make.format("f", "app.own"), "DROP FUNCTION f"),
        (f"SET search_path TO app; {make.format('public.f', 'own')}; {make.format('public.g', 'own')}",
         f"DROP FUNCTION public.g; {make.format('public.f', 'app.own')}"),
    )  # fmt: skip
    assert shown(rehearsal) == [NOTHING] * 3


def named(what: str, text: str) -> str:
    return f"CREATE FUNCTION {what}() RETURNS text LANGUAGE sql AS $$ {text} $$;"


@pytest.mark.postgres
def test_only_functions_that_name_what_changed_are_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from glowplug.database.postgres import broken as of_postgres  # noqa: PLC0415 - only this test looks inside

    asked: list[set[str]] = []
    real = of_postgres._asked  # noqa: SLF001 - which functions it is called with

    def heard(functions: Sequence[SchemaObject], access: Access, setup: Sequence[str]) -> Asked:
        asked.append({each.name.removeprefix("public.") for each in functions})
        return real(functions, access, setup)

    monkeypatch.setattr(of_postgres, "_asked", heard)
    made = (
        'CREATE SCHEMA app; CREATE TABLE app."Odd ""name" (a text); CREATE TABLE plain (a text); CREATE TYPE m AS ENUM '
        "('x'); CREATE VIEW seen AS SELECT a FROM plain;"
        + named("helper", "SELECT 'x'")
        + named("by_table", 'SELECT a FROM app."Odd ""name"')
        + named("by_column", "SELECT PLAIN.A FROM Plain")
        + named("by_type", "SELECT 'x'::m::text")
        + named("by_view", "SELECT a FROM seen")
        + named("by_function", "SELECT helper()")
    )
    changes = [
        ("CREATE INDEX i ON plain (a);", "DROP INDEX i;"),
        MORE,
        ("ALTER TABLE plain RENAME COLUMN a TO b;", "ALTER TABLE plain RENAME COLUMN b TO a;"),
        ('ALTER TABLE app."Odd ""name" RENAME TO other;', 'ALTER TABLE app.other RENAME TO "Odd ""name";'),
        ("ALTER TYPE m RENAME TO n;", "ALTER TYPE n RENAME TO m;"),
        ("ALTER FUNCTION helper() RENAME TO helped;", "ALTER FUNCTION helped() RENAME TO helper;"),
        ("ALTER VIEW seen RENAME TO unseen;", "ALTER VIEW unseen RENAME TO seen;"),
    ]
    rehearsal = rehearsed(Dialect.POSTGRES, (made, "SELECT 1"), *changes)
    every = {f"{name}()" for name in ("helper", *(f"by_{each}" for each in BY))}
    assert asked[0] == every
    assert [each for up, _ in shown(rehearsal)[1:] for each in sorted(up)] == [
        f"function public.by_{each}()" for each in BY
    ]
    assert [sorted(each) for each in asked[1:]] == [
        ["by_column()", "by_view()"],
        ["by_table()"],
        ["by_type()"],
        ["by_function()", "helped()"],
        ["by_view()"],
    ]


BY = ("column", "table", "type", "function", "view")
