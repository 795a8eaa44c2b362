"""Downs, and what else a stranger writes, that look as if they restored: each must be a no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .project import Migration, checked, errors, outcomes, write

if TYPE_CHECKING:
    from pathlib import Path

TABLE = ("CREATE TABLE a (p INT, q INT);", "DROP TABLE a;")
OTHER = ("CREATE TABLE b (p INT);", "DROP TABLE b;")


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(x, y) AS SELECT p, q FROM a", "(x, y) AS SELECT q, p FROM a"),
        ("AS SELECT p, q FROM a ORDER BY 1 LIMIT 1", "AS SELECT q, p FROM a ORDER BY 1 LIMIT 1"),
    ],
)
def test_an_order_of_columns_that_means_something(tmp_path: Path, before: str, after: str) -> None:
    made = (f"{TABLE[0]} CREATE VIEW v {before};", f"DROP VIEW v; {TABLE[1]}")
    _, chain = checked(write(tmp_path, "sqlite", [made, (f"DROP VIEW v; CREATE VIEW v {after};", "SELECT 1;")]))
    assert outcomes(chain) == ["restored", "differs"]


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("DELETE FROM __diesel_schema_migrations;", ""),
        (
            (
                "CREATE TRIGGER x AFTER INSERT ON __diesel_schema_migrations BEGIN"
                " DELETE FROM __diesel_schema_migrations; END;"
            ),
            "DROP TRIGGER x;",
        ),
    ],
)
def test_an_up_that_makes_the_database_forget_what_ran(tmp_path: Path, up: str, down: str) -> None:
    culprit: Migration = (f"CREATE TABLE c (p INT); {up}", f"DROP TABLE c; {down}")
    code, chain = checked(write(tmp_path, "sqlite", [TABLE, culprit, OTHER]))
    assert outcomes(chain) == ["restored"] * 3
    assert code == 1
    assert ("record-is-lost", "20240101000001") in errors(chain)


POSTGRES: dict[str, tuple[Migration, Migration]] = {
    "a value at random is no moment frozen into a definition": (
        ("CREATE TABLE a (p text DEFAULT 'good');", "DROP TABLE a;"),
        (
            "ALTER TABLE a ALTER p SET DEFAULT 'new';",
            "DO $$BEGIN EXECUTE format('ALTER TABLE a ALTER p SET DEFAULT %L', random()); END$$;",
        ),
    ),
    "white space inside dollar quotes": (
        (
            "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $f$BEGIN RETURN $q$a b$q$; END$f$;",
            "DROP FUNCTION f();",
        ),
        (
            "CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $f$BEGIN RETURN $q$a  b$q$; END$f$;",
            "SELECT 1;",
        ),
    ),
    "white space after a nested comment": (
        (
            "CREATE FUNCTION g() RETURNS text LANGUAGE plpgsql AS $f$BEGIN /* /* */ ' */ RETURN 'a b'; END$f$;",
            "DROP FUNCTION g();",
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION g() RETURNS text LANGUAGE plpgsql AS"
                " $f$BEGIN /* /* */ ' */ RETURN 'a  b'; END$f$;"
            ),
            "SELECT 1;",
        ),
    ),
}


@pytest.mark.postgres
def test_postgres_lies(tmp_path: Path) -> None:
    code, chain = checked(write(tmp_path, "postgres", [one for pair in POSTGRES.values() for one in pair]))
    assert code == 1
    assert dict(zip(POSTGRES, outcomes(chain)[1::2], strict=True)) == dict.fromkeys(POSTGRES, "differs")


@pytest.mark.postgres
def test_a_down_that_restores_only_where_it_is_rehearsed(tmp_path: Path) -> None:
    liar = (
        "CREATE TABLE home (name text); INSERT INTO home SELECT current_database(); CREATE TABLE b (p int);",
        (
            "DO $$BEGIN IF current_database() <> (SELECT name FROM home) THEN"
            " EXECUTE 'DROP TABLE b; DROP TABLE home'; END IF; END$$;"
        ),
    )
    code, chain = checked(write(tmp_path, "postgres", [TABLE, liar]))
    assert outcomes(chain) == ["restored", "restored"]
    assert [item["name"] for item in chain["chain_down"]["left"]] == ["public.b", "public.home"]
    assert code == 1
    assert errors(chain) == [("way-down-leaves", None)]


MYSQL: dict[str, tuple[str, str, str]] = {
    "the result's character set": (
        "CREATE FUNCTION f() RETURNS varchar(5) DETERMINISTIC RETURN 1;",
        "DROP FUNCTION f; CREATE FUNCTION f() RETURNS varchar(5) CHARSET latin1 DETERMINISTIC RETURN 1;",
        "DROP FUNCTION f;",
    ),
    "a parameter's character set": (
        "CREATE PROCEDURE p(x varchar(5)) SELECT 1;",
        "DROP PROCEDURE p; CREATE PROCEDURE p(x varchar(5) CHARSET latin1) SELECT 1;",
        "DROP PROCEDURE p;",
    ),
    "ORDER BY 1 over columns in another order": (
        "CREATE TABLE a (p INT, q INT); CREATE VIEW v AS SELECT p, q FROM a ORDER BY 1 LIMIT 1;",
        "ALTER VIEW v AS SELECT q, p FROM a ORDER BY 1 LIMIT 1;",
        "DROP VIEW v; DROP TABLE a;",
    ),
    "the database's comment": ("SELECT 1;", "ALTER DATABASE COMMENT 'x';", "SELECT 1;"),
}


@pytest.mark.mysql
def test_mysql_lies(tmp_path: Path) -> None:
    migrations = [one for made, changed, removed in MYSQL.values() for one in ((made, removed), (changed, "SELECT 1;"))]
    _, chain = checked(write(tmp_path, "mysql", migrations))
    found = dict(zip(MYSQL, outcomes(chain)[1::2], strict=True))
    if not chain["scratch"]["server"].startswith("MariaDB"):
        del found["the database's comment"]
    assert set(found.values()) == {"differs"}, found


_DROPS = (
    "CREATE SCHEMA kept; CREATE FUNCTION mk() RETURNS int LANGUAGE plpgsql AS"
    " 'BEGIN DROP SCHEMA IF EXISTS kept; RETURN 1; END';"
)
HIDDEN_CALLS = {
    "a column's default": ("CREATE TABLE w (a int DEFAULT mk());", "INSERT INTO w DEFAULT VALUES;"),
    "a statement put together": (
        (
            "CREATE FUNCTION go() RETURNS int LANGUAGE plpgsql AS 'BEGIN"
            " ExEcUtE ''DR'' || ''OP SCHEMA IF EXISTS kept''; RETURN 1; END';"
            " DROP FUNCTION mk; CREATE TABLE w (a int DEFAULT go());"
        ),
        "INSERT INTO w DEFAULT VALUES;",
    ),
    "a function that hides in an extension": (
        "CREATE EXTENSION citext; ALTER EXTENSION citext ADD FUNCTION mk(); CREATE TABLE w (a int DEFAULT mk());",
        "INSERT INTO w DEFAULT VALUES;",
    ),
    "a CHECK": ("CREATE TABLE w (a int CHECK (mk() = a));", "INSERT INTO w VALUES (1);"),
    "a view": ("CREATE VIEW w AS SELECT mk();", "SELECT * FROM w;"),
    "a domain": ("CREATE DOMAIN w AS int CHECK (mk() = VALUE);", "SELECT 1::w;"),
    "a name like a harmless one": ("ALTER FUNCTION mk() RENAME TO lower;", "SELECT public.lower();"),
}


@pytest.mark.postgres
@pytest.mark.parametrize("name", HIDDEN_CALLS)
def test_a_function_of_the_projects_own_that_is_called_without_a_word(tmp_path: Path, name: str) -> None:
    plant, call = HIDDEN_CALLS[name]
    _, chain = checked(write(tmp_path, "postgres", [(_DROPS + plant, "SELECT 1;"), ("SELECT 1;", call)]))
    assert outcomes(chain)[1] == "differs"


@pytest.mark.postgres
def test_what_is_added_to_an_extension_does_not_vanish(tmp_path: Path) -> None:
    hide = "CREATE TABLE w (a int); ALTER EXTENSION citext ADD TABLE w;"
    _, chain = checked(write(tmp_path, "postgres", [("CREATE EXTENSION citext;", "SELECT 1;"), (hide, "SELECT 1;")]))
    assert outcomes(chain)[1] == "differs"
