"""What is read of the catalogues to know what a table asks of its rows: a query, and its answer as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres.catalogue.section import FIRST_USER_OID, name_of
from glowplug.database.postgres.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

_PG_15 = 150000
_PG_18 = 180000
_PUBLIC = 2200  # the schema's oid, by initdb


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A table or partitioned table; ``parents`` by oid, ``empty``: its own file holds nothing.

    ``readable``: this role may read all its rows, no policy hides one.
    """

    oid: str
    name: str
    sql: str
    partitioned: bool
    partition: bool
    partition_key: str | None
    bound: str | None
    parents: list[str]
    triggers: list[str]
    empty: bool
    readable: bool


class ColumnRow(msgspec.Struct, frozen=True, kw_only=True):
    """A column; ``type_name`` has the length or precision that ``modifier`` holds, ``quoted`` is the name for SQL."""

    relation: str
    name: str
    quoted: str
    type: str
    modifier: int
    type_name: str
    not_null: bool
    default: str | None
    generated: bool
    identity: str
    folds: bool


class DomainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A condition of a domain's, on VALUE."""

    name: str
    expression: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A composite type's field."""

    name: str
    type: str
    modifier: int
    type_name: str


class TypeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A type as pg_type has it: ``kind`` is typtype, ``category`` typcategory, ``builtin``: the server's own.

    ``base``, ``base_modifier`` and ``base_name`` of a domain; ``element`` of an array, range or multirange.
    """

    oid: str
    name: str
    short: str
    builtin: bool
    kind: str
    category: str
    element: str | None
    element_name: str | None
    base: str
    base_modifier: int
    base_name: str
    not_null: bool
    default: str | None
    labels: list[str]
    fields: list[Field] | None
    checks: list[DomainCheck] | None


class CheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """A CHECK constraint."""

    relation: str
    name: str
    columns: list[str]
    expression: str


class UniqueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A unique index, a constraint's or not; ``columns`` has None where one of ``expressions`` stands."""

    relation: str
    name: str
    columns: list[str | None]
    expressions: list[str]
    predicate: str | None
    primary: bool
    nulls_distinct: bool


class ForeignKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign key; ``on_delete`` and ``on_update`` by their letters; ``referenced_name``: of what is not read too."""

    relation: str
    name: str
    columns: list[str]
    referenced_relation: str
    referenced_name: str
    referenced: list[str]
    on_delete: str
    on_update: str
    deferrable: bool
    match_full: bool
    enforced: bool


class ExclusionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An exclusion constraint, or a key WITHOUT OVERLAPS, which is one."""

    relation: str
    name: str
    columns: list[str | None]
    operators: list[str]
    definition: str


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    tables: list[TableRow]
    columns: list[ColumnRow]
    types: list[TypeRow]
    checks: list[CheckRow]
    uniques: list[UniqueRow]
    foreign_keys: list[ForeignKeyRow]
    exclusions: list[ExclusionRow]


_NAME = f"{name_of('r.nspname')} || '.' || {name_of('r.relname')}"

# A schema or table that an extension owns is left out.
_RELATIONS = f"""WITH RECURSIVE owned AS MATERIALIZED (
  SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
), named AS (
  SELECT c.oid, c.relnamespace, n.nspname, c.relname, c.relkind, c.relispartition, c.relpartbound, c.relhastriggers
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= {FIRST_USER_OID}
    AND c.relname <> '{BOOKKEEPING_TABLE}'
    AND (n.oid >= {FIRST_USER_OID} OR n.oid = {_PUBLIC}) AND NOT starts_with(n.nspname, 'pg_')
    AND n.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_namespace'::regclass)
    AND c.oid NOT IN (SELECT objid FROM owned WHERE classid = 'pg_class'::regclass)
), relations AS MATERIALIZED (
  SELECT r.*, {{asked}} AS asked FROM named r
), asked AS MATERIALIZED (
  SELECT * FROM relations r WHERE r.asked
), used (oid) AS (
  SELECT DISTINCT a.atttypid FROM asked r JOIN pg_attribute a ON a.attrelid = r.oid
    AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT part.oid FROM used u JOIN pg_type t ON t.oid = u.oid CROSS JOIN LATERAL (
    SELECT t.typbasetype WHERE t.typbasetype <> 0
    UNION ALL SELECT t.typelem WHERE t.typcategory = 'A' AND t.typelem <> 0
    UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE t.typtype = 'r' AND g.rngtypid = t.oid
    UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE t.typtype = 'm' AND g.rngmultitypid = t.oid
    UNION ALL SELECT f.atttypid FROM pg_attribute f WHERE t.typtype = 'c' AND f.attrelid = t.typrelid
      AND f.attnum > 0 AND NOT f.attisdropped
  ) part (oid)
)"""
"""The tables, those of them whose columns are asked for, the types of these, and what those are made of."""

