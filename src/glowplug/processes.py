"""Tasks at once, each in a process of its own: chains, and the stretches of a long one.

Processes, not threads: the readers of SQL and of catalogues are Python's own, and a process can be ended whatever it
waits for. A child is a copy of this one, which knows all that this one does; what it found comes back by a pipe.
Another pipe ties it to this process: however that ends, its children end and clean up.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
import time
import traceback
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from glowplug.errors import EnvironmentFailure, GlowplugError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from multiprocessing.process import BaseProcess
    from types import FrameType

ResultT = TypeVar("ResultT")

_PATIENCE = 30.0
"""Seconds that a child has to stop its server once it was told to end."""


def _unchanging(content: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(content)


def _sent(mapping: Mapping[Any, Any]) -> tuple[Callable[[dict[Any, Any]], Mapping[Any, Any]], tuple[dict[Any, Any]]]:
    return _unchanging, (dict(mapping),)


ForkingPickler.register(MappingProxyType, _sent)  # as a Schema's objects hold, and pickle doesn't know


def can_be_at_once() -> bool:
    """Whether this system can copy the process: Linux and macOS can."""
    return "fork" in multiprocessing.get_all_start_methods()


def each_apart(
    tasks: Sequence[Callable[[Callable[[Any], None]], ResultT]], *, at_once: int, hear: Callable[[int, Any], None]
) -> list[ResultT]:
    """Run every task in a process of its own as ``try_each_apart`` does, and give what they return, in order.

    What a task raises is raised once those before it are done: of several the first's, as if one ran after the other.

    Raises:
        GlowplugError: a task raised it.
        EnvironmentFailure: a process ended without an answer, or could not be made.
        RuntimeError: a task raised something else, or what it returned can't be sent, with the trace.
    """
    outcomes = try_each_apart(tasks, at_once=at_once, hear=hear)
    return [outcome() for outcome in outcomes]


@dataclass(frozen=True, slots=True)
class Ended(Generic[ResultT]):
    """What became of a task: called, it gives what that returned, or raises what that raised."""

    value: ResultT | None
    error: Exception | None = None

    def __call__(self) -> ResultT:
        """Give it, or raise it."""
        if self.error is not None:
            raise self.error
        return cast("ResultT", self.value)


def try_each_apart(
    tasks: Sequence[Callable[[Callable[[Any], None]], ResultT]],
    *,
    at_once: int,
    hear: Callable[[int, Any], None],
    last_first: bool = False,
) -> list[Ended[ResultT]]:
    """Run every task in a process of its own, ``at_once`` of them at a time, and give what became of them, in order.

    They begin in order, or the ``last_first``.

    A task is called with what it may tell on its way, which ``hear`` gets with the task's number, in this process.
    What a task raises ends those behind it, of which there is no outcome then. An exception here (a signal's) ends all
    of them, and waits until they have cleaned up.

    Raises:
        EnvironmentFailure: the system makes no more processes.
    """
    waiting = list(enumerate(tasks))
    if not last_first:
        waiting.reverse()
    running: dict[Connection, _Child[ResultT]] = {}
    outcomes: dict[int, Ended[ResultT]] = {}
    with _Tie() as tie:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    child = _Child(*waiting.pop(), tie)
                    running[child.pipe] = child
                ready = wait(list(running))
                for child in [child for pipe, child in running.items() if pipe in ready]:
                    if child.pipe not in running:
                        continue  # ended for what one before it raised
                    kind, value = child.receive()
                    if kind == "told":
                        hear(child.number, value)
                        continue
                    _end([running.pop(child.pipe)])
                    if kind == "returned":
                        outcomes[child.number] = Ended(value)
                        continue
                    outcomes[child.number] = Ended(None, value)
                    waiting = [task for task in waiting if task[0] < child.number]
                    behind = [pipe for pipe, other in running.items() if other.number > child.number]
                    _stop([running.pop(pipe) for pipe in behind])
        finally:
            _stop(running.values())
    ended = min((number for number, outcome in outcomes.items() if outcome.error is not None), default=len(tasks))
    return [outcomes[number] for number in range(min(ended + 1, len(tasks)))]


def _stop(children: Iterable[_Child[Any]]) -> None:
    children = tuple(children)
    for child in children:
        child.stop()
    _end(children)


def _end(children: Iterable[_Child[Any]]) -> None:
    for child in children:
        child.end()


class _Tie:
    """A pipe that nobody writes to, and whose writing end this process alone holds: its end is this process's end."""

    def __enter__(self) -> Self:
        self._reading, self._writing = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._writing)
        os.close(self._reading)

    def bind(self) -> None:
        """Let the calling process, a child, end as by SIGTERM when the other ends; by force if that takes too long."""
        os.close(self._writing)
        threading.Thread(target=self._end_with_it, name="glowplug-tie", daemon=True).start()

    def _end_with_it(self) -> None:
        os.read(self._reading, 1)
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGTERM)  # it alone runs Python's handlers, whatever it waits for
            time.sleep(_PATIENCE)
        os.kill(os.getpid(), signal.SIGKILL)


class _Child(Generic[ResultT]):
    def __init__(self, number: int, task: Callable[[Callable[[Any], None]], ResultT], tie: _Tie) -> None:
        self.number = number
        context = multiprocessing.get_context("fork")
        self.pipe, other = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(target=_run, args=(task, other, tie), name=f"glowplug-{number}")
        with warnings.catch_warnings():
            # Python 3.12 warns of threads that are not copied: what they hold would be held for ever. Ours that
            # may be there hold nothing that a child needs: they end, paint, or wait for another process's end.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            try:
                self._process.start()
            except OSError as error:
                self.pipe.close()
                raise EnvironmentFailure(
                    f"the system makes no more processes: {error.strerror}", advice="`--jobs 1` needs one alone."
                ) from error
            finally:
                other.close()

    def receive(self) -> tuple[str, Any]:
        """What it told, returned or raised, and which of these."""
        try:
            message: tuple[str, Any] = self.pipe.recv()
        except (EOFError, OSError):  # an OSError where it was killed within a message
            return "raised", EnvironmentFailure("a process of glowplug's own ended without an answer: it was killed")
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


def _run(task: Callable[[Callable[[Any], None]], Any], pipe: Connection, tie: _Tie) -> None:
    """Do the task in the child, which ends here whatever happens: nothing of the parent's own way out is gone."""
    gc.freeze()  # to look at what was inherited for garbage would copy it
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _leave)
        tie.bind()
        try:
            answer = ("returned", task(lambda said: pipe.send(("told", said))))
        except GlowplugError as error:
            answer = ("raised", error)
        except Exception:  # noqa: BLE001 - the parent raises it
            answer = ("raised", RuntimeError(traceback.format_exc()))
        with contextlib.suppress(BrokenPipeError):
            _send(pipe, answer)
    finally:
        os._exit(0)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def _send(pipe: Connection, answer: tuple[str, Any]) -> None:
    """Send an answer; in the place of one that can't be pickled the bug that this is, with its trace.

    Raises:
        BrokenPipeError: nobody hears it.
    """
    try:
        pipe.send(answer)
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - the parent raises it
        pipe.send(("raised", RuntimeError(traceback.format_exc())))
