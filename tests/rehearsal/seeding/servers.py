"""Live databases for rows, one a backend."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings
from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.mysql import open_server as open_mysql
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import open_server as open_postgres
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.rows import Rows
    from glowplug.schema.tables import Table


def request(dialect: Dialect, version: str | None = None) -> Request:
    return Request(
        dialect=dialect,
        chain=ChainSettings(server_version=version),
        settings=ScratchSettings(),
        statement_timeout=60,
        environment=dict(os.environ),
    )


@contextlib.contextmanager
def database(dialect: Dialect, setup: str, *, version: str | None = None) -> Iterator[Rows]:
    """A database in which ``setup`` has run."""
    with contextlib.ExitStack() as stack:
        rows: Rows
        if dialect is Dialect.SQLITE:
            path = stack.enter_context(tempfile.TemporaryDirectory()) + "/main.db"
            session = stack.enter_context(Session(path, SessionSettings(foreign_keys=True)))
            session.make_bookkeeping_table()
            rows = session.rows
        elif dialect is Dialect.POSTGRES:
            wish = request(dialect, version)
            server = stack.enter_context(open_postgres(wish))
            own = create_database(server.conninfo, request=wish, superuser=False, private=True)
            stack.enter_context(contextlib.closing(own))
            rows = own.connection.rows
        else:
            made = stack.enter_context(open_mysql(request(dialect))).create()
            stack.enter_context(contextlib.closing(made))
            rows = made.connection.rows
        assert rows.execute(setup) is None
        yield rows


def named(rows: Rows, name: str) -> Table:
    return next(each for each in rows.tables() if each.name.rpartition(".")[2] == name)


def contents(rows: Rows, name: str) -> list[dict[str, str | bytes | None]]:
    found = rows.read(named(rows, name))
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]
