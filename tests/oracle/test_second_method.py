"""glowplug's verdicts on downs agree with a second method that shares no code with it (``judge.py`` beside this)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .chains import LENGTH, write_chain

CHECKOUT = Path(__file__).parents[2]
JUDGE = Path(__file__).parent / "judge.py"
CHAINS = {"sqlite": 20, "postgres": 100, "mysql": 10}
"""Of LENGTH migrations each: a thousand in all."""


def compare(project: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(JUDGE), str(project), "--json"], check=False, capture_output=True, text=True, timeout=600
    )
    if done.returncode == 3 and not os.environ.get("GLOWPLUG_REQUIRE"):
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


@pytest.mark.full
@pytest.mark.parametrize(
    ("backend", "seed"),
    [
        pytest.param(backend, seed, marks=getattr(pytest.mark, backend))
        for backend, count in CHAINS.items()
        for seed in range(count)
    ],
)
def test_generated_chains(tmp_path: Path, backend: str, seed: int) -> None:
    write_chain(tmp_path, random.Random(seed), backend)
    (result,) = compare(tmp_path)
    assert result["parted"] == []
    assert sum(result["agreed"].values()) == LENGTH + 1  # and the way down


@pytest.mark.sqlite
def test_a_disagreement_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail: here glowplug is another program, and says of everything that it differs."""
    write_chain(tmp_path, random.Random(3), "sqlite")
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
