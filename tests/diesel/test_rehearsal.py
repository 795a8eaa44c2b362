"""The rehearsal's verdict on the way down, and on the first failing up, is what the diesel command comes to.

Between a rehearsal's ups lie excursions, down and up again: none of them may be seen in the outcome.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.errors import MissingExtension
from glowplug.rehearsal import Outcome, rehearse
from glowplug.rehearsal.outcome import WayDown
from glowplug.scratch import open_server

from .benches import request
from .comparison import Behaviour, chain_of, of_diesel
from .layouts import Layout, Node, generate
from .names import version_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _pytest.mark.structures import ParameterSet

    from glowplug.rehearsal import Rehearsal
    from glowplug.scratch.interface import Server

    from .benches import MysqlBench, PostgresBench, SqliteBench
    from .comparison import Bench

pytestmark = [pytest.mark.diesel, pytest.mark.full]

# The command prints no line for the version of all zeros, so that its lines can't be counted.
_LEFT_TO_THE_LAYOUTS = {"initial", "refused", "no-migration"}


def _seeds(dialect: Dialect, count: int) -> list[ParameterSet]:
    found: list[ParameterSet] = []
    seed = 0
    while len(found) < count:
        layout = generate(dialect, seed)
        if not layout.kinds & _LEFT_TO_THE_LAYOUTS:
            found.append(pytest.param(seed, id=f"{dialect.value}-{seed:05}"))
        seed += 1
    return found


def _told(rehearsal: Rehearsal) -> dict[str, object]:
    failed_up = [one.migration.version for one in rehearsal.round_trips if one.outcome is Outcome.UP_FAILED]
    down = rehearsal.chain_down
    return {
        "failing up": failed_up,
        "recorded": rehearsal.recorded,
        "way down failed": down.outcome is WayDown.FAILED,
        "failed at": down.failed_at,
        "reverted": down.reverted,
    }


def _expected(diesel: Behaviour) -> dict[str, object]:
    assert diesel.after_up is not None
    recorded = diesel.after_up.recorded
    downs = diesel.downs
    nameless = any("Unable to find migration version" in line for line in diesel.explanation)
    done = len(downs) - (diesel.down_failed and not nameless)
    return {
        "failing up": [version_of(name) for name in (*diesel.passed_by, *diesel.ups[-1:] * diesel.up_failed)],
        "recorded": recorded,
        "way down failed": diesel.down_failed,
        "failed at": recorded[done] if diesel.down_failed else None,
        "reverted": done,
    }


def _compare(layout: Layout, diesel: Path, directory: Path, bench: Bench, server: Server) -> None:
    migrations = layout.write(directory)
    chain = chain_of(directory, layout)
    if isinstance(chain, Behaviour):
        return
    with bench.for_diesel() as place:
        theirs = of_diesel(diesel, migrations, place, each=False, again=layout.dialect is not Dialect.MYSQL)
    try:
        ours = rehearse(chain, server, forward_only=False)
    except MissingExtension:
        return  # exit 3, whatever the command says
    told, expected = _told(ours), _expected(theirs)
    if "transaction open" in str(ours):
        return
    if told != expected:
        pytest.fail(f"\ndiesel   {expected}\nglowplug {told}\n{theirs.explanation}\n{layout.listing()}", pytrace=False)


@pytest.mark.sqlite
@pytest.mark.parametrize("seed", _seeds(Dialect.SQLITE, 300))
def test_sqlite(seed: int, diesel: Path, tmp_path: Path, sqlite: SqliteBench) -> None:
    with open_server(sqlite.request) as server:
        _compare(generate(Dialect.SQLITE, seed), diesel, tmp_path, sqlite, server)


@pytest.mark.postgres
@pytest.mark.parametrize("seed", _seeds(Dialect.POSTGRES, 100))
def test_postgres(seed: int, diesel: Path, tmp_path: Path, postgres: PostgresBench) -> None:
    _compare(generate(Dialect.POSTGRES, seed), diesel, tmp_path, postgres, postgres.server)


@pytest.mark.postgres
@pytest.mark.parametrize(("dropped", "made"), [("s.i", "a"), ("i", "s.b")])
def test_an_index_of_another_schema(
    dropped: str, made: str, diesel: Path, tmp_path: Path, postgres: PostgresBench
) -> None:
    files = {
        "1_a/up.sql": b"CREATE SCHEMA s; CREATE TABLE a (n int); CREATE TABLE s.b (n int);",
        "1_a/down.sql": b"DROP TABLE s.b, a; DROP SCHEMA s;",
        "2_b/up.sql": f"DROP INDEX CONCURRENTLY IF EXISTS {dropped};".encode(),
        "2_b/down.sql": f"CREATE INDEX CONCURRENTLY i ON {made} (n);".encode(),
        "2_b/metadata.toml": b"run_in_transaction = false",
    }
    nodes = tuple(Node(path=path, content=content) for path, content in files.items())
    layout = Layout(seed=0, dialect=Dialect.POSTGRES, nodes=nodes, kinds=frozenset())
    _compare(layout, diesel, tmp_path, postgres, postgres.server)


@pytest.fixture(scope="module")
def mysql_servers() -> Iterator[Server]:
    with open_server(request(Dialect.MYSQL, dict(os.environ))) as server:
        yield server


@pytest.mark.mysql
@pytest.mark.parametrize("seed", _seeds(Dialect.MYSQL, 100))
def test_mysql(seed: int, diesel: Path, tmp_path: Path, mysql: MysqlBench, mysql_servers: Server) -> None:
    _compare(generate(Dialect.MYSQL, seed), diesel, tmp_path, mysql, mysql_servers)
