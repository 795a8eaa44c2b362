"""The parts that a snapshot's query is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue.indexes import UNNAMED
from glowplug.database.postgres.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FIRST_USER_OID = 16384
THE_GIVEN = "ANY ($1)"
TYPES = "types"
ROUTINES = "routines"
TABLES = "tables"
KEYS = "keys"
TRIGGERS = "triggers"
SEQUENCES = "sequences"
VIEWS = "views"
ROLE = "%role%"
"""The oid of the migrations' role, once ``finish`` has put it in."""

_PUBLIC = 2200  # the schema's oid, by initdb
_OLDER = frozenset({"pg_extension", "pg_namespace"})  # of these, sections read what initdb made, too


@dataclass(frozen=True, slots=True)
class Seldom:
    """A property that costs much to plan and start, and is ``otherwise`` wherever ``condition`` is not true."""

    condition: str
    expression: str
    otherwise: str = "NULL::text"

    def __str__(self) -> str:
        """SQL for it."""
        return f"CASE WHEN {self.condition} THEN {self.expression} ELSE {self.otherwise} END"

    @staticmethod
    def of(expression: str | Seldom) -> Seldom | None:
        """The property, if it is one of this kind."""
        return expression if isinstance(expression, Seldom) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One SELECT of the snapshot; each of its rows is an object.

    Everything in it is looked up under ``search_path = pg_catalog, pg_temp``; kind, name, the parent's kind and
    name and the properties' values are SQL expressions. NULL says that a property does not apply.
    ``grouped``: each of its rows is all objects that are parts of one of ``relations``, which ``source`` calls r;
    then name is an identifier, the relation is the parent, and kind a literal. ``ranked``: of those, the first property
    is a number, whose rank within the relation stands for it.
    ``relation`` is the oid of the relation that the object is a part of, ``scope`` a condition that holds for the
    given relations alone, where the planner needs to be told; both are None outside of relations. ``scoped_source`` is
    another source for the given relations, that looks once where the other would for every row. ``of_all`` is a
    condition for where all are read, that tells the user's objects from the server's. ``rare``: what follows FROM
    in a cheap question whether there is any, for what most databases have none of.
    ``topic`` joins sections that are read together; of relations: what ``scoped`` reads of some.
    ``in_bulk``: other expressions for the same values of properties, which cost more to plan and less for each of many.
    ``source`` is what follows FROM, ``where`` and ``commented`` (catalogue, oid, column number) go with it.
    """

    kind: str
    name: str
    parent: tuple[str, str] = ("NULL::text", "NULL::text")
    properties: Mapping[str, str | Seldom]
    in_bulk: Mapping[str, str] = field(default_factory=dict)
    source: str
    where: str = "true"
    commented: tuple[str, str, str] | None = None
    grouped: bool = False
    ranked: bool = False
    topic: str = ""
    relation: str | None = None
    scope: str | None = None
    scoped_source: str | None = None
    of_all: str | None = None
    rare: str | None = None

    @property
    def property_names(self) -> tuple[str, ...]:
        """The properties, in the order of the row's values."""
        return (*self.properties, "comment") if self.commented else tuple(self.properties)

    @property
    def word(self) -> str:
        """The kind, where that is a literal."""
        return self.kind.strip("'")

    def select(self, number: int, *, scoped: bool = False, quick: bool = False) -> str:
        """Give the SELECT.

        Its rows are the relation's oid that an object belongs to, if to one, and one text that holds the section's
        number and the whole object; if ``grouped``, the number, then the relation, then every object of that.
        ``scoped``: only of the given relations.
        ``quick``: a third value says whether there is what this query does not read ("t" or "f"), which is
        nothing where the object belongs to no relation.
        """
        leaving = quick and self.relation is not None
        chosen = self.properties if scoped else {**self.properties, **self.in_bulk}
        given = [(Seldom.of(expression), expression) for expression in chosen.values()]
        values = [seldom.otherwise if seldom and leaving else str(expression) for seldom, expression in given]
        source = (self.scoped_source if scoped else None) or self.source
        if self.commented and self.commented[0] in _OLDER:
            values.append(self._comment(*self.commented))
        elif self.commented:
            values.append("d.description")
            source += self._comments(*self.commented, scoped=scoped)
        conditions = [self.where]
        if scoped and self.scope:
            conditions.append(self.scope)
        if not scoped and self.of_all:
            conditions.append(self.of_all)
        found = f"FROM {source} WHERE {' AND '.join(conditions)}"
        unread = " OR ".join(seldom.condition for seldom, _ in given if seldom and leaving) or "false"
        if self.grouped:
            of = f"ROW({number}, min(r.kind), min(r.name))::text"  # the relation's one, without comparing them
            more = f", bool_or({unread})" if quick else ""
            parts = f"string_agg(ROW({', '.join((self.name, *values))})::text, '')"
            return f"SELECT r.oid::text, {of} || {parts}{more} {found} GROUP BY r.oid"
        group = "''" if self.relation is None else f"{self.relation}::text"
        more = f", {unread}" if quick else ""
        whole = f"ROW({', '.join((str(number), self.kind, self.name, *self.parent, *values))})::text"
        return f"SELECT {group}, {whole}{more} {found}"

    def _comments(self, catalogue: str, oid: str, column: str, *, scoped: bool) -> str:
        comments = "pg_description"
        if scoped and self.scoped_source:
            comments = once(f"SELECT * FROM pg_description WHERE objoid = {THE_GIVEN}")
        join = (
            f" LEFT JOIN {comments} d ON d.objoid = {oid} AND d.objsubid = {column}"
            f" AND d.classoid = '{catalogue}'::regclass"
        )
        return join if scoped else f"{join} AND d.objoid >= {FIRST_USER_OID}"

    @staticmethod
    def _comment(catalogue: str, oid: str, column: str) -> str:
        """One by one: there are few of these, and many comments of the server's own."""
        return (
            f"(SELECT d.description FROM pg_description d WHERE d.objoid = {oid} AND d.objsubid = {column}"
            f" AND d.classoid = '{catalogue}'::regclass)"
        )


