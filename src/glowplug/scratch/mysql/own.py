"""A MariaDB or MySQL server of glowplug's own: private, on a unix socket alone, without durability."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.database.mysql import Address, Administrator
from glowplug.errors import EnvironmentFailure, LostConnection, NoServer
from glowplug.scratch.mysql.template import LOG_FILE_SIZE, unpack_template
from glowplug.scratch.size import tree_size

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from typing import Self

    from glowplug.scratch.area import Area
    from glowplug.scratch.mysql.source import Installation

DATA = "data"
"""What a server's directory holds before it starts."""

_PATIENCE = 60.0
_POLL = 0.005
_PLUGIN_HOMES = ("lib/mysql/plugin", "lib64/mysql/plugin", "lib/plugin", "lib/mariadb/plugin", "lib64/mariadb/plugin")
_ADVICE = "Name another server in GLOWPLUG_SCRATCH_URL_MYSQL; any container will do."

_SETTINGS = (
    "--skip-networking",
    "--skip-name-resolve",
    "--skip-symbolic-links",
    "--local-infile=0",
    "--event-scheduler=OFF",
    "--skip-log-bin",
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
    "--loose-performance-schema=OFF",
    "--loose-mysqlx=OFF",
    "--loose-feedback=OFF",
    "--loose-userstat=ON",  # what observing asks for: rows read, table by table
    f"--loose-innodb-log-file-size={LOG_FILE_SIZE}",
    "--innodb-buffer-pool-size=48M",
    "--innodb-use-native-aio=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-log-at-trx-commit=2",  # each commit reaches the file, so that a copy of the files has it
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--loose-debug-no-sync",
    "--loose-skip-sync-frm",
    "--loose-skip-stack-trace",
    "--max-connections=40",
    "--maximum-max-heap-table-size=256M",
    "--maximum-tmp-table-size=256M",
)


class OwnServer:
    """A running server in ``area``; it ends with the area at the latest.

    Only glowplug and the servers' user reach its socket, and the administrator's password is random.
    """

    def __init__(self, installation: Installation, area: Area, directory: Path, password: str) -> None:
        """Start a server on ``directory``/data; ``password`` is its administrator's, empty on a fresh one.

        It takes connections once ``address`` was asked for.
        """
        self.installation = installation
        self.directory = directory
        self._area = area
        self.socket = str(directory / "s")
        self._log = directory / "log"
        self._address = Address(user="root", password=password, unix_socket=self.socket)
        self._child = self._start()
        self._ready = False

    @classmethod
    def fresh(cls, installation: Installation, area: Area, *, cache: Path, name: str) -> Self:
        """Start a server that has seen nothing yet, in ``area``'s subdirectory ``name``.

        Raises:
            NoServer: it can't be made, or doesn't start.
        """
        directory = area.subdirectory(name)
        unpack_template(installation, area, cache, directory)
        return cls(installation, area, directory, "")

    @property
    def address(self) -> Address:
        """Where the administrator reaches it, once it takes connections.

        Raises:
            NoServer: it doesn't start.
        """
        if not self._ready:
            self._await()
            if not self._address.password:
                self._protect()
            self._ready = True
        return self._address

    def copy(self, name: str) -> OwnServer:
        """Start another server in exactly this one's state, in the area's subdirectory ``name``.

        Raises:
            EnvironmentFailure: the files can't be copied.
            NoServer: the other server doesn't start.
        """
        target = self._area.subdirectory(name)
        with self.frozen():
            status, output = self._area.run(["cp", "-R", "-p", self.directory / DATA, target / DATA], directory=target)
        if status != 0:
            raise EnvironmentFailure(f"the scratch server can't be copied: {output.strip()}")
        return OwnServer(self.installation, self._area, target, self._address.password)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the server by SIGSTOP while its files are copied.

        What is copied is what a crash at that moment would leave, and all that was committed is in it.

        Raises:
            LostConnection: it is gone.
        """
        with Administrator(self.address) as administrator:
            administrator.flush()
        self._child.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._child.send_signal(signal.SIGCONT)

    def size(self) -> int:
        """Bytes that it takes on disk, with the temporary files that have no name any more (where /proc tells)."""
        return tree_size(self.directory) + _unnamed(Path(f"/proc/{self._child.pid}/fd"))

    def close(self) -> None:
        """End it and remove its files."""
        self._area.end(self._child)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _protect(self) -> None:
        """Give the administrator a password."""
        password = secrets.token_urlsafe(24)
        with Administrator(self._address) as administrator:
            administrator.set_password(password)
        self._address = replace(self._address, password=password)

    def _start(self) -> subprocess.Popen[bytes]:
        for name in ("tmp", "files", "plugins"):
            directory = self.directory / name
            directory.mkdir(mode=0o700, exist_ok=True)
            self._area.give(directory)
        plugin = _lock_plugin(self.installation.program)
        if plugin is not None:
            shutil.copy(plugin, self.directory / "plugins")
        with self._log.open("wb") as log:
            return self._area.spawn(
                [
                    self.installation.program,
                    "--no-defaults",
                    f"--datadir={self.directory / 'data'}",
                    f"--socket={self.socket}",
                    f"--pid-file={self.directory / 'pid'}",
                    f"--tmpdir={self.directory / 'tmp'}",
                    f"--secure-file-priv={self.directory / 'files'}",
                    f"--plugin-dir={self.directory / 'plugins'}",
                    *([] if plugin is None else [f"--plugin-load-add={plugin.stem}"]),
                    *_SETTINGS,
                ],
                directory=self.directory,
                output=log,
                end_signal=signal.SIGKILL,
            )

    def _await(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        version = self.installation.version
        while not self._answers():
            if self._child.poll() is not None:
                raise NoServer(f"{version.vendor} {version.number} doesn't start: {self._last_words()}", advice=_ADVICE)
            if time.monotonic() > deadline:
                raise NoServer(
                    f"{version.vendor} {version.number} isn't ready after {_PATIENCE:g} s: {self._last_words()}",
                    advice=_ADVICE,
                )
            time.sleep(_POLL)

    def _answers(self) -> bool:
        if not Path(self.socket).exists():
            return False
        try:
            Administrator(self._address).close()
        except LostConnection:
            return False
        return True

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        said = [line for line in lines if "[ERROR]" in line] or lines
        return " / ".join(said[-3:]) or "it says nothing"


def _lock_plugin(program: Path) -> Path | None:
    """MariaDB's plugin that shows metadata locks, where it came with the server; no other can be loaded."""
    root = program.resolve().parent.parent
    found = (root / home / "metadata_lock_info.so" for home in _PLUGIN_HOMES)
    return next((path for path in found if path.is_file()), None)


def _unnamed(descriptors: Path) -> int:
    """Bytes of the open files that were removed: sorting and bulk loading use such."""
    total = 0
    with contextlib.suppress(OSError):
        for each in descriptors.iterdir():
            with contextlib.suppress(OSError):
                status = each.stat()
                if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                    total += status.st_blocks * 512
    return total
