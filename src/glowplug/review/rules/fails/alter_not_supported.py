"""Rule ``alter-not-supported``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails
from glowplug.review.filling import Put
from glowplug.review.procedure import changed
from glowplug.review.rule import Hit, Rule
from glowplug.review.version import Versions
from glowplug.review.wording import lead
from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    DropColumn,
    DropConstraint,
    DropNotNull,
    ModifyColumn,
    RenameColumn,
    RenameConstraint,
    RenameTable,
    SetDefault,
    SetNotNull,
)
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action

_BEFORE_CONSTRAINTS = Versions(until=(3, 53))
_BEFORE_DROP_COLUMN = Versions(until=(3, 35))
_BEFORE_RENAME_COLUMN = Versions(until=(3, 25))
_NOT_DROPPED = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE})


class AlterNotSupported(Rule):
    """An ALTER TABLE of other servers, which SQLite does not have.

    ## What it does
    Finds, on SQLite, `ALTER TABLE` that changes a type or a default, adds a key or a foreign key, has several clauses,
    or says IF EXISTS; before SQLite 3.53 also one that adds a CHECK, drops a constraint, or sets or drops NOT NULL;
    before 3.35 DROP COLUMN, and before 3.25 RENAME COLUMN.

    ## Why it is harmful
    It is a syntax error: the migration fails on every database.

    ## Example
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);
    ```
    ```sql up
    ALTER TABLE users ALTER COLUMN age TYPE INTEGER;
    ```

    ## Use instead
    Rebuild the table.
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, age TEXT);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, age INTEGER);
    INSERT INTO new_users (id, age) SELECT id, age FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## How it was proven
    Each on SQLite, before and after 3.53. What 3.35 and 3.25 brought is according to the manual.
    """

    hazards = (112,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    actions = (
        *(AddColumn, AddConstraint, AlterColumnType, DropColumn, DropConstraint, DropNotNull, ModifyColumn),
        *(RenameColumn, RenameConstraint, RenameTable, SetDefault, SetNotNull),
    )
    covers = ("column-dropped", "name-changed", "column-add-refused", "type-narrowed", "default-changed")
    claims = (
        Fails(dialect=Dialect.SQLITE, code="syntax error"),
        Fails(dialect=Dialect.SQLITE, versions=_BEFORE_CONSTRAINTS, code="syntax error"),
        Fails(dialect=Dialect.SQLITE, versions=Versions(since=(3, 53)), code="constraint may not be dropped"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which clause is none of SQLite's, once for a statement."""
        clauses = context.statement.actions
        several = len(clauses) > 1
        if several and action is not clauses[0]:
            return
        found = ("has several clauses", None) if several else _unknown(action, context)
        if found is None:
            return
        what, until = found
        if until is not None and not context.may_be(until):
            return
        before = ""
        if until is not None and until.until is not None:
            before = f" before {'.'.join(map(str, until.until))}"
            before += " according to its manual" if until is not _BEFORE_CONSTRAINTS else ""
        when = "" if until is None or context.terms.version is not None else ", which may be production's"
        table = getattr(action, "table", "")
        yield Hit(
            message=f"{lead(context)}fails on {table}: it {what}, and that is a syntax error for SQLite{before}{when}",
            span=context.statement.span,
            subject=f"{table}",
            safe_form=_safe_form(action, context, several=several),
        )


def _unknown(action: Action, context: Context) -> tuple[str, Versions | None] | None:  # noqa: C901, PLR0911 - a list
    """Tell what of it SQLite does not have, and before which version; None where it has it all."""
    match action:
        case AddColumn():
            return ("says IF NOT EXISTS", None) if action.if_not_exists else None
        case DropColumn():
            if action.if_exists or action.cascade:
                return f"says {'IF EXISTS' if action.if_exists else 'CASCADE'}", None
            return ("drops a column", _BEFORE_DROP_COLUMN) if context.terms.version is not None else None
        case RenameColumn():
            return ("renames a column", _BEFORE_RENAME_COLUMN) if context.terms.version is not None else None
        case RenameTable():
            return ("says IF EXISTS", None) if action.if_exists else None
        case AddConstraint():
            kind = action.constraint.kind
            until = _BEFORE_CONSTRAINTS if kind is ConstraintKind.CHECK else None
            return f"adds a {kind.value.upper()}", until
        case DropConstraint():
            return "drops a constraint", None if _key(action, context) else _BEFORE_CONSTRAINTS
        case SetNotNull() | DropNotNull():
            return f"{'sets' if isinstance(action, SetNotNull) else 'drops'} NOT NULL", _BEFORE_CONSTRAINTS
        case SetDefault():
            return "changes a default", None
        case RenameConstraint():
            return "renames a constraint", None
    return "changes a type", None


def _key(action: DropConstraint, context: Context) -> bool:
    """Whether it drops a key, which no version does."""
    table = context.schema.table(action.table)
    return table is not None and any(
        each.definition.name == action.name and each.definition.kind in _NOT_DROPPED
        for each in table.constraints.values()
    )


def _safe_form(action: Action, context: Context, *, several: bool) -> SafeForm:
    clauses = context.statement.actions
    if several and all(isinstance(each, (AddColumn, DropColumn, RenameColumn)) for each in clauses):
        head = context.text(context.statement.span)[: clauses[0].span.start - context.statement.span.start].rstrip()
        return SafeForm(replacement=";\n".join(f"{head} {context.text(each.span)}" for each in clauses))
    if isinstance(action, (RenameTable, RenameConstraint)):
        return SafeForm(note="leave it away" if isinstance(action, RenameConstraint) else "without IF EXISTS")
    fork = context.schema.fork()
    for each in clauses:
        fork.apply(each, context.statement)
    table = getattr(action, "table", None)
    after = None if table is None else fork.table(table)
    gone = [each.column for each in clauses if isinstance(each, DropColumn)]
    moved = [
        Put(column=each.new_name, text=each.column, source=each.column)
        for each in clauses
        if isinstance(each, RenameColumn)
    ]
    step = None if after is None else changed(context, context.schema, after, moved, gone=gone)
    return SafeForm(steps=() if step is None else (step,), note="SQLite has no ALTER TABLE for it: rebuild the table")
