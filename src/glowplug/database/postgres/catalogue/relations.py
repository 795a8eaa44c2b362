"""Sections on tables, views, sequences, and what belongs to one of them."""

from __future__ import annotations

from glowplug.database.postgres.catalogue import indexes
from glowplug.database.postgres.catalogue.columns import columns
from glowplug.database.postgres.catalogue.section import (
    FIRST_USER_OID,
    KEYS,
    SEQUENCES,
    TABLES,
    THE_GIVEN,
    TRIGGERS,
    VIEWS,
    Section,
    Seldom,
    name_of,
    options_of,
    owner_of,
    privileges_of,
    tablespace_of,
    truth,
)

_PG_17 = 170000

_ACCESS_METHOD = Seldom("r.relam NOT IN (0, 2)", "(SELECT am.amname::text FROM pg_am am WHERE am.oid = r.relam)")

_BACKED = "k.contype IN ('p', 'u', 'x')"
"""A constraint k that has an index of its own, which is no object beside it."""

_COMMENTS = "pg_description x WHERE x.classoid = 'pg_class'::regclass AND x.objsubid = 0"


def relations(version: int) -> tuple[Section, ...]:
    """Give the sections for a server of this ``server_version_num``."""
    return (_tables(), _views(), columns(version), _constraints(), _indexes(version), _sequences(), _triggers(),
            _internal_triggers(), _rules(), _policies())  # fmt: skip


def _tables() -> Section:
    return Section(
        kind="r.kind",
        name="r.name",
        parent=("'schema'", "r.schema"),
        properties={
            "persistence": "CASE r.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END",
            "partition_key": "CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END",
            "partition_bound": "CASE WHEN r.relispartition THEN pg_get_expr(r.relpartbound, r.oid) END",
            "inherits": Seldom(
                "EXISTS (SELECT FROM pg_inherits)",
                "(SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)"
                " FROM pg_inherits i WHERE i.inhrelid = r.oid)",
            ),
            "of_type": "CASE WHEN r.reloftype <> 0 THEN format_type(r.reloftype, NULL) END",
            "replica_identity": "CASE r.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN 'nothing'"
            " WHEN 'i' THEN 'index' END",
            "row_security": truth("r.relrowsecurity"),
            "force_row_security": truth("r.relforcerowsecurity"),
            "options": options_of("r.reloptions"),
            "toast_options": Seldom(
                "EXISTS (SELECT FROM pg_class t WHERE t.oid = r.reltoastrelid AND t.reloptions IS NOT NULL OFFSET 0)",
                f"(SELECT {options_of('t.reloptions')} FROM pg_class t WHERE t.oid = r.reltoastrelid)",
            ),
            "access_method": _ACCESS_METHOD,
            "tablespace": tablespace_of("r.reltablespace"),
            "server": Seldom(
                "r.relkind = 'f'",
                "(SELECT f.srvname::text FROM pg_foreign_table t"
                " JOIN pg_foreign_server f ON f.oid = t.ftserver WHERE t.ftrelid = r.oid)",
            ),
            "foreign_options": Seldom(
                "r.relkind = 'f'",
                f"(SELECT {options_of('t.ftoptions')} FROM pg_foreign_table t WHERE t.ftrelid = r.oid)",
            ),
            "owner": owner_of("r.relowner"),
            "privileges": privileges_of("r.relacl", "r.relowner", "r"),
        },
        relation="r.oid",
        topic=TABLES,
        source="relations r",
        where="r.relkind IN ('r', 'p', 'f')",
        commented=("pg_class", "r.oid", "0"),
    )


def _views() -> Section:
    return Section(
        kind="r.kind",
        name="r.name",
        parent=("'schema'", "r.schema"),
        properties={
            "definition": "pg_get_viewdef(r.oid)",
            "options": options_of("r.reloptions"),
            "populated": "CASE WHEN r.relkind = 'm' THEN r.relispopulated::text END",
            "access_method": _ACCESS_METHOD,
            "tablespace": tablespace_of("r.reltablespace"),
            "owner": owner_of("r.relowner"),
            "privileges": privileges_of("r.relacl", "r.relowner", "r"),
        },
        relation="r.oid",
        topic=VIEWS,
        source="relations r",
        where="r.relkind IN ('v', 'm')",
        commented=("pg_class", "r.oid", "0"),
    )


