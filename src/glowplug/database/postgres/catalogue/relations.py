"""Sections on tables, views, sequences, and what belongs to one of them."""

from __future__ import annotations

from glowplug.database.postgres.catalogue import indexes
from glowplug.database.postgres.catalogue.columns import columns, inherited
from glowplug.database.postgres.catalogue.section import (
    FIRST_USER_OID,
    KEYS,
    MARK,
    SEQUENCES,
    TABLES,
    TRIGGERS,
    VIEWS,
    Given,
    Section,
    Seldom,
    Spelt,
    either,
    name_of,
    options_of,
    owner_of,
    privileges_of,
    tablespace_of,
    truth,
)

_PG_17 = 170000

_ACCESS_METHOD = Seldom("r.relam NOT IN (0, 2)", "(SELECT am.amname::text FROM pg_am am WHERE am.oid = r.relam)")

_PARENTS = (
    "(SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)"
    " FROM pg_inherits i WHERE i.inhrelid = r.oid)"
)

_TABLES = "r.relkind IN ('r', 'p', 'f')"
_VIEWS = "r.relkind IN ('v', 'm')"

_BACKED = "k.contype IN ('p', 'u', 'x')"
"""A constraint k that has an index of its own, which is no object beside it."""

_UNUSUAL = (
    "c.reloptions IS NOT NULL OR c.reltablespace <> 0 OR d.description IS NOT NULL OR x.indisclustered"
    " OR x.indisreplident OR NOT x.indisvalid"
)
"""Of an index that a constraint has, what is read with the constraint, once it is known to be there."""

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
            "persistence": Spelt("r.relpersistence", {"u": "unlogged"}, otherwise="permanent"),
            "partition_key": "CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END",
            "partition_bound": "CASE WHEN r.relispartition THEN pg_get_expr(r.relpartbound, r.oid) END",
            "inherits": Seldom("EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = r.oid OFFSET 0)", _PARENTS),
            "of_type": "CASE WHEN r.reloftype <> 0 THEN format_type(r.reloftype, NULL) END",
            "replica_identity": Spelt("r.relreplident", {"f": "full", "n": "nothing", "i": "index"}),
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
        in_bulk={"inherits": Seldom("EXISTS (SELECT FROM pg_inherits)", _PARENTS)},
        itself=True,
        relation="r.oid",
        topic=TABLES,
        given=Given(kinds=_TABLES),
        source="relations r",
        where=_TABLES,
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
            "populated": Spelt("CASE WHEN r.relkind = 'm' THEN r.relispopulated END", {"t": "true", "f": "false"}),
            "access_method": _ACCESS_METHOD,
            "tablespace": tablespace_of("r.reltablespace"),
            "owner": owner_of("r.relowner"),
            "privileges": privileges_of("r.relacl", "r.relowner", "r"),
        },
        itself=True,
        relation="r.oid",
        topic=VIEWS,
        given=Given(kinds=_VIEWS),
        source="relations r",
        where=_VIEWS,
        commented=("pg_class", "r.oid", "0"),
    )


