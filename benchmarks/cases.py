"""The cases: who runs against whom, and what is promised about it."""

from __future__ import annotations

import compileall
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import corpus
import peers
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.project.discovery import find_project
from glowplug.rehearsal import rehearse
from glowplug.rehearsal.stretches import SCHEMA, cut
from glowplug.scratch import open_server
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server as open_postgres
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.project import Chain
    from glowplug.schema import Schema
    from glowplug.scratch.interface import Server
    from glowplug.scratch.postgres.database import PostgresDatabase

ROOT = Path(__file__).resolve().parent.parent
MANY = 30
POSTGRES_MIGRATIONS = 342
MIGRATIONS_OF_THE_SCHEMA = 450
DUMPED_MIGRATIONS = 100  # pg_dump takes minutes for all of them, and its dumps only grow
SQLITE_MIGRATIONS = 56
REVIEWED_MIGRATIONS = 600
MANY_MIGRATIONS = 10_000
VERDICTS = (0, 1)
SCHEMA_ALONE = ("--rows", "0", "--no-cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The ratio of two contestants' medians (or one's seconds, where ``against`` is None) and its limit.

    ``at_least`` turns the limit around: ``against`` must take that many times as long.
    """

    text: str
    of: str
    against: str | None
    limit: float
    at_least: bool = False

    def measured(self, median: Callable[[str], float]) -> float:
        """The ratio, or the seconds."""
        if self.against is None:
            return median(self.of)
        mine, others = median(self.of), median(self.against)
        return others / mine if self.at_least else mine / others

    def kept(self, median: Callable[[str], float]) -> bool:
        """Whether the limit holds."""
        return self.measured(median) >= self.limit if self.at_least else self.measured(median) <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Contestants by name, what is promised about them, and what a reader must know."""

    name: str
    contestants: dict[str, Callable[[], None]]
    promises: list[Promise]
    facts: dict[str, object] = field(default_factory=dict)
    rounds_factor: int = 1


@contextmanager
def startup() -> Iterator[Case]:
    """``glowplug --help`` against a bare interpreter, also with many commands."""
    with tempfile.TemporaryDirectory() as directory:
        package = shutil.copytree(ROOT / "src" / "glowplug", Path(directory) / "glowplug")
        for number in range(MANY):
            text = f'import click\nimport rich\n\n@click.command()\ndef command():\n    """Do thing {number}."""\n'
            (package / "cli" / f"made_up_{number}.py").write_text(text, "utf-8")
        indexer = [sys.executable, str(ROOT / "tools" / "command_index.py"), str(package / "cli")]
        (package / "cli" / "_index.py").write_bytes(subprocess.run(indexer, capture_output=True, check=True).stdout)
        for place in (package, ROOT / "src" / "glowplug"):
            compileall.compile_dir(place, quiet=2)  # as an installed package is
        installed = [str(Path(sys.executable).with_name("glowplug")), "--help"]
        many = [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {directory!r}); sys.argv = ['glowplug', '--help']",
        ]
        many[-1] += "; from glowplug.cli import main; main()"
        names = ("python -c pass", "glowplug --help", f"glowplug --help with {MANY} more commands")
        yield Case(
            name="startup",
            contestants={
                names[0]: lambda: run([sys.executable, "-c", "pass"]),
                names[1]: lambda: run(installed),
                names[2]: lambda: run(many),
            },
            promises=[Promise(text=f"{name} / {names[0]}", of=name, against=names[0], limit=5) for name in names[1:]],
            rounds_factor=5,
        )


