"""A backend, a cache and chains of files: rehearsed one after the other, as runs that know of each other are."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import NamedTuple

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.project.migration import BEFORE_THE_FIRST, chain_digest, digest
from glowplug.rehearsal import Rehearsal, rehearse
from glowplug.rehearsal.grounds import Grounds
from glowplug.rehearsal.known import Known
from glowplug.rehearsal.proved import Answer, Proved
from glowplug.scratch import identity, open_server
from glowplug.scratch.settings import Request, ScratchSettings


class Looked(NamedTuple):
    """What came of a rehearsal; ``ran`` are the migrations whose round trips were made."""

    rehearsal: Rehearsal
    ran: list[str]


class Bench:
    """A backend with a cache of its own, in which the servers are initialised already."""

    def __init__(self, dialect: Dialect, cache: Path) -> None:
        self.dialect = dialect
        self.environment = {**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)}
        self.states = cache / "checkpoints"

    def chain(self, *files: tuple[str, str]) -> Chain:
        migrations, before = [], BEFORE_THE_FIRST
        for number, (up, down) in enumerate(files, 1):
            if self.dialect is Dialect.MYSQL:
                down = down.replace("DROP INDEX t_a", "DROP INDEX t_a ON t")  # noqa: PLW2901 - its own way to say it
            name = f"{number:02}"
            own = digest(version=name, up=up.encode(), down=down.encode(), metadata=None)
            before = chain_digest(before, own)
            migrations.append(
                Migration(
                    version=name,
                    name=name,
                    path=f"m/{name}",
                    up=up.encode(),
                    down=down.encode(),
                    digest=own,
                    chain_digest=before,
                )
            )
        return Chain(directory="m", dialect=self.dialect, migrations=tuple(migrations), settings=ChainSettings())

    def rehearse(self, chain: Chain, *, new: tuple[str, ...] = (), cached: bool = True) -> Looked:
        request = Request(
            dialect=self.dialect, chain=chain.settings, settings=ScratchSettings(), environment=self.environment
        )
        server = identity(request)
        assert server is not None
        grounds = Grounds(server=server, request=request, forward_only=False) if cached else None
        proved = Proved.of(chain, grounds, self.environment)
        known = Known.of(chain, proved, new)
        answer = proved.load_answer(chain, known.trips)
        if answer is not None:
            return Looked(answer.rehearsal, ["none: it was known"])
        ran: list[str] = []
        with open_server(dataclasses.replace(request, resume=known.resume(chain))) as server:
            rehearsal = rehearse(
                chain,
                server,
                forward_only=False,
                known=known,
                progress=lambda progress: ran.append(progress.name) if progress.way == "up" else None,
            )
            proved.store_answer(Answer(rehearsal=rehearsal, description=server.describe(), findings=server.findings()))
        return Looked(rehearsal, ran)


def bench_of(dialect: Dialect, tmp_path: Path) -> Bench:
    shared = Path(os.environ["GLOWPLUG_CACHE_DIR"])
    (shared / "data").mkdir(parents=True, exist_ok=True)
    tmp_path.mkdir(exist_ok=True)
    for name in ("data", "postgres"):
        (tmp_path / name).symlink_to(shared / name)
    return Bench(dialect, tmp_path)
