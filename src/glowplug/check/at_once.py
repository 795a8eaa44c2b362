"""Several chains at once, each in a process of its own: they share nothing but the machine.

Processes, not threads: the readers of SQL and of catalogues are Python's own, and a process can be ended whatever it
waits for. A child is a copy of this one, made before any driver is loaded; what it found comes back by a pipe.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import traceback
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.process import BaseProcess

ResultT = TypeVar("ResultT")

_PATIENCE = 30.0
"""Seconds that a child has to stop its server once it was told to end."""


def can_be_at_once() -> bool:
    """Whether this system can copy the process: Linux and macOS can."""
    return "fork" in multiprocessing.get_all_start_methods()


def each_apart(
    tasks: Sequence[Callable[[Callable[[Any], None]], ResultT]], *, at_once: int, hear: Callable[[int, Any], None]
) -> list[ResultT]:
    """Run every task in a process of its own, ``at_once`` of them at a time, and give what they return, in order.

    A task is called with what it may tell on its way, which ``hear`` gets with the task's number, in this process.
    An exception here (a signal's) ends all of them, and waits until they have cleaned up.

    Raises:
        EnvironmentFailure: a process ended without an answer.
        RuntimeError: a task raised, with its trace.
    """
    waiting = list(enumerate(tasks))[::-1]
    running: dict[Connection, _Child[ResultT]] = {}
    results: dict[int, ResultT] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                child = _Child(*waiting.pop())
                running[child.pipe] = child
            ready = wait(list(running))
            for child in [child for pipe, child in running.items() if pipe in ready]:
                kind, value = child.receive()
                if kind == "told":
                    hear(child.number, value)
                    continue
                child.end()
                del running[child.pipe]
                if kind == "raised":
                    raise RuntimeError(value)
                results[child.number] = value
    finally:
        for child in running.values():
            child.stop()
        for child in running.values():
            child.end()
    return [results[number] for number in range(len(tasks))]


class _Child(Generic[ResultT]):
    def __init__(self, number: int, task: Callable[[Callable[[Any], None]], ResultT]) -> None:
        self.number = number
        context = multiprocessing.get_context("fork")
        self.pipe, other = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(target=_run, args=(task, other), name=f"glowplug-chain-{number}")
        self._process.start()
        other.close()

    def receive(self) -> tuple[str, Any]:
        try:
            message: tuple[str, Any] = self.pipe.recv()
        except EOFError as error:
            raise EnvironmentFailure("a process that checks one of the chains ended without an answer") from error
        return message

    def stop(self) -> None:
        self._process.terminate()

    def end(self) -> None:
        """Wait for its end, and force it if it takes too long."""
        self.pipe.close()
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _run(task: Callable[[Callable[[Any], None]], Any], pipe: Connection) -> None:
    """Do the task in the child, which ends here whatever happens: nothing of the parent's own way out is gone."""
    try:
        try:
            answer = ("returned", task(lambda said: pipe.send(("told", said))))
        except Exception:  # noqa: BLE001 - the parent raises it
            answer = ("raised", traceback.format_exc())
        with contextlib.suppress(BrokenPipeError):
            pipe.send(answer)
    finally:
        os._exit(0)
