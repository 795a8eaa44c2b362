"""A PostgreSQL server of glowplug's own: private, on a unix socket alone, without durability."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from glowplug.errors import NoServer
from glowplug.scratch.postgres import staging
from glowplug.scratch.postgres.template import ADMINISTRATOR, unpack_template, unpacked
from glowplug.scratch.size import tree_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from glowplug.scratch.area import Area
    from glowplug.scratch.checkpoint import Checkpoint
    from glowplug.scratch.postgres.installation import Installation

PORT = "5432"
STAND_IN_MARK = "glowplug stand-in: "
"""What a stand-in writes into the server's log when it is created, followed by its extension's name."""

_PART = 1 << 20
_LONGEST_MARK = 100
_PATIENCE = 60.0
_POLL = 0.002
_STATUS_LINE = 7
_MAP = "glowplug"

_SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "max_connections": "40",
    "max_locks_per_transaction": "512",
    "max_prepared_transactions": "2",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "max_logical_replication_workers": "0",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "16MB",
    "max_wal_size": "128MB",
    "checkpoint_timeout": "1d",
    "bgwriter_lru_maxpages": "0",
    "autovacuum": "off",
    "jit": "off",
    "restart_after_crash": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
    "update_process_title": "off",
}


class OwnServer:
    """A running server in ``area``; it ends with the area.

    Whoever may connect is decided twice: the socket's directory admits glowplug and the servers' user only, and
    the administrator's role is given to processes of glowplug's own user, not to those of the server.
    """

    def __init__(
        self,
        installation: Installation,
        area: Area,
        *,
        cache: Path,
        trusted: Sequence[str],
        kept: Callable[[Path], Checkpoint | None] = lambda _: None,
    ) -> None:
        """Make the data directory and start.

        ``kept`` may put one that another run kept into the directory that it is given; ``checkpoint`` is what it gave
        then, None also where the server does not start with it.

        Raises:
            NoServer: it doesn't start.
            ConfigurationError: an extension to trust is not there.
        """
        self.version = installation.version
        self._area = area
        layout = staging.find_layout(installation)
        lacking = {name for name in staging.STAND_INS if not (layout.extensions / f"{name}.control").is_file()}
        staged = None
        if trusted or not all(map(area.reachable, (installation.program, layout.extensions, layout.modules))):
            staged = staging.stage(installation, area)
        self.home = area.subdirectory("pg")
        self.checkpoint = kept(self.home)
        if self.checkpoint is None:
            data = unpack_template(staged.installation if staged else installation, area, cache)
        else:
            data = unpacked(self.home)
        if lacking or data.unloadable:
            staged = staged or staging.stage(installation, area)
        if staged is not None:
            for name in lacking | data.unloadable:
                staged.put_stand_in(name)
            for index, name in enumerate(trusted):
                staged.trust(name, index)
        self._data = data.path
        started = staged.installation if staged else installation
        try:
            self._start(started)
        except NoServer:
            if self.checkpoint is None:
                raise
            self.checkpoint = None
            self._area.end(self._child)
            shutil.rmtree(self._data, ignore_errors=True)
            unpack_template(started, area, cache)
            self._start(started)

    @property
    def conninfo(self) -> Mapping[str, str]:
        """The keywords of libpq for the administrator, who is superuser."""
        return {"host": str(self._sockets), "port": PORT, "user": ADMINISTRATOR, "dbname": "postgres"}

    def size(self) -> int:
        """Bytes of all that the server has written: databases, temporary files, its journal and its log."""
        return tree_size(self.home)

    def shut_down(self) -> bool:
        """End the server in order, so that its data directory may be kept; whether it ended so."""
        self._child.send_signal(signal.SIGINT)
        try:
            return self._child.wait(_PATIENCE) == 0
        except subprocess.TimeoutExpired:
            return False

    def stand_ins_used(self) -> tuple[str, ...]:
        """The extensions that were created as stand-ins so far."""
        marks = {name: (STAND_IN_MARK + name).encode() for name in staging.STAND_INS}
        used = set()
        with self._log.open("rb") as log:
            before = b""
            while part := log.read(_PART):  # a migration can write into it, as much as size_limit lets it
                text = before + part
                used |= {name for name, mark in marks.items() if mark in text}
                before = part[-_LONGEST_MARK:]
        return tuple(name for name in marks if name in used)

    def _start(self, installation: Installation) -> None:
        self._sockets = self._area.subdirectory("s")
        self._log = self.home / "log"
        self._admit()
        settings = {
            **_SETTINGS,
            "unix_socket_directories": str(self._sockets),
            **({"allow_alter_system": "off"} if installation.major >= 17 else {}),  # noqa: PLR2004 - it is new there
        }
        with self._log.open("wb") as log:
            self._child = self._area.spawn(
                [
                    installation.program,
                    "-D",
                    self._data,
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                environment=installation.place.environment,
                directory=self._data,
                output=log,
                end_signal=signal.SIGQUIT,
            )
        self._await(self._child)

    def _admit(self) -> None:
        """Write who may connect; nothing but this server has run in the directory yet."""
        user = pwd.getpwuid(os.geteuid()).pw_name
        lines = (f"local all {ADMINISTRATOR} peer map={_MAP}", "local all all trust")
        for name, text in (
            ("pg_hba.conf", "\n".join(lines)),
            ("pg_ident.conf", f'{_MAP} "{user}" {ADMINISTRATOR}'),
        ):
            file = self._data / name
            file.write_text(f"{text}\n", encoding="utf-8")
            self._area.give(file)

    def _await(self, child: subprocess.Popen[bytes]) -> None:
        """Wait until the server says in its own file that it takes connections."""
        deadline = time.monotonic() + _PATIENCE
        while not self._is_ready():
            if child.poll() is not None:
                raise NoServer(f"PostgreSQL {self.version} doesn't start: {self._last_words()}")
            if time.monotonic() > deadline:
                raise NoServer(
                    f"PostgreSQL {self.version} isn't ready after {_PATIENCE:g} seconds: {self._last_words()}"
                )
            time.sleep(_POLL)

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "it says nothing"
