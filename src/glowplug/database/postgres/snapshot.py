"""Read the schema, from inside whatever the session is doing, and leave the session as it was."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres.catalogue import CONSTANTS, ROUTINES, TYPES, finish, probe, scoped, sections, union
from glowplug.database.postgres.change import GIVEN, WATCH, Change
from glowplug.database.postgres.prepared import PreparedStatements
from glowplug.database.postgres.within import unreadable, within
from glowplug.errors import EnvironmentFailure
from glowplug.schema import Schema, SchemaObject
from glowplug.sql.postgres_triggers import only_changes_its_row

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Session
    from glowplug.schema.model import Key

    Groups = dict[bytes, dict[Key, SchemaObject]]

_QUOTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)', re.DOTALL)
_SCRATCH_NAME = re.compile(r"\bglowplug_[0-9a-f]{12}\b")  # the role's and the database's, another in every run
_CACHE_SIZE = 200_000
_TRUST = 64
_FIRST_TRUST = 8

# A function in SQL or PL/pgSQL changes no schema without one of these words, a stable one not even with them; what
# makes or empties a relation locks it. No backslash: the migration's session says what that means.
_CHANGING_WORDS = (
    "alter|call|comment|create|do(?![[:space:]]+(nothing|update)([^a-z0-9_]|$))|drop|execute|grant|import|reassign"
    "|revoke|security"
)
# diesel_manage_updated_at, as `diesel setup` writes it into every PostgreSQL project: it makes a trigger, whose table
# it locks, unless format is somebody's own.
_DIESELS_OWN = (
    "BEGIN EXECUTE format(''CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE PROCEDURE"
    " diesel_set_updated_at()'', _tbl); END;"
)

_CIRCUMSTANCES = f"""
SELECT EXISTS (SELECT FROM pg_event_trigger),
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgdeferrable AND NOT t.tgisinternal)
  OR EXISTS (SELECT FROM pg_class c WHERE c.relname = '{BOOKKEEPING_TABLE}'
    AND (c.relhastriggers OR c.relhasrules OR c.relrowsecurity))
  OR pg_my_temp_schema() <> 0,
  EXISTS (SELECT FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384 AND p.provolatile = 'v'
    AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    AND l.lanname NOT IN ('c', 'internal')
    AND (l.lanname NOT IN ('sql', 'plpgsql') OR p.prosrc ~* '(^|[^a-z0-9_])({_CHANGING_WORDS})([^a-z0-9_]|$)')
    AND NOT (btrim(regexp_replace(p.prosrc, '[[:space:]]+', ' ', 'g')) = '{_DIESELS_OWN}'
      AND oidvectortypes(p.proargtypes) = 'regclass' AND p.proconfig IS NULL
      AND NOT EXISTS (SELECT FROM pg_proc f WHERE f.oid >= 16384 AND f.proname = 'format')))
"""
"""Whether code of the user's answers to DDL; whether anything else forbids to nest files in a transaction; whether
there is a function that could do anything when a default, a check, a view, a cast or an operator calls it."""

_VIEWS = """
SELECT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1)
    AND d.classid IN ('pg_proc'::regclass, 'pg_policy'::regclass)
    AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.oid = d.objid AND p.polrelid = d.refobjid)),
  (WITH RECURSIVE more (oid) AS (
    SELECT unnest($1)
    UNION
    SELECT w.ev_class FROM more JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = more.oid
      AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite w ON w.oid = d.objid
  ) SELECT string_agg(oid::text, ',') FROM more)
"""
"""Whether it is more than views that depends on the relations; those together with their views."""

_GUARDS = """
SELECT DISTINCT l.lanname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
  JOIN pg_language l ON l.oid = p.prolang WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule', '' FROM pg_rewrite w WHERE w.oid >= 16384 AND w.rulename <> '_RETURN'
"""
"""The code of the user's that answers to changed rows."""


