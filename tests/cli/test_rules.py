"""Rules on the command line: listed with their kind, and completed where one is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glowplug.check.allow import known_rules


def glowplug(*arguments: str, **environment: str) -> str:
    """Run the command by the name that completion scripts know it by."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("glowplug")), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_what_the_rehearsal_finds_is_listed_with_its_kind() -> None:
    text = glowplug("rules")
    (line,) = [line for line in text.splitlines() if line.startswith("rows-lost-by-down ")]
    assert line.split()[:5] == ["rows-lost-by-down", "rehearsal", "error", "data-loss", "129,130"]
    listed = json.loads(glowplug("rules", "--format", "json"))["rules"]
    assert [line.split()[0] for line in text.splitlines()] == [item["name"] for item in listed]
    assert {item["name"] for item in listed} == known_rules()
    (rule,) = [item for item in listed if item["name"] == "rows-lost-by-down"]
    assert rule == {
        "name": "rows-lost-by-down",
        "kind": "rehearsal",
        "harm": "data-loss",
        "severity": "error",
        "hazards": [129, 130],
        "dialects": [],
        "summary": "The up keeps the rows, and the down loses some of them.",
    }


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_a_rule_s_name(shell: str) -> None:
    words = {"COMP_WORDS": "glowplug explain down-", "COMP_CWORD": "down-" if shell == "fish" else "2"}
    told = glowplug(_GLOWPLUG_COMPLETE=f"{shell}_complete", **words)
    found = [word for line in told.splitlines() for word in line.split(",") if word.startswith("down-")]
    assert found == sorted(rule for rule in known_rules() if rule.startswith("down-"))
    assert {"down-fails", "down-is-missing"} <= set(found)


def test_without_a_letter_every_rule_is_offered() -> None:
    told = glowplug(_GLOWPLUG_COMPLETE="bash_complete", COMP_WORDS="glowplug explain ", COMP_CWORD="2")
    assert told.splitlines() == [f"plain,{rule}" for rule in sorted(known_rules())]
