"""Sections on tables, views, sequences, and what belongs to one of them."""

from __future__ import annotations

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
    once,
    owner_of,
    privileges_of,
    sorted_items,
    tablespace_of,
    truth,
)

_PG_17 = 170000
_PG_18 = 180000

_ACCESS_METHOD = Seldom("r.relam NOT IN (0, 2)", "(SELECT am.amname::text FROM pg_am am WHERE am.oid = r.relam)")

_COMMENTS = "pg_description x WHERE x.classoid = 'pg_class'::regclass AND x.objsubid = 0"


def _options(array: str) -> Seldom:
    items = f"(SELECT string_agg(item, ' ' ORDER BY item COLLATE \"C\") FROM unnest({array}) AS items (item))"
    return Seldom(f"{array} IS NOT NULL", items)


def relations(version: int) -> tuple[Section, ...]:
    """Give the sections for a server of this ``server_version_num``."""
    return (_tables(), _views(), _columns(version), _constraints(), _indexes(), _sequences(), _triggers(),
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
            "options": _options("r.reloptions"),
            "toast_options": Seldom(
                "EXISTS (SELECT FROM pg_class t WHERE t.oid = r.reltoastrelid AND t.reloptions IS NOT NULL)",
                f"(SELECT {_options('t.reloptions')} FROM pg_class t WHERE t.oid = r.reltoastrelid)",
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
                f"(SELECT {_options('t.ftoptions')} FROM pg_foreign_table t WHERE t.ftrelid = r.oid)",
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
            "options": _options("r.reloptions"),
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


def _columns(version: int) -> Section:
    name = name_of("a.attname")
    not_null = {}
    join = scoped_join = ""
    if version >= _PG_18:
        # Named since 18. An ordinary one says no more than attnotnull does, but for its name.
        not_null = {
            "not_null_constraint": "CASE WHEN NOT nn.convalidated THEN 'NOT VALID' WHEN nn.connoinherit"
            " THEN 'NO INHERIT' END",
            "not_null_name": "CASE WHEN nn.conname <> a.relname || '_' || a.attname || '_not_null'"
            " THEN nn.conname::text END",
        }
        join = (
            " LEFT JOIN pg_constraint nn ON nn.contype = 'n' AND nn.conrelid = a.attrelid AND nn.conkey[1] = a.attnum"
        )
        scoped_join = (
            " LEFT JOIN "
            + once(
                "SELECT n.* FROM unnest($1) AS given (oid) CROSS JOIN LATERAL (SELECT conrelid, conkey[1] AS attnum,"
                " conname, convalidated, connoinherit FROM pg_constraint WHERE contype = 'n' AND conrelid = given.oid"
                " OFFSET 0) n"  # the planner would read them all
            )
            + " nn ON nn.conrelid = a.attrelid AND nn.attnum = a.attnum"
        )
    defaults = once(f"SELECT * FROM pg_attrdef WHERE adrelid = {THE_GIVEN}")
    # Not a number: the planner would expect no row at all beyond those that initdb made.
    of_all = _attributes(f"x.attrelid >= (SELECT {FIRST_USER_OID}::oid)")
    of_some = _attributes(f"x.attrelid = {THE_GIVEN}")
    return Section(
        kind="'column'",
        name=f"a.relation || '.' || {name}",
        parent=("a.relation_kind", "a.relation"),
        properties={
            "position": "a.position",
            "type": "format_type(a.atttypid, a.atttypmod)",
            "not_null": "a.attnotnull::text",
            **not_null,
            "default": "CASE WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, 0) END",  # without columns
            "generated": "CASE a.attgenerated WHEN 's' THEN 'stored: ' || pg_get_expr(ad.adbin, ad.adrelid)"
            " WHEN 'v' THEN 'virtual: ' || pg_get_expr(ad.adbin, ad.adrelid) END",
            "identity": "CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END",
            "collation": "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END",
            "storage": "CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'plain'"
            " WHEN 'm' THEN 'main' WHEN 'e' THEN 'external' ELSE 'extended' END END",
            "compression": "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END",
            "statistics": "nullif(a.attstattarget, -1)",
            # Debian's 15.20 writes pg_attver=<n>, another number in each database, into every one of them.
            "options": Seldom(
                "(a.attoptions IS NOT NULL AND NOT (starts_with(a.attoptions[1], 'pg_attver=')"
                " AND array_length(a.attoptions, 1) = 1))",
                "(SELECT string_agg(item, ' ' ORDER BY item COLLATE \"C\")"
                " FROM unnest(a.attoptions) AS items (item) WHERE item NOT LIKE 'pg\\_attver=%')",
            ),
            "foreign_options": _options("a.attfdwoptions"),
            "inherited": "CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN 'and local' ELSE 'only' END END",
            "privileges": Seldom("a.attacl IS NOT NULL", sorted_items("a.attacl")),
        },
        relation="a.attrelid",
        topic=TABLES,
        source=f"{of_all} LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum{join}",
        scoped_source=f"{of_some} LEFT JOIN {defaults} ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum"
        + scoped_join,
        commented=("pg_class", "a.attrelid", "a.attnum"),
    )


def _attributes(condition: str) -> str:
    return (
        "(SELECT x.*, row_number() OVER (PARTITION BY x.attrelid ORDER BY x.attnum) AS position, r.relname,"
        " r.name AS relation, r.kind AS relation_kind FROM relations r JOIN pg_attribute x ON x.attrelid = r.oid"
        f" WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND {condition} AND x.attnum > 0 AND NOT x.attisdropped) a"
        " JOIN pg_type t ON t.oid = a.atttypid"
    )


def _constraints() -> Section:
    definition = "pg_get_constraintdef(c.oid)"
    return Section(
        kind="'constraint'",
        name=f"r.name || '.' || {name_of('c.conname')}",
        parent=("r.kind", "r.name"),
        properties={
            "definition": f"CASE WHEN c.convalidated THEN {definition}"
            f" ELSE regexp_replace({definition}, ' NOT VALID$', '') END",
            "validated": "c.convalidated::text",
            "inherited": "CASE WHEN c.coninhcount > 0 THEN CASE WHEN c.conislocal THEN 'and local' ELSE 'only' END END",
            "index_options": _options("ic.reloptions"),
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
        own_oid="c.oid",
        where="c.contype IN ('c', 'f', 'p', 'u', 'x') AND (c.conparentid = 0"
        " OR c.contype <> 'f' OR NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid"
        " AND p.conrelid = c.conrelid))",
        commented=("pg_constraint", "c.oid", "0"),
    )


def _indexes() -> Section:
    return Section(
        kind="'index'",
        name=f"r.name || '.' || {name_of('c.relname')}",
        parent=("r.kind", "r.name"),
        properties={
            # Without its own name, as a constraint's definition is, so that a new name alone is told from a new index.
            "definition": "replace(pg_get_indexdef(x.indexrelid), ' INDEX ' || quote_ident(c.relname) || ' ON ',"
            " ' INDEX ON ')",
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
        relation="r.oid",
        topic=KEYS,
        scope=f"x.indrelid = {THE_GIVEN}",
        source="pg_index x JOIN relations r ON r.oid = x.indrelid JOIN pg_class c ON c.oid = x.indexrelid",
        own_oid="x.indexrelid",
        where="NOT EXISTS (SELECT FROM pg_constraint k"
        " WHERE k.conrelid = x.indrelid AND k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))",
        commented=("pg_class", "c.oid", "0"),
    )


def _sequences() -> Section:
    # Its table is looked up apart from the relations: an ALTER SEQUENCE locks the sequence alone.
    owner = f"os.name || '.' || {name_of('o.relname')} || '.' || {name_of('oa.attname')}"
    return Section(
        kind="'sequence'",
        name="r.name",
        parent=("CASE WHEN o.oid IS NULL THEN 'schema' ELSE 'column' END", f"coalesce({owner}, r.schema)"),
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
        source="relations r JOIN pg_sequence s ON s.seqrelid = r.oid"
        " LEFT JOIN pg_depend od ON od.classid = 'pg_class'::regclass AND od.objid = r.oid AND od.objsubid = 0"
        " AND od.refclassid = 'pg_class'::regclass AND od.deptype IN ('a', 'i') AND od.refobjsubid > 0"
        " LEFT JOIN (pg_class o JOIN schemas os ON os.oid = o.relnamespace) ON o.oid = od.refobjid"
        " LEFT JOIN pg_attribute oa ON oa.attrelid = od.refobjid AND oa.attnum = od.refobjsubid",
        where="r.relkind = 'S'",
        commented=("pg_class", "r.oid", "0"),
    )


_ENABLED = "CASE {} WHEN 'O' THEN 'true' WHEN 'D' THEN 'false' WHEN 'R' THEN 'replica' ELSE 'always' END"


def _triggers() -> Section:
    return Section(
        kind="'trigger'",
        name=f"r.name || '.' || {name_of('t.tgname')}",
        parent=("r.kind", "r.name"),
        properties={"definition": "pg_get_triggerdef(t.oid)", "enabled": _ENABLED.format("t.tgenabled")},
        relation="r.oid",
        topic=TRIGGERS,
        scope=f"t.tgrelid = {THE_GIVEN}",
        source="pg_trigger t JOIN relations r ON r.oid = t.tgrelid",
        own_oid="t.oid",
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
        scope=f"t.tgrelid = {THE_GIVEN}",
        source="pg_trigger t JOIN relations r ON r.oid = t.tgrelid JOIN pg_constraint c ON c.oid = t.tgconstraint",
        own_oid="t.oid",
        where="t.tgisinternal AND t.tgenabled <> 'O'",
    )


def _rules() -> Section:
    return Section(
        kind="'rule'",
        name=f"r.name || '.' || {name_of('w.rulename')}",
        parent=("r.kind", "r.name"),
        properties={"definition": "pg_get_ruledef(w.oid)", "enabled": _ENABLED.format("w.ev_enabled")},
        relation="r.oid",
        topic=VIEWS,
        scope=f"w.ev_class = {THE_GIVEN}",
        source="pg_rewrite w JOIN relations r ON r.oid = w.ev_class",
        own_oid="w.oid",
        where="w.rulename <> '_RETURN'",
        commented=("pg_rewrite", "w.oid", "0"),
    )


def _policies() -> Section:
    return Section(
        kind="'policy'",
        name=f"r.name || '.' || {name_of('p.polname')}",
        parent=("r.kind", "r.name"),
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
        scope=f"p.polrelid = {THE_GIVEN}",
        source="pg_policy p JOIN relations r ON r.oid = p.polrelid",
        commented=("pg_policy", "p.oid", "0"),
    )
