"""What a snapshot of a MariaDB schema tells, and that no change goes unseen."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.catalogue import algorithm_of
from glowplug.database.mysql.objects import untold_of_columns
from glowplug.database.mysql.session import Session
from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.schema import diff
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.mysql.own import OwnServer
from glowplug.scratch.mysql.place import Account, Place
from glowplug.scratch.mysql.source import choose
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.schema import Schema

pytestmark = pytest.mark.mysql

_numbers = itertools.count()

BASE = """
CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, code CHAR(3) NOT NULL, UNIQUE KEY code (code));
CREATE TABLE t (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'a\nb',
    parent_id INT NULL,
    name VARCHAR(50) NOT NULL DEFAULT '',
    amount DECIMAL(10,2) DEFAULT 1.5 CHECK (amount > 0),
    twice DECIMAL(11,2) AS (amount * 2) VIRTUAL,
    kept DECIMAL(11,2) AS (amount * 3) STORED,
    hidden INT INVISIBLE DEFAULT 3,
    changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    body TEXT CHARACTER SET latin1,
    PRIMARY KEY (id),
    KEY name (name(10)),
    FULLTEXT KEY words (body),
    CONSTRAINT both_name CHECK (name <> 'x\ny'),
    CONSTRAINT t_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL
) COMMENT = 'a table';
CREATE VIEW v AS SELECT id, name FROM t;
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.name = 'g';
CREATE PROCEDURE p(IN a INT, OUT b TEXT) SET b = a;
CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a + 1;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;
CREATE SEQUENCE s;
CREATE TABLE parted (i INT NOT NULL) PARTITION BY RANGE (i) (PARTITION a VALUES LESS THAN (5));
"""


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    request = request_for()
    with Area(room=2**30) as area:
        yield OwnServer.fresh(choose(request), area, cache=cache_directory(request.environment), name="m")


def request_for() -> Request:
    return Request(
        dialect=Dialect.MYSQL, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )


@pytest.fixture
def place(server: OwnServer) -> Iterator[Place]:
    name = f"s{next(_numbers)}"
    made = Place(request_for(), server.address, Account.random(name, host="localhost"), name, ran=lambda *_: None)
    made.create_account()
    made.furnish()
    yield made
    made.close()


def after(place: Place, sql: str) -> Schema:
    version = str(next(_numbers))
    migration = Migration(version=version, name=version, path=version, up=sql.encode(), down=None)
    run = place.connection.run(migration, Direction.UP)
    assert run.error is None, run.error
    return place.connection.snapshot()


def test_every_kind_is_there_with_its_parent(place: Place) -> None:
    schema = after(place, BASE)
    parents = {key: each.parent for key, each in schema.objects.items()}
    table = ("table", "t")
    assert parents["column", "t.name"] == table
    assert parents["index", "t.name"] == table
    assert parents["index", "t.words"] == table
    assert parents["constraint", "t.PRIMARY"] == table
    assert parents["constraint", "t.t_parent"] == table
    assert parents["constraint", "t.both_name"] == table
    assert parents["trigger", "t.g"] == table
    assert parents["column", "v.id"] == ("view", "v")
    roots = {("view", "v"), ("event", "e"), ("sequence", "s"), ("function", "f(int(11))"), ("table", "parted")}
    assert {key for key in roots if parents[key] is None} == roots
    assert ("procedure", "p(int(11), text)") in parents
    assert not [key for key in parents if "diesel" in key[1]]


def test_properties_read_as_a_person_would(place: Place) -> None:
    objects = after(place, BASE).objects
    assert dict(objects["column", "t.name"].properties) == {
        "position": "3",
        "type": "varchar(50)",
        "not_null": "true",
        "default": "''",
        "invisible": "false",
        "charset": "utf8mb4",
        "collation": "utf8mb4_general_ci",
    }
    assert objects["column", "t.id"].properties["extra"] == "auto_increment"
    assert objects["column", "t.hidden"].properties["invisible"] == "true"
    assert objects["column", "t.twice"].properties["generated"] == "VIRTUAL: `amount` * 2"
    assert objects["column", "t.changed"].properties["on_update"] == "current_timestamp()"
    assert objects["index", "t.name"].properties["definition"] == "KEY (`name`(10))"
    assert objects["index", "parent.code"].properties["unique"] == "true"
    foreign_key = objects["constraint", "t.t_parent"].properties
    assert foreign_key["type"] == "FOREIGN KEY"
    assert foreign_key["definition"].endswith("REFERENCES `parent` (`id`) ON DELETE SET NULL")
    assert objects["table", "t"].properties["comment"] == "a table"
    assert objects["trigger", "t.g"].properties["definition"] == "BEFORE INSERT: SET NEW.name = 'g'"


CHANGES = {
    "ALTER TABLE t ADD j INT": ("column", "t.j"),
    "ALTER TABLE t MODIFY name VARCHAR(50) DEFAULT ''": ("column", "t.name"),
    "ALTER TABLE t MODIFY name VARCHAR(50) NOT NULL": ("column", "t.name"),
    "ALTER TABLE t MODIFY name VARCHAR(51) NOT NULL DEFAULT ''": ("column", "t.name"),
    "ALTER TABLE t MODIFY name VARCHAR(50) NOT NULL DEFAULT '' AFTER id": ("column", "t.name"),
    "ALTER TABLE t MODIFY name VARCHAR(50) NOT NULL DEFAULT '' COMMENT 'x'": ("column", "t.name"),
    "ALTER TABLE t MODIFY name VARCHAR(50) COLLATE utf8mb4_bin NOT NULL DEFAULT ''": ("column", "t.name"),
    "ALTER TABLE t MODIFY id BIGINT UNSIGNED NOT NULL COMMENT 'a\nb'": ("column", "t.id"),
    "ALTER TABLE t MODIFY hidden INT DEFAULT 3": ("column", "t.hidden"),
    "ALTER TABLE t MODIFY twice DECIMAL(11,2) AS (amount * 4) VIRTUAL": ("column", "t.twice"),
    "ALTER TABLE t MODIFY changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP": ("column", "t.changed"),
    "ALTER TABLE t MODIFY amount DECIMAL(10,2) DEFAULT 1.5": ("constraint", "t.amount (check)"),
    "ALTER TABLE t MODIFY body TEXT CHARACTER SET utf8mb4": ("column", "t.body"),
    "ALTER TABLE t DROP KEY name, ADD KEY name (name(11))": ("index", "t.name"),
    "ALTER TABLE t DROP KEY name, ADD UNIQUE KEY name (name(10))": ("index", "t.name"),
    "ALTER TABLE t ALTER KEY name IGNORED": ("index", "t.name"),
    "ALTER TABLE t DROP KEY name, ADD KEY name (name(10)) COMMENT 'x'": ("index", "t.name"),
    "ALTER TABLE t RENAME KEY name TO other": ("index", "t.other"),
    "ALTER TABLE parent DROP KEY code": ("index", "parent.code"),
    "ALTER TABLE t DROP FOREIGN KEY t_parent": ("constraint", "t.t_parent"),
    (
        "ALTER TABLE t DROP FOREIGN KEY t_parent; ALTER TABLE t ADD CONSTRAINT t_parent"
        " FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE"
    ): ("constraint", "t.t_parent"),
    "ALTER TABLE t DROP CONSTRAINT both_name": ("constraint", "t.both_name"),
    "ALTER TABLE t COMMENT = 'x'": ("table", "t"),
    "ALTER TABLE parted ENGINE = Aria": ("table", "parted"),
    "ALTER TABLE parted ADD PARTITION (PARTITION b VALUES LESS THAN (9))": ("table", "parted"),
    "ALTER TABLE parent ROW_FORMAT = COMPRESSED": ("table", "parent"),
    "ALTER TABLE parent DEFAULT CHARACTER SET latin1": ("table", "parent"),
    "ALTER TABLE parent ADD SYSTEM VERSIONING": ("table", "parent"),
    "ALTER DATABASE CHARACTER SET latin1": ("database", "database"),
    "CREATE OR REPLACE VIEW v AS SELECT name, id FROM t": ("view", "v"),
    "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT id, name FROM t": ("view", "v"),
    "CREATE OR REPLACE ALGORITHM = TEMPTABLE VIEW v AS SELECT id, name FROM t": ("view", "v"),
    "DROP TRIGGER g": ("trigger", "t.g"),
    "CREATE OR REPLACE TRIGGER g AFTER INSERT ON t FOR EACH ROW SET @x = 1": ("trigger", "t.g"),
    "CREATE TRIGGER h BEFORE INSERT ON t FOR EACH ROW PRECEDES g SET @x = 1": ("trigger", "t.g"),
    "SET sql_mode = ''; CREATE OR REPLACE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.name = 'g'": (
        "trigger",
        "t.g",
    ),
    "CREATE OR REPLACE PROCEDURE p(IN a INT, OUT b TEXT) SET b = a + 1": ("procedure", "p(int(11), text)"),
    "CREATE OR REPLACE PROCEDURE p(IN a INT, INOUT b TEXT) SET b = a": ("procedure", "p(int(11), text)"),
    "CREATE OR REPLACE FUNCTION f(a INT) RETURNS BIGINT DETERMINISTIC RETURN a + 1": ("function", "f(int(11))"),
    "CREATE OR REPLACE FUNCTION f(a INT) RETURNS INT RETURN a + 1": ("function", "f(int(11))"),
    "ALTER EVENT e ON SCHEDULE EVERY 2 DAY": ("event", "e"),
    "ALTER EVENT e DISABLE": ("event", "e"),
    "ALTER SEQUENCE s INCREMENT 5": ("sequence", "s"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_goes_unseen(place: Place, change: str) -> None:
    before = after(place, BASE)
    kind, name = CHANGES[change]
    assert (kind, name) in {(each.kind, each.name) for each in diff(before, after(place, change))}


MERGED = """
CREATE TABLE mem (i INT) ENGINE = MyISAM;
CREATE TABLE `m)2` (i INT) ENGINE = MyISAM;
CREATE TABLE merged (i INT) ENGINE = MERGE UNION = (mem) INSERT_METHOD = FIRST COMMENT = 'it''s UNION=(mem)';
"""


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE merged UNION = (mem, `m)2`)",
        "ALTER TABLE merged INSERT_METHOD = LAST",
        "ALTER TABLE merged INSERT_METHOD = NO",
    ],
)
def test_what_no_catalogue_tells_of_a_table_is_seen(place: Place, change: str) -> None:
    before = after(place, MERGED)
    assert before.objects["table", "merged"].properties["options"] == "INSERT_METHOD=FIRST UNION=(`mem`)"
    assert [each.name for each in diff(before, after(place, change))] == ["merged"]
    assert not diff(before, after(place, "DROP TABLE merged; DROP TABLE mem; DROP TABLE `m)2`;" + MERGED))


def test_what_no_catalogue_of_mysqls_tells_of_a_column_is_seen() -> None:
    """As MySQL 8.0 writes it."""
    line = "  `a``b` point NOT NULL{0} COMMENT 'no /*!80003 SRID 1 */'"

    def options(told: str) -> str | None:
        creates = {"t": f"CREATE TABLE `t` (\n{line.format(told)},\n  `c` int\n) ENGINE=InnoDB"}
        found = untold_of_columns(creates)
        assert found.keys() <= {("t", "a`b")}
        return found.get(("t", "a`b"))

    assert options("") is None
    assert options(" /*!80023 INVISIBLE */") is None
    assert options(" /*!80003 SRID 4326 */") == "SRID 4326"
    assert (
        options(" /*!50606 STORAGE MEMORY */ /*!50606 COLUMN_FORMAT FIXED */") == "STORAGE MEMORY, COLUMN_FORMAT FIXED"
    )


def test_a_views_algorithm_is_in_its_create_statement(place: Place, server: OwnServer) -> None:
    after(place, "CREATE TABLE a (i INT); CREATE ALGORITHM = MERGE VIEW w AS SELECT i FROM a")
    session = Session(server.address)
    assert algorithm_of(session, place.schema, "w") == "MERGE"
    after(place, "CREATE OR REPLACE ALGORITHM = TEMPTABLE VIEW w AS SELECT i FROM a")
    assert algorithm_of(session, place.schema, "w") == "TEMPTABLE"
    after(place, "DROP TABLE a")
    assert algorithm_of(session, place.schema, "w") == "TEMPTABLE"
    assert algorithm_of(session, place.schema, "nowhere") is None
    session.close()


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO parent (code) VALUES ('a'), ('b'); DELETE FROM parent",
        "ALTER TABLE parent AUTO_INCREMENT = 500",
        "DO NEXTVAL(s)",
        "DROP EVENT e; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "DROP TABLE t; DROP TABLE parent; DROP TABLE parted; DROP VIEW v; DROP PROCEDURE p; DROP FUNCTION f;"
        "DROP EVENT e; DROP SEQUENCE s;" + BASE,
        "SET NAMES utf8mb4; SET sql_quote_show_create = 0; SET sql_mode = 'ANSI_QUOTES'",
        "CREATE TEMPORARY TABLE t (other INT)",
    ],
)
def test_what_is_no_schema_makes_no_difference(place: Place, change: str) -> None:
    before = after(place, BASE)
    assert not diff(before, after(place, change))


def test_an_unchanged_schema_is_the_same_object(place: Place) -> None:
    before = after(place, BASE)
    assert after(place, "SELECT 1") is before


def test_a_view_whose_table_is_gone_is_still_a_view(place: Place) -> None:
    schema = after(place, "CREATE TABLE a (i INT); CREATE VIEW w AS SELECT i FROM a; DROP TABLE a")
    assert "select" in schema.objects["view", "w"].properties["definition"]
