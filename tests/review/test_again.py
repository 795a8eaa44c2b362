"""What is dropped and made again in one file: only what is true of it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

if TYPE_CHECKING:
    from glowplug.finding import Finding

POSTGRES, MYSQL, SQLITE = Dialect.POSTGRES, Dialect.MYSQL, Dialect.SQLITE
FAILS = "fails on every query"


def found(
    rule: str, before: str, up: str, dialect: Dialect = POSTGRES, new: frozenset[str] = frozenset({"2"})
) -> list[Finding]:
    """What a rule finds in a migration after another."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    return [each for each in review(chain, Terms.of(chain), new=new).findings if each.rule == rule]


@pytest.mark.parametrize("dialect", Dialect)
def test_a_table_made_again_is_still_there_for_queries(dialect: Dialect) -> None:
    before = "CREATE TABLE t (a int)"
    (one,) = found("table-dropped", before, "DROP TABLE IF EXISTS t; CREATE TABLE t (b int)", dialect=dialect)
    assert "drops t with all its rows, and puts another in its place without copying them" in one.message
    assert FAILS not in one.message
    assert one.safe_form is not None
    assert not one.safe_form.steps
    (one,) = found("table-dropped", before, "DROP TABLE t", dialect=dialect)
    assert f"{FAILS} that names it" in one.message
    assert one.safe_form is not None
    assert one.safe_form.steps


def test_a_table_made_again_and_dropped_again_is_gone() -> None:
    (one,) = found("table-dropped", "CREATE TABLE t (a int)", "DROP TABLE t; CREATE TABLE t (b int); DROP TABLE t")
    assert FAILS in one.message


def test_a_table_that_a_view_replaces_is_still_there_for_queries() -> None:
    before = "CREATE TABLE t (a int); CREATE TABLE u (a int)"
    (one,) = found("table-dropped", before, "DROP TABLE t; CREATE VIEW t AS SELECT a FROM u")
    assert "puts a view in its place" in one.message
    assert FAILS not in one.message


def test_a_renamed_table_is_called_by_its_name_before_the_file() -> None:
    (one,) = found("table-dropped", "CREATE TABLE t (a int)", "ALTER TABLE t RENAME TO old; DROP TABLE old")
    assert f"{FAILS} that names t" in one.message
    assert one.safe_form is not None
    assert one.safe_form.steps[0].up == (
        '-- glowplug: allow name-changed because "no release names t since …"\nALTER TABLE t RENAME TO t_unused;'
    )


def test_a_table_renamed_and_made_again_is_told_by_both_names() -> None:
    up = "ALTER TABLE t RENAME TO old; CREATE TABLE t (a int); DROP TABLE old"
    (one,) = found("table-dropped", "CREATE TABLE t (a int)", up)
    assert "drops old with all its rows, and puts another in the place of t without copying them" in one.message


def test_a_table_that_may_not_be_there_is_not_renamed() -> None:
    (one,) = found("table-dropped", "SELECT f()", "DROP TABLE IF EXISTS t")
    assert one.safe_form is not None
    assert not one.safe_form.steps


def test_a_table_renamed_long_ago_is_dropped_like_any() -> None:
    before = "CREATE TABLE t (a int); ALTER TABLE t RENAME TO old; CREATE TABLE t (a int)"
    assert found("table-dropped", before, "DROP TABLE old", dialect=SQLITE)


@pytest.mark.parametrize("dialect", Dialect)
def test_a_column_added_again_is_still_there_for_queries(dialect: Dialect) -> None:
    before = "CREATE TABLE t (a int, b int, c int)"
    up = "ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a text"
    (one,) = found("column-dropped", before, up, dialect=dialect)
    assert "and puts another in its place without copying it" in one.message
    assert FAILS not in one.message
    (one,) = found("column-dropped", before, f"{up}; ALTER TABLE t DROP COLUMN a", dialect=dialect)
    assert FAILS in one.message


def test_a_column_whose_name_another_gets_is_still_there_for_queries() -> None:
    up = "ALTER TABLE t DROP COLUMN a; ALTER TABLE t RENAME COLUMN b TO a"
    (one,) = found("column-dropped", "CREATE TABLE t (a int, b int)", up, dialect=SQLITE)
    assert FAILS not in one.message


def test_a_column_with_its_values_elsewhere_takes_only_its_indexes_along() -> None:
    before = "CREATE TABLE t (a int, b int, UNIQUE (a)); CREATE INDEX i ON t (a)"
    up = (
        "ALTER TABLE t ADD COLUMN n text; UPDATE t SET n = a::text; ALTER TABLE t DROP COLUMN a; "
        "ALTER TABLE t RENAME COLUMN n TO a; CREATE INDEX i ON t (a)"
    )
    (one,) = found("column-dropped", before, up)
    assert one.message == ("drops t.a and puts another in its place, which has its values; these go with it: t_a_key")


def test_not_null_of_a_key_or_a_number_is_not_dropped() -> None:
    before = "CREATE TABLE t (a int, b int GENERATED ALWAYS AS IDENTITY, c int NOT NULL, PRIMARY KEY (a))"
    safe = {
        column: found("column-dropped", before, f"ALTER TABLE t DROP COLUMN {column}")[0].safe_form for column in "abc"
    }
    assert [bool(each and each.steps) for each in safe.values()] == [False, False, True]
    assert safe["a"] is not None
    assert "a belongs to the primary key" in (safe["a"].note or "")


@pytest.mark.parametrize(
    ("dialect", "rule"), [(POSTGRES, "lock-timeout-missing"), (MYSQL, "lock-wait-timeout-missing")]
)
def test_a_table_that_no_migration_made_is_not_in_use(dialect: Dialect, rule: str) -> None:
    again, both = "DROP TABLE IF EXISTS t; CREATE TABLE t (a int)", frozenset({"1", "2"})
    assert not found(rule, "CREATE TABLE u (a int)", again, dialect=dialect, new=both)
    assert found(rule, "CREATE TABLE t (a int)", again, dialect=dialect, new=both)
    assert found(rule, "CREATE TABLE t (a int)", again, dialect=dialect)
    assert found(rule, "SELECT 1", "DROP TABLE t", dialect=dialect, new=both)


@pytest.mark.parametrize(
    ("drops", "said"),
    [
        ("ALTER TABLE t DROP COLUMN b;", "drops a column: "),
        ("ALTER TABLE t DROP COLUMN b; ALTER TABLE t DROP COLUMN c;", "drops a column, here and once more: "),
        (
            "ALTER TABLE t DROP COLUMN b; ALTER TABLE t DROP COLUMN c; ALTER TABLE t DROP COLUMN d;",
            "drops a column, here and 2 times more: ",
        ),
    ],
)
def test_how_often_columns_are_dropped_is_said_once(drops: str, said: str) -> None:
    (one,) = found("drop-column-needs-version", "CREATE TABLE t (a int, b int, c int, d int);", drops, dialect=SQLITE)
    assert one.message.startswith(said)
