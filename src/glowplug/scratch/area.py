"""Where scratch servers live: a private directory for each run, what runs in it, and the cache.

Whatever a server reads or writes lies in an Area, and every process of it has its working directory there: so
what a killed run left behind is told apart from everything else on the machine without trusting a recorded
process id. An Area is marked by a lock that its run holds; the system lets go of it when the run dies, however
it dies, so two runs never take each other for dead.

::

    glowplug-run-XXXXXXXX/        0711 of glowplug's user (0700 where the servers run as the same user)
        .lock                     held by the run that made it
        .processes                "pid signal" lines for the guard
        <name>/                   0700 of the servers' user: data, sockets, what was copied
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from glowplug.database.interface import Closing
from glowplug.errors import EnvironmentFailure
from glowplug.scratch import place, process
from glowplug.scratch.place import PREFIX, unprivileged_user
from glowplug.store.place import cache_path, why_untrusted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LOCK = ".lock"
_UNLOCKED = ".unlocked"
_PROCESSES = ".processes"
_ABANDONED_AFTER = 60.0
_PATIENCE = 4.0
_BARE = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "LC_ALL": "C"}
_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Runs beside glowplug and outlives it for an instant: when glowplug dies without a word, its end of the pipe closes.
_GUARD = 'read -r _; while read -r pid signal; do kill -s "$signal" "$pid" 2>/dev/null; done < "$1"'


def cache_directory(environment: Mapping[str, str]) -> Path:
    """Where glowplug keeps what it can make again: GLOWPLUG_CACHE_DIR, else the user's own cache; made if absent.

    Raises:
        EnvironmentFailure: it can't be made, or others can write to it.
    """
    directory = cache_path(environment)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
    except OSError as error:
        raise EnvironmentFailure(
            f"the cache directory {directory} can't be made: {error.strerror}",
            advice="Set GLOWPLUG_CACHE_DIR to a directory that you can write to.",
        ) from error
    problem = why_untrusted(status)
    if problem is not None:
        raise EnvironmentFailure(
            f"nothing in the cache directory {directory} is trusted: {problem}",
            advice="Set GLOWPLUG_CACHE_DIR to a directory of your own.",
        )
    return directory


class Area(Closing):
    """A run's private directory and the processes in it; all of it ends and vanishes with ``close``.

    ``room`` is how many bytes it may come to hold: it lies in memory only where twice that much is free.
    Made, it first removes what killed runs of the same user left behind, their processes before their files.

    Raises:
        EnvironmentFailure: there is no directory for temporary files that the servers' user can use.
    """

    def __init__(self, *, room: int) -> None:
        """Sweep, then make the directory and mark it."""
        self.user = unprivileged_user()
        self._children: dict[int, tuple[subprocess.Popen[bytes], signal.Signals]] = {}
        self._roots: list[Path] = []
        self._locks: list[int] = []
        self._mutex = threading.RLock()
        self._guard: subprocess.Popen[bytes] | None = None
        self._closed = False
        atexit.register(self.close)
        bases = place.temporary_directories(self.user)
        for base in (place.MEMORY_DIRECTORY, *bases):
            sweep(base)
        if place.fits_in_memory(room) and place.usable(place.MEMORY_DIRECTORY, self.user):
            bases.insert(0, place.MEMORY_DIRECTORY)
        self.directory = self._make_root(bases)
        self._executables: Path | None = None

    def subdirectory(self, name: str) -> Path:
        """Make (or find) a directory that only the servers' user and glowplug reach; its path is short."""
        return self._private(self.directory / name)

    def executables(self) -> Path:
        """Make (or find) such a directory on a file system that lets programs run."""
        with self._mutex:
            if self._executables is None:
                root = self.directory
                if place.forbids_programs(root):
                    bases = place.temporary_directories(self.user)
                    root = self._make_root([base for base in bases if not place.forbids_programs(base)])
                self._executables = self._private(root / "x")
            return self._executables

    def reachable(self, path: Path) -> bool:
        """Whether the servers' user can get to ``path`` and read it (permission bits; access lists aside)."""
        return place.reachable(path, self.user)

    def give(self, path: Path) -> None:
        """Make ``path``, a file or a tree inside this area, the servers' user's own."""
        if self.user is None:
            return
        for directory, _, files in os.walk(path):
            for name in (directory, *(os.path.join(directory, file) for file in files)):  # noqa: PTH118 - a hot loop
                os.chown(name, self.user.uid, self.user.gid, follow_symlinks=False)
        if not path.is_dir():
            os.chown(path, self.user.uid, self.user.gid, follow_symlinks=False)

    def spawn(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        output: int | IO[bytes] = subprocess.DEVNULL,
        end_signal: signal.Signals = signal.SIGKILL,
    ) -> subprocess.Popen[bytes]:
        """Start ``command`` as the servers' user, away from the terminal; it ends with this area at the latest.

        It sees ``environment`` on top of a bare one (PATH, HOME, TMPDIR, TZ and LC_ALL), none of glowplug's own:
        that may hold secrets. ``directory``, inside this area, is where it runs (and must stay: what changes its
        working directory to elsewhere is not found after glowplug was killed). ``end_signal`` asks it to end.

        Raises:
            EnvironmentFailure: it can't be started.
        """
        with self._mutex:
            if self._closed:
                raise EnvironmentFailure("the scratch area was closed")
            self._start_guard()
            home = directory or self.subdirectory("t")
            child = self._popen(
                [os.fspath(word) for word in command],
                stdin=stdin,
                output=output,
                environment={**_BARE, "HOME": str(home), "TMPDIR": str(home), **(environment or {})},
                directory=home,
            )
            self._children[child.pid] = (child, end_signal)
            self._record()
            return child

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        timeout: float = 120.0,
    ) -> tuple[int, str]:
        """Run ``command`` to its end, at most ``timeout`` seconds; its exit status, and all that it wrote.

        Raises:
            EnvironmentFailure: it can't be started, or took too long.
        """
        with tempfile.TemporaryFile() as output:
            child = self.spawn(
                command,
                environment=environment,
                directory=directory,
                stdin=stdin,
                output=output,
                end_signal=signal.SIGTERM,
            )
            try:
                status = child.wait(timeout)
            except subprocess.TimeoutExpired:
                raise EnvironmentFailure(f"{Path(command[0]).name} did not end within {timeout:g} seconds") from None
            finally:
                self.end(child)
            output.seek(0)
            return status, output.read().decode("utf-8", "replace")

    def end(self, child: subprocess.Popen[bytes]) -> None:
        """End ``child`` by its signal, by force after some seconds; one that has ended already is forgotten."""
        with self._mutex:
            _, end_signal = self._children.get(child.pid, (child, signal.SIGKILL))
            if child.poll() is None:
                child.send_signal(end_signal)
                try:
                    child.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
            if self._children.pop(child.pid, None) and not self._closed:
                self._record()

    def close(self) -> None:
        """End every process of this area, then remove it; a second call does nothing.

        Signals that would interrupt it (Ctrl-C again, SIGTERM) wait until it is done.
        """
        with _undisturbed(), self._mutex:
            if self._closed:
                return
            self._closed = True
            if self._guard is not None:
                self._guard.kill()
                self._guard.communicate()
            for child, end_signal in self._children.values():
                if child.poll() is None:
                    child.send_signal(end_signal)
            for child, _ in list(self._children.values()):
                self.end(child)
            for root in self._roots:
                process.end_all_in(root)
                _remove(root)
            for lock in self._locks:
                os.close(lock)
            atexit.unregister(self.close)

    def _make_root(self, bases: Sequence[Path]) -> Path:
        for base in bases:
            try:
                root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
            except OSError:
                continue
            self._roots.append(root)
            lock = os.open(root / _UNLOCKED, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
            self._locks.append(lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
            (root / _UNLOCKED).rename(root / _LOCK)  # what a sweep can see is held already
            if self.user is not None:
                root.chmod(0o711)
            return root
        raise EnvironmentFailure(
            "no directory for temporary files can be used by scratch servers "
            f"(tried {', '.join(map(str, bases)) or 'none'})",
            advice="Set TMPDIR to a directory with a short path that every user can enter, as /tmp is.",
        )

    def _private(self, directory: Path) -> Path:
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            if self.user is not None:
                place.hand_over(directory, self.user)
        return directory

    def _popen(
        self,
        command: Sequence[str],
        *,
        stdin: int | IO[bytes],
        output: int | IO[bytes],
        environment: Mapping[str, str],
        directory: Path,
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env=environment,
                umask=0o077,
                start_new_session=True,
                user=None if self.user is None else self.user.uid,
                group=None if self.user is None else self.user.gid,
                extra_groups=None if self.user is None else [],
            )
        except OSError as error:
            raise EnvironmentFailure(f"{command[0]} can't be started: {error.strerror}") from error

    def _start_guard(self) -> None:
        if self._guard is None:
            self._guard = self._popen(
                ["/bin/sh", "-c", _GUARD, "glowplug-guard", str(self.directory / _PROCESSES)],
                stdin=subprocess.PIPE,
                output=subprocess.DEVNULL,
                environment={"PATH": "/usr/bin:/bin"},
                directory=self.directory,
            )

    def _record(self) -> None:
        lines = (f"{pid} {end_signal.name[3:]}\n" for pid, (_, end_signal) in self._children.items())
        draft = self.directory / f"{_PROCESSES}.new"
        draft.write_text("".join(lines), encoding="ascii")
        draft.chmod(0o644)
        draft.replace(self.directory / _PROCESSES)


def sweep(base: Path) -> None:
    """End and remove what killed runs of this user left in ``base``; what a living run holds is left alone."""
    for root in base.glob(f"{PREFIX}*"):
        try:
            status = root.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            lock = os.open(root / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            _remove_abandoned(root)
            continue
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            process.end_all_in(root)
            _remove(root)
        finally:
            os.close(lock)


def _remove_abandoned(root: Path) -> None:
    """Remove a directory whose run was killed before it could mark it; nothing but the mark to be is in it."""
    with contextlib.suppress(OSError):
        if time.time() - root.lstat().st_mtime > _ABANDONED_AFTER:
            (root / _UNLOCKED).unlink(missing_ok=True)
            root.rmdir()


def _remove(root: Path) -> None:
    """Remove a tree, again while something that is ending still writes into it.

    The lock goes last, and stays where anything else does: by it the next sweep knows the tree.
    """
    for _ in range(20):
        with contextlib.suppress(OSError):
            for entry in root.iterdir():
                if entry.name != _LOCK:
                    _remove_entry(entry)
            if all(entry.name == _LOCK for entry in root.iterdir()):
                (root / _LOCK).unlink(missing_ok=True)
                root.rmdir()
        if not root.exists():
            return
        time.sleep(0.05)


def _remove_entry(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            entry.unlink()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back what would interrupt, and deliver what came once it is over; only a main thread gets signals at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: set[int] = set()

    def remember(number: int, _frame: object) -> None:
        arrived.add(number)

    handlers = {number: signal.signal(number, remember) for number in _INTERRUPTIONS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for late in arrived:
            signal.raise_signal(late)
