"""Sections on what few databases have: publications, collations, operators, casts, foreign data, large objects."""

from __future__ import annotations

from glowplug.database.postgres.catalogue.section import (
    FIRST_USER_OID,
    Section,
    name_of,
    no_extension_owns,
    owner_of,
    sorted_items,
    truth,
)

_PG_15 = 150000
_PG_16 = 160000
_PG_17 = 170000
_PG_18 = 180000


def rarities(version: int) -> tuple[Section, ...]:
    """Give the sections for a server of this ``server_version_num``."""
    return (
        *_publications(version),
        _collations(version),
        _operators(),
        *_operator_classes(),
        _casts(),
        _conversions(),
        *_text_search(),
        *_foreign(),
        _languages(),
        _subscriptions(),
        _large_objects(),
        _dependencies(),
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
                "generated_columns": truth("p.pubgencols = 's'") if version >= _PG_18 else "NULL::text",
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


def _conversions() -> Section:
    return Section(
        kind="'conversion'",
        name=f"s.name || '.' || {name_of('c.conname')}",
        parent=("'schema'", "s.name"),
        properties={
            "definition": "concat_ws(' ', pg_encoding_to_char(c.conforencoding), 'TO',"
            " pg_encoding_to_char(c.contoencoding), 'FROM', c.conproc::regproc)",
            "default": truth("c.condefault"),
            "owner": owner_of("c.conowner"),
        },
        rare=f"pg_conversion WHERE oid >= {FIRST_USER_OID}",
        source="pg_conversion c JOIN schemas s ON s.oid = c.connamespace",
        where=f"c.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_conversion', 'c.oid')}",
        commented=("pg_conversion", "c.oid", "0"),
    )


def _languages() -> Section:
    return Section(
        kind="'language'",
        name=name_of("l.lanname"),
        properties={
            "trusted": truth("l.lanpltrusted"),
            "handler": "l.lanplcallfoid::regproc::text",
            "inline": "nullif(l.laninline, 0)::regproc::text",
            "validator": "nullif(l.lanvalidator, 0)::regproc::text",
            "owner": owner_of("l.lanowner"),
            "privileges": sorted_items("coalesce(l.lanacl, acldefault('l', l.lanowner))"),
        },
        rare=f"pg_language WHERE oid >= {FIRST_USER_OID}",
        source="pg_language l",
        where=f"l.oid >= {FIRST_USER_OID} AND {no_extension_owns('pg_language', 'l.oid')}",
        commented=("pg_language", "l.oid", "0"),
    )


def _subscriptions() -> Section:
    """Where a subscription connects to is for superusers to read."""
    here = "{}.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"
    return Section(
        kind="'subscription'",
        name=name_of("s.subname"),
        properties={
            "enabled": "s.subenabled::text",
            "publications": "array_to_string(s.subpublications, ', ')",
            "slot": "s.subslotname",
            "owner": owner_of("s.subowner"),
        },
        rare=f"pg_subscription x WHERE {here.format('x')}",
        source="pg_subscription s",
        where=here.format("s"),
    )


def _large_objects() -> Section:
    """How many there are; their numbers are others in every run."""
    privileges = sorted_items("coalesce(lomacl, acldefault('L', lomowner))")
    return Section(
        kind="'large objects'",
        name="pg_get_userbyid(m.owner)",
        properties={"count": "m.count", "privileges": "m.privileges", "comments": "m.comments"},
        rare="pg_largeobject_metadata",
        source="(SELECT lomowner AS owner, count(*)::text AS count,"
        f" (SELECT string_agg(DISTINCT {privileges}, ' or ')) AS privileges,"
        " string_agg(quote_literal(obj_description(oid, 'pg_largeobject')), ' '"
        " ORDER BY obj_description(oid, 'pg_largeobject') COLLATE \"C\") AS comments"
        " FROM pg_largeobject_metadata GROUP BY lomowner) m",
    )


def _dependencies() -> Section:
    """What DEPENDS ON EXTENSION, and is dropped with it."""
    declared = "d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x'"
    return Section(
        kind="'dependency on an extension'",
        name=f"concat_ws(' ', o.type, o.identity, 'on', {name_of('e.extname')})",
        properties={},
        rare=f"pg_depend d WHERE {declared}",
        source="pg_depend d JOIN pg_extension e ON e.oid = d.refobjid"
        " CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) o",
        where=declared,
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
            properties={"options": f"md5({sorted_items('u.umoptions')})"},  # passwords among them
            rare="pg_foreign_server",
            source="pg_user_mappings u",
        ),
    )
