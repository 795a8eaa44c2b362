"""The parts that a snapshot's query is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue.indexes import UNNAMED
from glowplug.database.postgres.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

FIRST_USER_OID = 16384
MARK = "(!)"
"""In the place of an object: there is more to read of it than was."""
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
    def of(expression: Expression) -> Seldom | None:
        """The property, if it is one of this kind."""
        return expression if isinstance(expression, Seldom) else None


@dataclass(frozen=True, slots=True)
class Spelt:
    """A property that is a word for a value of the server's; ``otherwise`` where there is none for it.

    A query that is run often reads the ``raw`` value, as each expression costs at every start: the word is put in here.
    """

    raw: str
    words: Mapping[str, str]
    otherwise: str | None = None

    def __str__(self) -> str:
        """SQL for the word."""
        words = " ".join(f"WHEN {literal(value)} THEN {literal(word)}" for value, word in self.words.items())
        return f"CASE {self.raw} {words}{'' if self.otherwise is None else f' ELSE {literal(self.otherwise)}'} END"

    def of(self, value: str | None) -> str | None:
        """Give the word for a value as the server writes it; None for NULL, and where it has no word."""
        return None if value is None else self.words.get(value, self.otherwise)


Expression = str | Seldom | Spelt


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Properties of the parts of a relation that are looked up apart, by the first property of these: ``key``.

    ``usual`` says of some, what they are where they need not be told: ``{relation}`` and ``{part}`` stand for names.
    """

    key: str
    properties: Mapping[str, str]
    source: str
    scope: str
    usual: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """How a section is read of one relation r: ``source`` has what ``scope`` says belongs to it.

    Of relations themselves nothing follows FROM, as a rule. ``kinds`` is a condition for relations that have any.
    In the reading that leaves seldom things unread, ``quick_source`` takes the place of the source, ``quick_scope`` of
    the scope and the section's ``where``, and ``left`` are properties that are left out as well. ``marking`` is SQL
    that puts MARK in the place of an object's text, which is ``{}`` there, where there is more to read; it speaks for
    what another section has ``left``, and for one that is ``seldom`` as a whole.
    """

    source: str = ""
    scope: str = "true"
    kinds: str = "true"
    quick_source: str = ""
    quick_scope: str = ""
    left: frozenset[str] = frozenset()
    marking: str = "{}"
    seldom: bool = False
    beside: Beside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One SELECT of the snapshot; each of its rows is an object.

    Everything in it is looked up under ``search_path = pg_catalog, pg_temp``; kind, name, the parent's kind and
    name and the properties' values are SQL expressions. NULL says that a property does not apply.
    ``grouped``: each of its rows is all objects that are parts of one of ``relations``, which ``source`` calls r;
    then name is an identifier, the relation is the parent, and kind a literal. ``ranked``: of those, the first property
    is a number, whose rank within the relation stands for it. ``itself``: its objects are relations.
    ``relation`` is the oid of the relation that the object is a part of, None outside of relations. ``of_all`` is a
    condition for where all are read, that tells the user's objects from the server's. ``rare``: what follows FROM
    in a cheap question whether there is any, for what most databases have none of.
    ``topic`` joins sections that are read together; of relations: what is read of some, as ``given`` says.
    ``in_bulk``: other expressions for the same values of properties, which cost more to plan and less for each of many.
    ``under``: a property that names the column that is the object's parent, where there is one.
    ``finish`` has the last word on an object's properties.
    ``source`` is what follows FROM, ``where`` and ``commented`` (catalogue, oid, column number) go with it.
    """

    kind: str
    name: str
    parent: tuple[str, str] = ("NULL::text", "NULL::text")
    properties: Mapping[str, Expression]
    in_bulk: Mapping[str, Expression] = field(default_factory=dict)
    source: str
    where: str = "true"
    commented: tuple[str, str, str] | None = None
    grouped: bool = False
    ranked: bool = False
    itself: bool = False
    topic: str = ""
    relation: str | None = None
    given: Given | None = None
    of_all: str | None = None
    rare: str | None = None
    under: str | None = None
    finish: Callable[[dict[str, str]], None] | None = None

    @property
    def property_names(self) -> tuple[str, ...]:
        """The properties, in the order of the row's values."""
        return (*self.properties, "comment") if self.commented else tuple(self.properties)

    @property
    def word(self) -> str:
        """The kind, where that is a literal."""
        return self.kind.strip("'")

    def select(self, number: int, *, quick: bool = False) -> str:
        """Give the SELECT.

        Its rows are the relation's oid that an object belongs to, if to one, and one text that holds the section's
        number and the whole object; if ``grouped``, the number, then the relation, then every object of that.
        ``quick``: a third value says whether there is what this query does not read ("t" or "f"), which is
        nothing where the object belongs to no relation.
        """
        leaving = quick and self.relation is not None
        given = [(Seldom.of(expression), expression) for expression in {**self.properties, **self.in_bulk}.values()]
        values = [seldom.otherwise if seldom and leaving else str(expression) for seldom, expression in given]
        source = self.source
        if self.commented and self.commented[0] in _OLDER:
            values.append(self.comment)
        elif self.commented:
            values.append("d.description")
            source += f"{self.comments} AND d.objoid >= {FIRST_USER_OID}"
        found = f"FROM {source} WHERE {self.where}{f' AND {self.of_all}' if self.of_all else ''}"
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

    @property
    def comments(self) -> str:
        """SQL that joins the comments to the source, as d."""
        return f" LEFT JOIN pg_description d ON {self._of_comment}"

    @property
    def comment(self) -> str:
        """SQL for the comment, one by one: for few objects where there are many comments."""
        return f"(SELECT d.description FROM pg_description d WHERE {self._of_comment})"

    @property
    def _of_comment(self) -> str:
        catalogue, oid, column = self.commented or ("", "0", "0")
        return f"d.objoid = {oid} AND d.objsubid = {column} AND d.classoid = '{catalogue}'::regclass"


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


