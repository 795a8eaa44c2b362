"""Generated layouts: the diesel command and glowplug do the same with each.

Without GLOWPLUG_FULL a seeded tenth of them; a failure's listing says how to run its layout again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect

from .comparison import Bench, chain_of, of_diesel, of_glowplug, report
from .layouts import generate

if TYPE_CHECKING:
    from pathlib import Path

    from _pytest.mark.structures import ParameterSet

    from .benches import MysqlBench, PostgresBench, SqliteBench

pytestmark = [pytest.mark.diesel, pytest.mark.full]


def _numbers(dialect: Dialect, count: int) -> list[ParameterSet]:
    return [pytest.param(seed, id=f"{dialect.value}-{seed:05}") for seed in range(count)]


def _compare(dialect: Dialect, seed: int, diesel: Path, directory: Path, bench: Bench) -> None:
    layout = generate(dialect, seed)
    migrations = layout.write(directory)
    each = seed % 2 == 1
    with bench.for_diesel() as place:
        theirs = of_diesel(diesel, migrations, place, each=each)
    ours = of_glowplug(chain_of(directory, layout), bench, each=each)
    if found := report(layout, theirs, ours):
        pytest.fail(found, pytrace=False)


@pytest.mark.sqlite
@pytest.mark.parametrize("seed", _numbers(Dialect.SQLITE, 1300))
def test_sqlite(seed: int, diesel: Path, tmp_path: Path, sqlite: SqliteBench) -> None:
    _compare(Dialect.SQLITE, seed, diesel, tmp_path, sqlite)


@pytest.mark.postgres
@pytest.mark.parametrize("seed", _numbers(Dialect.POSTGRES, 450))
def test_postgres(seed: int, diesel: Path, tmp_path: Path, postgres: PostgresBench) -> None:
    _compare(Dialect.POSTGRES, seed, diesel, tmp_path, postgres)


@pytest.mark.mysql
@pytest.mark.parametrize("seed", _numbers(Dialect.MYSQL, 350))
def test_mysql(seed: int, diesel: Path, tmp_path: Path, mysql: MysqlBench) -> None:
    _compare(Dialect.MYSQL, seed, diesel, tmp_path, mysql)
