"""Sections on what is no relation: schemas, routines, types, extensions, privileges to come, and the rarer kinds."""

from __future__ import annotations

from glowplug.database.postgres.catalogue.section import (
    FIRST_USER_OID,
    ROUTINES,
    TYPES,
    Section,
    name_of,
    no_extension_owns,
    owner_of,
    privileges_of,
    sorted_items,
    truth,
)

_PG_15 = 150000
_PG_16 = 160000
_PG_17 = 170000


def others(version: int) -> tuple[Section, ...]:
    """Give the sections for a server of this ``server_version_num``."""
    return (
        _schemas(),
        _routines(),
        _types(),
        _domains(),
        _domain_constraints(),
        _extensions(),
        _database(),
        _default_privileges(),
        _statistics(version),
        _event_triggers(),
        *_publications(version),
        _collations(version),
        _operators(),
        *_operator_classes(),
        _casts(),
        *_text_search(),
        *_foreign(),
    )


def _schemas() -> Section:
    return Section(
        kind="'schema'",
        name="s.name",
        properties={"owner": owner_of("s.nspowner"), "privileges": privileges_of("s.nspacl", "s.nspowner", "n")},
        source="schemas s",
        commented=("pg_namespace", "s.oid", "0"),
    )


def _routines() -> Section:
    aggregate = (
        "(SELECT concat_ws(' ', 'SFUNC', g.aggtransfn, 'STYPE', format_type(g.aggtranstype, NULL),"
        " 'SSPACE', g.aggtransspace, 'FINALFUNC', g.aggfinalfn, g.aggfinalextra, g.aggfinalmodify,"
        " 'COMBINEFUNC', g.aggcombinefn, 'SERIALFUNC', g.aggserialfn, 'DESERIALFUNC', g.aggdeserialfn,"
        " 'INITCOND', quote_nullable(g.agginitval), 'MSFUNC', g.aggmtransfn, 'MINVFUNC', g.aggminvtransfn,"
        " 'MSTYPE', format_type(nullif(g.aggmtranstype, 0), NULL), 'MFINALFUNC', g.aggmfinalfn,"
        " 'MINITCOND', quote_nullable(g.aggminitval), 'SORTOP', g.aggsortop::regoperator, 'KIND', g.aggkind,"
        " 'RETURNS', pg_get_function_result(p.oid), 'PARALLEL', p.proparallel)"
        " FROM pg_aggregate g WHERE g.aggfnoid = p.oid)"
    )
    return Section(
        kind="CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END",
        name=f"s.name || '.' || {name_of('p.proname')} || '(' || pg_get_function_identity_arguments(p.oid) || ')'",
        parent=("'schema'", "s.name"),
        properties={
            "definition": f"CASE WHEN p.prokind = 'a' THEN {aggregate} ELSE pg_get_functiondef(p.oid) END",
            "owner": owner_of("p.proowner"),
            "privileges": privileges_of("p.proacl", "p.proowner", "f"),
        },
        topic=ROUTINES,
        source="pg_proc p JOIN schemas s ON s.oid = p.pronamespace",
        # A range type brings its constructors: they go with the type.
        where=f"p.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_proc', 'p.oid')}"
        " AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid"
        " AND i.deptype = 'i')",
        commented=("pg_proc", "p.oid", "0"),
    )


