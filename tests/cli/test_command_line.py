from __future__ import annotations

import importlib
import os
import pkgutil
import re
import signal
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


def test_the_help_names_every_exit_code_that_the_readme_names(checkout: Path) -> None:
    readme = (checkout / "README.md").read_text("utf-8").partition("## Exit codes")[2].partition("\n## ")[0]
    codes = [code for row in re.findall(r"(?m)^\| ([\d, ]+) \|", readme) for code in row.split(", ")]
    assert codes == ["0", "1", "2", "3", "4", "129", "130", "143", "141"]
    shown = (
        glowplug.cli.cli.get_help(click.Context(glowplug.cli.cli)).partition("Exit codes:")[2].partition("Examples")[0]
    )
    assert re.findall(r"\b\d+\b", shown) == codes


def test_what_a_command_takes_and_does_nothing_with_its_help_does_not_promise() -> None:
    for name, command in commands().items():
        leaves = command.commands.values() if isinstance(command, click.Group) else [command]
        for leaf in leaves:
            options = {each.name: each for each in leaf.params if isinstance(each, click.Option)}
            shown = {each for each in ("verbose", "quiet", "color") if each in options and not options[each].hidden}
            if name in {"check", "lint"}:
                assert shown == {"verbose", "quiet", "color"}
            elif name != "completion":
                assert {"verbose", "quiet", "color"} <= options.keys()
                assert shown == ({"quiet"} if name in {"cache", "server"} else set())
            assert name in {"check", "lint"} or "migration's outcome" not in leaf.get_help(click.Context(leaf))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "glowplug", "completion", shell], capture_output=True, text=True, check=True
    )
    assert "_GLOWPLUG_COMPLETE" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_that_the_help_installs_is_there_afterwards(shell: str, tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "glowplug", "completion", "--help"], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.strip() for line in shown.splitlines()]
    index = next(index for index, line in enumerate(lines) if line.startswith(f"glowplug completion {shell} > "))
    commands = [lines[index - 1], lines[index].replace("glowplug", '"$PYTHON" -m glowplug', 1)]
    assert commands[0].startswith("mkdir -p ~/")
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "PYTHON": sys.executable, "SHELL": "/bin/sh"}
    subprocess.run(["/bin/sh", "-e", "-c", "\n".join(commands)], env=environment, check=True)
    (script,) = (file for file in home.rglob("*") if file.is_file())
    assert "_GLOWPLUG_COMPLETE" in script.read_text()


@pytest.mark.parametrize("arguments", [("rules",), ("rules", "--format", "json"), ("--help",), ("check", "--help")])
def test_who_reads_no_further_is_told_nothing_and_it_is_no_verdict(arguments: tuple[str, ...]) -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    try:
        command = [sys.executable, "-m", "glowplug", *arguments]
        done = subprocess.run(command, stdout=ours, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(ours)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("option", ["--jobs", "--rows"])
def test_what_is_no_number_is_called_so(option: str) -> None:
    command = [sys.executable, "-m", "glowplug", "check", option, "x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"Invalid value for '{option}': 'x' is not a valid whole number." in done.stderr


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


SECRET = "s3/cr@t?"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "{0}"),
        ("check", "{0}", "--format", "json"),
        ("check", ".", "{0}"),
        ("check", ".", "{0}", "--format", "json"),
        ("check", "--base", "{0}"),
        ("check", "--since", "{0}"),
        ("check", "--jobs", "{0}"),
        ("check", "--jobs", "{0}", "--format=json"),
        ("check", "--statement-timeout", "{0}"),
        ("check", "--{0}"),
        ("lint", "{0}"),
        ("lint", "--backend", "{0}", "x.sql"),
        ("explain", "{0}"),
        ("server", "install", "{0}"),
        ("server", "{0}"),
        ("{0}",),
    ],
)
@pytest.mark.parametrize(
    "url", [f"postgres://user:{SECRET}@host/db", f"mysql://host/db?user=u&password={SECRET}"], ids=["user", "parameter"]
)
def test_no_complaint_repeats_a_password(tmp_path: Path, arguments: tuple[str, ...], url: str) -> None:
    (tmp_path / "diesel.toml").write_text("", encoding="ascii")
    command = [sys.executable, "-m", "glowplug", *(each.format(url) for each in arguments)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert said.strip()
    assert not [part for part in SECRET.split("/") if part in said]


def signalled(*numbers: str) -> str:
    """A run that gets these signals, and has a bug then."""
    return (
        "import os, signal, glowplug.cli.check as check, glowplug.cli\n"
        "def planted(*_, **__):\n"
        f"    for number in {numbers!r}: os.kill(os.getpid(), getattr(signal, number))\n"
        "    raise TypeError('planted')\n"
        "check.find_project = planted\n"
        "glowplug.cli.main()\n"
    )


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_an_interruption_is_told(tmp_path: Path, number: str, code: int, form: str) -> None:
    """A document is there at the codes 0 to 4: this is no verdict, and none of them."""
    command = [sys.executable, "-c", signalled(number), "check", "--format", form]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.strip() == "glowplug: interrupted; what was running is stopped and removed"


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_import_is_not_torn(tmp_path: Path, number: str) -> None:
    """Another thread, which starts the server, would wait for its lock."""
    send = f"import os, signal\nos.kill(os.getpid(), signal.{number})\n"
    (tmp_path / "sends.py").write_text(f"{send}for _ in range(1000): pass\nprint('imported')\n")
    done = planted(tmp_path, "import sends, time; time.sleep(20)")
    assert (done.returncode, done.stdout) == (128 + getattr(signal, number), "imported\n")


def test_an_end_that_python_ignores_comes_again(tmp_path: Path) -> None:
    send = "import os, signal\nclass Sends:\n    def __del__(self): os.kill(os.getpid(), signal.SIGTERM)\n"
    (tmp_path / "sends.py").write_text(send)
    done = planted(tmp_path, "import sends, time; sends.Sends(); time.sleep(20)")
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "")
    assert done.stderr.strip() == "glowplug: interrupted; what was running is stopped and removed"


def planted(where: Path, code: str) -> subprocess.CompletedProcess[str]:
    """A run that comes to this code, in a directory whose modules it can import."""
    program = (
        "import sys, glowplug.cli.check as check, glowplug.cli\n"
        f"sys.path.insert(0, {str(where)!r})\n"
        "def planted(*_, **__):\n"
        f"    {code}\n"
        "    raise TypeError('planted')\n"
        "check.find_project = planted\n"
        "glowplug.cli.main()\n"
    )
    command = [sys.executable, "-c", program, "check"]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)


def test_under_nohup_a_terminal_that_is_gone_ends_nothing(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", sys.executable, "-c", signalled("SIGHUP"), "check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "planted" in done.stdout
