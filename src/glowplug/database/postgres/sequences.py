"""What no rollback brings back: how far sequences have counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.quoting import identifier, literal
from glowplug.database.postgres.within import unreadable, within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Session

_OF_TABLES = """
SELECT DISTINCT s.oid, quote_ident(n.nspname) || '.' || quote_ident(s.relname), q.seqcache > 1
FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid
WHERE s.relkind = 'S' AND s.oid IN (
  SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid IN ({oids}) AND d.deptype IN ('a', 'i')
  UNION ALL
  SELECT d.refobjid FROM pg_depend d JOIN pg_attrdef a ON a.oid = d.objid
  WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND a.adrelid IN ({oids}))
"""
_ALL = """
SELECT s.oid, quote_ident(n.nspname) || '.' || quote_ident(s.relname), q.seqcache > 1
FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid
WHERE s.relkind = 'S'
"""
_OF_DOMAINS = """
SELECT FROM pg_depend d JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
WHERE d.classid = 'pg_type'::regclass AND d.refclassid = 'pg_class'::regclass AND d.objid >= 16384
"""


class SequenceMemory:
    """Remembers sequences before rows are inserted, and sets them back after the rollback."""

    def __init__(self, session: Session) -> None:
        """Work in ``session``."""
        self._session = session
        self._known: dict[str, tuple[str, str]] = {}

    def remember(self, tables: Iterable[tuple[str, str]]) -> bool:
        """Remember what an INSERT into ``tables`` (schema or "", name) may count on; False if that can't be told.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: it can't be read.
        """
        oids = self._plain_tables(tables)
        if oids is None:
            return False
        if not oids:
            return True
        reply = within(self._session, f"{_OF_DOMAINS}; {_OF_TABLES.format(oids=', '.join(oids))}")
        if not reply.ok:
            raise unreadable(reply)
        domains, found = reply.results
        if domains.ntuples:
            return False
        return self._read(found)

    def remember_all(self) -> bool:
        """Remember every sequence; the rest as for ``remember``."""
        reply = within(self._session, _ALL)
        if not reply.ok:
            raise unreadable(reply)
        return self._read(reply.results[0])

    def _read(self, found: PGresult) -> bool:
        """Read how far these sequences have counted; False where one gives sessions values in advance."""
        rows = [[(found.get_value(row, column) or b"").decode() for column in range(3)] for row in range(found.ntuples)]
        new = {oid: name for oid, name, _ in rows if oid not in self._known}
        if any(ahead == "t" for _, _, ahead in rows):
            return False
        if not new:
            return True
        questions = "; ".join(f"SELECT last_value, is_called FROM {name}" for name in new.values())
        reply = within(self._session, questions)
        if not reply.ok:
            raise unreadable(reply)
        for oid, state in zip(new, reply.results, strict=True):
            value, called = (state.get_value(0, column) or b"" for column in (0, 1))
            self._known[oid] = (value.decode(), "true" if called == b"t" else "false")
        return True

    def restore(self) -> None:
        """Set them back and forget them; errors as for ``set_back``."""
        self.set_back()
        self._known = {}

    def set_back(self) -> None:
        """Set them back; one that the rolled back transaction had made is no more.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: the server refuses.
        """
        if not self._known:
            return
        statements = "; ".join(
            f"SELECT pg_catalog.setval(s.oid::pg_catalog.regclass, {value}, {called}) FROM pg_catalog.pg_class s"
            f" WHERE s.oid OPERATOR(pg_catalog.=) {oid}::pg_catalog.oid"
            for oid, (value, called) in self._known.items()
        )
        reply = self._session.batch(statements.encode())
        if not reply.ok:
            raise unreadable(reply)

    def _plain_tables(self, tables: Iterable[tuple[str, str]]) -> list[str] | None:
        """Resolve names as the migration does; None where one is no table now (a view's rows go elsewhere)."""
        questions = []
        for schema, name in tables:
            full = f"{identifier(schema)}.{identifier(name)}" if schema else identifier(name)
            questions.append(
                "SELECT c.oid, c.relkind FROM pg_catalog.pg_class c"
                f" WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass({literal(full)})::pg_catalog.oid"
            )
        reply = self._session.batch("; ".join(questions).encode(), rows=True)
        if not reply.ok:
            raise unreadable(reply)
        rows = [
            (result.get_value(row, 0) or b"", result.get_value(row, 1) or b"")
            for result in reply.results
            for row in range(result.ntuples)
        ]
        if len(rows) < len(reply.results) or any(kind not in (b"r", b"p") for _, kind in rows):
            return None
        return [oid.decode() for oid, _ in rows]