def once(query: str) -> str:
    """SQL for the rows of a query that is run once, however often they are looked through."""
    return f"(WITH once AS MATERIALIZED ({query}) SELECT * FROM once)"


def name_of(expression: str) -> str:
    """SQL for an identifier as a part of an object's name: as it is, quoted only where a dot would be ambiguous."""
    plain = f"{expression} NOT LIKE '%.%' AND {expression} NOT LIKE '%\"%'"
    return f"CASE WHEN {plain} THEN {expression}::text ELSE quote_ident({expression}::text) END"


def owner_of(role: str) -> str:
    """SQL for an owner that is not the migrations' role; that one owns the database."""
    return f"CASE WHEN {role} <> {ROLE} THEN pg_get_userbyid({role})::text END"


def privileges_of(acl: str, owner: str, object_type: str) -> Seldom:
    """Privileges as sorted text, with the default's filled in where none are stored."""
    listed = sorted_items(f"coalesce({acl}, acldefault('{object_type}', {owner}))")
    return Seldom(f"({acl} IS NOT NULL OR {owner} <> {ROLE})", listed, otherwise=_default(object_type))


def sorted_items(array: str) -> str:
    """SQL for an array's elements as one text, in an order that does not depend on how they came."""
    return (
        f"(SELECT string_agg(item::text, ' ' ORDER BY item::text COLLATE \"C\") FROM unnest({array}) AS items (item))"
    )


def options_of(array: str) -> Seldom:
    """Options, where there are any, as sorted text."""
    items = f"(SELECT string_agg(item, ' ' ORDER BY item COLLATE \"C\") FROM unnest({array}) AS items (item))"
    return Seldom(f"{array} IS NOT NULL", items)


def no_extension_owns(catalogue: str, oid: str) -> str:
    """SQL for: the object belongs to no extension."""
    return f"{oid} NOT IN (SELECT objid FROM owned_by_extension WHERE classid = '{catalogue}'::regclass)"


def truth(expression: str) -> str:
    """SQL for a property that is there, and "true", only where ``expression`` holds."""
    return f"CASE WHEN {expression} THEN 'true' END"


