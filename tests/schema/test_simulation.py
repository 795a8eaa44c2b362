"""The Simulation by itself: what each Action makes of the schema, what is new, what is in doubt, and forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.schema import diff
from glowplug.schema.simulation import Simulation
from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts
from glowplug.sql.parts import Name
from glowplug.sql.reader import read

from .simulation_cases import BASES, CASES, POSTGRES_BASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.schema.simulation.values import TableFacts

POSTGRES, MYSQL, SQLITE = Dialect.POSTGRES, Dialect.MYSQL, Dialect.SQLITE
T = Name("t")
TWO = "CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (t int REFERENCES t, b text);"


class Chain:
    """A Simulation, and how far it is."""

    def __init__(self, dialect: Dialect, *files: str) -> None:
        self.dialect, self.simulation, self.count = dialect, Simulation(dialect), 0
        for text in files:
            self.up(text)

    def up(self, text: str) -> Simulation:
        self.count += 1
        return run(self.simulation, self.dialect, text, self.count)

    def down(self, text: str) -> Simulation:
        return run(self.simulation.fork(), self.dialect, text, self.count, "down.sql")

    @property
    def t(self) -> TableFacts:
        found = self.simulation.table(T)
        assert found is not None
        return found


def run(simulation: Simulation, dialect: Dialect, text: str, number: int, file: str = "up.sql") -> Simulation:
    name = f"{number}_m"
    simulation.begin(index=number, version=str(number), migration=name, file=f"{name}/{file}", text=text)
    for statement in read(text, dialect).statements:
        simulation.run(statement)
    return simulation


@pytest.mark.parametrize(("dialect", "sql", "changes"), [case for case in CASES if case[2] is not None])
def test_each_action(dialect: Dialect, sql: str, changes: list[str]) -> None:
    chain = Chain(dialect, BASES[dialect])
    before = chain.simulation.as_schema()
    after = chain.up(sql).as_schema()
    assert sorted(f"{each.kind} {each.name} {each.property}" for each in diff(before, after)) == sorted(changes)
    assert chain.simulation.doubt is None


def test_what_the_base_has() -> None:
    schema = Chain(POSTGRES, POSTGRES_BASE).simulation.as_schema()
    shown = {(item.kind, item.name): dict(item.properties) for item in schema}
    assert shown["column", "public.users.id"] == {
        "position": "1",
        "type": "integer",
        "not_null": "true",
        "default": "nextval",
    }
    assert shown["constraint", "public.tags.tags_post_fkey"] == {
        "type": "foreign key",
        "validated": "false",
        "columns": "post",
        "references": "public.posts",
    }
    assert shown["index", "public.posts.posts_kind_lower_idx"] == {
        "unique": "false",
        "valid": "true",
        "columns": "kind, *",
    }
    assert shown["type", "public.mood"] == {"type": "enum", "labels": "'sad','ok'"}
    assert shown["column", "public.feelings.mood"]["type"] == "public.mood"
    assert ("trigger", "public.users.touched") in shown


# What is new, and whether it can have rows.


def test_a_table_is_new_in_its_own_migration_alone() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int)")
    assert chain.simulation.is_new(T)
    assert chain.simulation.is_new_column(T, "a")
    assert not chain.simulation.may_have_rows(T)
    chain.up("ALTER TABLE t ADD b int")
    assert not chain.simulation.is_new(T)
    assert not chain.simulation.is_new_column(T, "a")
    assert chain.simulation.is_new_column(T, "b")
    assert chain.simulation.may_have_rows(T)
    assert chain.t.may_have_rows
    assert (chain.t.born.index, chain.t.born.file, chain.t.born.line) == (1, "1_m/up.sql", 1)


def test_a_down_starts_with_nothing_new() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int)")
    down = chain.down("CREATE TABLE u (a int)")
    assert not down.is_new(T)
    assert down.may_have_rows(T)
    assert down.is_new(Name("u"))
    assert chain.simulation.is_new(T)
    assert not chain.simulation.may_have_rows(T)
    assert chain.simulation.table(Name("u")) is None


@pytest.mark.parametrize(
    "sql", ["INSERT INTO t VALUES (1)", "COPY t FROM STDIN", "INSERT INTO t SELECT 1", "UPDATE t SET a = 1"]
)
def test_what_writes_rows(sql: str) -> None:
    chain = Chain(POSTGRES, f"CREATE TABLE t (a int); {sql}")
    assert chain.simulation.is_new(T)
    assert chain.simulation.may_have_rows(T)


@pytest.mark.parametrize(
    "sql", ["CREATE INDEX ON t (a)", "TRUNCATE t", "DELETE FROM t", "SELECT 1", "COPY t TO STDOUT"]
)
def test_what_writes_none(sql: str) -> None:
    assert not Chain(POSTGRES, f"CREATE TABLE t (a int); {sql}").simulation.may_have_rows(T)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "COPY t FROM STDIN",
        "INSERT INTO t SELECT 1",
        "DO $$ BEGIN INSERT INTO t VALUES (1); END $$",
        "INSERT INTO u VALUES (1); INSERT INTO t SELECT a FROM u",
        "INSERT INTO u VALUES (1); DROP TABLE t; ALTER TABLE u RENAME TO t",
        "INSERT INTO u VALUES (1); DROP TABLE t; CREATE TABLE t AS SELECT a FROM u",
    ],
)
def test_what_a_new_database_has_too(sql: str) -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int); CREATE TABLE u (a int)", sql, "ALTER TABLE t ADD b int")
    assert chain.t.seeded is not None
    assert chain.t.seeded.file == "2_m/up.sql"


@pytest.mark.parametrize("sql", ["INSERT INTO t SELECT a FROM u", "UPDATE t SET a = 1", "COPY t TO STDOUT"])
def test_what_it_need_not_have(sql: str) -> None:
    assert Chain(POSTGRES, "CREATE TABLE t (a int); CREATE TABLE u (a int)", sql).t.seeded is None


def test_a_new_name_leaves_a_new_table_new() -> None:
    simulation = Chain(POSTGRES, "CREATE TABLE u (a int); ALTER TABLE u RENAME TO t").simulation
    assert simulation.is_new(T)
    assert not simulation.may_have_rows(T)
    assert simulation.table(Name("u")) is None


@pytest.mark.parametrize("dialect", Dialect)
def test_if_not_exists(dialect: Dialect) -> None:
    chain = Chain(dialect, "CREATE TABLE IF NOT EXISTS t (a int)")
    assert not chain.simulation.is_new(T)
    assert chain.simulation.may_have_rows(T)
    assert chain.simulation.may_be_older(T)
    assert chain.simulation.doubt_about(T) is None  # in an empty database it makes the table
    assert chain.t.columns_known
    chain.up("DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (b int)")
    assert chain.simulation.is_new(T)
    assert chain.simulation.doubt_about(T) is None
    assert chain.t.columns_known
    chain.up("CREATE TABLE IF NOT EXISTS t (c int)")
    assert not chain.simulation.is_new(T)
    assert list(chain.t.columns) == ["b"]
    assert not chain.simulation.may_be_older(T)


@pytest.mark.parametrize("before", [None, "DO $$ BEGIN EXECUTE current_setting('a.b'); END $$"])
def test_if_not_exists_where_something_was_there_before(before: str | None) -> None:
    chain = Chain(POSTGRES)
    if before is None:
        chain.simulation = Simulation(POSTGRES, known=False)
    else:
        chain.up(before)
    chain.up("CREATE TABLE IF NOT EXISTS t (a int)")
    assert not chain.t.columns_known
    assert "may have been there" in (chain.simulation.doubt_about(T) or "")


# Reading.


def test_references_and_views_are_found_from_the_other_side() -> None:
    chain = Chain(
        POSTGRES,
        TWO + "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT * FROM v; CREATE VIEW x AS SELECT id FROM t",
    )
    ((table, constraint),) = chain.simulation.references_to(T)
    assert (table.name.name, constraint.name) == ("u", "u_t_fkey")
    assert {view.name.name for view in chain.simulation.views_on(T)} == {"v", "w", "x"}
    assert {view.name.name for view in chain.simulation.views_on(T, "a")} == {"v", "w"}
    assert chain.simulation.references_to(Name("u")) == ()
    chain.up("DROP TABLE u; DROP VIEW w; ALTER TABLE t RENAME TO s")
    assert chain.simulation.references_to(Name("s")) == ()
    assert {view.name.name for view in chain.simulation.views_on(Name("s"), "a")} == {"v"}


def test_what_proves_that_there_is_no_null() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (id int PRIMARY KEY, a int, b int, CHECK (a IS NOT NULL AND b > 0))")
    proof = chain.simulation.proven_not_null(T, "id")
    assert isinstance(proof, ColumnFacts)
    proof = chain.simulation.proven_not_null(T, "a")
    assert isinstance(proof, ConstraintFacts)
    assert proof.name == "t_check"
    assert chain.simulation.proven_not_null(T, "b") is None
    chain.up("ALTER TABLE t ADD CONSTRAINT k CHECK (b IS NOT NULL) NOT VALID")
    assert chain.simulation.proven_not_null(T, "b") is None
    chain.up("ALTER TABLE t VALIDATE CONSTRAINT k")
    assert chain.simulation.proven_not_null(T, "b") is not None


def test_names_mean_what_the_server_takes_them_for() -> None:
    chain = Chain(SQLITE, "CREATE TABLE T (A int)")
    column = chain.simulation.column(T, "a")
    assert column is not None
    assert column.name == "A"
    chain = Chain(POSTGRES, "CREATE SCHEMA s; CREATE TABLE t (a int); CREATE TABLE s.t (b int)")
    assert chain.simulation.column(T, "a")
    assert chain.simulation.column(Name("t", "public"), "a")
    assert chain.simulation.column(Name("t", "s"), "b")
    chain.up("SET search_path TO s")
    assert chain.simulation.column(T, "b")
    assert chain.simulation.variables["search_path"]
    chain.up("SELECT 1")
    assert dict(chain.simulation.variables) == {}
    chain = Chain(MYSQL, "CREATE TABLE t (a INT, KEY i (a))")
    assert chain.simulation.index(Name("I"), T)
    assert chain.simulation.column(T, "A")


def test_types_and_routines() -> None:
    simulation = Chain(POSTGRES, POSTGRES_BASE).simulation
    run(simulation, POSTGRES, "ALTER TYPE mood ADD VALUE 'happy'", 2)
    mood = simulation.type("mood")
    assert mood == simulation.type(Name("mood", "public"))
    assert mood is not None
    assert (mood.values, list(mood.added)) == (("sad", "ok", "happy"), ["happy"])
    routine = simulation.routine("touch")
    assert routine is not None
    assert routine.language == "plpgsql"
    assert simulation.type("nothing") is None


# Doubt.

DROPS = "CREATE FUNCTION d() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DROP TABLE t; RETURN 1; END $$"
QUOTED = 'x := 1 + public."d"(); PERFORM 1; RETURN x;'


def plpgsql(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN {body} END $$"


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        (POSTGRES, "DO $$ BEGIN EXECUTE format('DROP TABLE %I', 't'); END $$"),
        (POSTGRES, "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE t; END $$; SELECT f()"),
        (POSTGRES, f"{DROPS}; {plpgsql('g', 'PERFORM 1; RETURN d();')}; SELECT g()"),
        (POSTGRES, f"{DROPS}; {plpgsql('g', QUOTED)}; SELECT g()"),
        (POSTGRES, f"{DROPS}; {plpgsql('g', 'IF d() > 0 THEN RETURN 1; END IF; RETURN 2;')}; SELECT g()"),
        (POSTGRES, f"{plpgsql('g', 'RETURN somebodys_function();')}; SELECT g()"),
        (POSTGRES, f"{DROPS}; DO $do$ DECLARE x int; BEGIN x := d(); END $do$"),
        (POSTGRES, "SELECT somebodys_function('t')"),
        (POSTGRES, "CALL p()"),
        (POSTGRES, "this is no statement"),
        (MYSQL, "SET @a = 'DROP TABLE t'; PREPARE s FROM @a; EXECUTE s"),
        (SQLITE, "this is no statement"),
    ],
)
def test_what_raises_doubt_about_everything(dialect: Dialect, sql: str) -> None:
    chain = Chain(dialect, "CREATE TABLE t (a int)", sql)
    assert (chain.simulation.doubt or "").startswith("2_m/up.sql:1: ")
    assert chain.simulation.doubt_about(T) == chain.simulation.doubt
    chain.up("CREATE TABLE u (a int)")
    assert chain.simulation.doubt_about(Name("u")) is None
    assert chain.simulation.is_new(Name("u"))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT now(), count(*), setval('s', 3), pg_advisory_lock(1), lower('A')",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; SELECT f()",
        "CREATE PROCEDURE p() LANGUAGE sql AS $$ UPDATE t SET a = 1 $$; CALL p()",
        f"{plpgsql('g', 'RETURN 1;')}; SELECT g()",
        f"{plpgsql('g', 'IF x IN (1, 2) AND (x > 0) THEN RAISE WARNING $q$d()$q$; END IF; RETURN (x);')}; SELECT g()",
        f"{plpgsql('g', 'RETURN length(convert_from($1, $q$UTF8$q$)); /* d() */')}; SELECT g()",
        f"{plpgsql('f', 'RETURN 1;')}; {plpgsql('g', 'INSERT INTO t (a) VALUES (f()); RETURN f();')}; SELECT g()",
        "DO $$ BEGIN UPDATE t SET a = 1; END $$",
        "SELECT a FROM t",
    ],
)
def test_what_raises_none(sql: str) -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int)", sql)
    assert chain.simulation.doubt is None
    assert chain.simulation.doubt_about(T) is None


def test_what_a_block_performs_is_not_doubted_before_it() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int)", DROPS)
    block = "DO $$ BEGIN ALTER TABLE t ADD COLUMN b int; PERFORM d(); END $$"
    (statement,) = read(block, POSTGRES).statements
    chain.simulation.begin(index=3, version="3", migration="3_m", file="3_m/up.sql", text=block)
    chain.simulation.apply(statement.actions[0], statement)
    assert chain.simulation.doubt is None
    chain.simulation.run(statement)
    assert chain.simulation.doubt is not None


def test_a_block_runs_and_what_is_conditional_in_it_is_doubted() -> None:
    chain = Chain(POSTGRES, TWO)
    chain.up("DO $$ BEGIN ALTER TABLE u ADD c int; IF true THEN ALTER TABLE t ADD d int; END IF; END $$")
    assert chain.simulation.is_new_column(Name("u"), "c")
    assert chain.simulation.doubt_about(Name("u")) is None
    assert chain.simulation.column(T, "d") is not None
    assert not chain.simulation.is_new_column(T, "d")
    assert "condition" in (chain.simulation.doubt_about(T) or "")
    assert chain.simulation.doubt is None
    chain.up("DO $$ BEGIN IF true THEN DROP TABLE u; END IF; END $$")
    assert "condition" in (chain.simulation.doubt_about(Name("u")) or "")


def conditionally(sql: str) -> str:
    return f"DO $$ BEGIN IF random() < 2 THEN {sql}; END IF; END $$"


def nested(sql: str) -> str:
    return conditionally(f"EXECUTE 'DO $a$ BEGIN {sql}; END $a$'")


@pytest.mark.parametrize("within", [conditionally, nested])
def test_a_table_made_on_a_condition_is_not_new(within: Callable[[str], str]) -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int)", within("CREATE TABLE t (b int)"))
    assert list(chain.t.columns) == ["a"]
    assert not chain.simulation.is_new(T)
    chain.up(within("DROP TABLE t; CREATE TABLE t (b int NOT NULL)"))
    assert list(chain.t.columns) == ["a"]
    assert not chain.simulation.is_new(T)
    chain.up(within("CREATE TABLE u (a int NOT NULL)"))
    assert not chain.simulation.is_new(Name("u"))
    assert not chain.simulation.is_new_column(Name("u"), "a")
    assert "condition" in (chain.simulation.doubt_about(Name("u")) or "")
    assert chain.simulation.may_have_rows(Name("u"))
    assert chain.simulation.proven_not_null(Name("u"), "a") is None
    chain.up("DROP TABLE t; CREATE TABLE t (c int)")
    assert chain.simulation.is_new(T)


@pytest.mark.parametrize("within", [conditionally, nested])
@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t ADD CHECK (a IS NOT NULL)",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        "ALTER TABLE t ADD PRIMARY KEY (a)",
    ],
)
def test_what_is_said_on_a_condition_proves_nothing(sql: str, within: Callable[[str], str]) -> None:
    base = "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID"
    chain = Chain(POSTGRES, base, within(sql))
    assert chain.simulation.proven_not_null(T, "a") is None
    assert Chain(POSTGRES, base, sql).simulation.proven_not_null(T, "a") is not None


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
        "ALTER TABLE t DROP CONSTRAINT c",
        "ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a int",
    ],
)
def test_what_is_taken_back_on_a_condition_proves_nothing_either(sql: str) -> None:
    base = "CREATE TABLE t (a int, CONSTRAINT c CHECK (a IS NOT NULL))"
    if "NOT NULL" in sql:
        base = "CREATE TABLE t (a int NOT NULL)"
    chain = Chain(POSTGRES, base, conditionally(sql))
    assert chain.simulation.proven_not_null(T, "a") is None


def test_what_a_table_has_for_heirs_is_known_though_they_are_not() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE TABLE u (a int)")
    chain.up("CREATE TABLE p PARTITION OF t FOR VALUES FROM (1) TO (2) PARTITION BY RANGE (a)")
    chain.up("ALTER TABLE p ATTACH PARTITION unseen DEFAULT; ALTER TABLE t ATTACH PARTITION u DEFAULT")
    assert {str(name) for name in chain.simulation.heirs(T)} == {"p", "u", "unseen"}
    assert chain.simulation.heirs(Name("u")) == ()
    chain.up("ALTER TABLE t DETACH PARTITION p")
    assert [str(name) for name in chain.simulation.heirs(T)] == ["u"]


def test_a_type_that_changed_on_a_condition_is_not_known() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int, b int)", conditionally("ALTER TABLE t ALTER COLUMN a TYPE bigint"))
    assert chain.t.columns["a"].type is None
    assert str(chain.t.columns["b"].type) == "integer"


def test_rows_and_settings_that_come_on_a_condition() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int); " + conditionally("INSERT INTO t VALUES (1)"))
    assert chain.simulation.may_have_rows(T)
    chain.up("SET timezone = 'UTC'; " + conditionally("SET timezone = 'CET'"))
    assert "timezone" not in chain.simulation.variables
    chain.up(conditionally("SET search_path = other"))
    assert "condition" in (chain.simulation.doubt or "")


def test_columns_of_a_query_or_an_unseen_table_are_not_known() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t AS SELECT 1 AS a; CREATE TABLE u (LIKE nothing); CREATE TABLE v (a int)")
    assert not chain.t.columns_known
    assert chain.simulation.may_have_rows(T)
    for name, known in (("u", False), ("v", True)):
        table = chain.simulation.table(Name(name))
        assert table is not None
        assert table.columns_known is known


def test_diesels_own_function_is_known() -> None:
    setup = """CREATE FUNCTION diesel_manage_updated_at(_tbl regclass) RETURNS VOID AS $$
    BEGIN EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s', _tbl); END $$ LANGUAGE plpgsql;"""
    chain = Chain(POSTGRES, setup, "CREATE TABLE t (a int)", "SELECT diesel_manage_updated_at('t')")
    assert list(chain.t.triggers) == ["set_updated_at"]
    assert chain.simulation.doubt is None