_NAMES = """ARRAY(SELECT a.attname FROM unnest({key}) WITH ORDINALITY k (number, position)
  LEFT JOIN pg_attribute a ON a.attrelid = {relation} AND a.attnum = k.number ORDER BY k.position)"""

_TABLES = f""" SELECT r.oid::text AS oid, {_NAME} AS name,
  quote_ident(r.nspname) || '.' || quote_ident(r.relname) AS sql,
  r.relkind = 'p' AS partitioned, r.relispartition AS partition,
  CASE WHEN r.asked AND r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END AS partition_key,
  CASE WHEN r.asked THEN pg_get_expr(r.relpartbound, r.oid) END AS bound,
  ARRAY(SELECT i.inhparent::text FROM pg_inherits i WHERE i.inhrelid = r.oid ORDER BY i.inhseqno) AS parents,
  CASE WHEN r.asked AND r.relhastriggers THEN ARRAY(SELECT t.tgname FROM pg_trigger t WHERE t.tgrelid = r.oid
    AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') ORDER BY t.tgname) ELSE '{{}}' END AS triggers,
  CASE WHEN r.asked THEN r.relkind = 'r' AND coalesce(pg_relation_size(r.oid), 0) = 0 ELSE true END AS empty,
  CASE WHEN r.asked THEN has_table_privilege(r.oid, 'SELECT') AND has_schema_privilege(r.relnamespace, 'USAGE')
    AND NOT row_security_active(r.oid) ELSE false END AS readable
FROM relations r ORDER BY r.oid"""

_COLUMNS = """ SELECT a.attrelid::text AS relation, a.attname AS name, quote_ident(a.attname) AS quoted,
  a.atttypid::text AS type, a.atttypmod AS modifier, format_type(a.atttypid, a.atttypmod) AS type_name,
  a.attnotnull AS not_null, pg_get_expr(d.adbin, d.adrelid) AS default, a.attgenerated <> '' AS generated,
  a.attidentity AS identity, NOT coalesce(l.collisdeterministic, true) AS folds
FROM asked r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_collation l ON l.oid = a.attcollation ORDER BY a.attrelid, a.attnum"""

_TYPES = f""" SELECT t.oid::text AS oid, format_type(t.oid, NULL) AS name, t.typname AS short,
  t.oid < {FIRST_USER_OID} AS builtin, t.typtype AS kind, t.typcategory AS category,
  e.oid::text AS element, format_type(e.oid, NULL) AS element_name,
  t.typbasetype::text AS base, t.typtypmod AS base_modifier,
  CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE '' END AS base_name,
  t.typnotnull AS not_null, CASE WHEN t.typtype = 'd' THEN t.typdefault END AS default,
  CASE WHEN t.typtype = 'e' THEN ARRAY(SELECT n.enumlabel FROM pg_enum n WHERE n.enumtypid = t.oid
    ORDER BY n.enumsortorder) ELSE '{{}}' END AS labels,
  CASE WHEN t.typtype = 'c' THEN (SELECT json_agg(json_build_object('name', f.attname, 'type', f.atttypid::text,
      'modifier', f.atttypmod, 'type_name', format_type(f.atttypid, f.atttypmod)) ORDER BY f.attnum)
    FROM pg_attribute f WHERE f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped) END AS fields,
  CASE WHEN t.typtype = 'd' THEN (SELECT json_agg(json_build_object('name', c.conname,
      'expression', pg_get_expr(c.conbin, 0, true)) ORDER BY c.conname)
    FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c') END AS checks
FROM used u JOIN pg_type t ON t.oid = u.oid LEFT JOIN LATERAL (
  SELECT CASE t.typtype WHEN 'r' THEN (SELECT g.rngsubtype FROM pg_range g WHERE g.rngtypid = t.oid)
    WHEN 'm' THEN (SELECT g.rngsubtype FROM pg_range g WHERE g.rngmultitypid = t.oid)
    ELSE CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem END END) e (oid) ON true"""