def truth(expression: str) -> Spelt:
    """A property that is there, and "true", only where ``expression`` holds."""
    return Spelt(expression, {"t": "true"})


def either(expression: str) -> Spelt:
    """A property that is "true" or "false"."""
    return Spelt(expression, {"t": "true", "f": "false"})


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
    return _COMMON + " UNION ALL ".join(section.select(number, quick=quick) for number, section in chosen)


def probe(chosen: Iterable[Section]) -> str:
    """Give the query that says of each rare section whether there may be any: one column each."""
    return "SELECT " + ", ".join(f"EXISTS (SELECT FROM {section.rare})" for section in chosen)


KINDS = Spelt(
    "c.relkind",
    {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table", "c": "type"},
    otherwise="sequence",
)
"""The kind of a relation."""

CALLED = {"name": f"s.name || '.' || {name_of('c.relname')}", "schema": "s.name", "kind": str(KINDS)}
"""What a relation c in a schema s is called."""

_CALLED = ", ".join(f"{sql} AS {name}" for name, sql in CALLED.items())
SCHEMA = f"(n.oid >= {FIRST_USER_OID} OR n.oid = {_PUBLIC}) AND NOT starts_with(n.nspname, 'pg_')"
RELATION = (
    "c.relkind <> ALL ('{i,I,t}') AND c.relpersistence <> 't'"
    " AND c.relname NOT IN ('__diesel_schema_migrations', '__diesel_schema_migrations_pkey')"
)
"""What is read: a schema n and a relation c of pg_class, but for what an extension owns."""

# A schema or relation that an extension owns is left out, and with it all that it holds. Of a number instead of a
# query, the planner would expect no relation at all.
_COMMON = f"""WITH owned_by_extension AS MATERIALIZED (
  SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
), schemas AS MATERIALIZED (
  SELECT oid, {name_of("nspname")} AS name, nspowner, nspacl FROM pg_namespace n
  WHERE {SCHEMA} AND {no_extension_owns("pg_namespace", "oid")}
), relations AS MATERIALIZED (
  SELECT c.oid, {_CALLED}, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions, c.relam, c.reltablespace,
    c.reltoastrelid, c.reloftype, c.relpersistence, c.relispartition, c.relpartbound, c.relispopulated,
    c.relreplident, c.relrowsecurity, c.relforcerowsecurity
  FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
  WHERE c.oid >= (SELECT {FIRST_USER_OID}::oid) AND {RELATION} AND {no_extension_owns("pg_class", "c.oid")}
), {UNNAMED}
"""
