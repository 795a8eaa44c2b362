"""The definition of an index, as the server writes it."""

from __future__ import annotations

_PG_15 = 150000

_BTREE = 403
_TEXT, _VARCHAR = 25, 1043
_FIRST_USER_OID = 16384
_MOST_KEYS = 3

_PREDICATE = "CASE WHEN x.indpred IS NULL THEN '' ELSE ' WHERE ' || pg_get_expr(x.indpred, x.indrelid) END"

# Without its own name, as a constraint's definition is, so that a new name alone is told from a new index.
DEFINITION = "replace(pg_get_indexdef(x.indexrelid), ' INDEX ' || quote_ident(c.relname) || ' ON ', ' INDEX ON ')"
"""SQL for the definition of the index x, c in pg_class."""


def in_bulk(version: int) -> str:
    """Give SQL for what DEFINITION says, put together from the catalogues where an index is plain.

    DEFINITION looks through all operator classes of the access method for every column, to tell whether the one in use
    need not be named, which is two thirds of what it costs; this looks among UNNAMED, for as few columns as most have.
    Everything that the server would write more of is left to it: a key that is no column, has a collation of its own,
    or is of another operator class, and a column that is included, are NULL here. What is in UNNAMED takes no options.
    """
    plain = [
        "c.relkind = 'i'",
        "c.reloptions IS NULL",
        f"x.indnatts <= {_MOST_KEYS}",
        *(["NOT x.indnullsnotdistinct"] if version >= _PG_15 else []),
    ]
    written = (
        "'CREATE ' || CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ON ' || x.indrelid::regclass::text"
        f" || ' USING btree (' || {_keys(0)} || ')' || {_PREDICATE}"
    )
    return f"CASE WHEN {' AND '.join(plain)} THEN coalesce({written}, {DEFINITION}) ELSE {DEFINITION} END"


def _pair(operator_class: str, type_: str | int) -> str:
    return f"({operator_class}::bigint << 32 | {type_}::bigint)"


_DEFAULTS = f"pg_opclass o WHERE o.opcmethod = {_BTREE} AND o.opcdefault AND o.oid < {_FIRST_USER_OID}"

# One class at most is the default for a type itself. A varchar has none, and is compared as the text that it can be
# taken for, unless somebody made one for it or for another type that such a one is taken for by preference.
UNNAMED = f"""unnamed AS MATERIALIZED (
  SELECT ARRAY(SELECT {_pair("o.oid", "o.opcintype")} FROM {_DEFAULTS}
    UNION ALL SELECT {_pair("o.oid", _VARCHAR)} FROM {_DEFAULTS} AND o.opcintype = {_TEXT}
      AND NOT EXISTS (SELECT FROM pg_opclass u JOIN pg_type t ON t.oid = u.opcintype WHERE u.oid >= {_FIRST_USER_OID}
        AND u.opcmethod = {_BTREE} AND u.opcdefault AND (t.oid = {_VARCHAR} OR t.typispreferred))) AS pairs
)"""
"""A WITH query that in_bulk needs: B-tree operator classes, each with a type of column for which it is not named."""


def _keys(place: int) -> str:
    key = (
        f"(SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = x.indrelid"
        f" AND a.attnum = x.indkey[{place}] AND a.attcollation = x.indcollation[{place}]"
        f" AND {_pair(f'x.indclass[{place}]', 'a.atttypid')} = ANY ((SELECT pairs FROM unnamed)::bigint[]))"
        f" || CASE x.indoption[{place}] WHEN 0 THEN '' WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'"
        " WHEN 3 THEN ' DESC' END"
    )
    following = place + 1
    if following == _MOST_KEYS:
        return key
    return f"{key} || CASE WHEN x.indnatts > {following} THEN ', ' || {_keys(following)} ELSE '' END"