def _types() -> Section:
    return Section(
        kind="'type'",
        name=f"s.name || '.' || {name_of('t.typname')}",
        parent=("'schema'", "s.name"),
        properties={
            "type": "CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' WHEN 'c' THEN 'composite'"
            " WHEN 'p' THEN 'shell' ELSE 'base' END",
            "labels": "CASE WHEN t.typtype = 'e' THEN (SELECT string_agg(quote_literal(e.enumlabel), ','"
            " ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) END",
            "definition": "CASE WHEN t.typtype = 'r' THEN (SELECT concat_ws(' ', 'SUBTYPE',"
            " format_type(g.rngsubtype, NULL), 'MULTIRANGE', format_type(g.rngmultitypid, NULL), 'COLLATION',"
            " g.rngcollation::regcollation, 'CANONICAL', g.rngcanonical, 'DIFF', g.rngsubdiff, 'OPCLASS',"
            " (SELECT oc.opcname FROM pg_opclass oc WHERE oc.oid = g.rngsubopc)) FROM pg_range g"
            " WHERE g.rngtypid = t.oid) WHEN t.typtype = 'b' THEN concat_ws(' ', t.typinput, t.typoutput,"
            " t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typlen, t.typbyval, t.typalign,"
            " t.typstorage, t.typcategory, t.typispreferred, t.typdelim, t.typdefault,"
            " t.typcollation::regcollation) END",
            "owner": owner_of("t.typowner"),
            "privileges": privileges_of("t.typacl", "t.typowner", "T"),
        },
        topic=TYPES,
        source="pg_type t JOIN schemas s ON s.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid",
        where=f"t.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_type', 't.oid')} AND (t.typtype IN ('e', 'r', 'p')"
        " OR (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid))"
        " OR (t.typtype = 'c' AND c.relkind = 'c'))",
        commented=("pg_type", "t.oid", "0"),
    )


def _domains() -> Section:
    return Section(
        kind="'domain'",
        name=f"s.name || '.' || {name_of('t.typname')}",
        parent=("'schema'", "s.name"),
        properties={
            "type": "format_type(t.typbasetype, t.typtypmod)",
            "not_null": "t.typnotnull::text",
            "default": "t.typdefault",
            "collation": "CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END",
            "owner": owner_of("t.typowner"),
            "privileges": privileges_of("t.typacl", "t.typowner", "T"),
        },
        rare=f"pg_type WHERE typtype = 'd' AND oid >= {FIRST_USER_OID}",
        source="pg_type t JOIN schemas s ON s.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype",
        where=f"t.oid >= {FIRST_USER_OID} AND t.typtype = 'd' AND {no_extension_owns('pg_type', 't.oid')}",
        commented=("pg_type", "t.oid", "0"),
    )


def _domain_constraints() -> Section:
    name = f"s.name || '.' || {name_of('t.typname')}"
    definition = "pg_get_constraintdef(c.oid)"
    return Section(
        kind="'constraint'",
        name=f"{name} || '.' || {name_of('c.conname')}",
        parent=("'domain'", name),
        properties={
            "definition": f"regexp_replace({definition}, ' NOT VALID$', '')",
            "validated": "c.convalidated::text",
        },
        rare=f"pg_constraint WHERE contypid >= {FIRST_USER_OID}",
        source="pg_constraint c JOIN pg_type t ON t.oid = c.contypid JOIN schemas s ON s.oid = t.typnamespace",
        where=f"c.oid >= {FIRST_USER_OID} AND c.contype = 'c' AND {no_extension_owns('pg_type', 't.oid')}",
        commented=("pg_constraint", "c.oid", "0"),
    )


def _extensions() -> Section:
    return Section(
        kind="'extension'",
        name=name_of("e.extname"),
        properties={
            "version": "e.extversion",
            "schema": "(SELECT n.nspname::text FROM pg_namespace n WHERE n.oid = e.extnamespace)",
        },
        source="pg_extension e",
    )


def _database() -> Section:
    """Settings by ALTER DATABASE and ALTER ROLE … IN DATABASE; the name leaves the database's own out."""
    return Section(
        kind="'setting'",
        name="CASE v.setrole WHEN 0 THEN 'database' ELSE 'role ' || pg_get_userbyid(v.setrole) END"
        " || '.' || split_part(item, '=', 1)",
        properties={"value": "substr(item, strpos(item, '=') + 1)"},
        rare="pg_db_role_setting WHERE setdatabase <> 0",
        source="pg_db_role_setting v CROSS JOIN LATERAL unnest(v.setconfig) AS items (item)",
        where="v.setdatabase = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())",
    )