# Transactions, and forks.


def test_a_rollback_undoes() -> None:
    chain = Chain(POSTGRES, "CREATE TABLE t (a int)", "BEGIN; DROP TABLE t; ROLLBACK; CREATE TABLE u (a int)")
    assert chain.simulation.table(T) is not None
    assert chain.simulation.table(Name("u")) is not None
    chain = Chain(MYSQL, "CREATE TABLE t (a int)", "BEGIN; DROP TABLE t; ROLLBACK")
    assert chain.simulation.table(T) is None


def test_forks_see_nothing_of_each_other() -> None:
    chain = Chain(POSTGRES, TWO)
    before = chain.simulation.as_schema()
    forks = [chain.down(sql) for sql in ("DROP TABLE u; DROP TABLE t", "ALTER TABLE t ADD c int", TWO * 2)]
    assert chain.simulation.as_schema() == before
    assert [fork.as_schema() == before for fork in forks] == [False, False, True]
    assert forks[0].references_to(T) == ()
    assert len(chain.simulation.references_to(T)) == 1
    chain.up("DROP TABLE u")
    assert len(forks[1].references_to(T)) == 1


def test_a_column_renamed_on_a_condition_keeps_its_not_null() -> None:
    chain = Chain(MYSQL, "CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int)")
    chain.up(
        "BEGIN NOT ATOMIC IF EXISTS (SELECT 1) THEN ALTER TABLE t CHANGE a a2 int NOT NULL; "
        "ALTER TABLE t CHANGE b b2 int; ALTER TABLE t CHANGE c c2 int NOT NULL; END IF; END"
    )
    assert {column.name: column.not_null for column in chain.t.columns.values()} == {
        "a2": True,
        "b2": False,
        "c2": False,
    }
