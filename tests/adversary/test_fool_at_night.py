"""What a careless hand does to the command line: closed streams, full disks, secrets as arguments, absurd numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .project import checked, glowplug, write

pytestmark = pytest.mark.sqlite

GOOD = ("CREATE TABLE a (p INT);", "DROP TABLE a;")
BAD = ("CREATE TABLE b (p INT);", "SELECT 1;")
CHECK = (sys.executable, "-m", "glowplug", "check")


@pytest.mark.parametrize(
    ("stream", "migration", "code"),
    [("<&-", GOOD, 0), (">&-", GOOD, 0), ("2>&-", BAD, 1), (">&- 2>&-", BAD, 1)],
)
def test_a_closed_stream_changes_no_answer(tmp_path: Path, stream: str, migration: tuple[str, str], code: int) -> None:
    write(tmp_path, "sqlite", [migration])
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$@" {stream}', "sh", *CHECK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_changes_no_answer(tmp_path: Path) -> None:
    write(tmp_path, "sqlite", [(f"CREATE TABLE a{number} (p INT);", f"DROP TABLE a{number};") for number in range(150)])
    command = [*CHECK, "--format", "json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_that_cannot_be_written_is_no_verdict(tmp_path: Path, form: str) -> None:
    write(tmp_path, "sqlite", [GOOD])
    with Path("/dev/full").open("w") as full:
        command = [*CHECK, "--format", form]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "can't be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("postgres://u:s3cret@h/db",),
        ("--base", "mysql://u:s3cret@h/db"),
        ("--since", "postgresql://u:s3cret@h/db"),
        ("--format", "json", "postgres://u:s3cret@h/db"),
    ],
)
def test_a_url_as_an_argument_is_refused_and_not_repeated(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = glowplug("check", *arguments, where=write(tmp_path, "sqlite", [GOOD]))
    assert done.returncode == 2
    assert "s3cret" not in done.stdout + done.stderr
    assert "a URL is no argument" in done.stdout


@pytest.mark.parametrize("url", ["mysql://u:s3cr/et@h/db", "mysql://u:s3cr#et@h/db", "mysql://u:s3cr?et@h/db"])
def test_a_url_that_is_none_gives_nothing_of_its_password_away(tmp_path: Path, url: str) -> None:
    write(tmp_path, "mysql", [GOOD])
    code, chain = checked(tmp_path, "-v", GLOWPLUG_SCRATCH_URL_MYSQL=url)
    assert code == 2
    assert "s3cr" not in json.dumps(chain)


@pytest.mark.parametrize("time", ["1e300", "25h", "nan", "0"])
def test_a_statement_timeout_that_is_none(tmp_path: Path, time: str) -> None:
    done = glowplug("check", f"--statement-timeout={time}", where=write(tmp_path, "sqlite", [GOOD]))
    assert done.returncode == 2
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("size", "why"),
    [
        ("99999999999999999999999999", "is no size"),
        ("'99999999999 GiB'", "is no size"),
        ("'lots'", "is no size"),
        ("-1", "is no size"),
        ("2", "say 64 MiB or more"),
        ("'1 MiB'", "say 64 MiB or more"),
        ("'63.9 MiB'", "say 64 MiB or more"),
    ],
)
def test_a_size_limit_that_is_none(tmp_path: Path, size: str, why: str) -> None:
    root = write(tmp_path, "sqlite", [GOOD], f"[scratch]\nfetch = false\nsize_limit = {size}\n")
    done = glowplug("check", "--format", "json", where=root)
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert (error["file"], error["line"]) == ("glowplug.toml", 3)
    assert why in error["message"]


@pytest.mark.parametrize("size", ["'64 MiB'", "67108864"])
def test_the_least_size_limit_will_do(tmp_path: Path, size: str) -> None:
    code, _ = checked(write(tmp_path, "sqlite", [GOOD], f"[scratch]\nsize_limit = {size}\n"))
    assert code == 0


def test_thousands_of_allowed_findings_take_no_thousand_parses(tmp_path: Path) -> None:
    allowed = '[[allow]]\nrule = "up-fails"\nbecause = "x"\n' * 3000
    code, chain = checked(write(tmp_path, "sqlite", [GOOD], allowed))
    assert code == 0
    lines = [finding["line"] for finding in chain["findings"] if finding["rule"] == "allow-unneeded"]
    assert lines == [1 + 3 * number for number in range(3000)]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("glowplug.toml", '[[chain]]\nbackend = "sqlite"\nmigrations = "{}"\n'),
        ("diesel.toml", '[migrations_directory]\ndir = "{}"\n'),
        (".env", "MIGRATION_DIRECTORY={}\n"),
    ],
)
def test_a_directory_with_a_name_that_no_system_has(tmp_path: Path, file: str, text: str) -> None:
    write(tmp_path, "sqlite", [GOOD])
    (tmp_path / file).write_text(text.format("x" * 5000))
    done = glowplug("check", where=tmp_path)
    assert done.returncode == 2
    assert done.stderr == ""


def test_what_a_migration_says_is_no_command_of_a_runner(tmp_path: Path) -> None:
    hostile = "\n::error::x\n##vso[task.setvariable variable=x]y\n##[error]z\n##teamcity[message text='x']"
    up = f'CREATE TABLE "a{hostile}" (p INT);'
    write(tmp_path, "sqlite", [(up, "SELECT 1;"), ("SELECT * FROM nowhere;", "SELECT 1;")])
    for form in ("text", "json"):
        done = glowplug("check", "--format", form, where=tmp_path)
        assert done.returncode == 1
        for line in (done.stdout + done.stderr).splitlines():
            assert not line.lstrip().startswith("::")
            for command in ("##vso[", "##[", "##teamcity["):
                assert command not in line


def test_nothing_is_left_of_a_run_in_a_directory_with_an_odd_name(tmp_path: Path) -> None:
    home = tmp_path / "ü x'\"$(touch y)"
    home.mkdir()
    temporary = tmp_path / "t"
    temporary.mkdir(mode=0o777)
    temporary.chmod(0o1777)
    code, _ = checked(write(home, "sqlite", [GOOD]), TMPDIR=str(temporary))
    assert code == 0
    assert os.listdir(temporary) == []  # noqa: PTH208 - names alone


@pytest.mark.mysql
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through the eyes of another user")
def test_a_path_that_leads_through_a_closed_directory(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "mariadbd").mkdir()
    look = (
        "import os, sys; from pathlib import Path; from glowplug.scratch.mysql.source import find_all;"
        "os.setgid(65534); os.setuid(65534); list(find_all({'PATH': sys.argv[1]}, Path('/nowhere')))"
    )
    as_ourselves = look.replace("os.setgid(65534); os.setuid(65534);", "")
    for user in (look, as_ourselves):
        done = subprocess.run([sys.executable, "-c", user, str(closed)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("scheme", ["postgres", "mysql"])
@pytest.mark.parametrize(
    "rest", ["://u:s3cr/et@h/db", "://u:12/s3cret@h/db", "://u:s3cr#et@h/db", ":s3cret", "://u:s3cr?et@h"]
)
def test_no_part_of_a_password_is_repeated(tmp_path: Path, scheme: str, rest: str) -> None:
    where = write(tmp_path, scheme, [("SELECT 1;", "SELECT 1;")])
    done = glowplug("check", where=where, **{f"GLOWPLUG_SCRATCH_URL_{scheme.upper()}": scheme + rest})
    assert done.returncode == 2
    assert "s3cr" not in done.stdout + done.stderr
