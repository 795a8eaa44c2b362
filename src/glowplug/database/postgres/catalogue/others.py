"""Sections on what is no relation: schemas, routines, types, extensions, statistics, and privileges to come."""

from __future__ import annotations

from glowplug.database.postgres.catalogue.section import (
    FIRST_USER_OID,
    ROLE,
    ROUTINES,
    TYPES,
    Section,
    Seldom,
    name_of,
    no_extension_owns,
    owner_of,
    privileges_of,
    sorted_items,
)

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
        _settings(),
        _default_privileges(),
        _statistics(version),
        _event_triggers(),
    )


def _comment_on(catalogue: str, oid: str) -> str:
    """SQL for a comment, by itself: a join may be planned, while there are few, as one that looks through them all."""
    return (
        f"(SELECT d.description FROM pg_description d WHERE d.objoid = {oid} AND d.objsubid = 0"
        f" AND d.classoid = '{catalogue}'::regclass)"
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
        name=f"s.name || '.' || {name_of('p.proname')} || '(' || oidvectortypes(p.proargtypes) || ')'",
        parent=("'schema'", "s.name"),
        properties={
            "definition": f"CASE WHEN p.prokind = 'a' THEN {aggregate} ELSE pg_get_functiondef(p.oid) END",
            "owner": owner_of("p.proowner"),
            "privileges": privileges_of("p.proacl", "p.proowner", "f"),
            "comment": _comment_on("pg_proc", "p.oid"),
        },
        topic=ROUTINES,
        source="pg_proc p JOIN schemas s ON s.oid = p.pronamespace",
        # A range type brings its constructors: they go with the type.
        where=f"p.oid >= {FIRST_USER_OID} AND p.oid NOT IN (SELECT i.objid FROM pg_depend i"
        f" WHERE i.classid = 'pg_proc'::regclass AND i.objid >= {FIRST_USER_OID} AND i.deptype IN ('e', 'i'))",
    )


def _types() -> Section:
    return Section(
        kind="'type'",
        name=f"s.name || '.' || {name_of('t.typname')}",
        parent=("'schema'", "s.name"),
        properties={
            "type": "CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range' WHEN 'c' THEN 'composite'"
            " WHEN 'p' THEN 'shell' ELSE 'base' END",
            "labels": "l.labels",
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
            "comment": _comment_on("pg_type", "t.oid"),
        },
        topic=TYPES,
        source="pg_type t JOIN schemas s ON s.oid = t.typnamespace"
        " LEFT JOIN (SELECT enumtypid, string_agg(quote_literal(enumlabel), ',' ORDER BY enumsortorder) AS labels"
        " FROM pg_enum GROUP BY enumtypid) l ON l.enumtypid = t.oid",
        where=f"t.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_type', 't.oid')} AND (t.typtype IN ('e', 'r', 'p')"
        " OR (t.typtype = 'b' AND t.typinput <> 'array_in'::regproc)"
        " OR (t.typtype = 'c' AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.typrelid) = 'c'))",
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
            "comment": _comment_on("pg_type", "t.oid"),
        },
        topic=TYPES,
        rare=f"pg_type WHERE typtype = 'd' AND oid >= {FIRST_USER_OID}",
        source="pg_type t JOIN schemas s ON s.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype",
        where=f"t.oid >= {FIRST_USER_OID} AND t.typtype = 'd' AND {no_extension_owns('pg_type', 't.oid')}",
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
            "comment": _comment_on("pg_constraint", "c.oid"),
        },
        topic=TYPES,
        rare=f"pg_constraint WHERE conrelid = 0 AND contypid >= {FIRST_USER_OID}",
        source="pg_constraint c JOIN pg_type t ON t.oid = c.contypid JOIN schemas s ON s.oid = t.typnamespace",
        # These two columns begin an index: no constraint of a table is looked at.
        where=f"c.conrelid = 0 AND c.contypid >= {FIRST_USER_OID} AND c.contype = 'c'"
        f" AND c.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_type', 't.oid')}",
    )


def _extensions() -> Section:
    # A digest can't be cleared of the role's name later, which is another in every database.
    privileges = sorted_items("coalesce(p.proacl, acldefault('f', p.proowner))")
    privileges = f"replace({privileges}, pg_get_userbyid({ROLE})::text, 'owner')"
    return Section(
        kind="'extension'",
        name=name_of("e.extname"),
        topic=ROUTINES,
        properties={
            "version": "e.extversion",
            "schema": "(SELECT n.nspname::text FROM pg_namespace n WHERE n.oid = e.extnamespace)",
            # What a migration adds to an extension is seen no more by itself.
            "members": "(SELECT count(*)::text FROM pg_depend d WHERE d.refclassid = 'pg_extension'::regclass"
            " AND d.refobjid = e.oid AND d.deptype = 'e')",
            # Members are the extension's own business, unless the migrations' role may redefine them.
            "routines": Seldom(
                "EXISTS (SELECT FROM owned_by_extension o WHERE o.classid = 'pg_proc'::regclass"
                f" AND (SELECT p.proowner FROM pg_proc p WHERE p.oid = o.objid) = {ROLE})",
                "(SELECT md5(string_agg(item, ' ' ORDER BY item COLLATE \"C\")) FROM (SELECT ROW("
                "p.oid::regprocedure, p.prosrc, p.probin, p.prosecdef, p.provolatile, p.proisstrict, p.proparallel,"
                f" p.proleakproof, p.procost, p.prorows, p.proconfig, {privileges})::text AS item FROM pg_depend d"
                " JOIN pg_proc p ON p.oid = d.objid WHERE d.refclassid = 'pg_extension'::regclass"
                f" AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass"
                f" AND p.proowner = {ROLE} OFFSET 0) members)",
            ),
        },
        source="pg_extension e",
        commented=("pg_extension", "e.oid", "0"),
    )


def _database() -> Section:
    """What was said of the database itself; the name leaves its own out."""
    source = (
        "pg_database d CROSS JOIN LATERAL (VALUES ('connection_limit', nullif(d.datconnlimit, -1)::text),"
        " ('comment', shobj_description(d.oid, 'pg_database')), ('privileges', CASE WHEN EXISTS (SELECT FROM"
        f" aclexplode(d.datacl) a WHERE a.grantee <> d.datdba) THEN {sorted_items('d.datacl')} END)) said (what, value)"
    )
    unusual = "d.datname = current_database() AND said.value IS NOT NULL"
    return Section(
        kind="'setting'",
        name="'database.' || said.what",
        properties={"value": "said.value"},
        rare=f"{source} WHERE {unusual}",
        source=source,
        where=unusual,
    )


def _settings() -> Section:
    """Settings by ALTER DATABASE, ALTER ROLE … IN DATABASE, and ALTER ROLE of the migrations' role."""
    return Section(
        kind="'setting'",
        name="CASE WHEN v.setdatabase = 0 THEN 'role' WHEN v.setrole = 0 THEN 'database'"
        " ELSE 'role ' || pg_get_userbyid(v.setrole) END || '.' || split_part(item, '=', 1)",
        properties={"value": "substr(item, strpos(item, '=') + 1)"},
        rare="pg_db_role_setting",
        source="pg_db_role_setting v CROSS JOIN LATERAL unnest(v.setconfig) AS items (item)",
        where="v.setdatabase = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
        f" OR (v.setdatabase = 0 AND v.setrole = {ROLE})",
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