def _constraints() -> Section:
    definition = "pg_get_constraintdef(c.oid)"
    return Section(
        kind="'constraint'",
        name="c.conname",
        grouped=True,
        properties={
            "definition": f"CASE WHEN c.convalidated THEN {definition}"
            f" ELSE regexp_replace({definition}, ' NOT VALID$', '') END",
            "validated": "c.convalidated::text",
            "inherited": "CASE WHEN c.coninhcount > 0 THEN CASE WHEN c.conislocal THEN 'and local' ELSE 'only' END END",
            "index_options": options_of("ic.reloptions"),
            "index_tablespace": tablespace_of("ic.reltablespace"),
            "index_comment": Seldom(
                f"(EXISTS (SELECT FROM {_COMMENTS} AND x.objoid >= {FIRST_USER_OID})"
                f" AND EXISTS (SELECT FROM {_COMMENTS} AND x.objoid = ix.indexrelid))",
                f"(SELECT x.description FROM {_COMMENTS} AND x.objoid = ix.indexrelid)",
            ),
            "clustered": truth("ix.indisclustered"),
            "replica_identity": truth("ix.indisreplident"),
            "valid": "CASE WHEN NOT ix.indisvalid THEN 'false' END",
        },
        relation="r.oid",
        topic=KEYS,
        scope=f"c.conrelid = {THE_GIVEN}",
        source="pg_constraint c JOIN relations r ON r.oid = c.conrelid"
        " LEFT JOIN pg_index ix ON ix.indexrelid = c.conindid AND c.contype IN ('p', 'u', 'x')"
        " LEFT JOIN pg_class ic ON ic.oid = ix.indexrelid",
        # A foreign key to a partitioned table has a row for each partition that it refers to: no object of its own.
        of_all=f"c.oid >= {FIRST_USER_OID}",
        where="c.contype IN ('c', 'f', 'p', 'u', 'x') AND (c.conparentid = 0"
        " OR c.contype <> 'f' OR NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid"
        " AND p.conrelid = c.conrelid))",
        commented=("pg_constraint", "c.oid", "0"),
    )


def _indexes(version: int) -> Section:
    return Section(
        kind="'index'",
        name="c.relname",
        grouped=True,
        properties={
            "definition": indexes.DEFINITION,
            "unique": "x.indisunique::text",
            "valid": "(x.indisvalid AND x.indisready)::text",
            "clustered": truth("x.indisclustered"),
            "replica_identity": truth("x.indisreplident"),
            "tablespace": tablespace_of("c.reltablespace"),
            "partition_of": Seldom(
                "c.relispartition",
                "(SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid)",
            ),
            "statistics": Seldom(
                "(x.indexprs IS NOT NULL AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
                " AND a.attstattarget >= 0))",
                "(SELECT string_agg(a.attnum || '=' || a.attstattarget, ' ' ORDER BY a.attnum) FROM pg_attribute a"
                " WHERE a.attrelid = c.oid AND a.attstattarget >= 0)",
            ),
        },
        in_bulk={"definition": indexes.in_bulk(version)},
        relation="r.oid",
        topic=KEYS,
        scope=f"x.indrelid = {THE_GIVEN} AND NOT EXISTS (SELECT FROM pg_constraint k"
        f" WHERE k.conrelid = x.indrelid AND k.conindid = x.indexrelid AND {_BACKED})",
        source="pg_index x JOIN relations r ON r.oid = x.indrelid"
        " CROSS JOIN LATERAL (SELECT * FROM pg_class i WHERE i.oid = x.indexrelid OFFSET 0) c",
        of_all=f"x.indexrelid >= {FIRST_USER_OID} AND x.indexrelid NOT IN"
        f" (SELECT k.conindid FROM pg_constraint k WHERE k.oid >= {FIRST_USER_OID} AND {_BACKED})",
        commented=("pg_class", "c.oid", "0"),
    )


