"""What is done to views, triggers, routines, types, sequences, and every other object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action, ObjectKind

if TYPE_CHECKING:
    from glowplug.sql.parts import Column, Constraint, Expression, Name, TypeName


class CreateView(Action, frozen=True, kw_only=True):
    """CREATE VIEW; ``reads`` the relations in its query, ``reads_columns`` the columns that it names (best effort).

    ``options`` are PostgreSQL's ``WITH (security_invoker = true)``: names in lower case and values.
    """

    view: Name
    materialized: bool = False
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    reads: tuple[Name, ...] = ()
    reads_columns: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    query: str = ""
    definer: str | None = None  # MySQL
    options: tuple[tuple[str, str], ...] = ()


class DropView(Action, frozen=True, kw_only=True):
    """DROP VIEW or DROP MATERIALIZED VIEW, one Action a view."""

    view: Name
    materialized: bool = False
    if_exists: bool = False
    cascade: bool = False


class RefreshView(Action, frozen=True, kw_only=True):
    """REFRESH MATERIALIZED VIEW."""

    view: Name
    concurrently: bool = False


class CreateTrigger(Action, frozen=True, kw_only=True):
    """CREATE TRIGGER; ``timing`` and ``events`` in lower case; ``body`` the statements in it (MySQL, SQLite)."""

    trigger: str
    table: Name
    timing: str | None = None
    events: tuple[str, ...] = ()
    function: Name | None = None
    or_replace: bool = False
    if_not_exists: bool = False
    definer: str | None = None  # MySQL


class DropTrigger(Action, frozen=True, kw_only=True):
    """DROP TRIGGER; only PostgreSQL says the table."""

    trigger: str
    table: Name | None = None
    if_exists: bool = False
    cascade: bool = False


class SwitchTrigger(Action, frozen=True, kw_only=True):
    """ENABLE or DISABLE TRIGGER; ``trigger`` None is ALL or USER."""

    table: Name
    trigger: str | None
    enabled: bool


class CreateRoutine(Action, frozen=True, kw_only=True):
    """CREATE FUNCTION or PROCEDURE; ``settings`` are its SET clauses' names; ``body`` its text where it is a string."""

    routine: Name
    kind: ObjectKind = ObjectKind.FUNCTION
    language: str | None = None
    volatility: str | None = None  # immutable | stable | volatile
    security_definer: bool = False
    settings: tuple[str, ...] = ()
    or_replace: bool = False
    body: str | None = None
    definer: str | None = None  # MySQL


class CreateType(Action, frozen=True, kw_only=True):
    """CREATE TYPE (``kind`` enum, composite, range, base or shell) or CREATE DOMAIN (``kind`` domain)."""

    type: Name
    kind: str
    values: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    base: TypeName | None = None
    not_null: bool = False
    default: Expression | None = None
    constraints: tuple[Constraint, ...] = ()


class AddEnumValue(Action, frozen=True, kw_only=True):
    """ALTER TYPE … ADD VALUE; ``position`` is ``BEFORE x`` or ``AFTER x``."""

    type: Name
    value: str
    position: str | None = None
    if_not_exists: bool = False


class RenameEnumValue(Action, frozen=True, kw_only=True):
    """ALTER TYPE … RENAME VALUE."""

    type: Name
    value: str
    new_value: str


class AlterDomain(Action, frozen=True, kw_only=True):
    """ALTER DOMAIN; ``what``: add constraint, drop constraint, validate constraint, set not null, … ."""

    domain: Name
    what: str
    name: str | None = None
    constraint: Constraint | None = None
    default: Expression | None = None


class AlterType(Action, frozen=True, kw_only=True):
    """ALTER TYPE of a composite type, attribute by attribute."""

    type: Name
    what: str  # add attribute | drop attribute | alter attribute | rename attribute
    attribute: str | None = None


class CreateSequence(Action, frozen=True, kw_only=True):
    """CREATE SEQUENCE; ``owned_by`` is ``table.column``."""

    sequence: Name
    if_not_exists: bool = False
    temporary: bool = False
    owned_by: str | None = None


class Create(Action, frozen=True, kw_only=True):
    """CREATE of what has no Action of its own: schema, extension, policy, rule, role, database, event, …."""

    kind: ObjectKind
    name: Name
    table: Name | None = None  # what a policy or a rule is on
    if_not_exists: bool = False
    or_replace: bool = False
    details: tuple[tuple[str, str], ...] = ()  # policy: permissive/command; role: password, superuser; …


class Drop(Action, frozen=True, kw_only=True):
    """DROP of what has no Action of its own: schema, extension, type, domain, function, sequence, policy, role, …."""

    kind: ObjectKind
    name: Name
    table: Name | None = None
    if_exists: bool = False
    cascade: bool = False
    arguments: tuple[str, ...] | None = None  # of a function


class Rename(Action, frozen=True, kw_only=True):
    """RENAME of what has no Action of its own: view, sequence, type, schema, function, trigger, policy, …."""

    kind: ObjectKind
    name: Name
    new_name: str
    table: Name | None = None


class Alter(Action, frozen=True, kw_only=True):
    """ALTER of what has no Action of its own; ``what`` says in a few lower-case words what is altered."""

    kind: ObjectKind
    name: Name
    what: str
    value: str | None = None
    table: Name | None = None  # what a policy is on


class SetSchema(Action, frozen=True, kw_only=True):
    """ALTER … SET SCHEMA."""

    kind: ObjectKind
    name: Name
    schema: str


class Comment(Action, frozen=True, kw_only=True):
    """COMMENT ON."""

    kind: ObjectKind
    name: Name


class Grant(Action, frozen=True, kw_only=True):
    """GRANT or, where ``revoke``, REVOKE; ``privileges`` in lower case, ``("all",)`` for ALL; grantee ``public``."""

    kind: ObjectKind
    privileges: tuple[str, ...]
    names: tuple[Name, ...]
    grantees: tuple[str, ...]
    revoke: bool = False
    everything_in_schema: bool = False
    default: bool = False  # ALTER DEFAULT PRIVILEGES
