"""A run that keeps a state, in a process of its own that a test may kill: BACKEND, KEY, then "ready" and the end."""

from __future__ import annotations

import os
import sys

from glowplug.dialect import Dialect, Direction
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.mysql import database as mysql
from glowplug.scratch.settings import Request, ScratchSettings

mysql.WORTH_KEEPING = 0.0  # what is so small would not be kept there


def main(backend: str, key: str) -> None:
    """Make a table, keep that, and end."""
    dialect = Dialect(backend)
    first = Migration(version="1", name="1", path="m/1", up=b"CREATE TABLE kept (a int);", down=None)
    chain = Chain(directory="m", dialect=dialect, migrations=(first,), settings=ChainSettings())
    request = Request(dialect=dialect, chain=chain.settings, settings=ScratchSettings(), environment=dict(os.environ))
    with open_server(request) as server:
        database = server.create()
        database.connection.run(first, Direction.UP)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        database.keep(chain, key, b"note")
        database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
