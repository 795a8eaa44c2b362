"""What no rollback brings back: how far sequences have counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.quoting import identifier, literal
from glowplug.database.postgres.within import SET, unreadable, within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Session

_INSERTED = "glowplug.inserted"
_GIVEN = f"current_setting('{_INSERTED}')::oid[]"

_ARE_TABLES = f"""
SELECT c.relkind IN ('r', 'p') FROM unnest({_GIVEN}) AS given (oid) JOIN pg_class c ON c.oid = given.oid
"""
"""A view's rows go elsewhere."""

_ALL = "SELECT q.seqrelid, q.seqrelid::regclass, q.seqcache > 1, pg_sequence_last_value(q.seqrelid) FROM pg_sequence q"
"""Of one that never counted it is not told what it would begin with."""

_OF_TABLES = f"""
{_ALL} WHERE q.seqrelid = ANY (ARRAY(
  SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = ANY ({_GIVEN}) AND d.deptype IN ('a', 'i')
) || ARRAY(
  SELECT d.refobjid FROM pg_depend d WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.objid = ANY (ARRAY(SELECT a.oid FROM pg_attrdef a WHERE a.adrelid = ANY ({_GIVEN})))
))
"""
"""Arrays, which are planned in a third of the time that joins take."""
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

    def remember(self, tables: Iterable[tuple[str, str]], *, domains: bool) -> bool:
        """Remember what an INSERT into ``tables`` (schema or "", name) may count on; False if that can't be told.

        For a session without an open transaction; ``domains``: whether some may count on sequences of their own.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: it can't be read.
        """
        oids = [_resolved(*table) for table in tables]
        array = f"pg_catalog.concat('{{', pg_catalog.concat_ws(',', {', '.join(oids)}), '}}')"
        resolve = f"SELECT pg_catalog.set_config('{_INSERTED}', {array}, true)"  # as the migration does: before SET
        questions = (_ARE_TABLES, _OF_TABLES, *((_OF_DOMAINS,) * domains))
        reply = within(self._session, ";".join(questions), settings=f"{resolve};{SET}")
        if not reply.ok:
            raise unreadable(reply)
        _, plain, found, *of_domains = reply.results
        kinds = [plain.get_value(row, 0) for row in range(plain.ntuples)]
        if kinds != [b"t"] * len(oids) or any(each.ntuples for each in of_domains):
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
        rows = [[(found.get_value(row, column) or b"").decode() for column in range(4)] for row in range(found.ntuples)]
        if any(ahead == "t" for _, _, ahead, _ in rows):
            return False
        new = [(oid, name, last) for oid, name, _, last in rows if oid not in self._known]
        self._known.update({oid: (last, "true") for oid, _, last in new if last})
        never = {oid: name for oid, name, last in new if not last}
        if not never:
            return True
        reply = within(self._session, "; ".join(f"SELECT last_value, is_called FROM {name}" for name in never.values()))
        if not reply.ok:
            raise unreadable(reply)
        for oid, state in zip(never, reply.results, strict=True):
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


def _resolved(schema: str, name: str) -> str:
    """SQL for a table's oid, its name resolved as the migration does; NULL where there is none."""
    full = f"{identifier(schema)}.{identifier(name)}" if schema else identifier(name)
    return f"pg_catalog.to_regclass({literal(full)})::pg_catalog.oid"
