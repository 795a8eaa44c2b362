"""Tables as rows see them, on MariaDB: what is told of each is what the server then takes and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.catalogue import Catalogue
from glowplug.database.mysql.tables import parts_of, tables
from glowplug.schema.tables import Action, Check, Column, Family, ForeignKey, Table, Type, Unique, Written

from .mysql_place import own_server, place_on, request_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.scratch.mysql.own import OwnServer
    from glowplug.scratch.mysql.place import Place

pytestmark = pytest.mark.mysql


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with own_server() as started:
        yield started


@pytest.fixture
def place(server: OwnServer) -> Iterator[Place]:
    made = place_on(server)
    made.furnish()
    yield made
    made.close()


def tables_of(place: Place, sql: str) -> dict[str, Table]:
    assert place.connection.rows.execute(sql) is None
    return {each.name: each for each in place.connection.rows.tables()}


TYPES = [
    ("tinyint", Type(name="tinyint(4)", family=Family.INTEGER, minimum=-128, maximum=127)),
    ("boolean", Type(name="tinyint(1)", family=Family.INTEGER, minimum=0, maximum=1)),
    ("tinyint unsigned", Type(name="tinyint(3) unsigned", family=Family.INTEGER, minimum=0, maximum=255)),
    ("smallint", Type(name="smallint(6)", family=Family.INTEGER, minimum=-(2**15), maximum=2**15 - 1)),
    ("mediumint unsigned", Type(name="mediumint(8) unsigned", family=Family.INTEGER, minimum=0, maximum=2**24 - 1)),
    ("int zerofill", Type(name="int(10) unsigned zerofill", family=Family.INTEGER, minimum=0, maximum=2**32 - 1)),
    ("bigint", Type(name="bigint(20)", family=Family.INTEGER, minimum=-(2**63), maximum=2**63 - 1)),
    ("bigint unsigned", Type(name="bigint(20) unsigned", family=Family.INTEGER, minimum=0, maximum=2**64 - 1)),
    ("year", Type(name="year(4)", family=Family.INTEGER, minimum=1901, maximum=2155)),
    ("decimal(7, 3)", Type(name="decimal(7,3)", family=Family.DECIMAL, precision=7, scale=3)),
    ("decimal", Type(name="decimal(10,0)", family=Family.DECIMAL, precision=10, scale=0)),
    ("decimal(4) unsigned", Type(name="decimal(4,0) unsigned", family=Family.DECIMAL, precision=4, scale=0, minimum=0)),
    ("float", Type(name="float", family=Family.FLOAT)),
    ("double unsigned", Type(name="double unsigned", family=Family.FLOAT, minimum=0)),
    ("float(5, 2)", Type(name="float(5,2)", family=Family.FLOAT, precision=5, scale=2)),
    ("char(3)", Type(name="char(3)", family=Family.TEXT, length=3, folds=True)),
    ("varchar(9) COLLATE utf8mb4_bin", Type(name="varchar(9)", family=Family.TEXT, length=9)),
    ("varchar(9) CHARACTER SET latin1", Type(name="varchar(9)", family=Family.TEXT, length=9, folds=True)),
    ("tinytext", Type(name="tinytext", family=Family.TEXT, length=63, folds=True)),
    ("tinytext CHARACTER SET ascii", Type(name="tinytext", family=Family.TEXT, length=255, folds=True)),
    ("text", Type(name="text", family=Family.TEXT, length=16383, folds=True)),
    ("longtext", Type(name="longtext", family=Family.TEXT, length=1073741823, folds=True)),
    ("binary(4)", Type(name="binary(4)", family=Family.BYTES, length=4)),
    ("varbinary(4)", Type(name="varbinary(4)", family=Family.BYTES, length=4)),
    ("blob", Type(name="blob", family=Family.BYTES, length=65535)),
    ("bit", Type(name="bit(1)", family=Family.BITS, length=1)),
    ("bit(9)", Type(name="bit(9)", family=Family.BITS, length=9)),
    ("date", Type(name="date", family=Family.DATE)),
    ("time(2)", Type(name="time(2)", family=Family.TIME, precision=2)),
    ("datetime", Type(name="datetime", family=Family.TIMESTAMP, precision=0)),
    ("timestamp(6) NULL", Type(name="timestamp(6)", family=Family.TIMESTAMP, precision=6, zoned=True)),
    ("json", Type(name="json", family=Family.JSON)),
    ("uuid", Type(name="uuid", family=Family.UUID)),
    ("inet4", Type(name="inet4", family=Family.ADDRESS)),
    ("inet6", Type(name="inet6", family=Family.ADDRESS)),
    ("point", Type(name="point", family=Family.GEOMETRY)),
    ("geometry", Type(name="geometry", family=Family.GEOMETRY)),
    (
        "enum('a', 'it''s', 'c,d')",
        Type(name="enum('a','it''s','c,d')", family=Family.ENUM, labels=("a", "it's", "c,d"), folds=True),
    ),
    ("set('x', 'y')", Type(name="set('x','y')", family=Family.SET, labels=("x", "y"), folds=True)),
]  # fmt: skip

LONGEST_SENT = 10**6


def test_types(place: Place) -> None:
    columns = ", ".join(f"c{number} {written}" for number, (written, _) in enumerate(TYPES))
    table = tables_of(place, f"CREATE TABLE t ({columns})")["t"]
    assert [column.type for column in table.columns] == [expected for _, expected in TYPES]
    assert all(column.nullable for column in table.columns)
    assert not table.checks  # json_valid is what the type says


@pytest.mark.parametrize(
    ("written", "type_"), [each for each in TYPES if each[1].maximum or 0 < (each[1].length or 0) < LONGEST_SENT]
)
def test_what_is_told_is_where_the_server_draws_the_line(place: Place, written: str, type_: Type) -> None:
    table = tables_of(place, f"CREATE TABLE t (c {written})")["t"]
    if type_.maximum is not None and type_.minimum is not None:
        inside, outside = [str(type_.minimum), str(type_.maximum)], [str(type_.minimum - 1), str(type_.maximum + 1)]
        if written == "boolean":
            outside = ["128"]  # the server takes more than a Bool holds
        if written == "year":
            outside = ["1900", "2156"]
    elif type_.family is Family.BYTES:
        inside, outside = [b"x" * (type_.length or 0)], [b"x" * ((type_.length or 0) + 1)]  # type: ignore[list-item]
    elif type_.family is Family.BITS:
        inside, outside = ["1" * (type_.length or 0)], ["1" * ((type_.length or 0) + 1)]
    else:
        one = "x" if "latin1" in written or "ascii" in written else "\N{GRINNING FACE}"
        inside, outside = [one * (type_.length or 0)], [one * ((type_.length or 0) + 1)]
    rows = place.connection.rows
    assert rows.insert(table, ["c"], [[value] for value in inside]) == (None,) * len(inside)
    said = rows.insert(table, ["c"], [[value] for value in outside])
    assert all(error is not None for error in said)
    assert rows.read(table).rows == tuple((value,) for value in inside)


def test_who_writes_a_column(place: Place) -> None:
    table = tables_of(
        place,
        """CREATE TABLE t (id int unsigned AUTO_INCREMENT PRIMARY KEY, n int NOT NULL, d int DEFAULT 5, o int NOT NULL
        DEFAULT (1 + 1), s varchar(9) DEFAULT 'it''s', b varbinary(2) DEFAULT x'00', at timestamp NOT NULL
        DEFAULT current_timestamp ON UPDATE current_timestamp, v int AS (n + 1) VIRTUAL, p int AS (n + 2) STORED,
        e int DEFAULT NULL, i int INVISIBLE DEFAULT 3)""",
    )["t"]
    told = {each.name: (each.written, each.nullable, each.numbered) for each in table.columns}
    us, left_out, server = Written.ALWAYS_US, Written.SERVER_IF_LEFT_OUT, Written.SERVER
    assert told == {
        "id": (left_out, False, True),
        "n": (us, False, False),
        "d": (left_out, True, False),
        "o": (left_out, False, False),
        "s": (left_out, True, False),
        "b": (left_out, True, False),
        "at": (left_out, False, False),
        "v": (server, True, False),
        "p": (server, True, False),
        "e": (us, True, False),
        "i": (left_out, True, False),
    }
    assert [each.default for each in table.columns][2:5] == ["5", "(1 + 1)", "'it''s'"]
    assert place.connection.rows.insert(table, ["n"], [["1"], ["2"]]) == (None, None)


def test_constraints(place: Place) -> None:
    found = tables_of(
        place,
        """CREATE TABLE p (a int, b int, PRIMARY KEY (b, a), c varchar(9) UNIQUE);
        CREATE TABLE t (id int PRIMARY KEY CHECK (id > 0), a int, b int, u int, x text, y varchar(20),
        `we``ird, (x` int, j json, CONSTRAINT one CHECK (u < 5 AND y <> ')('), CHECK (`we``ird, (x` in (1, 2)),
        UNIQUE KEY prefix (x(5), y), UNIQUE KEY down (a DESC),
        CONSTRAINT f1 FOREIGN KEY (a, b) REFERENCES p (b, a) ON DELETE SET NULL ON UPDATE CASCADE,
        CONSTRAINT f2 FOREIGN KEY (id) REFERENCES t (id),
        CONSTRAINT f3 FOREIGN KEY (y) REFERENCES p (c) ON DELETE RESTRICT ON UPDATE NO ACTION)""",
    )
    table = found["t"]
    assert table.checks == (
        Check(name="id", expression="`id` > 0", columns=("id",)),
        Check(name="one", expression="`u` < 5 and `y` <> ')('", columns=("u", "y")),
        Check(name="CONSTRAINT_1", expression="`we``ird, (x` in (1,2)", columns=("we`ird, (x",)),
    )
    assert sorted(table.uniques, key=lambda each: each.name) == [
        Unique(name="PRIMARY", columns=("id",), primary=True),
        Unique(name="down", columns=("a",)),
        Unique(name="prefix", columns=(None, "y"), expressions=("left(`x`, 5)",)),
    ]
    assert found["p"].uniques == (
        Unique(name="PRIMARY", columns=("b", "a"), primary=True),
        Unique(name="c", columns=("c",)),
    )
    assert table.foreign_keys == (
        ForeignKey(
            name="f1",
            columns=("a", "b"),
            table="p",
            referenced=("b", "a"),
            on_delete=Action.SET_NULL,
            on_update=Action.CASCADE,
        ),
        ForeignKey(name="f2", columns=("id",), table="t", referenced=("id",)),
        ForeignKey(name="f3", columns=("y",), table="p", referenced=("c",)),  # RESTRICT is the same, and not shown
    )
    assert next(each for each in table.columns if each.name == "j").type.family is Family.JSON


def test_foreign_keys_are_not_enforced_where_the_session_says_so(server: OwnServer) -> None:
    place = place_on(server, request_for(("SET foreign_key_checks = 0",)))
    place.furnish()
    sql = "CREATE TABLE p (a int PRIMARY KEY); CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES p (a))"
    table = tables_of(place, sql)["t"]
    assert [each.enforced for each in table.foreign_keys] == [False]
    assert place.connection.rows.insert(table, ["a"], [["5"]]) == (None,)
    place.close()


@pytest.mark.parametrize(
    ("clause", "check", "fits", "fails"),
    [
        ("RANGE (n) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20))", "`n` < 20", "19", "20"),
        ("RANGE (n) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)", None, "99", None),
        ("RANGE COLUMNS (n) (PARTITION a VALUES LESS THAN (10))", "`n` < 10", "9", "10"),
        ("LIST (n) (PARTITION a VALUES IN (1, 2), PARTITION b VALUES IN (7))", "`n` in (1,2,7)", "7", "3"),
        ("LIST (n) (PARTITION a VALUES IN (1), PARTITION b DEFAULT)", None, "3", None),
        ("HASH (n) PARTITIONS 3", None, "3", None),
    ],
)
def test_partitions_are_a_condition(place: Place, clause: str, check: str | None, fits: str, fails: str | None) -> None:
    table = tables_of(place, f"CREATE TABLE t (n int NOT NULL) PARTITION BY {clause}")["t"]
    assert [each.expression for each in table.checks] == ([] if check is None else [check])
    assert table.partition_key is not None
    assert not table.partitioned
    assert place.connection.rows.insert(table, ["n"], [[fits]]) == (None,)
    if fails is not None:
        (refused,) = place.connection.rows.insert(table, ["n"], [[fails]])
        assert refused is not None


def test_what_is_no_table_and_what_is_beside_one(place: Place) -> None:
    found = tables_of(
        place,
        """CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t; CREATE SEQUENCE s;
        CREATE TABLE versioned (a int) WITH SYSTEM VERSIONING; INSERT INTO t VALUES (1), (2);
        CREATE TRIGGER after_t AFTER INSERT ON t FOR EACH ROW SET @x = 1; CREATE TABLE `odd-``name` (`ö` int)""",
    )
    assert sorted(found) == ["odd-`name", "t", "versioned"]
    assert (found["t"].rows, found["t"].triggers) == (2, ("after_t",))
    assert found["odd-`name"].columns == (
        Column(
            name="ö",
            type=Type(name="int(11)", family=Family.INTEGER, minimum=-(2**31), maximum=2**31 - 1),
            nullable=True,
        ),
    )
    for table in found.values():
        column = table.columns[0].name
        assert place.connection.rows.insert(table, [column], [["7"]]) == (None,)
        assert place.connection.rows.read(table).rows[-1][:1] == ("7",)


def test_parts_are_cut_at_their_commas() -> None:
    assert list(parts_of("`a`, `b,c`(3) DESC, (concat(`d`, ',)')))")) == ["`a`", "`b,c`(3) DESC", "(concat(`d`, ',)'))"]
    assert list(parts_of("`a`) USING BTREE")) == ["`a`"]


def test_of_a_schema_that_was_dropped_none_is_left(place: Place) -> None:
    assert tables_of(place, "CREATE TABLE t (i int)")
    assert tables_of(place, f"DROP DATABASE {place.schema}") == {}


def test_texts_as_mysql_s_manual_shows_them() -> None:
    create = """CREATE TABLE `t` (
  `id` int NOT NULL AUTO_INCREMENT,
  `s` varchar(9) DEFAULT 'it''s',
  `n` int DEFAULT (1 + 1),
  PRIMARY KEY (`id`),
  UNIQUE KEY `e` ((lower(`s`)),`n` DESC),
  CONSTRAINT `c1` CHECK ((`n` > 0)),
  CONSTRAINT `c2` CHECK (((`n` > 0) and (`n` < 5))),
  CONSTRAINT `c3` CHECK ((`n` > 9)) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB"""

    def column(name: str, kind: str, default: str | None, extra: str = "") -> dict[str, str | None]:
        return {
            "table_name": "t",
            "column_name": name,
            "column_type": kind,
            "is_nullable": "YES",
            "column_default": default,
            "extra": extra,
            "generation_expression": "",
            "collation_name": None,
        }

    (table,) = tables(
        Catalogue(
            sections={"tables": [{"table_name": "t", "table_type": "BASE TABLE"}], "triggers": []},
            creates={"t": create},
            counters={},
        ),
        [
            column("id", "int", None, "auto_increment"),
            column("s", "varchar(9)", "it's"),
            column("n", "int", "(1 + 1)", "DEFAULT_GENERATED"),
            column("at", "datetime", "CURRENT_TIMESTAMP", "DEFAULT_GENERATED on update CURRENT_TIMESTAMP"),
            column("d", "date", "2024-01-01"),
        ],
        [],
        schema="s",
        enforced=True,
        counts={},
    )
    assert [each.default for each in table.columns] == [None, "'it''s'", "(1 + 1)", "CURRENT_TIMESTAMP", "'2024-01-01'"]
    assert [(each.name, each.expression) for each in table.checks] == [
        ("c1", "`n` > 0"),
        ("c2", "(`n` > 0) and (`n` < 5)"),
    ]
    assert table.uniques[1] == Unique(name="e", columns=(None, "n"), expressions=("lower(`s`)",))
