"""A file that ends Diesel's transaction, or fails when part of it is committed: what the command does next is said.

Whether the version is recorded, what stays, what the next run and what a revert do: the command is asked, and the
finding has to say the same.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from glowplug.check.judge import judge
from glowplug.dialect import Dialect
from glowplug.project import find_project
from glowplug.rehearsal import rehearse
from glowplug.rehearsal.outcome import Outcome
from glowplug.review.context import Terms
from glowplug.review.engine import review
from glowplug.scratch import open_server

from .benches import request
from .command import Diesel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _pytest.mark.structures import ParameterSet

    from glowplug.scratch.interface import Server

    from .benches import MysqlBench, PostgresBench, SqliteBench
    from .comparison import Bench
    from .witness import State

pytestmark = pytest.mark.diesel

A, B = "CREATE TABLE a (id int);\n", "CREATE TABLE b (id int);\n"
FAILS = "SELECT nope;\n"
COMMIT, ROLLBACK = "COMMIT;\n", "ROLLBACK;\n"
ROW = "INSERT INTO zero VALUES (1);\n"
RECORD = "INSERT INTO __diesel_schema_migrations (version) VALUES ('1');\n"
ALL_THE_SAME = "Its version is recorded all the same"
TWO = frozenset({Dialect.POSTGRES, Dialect.SQLITE})  # on MySQL, DDL has committed already, and a COMMIT is no fault
NAMES = {Dialect.POSTGRES: "postgres://localhost/x", Dialect.MYSQL: "mysql://localhost/x", Dialect.SQLITE: "x.db"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    up: str
    recorded: bool = False
    stays: str = ""  # names of tables
    rows: int = 0  # in zero
    said: str | None
    dialects: frozenset[Dialect] = frozenset(Dialect)
    down: str | None = "SELECT 1;"


NOT_RECORDED = (
    "Its version is not recorded, and what was committed by then stays: the next `diesel migration run` runs "
)
CASES = {
    "COMMIT, and all runs": Case(
        up=A + COMMIT + B, recorded=True, stays="ab", said=f"{ALL_THE_SAME}: `diesel", dialects=TWO
    ),
    "COMMIT, and no down": Case(
        up=A + COMMIT, recorded=True, stays="a", said="fails at it, for it has no down.sql", dialects=TWO, down=None
    ),
    "ROLLBACK, and all runs": Case(
        up=A + ROLLBACK + B, recorded=True, stays="b", said=f"{ALL_THE_SAME}: `diesel", dialects=TWO
    ),
    "ROLLBACK at the end": Case(
        up=A + B + ROLLBACK, recorded=True, said=f"{ALL_THE_SAME}, though the schema is as before", dialects=TWO
    ),
    "COMMIT, then a failure": Case(up=A + COMMIT + FAILS + B, stays="a", said=NOT_RECORDED),
    "COMMIT, BEGIN, then a failure": Case(
        up=A + COMMIT + "BEGIN;\n" + B + FAILS, stays="a", said=NOT_RECORDED, dialects=TWO
    ),
    "DDL commits": Case(up=A + B + FAILS, stays="ab", said=NOT_RECORDED, dialects=frozenset({Dialect.MYSQL})),
    "rows alone, COMMIT, then a failure": Case(
        up=ROW + COMMIT + FAILS, rows=1, said="and the rows that it had written and committed by then stay: the next"
    ),
    "nothing written, COMMIT, then a failure": Case(up="SELECT 1;\n" + COMMIT + FAILS, said=None),
    "rows rolled back, then a failure": Case(up=ROW + ROLLBACK + FAILS, said=None),
    "COMMIT, rows, then a failure": Case(
        up=COMMIT + ROW + FAILS,
        rows=1,
        said="and the rows that it had written and committed by then stay: the next",
        dialects=frozenset({Dialect.MYSQL, Dialect.SQLITE}),
    ),
    "COMMIT, rows, then a failure in one message": Case(
        up=COMMIT + ROW + FAILS, said=None, dialects=frozenset({Dialect.POSTGRES})
    ),
    "a failure, then COMMIT": Case(up=ROW + FAILS + COMMIT, said=None),
    "nothing ends the transaction": Case(up=A + FAILS, said=None, dialects=TWO),
    "it records itself": Case(
        up=A + RECORD + COMMIT + FAILS, recorded=True, stays="a", said=f"{ALL_THE_SAME}: `diesel"
    ),
}


def cases(dialect: Dialect) -> list[ParameterSet]:
    return [pytest.param(case, id=title) for title, case in CASES.items() if dialect in case.dialects]


def written(root: Path, case: Case, dialect: Dialect) -> Path:
    migrations = root / "migrations"
    for name, up, down in (
        ("0_zero", "CREATE TABLE zero (id int);", "DROP TABLE zero;"),
        ("1_one", case.up, case.down),
        ("2_two", "CREATE TABLE two (id int);", "DROP TABLE two;"),
    ):
        (migrations / name).mkdir(parents=True)
        (migrations / name / "up.sql").write_text(up, encoding="utf-8")
        if down is not None:
            (migrations / name / "down.sql").write_text(down, encoding="utf-8")
    (root / ".env").write_text(f"DATABASE_URL={NAMES[dialect]}\n", encoding="utf-8")
    return migrations


def tables(state: State) -> set[str]:
    found = {name for line in state.contents for name in re.findall(r"CREATE TABLE (?:public\.)?`?(\w+)", line)}
    return found - {"zero", "two"}


def rows(state: State) -> int:
    return sum(line.startswith(("zero: ", "INSERT INTO public.zero ")) for line in state.contents)


def compare(case: Case, root: Path, binary: Path, bench: Bench, *, dialect: Dialect, server: Server) -> None:
    migrations = written(root, case, dialect)
    with bench.for_diesel() as place:
        diesel = Diesel(binary=binary, migrations=migrations, url=place.url)
        assert diesel.run().code == 1
        after = place.witness()
        assert after.recorded == (("1", "0") if case.recorded else ("0",))
        assert tables(after) == set(case.stays)
        assert rows(after) == case.rows
        assert diesel.run().names == (("2_two",) if case.recorded else ("1_one",))
        assert rows(place.witness()) == case.rows * (1 if case.recorded else 2)
        last = diesel.revert_all()
        assert last.names == (("2_two", "1_one") if case.recorded else ()) + (
            ("0_zero",) if case.down or not case.recorded else ()
        )
        assert (last.code != 0) is (case.recorded and case.down is None)
    (chain,) = find_project(root, environment={}).chains
    rehearsal = rehearse(chain, server, forward_only=False)
    goes_on = case.recorded and dialect in TWO
    assert (rehearsal.round_trips[2].outcome is not Outcome.NOT_REACHED) is goes_on
    assert (rehearsal.stopped is None) is goes_on
    assert not goes_on or rehearsal.chain_down.reverted == len(last.names) - (last.code != 0)
    found = judge(chain, rehearsal, forward_only=False)
    (message,) = (finding.message for finding in found if finding.rule == "up-fails")
    if case.said is None:
        assert "recorded" not in message
    else:
        assert case.said in message
    assert set(re.findall(r"^table (?:public\.)?(\w+) is left behind$", message, re.MULTILINE)) == set(case.stays)


DOWN_HALF = "Its version stays recorded, and what it had {} by then is done: the next `diesel migration revert` runs"
DOWNS = {
    "DROP TABLE b;\nCOMMIT;\nSELECT nope;\n": DOWN_HALF.format("committed"),
    "DELETE FROM zero;\nCOMMIT;\nSELECT nope;\n": DOWN_HALF.format("done to rows and committed"),
    "SELECT 1;\nCOMMIT;\nSELECT nope;\n": None,
    "DELETE FROM zero;\nSELECT nope;\n": None,
}


def compare_downs(
    down: str, root: Path, binary: Path, bench: Bench, *, dialect: Dialect, server: Server, said: str | None
) -> None:
    migrations = written(root, Case(up=A + B + ROW, said=None, down=down), dialect)
    with bench.for_diesel() as place:
        diesel = Diesel(binary=binary, migrations=migrations, url=place.url)
        assert diesel.run().code == 0
        before = place.witness()
        assert diesel.revert_all().code != 0
        after = place.witness()
        assert after.recorded == ("1", "0")
        half = (tables(after), rows(after)) != (tables(before), rows(before))
        assert half is (said is not None)
        assert diesel.run().names == ("2_two",)
        assert diesel.revert_all().names == ("2_two", "1_one")
    (chain,) = find_project(root, environment={}).chains
    found = judge(chain, rehearse(chain, server, forward_only=False), forward_only=False)
    (message,) = (finding.message for finding in found if finding.rule == "down-fails")
    assert ("stays recorded" in message) is half
    assert said is None or said in message
    assert ("table b" in message.replace("public.", "")) is ("DROP" in down)


@pytest.mark.sqlite
@pytest.mark.parametrize(("down", "said"), DOWNS.items())
def test_downs_of_sqlite(down: str, said: str | None, diesel: Path, tmp_path: Path, sqlite: SqliteBench) -> None:
    with open_server(sqlite.request) as server:
        compare_downs(down, tmp_path, diesel, sqlite, dialect=Dialect.SQLITE, server=server, said=said)


@pytest.mark.postgres
@pytest.mark.parametrize(("down", "said"), DOWNS.items())
def test_downs_of_postgres(down: str, said: str | None, diesel: Path, tmp_path: Path, postgres: PostgresBench) -> None:
    compare_downs(down, tmp_path, diesel, postgres, dialect=Dialect.POSTGRES, server=postgres.server, said=said)


@pytest.mark.sqlite
@pytest.mark.parametrize("case", cases(Dialect.SQLITE))
def test_sqlite(case: Case, diesel: Path, tmp_path: Path, sqlite: SqliteBench) -> None:
    with open_server(sqlite.request) as server:
        compare(case, tmp_path, diesel, sqlite, dialect=Dialect.SQLITE, server=server)


@pytest.mark.postgres
@pytest.mark.parametrize("case", cases(Dialect.POSTGRES))
def test_postgres(case: Case, diesel: Path, tmp_path: Path, postgres: PostgresBench) -> None:
    compare(case, tmp_path, diesel, postgres, dialect=Dialect.POSTGRES, server=postgres.server)


@pytest.fixture(scope="module")
def mysql_servers() -> Iterator[Server]:
    with open_server(request(Dialect.MYSQL, dict(os.environ))) as server:
        yield server


@pytest.mark.mysql
@pytest.mark.parametrize("case", cases(Dialect.MYSQL))
def test_mysql(case: Case, diesel: Path, tmp_path: Path, mysql: MysqlBench, mysql_servers: Server) -> None:
    compare(case, tmp_path, diesel, mysql, dialect=Dialect.MYSQL, server=mysql_servers)


@pytest.mark.mysql
@pytest.mark.parametrize("down", DOWNS)
def test_downs_of_mysql(down: str, diesel: Path, tmp_path: Path, mysql: MysqlBench, mysql_servers: Server) -> None:
    compare_downs(down, tmp_path, diesel, mysql, dialect=Dialect.MYSQL, server=mysql_servers, said=DOWNS[down])


@pytest.mark.mysql
def test_a_revert_that_failed_halfway_is_tried_again_by_the_next(
    diesel: Path, tmp_path: Path, mysql: MysqlBench
) -> None:
    migrations = written(
        tmp_path, Case(up=A + B, said=None, down="DROP TABLE b;\nDROP TABLE nosuch;\nDROP TABLE a;\n"), Dialect.MYSQL
    )
    with mysql.for_diesel() as place:
        command = Diesel(binary=diesel, migrations=migrations, url=place.url)
        assert command.run().code == 0
        first, second = command.revert_all(), command.revert_all()
        assert "nosuch" in first.error
        assert re.search(r"Unknown table '\w+\.b'", second.error)
        assert place.witness().recorded == ("1", "0")
        assert command.run().names == ("2_two",)
    (chain,) = find_project(tmp_path, environment={}).chains
    downs = [each for each in review(chain, Terms.of(chain)).findings if each.place and each.place.line == 1]
    (message,) = (each.message for each in downs if each.place and each.place.file.endswith("1_one/down.sql"))
    assert "where one of the 2 statements after it fails, this one stays done and the migration recorded, " in message
    assert "and the next revert stops here, for it is done already" in message
