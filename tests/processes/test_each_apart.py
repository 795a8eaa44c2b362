from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from glowplug.errors import (
    ConfigurationError,
    EnvironmentFailure,
    GlowplugError,
    LostConnection,
    MissingExtension,
    UnknownOutcome,
    UsageError,
)
from glowplug.processes import each_apart, try_each_apart
from glowplug.rehearsal.outcome import ChainDown, WayDown
from glowplug.schema.model import SchemaObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Tell = Callable[[Any], None]


def test_answers_come_in_order_and_what_is_told_with_its_number() -> None:
    def task(number: int) -> Callable[[Tell], tuple[int, int]]:
        def run(tell: Tell) -> tuple[int, int]:
            tell(f"at {number}")
            time.sleep(0.02 * (3 - number))
            return number, os.getpid()

        return run

    heard: list[tuple[int, str]] = []
    answers = each_apart([task(n) for n in range(3)], at_once=2, hear=lambda number, said: heard.append((number, said)))
    assert [number for number, _ in answers] == [0, 1, 2]
    assert len({pid for _, pid in answers} | {os.getpid()}) == 4
    assert sorted(heard) == [(0, "at 0"), (1, "at 1"), (2, "at 2")]


def test_the_last_may_begin_first_and_answers_come_in_order_still() -> None:
    def task(number: int) -> Callable[[Tell], int]:
        def run(tell: Tell) -> int:
            tell(time.monotonic())
            if number == 1:
                raise UsageError("no")
            return number

        return run

    heard: list[int] = []
    ended = try_each_apart(
        [task(n) for n in range(3)], at_once=1, hear=lambda number, _said: heard.append(number), last_first=True
    )
    assert heard == [2, 1, 0]
    assert [one.value for one in ended] == [0, None]
    with pytest.raises(UsageError):
        ended[1]()


def test_what_one_raises_is_raised_with_its_trace_and_ends_the_others(tmp_path: Path) -> None:
    def fail(_tell: Tell) -> None:
        raise ValueError("a bug")

    def wait(_tell: Tell) -> None:
        time.sleep(60)
        (tmp_path / "late").touch()

    began = time.monotonic()
    with pytest.raises(RuntimeError, match=r"(?s)in fail.*ValueError: a bug"):
        each_apart([fail, wait], at_once=2, hear=lambda _number, _said: None)
    assert time.monotonic() - began < 40
    assert not (tmp_path / "late").exists()


@pytest.mark.parametrize(
    "error",
    [
        UsageError("a", advice="b"),
        ConfigurationError("a", file=Path("glowplug.toml"), line=3, advice="b"),
        MissingExtension("a", line=3),
        UnknownOutcome("a"),
        LostConnection("a"),
        LostConnection("a", advice=None),
    ],
)
def test_what_glowplug_raises_on_purpose_is_raised_as_it_is(error: GlowplugError) -> None:
    def fail(_tell: Tell) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        each_apart([fail], at_once=1, hear=lambda _number, _said: None)
    assert type(raised.value) is type(error)
    assert vars(raised.value) == vars(error)


@pytest.mark.parametrize("first_fails", [True, False])
def test_of_several_that_raise_the_first_counts_whichever_was_quicker(tmp_path: Path, *, first_fails: bool) -> None:
    def fail(number: int, after: float) -> Callable[[Tell], None]:
        def run(_tell: Tell) -> None:
            time.sleep(after)
            if first_fails or number:
                raise UsageError(str(number))

        return run

    def wait(_tell: Tell) -> None:
        time.sleep(60)
        (tmp_path / "late").touch()

    tasks = [fail(0, 0.5), fail(1, 0.0), wait, wait]
    began = time.monotonic()
    with pytest.raises(UsageError, match=r"\A0\Z" if first_fails else r"\A1\Z"):
        each_apart(tasks, at_once=3, hear=lambda _number, _said: None)
    assert time.monotonic() - began < 40
    assert not (tmp_path / "late").exists()


def test_a_process_that_dies_is_no_answer() -> None:
    def die(_tell: Tell) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(EnvironmentFailure, match="without an answer"):
        each_apart([die], at_once=1, hear=lambda _number, _said: None)


