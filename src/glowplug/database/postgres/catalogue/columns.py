"""The section on columns."""

from __future__ import annotations

from glowplug.database.postgres.catalogue.section import (
    FIRST_USER_OID,
    TABLES,
    THE_GIVEN,
    Section,
    Seldom,
    once,
    options_of,
    sorted_items,
)

_PG_18 = 180000

_DEFAULT_COLLATION = 100
_TEXT, _VARCHAR, _NUMERIC, _JSONB = 25, 1043, 1700, 3802
_EXTENDED = f"{_TEXT}, {_VARCHAR}, {_JSONB}"

# ALTER TYPE can change how a type is stored from then on, but not its collation.
_AS_EVER = (
    f"(SELECT count(*) = 4 FROM pg_type t WHERE t.oid IN ({_EXTENDED}, {_NUMERIC})"
    f" AND t.typstorage = CASE t.oid WHEN {_NUMERIC} THEN 'm' ELSE 'x' END)"
)
_OF_ITS_TYPE = "(SELECT t.{} FROM pg_type t WHERE t.oid = a.atttypid)"
_OTHER_COLLATION = (
    f"a.attcollation <> 0 AND NOT (a.attcollation = {_DEFAULT_COLLATION} AND a.atttypid IN ({_TEXT}, {_VARCHAR}))"
    f" AND a.attcollation <> {_OF_ITS_TYPE.format('typcollation')}"
)
_OTHER_STORAGE = (
    f"a.attlen = -1 AND NOT (CASE a.attstorage WHEN 'x' THEN a.atttypid IN ({_EXTENDED})"
    f" WHEN 'm' THEN a.atttypid = {_NUMERIC} ELSE false END AND {_AS_EVER})"
    f" AND a.attstorage <> {_OF_ITS_TYPE.format('typstorage')}"
)
"""What is seldom so is looked up one by one, most columns being of types that are known; of a fixed length: plain."""

_RELATIONS = "(SELECT * FROM relations WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c')) r"
_ATTRIBUTES = "pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped"

_DEFAULTS = f"(SELECT * FROM pg_attrdef WHERE adrelid BETWEEN {FIRST_USER_OID} AND 4294967295)"
"""All; the planner expects few of a range, and looks the columns up among them, not them among the columns."""


def columns(version: int) -> Section:
    """Give the section for a server of this ``server_version_num``."""
    not_null = {}
    join = scoped_join = ""
    if version >= _PG_18:
        # Named since 18. An ordinary one says no more than attnotnull does, but for its name.
        not_null = {
            "not_null_constraint": "CASE WHEN NOT nn.convalidated THEN 'NOT VALID' WHEN nn.connoinherit"
            " THEN 'NO INHERIT' END",
            "not_null_name": "CASE WHEN nn.conname IS NOT NULL AND nn.conname <> r.relname || '_' || a.attname ||"
            " '_not_null' THEN nn.conname::text END",
        }
        join = (
            " LEFT JOIN pg_constraint nn ON nn.contype = 'n' AND nn.conrelid = a.attrelid AND nn.conkey[1] = a.attnum"
        )
        scoped_join = (
            " LEFT JOIN "
            + once(
                "SELECT n.* FROM (SELECT DISTINCT unnest($1)) AS given (oid) CROSS JOIN LATERAL"
                " (SELECT conrelid, conkey[1] AS attnum,"
                " conname, convalidated, connoinherit FROM pg_constraint WHERE contype = 'n' AND conrelid = given.oid"
                " OFFSET 0) n"  # the planner would read them all
            )
            + " nn ON nn.conrelid = a.attrelid AND nn.attnum = a.attnum"
        )
    defaults = once(f"SELECT * FROM pg_attrdef WHERE adrelid = {THE_GIVEN}")
    # One relation after the other: indexes have as many columns, which are not read.
    of_all = f"{_RELATIONS} CROSS JOIN LATERAL (SELECT * FROM {_ATTRIBUTES} AND a.attrelid = r.oid OFFSET 0) a"
    of_some = (
        f"{_RELATIONS} JOIN (SELECT * FROM {_ATTRIBUTES} AND a.attrelid = {THE_GIVEN}) a ON a.attrelid = r.oid"
        " JOIN pg_type t ON t.oid = a.atttypid"
    )
    return Section(
        kind="'column'",
        name="a.attname",
        properties={
            "position": "a.attnum",
            "type": "format_type(a.atttypid, a.atttypmod)",
            "not_null": "a.attnotnull::text",
            **not_null,
            "default": "CASE WHEN a.attgenerated = '' THEN pg_get_expr(ad.adbin, 0) END",  # without columns
            "generated": "CASE a.attgenerated WHEN 's' THEN 'stored: ' || pg_get_expr(ad.adbin, ad.adrelid)"
            " WHEN 'v' THEN 'virtual: ' || pg_get_expr(ad.adbin, ad.adrelid) END",
            "identity": "CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END",
            "collation": _collation("a.attcollation <> t.typcollation"),
            "storage": _storage("a.attstorage <> t.typstorage"),
            "compression": "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END",
            "statistics": "nullif(a.attstattarget, -1)",
            # Debian's 15.20 writes pg_attver=<n>, another number in each database, into every one of them.
            "options": Seldom(
                "(a.attoptions IS NOT NULL AND NOT (starts_with(a.attoptions[1], 'pg_attver=')"
                " AND array_length(a.attoptions, 1) = 1))",
                "(SELECT string_agg(item, ' ' ORDER BY item COLLATE \"C\")"
                " FROM unnest(a.attoptions) AS items (item) WHERE item NOT LIKE 'pg\\_attver=%')",
            ),
            "foreign_options": options_of("a.attfdwoptions"),
            "inherited": "CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN 'and local' ELSE 'only' END END",
            "privileges": Seldom("a.attacl IS NOT NULL", sorted_items("a.attacl")),
        },
        in_bulk={"collation": _collation(_OTHER_COLLATION), "storage": _storage(_OTHER_STORAGE)},
        grouped=True,
        ranked=True,
        relation="r.oid",
        topic=TABLES,
        source=f"{of_all} LEFT JOIN {_DEFAULTS} ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum{join}",
        scoped_source=f"{of_some} LEFT JOIN {defaults} ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum"
        + scoped_join,
        commented=("pg_class", "a.attrelid", "a.attnum"),
    )


def _collation(condition: str) -> str:
    return f"CASE WHEN {condition} THEN a.attcollation::regcollation::text END"


def _storage(condition: str) -> str:
    return (
        f"CASE WHEN {condition} THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'm' THEN 'main'"
        " WHEN 'e' THEN 'external' ELSE 'extended' END END"
    )
