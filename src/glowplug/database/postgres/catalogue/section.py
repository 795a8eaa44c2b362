"""The parts that a snapshot's query is made of."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_USER_OID = 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One SELECT of the snapshot.

    Each of its rows is an object: kind, name, the parent's kind and name, then one value for each property.
    Everything in it is looked up under ``search_path = pg_catalog, pg_temp``.
    ``values`` are SQL expressions; NULL means that the property does not apply. ``source`` is what follows FROM.
    ``since`` is the first ``server_version_num`` that has these catalogues.
    """

    kind: str
    name: str
    parent: tuple[str, str] | None = None
    properties: dict[str, str]
    source: str
    since: int = 0

    def select(self, number: int) -> str:
        """The section's SELECT: its number, and one text that holds the whole object."""
        parent = self.parent or ("NULL::text", "NULL::text")
        fields = ", ".join((self.kind, self.name, *parent, *self.properties.values()))
        return f"SELECT {number}, ROW({fields})::text FROM {self.source}"


def name_of(expression: str) -> str:
    """SQL for an identifier as a part of an object's name: as it is, quoted only where a dot would be ambiguous."""
    plain = f"strpos({expression}, '.') = 0 AND strpos({expression}, '\"') = 0"
    return f"CASE WHEN {plain} THEN {expression}::text ELSE quote_ident({expression}) END"


def owner_of(role: str) -> str:
    """SQL for an owner that is not the migrations' role; that one owns the database."""
    return f"CASE WHEN {role} <> (SELECT role FROM me) THEN pg_get_userbyid({role})::text END"


def privileges_of(acl: str, owner: str, object_type: str) -> str:
    """SQL for privileges as sorted text, with the default's filled in where none are stored."""
    rights = f"coalesce({acl}, acldefault('{object_type}', {owner}))"
    listed = (
        f"(SELECT string_agg(item::text, ' ' ORDER BY item::text COLLATE \"C\") FROM unnest({rights}) AS items (item))"
    )
    default = f"(SELECT default_{_WORD[object_type]} FROM me)"
    return f"CASE WHEN {acl} IS NULL AND {owner} = (SELECT role FROM me) THEN {default} ELSE {listed} END"


def comment_on(catalogue: str, oid: str, sub: str = "0") -> str:
    """SQL for an object's comment."""
    return (
        "(SELECT comment FROM comments "
        f"WHERE objoid = {oid} AND classoid = '{catalogue}'::regclass AND objsubid = {sub})"
    )


def no_extension_owns(catalogue: str, oid: str) -> str:
    """SQL for: the object belongs to no extension."""
    return f"{oid} NOT IN (SELECT objid FROM owned_by_extension WHERE classid = '{catalogue}'::regclass)"


_WORD = {"r": "table", "s": "sequence", "f": "function", "T": "type", "n": "schema"}

COMMON = f"""
WITH me AS MATERIALIZED (
  SELECT datdba AS role, {
    ", ".join(
        f"(SELECT string_agg(item::text, ' ' ORDER BY item::text COLLATE \"C\")"
        f" FROM unnest(acldefault('{letter}', datdba)) AS items (item)) AS default_{word}"
        for letter, word in _WORD.items()
    )
}
  FROM pg_database WHERE datname = current_database()
), owned_by_extension AS MATERIALIZED (
  SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
), comments AS MATERIALIZED (
  SELECT objoid, classoid, objsubid, description AS comment FROM pg_description
  WHERE objoid >= {FIRST_USER_OID} OR classoid IN ('pg_namespace'::regclass, 'pg_extension'::regclass)
), schemas AS MATERIALIZED (
  SELECT oid, {name_of("nspname")} AS name, nspowner, nspacl FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND {no_extension_owns("pg_namespace", "oid")}
), relations AS MATERIALIZED (
  SELECT c.oid, s.name || '.' || {name_of("c.relname")} AS name, c.relkind, s.name AS schema,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view'
      WHEN 'f' THEN 'foreign_table' WHEN 'c' THEN 'type' WHEN 'S' THEN 'sequence' ELSE 'index' END AS kind
  FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
  WHERE c.oid >= {FIRST_USER_OID} AND c.relpersistence <> 't'
    AND c.relname NOT IN ('__diesel_schema_migrations', '__diesel_schema_migrations_pkey')
    AND {no_extension_owns("pg_class", "c.oid")}
)
"""
