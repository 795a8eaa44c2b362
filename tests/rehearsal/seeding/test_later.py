"""What a migration asks for afterwards holds of plain rows, so it runs on them; edge rows tell where it won't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings, Edge, edges, seed
from tests.rehearsal.seeding.servers import contents, database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.rows import Rows
    from glowplug.schema.tables import Table

POSTGRES, MYSQL, SQLITE = Dialect

# A table called {t} beside one called parent, what the migration does to it, and an edge that it fails on.
ON_POSTGRES = [
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a SET NOT NULL", "NULL"),
    ("CREATE TABLE {t} (a text, b int)", "ALTER TABLE {t} ADD UNIQUE (a)", "two equal values"),
    ("CREATE TABLE {t} (a boolean NOT NULL, b smallint)", "ALTER TABLE {t} ADD UNIQUE (a, b)", "two equal values"),
    ("CREATE TABLE {t} (a text)", "CREATE UNIQUE INDEX ON {t} (lower(a))", None),
    ("CREATE TABLE {t} (a int, b int)", "ALTER TABLE {t} ADD PRIMARY KEY (a, b)", "NULL"),
    (
        "CREATE TABLE {t} (a int)",
        "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a > 100 AND a < 300)",
        "a row that c refuses",
    ),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a ~ '^[a-z]{3}$')", "a row that c refuses"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a IN ('x', 'y'))", "a row that c refuses"),
    (
        "CREATE TABLE {t} (a int)",
        "ALTER TABLE {t} ADD FOREIGN KEY (a) REFERENCES parent",
        "a value that refers to nothing",
    ),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE varchar(10)", "a text of 11 characters"),
    ("CREATE TABLE {t} (a varchar(80))", "ALTER TABLE {t} ALTER a TYPE varchar(3)", "a text of 4 characters"),
    ("CREATE TABLE {t} (a bigint)", "ALTER TABLE {t} ALTER a TYPE int", "a number above 2147483647"),
    ("CREATE TABLE {t} (a int)", "ALTER TABLE {t} ALTER a TYPE smallint", "a number below -32768"),
    ("CREATE TABLE {t} (a numeric(12,4))", "ALTER TABLE {t} ALTER a TYPE numeric(6,2)", "the number 10000"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE int USING a::int", "a text that is no integer"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE uuid USING a::uuid", "a text that is no uuid"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE jsonb USING a::jsonb", "a text that is no jsonb"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE boolean USING a::boolean", "a text that is no boolean"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE timestamptz USING a::timestamptz", "an empty text"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE inet USING a::inet", "an empty text"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE int[] USING a::int[]", "an empty text"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ALTER a TYPE fewer USING a::fewer", "a text that is no label"),
    ("CREATE TABLE {t} (a many)", "ALTER TABLE {t} ALTER a TYPE fewer USING a::text::fewer", "the value 'gone'"),
    ("CREATE TABLE {t} (a text)", "ALTER TABLE {t} ADD b int NOT NULL DEFAULT 1, ADD CHECK (a <> '' AND b > 0)", None),
    ("CREATE TABLE {t} (a int, b int)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a < b)", "a row that c refuses"),
    ("CREATE TABLE {t} (a jsonb)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (jsonb_typeof(a) = 'array')", None),
    ("CREATE TABLE {t} (a jsonb)", "ALTER TABLE {t} ALTER a TYPE varchar(100)", None),
    ("CREATE TABLE {t} (a numeric)", "ALTER TABLE {t} ALTER a TYPE numeric(6,2)", "the number 10000"),
    ("CREATE TABLE {t} (a numeric)", "ALTER TABLE {t} ALTER a TYPE varchar(6)", None),
    ("CREATE TABLE {t} (a numeric)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a = round(a, 2))", None),
    ("CREATE TABLE {t} (a numeric)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (scale(a) <= 2 AND sqrt(a) > 0)", None),
    ("CREATE TABLE {t} (a float8)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a > -5)", "a row that c refuses"),
    ("CREATE TABLE {t} (a float8)", "CREATE UNIQUE INDEX ON {t} (sqrt(a))", "a negative number"),
    ("CREATE TABLE {t} (a inet)", "ALTER TABLE {t} ALTER a TYPE cidr", None),
    ("CREATE TABLE {t} (a inet)", "ALTER TABLE {t} ADD EXCLUDE USING gist (a inet_ops WITH &&)", None),
    ("CREATE TABLE {t} (a time)", "ALTER TABLE {t} ALTER a TYPE varchar(8)", None),
    ("CREATE TABLE {t} (a bit varying)", "ALTER TABLE {t} ALTER a TYPE bit(8)", None),
    ("CREATE TABLE {t} (a bit varying(9))", "ALTER TABLE {t} ALTER a TYPE bit varying(4)", None),
]
SETUP = {
    POSTGRES: "CREATE TYPE many AS ENUM ('kept', 'gone'); CREATE TYPE fewer AS ENUM ('kept');"
    "CREATE TABLE parent (id serial PRIMARY KEY)",
    MYSQL: "CREATE TABLE parent (id int AUTO_INCREMENT PRIMARY KEY)",
}
ON_MYSQL = [
    ("CREATE TABLE {t} (a varchar(20))", "ALTER TABLE {t} MODIFY a varchar(20) NOT NULL", "NULL"),
    ("CREATE TABLE {t} (a varchar(80))", "ALTER TABLE {t} MODIFY a varchar(4)", "a text of 5 characters"),
    ("CREATE TABLE {t} (a bigint)", "ALTER TABLE {t} MODIFY a int", "a number above 2147483647"),
    ("CREATE TABLE {t} (a int)", "ALTER TABLE {t} MODIFY a int unsigned", "a number below 0"),
    ("CREATE TABLE {t} (a double)", "ALTER TABLE {t} MODIFY a double unsigned", "a number below 0"),
    ("CREATE TABLE {t} (a decimal(9,2))", "ALTER TABLE {t} MODIFY a decimal(9,2) unsigned", "a number below 0"),
    ("CREATE TABLE {t} (a double)", "ALTER TABLE {t} MODIFY a decimal(6,2)", "the number 10000"),
    ("CREATE TABLE {t} (a double)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a = round(a, 2))", None),
    ("CREATE TABLE {t} (a varchar(20))", "ALTER TABLE {t} ADD UNIQUE (a)", "two equal values"),
    ("CREATE TABLE {t} (a enum('kept', 'gone'))", "ALTER TABLE {t} MODIFY a enum('kept')", "the value 'gone'"),
    (
        "CREATE TABLE {t} (a int)",
        "ALTER TABLE {t} ADD FOREIGN KEY (a) REFERENCES parent (id)",
        "a value that refers to nothing",
    ),
    ("CREATE TABLE {t} (a varchar(20))", "ALTER TABLE {t} MODIFY a date", "an empty text"),
    ("CREATE TABLE {t} (a int)", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (a between 5 and 7)", "a row that c refuses"),
]


def forms(cases: Sequence[tuple[str, str, str | None]]) -> tuple[list[str], list[str], list[str | None]]:
    """The tables' own statements, the migrations', and the edges."""
    tables = [before.replace("{t}", f"t{index}") for index, (before, _, _) in enumerate(cases)]
    ups = [
        up.replace("{t}", f"t{index}").replace("CONSTRAINT c ", f"CONSTRAINT c{index} ")
        for index, (_, up, _) in enumerate(cases)
    ]
    words = [None if edge is None else edge.replace(" c ", f" c{index} ") for index, (_, _, edge) in enumerate(cases)]
    return tables, ups, words


@pytest.mark.parametrize(
    ("dialect", "cases"),
    [
        pytest.param(POSTGRES, ON_POSTGRES, marks=pytest.mark.postgres),
        pytest.param(MYSQL, ON_MYSQL, marks=pytest.mark.mysql),
    ],
)
def test_migrations_run_on_plain_rows_and_fail_on_their_edge(
    dialect: Dialect, cases: list[tuple[str, str, str | None]]
) -> None:
    tables, ups, words = forms(cases)
    with database(dialect, SETUP[dialect] + ";" + ";".join(tables)) as rows:
        before = rows.tables()
        assert rows.execute(";".join(ups)) is None
        later = rows.tables()
        assert rows.execute(";".join(f"DROP TABLE t{index}" for index in range(len(tables)))) is None
        assert rows.execute(";".join(tables)) is None
        seeded = seed(rows, before, later=later, dialect=dialect, settings=DataSettings())
        assert seeded.not_seeded == ()
        names = [each.name for each in before]
        found = edges(rows, rows.tables(), later=later, dialect=dialect, settings=DataSettings(), only=names)
        wrong = {}
        for index, (table, up, word) in enumerate(zip(tables, ups, words, strict=True)):
            own = next(each for each in before if each.name.rpartition(".")[2] == f"t{index}")
            wrong[up] = outcome(
                rows, own, made=table, up=up, word=word, found=[each for each in found if each.table == own.name]
            )
        assert {up: why for up, why in wrong.items() if why is not None} == {}


def outcome(rows: Rows, table: Table, *, made: str, up: str, word: str | None, found: Sequence[Edge]) -> str | None:
    """What is wrong, if anything: the migration runs on what is there, and fails where the edge row is."""
    error = rows.execute(up)
    if error is not None:
        return f"on plain rows: {error.message}"
    if word is None:
        return None
    edge = next((each for each in found if each.value == word), None)
    if edge is None:
        return f"no edge {word!r} in {[each.value for each in found]}"
    assert rows.execute(f"DROP TABLE {table.sql}; {made}") is None
    for row in edge.rows:
        if (refused := rows.insert(table, tuple(row), [tuple(row.values())])[0]) is not None:
            return f"the edge row is refused: {refused.message}"
    if edge.query is not None and not rows.query(edge.query).rows:
        return f"{edge.query} finds nothing"
    return None if rows.execute(up) is not None else "runs on the edge row as well"


@pytest.mark.sqlite
def test_a_turn_stands_beside_the_first_and_the_same_seed_gives_the_same_rows() -> None:
    setup = """
        CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE c (p INTEGER NOT NULL REFERENCES p, n INTEGER UNIQUE)
    """
    held = []
    for _ in range(2):
        with database(SQLITE, setup) as rows:
            for turn in (0, 1):
                assert (
                    seed(rows, rows.tables(), dialect=SQLITE, settings=DataSettings(rows=20), turn=turn).not_seeded
                    == ()
                )
            held.append(contents(rows, "p"))
            assert len(contents(rows, "c")) == 40
    assert held[0] == held[1]
    assert len({row["name"] for row in held[0]}) == 40
    with database(SQLITE, setup) as rows:
        seed(rows, rows.tables(), dialect=SQLITE, settings=DataSettings(rows=20, seed=2))
        assert not {row["name"] for row in held[0]} & {row["name"] for row in contents(rows, "p")}


@pytest.mark.sqlite
def test_only_what_is_wanted_and_what_it_refers_to_is_filled() -> None:
    setup = """
        CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER NOT NULL REFERENCES a);
        CREATE TABLE z (n INT)
    """
    with database(SQLITE, setup) as rows:
        seeded = seed(rows, rows.tables(), dialect=SQLITE, settings=DataSettings(), only={"b"})
        assert seeded.written == {"a": 50, "b": 50}


@pytest.mark.sqlite
def test_rows_that_are_there_stay_and_are_not_collided_with() -> None:
    setup = """
        CREATE TABLE a (id INT PRIMARY KEY NOT NULL, b TEXT NOT NULL UNIQUE);
        INSERT INTO a VALUES (1, 'x'), (2, 'Ada 0')
    """
    with database(SQLITE, setup) as rows:
        assert seed(rows, rows.tables(), dialect=SQLITE, settings=DataSettings()).not_seeded == ()
        assert contents(rows, "a")[:2] == [{"id": "1", "b": "x"}, {"id": "2", "b": "Ada 0"}]
        assert len(contents(rows, "a")) == 52


@pytest.mark.postgres
def test_what_can_not_be_filled_is_named_with_the_server_s_words() -> None:
    setup = """
        CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
        CREATE TABLE refusing (a int); CREATE TRIGGER t BEFORE INSERT ON refusing FOR EACH ROW EXECUTE FUNCTION never();
        CREATE TABLE impossible (a int NOT NULL CHECK (a > 5 AND a < 3));
        CREATE TABLE no_partition (a int) PARTITION BY LIST (a);
        CREATE TABLE child (a int NOT NULL UNIQUE); ALTER TABLE impossible ADD UNIQUE (a);
        ALTER TABLE child ADD FOREIGN KEY (a) REFERENCES impossible (a)
    """
    with database(POSTGRES, setup) as rows:
        seeded = seed(rows, rows.tables(), dialect=POSTGRES, settings=DataSettings())
        why = {each.table: each.why for each in seeded.not_seeded}
        assert why.keys() == {"public.refusing", "public.impossible", "public.no_partition", "public.child"}
        assert why["public.refusing"] == "not today"
        assert "no partition" in why["public.no_partition"]
        assert "public.impossible has no row" in why["public.child"]


@pytest.mark.parametrize(
    ("dialect", "kind", "up"),
    [
        pytest.param(POSTGRES, "numeric", "ALTER TABLE t ALTER a TYPE numeric(6,2)", marks=pytest.mark.postgres),
        pytest.param(POSTGRES, "real", "ALTER TABLE t ALTER a TYPE numeric(6,2)", marks=pytest.mark.postgres),
        pytest.param(POSTGRES, "numeric(9,4)", "ALTER TABLE t ALTER a TYPE numeric(6,2)", marks=pytest.mark.postgres),
        pytest.param(MYSQL, "double", "ALTER TABLE t MODIFY a decimal(6,2)", marks=pytest.mark.mysql),
        pytest.param(MYSQL, "float", "ALTER TABLE t MODIFY a decimal(6,2)", marks=pytest.mark.mysql),
        pytest.param(MYSQL, "decimal(9,4)", "ALTER TABLE t MODIFY a decimal(6,2)", marks=pytest.mark.mysql),
    ],
)
def test_a_digit_more_than_there_will_be_room_for_is_an_edge(dialect: Dialect, kind: str, up: str) -> None:
    table = f"CREATE TABLE t (a {kind} NOT NULL)"
    with database(dialect, table) as rows:
        before = rows.tables()
        assert rows.execute(up) is None
        later = rows.tables()
        assert rows.execute(f"DROP TABLE t; {table}") is None
        found = edges(rows, before, later=later, dialect=dialect, settings=DataSettings(), only=[before[0].name])
        (edge,) = (each for each in found if each.value == "a number with 3 digits behind the point")
        assert rows.insert(before[0], ("a",), [("1.25",), *((row["a"],) for row in edge.rows)]) == (None, None)
        assert edge.query is not None
        assert [float(str(row[0])) for row in rows.query(edge.query).rows] == [1.006]
        assert rows.execute(up) is None
        assert {row["a"] for row in contents(rows, "t")} == {"1.25", "1.01"}
