"""A server that starts while something else is done is ended whatever becomes of that."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.errors import NoServer
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import ahead
from glowplug.scratch.ahead import ServerAhead
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeServer:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def request(dialect: Dialect = Dialect.POSTGRES) -> Request:
    return Request(dialect=dialect, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ))


@pytest.fixture(name="opened")
def _opened(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], FakeServer]], list[str]]:
    """Let a server be opened by a function; gives the names of the threads in which that was called."""

    def by(function: Callable[[], FakeServer]) -> list[str]:
        threads: list[str] = []

        def open_server(_request: Request) -> FakeServer:
            threads.append(threading.current_thread().name)
            return function()

        monkeypatch.setattr(ahead, "open_server", open_server)
        return threads

    return by


def test_it_starts_meanwhile_and_is_closed(opened: Callable[[Callable[[], FakeServer]], list[str]]) -> None:
    server, begun, go = FakeServer(), threading.Event(), threading.Event()

    def start() -> FakeServer:
        begun.set()
        assert go.wait(30)
        return server

    opened(start)
    with ServerAhead(request()) as one:
        assert begun.wait(30)
        go.set()
        assert one.server() is server
        assert one.server() is server
        assert server.closed == 0
    assert server.closed == 1


def test_one_that_nobody_asked_for_is_closed(opened: Callable[[Callable[[], FakeServer]], list[str]]) -> None:
    server = FakeServer()

    def start() -> FakeServer:
        time.sleep(0.2)
        return server

    opened(start)
    with pytest.raises(KeyboardInterrupt), ServerAhead(request()):
        raise KeyboardInterrupt
    assert server.closed == 1


@pytest.mark.parametrize("when", ["before", "behind"])
def test_who_is_interrupted_where_its_thread_begins_leaves_no_server_and_no_thread(
    opened: Callable[[Callable[[], FakeServer]], list[str]], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    server = FakeServer()
    threads = opened(lambda: server)
    begin, begun = threading.Thread.start, []

    def start(thread: threading.Thread) -> None:
        if when == "behind":
            begin(thread)
            begun.append(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        ServerAhead(request())
    for thread in begun:
        thread.join(30)
        assert not thread.is_alive()
    assert server.closed == len(threads)


def test_who_is_interrupted_while_it_waits_leaves_no_server(
    opened: Callable[[Callable[[], FakeServer]], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, go = FakeServer(), threading.Event()

    def start() -> FakeServer:
        assert go.wait(30)
        return server

    opened(start)

    waits = Future.result

    def result(future: Future[FakeServer]) -> FakeServer:
        if not go.is_set():
            go.set()
            raise KeyboardInterrupt
        return waits(future)

    monkeypatch.setattr(Future, "result", result)
    with ServerAhead(request()) as one, pytest.raises(KeyboardInterrupt):
        one.server()
    assert server.closed == 1


def test_what_keeps_it_from_starting_is_raised_where_it_is_asked_for(
    opened: Callable[[Callable[[], FakeServer]], list[str]],
) -> None:
    def start() -> FakeServer:
        raise NoServer("none")

    opened(start)
    with ServerAhead(request()) as one, pytest.raises(NoServer, match="none"):
        one.server()
    with ServerAhead(request()):
        pass  # nobody asked


def test_sqlite_is_opened_where_it_is_used(opened: Callable[[Callable[[], FakeServer]], list[str]]) -> None:
    threads = opened(FakeServer)
    with ServerAhead(request(Dialect.SQLITE)) as one:
        assert threads == []
        one.server()
    assert threads == [threading.current_thread().name]
