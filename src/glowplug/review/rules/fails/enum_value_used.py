"""Rule ``enum-value-used``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import Related, SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.rule import Hit, Rule
from glowplug.sql.actions import AddColumn, AddEnumValue, AlterColumnType, Delete, Insert, SetDefault, Update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName


class EnumValueUsed(Rule):
    """A new value of an enum is used in the transaction that adds it.

    ## What it does
    Finds `ALTER TYPE … ADD VALUE` followed, in the same file, by a statement that names the value where it can only
    mean the enum.

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
    On PostgreSQL 14 to 18, with Diesel's transaction and without: SQLSTATE 55P04.
    """

    hazards = (56,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    claims = (Fails(dialect=Dialect.POSTGRES, code="55P04"),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Look for each new value in what comes after it."""
        added: list[tuple[Context, AddEnumValue]] = []
        for context in contexts:
            text = context.text(context.statement.span) if added else ""
            for where, addition in added:
                literal = "'" + addition.value.replace("'", "''") + "'"
                if literal in text and _means(context, addition, text):
                    yield self._hit(context, where, addition)
                    break
            added += [(context, action) for action in context.statement.actions if isinstance(action, AddEnumValue)]

    def _hit(self, context: Context, where: Context, addition: AddEnumValue) -> Hit:
        return Hit(
            message=f"uses '{addition.value}' of {addition.type} in the transaction that adds it: the server refuses "
            "that until it has committed, so this migration fails",
            span=context.statement.span,
            subject=f"{addition.type}.{addition.value}",
            related=(Related(place=where.place(addition.span), message="the value is added here"),),
            safe_form=SafeForm(
                steps=(
                    Step(
                        name=f"add_{addition.value}_to_{addition.type.name}",
                        up=f"{where.text(where.statement.span)};",
                        down="-- a value of an enum can't be removed\nSELECT 1;",
                    ),
                ),
                note="and what uses it in a migration of its own, after it",
            ),
        )


def _means(context: Context, addition: AddEnumValue, text: str) -> bool:
    """Whether the literal means this enum: the statement names the type, or a table that has a column of it."""
    if addition.type.name.casefold() in text.casefold():
        return True
    return any(_touches(action, context, addition.type.name) for action in context.statement.actions)


def _touches(action: Action, context: Context, name: str) -> bool:
    if isinstance(action, AddColumn):
        return _is(action.column.type, name)
    if isinstance(action, AlterColumnType):
        return _is(action.type, name)
    if isinstance(action, SetDefault):
        column = context.schema.column(action.table, action.column)
        return column is not None and _is(column.type, name)
    if isinstance(action, Insert | Update | Delete):
        table = context.schema.table(action.table)
        return table is not None and any(_is(column.type, name) for column in table.columns.values())
    return False


def _is(found: TypeName | None, name: str) -> bool:
    return found is not None and found.name.rpartition(".")[2] == name
