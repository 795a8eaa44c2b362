"""Where both sides work: on SQLite a file each, else one scratch server of glowplug's with a database each."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from glowplug.dialect import Dialect
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

from . import witness
from .comparison import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glowplug.database.interface import Connection
    from glowplug.project import Chain
    from glowplug.scratch.sqlite.server import SqliteDatabase


def request(chain: Chain) -> Request:
    """Ask for what the command has: the SQLite that it is linked with leaves foreign keys off."""
    keys = (False, "as the diesel command's SQLite has it") if chain.dialect is Dialect.SQLITE else None
    return Request(
        dialect=chain.dialect, chain=chain.settings, settings=ScratchSettings(), statement_timeout=20.0, foreign_keys=keys
    )


@dataclass(slots=True)
class SqliteBench:
    """Files below one directory."""

    directory: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextlib.contextmanager
    def for_diesel(self) -> Iterator[Place]:
        path = self.directory / f"{next(self.numbers)}.db"
        yield Place(connection=None, url=str(path), witness=lambda: witness.sqlite(path))

    @contextlib.contextmanager
    def for_glowplug(self, chain: Chain) -> Iterator[Place]:
        with open_server(request(chain)) as server:
            database = cast("SqliteDatabase", server.create())
            path = database._directory / "main.db"  # noqa: SLF001 - no room may look at the file, a witness must

            def reconnect() -> Connection:
                database._holder.end()  # noqa: SLF001 - as if its session had ended; the next question opens another
                database._holder = None  # noqa: SLF001 - the same
                return database.connection

            yield Place(connection=database.connection, url=str(path), witness=lambda: witness.sqlite(path), reconnect=reconnect)
