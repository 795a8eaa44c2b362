"""What statements are made of: spans, names, types, expressions, columns and constraints, the same for every dialect.

Names are as the server would store them: folded and cut to 63 bytes on PostgreSQL, as written elsewhere (whoever
compares MySQL's columns, or SQLite's anything, folds case).
"""

from __future__ import annotations

import enum

import msgspec


class Span(msgspec.Struct, frozen=True):
    """A stretch of a file's text, in characters from 0; ``end`` is just after it."""

    start: int
    end: int


class Name(msgspec.Struct, frozen=True):
    """The name of an object that lives in a schema (MySQL: a database), which may be unsaid."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        """As it was said, without quotes."""
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


class TypeName(msgspec.Struct, frozen=True, kw_only=True):
    """A type.

    ``name`` is the server's canonical one without modifiers, in lower case (PostgreSQL as ``format_type`` prints it:
    ``character varying``, ``timestamp with time zone``; a user's own with its schema where one was said; MySQL and
    SQLite as written); ``modifiers`` what stands in parentheses, each as text (``("10", "2")``, an ENUM's values
    without quotes); ``dimensions`` how many ``[]``; ``unsigned``, ``charset`` and ``collation`` are MySQL's.
    """

    name: str
    modifiers: tuple[str, ...] = ()
    dimensions: int = 0
    unsigned: bool = False
    charset: str | None = None
    collation: str | None = None

    def __str__(self) -> str:
        """As PostgreSQL's ``format_type`` prints it, which other servers read as well."""
        modifiers = f"({','.join(self.modifiers)})" if self.modifiers else ""
        head, _, tail = self.name.partition(" with")  # timestamp(3) with time zone
        placed = f"{head}{modifiers} with{tail}" if tail and modifiers else self.name + modifiers
        return placed + "[]" * self.dimensions


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    """An expression: its text as written, and what is in it.

    ``functions`` are the names of what it calls, lower case, without the schema unless one was said
    (``CURRENT_TIMESTAMP`` and its like are among them, by that name); ``columns`` the columns that it names;
    ``constant`` whether it is nothing but a literal, casts and a sign included; ``null`` whether it is NULL;
    ``subquery`` whether it reads tables. ``not_null_columns``: the columns of which it says IS NOT NULL, alone or
    joined by AND, so that it being true proves that they hold no NULL.
    """

    text: str
    functions: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    constant: bool = False
    null: bool = False
    subquery: bool = False
    not_null_columns: tuple[str, ...] = ()


class ConstraintKind(enum.StrEnum):
    """What a constraint demands."""

    PRIMARY_KEY = "primary key"
    UNIQUE = "unique"
    FOREIGN_KEY = "foreign key"
    CHECK = "check"
    EXCLUDE = "exclude"
    NOT_NULL = "not null"


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint as it is defined; ``name`` None where the server finds one.

    ``columns`` are those that it names itself (for a CHECK, those in its expression); ``references`` and
    ``referenced_columns`` (empty: the parent's primary key) belong to a foreign key; ``validated`` is False for
    NOT VALID; ``using_index`` the index that it takes over; ``on_delete``, ``on_update`` in capitals
    (``CASCADE``, ``SET NULL``, …), None where unsaid; ``on_delete_columns`` those that SET NULL names, where it does;
    ``match_full`` is MATCH FULL.
    """

    kind: ConstraintKind
    span: Span
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: Expression | None = None
    references: Name | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str | None = None
    on_update: str | None = None
    on_delete_columns: tuple[str, ...] = ()
    match_full: bool = False
    deferrable: bool = False
    initially_deferred: bool = False
    validated: bool = True
    enforced: bool = True
    using_index: str | None = None
    no_inherit: bool = False
    nulls_not_distinct: bool = False
    include: tuple[str, ...] = ()


class Identity(enum.StrEnum):
    """How a column numbers its rows by itself."""

    ALWAYS = "always"
    BY_DEFAULT = "by default"
    SERIAL = "serial"
    AUTO_INCREMENT = "auto_increment"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column as it is defined.

    ``type`` is None where SQLite is given none. ``not_null`` as said by NOT NULL alone (a primary key, serial or
    identity implies it without setting it). ``generated`` with ``stored`` is a generated column. ``constraints`` are
    those written inline (PRIMARY KEY, UNIQUE, CHECK, REFERENCES), each with ``columns`` set to this one.
    """

    name: str
    span: Span
    type: TypeName | None = None
    not_null: bool = False
    default: Expression | None = None
    generated: Expression | None = None
    stored: bool = False
    identity: Identity | None = None
    collation: str | None = None
    comment: str | None = None
    on_update: Expression | None = None
    constraints: tuple[Constraint, ...] = ()


class IndexKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of an index: a ``column``, or else an ``expression``; ``descending``, and MySQL's prefix ``length``.

    ``nulls``: ``FIRST`` or ``LAST``, where it is said (PostgreSQL).
    """

    column: str | None = None
    expression: Expression | None = None
    descending: bool = False
    operator_class: str | None = None
    collation: str | None = None
    length: int | None = None
    nulls: str | None = None
