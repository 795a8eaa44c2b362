"""The process that holds a SQLite session, seen from outside: asked, waited for, ended."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.sqlite import protocol
from glowplug.database.sqlite.worker import Confinement
from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from glowplug.scratch.area import Area

_START = "import sys; sys.path[:] = sys.argv[2:]; from glowplug.database.sqlite.worker import main; main(sys.argv[1])"
_START_SECONDS = 60.0


class HolderEnded(Exception):
    """The process is gone: it ``timed_out`` and was killed, or the system ended it by ``signal_number``."""

    def __init__(self, *, timed_out: bool, signal_number: int | None) -> None:
        """Remember why."""
        super().__init__("the process that holds the database has ended")
        self.timed_out = timed_out
        self.signal_number = signal_number


class Holder:
    """One such process; whatever interrupts the wait for an answer ends it."""

    def __init__(self, area: Area, directory: Path, *, apsw: Path | None, file_size: int, sandboxed: bool) -> None:
        """Start it in ``directory`` of ``area``, with the apsw that lies in ``apsw``, None for the installed one.

        Raises:
            EnvironmentFailure: it can't be started.
        """
        user = area.user
        confinement = Confinement(
            user=None if user is None else user.uid,
            group=None if user is None else user.gid,
            file_size=file_size,
            heap=sandboxed,
        )
        path = [os.fspath(apsw)] if apsw is not None else []
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it stays open; having no name, nothing can be put in its place
        self._channel: protocol.Channel[protocol.Reply] = protocol.Channel(protocol.Reply)
        self._deadline = 0.0
        self._version: str | None = None
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    *("-I", "-S", "-B", "-c", _START),
                    msgspec.json.encode(confinement).decode(),
                    *path,
                    *(entry for entry in sys.path if entry),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                cwd=directory,
                env=_environment(directory),
                umask=0o077,
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            self._log.close()
            raise EnvironmentFailure(f"{sys.executable} can't be started: {error.strerror}") from error

    @property
    def version(self) -> str:
        """Its SQLite's version, as in "3.46.1".

        Raises:
            EnvironmentFailure: the process did not come up.
        """
        if self._version is None:
            try:
                greeting = self._receive(_START_SECONDS)
            except HolderEnded as error:
                raise EnvironmentFailure(f"the process that runs SQLite did not start: {self._complaint()}") from error
            if not isinstance(greeting, protocol.Hello):
                raise EnvironmentFailure("the process that runs SQLite speaks another protocol")
            self._version = greeting.version
        return self._version

    def ask(self, request: protocol.Request, seconds: float) -> protocol.Reply:
        """Send ``request``, and wait ``seconds`` at most for the answer.

        Raises:
            HolderEnded: there is none, and there is no process any longer.
        """
        try:
            self._send(self._channel.frame(request), seconds)
            return self._receive(seconds)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Kill the process, and wait until it is gone."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()

    def _send(self, frame: bytes, seconds: float) -> None:
        _ = self.version
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            raise HolderEnded(timed_out=False, signal_number=None)
        rest = memoryview(frame)
        self._deadline = time.monotonic() + seconds
        os.set_blocking(pipe.fileno(), False)
        while rest:
            self._wait_for(pipe.fileno(), writing=True)
            try:
                rest = rest[os.write(pipe.fileno(), rest) :]
            except BrokenPipeError:
                raise self._ended() from None

    def _receive(self, seconds: float) -> protocol.Reply:
        self._deadline = time.monotonic() + seconds
        try:
            answer = self._channel.receive(self._read)
        except msgspec.DecodeError as error:
            raise EnvironmentFailure(f"the process that runs SQLite gave an answer that is none: {error}") from error
        if answer is None:
            raise self._ended()
        return answer

    def _read(self, length: int) -> bytes:
        pipe = self._process.stdout
        if pipe is None or pipe.closed:
            return b""
        parts: list[bytes] = []
        missing = length
        while missing:
            self._wait_for(pipe.fileno(), writing=False)
            part = os.read(pipe.fileno(), missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _wait_for(self, descriptor: int, *, writing: bool) -> None:
        """Wait until the pipe is ready; signal handlers run meanwhile, and what they raise goes through."""
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT if writing else select.POLLIN)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            self.end()
            raise HolderEnded(timed_out=True, signal_number=None)

    def _ended(self) -> HolderEnded:
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        return HolderEnded(timed_out=False, signal_number=-status if status < 0 else None)

    def _complaint(self) -> str:
        if self._log.closed:
            return "it was killed"
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.poll()}"


def _environment(directory: Path) -> Mapping[str, str]:
    """Nothing of glowplug's own environment: no secret is there to be found."""
    return {
        "TMPDIR": str(directory),
        "SQLITE_TMPDIR": str(directory),
        "HOME": str(directory),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
