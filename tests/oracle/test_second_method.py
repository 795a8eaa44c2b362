"""glowplug's verdicts on downs agree with a second method that shares no code with it (``judge.py`` beside this)."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).parents[2]
JUDGE = Path(__file__).parent / "judge.py"
CHAINS = 20  # generated ones, each with
LENGTH = 8  # migrations


def compare(project: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(JUDGE), str(project), "--json"], check=False, capture_output=True, text=True, timeout=600
    )
    if done.returncode == 3:
        pytest.skip(done.stderr.strip())
    assert done.stdout, done.stderr
    return list(json.loads(done.stdout))


@pytest.mark.parametrize(
    "example",
    [
        pytest.param("ledgerbook", marks=pytest.mark.sqlite),
        pytest.param("bookshop", marks=pytest.mark.postgres),
        pytest.param("inventory", marks=pytest.mark.mysql),
    ],
)
def test_the_examples(example: str) -> None:
    (result,) = compare(CHECKOUT / "examples" / example)
    assert result["parted"] == []
    assert result["agreed"]["restored"] > 3
    assert result["agreed"]["differs"] > 0


Pair = tuple[str, str]


def table(number: int, choice: random.Random) -> Pair:
    kind = choice.choice(["INTEGER", "INT", "TEXT", "VARCHAR(20)"])
    columns = f"id INTEGER PRIMARY KEY, a {kind} NOT NULL DEFAULT 7, b TEXT, c INTEGER CHECK (c > 0)"
    up = f"CREATE TABLE t{number} ({columns});"
    down = choice.choice(
        [f"DROP TABLE t{number};"] * 3 + [f"DROP TABLE IF EXISTS u{number};", f"DROP TABLE u{number};"]
    )
    return f"{up}\nINSERT INTO t{number} (a, b, c) VALUES (1, 'x', 1);", down


def index(number: int, choice: random.Random) -> Pair:
    first = choice.choice(["a", "b DESC", "lower(b)", "a, b"])
    down = choice.choice([f"DROP INDEX i{number};"] * 3 + ["SELECT 1;", "-- later"])
    return f"CREATE INDEX i{number} ON t0 ({first});", down


def column(number: int, choice: random.Random) -> Pair:
    down = choice.choice(
        [f"ALTER TABLE t0 DROP COLUMN c{number};"] * 2 + ["", f"ALTER TABLE t0 DROP COLUMN d{number};"]
    )
    default = choice.choice(["1", "'x'", "NULL"])
    return f"ALTER TABLE t0 ADD COLUMN c{number} INTEGER DEFAULT {default};", down


def dropped(number: int, choice: random.Random) -> Pair:
    name = f"d{number}"
    definition = choice.choice(["INTEGER DEFAULT 3", "TEXT COLLATE NOCASE", "INTEGER NOT NULL DEFAULT 0"])
    again = choice.choice(
        [definition, definition.replace("INTEGER", "INT"), definition.split(" ")[0], f"{definition} "]
    )
    table = f"CREATE TABLE p{number} (id INTEGER PRIMARY KEY, {name} {definition});"
    return (
        f"{table} ALTER TABLE p{number} DROP COLUMN {name};",
        choice.choice([f"DROP TABLE p{number};", f"ALTER TABLE p{number} ADD COLUMN {name} {again};"]),
    )


def rebuild(number: int, choice: random.Random) -> Pair:
    columns = ["id INTEGER PRIMARY KEY", "a TEXT", "b TEXT"]
    before = f"CREATE TABLE r{number} ({', '.join(columns)});"
    shuffled = choice.sample(columns[1:], 2)
    kept = choice.choice(["", " NOT NULL"])
    back = f"""
    CREATE TABLE "new" ({columns[0]},
      {shuffled[0]},  -- rebuilt
      {shuffled[1]}{kept});
    INSERT INTO new (id, a, b) SELECT id, a, b FROM r{number};
    DROP TABLE r{number};
    ALTER TABLE "new" RENAME TO [r{number}];
    """
    return before + back, choice.choice([f"DROP TABLE r{number};", back + f"DROP TABLE r{number};", back])


def trigger(number: int, choice: random.Random) -> Pair:
    up = f"CREATE TRIGGER g{number} AFTER INSERT ON t0 BEGIN UPDATE t0 SET a = a + 1; SELECT 1; END;"
    return up, choice.choice([f"DROP TRIGGER g{number};"] * 2 + [f"DROP TRIGGER g{number}; {up.replace('+ 1', '+ 2')}"])


def view(number: int, choice: random.Random) -> Pair:
    up = f"CREATE VIEW v{number} AS SELECT a, 'It''s' AS b FROM t0 WHERE a > {number};"
    again = up.replace(" AS SELECT", "\nAS\n  SELECT").replace(
        "FROM t0", choice.choice(["FROM t0", "FROM\tt0", "FROM t0 AS t0"])
    )
    return up, choice.choice(
        [f"DROP VIEW v{number};", f"DROP VIEW v{number}; {again} DROP VIEW v{number};", f"-- {up}"]
    )


def setting(number: int, choice: random.Random) -> Pair:
    return f"PRAGMA user_version = {number};", choice.choice(["SELECT 1;", f"PRAGMA user_version = {number - 1};"])


KINDS: tuple[Callable[[int, random.Random], Pair], ...] = (
    *(table, index, column, dropped, rebuild, trigger, view, setting),
)


def write_chain(project: Path, choice: random.Random) -> None:
    pairs = [("CREATE TABLE t0 (id INTEGER PRIMARY KEY, a INTEGER, b TEXT);", "DROP TABLE t0;")]
    pairs += [choice.choice(KINDS)(number, choice) for number in range(1, LENGTH)]
    for number, (up, down) in enumerate(pairs):
        directory = project / "migrations" / f"2026-01-{number + 1:02}-000000_m{number}"
        directory.mkdir(parents=True)
        (directory / "up.sql").write_text(up, encoding="utf-8")
        if choice.random() < 0.95:
            (directory / "down.sql").write_text(down, encoding="utf-8")
        if choice.random() < 0.2:
            transaction = choice.choice(["run_in_transaction = false\n", "run_in_transaction = true\n", ""])
            (directory / "metadata.toml").write_text(transaction, encoding="utf-8")
    (project / "glowplug.toml").write_text(
        '[[chain]]\nmigrations = "migrations"\nbackend = "sqlite"\n', encoding="utf-8"
    )


@pytest.mark.sqlite
@pytest.mark.full
@pytest.mark.parametrize("seed", range(CHAINS))
def test_generated_chains(tmp_path: Path, seed: int) -> None:
    write_chain(tmp_path, random.Random(seed))
    (result,) = compare(tmp_path)
    assert result["parted"] == []
    assert sum(result["agreed"].values()) == LENGTH + 1  # and the way down


@pytest.mark.sqlite
def test_a_disagreement_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail: here glowplug is another program, and says of everything that it differs."""
    write_chain(tmp_path, random.Random(3))
    impostor = tmp_path / "impostor" / "glowplug"
    impostor.mkdir(parents=True)
    names = sorted(path.name for path in (tmp_path / "migrations").iterdir())
    trips = [{"name": name, "round_trip": {"outcome": "differs", "differences": [], "error": None}} for name in names]
    chain: dict[str, Any] = {"directory": "migrations", "backend": "sqlite", "scratch": None, "migrations": trips}
    chain["chain_down"] = {"outcome": "skipped", "failed_at": None, "error": None}
    (impostor / "__init__.py").touch()
    (impostor / "__main__.py").write_text(f"print({json.dumps({'chains': [chain]})!r})", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(impostor.parent))
    (result,) = compare(tmp_path)
    assert result["parted"] != []