def tablespace_of(oid: str) -> Seldom:
    """A tablespace that is not the database's own."""
    return Seldom(f"{oid} <> 0", f"(SELECT ts.spcname::text FROM pg_tablespace ts WHERE ts.oid = {oid})")


def _default(object_type: str) -> str:
    return f"%default_{object_type}%"


_TYPES_OF_ACL = "rsfTn"

CONSTANTS = (
    "SELECT datdba, "
    + ", ".join(sorted_items(f"acldefault('{object_type}', datdba)") for object_type in _TYPES_OF_ACL)
    + " FROM pg_database WHERE datname = current_database()"
)
"""Asks once for what ``finish`` puts into the sections: the migrations' role, and its default privileges."""


def finish(sql: str, constants: Sequence[bytes | None]) -> str:
    """Put the answer to CONSTANTS into a query made of sections."""
    role, *defaults = ((value or b"").decode() for value in constants)
    sql = sql.replace(ROLE, role)
    for object_type, text in zip(_TYPES_OF_ACL, defaults, strict=True):
        sql = sql.replace(_default(object_type), literal(text))
    return sql


def union(chosen: Iterable[tuple[int, Section]], *, quick: bool = False) -> str:
    """Give the query of some sections with their numbers.

    ``quick``: the third value of a row says whether there is more to read of the object than this query does.
    """
    common = _COMMON.format(
        owned="MATERIALIZED",
        schemas="MATERIALIZED",
        relations="MATERIALIZED",
        first=f"(SELECT {FIRST_USER_OID}::oid)",  # of a number, the planner would expect no row at all
        condition=no_extension_owns("pg_class", "c.oid"),
        also=f", {UNNAMED}",
    )
    return common + " UNION ALL ".join(section.select(number, quick=quick) for number, section in chosen)


def scoped(chosen: Iterable[tuple[int, Section]], *, quick: bool) -> str:
    """Give the query of what some sections hold of the relations that are its parameter, an array of oids.

    ``quick``: where the third value of any row is true, there is more to read than this query does, and its answer
    is of no use.
    """
    common = _COMMON.format(
        owned="NOT MATERIALIZED",
        schemas="NOT MATERIALIZED",
        relations="MATERIALIZED",
        first=f"{FIRST_USER_OID}",
        condition=f"c.oid = {THE_GIVEN} AND {_NO_EXTENSION}",
        also="",
    )
    return common + " UNION ALL ".join(section.select(number, scoped=True, quick=quick) for number, section in chosen)


def probe(chosen: Iterable[Section]) -> str:
    """Give the query that says of each rare section whether there may be any: one column each."""
    return "SELECT " + ", ".join(f"EXISTS (SELECT FROM {section.rare})" for section in chosen)


_NO_EXTENSION = (
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid"
    " AND e.objsubid = 0 AND e.deptype = 'e')"
)

# A schema or relation that an extension owns is left out, and with it all that it holds.
_COMMON = f"""WITH owned_by_extension AS {{owned}} (
  SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
), schemas AS {{schemas}} (
  SELECT oid, {name_of("nspname")} AS name, nspowner, nspacl FROM pg_namespace
  WHERE (oid >= {FIRST_USER_OID} OR oid = {_PUBLIC}) AND NOT starts_with(nspname, 'pg_')
    AND {no_extension_owns("pg_namespace", "oid")}
), relations AS {{relations}} (
  SELECT c.oid, s.name || '.' || {name_of("c.relname")} AS name, s.name AS schema, c.relname, c.relkind, c.relowner,
    c.relacl, c.reloptions, c.relam, c.reltablespace, c.reltoastrelid, c.reloftype, c.relpersistence, c.relispartition,
    c.relpartbound, c.relispopulated, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' ELSE 'sequence' END AS kind
  FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
  WHERE c.oid >= {{first}} AND c.relkind <> 'i' AND c.relkind <> 'I' AND c.relkind <> 't' AND c.relpersistence <> 't'
    AND c.relname NOT IN ('__diesel_schema_migrations', '__diesel_schema_migrations_pkey') AND {{condition}}
){{also}}
"""
