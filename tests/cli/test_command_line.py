from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

import glowplug.cli
from glowplug.cli._index import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path


def commands() -> dict[str, click.Command]:
    names = [found.name for found in pkgutil.iter_modules(glowplug.cli.__path__) if not found.name.startswith("_")]
    return {name.replace("_", "-"): importlib.import_module(f"glowplug.cli.{name}").command for name in sorted(names)}


def test_the_index_is_what_the_commands_say_of_themselves() -> None:
    assert {
        name: (found.help or "").strip().splitlines()[0].lstrip("\b") for name, found in commands().items()
    } == COMMANDS


def test_every_command_shows_examples_and_can_be_told_how_much_to_say() -> None:
    for name, command in commands().items():
        leaves = command.commands.values() if isinstance(command, click.Group) else [command]
        for leaf in leaves:
            assert "Examples:" in (leaf.help or command.help or ""), name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "completion", shell], capture_output=True, text=True, check=True
    )
    assert "_GLOWPLUG_COMPLETE" in done.stdout


def test_a_bug_is_no_verdict(tmp_path: Path) -> None:
    script = (
        "import glowplug.cli.check as check, glowplug.cli\n"
        "def broken(*_, **__): raise TypeError('planted')\n"
        "check.find_project = broken\n"
        "glowplug.cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "check"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "glowplug itself failed: TypeError: planted" in done.stdout
    assert "Traceback" in done.stderr
