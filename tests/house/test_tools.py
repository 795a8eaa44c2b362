from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

DOCUMENT = """# A page

<!-- output of: python -c "print('what it prints')" -->

```text
what it printed
```

```sh
untouched
```
"""


@pytest.fixture
def tool(checkout: Path) -> Callable[[str], ModuleType]:
    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, checkout / "tools" / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def test_a_marked_block_holds_what_its_command_prints(tool: Callable[[str], ModuleType]) -> None:
    after = tool("docs").with_outputs(DOCUMENT)
    assert after == DOCUMENT.replace("what it printed", "what it prints")
    assert tool("docs").with_outputs(after) == after


def test_a_command_that_fails_is_no_documentation(tool: Callable[[str], ModuleType]) -> None:
    failing = DOCUMENT.replace("print('what it prints')\"", "print('no'); raise SystemExit(1)\"")
    with pytest.raises(SystemExit, match="ended with 1, not 0"):
        tool("docs").with_outputs(failing)
    with pytest.raises(SystemExit, match="ended with 0, not 1"):
        tool("docs").with_outputs(DOCUMENT.replace(" -->", ", exit 1 -->"))
    assert "```text\nno\n```" in tool("docs").with_outputs(failing.replace(" -->", ", exit 1 -->"))


def test_times_and_the_scratch_servers_version_are_not_compared(
    tool: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text("migrations on PostgreSQL 18.6 (embedded; not said), 2.8 s", "utf-8")
    assert tool("docs").is_current(page, "migrations on PostgreSQL 17.11 (cache), 12.0 s")
    assert not tool("docs").is_current(page, "migration on PostgreSQL 18.6 (embedded; not said), 2.8 s")
    assert not tool("docs").is_current(tmp_path / "absent.md", "")


def test_an_out_of_date_page_fails_the_check_and_is_mended(
    tool: Callable[[str], ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    docs = tool("docs")
    page = tmp_path / "README.md"
    page.write_text(DOCUMENT, "utf-8")
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "GENERATED", {})
    outcomes = []
    for arguments in (["--check"], [], ["--check"]):
        monkeypatch.setattr(sys, "argv", ["docs.py", *arguments])
        outcomes.append(docs.main())
    assert outcomes == [1, 0, 0]
    assert "README.md is out of date" in capsys.readouterr().err


def test_the_demo_tells_missed_from_not_planted(
    tool: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = tool("demo")
    findings = [
        {"rule": "down-fails", "version": "1", "severity": "error", "suppressed": None},
        {"rule": "noise", "version": "1", "severity": "notice", "suppressed": None},
        {"rule": "way-down-leaves", "version": None, "severity": "warning", "suppressed": None},
    ]
    document = json.dumps({"chains": [{"findings": findings}]})

    def ended(code: int) -> Callable[..., subprocess.CompletedProcess[str]]:
        return lambda *_words, **_options: subprocess.CompletedProcess([], code, stdout=document)

    monkeypatch.setattr(demo, "check", ended(1))
    assert demo.differences("made-up", {("down-fails", "1"), ("way-down-leaves", None)}) == []
    assert demo.differences("made-up", {("down-fails", "1"), ("down-fails", "2")}) == [
        "missed: down-fails in 2",
        "not planted: way-down-leaves in the chain",
    ]
    monkeypatch.setattr(demo, "check", ended(3))
    assert demo.differences("made-up", set()) == ["glowplug check ended with 3"]


def test_the_demo_says_what_it_leaves_out(
    tool: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = tool("demo")
    monkeypatch.setattr(demo, "has_mysql", lambda: False)
    monkeypatch.setattr(demo, "differences", lambda _example, _wanted: [])
    monkeypatch.setattr(demo, "check", lambda example, **_options: print(f"checked {example}"))  # noqa: T201 - seen below
    assert demo.main() == 0
    said = capsys.readouterr().out
    assert "inventory is left out: no MariaDB or MySQL server" in said
    assert "checked inventory" not in said
    assert "checked bookshop" in said


def test_every_example_says_what_must_be_found_in_it(checkout: Path) -> None:
    examples = checkout / "examples"
    expected = tomllib.loads((examples / "expected.toml").read_text("utf-8"))
    assert set(expected) == {path.name for path in examples.iterdir() if path.is_dir()}


def test_the_lock_names_every_declared_dependency_with_hashes_and_no_index(checkout: Path) -> None:
    lock = (checkout / "requirements.txt").read_text("utf-8")
    pinned = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {line.replace("[", ">").partition(">")[0] for line in declared}
    assert names - pinned == set()
    assert "://" not in lock
    blocks = lock.split("\n    # via")
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


def test_the_readme_names_the_two_commands(checkout: Path) -> None:
    assert "```sh\nmake demo\nmake test\n```" in (checkout / "README.md").read_text("utf-8")


def test_the_tour_shows_what_is_seen_after_the_demo(checkout: Path) -> None:
    tour = (checkout / "README.md").read_text("utf-8").partition("\n## A tour\n")[2].partition("\n## ")[0]
    command = "glowplug check --base none --no-cache examples/bookshop"
    assert f"```sh\n.venv/bin/{command}\n```" in tour
    assert f"<!-- output of: {command}, exit 1 -->" in tour