def _sequences() -> Section:
    # Its table is looked up apart from the relations: an ALTER SEQUENCE locks the sequence alone. And one by one, by
    # index (that is what OFFSET 0 is for): the planner would read all that there is of all tables for a few sequences.
    owner = f"os.name || '.' || {name_of('o.relname')} || '.' || {name_of('oa.attname')}"
    dependency = (
        "x.classid = 'pg_class'::regclass AND x.objid = r.oid AND x.objsubid = 0"
        " AND x.refclassid = 'pg_class'::regclass AND x.deptype IN ('a', 'i') AND x.refobjsubid > 0"
    )
    lookups = (
        ("refobjid, refobjsubid", "pg_depend", dependency, "od"),
        ("relname, relnamespace", "pg_class", "x.oid = od.refobjid", "o"),
        ("attname", "pg_attribute", "x.attrelid = od.refobjid AND x.attnum = od.refobjsubid", "oa"),
    )
    found = "".join(
        f" LEFT JOIN LATERAL (SELECT {found} FROM {catalogue} x WHERE {condition} OFFSET 0) {name} ON true"
        for found, catalogue, condition, name in lookups
    )
    return Section(
        kind="'sequence'",
        name="r.name",
        parent=("CASE WHEN os.oid IS NULL THEN 'schema' ELSE 'column' END", f"coalesce({owner}, r.schema)"),
        properties={
            "type": "format_type(s.seqtypid, NULL)",
            "start": "s.seqstart",
            "increment": "s.seqincrement",
            "minimum": "s.seqmin",
            "maximum": "s.seqmax",
            "cache": "s.seqcache",
            "cycle": truth("s.seqcycle"),
            "persistence": "CASE WHEN r.relpersistence = 'u' THEN 'unlogged' END",
            "owned_by": owner,
            "owner": owner_of("r.relowner"),
            "privileges": privileges_of("r.relacl", "r.relowner", "s"),
        },
        relation="r.oid",
        topic=SEQUENCES,
        source=f"relations r JOIN pg_sequence s ON s.seqrelid = r.oid{found}"
        " LEFT JOIN schemas os ON os.oid = o.relnamespace",
        where="r.relkind = 'S'",
        commented=("pg_class", "r.oid", "0"),
    )


_ENABLED = "CASE {} WHEN 'O' THEN 'true' WHEN 'D' THEN 'false' WHEN 'R' THEN 'replica' ELSE 'always' END"


def _triggers() -> Section:
    return Section(
        kind="'trigger'",
        name="t.tgname",
        grouped=True,
        properties={"definition": "pg_get_triggerdef(t.oid)", "enabled": _ENABLED.format("t.tgenabled")},
        relation="r.oid",
        topic=TRIGGERS,
        scope=f"t.tgrelid = {THE_GIVEN}",
        source="pg_trigger t JOIN relations r ON r.oid = t.tgrelid",
        of_all=f"t.oid >= {FIRST_USER_OID}",
        where="NOT t.tgisinternal",
        commented=("pg_trigger", "t.oid", "0"),
    )


def _internal_triggers() -> Section:
    """Triggers by which a foreign key works, where DISABLE TRIGGER ALL changed them."""
    return Section(
        kind="'constraint trigger'",
        name=f"r.name || '.' || {name_of('c.conname')} || '.' || t.tgfoid::regproc::text",
        parent=("r.kind", "r.name"),
        properties={"enabled": _ENABLED.format("t.tgenabled")},
        relation="r.oid",
        topic=TRIGGERS,
        rare="pg_trigger WHERE tgisinternal AND tgenabled <> 'O'",
        scope=f"t.tgrelid = {THE_GIVEN}",
        source="pg_trigger t JOIN relations r ON r.oid = t.tgrelid JOIN pg_constraint c ON c.oid = t.tgconstraint",
        of_all=f"t.oid >= {FIRST_USER_OID}",
        where="t.tgisinternal AND t.tgenabled <> 'O'",
    )


def _rules() -> Section:
    return Section(
        kind="'rule'",
        name="w.rulename",
        grouped=True,
        properties={"definition": "pg_get_ruledef(w.oid)", "enabled": _ENABLED.format("w.ev_enabled")},
        relation="r.oid",
        topic=VIEWS,
        rare=f"pg_rewrite WHERE oid >= {FIRST_USER_OID} AND rulename <> '_RETURN'",
        scope=f"w.ev_class = {THE_GIVEN}",
        source="pg_rewrite w JOIN relations r ON r.oid = w.ev_class",
        of_all=f"w.oid >= {FIRST_USER_OID}",
        where="w.rulename <> '_RETURN'",
        commented=("pg_rewrite", "w.oid", "0"),
    )


def _policies() -> Section:
    return Section(
        kind="'policy'",
        name="p.polname",
        grouped=True,
        properties={
            "command": "CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'"
            " WHEN 'd' THEN 'delete' ELSE 'all' END",
            "permissive": "p.polpermissive::text",
            "roles": "(SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role)::text END, ' '"
            " ORDER BY role) FROM unnest(p.polroles) AS roles (role))",
            "using": "pg_get_expr(p.polqual, p.polrelid)",
            "with_check": "pg_get_expr(p.polwithcheck, p.polrelid)",
        },
        relation="r.oid",
        topic=VIEWS,
        rare="pg_policy",
        scope=f"p.polrelid = {THE_GIVEN}",
        source="pg_policy p JOIN relations r ON r.oid = p.polrelid",
        commented=("pg_policy", "p.oid", "0"),
    )