_CHECKS = f""" SELECT c.conrelid::text AS relation, c.conname AS name,
  {_NAMES.format(key="c.conkey", relation="c.conrelid")} AS columns,
  pg_get_expr(c.conbin, c.conrelid, true) AS expression
FROM asked r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype = 'c' AND {{enforced}}
ORDER BY c.conrelid, c.conname"""

_UNIQUES = """ SELECT i.indrelid::text AS relation, x.relname AS name,
  ARRAY(SELECT a.attname FROM generate_series(0, i.indnkeyatts - 1) k (number)
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.number] AND a.attnum > 0
    ORDER BY k.number) AS columns,
  CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(SELECT pg_get_indexdef(i.indexrelid, k.number + 1, true)
    FROM generate_series(0, i.indnkeyatts - 1) k (number) WHERE i.indkey[k.number] = 0 ORDER BY k.number)
    ELSE '{{}}' END AS expressions,
  pg_get_expr(i.indpred, i.indrelid, true) AS predicate, i.indisprimary AS primary, {nulls_distinct} AS nulls_distinct
FROM asked r JOIN pg_index i ON i.indrelid = r.oid AND i.indisunique AND i.indisready AND NOT i.indisexclusion
  JOIN pg_class x ON x.oid = i.indexrelid
ORDER BY i.indrelid, NOT i.indisprimary, x.relname"""

# A key to a partitioned table has another for each of its partitions.
_FOREIGN_KEYS = f""" SELECT c.conrelid::text AS relation, c.conname AS name,
  {_NAMES.format(key="c.conkey", relation="c.conrelid")} AS columns,
  c.confrelid::text AS referenced_relation, c.confrelid::regclass::text AS referenced_name,
  {_NAMES.format(key="c.confkey", relation="c.confrelid")} AS referenced,
  c.confdeltype AS on_delete, c.confupdtype AS on_update, c.condeferrable AS deferrable,
  c.confmatchtype = 'f' AS match_full, {{enforced}} AS enforced
FROM asked r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype = 'f'
WHERE NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)
ORDER BY c.conrelid, c.conname"""

_EXCLUSIONS = f""" SELECT c.conrelid::text AS relation, c.conname AS name,
  {_NAMES.format(key="c.conkey", relation="c.conrelid AND k.number > 0")} AS columns,
  ARRAY(SELECT o.oprname FROM unnest(c.conexclop) WITH ORDINALITY k (oid, position)
    JOIN pg_operator o ON o.oid = k.oid ORDER BY k.position) AS operators,
  pg_get_constraintdef(c.oid) AS definition
FROM asked r JOIN pg_constraint c ON c.conrelid = r.oid AND c.conexclop IS NOT NULL
ORDER BY c.conrelid, c.conname"""


def question(version: int, but: Sequence[str] = ()) -> str:
    """Give the query for a server of this ``server_version_num``, to be run with pg_catalog as search_path.

    Of tables called as in ``but`` nothing is asked beside their names and parents.
    """
    asked = f"{_NAME} <> ALL (ARRAY[{', '.join(map(literal, but))}])" if but else "true"
    enforced = "c.conenforced" if version >= _PG_18 else "true"
    nulls_distinct = "NOT i.indnullsnotdistinct" if version >= _PG_15 else "true"
    parts = (
        _TABLES,
        _COLUMNS,
        _TYPES,
        _CHECKS.format(enforced=enforced),
        _UNIQUES.format(nulls_distinct=nulls_distinct),
        _FOREIGN_KEYS.format(enforced=enforced),
        _EXCLUSIONS,
    )
    columns = ", ".join(f"(SELECT coalesce(json_agg(one), '[]') FROM ({part}) one)" for part in parts)
    return f"{_RELATIONS.format(asked=asked)} SELECT {columns}"


def answers(result: PGresult) -> Answers:
    """Read the answer to ``question``."""
    names = (field.name.encode() for field in msgspec.structs.fields(Answers))
    document = b",".join(b'"%s":%s' % (name, result.get_value(0, column) or b"[]") for column, name in enumerate(names))
    return _DECODER.decode(b"{%s}" % document)


_DECODER = msgspec.json.Decoder(Answers)
