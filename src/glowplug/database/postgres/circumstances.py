"""What decides whether a file may be nested, and whether its locks and counts tell all that it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres.temporary import HAS_TEMPORARY_OBJECTS
from glowplug.sql.postgres_functions import FUNCTIONS
from glowplug.sql.postgres_triggers import only_changes_its_row

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

# A function in SQL or PL/pgSQL changes no schema without one of these words, a stable one not even with them; what
# makes or empties a relation locks it. No backslash: the migration's session says what that means. COMMENT is a common
# name of a table, too, and U&"…" may spell anything.
_COMMENTED = (
    "access|aggregate|cast|collation|column|constraint|conversion|database|domain|event|extension|foreign|function"
    "|index|language|large|materialized|operator|policy|procedural|procedure|publication|role|routine|rule|schema"
    "|sequence|server|statistics|subscription|table|tablespace|text|transform|trigger|type|view|/|-"
)
_CHANGING = (
    "(^|[^a-z0-9_])((alter|call|create|do(?![[:space:]]+(nothing|update)([^a-z0-9_]|$))|drop|execute|grant|import"
    "|reassign|revoke|security|u&)([^a-z0-9_]|$)"
    f"|comment[[:space:]]*(/|-|on[[:space:]]*({_COMMENTED})))"
)
# One of these is in whatever that matches. The server builds a pattern's automaton anew for every text that it reads.
_WORDS = ("alter", "call", "comment", "create", "do", "drop", "execute", "grant", "import", "reassign", "revoke",
          "security", "u&")  # fmt: skip


_NATIVE = "(12, 13)"  # internal and c, by their numbers in pg_language; 14 is sql
_READABLE = "(14, coalesce((SELECT l.oid FROM pg_language l WHERE l.lanname = 'plpgsql'), 14))"


def may_change(code: str) -> str:
    """SQL for whether ``code``, an expression, has a word without which it changes no schema."""
    words = ", ".join(f"'%{word}%'" for word in _WORDS)
    return f"(lower({code} COLLATE \"C\") LIKE ANY (ARRAY[{words}]) AND {code} ~* '{_CHANGING}')"


# diesel_manage_updated_at, as `diesel setup` writes it into every PostgreSQL project: it makes a trigger, whose table
# it locks, unless format is somebody's own.
_DIESELS_OWN = (
    "BEGIN EXECUTE format(''CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE PROCEDURE"
    " diesel_set_updated_at()'', _tbl); END;"
)

_IS_DIESELS_OWN = f"""(btrim(regexp_replace(p.prosrc, '[[:space:]]+', ' ', 'g')) = '{_DIESELS_OWN}'
      AND oidvectortypes(p.proargtypes) = 'regclass' AND p.proconfig IS NULL
      AND NOT EXISTS (SELECT FROM pg_proc f
        WHERE f.proname = 'format' AND f.oid >= 16384 AND f.prolang NOT IN {_NATIVE}))"""

_IS_MISTAKEN = f"""p.provolatile = 'v' AND p.proname = ANY ('{{{",".join(sorted(FUNCTIONS))}}}')
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' OFFSET 0)"""

