"""The section on columns."""

from __future__ import annotations

from glowplug.database.postgres.catalogue.section import (
    FIRST_USER_OID,
    TABLES,
    Beside,
    Given,
    Section,
    Seldom,
    Spelt,
    either,
    options_of,
    sorted_items,
)

_PG_17 = 170000
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


_EXPRESSION = "pg_get_expr(ad.adbin, CASE a.attgenerated WHEN '' THEN 0 ELSE ad.adrelid END)"
"""Of a default, without looking for columns."""


def columns(version: int) -> Section:
    """Give the section for a server of this ``server_version_num``."""
    not_null = {}
    join, beside = "", None
    if version >= _PG_18:
        # Named since 18. An ordinary one says no more than attnotnull does, but for its name.
        said = "CASE WHEN NOT nn.convalidated THEN 'NOT VALID' WHEN nn.connoinherit THEN 'NO INHERIT' END"
        usual = "r.relname || '_' || a.attname || '_not_null'"
        not_null = {
            "not_null_constraint": said,
            "not_null_name": f"CASE WHEN nn.conname <> {usual} THEN nn.conname::text END",
        }
        join = (
            " LEFT JOIN pg_constraint nn ON nn.contype = 'n' AND nn.conrelid = a.attrelid AND nn.conkey[1] = a.attnum"
        )
        beside = Beside(
            key="nn.conkey[1]",
            properties={"not_null_constraint": said, "not_null_name": "nn.conname"},
            source="pg_constraint nn",
            scope="nn.contype = 'n' AND nn.conrelid = r.oid",
            usual={"not_null_name": "{relation}_{part}_not_null"},
        )
    # One relation after the other: indexes have as many columns, which are not read.
    of_all = f"{_RELATIONS} CROSS JOIN LATERAL (SELECT * FROM {_ATTRIBUTES} AND a.attrelid = r.oid OFFSET 0) a"
    return Section(
        kind="'column'",
        name="a.attname",
        properties={
            "position": "a.attnum",
            "type": "format_type(a.atttypid, a.atttypmod)",
            "not_null": either("a.attnotnull"),
            **not_null,
            "default": f"CASE WHEN a.atthasdef THEN (SELECT {_EXPRESSION} FROM pg_attrdef ad"
            " WHERE ad.adrelid = a.attrelid AND ad.adnum = a.attnum) END",
            "generated": Spelt(_letter("a.attgenerated"), {"s": "stored", "v": "virtual"}),
            "identity": Spelt(_letter("a.attidentity"), {"a": "always", "d": "by default"}),
            "collation": "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END",
            "storage": _storage("a.attstorage <> t.typstorage"),
            "compression": Spelt(_letter("a.attcompression"), {"p": "pglz", "l": "lz4"}),
            "statistics": "a.attstattarget" if version >= _PG_17 else "nullif(a.attstattarget, -1)",
            # Debian's 15.20 writes pg_attver=<n>, another number in each database, into every one of them.
            "options": Seldom(
                "(a.attoptions IS NOT NULL AND NOT (starts_with(a.attoptions[1], 'pg_attver=')"
                " AND array_length(a.attoptions, 1) = 1))",
                "(SELECT string_agg(item, ' ' ORDER BY item COLLATE \"C\")"
                " FROM unnest(a.attoptions) AS items (item) WHERE item NOT LIKE 'pg\\_attver=%')",
            ),
            "foreign_options": options_of("a.attfdwoptions"),
            "inherited": inherited("a.attinhcount", "a.attislocal"),
            "privileges": Seldom("a.attacl IS NOT NULL", sorted_items("a.attacl")),
        },
        in_bulk={
            "default": _EXPRESSION,
            "collation": f"CASE WHEN {_OTHER_COLLATION} THEN a.attcollation::regcollation::text END",
            "storage": str(_storage(_OTHER_STORAGE)),
        },
        finish=_generated,
        grouped=True,
        ranked=True,
        relation="r.oid",
        topic=TABLES,
        source=f"{of_all} LEFT JOIN {_DEFAULTS} ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum{join}",
        given=Given(
            # Only where it may differ from what its type says.
            source="pg_attribute a LEFT JOIN pg_type t"
            " ON t.oid = CASE WHEN a.attlen = -1 OR a.attcollation <> 0 THEN a.atttypid END",
            scope="a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped",
            kinds="r.relkind <> 'S'",
            beside=beside,
        ),
        commented=("pg_class", "a.attrelid", "a.attnum"),
    )


def inherited(count: str, local: str) -> Spelt:
    """Whether a part of a relation is a parent's, and its own as well."""
    return Spelt(f"CASE WHEN {count} > 0 THEN {local} END", {"t": "and local", "f": "only"})


def _letter(expression: str) -> str:
    """SQL for a letter, where there is one: a record with an empty text in it takes long to take apart."""
    return f"nullif({expression}, '')"


def _generated(properties: dict[str, str]) -> None:
    """Of a column that is generated, what is kept as a default is how."""
    if "generated" in properties:
        how, expression = properties.pop("generated"), properties.pop("default", None)
        if expression is not None:
            properties["generated"] = f"{how}: {expression}"


def _storage(condition: str) -> Spelt:
    words = {"p": "plain", "m": "main", "e": "external", "x": "extended"}
    return Spelt(f"CASE WHEN {condition} THEN a.attstorage END", words)