def test_a_process_that_can_not_be_made_ends_those_that_were(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fork, made = os.fork, []

    def full() -> int:
        if made:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        made.append(fork())
        return made[-1]

    def wait(_tell: Tell) -> None:
        time.sleep(60)
        (tmp_path / "late").touch()

    monkeypatch.setattr(os, "fork", full)
    began = time.monotonic()
    with pytest.raises(EnvironmentFailure, match="no more processes") as raised:
        each_apart([wait, wait], at_once=2, hear=lambda _number, _said: None)
    assert "--jobs 1" in (raised.value.advice or "")
    assert time.monotonic() - began < 40
    assert not psutil.pid_exists(made[0])
    assert not (tmp_path / "late").exists()


def test_what_a_report_holds_of_a_schema_comes_back_as_it_was() -> None:
    table = SchemaObject(kind="table", name="public.p", properties=MappingProxyType({"persistence": "permanent"}))
    down = ChainDown(outcome=WayDown.COMPLETE, reverted=1, left=(table,))
    (answer,) = each_apart([lambda _tell: down], at_once=1, hear=lambda _number, _said: None)
    assert answer == down
    assert type(answer.left[0].properties) is MappingProxyType


@pytest.mark.parametrize("way", ["returned", "told", "raised"])
def test_what_cannot_be_sent_is_a_bug_with_its_trace(way: str) -> None:
    def answer(tell: Tell) -> object:
        lock = threading.Lock()
        if way == "told":
            tell(lock)
        if way == "raised":
            error = UsageError("a")
            error.advice = lock  # type: ignore[assignment]
            raise error
        return lock

    with pytest.raises(RuntimeError, match=r"(?s)\ATraceback.*pickle.*lock"):
        each_apart([answer], at_once=1, hear=lambda _number, _said: None)


def test_a_process_that_dies_within_its_answer_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(self: Connection, buffer: bytes) -> None:
        os.write(self.fileno(), len(buffer).to_bytes(4) + bytes(buffer[:3]))
        os._exit(0)

    monkeypatch.setattr(Connection, "_send_bytes", half)
    with pytest.raises(EnvironmentFailure, match="without an answer"):
        each_apart([lambda _tell: "long enough"], at_once=1, hear=lambda _number, _said: None)


PARENT = """
import os, sys, time
from pathlib import Path
from glowplug.processes import each_apart, try_each_apart

def slow(tell):
    try:
        tell(1)
        time.sleep(60)
    finally:
        Path(sys.argv[1], str(os.getpid())).touch()

def interrupt(*_):
    raise KeyboardInterrupt

import signal
signal.signal(signal.SIGTERM, interrupt)
each_apart([slow, slow], at_once=2, hear=lambda number, said: print(number, flush=True))
"""


def test_a_signal_ends_the_children_which_clean_up(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert child.stdout is not None
    assert {child.stdout.readline(), child.stdout.readline()} == {"0\n", "1\n"}
    child.send_signal(signal.SIGTERM)
    assert child.wait(20) != 0
    assert len(list(tmp_path.iterdir())) == 2
    child.stdout.close()


def test_children_whose_parent_is_killed_end_and_clean_up(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert child.stdout is not None
    assert {child.stdout.readline(), child.stdout.readline()} == {"0\n", "1\n"}
    children = psutil.Process(child.pid).children()
    child.kill()
    child.wait()
    child.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert {path.name for path in tmp_path.iterdir()} == {str(each.pid) for each in children}
    assert len(children) == 2


@pytest.mark.parametrize(("chains", "migrations", "sessions"), [(2, 1, 2), (1, 9, 2), (2, 9, 4)])
@pytest.mark.parametrize("signalled", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.postgres
def test_a_check_that_is_killed_leaves_no_server_at_work(
    signalled: signal.Signals, chains: int, migrations: int, sessions: int, tmp_path: Path
) -> None:
    for chain in range(chains):
        for number in range(migrations):
            directory = tmp_path / f"chain{chain}" / f"2024010100000{number}_m"
            directory.mkdir(parents=True)
            (directory / "up.sql").write_text("SELECT pg_sleep(60);" if number in {0, migrations - 1} else "SELECT 1;")
            (directory / "down.sql").write_text("SELECT 1;")
    tables = (f'[[chain]]\nmigrations = "chain{chain}"\nbackend = "postgres"\n' for chain in range(chains))
    (tmp_path / "glowplug.toml").write_text("".join(tables))
    command = [sys.executable, "-m", "glowplug", "check", "--base", "none", "--jobs", str(sessions)]
    environment = os.environ | {"GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        process, deadline = psutil.Process(run.pid), time.monotonic() + 60
        used: list[int] = []
        while len(used) < sessions or len(set(used)) < chains:
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.1)
            everything = process.children(recursive=True)
            used = [server for each in everything for server in _server_that_is_used(each)]
        run.send_signal(signalled)
    _, alive = psutil.wait_procs(everything, timeout=8)
    assert alive == []


@pytest.mark.postgres
def test_two_chains_answer_at_once_what_they_answer_one_by_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        directory = tmp_path / name / "20240101000000_m"
        directory.mkdir(parents=True)
        (directory / "up.sql").write_text("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int REFERENCES p);")
        (directory / "down.sql").write_text("DROP TABLE t;")
    chains = "".join(f'[[chain]]\nmigrations = "{name}"\nbackend = "postgres"\n' for name in ("one", "two"))
    (tmp_path / "glowplug.toml").write_text(chains)
    command = [sys.executable, "-m", "glowplug", "check", "--base", "none", "--no-cache", "--format", "json"]
    found = []
    for jobs in ("1", "2"):
        run = subprocess.run([*command, "--jobs", jobs], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 1, run.stdout
        document = json.loads(run.stdout)
        assert document["error"] is None
        found.append([(chain["chain_down"], chain["findings"]) for chain in document["chains"]])
    assert found[0] == found[1]
    assert [down["left"] for down, _ in found[0]] == [found[0][0][0]["left"]] * 2 != [[]] * 2


def _server_that_is_used(process: psutil.Process) -> Iterator[int]:
    """Give the server's process where this one serves the migrations' role."""
    with contextlib.suppress(psutil.Error):
        title = " ".join(process.cmdline())
        if title.startswith("postgres: glowplug_") and "administrator" not in title:
            yield process.ppid()
