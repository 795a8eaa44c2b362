"""Read a whole schema in one round trip, from inside whatever the session is doing, and leave the session as it was."""

from __future__ import annotations

import re
import secrets
from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import COMMON, sections
from glowplug.database.postgres.within import unreadable, within
from glowplug.schema import Schema, SchemaObject

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Reply, Session
    from glowplug.schema.model import Key

_QUOTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)', re.DOTALL)
_CACHE_SIZE = 200_000


class SnapshotReader:
    """Reads the schema through one session.

    The query is prepared once under a name that nobody can guess; what is run is known to be it by the time of its
    preparation, which nobody can forge: a migration may see and replace prepared statements.
    """

    def __init__(self, session: Session) -> None:
        """Read through ``session``."""
        self._session = session
        self._sections = sections(session.server_version)
        self._name = ""
        self._prepared_at: bytes | None = None
        self._objects: dict[bytes, SchemaObject] = {}

    def read(self) -> Schema:
        """Read every object that no extension owns, the bookkeeping table aside.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: the catalogues could not be read.
        """
        reply = self._ask() if self._prepared_at is not None else None
        if reply is None or not self._is_ours(reply):
            self._prepare()
            reply = self._ask()
        if not reply.ok or not self._is_ours(reply):
            raise unreadable(reply)
        return self._schema(reply.results[-1])

    def _schema(self, result: PGresult) -> Schema:
        if len(self._objects) > _CACHE_SIZE:
            self._objects.clear()
        objects: dict[Key, SchemaObject] = {}
        known = self._objects
        value = result.get_value
        for row in range(result.ntuples):
            text = value(row, 0) or b""
            found = known.get(text)
            if found is None:
                found = known[text] = self._object(text)
            objects[found.kind, found.name] = found
        return Schema(MappingProxyType(objects))

    def _object(self, row: bytes) -> SchemaObject:
        number, kind, name, parent_kind, parent_name, *values = _fields(row.decode())
        names = self._sections[int(number or 0)].property_names
        return SchemaObject(
            kind=kind or "",
            name=name or "",
            parent=None if parent_kind is None or parent_name is None else (parent_kind, parent_name),
            properties=MappingProxyType(
                {name: value for name, value in zip(names, values, strict=True) if value is not None}
            ),
        )

    def _ask(self) -> Reply:
        check = f"SELECT p.prepare_time::text FROM pg_prepared_statement() p WHERE p.name = '{self._name}'; "
        return within(self._session, f"{check}EXECUTE {self._name}")

    def _is_ours(self, reply: Reply) -> bool:
        if reply.lost is not None or len(reply.results) < 2:  # noqa: PLR2004 - the check's and the query's
            return False
        check = reply.results[0]
        return check.ntuples == 1 and check.get_value(0, 0) == self._prepared_at

    def _prepare(self) -> None:
        self._name = f"glowplug_{secrets.token_hex(8)}"
        query = COMMON + " UNION ALL ".join(section.select(number) for number, section in enumerate(self._sections))
        reply = within(
            self._session,
            f"PREPARE {self._name} AS {query}; "
            f"SELECT p.prepare_time::text FROM pg_prepared_statement() p WHERE p.name = '{self._name}'",
        )
        if not reply.ok:
            raise unreadable(reply)
        self._prepared_at = reply.results[0].get_value(0, 0)


def _fields(record: str) -> list[str | None]:
    """Take a row's text form apart: fields in parentheses, empty for NULL, quoted where needed."""
    inner = record[1:-1]
    if '"' not in inner:
        return [field or None for field in inner.split(",")]
    fields: list[str | None] = []
    for match in _QUOTED.finditer(inner):
        quoted, bare = match.groups()
        fields.append(bare or None if quoted is None else quoted.replace('""', '"').replace("\\\\", "\\"))
        if match.end() == len(inner) and not match.group().endswith(","):
            break
    return fields
