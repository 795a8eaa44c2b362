"""What the Simulation knows of each object: frozen values, with the place in the chain that made them so.

Where a mapping is by name, that is the name as the server compares it: as stored on PostgreSQL, case folded elsewhere.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.sql.parts import Constraint, Expression, Identity, IndexKey, Name, Span, TypeName


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the chain something was done: the migration's index in the chain and version, its file, the clause."""

    index: int
    version: str
    migration: str  # the directory's name
    file: str  # relative to the project's root
    line: int
    column: int
    span: Span


class ColumnFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A column; ``not_null`` whether it can hold no NULL, by whatever says so (NOT NULL, key, identity).

    ``not_null_said``: NOT NULL itself says it, which SQLite's catalogue tells of a key too.
    ``born``: where it was added. ``type`` None: not known (SQLite: none said). ``on_update`` is MySQL's.
    """

    name: str
    type: TypeName | None
    not_null: bool
    not_null_said: bool = False
    default: Expression | None
    generated: Expression | None
    stored: bool
    identity: Identity | None
    collation: str | None
    comment: str | None
    on_update: Expression | None = None
    born: Origin


class ConstraintFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint; ``name`` as the server names it where it finds the name itself; ``validated`` as of now.

    SQLite names none: there it is what the constraint is (``UNIQUE (a)``).
    """

    name: str
    definition: Constraint
    validated: bool
    born: Origin


class IndexFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An index; ``constraint`` names the one that it carries; ``valid`` False where its build may have failed.

    ``implicit``: InnoDB made it for a foreign key, and drops it once another index serves that. ``attributes``: the
    names of its own columns on PostgreSQL, which stay when the table's are renamed, and name its copies.
    """

    name: str
    table: Name
    keys: tuple[IndexKey, ...]
    unique: bool
    method: str | None
    where: Expression | None
    include: tuple[str, ...]
    constraint: str | None
    valid: bool
    implicit: bool = False
    attributes: tuple[str, ...] = ()
    born: Origin


class TableFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A table.

    ``columns`` in their order, ``columns_known`` False where there may be others or other ones (LIKE, AS SELECT, code
    that could not be read). ``born`` is where it was created; ``may_have_rows`` False only where that is certain: made
    in this migration by a CREATE TABLE that can't have been skipped, and nothing was written to it since.
    ``seeded``: where the chain first put rows into it, be it on a condition, so that a new database has them as well.
    ``triggers`` by name. ``partitions``: the tables attached to it; ``partition_of`` its parent.
    """

    name: Name
    columns: Mapping[str, ColumnFacts]
    constraints: Mapping[str, ConstraintFacts] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    indexes: Mapping[str, IndexFacts] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    triggers: Mapping[str, Origin] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    columns_known: bool = True
    may_have_rows: bool = True
    seeded: Origin | None = None
    temporary: bool = False
    partition_of: Name | None = None
    partition_by: str | None = None
    partitions: tuple[Name, ...] = ()
    options: Mapping[str, str] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    born: Origin
    renamed_from: tuple[Name, ...] = ()


class ViewFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A view: what it reads, and where it was made; ``triggers`` by name.

    ``definition`` is the statement that made it, None where a rename may have changed it since.
    """

    name: Name
    materialized: bool
    reads: tuple[Name, ...]
    reads_columns: tuple[str, ...]
    definition: str | None = None
    indexes: Mapping[str, IndexFacts] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    triggers: Mapping[str, Origin] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    born: Origin


class TypeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An enum (``values`` in order, ``added`` those that came after it was made), domain, composite or range type.

    ``base``, ``not_null``, ``default`` and ``constraints`` are a domain's.
    """

    name: Name
    kind: str
    values: tuple[str, ...] = ()
    added: Mapping[str, Origin] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    base: TypeName | None = None
    not_null: bool = False
    default: Expression | None = None
    constraints: tuple[Constraint, ...] = ()
    born: Origin


class RoutineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A function or procedure that the chain made; ``changes_schema`` where it does or may, for it can't be told."""

    name: Name
    volatility: str | None
    language: str | None
    security_definer: bool
    body: str | None
    changes_schema: bool
    born: Origin