def _constraints() -> Section:
    definition = "pg_get_constraintdef(c.oid)"
    index = (
        " LEFT JOIN pg_index ix ON ix.indexrelid = c.conindid AND c.contype IN ('p', 'u', 'x')"
        " LEFT JOIN pg_class ic ON ic.oid = ix.indexrelid"
    )
    return Section(
        kind="'constraint'",
        name="c.conname",
        grouped=True,
        properties={
            "definition": f"CASE WHEN c.convalidated THEN {definition}"
            f" ELSE regexp_replace({definition}, ' NOT VALID$', '') END",
            "validated": either("c.convalidated"),
            "inherited": inherited("c.coninhcount", "c.conislocal"),
            "index_options": options_of("ic.reloptions"),
            "index_tablespace": tablespace_of("ic.reltablespace"),
            "index_comment": Seldom(
                f"(EXISTS (SELECT FROM {_COMMENTS} AND x.objoid >= {FIRST_USER_OID})"
                f" AND EXISTS (SELECT FROM {_COMMENTS} AND x.objoid = ix.indexrelid))",
                f"(SELECT x.description FROM {_COMMENTS} AND x.objoid = ix.indexrelid)",
            ),
            "clustered": truth("ix.indisclustered"),
            "replica_identity": truth("ix.indisreplident"),
            "valid": Spelt("ix.indisvalid", {"f": "false"}),
        },
        relation="r.oid",
        topic=KEYS,
        source=f"pg_constraint c JOIN relations r ON r.oid = c.conrelid{index}",
        given=Given(
            source=f"pg_constraint c{index}",
            scope="c.conrelid = r.oid",
            quick_source="pg_constraint c",
            left=frozenset(
                {
                    "index_options",
                    "index_tablespace",
                    "index_comment",
                    "clustered",
                    "replica_identity",
                    "valid",
                }
            ),
        ),
        # A foreign key to a partitioned table has a row for each partition that it refers to: no object of its own.
        of_all=f"c.oid >= {FIRST_USER_OID}",
        where="c.contype IN ('c', 'f', 'p', 'u', 'x') AND (c.conparentid = 0"
        " OR c.contype <> 'f' OR NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid"
        " AND p.conrelid = c.conrelid OFFSET 0))",
        commented=("pg_constraint", "c.oid", "0"),
    )


