"""Hand what the administrator made in a fresh database to the migrations' role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres import identifier

if TYPE_CHECKING:
    from glowplug.database.postgres import Administrator

_OWNED_BY_COLUMN = (
    "SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.objid = x.oid AND o.deptype IN ('a', 'i')"
    " AND o.refobjsubid > 0"
)
_COMPOSITE = "SELECT FROM pg_class c WHERE c.oid = x.typrelid AND c.relkind = 'c'"
_CATALOGUES = (
    ("pg_namespace", "nspowner", "true"),
    ("pg_class", "relowner", "relkind IN ('r', 'p', 'v', 'm', 'f')"),
    ("pg_class", "relowner", f"relkind = 'S' AND NOT EXISTS ({_OWNED_BY_COLUMN})"),
    ("pg_type", "typowner", "typtype IN ('e', 'd', 'r') OR (typtype = 'b' AND typcategory <> 'A')"),
    ("pg_type", "typowner", f"typtype = 'c' AND EXISTS ({_COMPOSITE})"),
    ("pg_proc", "proowner", "true"),
    ("pg_operator", "oprowner", "true"),
    ("pg_opclass", "opcowner", "true"),
    ("pg_opfamily", "opfowner", "true"),
    ("pg_collation", "collowner", "true"),
    ("pg_conversion", "conowner", "true"),
    ("pg_ts_config", "cfgowner", "true"),
    ("pg_ts_dict", "dictowner", "true"),
    ("pg_statistic_ext", "stxowner", "true"),
    ("pg_foreign_server", "srvowner", "true"),
    ("pg_publication", "pubowner", "true"),
)  # fmt: skip

_WORDS = {"composite type": "TYPE", "statistics object": "STATISTICS"}
_PUBLIC = 2200  # the schema's oid by initdb; up to PostgreSQL 14 its owner is not the database's


def give_all_to(inside: Administrator, role: str) -> None:
    """Make ``role`` the owner of everything that came after initdb and that no extension owns, and of public.

    Up to PostgreSQL 14 public is a superuser's, and stays so where the administrator is none.

    Args:
        inside: the administrator's session in that database.
        role: the new owner.

    Raises:
        EnvironmentFailure: the server refuses.
    """
    inside.execute("SET search_path = pg_catalog, pg_temp")
    selects = " UNION ALL ".join(
        f"SELECT '{catalogue}'::regclass AS classid, x.oid AS objid FROM {catalogue} x"
        f" WHERE (x.oid >= 16384 OR (x.oid = {_PUBLIC} AND pg_has_role({owner}, 'USAGE'))) AND ({where})"
        f" AND pg_get_userbyid({owner}) <> 'pg_database_owner'"
        for catalogue, owner, where in _CATALOGUES
    )
    found = inside.rows(
        f"SELECT i.type, i.identity FROM ({selects}) m CROSS JOIN LATERAL"
        " pg_identify_object(m.classid, m.objid, 0) i WHERE NOT EXISTS (SELECT FROM pg_depend d"
        " WHERE d.classid = m.classid AND d.objid = m.objid AND d.deptype IN ('e', 'i'))"
    )
    statements = [
        f"ALTER {_WORDS.get(kind or '', kind or '')} {identity} OWNER TO {identifier(role)}" for kind, identity in found
    ]
    if statements:
        inside.execute("; ".join(statements))