@contextmanager
def postgres() -> Iterator[Case]:
    """The rehearsal of a PostgreSQL chain against the same SQL by hand, and against ``pg_dump``."""
    with tempfile.TemporaryDirectory() as directory, peers.PostgresServer() as peer:
        given = os.environ.get("CORPUS")
        project = Path(given) if given else Path(directory)
        if not given:
            corpus.write(project, count=POSTGRES_MIGRATIONS)
        chain = chain_of(project)
        scripts = peers.read(project / chain.directory)
        part = replace(chain, migrations=chain.migrations[:DUMPED_MIGRATIONS])
        with server_of(chain) as server:
            first = f"the first {len(part.migrations)} migrations"
            by_hand, dumped = "up, down, up through one psycopg connection", f"the same with pg_dump compared, {first}"
            floor = f"{by_hand}, then all down"
            looked = f"{floor}, and the table that a file names read after each"
            looked_in_two = f"{looked}, in two stretches at once"
            rehearsed_part = f"glowplug's rehearsal, server running, {first}"
            rehearsal, whole = "glowplug's rehearsal, server running", "glowplug check, whole command"
            jobs = usable_cores()
            own = cut(chain.migrations, 2, pace=SCHEMA)
            at_once = f"{rehearsal}, {jobs} jobs"
            trips = "glowplug's round trips alone, server running"
            trips_at_once = f"{trips}, {jobs} jobs"
            yield Case(
                name="postgres",
                contestants={
                    by_hand: lambda: done(peers.up_down_up(peer, scripts, compare=False)),
                    floor: lambda: done(peers.up_down_up(peer, scripts, compare=False, back=True)),
                    looked: lambda: done(peers.looked_at(peer, scripts)),
                    looked_in_two: lambda: done(peers.looked_at_in_two(peer, scripts, first=len(own[0]))),
                    dumped: lambda: done(peers.up_down_up(peer, scripts[:DUMPED_MIGRATIONS], compare=True)),
                    rehearsal: lambda: done(rehearse(chain, server, forward_only=False)),
                    at_once: lambda: done(rehearse(chain, server, forward_only=False, jobs=jobs)),
                    trips: lambda: done(rehearse(chain, server, forward_only=True)),
                    trips_at_once: lambda: done(rehearse(chain, server, forward_only=True, jobs=jobs)),
                    rehearsed_part: lambda: done(rehearse(part, server, forward_only=False)),
                    whole: lambda: check(project, *SCHEMA_ALONE),
                },
                promises=[
                    Promise(text=f"{trips} / {by_hand}", of=trips, against=by_hand, limit=2.5),
                    Promise(text=f"{trips_at_once} / {by_hand}", of=trips_at_once, against=by_hand, limit=1.5),
                    Promise(text=f"{rehearsal} / {floor}", of=rehearsal, against=floor, limit=2.5),
                    Promise(text=f"{at_once} / {floor}", of=at_once, against=floor, limit=1.5),
                    Promise(text=f"{whole} / {by_hand}", of=whole, against=by_hand, limit=3),
                    Promise(
                        text=f"{dumped} / glowplug's rehearsal of them",
                        of=rehearsed_part,
                        against=dumped,
                        limit=8,
                        at_least=True,
                    ),
                ],
                facts={
                    "corpus": "CORPUS" if given else f"generated, {POSTGRES_MIGRATIONS} migrations",
                    "migrations": len(chain.migrations),
                    "migrations dumped": len(part.migrations),
                    "jobs": jobs,
                    "peer": peer.version(),
                    "glowplug": server.describe().server,
                },
            )


@contextmanager
def snapshot() -> Iterator[Case]:
    """A whole reading of a schema, as a rehearsal makes many in one session, against ``pg_dump --schema-only``."""
    with tempfile.TemporaryDirectory() as directory, peers.PostgresServer() as peer:
        project = Path(directory)
        corpus.write(project, count=MIGRATIONS_OF_THE_SCHEMA)
        chain = chain_of(project)
        dumped = peer.create()
        peers.up(peer, dumped, peers.read(project / chain.directory))
        request = request_of(chain)
        with open_postgres(request) as server, contextlib.ExitStack() as stack:
            database = create_database(server.conninfo, request=request, superuser=False, private=True)
            stack.callback(database.close)
            for migration in chain.migrations:
                database.connection.run(migration, Direction.UP)
            dump, first, again = "pg_dump --schema-only", "glowplug's first whole reading in a session", "another"
            yield Case(
                name="snapshot",
                contestants={
                    dump: lambda: done(peer.dump(dumped)),
                    first: lambda: done(read_first(database)),
                    again: lambda: done(read_again(database)),
                },
                promises=[
                    Promise(text=f"{dump} / {again} whole reading", of=again, against=dump, limit=6, at_least=True)
                ],
                facts={
                    "objects": len(read_first(database)),
                    "peer": peer.version(),
                    "glowplug": server.describe().server,
                },
                rounds_factor=2,
            )


@contextmanager
def sqlite() -> Iterator[Case]:
    """The whole command on a SQLite chain."""
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory)
        corpus.write(project, backend="sqlite", count=SQLITE_MIGRATIONS)
        chain = chain_of(project)
        whole, rehearsal = "glowplug check, whole command", "glowplug's rehearsal"
        with server_of(chain) as server:
            yield Case(
                name="sqlite",
                contestants={
                    rehearsal: lambda: done(rehearse(chain, server, forward_only=False)),
                    whole: lambda: check(project, *SCHEMA_ALONE),
                },
                promises=[Promise(text=f"seconds of {whole}", of=whole, against=None, limit=0.6)],
                facts={"migrations": len(chain.migrations), "glowplug": server.describe().server},
            )