def _default_privileges() -> Section:
    return Section(
        kind="'default privileges'",
        name="concat_ws(' ', pg_get_userbyid(p.defaclrole), 'in', s.name, 'on', CASE p.defaclobjtype"
        " WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'"
        " WHEN 'n' THEN 'schemas' ELSE p.defaclobjtype::text END)",
        properties={"privileges": sorted_items("p.defaclacl")},
        rare="pg_default_acl",
        source="pg_default_acl p LEFT JOIN schemas s ON s.oid = p.defaclnamespace",
    )


def _statistics(version: int) -> Section:
    target = "s.stxstattarget" if version >= _PG_17 else "nullif(s.stxstattarget, -1)"
    return Section(
        kind="'statistics'",
        name=f"n.name || '.' || {name_of('s.stxname')}",
        parent=("r.kind", "r.name"),
        properties={"definition": "pg_get_statisticsobjdef(s.oid)", "target": target, "owner": owner_of("s.stxowner")},
        rare="pg_statistic_ext",
        source="pg_statistic_ext s JOIN schemas n ON n.oid = s.stxnamespace JOIN relations r ON r.oid = s.stxrelid",
        where=no_extension_owns("pg_statistic_ext", "s.oid"),
        commented=("pg_statistic_ext", "s.oid", "0"),
    )


def _event_triggers() -> Section:
    return Section(
        kind="'event trigger'",
        name=name_of("e.evtname"),
        properties={
            "event": "e.evtevent::text",
            "function": "e.evtfoid::regprocedure::text",
            "enabled": "CASE e.evtenabled WHEN 'O' THEN 'true' WHEN 'D' THEN 'false' WHEN 'R' THEN 'replica'"
            " ELSE 'always' END",
            "tags": "array_to_string(e.evttags, ', ')",
            "owner": owner_of("e.evtowner"),
        },
        rare="pg_event_trigger",
        source="pg_event_trigger e",
        where=no_extension_owns("pg_event_trigger", "e.oid"),
        commented=("pg_event_trigger", "e.oid", "0"),
    )


def _publications(version: int) -> tuple[Section, ...]:
    name = name_of("p.pubname")
    row = (
        {
            "columns": "(SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a"
            " WHERE a.attrelid = x.prrelid AND a.attnum = ANY (x.prattrs))",
            "where": "pg_get_expr(x.prqual, x.prrelid)",
        }
        if version >= _PG_15
        else {}
    )
    sections = [
        Section(
            kind="'publication'",
            name=name,
            properties={
                "all_tables": "p.puballtables::text",
                "publishes": "concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN"
                " 'update' END, CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END)",
                "via_root": truth("p.pubviaroot"),
                "owner": owner_of("p.pubowner"),
            },
            rare="pg_publication",
            source="pg_publication p",
            where=no_extension_owns("pg_publication", "p.oid"),
            commented=("pg_publication", "p.oid", "0"),
        ),
        Section(
            kind="'publication table'",
            name=f"{name} || '.' || r.name",
            parent=("'publication'", name),
            properties=row,
            rare="pg_publication",
            source="pg_publication_rel x JOIN pg_publication p ON p.oid = x.prpubid"
            " JOIN relations r ON r.oid = x.prrelid",
        ),
    ]
    if version >= _PG_15:
        sections.append(
            Section(
                kind="'publication schema'",
                name=f"{name} || '.' || s.name",
                parent=("'publication'", name),
                properties={},
                rare="pg_publication",
                source="pg_publication_namespace x JOIN pg_publication p ON p.oid = x.pnpubid"
                " JOIN schemas s ON s.oid = x.pnnspid",
            )
        )
    return tuple(sections)


