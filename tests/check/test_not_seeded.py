"""What is not seeded is told where that stands which gives no rows: a seed file, an entry of glowplug.toml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from glowplug.check import faults
from glowplug.check.not_seeded import not_seeded
from glowplug.check.settings import Settings
from glowplug.dialect import Dialect
from glowplug.finding import Place, Severity
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings, Configuration
from glowplug.rehearsal.measured import Data, DataOutcome, Measurement, NotSeeded

if TYPE_CHECKING:
    from pathlib import Path

MIGRATION = Migration(version="7", name="7_m", path="migrations/7_m", up=b"", down=b"")
CHAIN = Chain(directory="migrations", dialect=Dialect.POSTGRES, migrations=(MIGRATION,), settings=ChainSettings())
SILENT = Settings.of(Configuration())
TABLE = NotSeeded(table="public.geo", why="no value of its type")
SEED = NotSeeded(table="seeds/a.sql", why="no such table", line=3)

FILES = {
    "1_a": ("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);", "DROP TABLE users;"),
    "2_b": ("CREATE INDEX i ON users (email);", "DROP INDEX i;"),
}
TOML = """\
[[chain]]
migrations = "migrations"
backend = "sqlite"

[[data.table]]
table = "users"
rows = [
  { id = 1, email = "a" },
  { id = 2, emial = "b" },
]
"""


def measurement(*items: NotSeeded, ran: tuple[str, ...] = ()) -> Measurement:
    data = Data(outcome=DataOutcome.LOSSLESS, seeded=1, not_seeded=items, seeds_ran=ran)
    return Measurement(observed=None, observed_down=None, data=data)


def test_tables_without_rows_are_told_once_for_the_chain() -> None:
    (finding,) = not_seeded(CHAIN, [measurement(TABLE, SEED), measurement(TABLE, ran=("seeds/a.sql",))], SILENT)
    assert (finding.rule, finding.severity) == (faults.NOT_SEEDED.rule, Severity.NOTICE)
    assert finding.place == Place(file="migrations")
    assert finding.message.splitlines()[1:] == ["public.geo: no value of its type"]
    assert list(not_seeded(CHAIN, [measurement()], SILENT)) == []


def test_a_seed_file_that_never_runs_is_told_at_its_line() -> None:
    other = NotSeeded(table="seeds/b.sql", why="no such column", line=5)
    first, second = not_seeded(CHAIN, [measurement(SEED, other), measurement(SEED)], SILENT)
    assert (first.place, first.severity) == (Place(file="seeds/a.sql", line=3), Severity.WARNING)
    assert first.message.endswith(": no such table")
    assert second.place == Place(file="seeds/b.sql", line=5)


def test_a_table_with_an_entry_is_told_there_and_one_that_is_to_be_skipped_is_not() -> None:
    text = '[[data.table]]\ntable = "x"\nskip = true\nbecause = "y"\n[[data.table]]\ntable = "geo"\nrows = [{a = 1}]\n'
    settings = Settings.of(Configuration.parse(text.encode()))
    skipped = NotSeeded(table="public.x", why="glowplug.toml skips it: y")
    first, second = not_seeded(CHAIN, [measurement(TABLE, skipped)], settings)
    assert (first.place, first.message.splitlines()[1:]) == (
        Place(file="migrations"),
        ["public.x: glowplug.toml skips it: y"],
    )
    assert second.place == Place(file="glowplug.toml", line=6)
    assert second.message.splitlines()[1:] == ["public.geo: no value of its type"]


@pytest.mark.sqlite
def test_a_column_that_is_misspelt_in_a_row_and_a_seed_with_an_error_are_told_with_file_and_line(
    tmp_path: Path,
) -> None:
    for name, (up, down) in FILES.items():
        own = tmp_path / "migrations" / name
        own.mkdir(parents=True)
        (own / "up.sql").write_text(up)
        (own / "down.sql").write_text(down)
    (tmp_path / "glowplug.toml").write_text(TOML)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.sql").write_text("-- first\n\nINSERT INTO users VALUE (7, 'x');\n")
    told = {(item["file"], item["line"]): item for item in found(tmp_path) if item["rule"] == "not-seeded"}
    assert list(told) == [("glowplug.toml", 6), ("seeds/a.sql", 3), ("glowplug.toml", 9)]
    assert "users: 1 of 2 rows: " in told["glowplug.toml", 6]["message"]
    assert told["glowplug.toml", 9]["message"] == (
        "[[data.table]] gives values to no column: users never has one that is called 'emial'; is 'email' meant?"
    )
    assert [item["severity"] for item in told.values()] == ["notice", "warning", "warning"]


def found(root: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "check", "--format", "json", str(root)],
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(root / ".cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    return [item for chain in json.loads(done.stdout)["chains"] for item in chain["findings"]]
