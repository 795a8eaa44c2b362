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

CIRCUMSTANCES = f"""
WITH code AS MATERIALIZED (
  SELECT p.oid, p.proname, p.prosrc, p.provolatile, p.prorettype, p.proargtypes, p.proconfig, l.lanname
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')
), changing AS MATERIALIZED (
  SELECT p.oid, p.proname FROM code p
  WHERE p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    AND (p.lanname NOT IN ('sql', 'plpgsql') OR {may_change("p.prosrc")})
    AND NOT (btrim(regexp_replace(p.prosrc, '[[:space:]]+', ' ', 'g')) = '{_DIESELS_OWN}'
      AND oidvectortypes(p.proargtypes) = 'regclass' AND p.proconfig IS NULL
      AND NOT EXISTS (SELECT FROM code f WHERE f.proname = 'format'))
), mistaken AS MATERIALIZED (
  SELECT p.oid FROM code p WHERE p.provolatile = 'v' AND p.proname = ANY ('{{{",".join(sorted(FUNCTIONS))}}}')
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT EXISTS (SELECT FROM pg_event_trigger),
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgdeferrable AND NOT t.tgisinternal)
  OR EXISTS (SELECT FROM pg_class c WHERE c.relname = '{BOOKKEEPING_TABLE}'
    AND (c.relhastriggers OR c.relhasrules OR c.relrowsecurity))
  OR {HAS_TEMPORARY_OBJECTS} OR EXISTS (SELECT FROM mistaken),
  EXISTS (SELECT FROM pg_trigger t JOIN code o ON o.oid = t.tgfoid WHERE NOT t.tgisinternal
    AND (o.lanname NOT IN ('sql', 'plpgsql') OR {may_change("o.prosrc")}
      OR EXISTS (SELECT FROM changing p WHERE strpos(lower(o.prosrc), lower(replace(p.proname, '"', '""'))) > 0))),
  EXISTS (SELECT FROM mistaken) OR EXISTS (SELECT FROM changing p WHERE EXISTS (SELECT FROM pg_depend d
      WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid)
    OR EXISTS (SELECT FROM code o WHERE strpos(lower(o.prosrc), lower(replace(p.proname, '"', '""'))) > 0
      AND o.oid NOT IN (SELECT c.oid FROM changing c))),
  EXISTS (SELECT FROM code p WHERE p.prosrc ~* 'nextval|setval')
    OR EXISTS (SELECT FROM pg_constraint c WHERE c.contype = 'f' AND (c.confdeltype = 'd' OR c.confupdtype = 'd'))
    OR EXISTS (SELECT FROM pg_sequence s CROSS JOIN LATERAL (SELECT FROM pg_depend d
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = s.seqrelid
        AND d.classid NOT IN ('pg_class'::regclass, 'pg_attrdef'::regclass) OFFSET 0) d),
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgdeferrable),
  (SELECT string_agg(DISTINCT d.refobjid::text, ',')
    FROM unnest(ARRAY['pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass]) AS holder (class)
    CROSS JOIN LATERAL (SELECT x.refclassid, x.refobjid, x.deptype FROM pg_depend x
      WHERE x.classid = holder.class AND x.objid >= 16384 OFFSET 0) d
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid >= 16384 AND d.deptype <> 'i')
"""
"""Whether code of the user's answers to DDL; whether anything else forbids to nest files in a transaction; whether
code of the user's that answers to changed rows could do anything; whether there is a function that could, and that a
default, a check, a view, a cast, an operator or another function may call, or one by a name that is taken for the
server's; whether sequences may be counted by what is not a column's default; whether anything is deferrable; the
relations that the text of something else may depend on. They are found by what depends on them, which is little; what
relations are depended on by is as many rows as they have columns."""

GUARDS = """
SELECT DISTINCT l.lanname, p.prosrc FROM pg_trigger t
  CROSS JOIN LATERAL (SELECT f.prosrc, f.prolang FROM pg_proc f WHERE f.oid = t.tgfoid OFFSET 0) p
  JOIN pg_language l ON l.oid = p.prolang WHERE NOT t.tgisinternal
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
