"""The cases of what is measured with rows, and of MariaDB."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import corpus
import corpus_mysql  # noqa: F401 - it adds its backend to the corpus's
from cases import SCHEMA_ALONE, Case, Promise, chain_of, check, done, server_of

from glowplug.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATIONS = 300
NEW = 10
MYSQL_MIGRATIONS = 55


@contextmanager
def rows() -> Iterator[Case]:
    """The newest of a chain that was proved but for these: rows and locks seen, against the schema alone.

    The first of the new ones is another at every run, so that none is proved when the next begins.
    """
    with tempfile.TemporaryDirectory() as directory:
        given = os.environ.get("CORPUS")
        project, aside = Path(directory) / "project", Path(directory) / "aside"
        if given:
            shutil.copytree(given, project, ignore=shutil.ignore_patterns(".git", "node_modules", "target"))
        else:
            corpus.write(project, count=MIGRATIONS)
        migrations = project / chain_of(project).directory
        newest = [migrations / each.name for each in chain_of(project).migrations[-NEW:]]
        caches: dict[tuple[str, ...], Path] = {
            (): Path(directory) / "cache",
            ("--rows", "0"): Path(directory) / "cache-without",
        }
        aside.mkdir()
        for place in newest:
            shutil.move(place, aside)
        for options, cache in caches.items():
            check(project, *options, cache=cache)
        for place in newest:
            shutil.move(aside / place.name, place)
        first = newest[0] / "up.sql"
        text = first.read_text("utf-8")
        numbers = itertools.count()

        def run(options: tuple[str, ...]) -> None:
            first.write_text(f"{text}\n-- {next(numbers)}\n", "utf-8")
            check(project, *options, cache=caches[options])

        with_rows, without = f"glowplug check, {NEW} new", f"glowplug check --rows 0, {NEW} new"
        yield Case(
            name="rows",
            contestants={with_rows: lambda: run(()), without: lambda: run(("--rows", "0"))},
            promises=[Promise(text=f"{with_rows} / {without}", of=with_rows, against=without, limit=2)],
            facts={
                "corpus": "CORPUS" if given else f"generated, {MIGRATIONS} migrations",
                "migrations": len(chain_of(project).migrations),
                "new": NEW,
            },
        )


@contextmanager
def mysql() -> Iterator[Case]:
    """The schema's round trip of a MariaDB chain, as a whole command."""
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory)
        corpus.write(project, backend="mysql", count=MYSQL_MIGRATIONS)
        chain = chain_of(project)
        whole, rehearsal = "glowplug check, whole command", "glowplug's rehearsal, server running"
        with server_of(chain) as server:
            yield Case(
                name="mysql",
                contestants={
                    rehearsal: lambda: done(rehearse(chain, server, forward_only=False)),
                    whole: lambda: check(project, *SCHEMA_ALONE),
                },
                promises=[Promise(text=f"seconds of {whole}", of=whole, against=None, limit=3)],
                facts={"migrations": len(chain.migrations), "glowplug": server.describe().server},
            )


CASES = {"rows": rows, "mysql": mysql}
