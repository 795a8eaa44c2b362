"""Objects from the rows of a reading, each text taken apart once."""

from __future__ import annotations

import functools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue import sections
from glowplug.database.postgres.record import fields
from glowplug.schema import SchemaObject

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.memory import Groups, Objects

_SCRATCH_NAME = re.compile(r"\bglowplug_[0-9a-f]{16}(?:_copy)?\b")  # role's and database's, others in every run
_MAY_BE_NAMED = "glowplug_"
_KEPT = 200_000
_COLUMNS = 2


class Known:
    """Objects by the text that a query of sections gives for each; more than one thread may have them."""

    def __init__(self, version: int) -> None:
        """Know none, of servers of this ``server_version_num``."""
        self._names = [section.property_names for section in sections(version)]
        self._known: dict[bytes, tuple[int, tuple[str, str], SchemaObject]] = {}

    def put(self, groups: Groups, result: PGresult) -> set[int]:
        """Put what was read into its groups; the sections, by number, that hold more than the query read."""
        if len(self._known) > _KEPT:
            self._known = {}
        known, value, tells = self._known, result.get_value, result.nfields > _COLUMNS
        unread: set[int] = set()
        before: tuple[int, bytes | None] | None = None
        group: Objects = {}
        for row in range(result.ntuples):
            text, relation = value(row, 1) or b"", value(row, 0)
            learnt = known.get(text)
            if learnt is None:
                learnt = known[text] = self._learn(text)
            number, key, found = learnt
            if (number, relation) != before:  # of one relation there are many, one after the other
                before = (number, relation)
                group = groups.setdefault((number, (relation or b"").decode()), {})
            group[key] = found
            if tells and value(row, 2) == b"t":
                unread.add(number)
        return unread

    def _learn(self, row: bytes) -> tuple[int, tuple[str, str], SchemaObject]:
        text = row.decode()
        if _MAY_BE_NAMED in text:
            text = _SCRATCH_NAME.sub("owner", text)
        given, kind, name, parent_kind, parent_name, *values = fields(text)
        number, key = int(given or 0), (kind or "", name or "")
        pairs = zip(self._names[number], values, strict=True)
        found = SchemaObject(
            kind=key[0],
            name=key[1],
            parent=None if parent_kind is None or parent_name is None else (parent_kind, parent_name),
            properties=MappingProxyType({name: value for name, value in pairs if value is not None}),
        )
        return number, key, found


@functools.cache
def known(version: int) -> Known:
    """Give what this process knows of servers of this ``server_version_num``."""
    return Known(version)