@contextmanager
def lint() -> Iterator[Case]:
    """The review of many up.sql against squawk on the same files, with and without what it remembers."""
    with tempfile.TemporaryDirectory() as directory:
        given = os.environ.get("CORPUS")
        project = Path(directory) / "project"
        if given:
            shutil.copytree(given, project, ignore=shutil.ignore_patterns(".git", "node_modules", "target"))
        else:
            corpus.write(project, count=REVIEWED_MIGRATIONS)
        for down in project.rglob("down.sql"):
            down.unlink()  # squawk reads the ups alone
        files = sorted(map(str, project.rglob("up.sql")))
        squawk = [
            str(Path(sys.executable).with_name("squawk")),
            "--assume-in-transaction",
            "--no-error-on-unmatched-pattern",
        ]
        cache = Path(directory) / "cache"
        review([project], cache)  # so that the warm one is
        names = (f"squawk on {len(files)} up.sql", "glowplug lint, cold", "glowplug lint, warm")
        peak = peak_memory([project])
        yield Case(
            name="lint",
            contestants={
                names[0]: lambda: run([*squawk, *files], verdicts=VERDICTS),
                names[1]: lambda: review([project], None),
                names[2]: lambda: review([project], cache),
            },
            promises=[
                Promise(text=f"{names[1]} / {names[0]}", of=names[1], against=names[0], limit=5),
                Promise(text=f"{names[2]} / {names[0]}", of=names[2], against=names[0], limit=1.5),
            ],
            facts={
                "corpus": "CORPUS" if given else "generated",
                "files": len(files),
                "MiB at peak": round(peak),
                "MiB at peak, limit": 150,
                "squawk": version_of(squawk[0]),
            },
            rounds_factor=2,
        )


@contextmanager
def long() -> Iterator[Case]:
    """The review of ten thousand migrations, and of half as many."""
    with tempfile.TemporaryDirectory() as directory:
        whole, half = Path(directory) / "whole", Path(directory) / "half"
        corpus.write(whole, count=MANY_MIGRATIONS)
        corpus.write(half, count=MANY_MIGRATIONS // 2)
        names = (f"glowplug lint, cold, {MANY_MIGRATIONS // 2} migrations", f"the same, {MANY_MIGRATIONS}")
        yield Case(
            name="long",
            contestants={names[0]: lambda: review([half], None), names[1]: lambda: review([whole], None)},
            promises=[
                Promise(text=f"seconds of {names[1]}", of=names[1], against=None, limit=20),
                Promise(text=f"{names[1]} / {names[0]}: linear", of=names[1], against=names[0], limit=2.3),
            ],
            facts={"MiB at peak": round(peak_memory([whole]))},
        )


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chain_of(project: Path) -> Chain:
    """The one chain of a project."""
    (chain,) = find_project(project, environment={}).chains
    return chain


def server_of(chain: Chain) -> Server:
    """A scratch server as ``glowplug check`` would open it."""
    return open_server(request_of(chain))


def request_of(chain: Chain) -> Request:
    """What ``glowplug check`` would ask for."""
    return Request(
        dialect=chain.dialect,
        chain=chain.settings,
        settings=ScratchSettings(),
        foreign_keys=chain.foreign_keys,
        environment=dict(os.environ),
    )


def read_first(database: PostgresDatabase) -> Schema:
    """Read a database's schema in a session of its own, connecting and planning included."""
    database.restart_session()
    return database.connection.snapshot()


def read_again(database: PostgresDatabase) -> Schema:
    """Read all of it again, remembering nothing of how it was."""
    database.connection.forget()
    return database.connection.snapshot()


def check(project: Path, *options: str, cache: Path | None = None) -> None:
    """Run ``glowplug check --all`` as a user would; ``cache``: what is kept there of earlier runs."""
    command = [str(Path(sys.executable).with_name("glowplug")), "check", "--all", *options, str(project)]
    environment = None if cache is None else {**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)}
    run(command, verdicts=VERDICTS, environment=environment)


def review(arguments: list[Path], cache: Path | None) -> None:
    """Run ``glowplug lint --all`` as a user would; ``cache`` None: with an empty one."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(cache or empty)}
        command = [str(Path(sys.executable).with_name("glowplug")), "lint", "--all", *map(str, arguments)]
        run(command, verdicts=VERDICTS, environment=environment)


def peak_memory(arguments: list[Path]) -> float:
    """The most memory that a cold ``glowplug lint --all`` held, in MiB."""
    program = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True, check=False);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    with tempfile.TemporaryDirectory() as empty:
        command = [str(Path(sys.executable).with_name("glowplug")), "lint", "--all", *map(str, arguments)]
        said = subprocess.run(
            [sys.executable, "-c", program, *command],
            env={**os.environ, "GLOWPLUG_CACHE_DIR": empty},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return int(said) / (1024 if sys.platform == "linux" else 1024**2)


def version_of(program: str) -> str:
    """What a program says of itself."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def run(command: list[str], *, verdicts: tuple[int, ...] = (0,), environment: dict[str, str] | None = None) -> None:
    """Run a command to its end, its output thrown away.

    Raises:
        SystemExit: it ends with another status than ``verdicts``.
    """
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode not in verdicts:
        raise SystemExit(f"{command[0]} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")


def done(_result: object) -> None:
    """Throw a result away: only the time counts."""


CASES = {"startup": startup, "postgres": postgres, "snapshot": snapshot, "sqlite": sqlite, "lint": lint, "long": long}
