"""Rule ``inline-reference-ignored``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter
from glowplug.review.claims import Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import sql
from glowplug.sql.actions import AddColumn, CreateTable
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Column, Constraint, Name

_PARENT = re.compile(r"\bREFERENCES\s+(?:`[^`]+`|[\w$]+)(?:\s*\.\s*(?:`[^`]+`|[\w$]+))?", re.IGNORECASE)
MOST = 5  # keys that are named; the others are counted


class InlineReferenceIgnored(Rule):
    """REFERENCES stands in a column's definition, where MySQL before 9.0 reads and ignores it.

    ## What it does
    Says once for all new up.sql that `REFERENCES` stands behind a column's type, in CREATE TABLE or ADD COLUMN, unless
    a FOREIGN KEY clause of the same statement is about the same column, or `server_version` in glowplug.toml names a
    server that makes a key of it: MariaDB from 10.5 on, MySQL from 9.0 on.

    ## Why it is harmful
    There is no foreign key, and nobody is told: rows without a parent get in, and ON DELETE does nothing. Where some
    databases run on MariaDB and others on MySQL, their schemas differ, and a later `DROP FOREIGN KEY` fails on one.

    ## Example
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users (id));
    ```

    ## Use instead
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    CREATE TABLE posts (id int PRIMARY KEY, user_id int, FOREIGN KEY (user_id) REFERENCES users (id));
    ```

    ## How it was proven
    MariaDB 10.11 makes the key. There was no MySQL to try: that it ignores it before 9.0 is what its manual says.
    """

    hazards = (103,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.WARNING
    claims = (
        Leaves(
            dialect=Dialect.MYSQL, what="a foreign key that MySQL would not", versions=mysql_alter.INLINE_REFERENCES[0]
        ),
    )

    def check_chain(self, contexts: Sequence[Context]) -> Iterator[tuple[Context, Hit]]:
        """Say once which keys are not there, and on which server."""
        version = contexts[0].terms.version
        if version is not None and any(version in versions for versions in mysql_alter.INLINE_REFERENCES):
            return
        found = [
            (context, action, column, key)
            for context in contexts
            for action in mysql_alter.actions_of(context.statement)
            for column, key in _inline(action, context)
        ]
        if not found:
            return
        context, _, _, key = found[0]
        named = [f"{_table(action)}.{column.name} to {key.references}" for _, action, column, key in found]
        keys = ", ".join(named[:MOST]) + (f" and {len(named) - MOST} more" if len(named) > MOST else "")
        where = "MySQL before 9.0 and MariaDB before 10.5 make" if version is None else f"{version} makes"
        yield (
            context,
            Hit(
                message=f"has REFERENCES in a column's definition ({keys}): {where} no foreign key of it, according to "
                "the manual",
                span=key.span,
                subject="references",
                severity=Severity.NOTICE if version is None else Severity.WARNING,
                safe_form=SafeForm(note=f"say each in a clause of its own: {_clause(found[0])}"),
            ),
        )


def _table(action: Action) -> Name | None:
    """Give the table that an action is about."""
    return action.table if isinstance(action, (CreateTable, AddColumn)) else None


def _inline(action: Action, context: Context) -> Iterator[tuple[Column, Constraint]]:
    """Give the columns that refer, but for those that a FOREIGN KEY clause is about."""
    if not isinstance(action, (CreateTable, AddColumn)):
        return
    own = action.constraints if isinstance(action, CreateTable) else ()
    added = (getattr(each, "constraint", None) for each in context.statement.actions)
    said = {
        tuple(map(str.casefold, each.columns))
        for each in (*own, *added)
        if each is not None and each.kind is ConstraintKind.FOREIGN_KEY
    }
    for column in action.columns if isinstance(action, CreateTable) else (action.column,):
        for key in column.constraints:
            if key.kind is ConstraintKind.FOREIGN_KEY and (column.name.casefold(),) not in said:
                yield column, key


def _clause(found: tuple[Context, Action, Column, Constraint]) -> str:
    context, action, column, key = found
    word = "" if isinstance(action, CreateTable) else "ADD "
    text, named = context.text(key.span), _PARENT.search(context.text(key.span))
    if named is not None and not key.referenced_columns:
        text = f"{text[: named.end()]} ({', '.join(_key_of(context, action, key)) or '…'}){text[named.end() :]}"
    return f"{word}FOREIGN KEY ({sql(context, column.name)}) {text}"


def _key_of(context: Context, action: Action, key: Constraint) -> list[str]:
    """Give the columns of the parent's primary key, which a clause has to name; none where they are not known."""
    if key.references is None:
        return []
    parent = context.schema.table(key.references)
    made = action.table == key.references if isinstance(action, CreateTable) else False
    constraints = [facts.definition for facts in (() if parent is None else parent.constraints.values())]
    if made and isinstance(action, CreateTable):
        constraints = [*action.constraints, *(each for column in action.columns for each in column.constraints)]
    primary = (each.columns for each in constraints if each.kind is ConstraintKind.PRIMARY_KEY)
    return [sql(context, column) for column in next(primary, ())]
