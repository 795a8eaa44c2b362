"""The case of a pull request: a long chain that was proved, and one migration more."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import corpus
from cases import Case, Promise, chain_of, check

if TYPE_CHECKING:
    from collections.abc import Iterator

MIGRATIONS = 342
NEWEST = "9999-01-01-000000_one_more"
UP = "CREATE TABLE one_more (id BIGINT PRIMARY KEY, label TEXT); -- {number}\n"
DOWN = "DROP TABLE one_more;\n"


@contextmanager
def warm() -> Iterator[Case]:
    """The whole command on a warm cache: with a new migration that is another at every run, and with none."""
    with tempfile.TemporaryDirectory() as directory:
        given = os.environ.get("CORPUS")
        project, cache = Path(directory) / "project", Path(directory) / "cache"
        if given:
            shutil.copytree(given, project, ignore=shutil.ignore_patterns(".git", "node_modules", "target"))
        else:
            corpus.write(project, count=MIGRATIONS)
        newest = project / chain_of(project).directory / NEWEST
        count = len(chain_of(project).migrations)
        check(project, cache=cache)
        numbers = itertools.count()

        def one_more() -> None:
            newest.mkdir()
            try:
                (newest / "up.sql").write_text(UP.format(number=next(numbers)), "utf-8")
                (newest / "down.sql").write_text(DOWN, "utf-8")
                check(project, cache=cache)
            finally:
                shutil.rmtree(newest)

        names = (f"glowplug check, {count} proved earlier, 1 new", f"glowplug check, {count} proved earlier")
        yield Case(
            name="warm",
            contestants={names[0]: one_more, names[1]: lambda: check(project, cache=cache)},
            promises=[Promise(text=f"seconds of {names[0]}", of=names[0], against=None, limit=1.5)],
            facts={"corpus": "CORPUS" if given else f"generated, {MIGRATIONS} migrations", "migrations": count},
        )