def _indexes(version: int) -> Section:
    # A constraint's is unique or excludes; the primary key's is known without a look.
    backing = (
        "CASE WHEN x.indisprimary THEN true WHEN x.indisunique OR x.indisexclusion THEN EXISTS (SELECT FROM"
        f" pg_constraint k WHERE k.conrelid = x.indrelid AND k.conindid = x.indexrelid AND {_BACKED} OFFSET 0)"
        " ELSE false END"
    )
    return Section(
        kind="'index'",
        name="c.relname",
        grouped=True,
        properties={
            "definition": indexes.DEFINITION,
            "unique": either("x.indisunique"),
            "valid": either("(x.indisvalid AND x.indisready)"),
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
        given=Given(
            source="pg_index x JOIN pg_class c ON c.oid = x.indexrelid",
            scope=f"x.indrelid = r.oid AND NOT ({backing})",
            quick_scope="x.indrelid = r.oid",
            marking=f"CASE WHEN {backing} THEN CASE WHEN {_UNUSUAL} THEN '{MARK}' END ELSE {{}} END",
        ),
        source="pg_index x JOIN relations r ON r.oid = x.indrelid"
        " CROSS JOIN LATERAL (SELECT * FROM pg_class i WHERE i.oid = x.indexrelid OFFSET 0) c",
        of_all=f"x.indexrelid >= {FIRST_USER_OID} AND x.indexrelid NOT IN"
        f" (SELECT k.conindid FROM pg_constraint k WHERE k.oid >= {FIRST_USER_OID} AND {_BACKED})",
        commented=("pg_class", "c.oid", "0"),
    )


def _sequences() -> Section:
    # Its table is looked up apart from the relations: an ALTER SEQUENCE locks the sequence alone. And one by one, by
    # index (that is what OFFSET 0 is for): the planner would read all that there is of all tables for a few sequences.
    # An owned sequence is in its table's schema.
    owner = f"r.schema || '.' || {name_of('o.relname')} || '.' || {name_of('oa.attname')}"
    dependency = (
        "x.classid = 'pg_class'::regclass AND x.objid = r.oid AND x.objsubid = 0"
        " AND x.refclassid = 'pg_class'::regclass AND x.deptype IN ('a', 'i') AND x.refobjsubid > 0"
    )
    lookups = (
        ("refobjid, refobjsubid", "pg_depend", dependency, "od"),
        ("relname", "pg_class", "x.oid = od.refobjid", "o"),
        ("attname", "pg_attribute", "x.attrelid = od.refobjid AND x.attnum = od.refobjsubid", "oa"),
    )
    found = "".join(
        f" LEFT JOIN LATERAL (SELECT {found} FROM {catalogue} x WHERE {condition} OFFSET 0) {name} ON true"
        for found, catalogue, condition, name in lookups
    )
    return Section(
        kind="'sequence'",
        name="r.name",
        parent=("'schema'", "r.schema"),
        under="owned_by",
        properties={
            "type": "format_type(s.seqtypid, NULL)",
            "start": "s.seqstart",
            "increment": "s.seqincrement",
            "minimum": "s.seqmin",
            "maximum": "s.seqmax",
            "cache": "s.seqcache",
            "cycle": truth("s.seqcycle"),
            "persistence": Spelt("r.relpersistence", {"u": "unlogged"}),
            "owned_by": owner,
            "owner": owner_of("r.relowner"),
            "privileges": privileges_of("r.relacl", "r.relowner", "s"),
        },
        itself=True,
        relation="r.oid",
        topic=SEQUENCES,
        source=f"relations r JOIN pg_sequence s ON s.seqrelid = r.oid{found}",
        where="r.relkind = 'S'",
        given=Given(source=f"pg_sequence s{found}", scope="s.seqrelid = r.oid", kinds="r.relkind = 'S'"),
        commented=("pg_class", "r.oid", "0"),
    )


def _in_order(catalogue: str, relation: str, name: str) -> str:
    """SQL for what a catalogue holds of r, from the index that has it in order.

    Without being asked for an order, the planner would take any index to look through a catalogue that is empty yet.
    """
    return f"(SELECT * FROM {catalogue} x WHERE x.{relation} = r.oid ORDER BY x.{name})"


def _enabled(letter: str) -> Spelt:
    return Spelt(letter, {"O": "true", "D": "false", "R": "replica"}, otherwise="always")


def _triggers() -> Section:
    return Section(
        kind="'trigger'",
        name="t.tgname",
        grouped=True,
        properties={"definition": "pg_get_triggerdef(t.oid)", "enabled": _enabled("t.tgenabled")},
        relation="r.oid",
        topic=TRIGGERS,
        source="pg_trigger t JOIN relations r ON r.oid = t.tgrelid",
        given=Given(
            source=f"{_in_order('pg_trigger', 'tgrelid', 'tgname')} t",
            quick_scope="(NOT t.tgisinternal OR t.tgenabled <> 'O')",
            marking=f"CASE WHEN t.tgisinternal THEN '{MARK}' ELSE {{}} END",
        ),
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
        properties={"enabled": _enabled("t.tgenabled")},
        relation="r.oid",
        topic=TRIGGERS,
        rare="pg_trigger WHERE tgisinternal AND tgenabled <> 'O'",
        source="pg_trigger t JOIN relations r ON r.oid = t.tgrelid JOIN pg_constraint c ON c.oid = t.tgconstraint",
        given=Given(
            source=f"{_in_order('pg_trigger', 'tgrelid', 'tgname')} t JOIN pg_constraint c ON c.oid = t.tgconstraint",
            seldom=True,
        ),
        of_all=f"t.oid >= {FIRST_USER_OID}",
        where="t.tgisinternal AND t.tgenabled <> 'O'",
    )


def _rules() -> Section:
    return Section(
        kind="'rule'",
        name="w.rulename",
        grouped=True,
        properties={"definition": "pg_get_ruledef(w.oid)", "enabled": _enabled("w.ev_enabled")},
        relation="r.oid",
        topic=VIEWS,
        rare=f"pg_rewrite WHERE oid >= {FIRST_USER_OID} AND rulename <> '_RETURN'",
        given=Given(source="pg_rewrite w", scope="w.ev_class = r.oid"),
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
            "command": Spelt("p.polcmd", {"r": "select", "a": "insert", "w": "update", "d": "delete"}, otherwise="all"),
            "permissive": either("p.polpermissive"),
            "roles": "(SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role)::text END, ' '"
            " ORDER BY role) FROM unnest(p.polroles) AS roles (role))",
            "using": "pg_get_expr(p.polqual, p.polrelid)",
            "with_check": "pg_get_expr(p.polwithcheck, p.polrelid)",
        },
        relation="r.oid",
        topic=VIEWS,
        rare="pg_policy",
        given=Given(source=f"{_in_order('pg_policy', 'polrelid', 'polname')} p"),
        source="pg_policy p JOIN relations r ON r.oid = p.polrelid",
        commented=("pg_policy", "p.oid", "0"),
    )
