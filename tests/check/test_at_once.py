from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from glowplug.check.at_once import each_apart
from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_what_one_raises_is_raised_with_its_trace_and_ends_the_others(tmp_path: Path) -> None:
    def fail(_tell: Tell) -> None:
        raise ValueError("a bug")

    def wait(_tell: Tell) -> None:
        time.sleep(30)
        (tmp_path / "late").touch()

    began = time.monotonic()
    with pytest.raises(RuntimeError, match=r"(?s)in fail.*ValueError: a bug"):
        each_apart([wait, fail], at_once=2, hear=lambda _number, _said: None)
    assert time.monotonic() - began < 20
    assert not (tmp_path / "late").exists()


def test_a_process_that_dies_is_no_answer() -> None:
    def die(_tell: Tell) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(EnvironmentFailure, match="without an answer"):
        each_apart([die], at_once=1, hear=lambda _number, _said: None)


PARENT = """
import os, sys, time
from pathlib import Path
from glowplug.check.at_once import each_apart

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
