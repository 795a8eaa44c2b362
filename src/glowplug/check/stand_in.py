"""What is said where a MariaDB stands in for production's MySQL: neither takes all that the other does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.check import faults
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.mysql.not_mysql import Refused
    from glowplug.finding import Finding
    from glowplug.project import Chain, Migration
    from glowplug.schema.simulation import Simulation
    from glowplug.scratch.interface import ServerDescription

_MARIADB = "MariaDB "
_SETS_THE_MODE = re.compile(rb"\bsql_mode\b", re.IGNORECASE)
_GROUPS = re.compile(rb"\bgroup\s+by\b", re.IGNORECASE)
_READ_AT_MOST = 200_000  # bytes of a file: what is larger holds rows, and is no statement that a person wrote

GET_A_MYSQL = (
    "A MariaDB stands in for production's MySQL here, so that this is no verdict. Check against a MySQL: put its URL "
    "in GLOWPLUG_SCRATCH_URL_MYSQL (any container will do), or install mysqld on this machine; of the servers that "
    "`glowplug server list` shows, one of server_version's vendor comes first."
)


def refused_by_production(chain: Chain, scratch: ServerDescription) -> Iterator[Finding]:
    """Say what of a chain's SQL a MySQL refuses, as far as the text tells it, where the scratch server is a MariaDB."""
    if chain.dialect is not Dialect.MYSQL or not scratch.server.startswith(_MARIADB):
        return
    from glowplug.database.mysql.not_mysql import version_of  # noqa: PLC0415 - it brings a driver
    from glowplug.scratch.mysql.source import production_version  # noqa: PLC0415 - the same

    wanted = production_version(chain.settings.server_version)
    if wanted is None or wanted.vendor != "MySQL":
        return
    end = (
        f"MySQL refuses it, according to its manual. Production runs MySQL {wanted.number}; the scratch server is "
        f"{scratch.server}, which takes it, so that its yes is none"
    )
    version = version_of(wanted.number)
    schema = _schema(chain, version)
    for migration in chain.migrations:
        if migration.runnable:
            for direction in Direction:
                yield from _in_file(migration, direction, version, end, schema)


def _schema(chain: Chain, version: tuple[int, ...]) -> Simulation | None:
    """Begin to follow what the chain makes of its schema, where anything is grouped and nothing sets the sql_mode."""
    from glowplug.database.mysql.not_grouped import SINCE  # noqa: PLC0415 - it brings a driver
    from glowplug.schema.simulation import Simulation  # noqa: PLC0415 - few chains need it

    files = [migration.sql(direction) or b"" for migration in chain.migrations for direction in Direction]
    mode = any(
        _SETS_THE_MODE.search(each) for each in (*files, *(one.encode() for one in chain.settings.session_setup))
    )
    grouped = any(_GROUPS.search(each) for each in files)
    return Simulation(Dialect.MYSQL) if grouped and not mode and version >= SINCE else None


def _in_file(
    migration: Migration, direction: Direction, version: tuple[int, ...], end: str, schema: Simulation | None
) -> Iterator[Finding]:
    """Go through a file; ``schema`` goes along with an up, and stays as it is with a down."""
    from glowplug.database.mysql.not_grouped import not_grouped  # noqa: PLC0415 - it brings a driver
    from glowplug.database.mysql.not_mysql import refused_by_mysql  # noqa: PLC0415 - the same
    from glowplug.sql.reader import read  # noqa: PLC0415 - most chains are on other servers

    content = migration.sql(direction) or b""
    is_read = len(content) <= _READ_AT_MOST
    if not is_read and (schema is None or direction is Direction.DOWN):
        return
    text = content.decode("utf-8", "replace")
    if schema is not None:
        schema = schema if direction is Direction.UP else schema.fork()
        schema.begin(index=0, version="", migration=migration.name, file=migration.name, text=text)
    for statement in read(text, Dialect.MYSQL).statements:
        for refused in refused_by_mysql(text, statement, version) if is_read else ():
            yield _found(migration, direction, text, refused, end)
        if schema is not None:
            for refused in not_grouped(text, statement, schema):
                yield _found(migration, direction, text, refused, end)
            schema.run(statement)


def _found(migration: Migration, direction: Direction, text: str, refused: Refused, end: str) -> Finding:
    from glowplug.review.excerpt import excerpt_of  # noqa: PLC0415 - only where something is found
    from glowplug.sql.mysql import position  # noqa: PLC0415 - the same
    from glowplug.sql.parts import Span  # noqa: PLC0415 - the same

    way = "on the way back, " if direction is Direction.DOWN else ""
    first, last = position(text, refused.start), position(text, refused.end)
    place = Place(
        file=migration.file(direction),
        line=first.line,
        column=first.column,
        end_line=last.line,
        end_column=last.column,
    )
    span = Span(refused.start, refused.end)
    found = faults.MYSQL_REFUSES.found(
        f"{way}{refused.what}: {end}",
        version=migration.version,
        migration=migration.name,
        place=place,
        subject=refused.what,
    )
    return replace(found, excerpt=excerpt_of(text, span, span))
