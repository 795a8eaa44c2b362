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
            "not_null_name": "CASE WHEN nn.conname <> r.relname || '_' || a.attname || '_not_null'"
            " THEN nn.conname::text END",
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
    # Not a number: the planner would expect no row at all beyond those that initdb made.
    of_all = _attributes(f"a.attrelid >= (SELECT {FIRST_USER_OID}::oid)")
    of_some = _attributes(f"a.attrelid = {THE_GIVEN}")
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
            "foreign_options": options_of("a.attfdwoptions"),
            "inherited": "CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN 'and local' ELSE 'only' END END",
            "privileges": Seldom("a.attacl IS NOT NULL", sorted_items("a.attacl")),
        },
        grouped=True,
        ranked=True,
        relation="r.oid",
        topic=TABLES,
        source=f"{of_all} LEFT JOIN {_DEFAULTS} ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum{join}",
        scoped_source=f"{of_some} LEFT JOIN {defaults} ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum"
        + scoped_join,
        commented=("pg_class", "a.attrelid", "a.attnum"),
    )


def _attributes(condition: str) -> str:
    return (
        "(SELECT * FROM relations WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c')) r"
        f" JOIN (SELECT * FROM pg_attribute a WHERE {condition} AND a.attnum > 0 AND NOT a.attisdropped) a"
        " ON a.attrelid = r.oid"
        " JOIN pg_type t ON t.oid = a.atttypid"
    )
