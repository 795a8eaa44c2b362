"""Rule ``enum-value-used``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import Related, SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.rule import Hit, Rule
from glowplug.review.version import Versions
from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumnType,
    CreateIndex,
    CreateType,
    Delete,
    Insert,
    RenameEnumValue,
    SetDefault,
    Transaction,
    TransactionKind,
    Update,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName
    from glowplug.sql.statement import Statement


_ENDS = frozenset({TransactionKind.COMMIT, TransactionKind.ROLLBACK})
_BEFORE_17 = Versions(until=(17,))
"""Servers that refuse the value even where the transaction has made the type itself."""


class _Added(msgspec.Struct, frozen=True, kw_only=True):
    """A value that the transaction at hand adds; ``of_new_type``: to a type that it makes."""

    context: Context
    action: AddEnumValue
    of_new_type: bool


class EnumValueUsed(Rule):
    """A new value of an enum is used in the transaction that adds it.

    ## What it does
    Finds `ALTER TYPE … ADD VALUE` followed, in the same file, by a statement that names the value where it can only
    mean the enum. It is silent after a COMMIT of the file's own, and from version 17 on where the file makes the type.

    ## Why it is harmful
    PostgreSQL refuses to use the value before the transaction that added it has committed. A file is one transaction,
    also with `run_in_transaction = false`: the migration fails.

    ## Example
    ```sql before
    CREATE TYPE state AS ENUM ('open', 'closed');
    CREATE TABLE tickets (id bigint PRIMARY KEY, state state NOT NULL);
    ```
    ```sql up
    ALTER TYPE state ADD VALUE 'paused';
    INSERT INTO tickets VALUES (1, 'paused');
    ```

    ## Use instead
    Two migrations: the value first, its use in the next.
    ```sql before
    CREATE TYPE state AS ENUM ('open', 'closed');
    CREATE TABLE tickets (id bigint PRIMARY KEY, state state NOT NULL);
    ```
    ```sql up
    ALTER TYPE state ADD VALUE 'paused';
    ```
    ```sql up
    INSERT INTO tickets VALUES (1, 'paused');
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, with Diesel's transaction and without: SQLSTATE 55P04; of a type that the transaction
    makes itself, up to 16.
    """

    hazards = (56,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    claims = (Fails(dialect=Dialect.POSTGRES, code="55P04"),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Look for each new value in what comes after it."""
        added: list[_Added] = []
        if any(_adds(context.statement) for context in contexts):
            made: set[str] = set()
            for context in contexts:
                yield from self._statement(context, added, made)

    def _statement(self, context: Context, added: list[_Added], made: set[str]) -> Iterator[Hit]:
        """Look at a statement, then at those in its body, unless one finding says it already."""
        actions = context.statement.actions
        if any(isinstance(each, Transaction) and each.kind in _ENDS for each in actions):
            added.clear()
            made.clear()
        used = _used(context, added)
        if used is not None:
            yield self._hit(context, used)
        made |= {each.type.name for each in actions if isinstance(each, CreateType)}
        added += [
            _Added(context=context, action=each, of_new_type=each.type.name in made)
            for each in actions
            if isinstance(each, AddEnumValue) and (each.type.name not in made or context.may_be(_BEFORE_17))
        ]
        for inner in context.statement.body:
            found = list(self._statement(replace(context, statement=inner), added, made))
            if used is None:
                yield from found

    def _hit(self, context: Context, added: _Added) -> Hit:
        where, addition = added.context, added.action
        before = " before version 17" if added.of_new_type and context.terms.version is None else ""
        return Hit(
            message=f"uses '{addition.value}' of {addition.type} in the transaction that adds it: the server{before} "
            "refuses that until it has committed, so this migration fails",
            span=context.statement.span,
            subject=f"{addition.type}.{addition.value}",
            related=(Related(place=where.place(addition.span), message="the value is added here"),),
            safe_form=_safe_form(added),
        )


def _safe_form(added: _Added) -> SafeForm:
    where, addition = added.context, added.action
    if added.of_new_type or where.down:
        before = f"add '{addition.value}' in the down of a migration of its own, right behind this one"
        return SafeForm(note=f"name '{addition.value}' in the CREATE TYPE already" if added.of_new_type else before)
    return SafeForm(
        steps=(
            Step(
                name=f"add_{addition.value}_to_{addition.type.name}",
                up=f"{where.text(where.statement.span)};",
                down="-- a value of an enum can't be removed\nSELECT 1;",
            ),
        ),
        note="and what uses it in a migration of its own, after it",
    )


def _adds(statement: Statement) -> bool:
    return any(isinstance(each, AddEnumValue) for each in statement.actions) or any(map(_adds, statement.body))


def _used(context: Context, added: Sequence[_Added]) -> _Added | None:
    actions = context.statement.actions
    if actions and all(isinstance(each, (AddEnumValue, RenameEnumValue)) for each in actions):
        return None  # which name a value and don't use it
    text = context.text(context.statement.span) if added else ""
    for each in added:
        value = re.escape(each.action.value.replace("'", "''"))
        if re.search(rf"'{value}'|\$(\w*)\${value}\$\1\$", text) and _means(context, each.action, text):
            return each
    return None


def _means(context: Context, addition: AddEnumValue, text: str) -> bool:
    """Whether the literal means this enum: the statement names the type, or a table that has a column of it."""
    if re.search(rf"(?<![\w$]){re.escape(addition.type.name)}(?![\w$])", text, re.IGNORECASE):
        return True
    return _any_touches(context.statement, context, addition.type.name)


def _any_touches(statement: Statement, context: Context, name: str) -> bool:
    return any(_touches(action, context, name) for action in statement.actions) or any(
        _any_touches(inner, context, name) for inner in statement.body
    )


def _touches(action: Action, context: Context, name: str) -> bool:
    if isinstance(action, AddColumn | AlterColumnType):
        return _is(action.column.type if isinstance(action, AddColumn) else action.type, name)
    if isinstance(action, SetDefault):
        column = context.schema.column(action.table, action.column)
        return column is not None and _is(column.type, name)
    tables = getattr(action, "reads", ())
    if isinstance(action, Insert | Update | Delete | CreateIndex | AddConstraint):
        tables = (*tables, action.table)
    found = [context.schema.table(table) for table in tables]
    return any(_is(column.type, name) for table in found if table is not None for column in table.columns.values())


def _is(found: TypeName | None, name: str) -> bool:
    return found is not None and found.name.rpartition(".")[2] == name