class SnapshotReader:
    """Reads the schema through one session, and remembers it.

    What is known to have changed since the last reading is read anew and the rest is taken from memory, where a
    Change tells; every now and then all is read, and held against the memory.
    """

    def __init__(self, session: Session) -> None:
        """Read through ``session``."""
        self._sections = sections(session.server_version)
        self._objects: dict[bytes, SchemaObject] = {}
        self._groups: Groups | None = None
        self._schema = Schema()
        self._uses = 0
        self.nestable = False
        self._hidden_code = True
        self._session = session
        numbered = list(enumerate(self._sections))
        relational = [(number, one) for number, one in numbered if one.relation]
        topics = {topic: [item for item in numbered if item[1].topic == topic] for topic in (TYPES, ROUTINES)}
        self._topics = {topic: [b"s%d" % number for number, _ in chosen] for topic, chosen in topics.items()}
        self._queries = {
            "circumstances": _CIRCUMSTANCES,
            "views": _VIEWS,
            "guards": _GUARDS,
            "common": union((number, one) for number, one in numbered if one.rare is None),
            "probe": probe(one for one in self._sections if one.rare),
            **{f"s{number}": union([(number, one)]) for number, one in numbered if one.rare},
            "given": scoped(relational, locked=GIVEN, quick=False),
            "quick": scoped(relational, locked=GIVEN, quick=True),
            "here": scoped(relational, locked=WATCH, quick=True),
            **{topic: union(chosen) for topic, chosen in topics.items()},
        }
        self._statements: PreparedStatements | None = None

    def read(self, change: Change | None) -> Schema:
        """Read the state from which later changes are told; ``change`` is since the last ``read``, None: unknown.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: the catalogues could not be read, or the memory did not hold.
        """
        if change is not None and not change.wrote and change == Change() and self._groups is not None:
            return self._schema
        changed = self._changed(change)
        self._uses += 1
        if changed is None:
            self._groups = self._all()
            self._schema = _schema(self._groups)
        else:
            self._schema = self._merged(changed)
            self._groups = {**(self._groups or {}), **changed}
            self._verify()
        return self._schema

    def look(self, change: Change | None, *, here: bool) -> Schema:
        """Read a state that will be undone; ``change`` is since the last ``read``.

        ``here``: in the open transaction that made the change, so that its relations need not be known.
        """
        changed = self._changed(change, here=here)
        return _schema(self._all()) if changed is None else self._merged(changed)

    def adopt(self, other: SnapshotReader) -> None:
        """Remember what ``other`` does: this session's database was copied from that one's."""
        self._objects, self._groups, self._schema = other._objects, other._groups, other._schema
        self.nestable, self._hidden_code = other.nestable, other._hidden_code

    @property
    def _prepared(self) -> PreparedStatements:
        if self._statements is None:
            reply = within(self._session, CONSTANTS)
            if not reply.ok:
                raise unreadable(reply)
            row = reply.results[0]
            constants = [row.get_value(0, column) for column in range(row.nfields)]
            queries = {key: finish(query, constants) for key, query in self._queries.items()}
            self._statements = PreparedStatements(self._session, queries)
        return self._statements

    def guarded(self) -> bool:
        """Whether code of the user's answers to changed rows with more than a change of those; errors as for read."""
        return _guarded(self._prepared.run([("guards", None)])[0])

    def _verify(self) -> None:
        if self._uses % _TRUST != _FIRST_TRUST:
            return
        self._groups = self._all()
        truth = _schema(self._groups)
        if truth.objects != self._schema.objects:
            raise EnvironmentFailure(
                "the schema that glowplug remembers is not the one that the server has: its verdicts can't be trusted",
                advice="This is a defect of glowplug's: please report it.",
            )
        self._schema = truth

    def _all(self) -> Groups:
        circumstances, probed, common = self._prepared.run([("circumstances", None), ("probe", None), ("common", None)])
        self._note(circumstances)
        groups = self._grouped(common)
        rare = [number for number, section in enumerate(self._sections) if section.rare]
        there = [number for column, number in enumerate(rare) if probed.get_value(0, column) == b"t"]
        if there:
            for result in self._prepared.run([(f"s{number}", None) for number in there]):
                groups.update(self._grouped(result))
        return groups

    def _changed(self, change: Change | None, *, here: bool = False) -> Groups | None:
        """Read what ``change`` names; None where more than that may have changed."""
        if change is None or self._groups is None:
            return None
        which = ("here", None) if here and not change.relations else ("quick", ",".join(sorted(change.relations)))
        topics = (TYPES,) * change.types + (ROUTINES,) * change.routines
        calls: list[tuple[str, str | None]] = [("circumstances", None), which, *((topic, None) for topic in topics)]
        if change.wrote:
            calls.append(("guards", None))
        circumstances, relations, *results = self._prepared.run(calls)
        if (change.wrote and _guarded(results.pop())) or circumstances.get_value(0, 0) == b"t":
            return None
        if change.evaluated and (change.routines or self._hidden_code or circumstances.get_value(0, 2) == b"t"):
            return None
        if not here:
            self._note(circumstances)
        oids = relations.get_value(0, 1) or b""
        if oids and relations.get_value(1, 1) == b"true":
            oids = self._elsewhere(oids) or b""
            if not oids:
                return None
        more = any(relations.get_value(row, 2) == b"t" for row in range(relations.ntuples))
        if more or oids != (relations.get_value(0, 1) or b""):
            (relations,) = self._prepared.run([("given", oids.decode())])
        groups: Groups = {group: {} for topic in topics for group in self._topics[topic]}
        groups.update({oid: {} for oid in oids.split(b",") if oid})
        for result, first in ((relations, 2), *((one, 0) for one in results)):
            groups.update(self._grouped(result, first))
        return groups

    def _note(self, circumstances: PGresult) -> None:
        self.nestable = circumstances.get_value(0, 0) == circumstances.get_value(0, 1) == b"f"
        self._hidden_code = circumstances.get_value(0, 2) == b"t"

    def _elsewhere(self, oids: bytes) -> bytes | None:
        """Find the relations, and the views on them at any remove; None where more than views may depend on them."""
        (row,) = self._prepared.run([("views", oids.decode())])
        return None if row.get_value(0, 0) == b"t" else row.get_value(0, 1)

    def _merged(self, changed: Groups) -> Schema:
        known = self._groups or {}
        objects = dict(self._schema.objects)
        for group in changed:
            for key in known.get(group, ()):
                objects.pop(key, None)
        for found in changed.values():
            objects.update(found)
        return Schema(MappingProxyType(objects))

    def _grouped(self, result: PGresult, first: int = 0) -> Groups:
        if len(self._objects) > _CACHE_SIZE:
            self._objects.clear()
        groups: Groups = {}
        known = self._objects
        value = result.get_value
        for row in range(first, result.ntuples):
            text = value(row, 1) or b""
            found = known.get(text)
            if found is None:
                found = known[text] = self._object(text)
            groups.setdefault(value(row, 0) or b"", {})[found.kind, found.name] = found
        return groups

    def _object(self, row: bytes) -> SchemaObject:
        number, kind, name, parent_kind, parent_name, *values = _fields(_SCRATCH_NAME.sub("owner", row.decode()))
        names = self._sections[int(number or 0)].property_names
        return SchemaObject(
            kind=kind or "",
            name=name or "",
            parent=None if parent_kind is None or parent_name is None else (parent_kind, parent_name),
            properties=MappingProxyType(
                {name: value for name, value in zip(names, values, strict=True) if value is not None}
            ),
        )


def _guarded(result: PGresult) -> bool:
    return not all(
        only_changes_its_row((result.get_value(row, 0) or b"").decode(), (result.get_value(row, 1) or b"").decode())
        for row in range(result.ntuples)
    )


def _schema(groups: Groups) -> Schema:
    objects: dict[Key, SchemaObject] = {}
    for group in groups.values():
        objects.update(group)
    return Schema(MappingProxyType(objects))


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