def _collations(version: int) -> Section:
    if version >= _PG_17:
        locale = "c.colllocale"
    elif version >= _PG_15:
        locale = "c.colliculocale"
    else:
        locale = "NULL::text"
    return Section(
        kind="'collation'",
        name=f"s.name || '.' || {name_of('c.collname')}",
        parent=("'schema'", "s.name"),
        properties={
            "provider": "CASE c.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin'"
            " ELSE 'default' END",
            "collate": "c.collcollate",
            "ctype": "c.collctype",
            "locale": locale,
            "rules": "c.collicurules" if version >= _PG_16 else "NULL::text",
            "deterministic": "c.collisdeterministic::text",
            "owner": owner_of("c.collowner"),
        },
        rare=f"pg_collation WHERE oid >= {FIRST_USER_OID}",
        source="pg_collation c JOIN schemas s ON s.oid = c.collnamespace",
        where=f"c.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_collation', 'c.oid')}",
        commented=("pg_collation", "c.oid", "0"),
    )


def _operators() -> Section:
    return Section(
        kind="'operator'",
        name="s.name || '.' || o.oprname || '(' || concat_ws(', ', CASE WHEN o.oprleft = 0 THEN 'NONE'"
        " ELSE format_type(o.oprleft, NULL) END, format_type(o.oprright, NULL)) || ')'",
        parent=("'schema'", "s.name"),
        properties={
            "definition": "concat_ws(' ', 'FUNCTION', o.oprcode, 'RETURNS', format_type(o.oprresult, NULL),"
            " 'COMMUTATOR', o.oprcom::regoperator, 'NEGATOR', o.oprnegate::regoperator, 'RESTRICT', o.oprrest,"
            " 'JOIN', o.oprjoin, 'HASHES', o.oprcanhash, 'MERGES', o.oprcanmerge)",
            "owner": owner_of("o.oprowner"),
        },
        rare=f"pg_operator WHERE oid >= {FIRST_USER_OID}",
        source="pg_operator o JOIN schemas s ON s.oid = o.oprnamespace",
        where=f"o.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_operator', 'o.oid')}",
        commented=("pg_operator", "o.oid", "0"),
    )


def _operator_classes() -> tuple[Section, ...]:
    method = "(SELECT am.amname FROM pg_am am WHERE am.oid = {})"
    return (
        Section(
            kind="'operator class'",
            name=f"s.name || '.' || {name_of('c.opcname')} || ' USING ' || {method.format('c.opcmethod')}",
            parent=("'schema'", "s.name"),
            properties={
                "definition": "concat_ws(' ', 'FOR', format_type(c.opcintype, NULL), 'STORAGE',"
                " format_type(nullif(c.opckeytype, 0), NULL), 'DEFAULT', c.opcdefault, 'FAMILY',"
                " (SELECT f.opfname FROM pg_opfamily f WHERE f.oid = c.opcfamily))",
                "owner": owner_of("c.opcowner"),
            },
            rare=f"pg_opclass WHERE oid >= {FIRST_USER_OID}",
            source="pg_opclass c JOIN schemas s ON s.oid = c.opcnamespace",
            where=f"c.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_opclass', 'c.oid')}",
            commented=("pg_opclass", "c.oid", "0"),
        ),
        Section(
            kind="'operator family'",
            name=f"s.name || '.' || {name_of('f.opfname')} || ' USING ' || {method.format('f.opfmethod')}",
            parent=("'schema'", "s.name"),
            properties={
                "operators": "(SELECT string_agg(concat_ws(' ', o.amopstrategy, o.amopopr::regoperator, o.amoppurpose),"
                " ', ' ORDER BY o.amopstrategy, o.amopopr::regoperator::text COLLATE \"C\") FROM pg_amop o"
                " WHERE o.amopfamily = f.oid)",
                "functions": "(SELECT string_agg(concat_ws(' ', q.amprocnum, q.amproc::regprocedure), ','"
                ' ORDER BY q.amprocnum, q.amproc::regprocedure::text COLLATE "C") FROM pg_amproc q'
                " WHERE q.amprocfamily = f.oid)",
                "owner": owner_of("f.opfowner"),
            },
            rare=f"pg_opfamily WHERE oid >= {FIRST_USER_OID}",
            source="pg_opfamily f JOIN schemas s ON s.oid = f.opfnamespace",
            where=f"f.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_opfamily', 'f.oid')}",
            commented=("pg_opfamily", "f.oid", "0"),
        ),
    )


