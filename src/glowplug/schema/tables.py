"""Tables as rows see them: what must be true of a row for the server to take it.

Read from a live catalogue by each backend (``database.<backend>.tables``), used to make rows and to compare them.
"""

from __future__ import annotations

import enum

import msgspec


class Family(enum.StrEnum):
    """What kind of values a type has, whatever it is called."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BYTES = "bytes"
    BITS = "bits"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    INTERVAL = "interval"
    UUID = "uuid"
    JSON = "json"
    XML = "xml"
    ENUM = "enum"
    SET = "set"  # MySQL's: any of its labels at once
    ARRAY = "array"
    RANGE = "range"
    MULTIRANGE = "multirange"
    COMPOSITE = "composite"
    ADDRESS = "address"  # inet, cidr, macaddr, INET6
    GEOMETRY = "geometry"
    TEXT_SEARCH = "text search"
    TREE = "tree"  # ltree
    PAIRS = "pairs"  # hstore
    OTHER = "other"


class Type(msgspec.Struct, frozen=True, kw_only=True):
    """A column's type, a domain resolved to what it stands on (its CHECKs are then with the column's table).

    ``name`` is how the server writes it, usable in a cast. ``length`` in characters (bits for BITS, bytes for BYTES);
    ``precision`` of a DECIMAL in digits, of a TIME or TIMESTAMP in digits of its fraction; ``minimum`` and ``maximum``
    of an INTEGER. ``labels`` of an ENUM or SET. ``element`` of an ARRAY, RANGE or MULTIRANGE. ``fields`` of a
    COMPOSITE. ``zoned``: a time with its zone. ``folds``: values that differ in case alone are equal.
    """

    name: str
    family: Family
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    labels: tuple[str, ...] = ()
    element: Type | None = None
    fields: tuple[tuple[str, Type], ...] = ()
    zoned: bool = False
    folds: bool = False


class Written(enum.StrEnum):
    """Who writes a column's values."""

    ALWAYS_US = "by the row"
    SERVER_IF_LEFT_OUT = "by the server if left out"  # a default, a sequence, AUTO_INCREMENT, identity by default
    SERVER = "by the server"  # generated columns, identity always


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column; ``default`` is the server's text of it, ``numbered``: from a sequence, identity, AUTO_INCREMENT."""

    name: str
    type: Type
    nullable: bool
    default: str | None = None
    written: Written = Written.ALWAYS_US
    numbered: bool = False


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A condition on a row, as the server shows it, without CHECK and its outermost parentheses.

    ``columns`` are those that it names, if the catalogue tells; a domain's VALUE is written as the column's name.
    """

    name: str
    expression: str
    columns: tuple[str, ...] = ()


class Unique(msgspec.Struct, frozen=True, kw_only=True):
    """A primary key, unique constraint or unique index; one part that is an expression is None in ``columns``.

    ``predicate``: of a partial one. ``nulls_distinct`` False: two rows with NULL there are equal.
    """

    name: str
    columns: tuple[str | None, ...]
    expressions: tuple[str, ...] = ()
    predicate: str | None = None
    primary: bool = False
    nulls_distinct: bool = True


class Action(enum.StrEnum):
    """What happens to referencing rows."""

    NO_ACTION = "no action"
    RESTRICT = "restrict"
    CASCADE = "cascade"
    SET_NULL = "set null"
    SET_DEFAULT = "set default"


class ForeignKey(msgspec.Struct, frozen=True, kw_only=True):
    """``columns`` reference ``referenced`` of the table called ``table`` (as ``Table.name``).

    ``deferrable``: it can be looked at when the transaction ends. ``enforced`` False: SQLite with foreign_keys off.
    """

    name: str
    columns: tuple[str, ...]
    table: str
    referenced: tuple[str, ...]
    on_delete: Action = Action.NO_ACTION
    on_update: Action = Action.NO_ACTION
    deferrable: bool = False
    match_full: bool = False
    enforced: bool = True


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """An exclusion constraint: (column or None for an expression, operator) pairs, and the server's whole text."""

    name: str
    parts: tuple[tuple[str | None, str], ...]
    definition: str


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table that rows can be written to, the bookkeeping table aside.

    ``name`` as in a Schema (``public.users``, ``users``), ``sql`` as SQL that needs no search_path. ``partition_of``
    and ``bound`` (the server's text) of a partition: its rows are written through its parent, whose name that is.
    ``partitioned``: rows go to its partitions alone; ``partition_key`` as the server shows it. ``inherits``:
    PostgreSQL's old inheritance. ``triggers``: names of the enabled ones, which run. ``rows``: how many there are, up
    to 1000.
    """

    name: str
    sql: str
    columns: tuple[Column, ...]
    checks: tuple[Check, ...] = ()
    uniques: tuple[Unique, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    partitioned: bool = False
    partition_key: str | None = None
    partition_of: str | None = None
    bound: str | None = None
    inherits: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    rows: int = 0
    strict: bool = False  # SQLite's STRICT