CIRCUMSTANCES = f"""
WITH code AS MATERIALIZED (
  SELECT p.oid, p.proname, p.prosrc, p.may, p.prorettype = 'trigger'::regtype AS triggered,
    CASE WHEN p.may AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
      THEN NOT {_IS_DIESELS_OWN} ELSE false END AS changing,
    {_IS_MISTAKEN} AS mistaken
  FROM (SELECT p.*, p.prolang NOT IN {_READABLE} OR {may_change("p.prosrc")} AS may
    FROM pg_proc p WHERE p.oid >= 16384 AND p.prolang NOT IN {_NATIVE} OFFSET 0) p
)
SELECT EXISTS (SELECT FROM pg_event_trigger),
  (found.deferrable AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgdeferrable AND NOT t.tgisinternal))
  OR EXISTS (SELECT FROM pg_class c WHERE c.relname = '{BOOKKEEPING_TABLE}'
    AND (c.relhastriggers OR c.relhasrules OR c.relrowsecurity))
  OR {HAS_TEMPORARY_OBJECTS} OR found.mistaken,
  EXISTS (SELECT FROM code o WHERE o.triggered
    AND (o.may OR EXISTS (SELECT FROM code p WHERE p.changing
      AND strpos(lower(o.prosrc), lower(replace(p.proname, '"', '""'))) > 0 OFFSET 0))
    AND EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = o.oid
      AND d.classid = 'pg_trigger'::regclass OFFSET 0)),
  found.mistaken OR EXISTS (SELECT FROM code p WHERE p.changing AND (EXISTS (SELECT FROM pg_depend d
      WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid OFFSET 0)
    OR EXISTS (SELECT FROM code o WHERE NOT o.changing
      AND strpos(lower(o.prosrc), lower(replace(p.proname, '"', '""'))) > 0 OFFSET 0))),
  EXISTS (SELECT FROM code p WHERE lower(p.prosrc COLLATE "C") LIKE ANY (ARRAY['%nextval%', '%setval%']))
    OR EXISTS (SELECT FROM pg_constraint c WHERE c.contype = 'f' AND (c.confdeltype = 'd' OR c.confupdtype = 'd'))
    OR EXISTS (SELECT FROM pg_sequence s WHERE EXISTS (SELECT FROM pg_depend d
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = s.seqrelid
        AND d.classid NOT IN ('pg_class'::regclass, 'pg_attrdef'::regclass) OFFSET 0)),
  found.deferrable,
  (SELECT string_agg(d.refobjid::text, ',') FROM (SELECT x.refclassid, x.refobjid, x.deptype FROM pg_depend x
      WHERE x.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass) AND x.objid >= 16384
      OFFSET 0) d
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid >= 16384 AND d.deptype <> 'i')
FROM (SELECT EXISTS (SELECT FROM pg_trigger t WHERE t.tgdeferrable) AS deferrable,
  EXISTS (SELECT FROM code p WHERE p.mistaken) AS mistaken OFFSET 0) found
"""
"""Whether code of the user's answers to DDL; whether anything else forbids to nest files in a transaction; whether
code of the user's that answers to changed rows could do anything; whether there is a function that could, and that a
default, a check, a view, a cast, an operator or another function may call, or one by a name that is taken for the
server's; whether sequences may be counted by what is not a column's default; whether anything is deferrable; the
relations that the text of something else may depend on. They are found by what depends on them, which is little; what
relations are depended on by is as many rows as they have columns."""

GUARDS = """
SELECT (SELECT l.lanname FROM pg_language l WHERE l.oid = s.prolang), s.prosrc
FROM (SELECT DISTINCT p.prolang, p.prosrc FROM pg_trigger t
  CROSS JOIN LATERAL (SELECT f.prosrc, f.prolang FROM pg_proc f WHERE f.oid = t.tgfoid OFFSET 0) p
  WHERE NOT t.tgisinternal) s
UNION ALL
SELECT 'rule', '' FROM pg_rewrite w WHERE w.oid >= 16384 AND w.rulename <> '_RETURN'
"""
"""The code of the user's that answers to changed rows; OFFSET 0 keeps the planner from reading every function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The answers to CIRCUMSTANCES and GUARDS.

    ``answered``: code of the user's answers to DDL; ``forbidding``: something else forbids to nest files;
    ``counting``: sequences may be counted by more than the defaults of columns; ``deferring``: something is deferrable;
    ``triggering``: code of the user's that answers to changed rows could do anything; ``hidden_code``: there is a
    function that could when what it is hidden in calls it; ``guarded``: code of the user's answers to changed rows with
    more than a change of those; ``depended_on``: relations, by oid, that the text of something else may depend on.
    """

    answered: bool = True
    forbidding: bool = True
    counting: bool = True
    deferring: bool = True
    triggering: bool = True
    hidden_code: bool = True
    guarded: bool = True
    depended_on: frozenset[str] = frozenset()

    @classmethod
    def read(cls, circumstances: PGresult, guards: PGresult) -> Circumstances:
        """Take them from the answers."""
        answered, forbidding, triggering, hidden, counting, deferring = (
            circumstances.get_value(0, column) != b"f" for column in range(6)
        )
        oids = (circumstances.get_value(0, 6) or b"").decode()
        return cls(
            answered=answered,
            forbidding=forbidding,
            triggering=triggering,
            counting=counting,
            deferring=deferring,
            hidden_code=hidden,
            guarded=_guarded(guards),
            depended_on=frozenset(oids.split(",")) - {""},
        )


def _guarded(result: PGresult) -> bool:
    return not all(
        only_changes_its_row((result.get_value(row, 0) or b"").decode(), (result.get_value(row, 1) or b"").decode())
        for row in range(result.ntuples)
    )