def _casts() -> Section:
    return Section(
        kind="'cast'",
        name="'(' || format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) || ')'",
        properties={
            "function": "CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END",
            "context": "CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' ELSE 'explicit' END",
            "method": "CASE c.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'inout' ELSE 'binary' END",
        },
        rare=f"pg_cast WHERE oid >= {FIRST_USER_OID}",
        source="pg_cast c",
        # A range type brings one to its multirange: it goes with the type.
        where=f"c.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_cast', 'c.oid')} AND NOT EXISTS (SELECT FROM"
        " pg_depend i WHERE i.classid = 'pg_cast'::regclass AND i.objid = c.oid AND i.deptype = 'i')",
        commented=("pg_cast", "c.oid", "0"),
    )


def _text_search() -> tuple[Section, ...]:
    return (
        Section(
            kind="'text search configuration'",
            name=f"s.name || '.' || {name_of('c.cfgname')}",
            parent=("'schema'", "s.name"),
            properties={
                "parser": "(SELECT p.prsname::text FROM pg_ts_parser p WHERE p.oid = c.cfgparser)",
                "mappings": "(SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapdict::regdictionary), ','"
                " ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid)",
                "owner": owner_of("c.cfgowner"),
            },
            rare=f"pg_ts_config WHERE oid >= {FIRST_USER_OID}",
            source="pg_ts_config c JOIN schemas s ON s.oid = c.cfgnamespace",
            where=f"c.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_ts_config', 'c.oid')}",
            commented=("pg_ts_config", "c.oid", "0"),
        ),
        Section(
            kind="'text search dictionary'",
            name=f"s.name || '.' || {name_of('c.dictname')}",
            parent=("'schema'", "s.name"),
            properties={
                "template": "(SELECT t.tmplname::text FROM pg_ts_template t WHERE t.oid = c.dicttemplate)",
                "options": "c.dictinitoption",
                "owner": owner_of("c.dictowner"),
            },
            rare=f"pg_ts_dict WHERE oid >= {FIRST_USER_OID}",
            source="pg_ts_dict c JOIN schemas s ON s.oid = c.dictnamespace",
            where=f"c.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_ts_dict', 'c.oid')}",
            commented=("pg_ts_dict", "c.oid", "0"),
        ),
    )


def _foreign() -> tuple[Section, ...]:
    return (
        Section(
            kind="'foreign data wrapper'",
            name=name_of("w.fdwname"),
            properties={
                "handler": "nullif(w.fdwhandler, 0)::regproc::text",
                "validator": "nullif(w.fdwvalidator, 0)::regproc::text",
                "options": sorted_items("w.fdwoptions"),
                "owner": owner_of("w.fdwowner"),
                "privileges": sorted_items("coalesce(w.fdwacl, acldefault('F', w.fdwowner))"),
            },
            rare="pg_foreign_data_wrapper",
            source="pg_foreign_data_wrapper w",
            where=no_extension_owns("pg_foreign_data_wrapper", "w.oid"),
            commented=("pg_foreign_data_wrapper", "w.oid", "0"),
        ),
        Section(
            kind="'foreign server'",
            name=name_of("f.srvname"),
            properties={
                "wrapper": "(SELECT w.fdwname::text FROM pg_foreign_data_wrapper w WHERE w.oid = f.srvfdw)",
                "type": "f.srvtype",
                "version": "f.srvversion",
                "options": sorted_items("f.srvoptions"),
                "owner": owner_of("f.srvowner"),
                "privileges": sorted_items("coalesce(f.srvacl, acldefault('S', f.srvowner))"),
            },
            rare="pg_foreign_server",
            source="pg_foreign_server f",
            where=no_extension_owns("pg_foreign_server", "f.oid"),
            commented=("pg_foreign_server", "f.oid", "0"),
        ),
        Section(
            kind="'user mapping'",
            name=f"{name_of('u.srvname')} || '.' || u.usename",
            parent=("'foreign server'", name_of("u.srvname")),
            properties={},
            rare="pg_foreign_server",
            source="pg_user_mappings u",
        ),
    )
