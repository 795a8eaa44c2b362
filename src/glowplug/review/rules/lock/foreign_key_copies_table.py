"""Rule ``foreign-key-copies-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import mysql_alter
from glowplug.review.claims import Alters, Fails
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import condition, is_new, sql
from glowplug.sql.actions import AddColumn, AddConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Constraint


class ForeignKeyCopiesTable(Rule):
    """A foreign key is added to a table that was there: the server copies the table while writers wait.

    ## What it does
    Finds `ADD … FOREIGN KEY`, and `ADD COLUMN … REFERENCES` for servers that take it (MariaDB from 10.5 on, MySQL from
    9.0 on). It is silent where `foreign_key_checks` is off, for then nothing is copied.

    ## Why it is harmful
    To look at the rows the server writes the table anew, row by row. For that long INSERT, UPDATE and DELETE on it
    wait (MariaDB from 11.2 on lets them go on, as its manual says). One row without its parent, and it fails.

    ## Example
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    CREATE TABLE posts (id int PRIMARY KEY, user_id int);
    ```
    ```sql up
    ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id);
    ```

    ## Use instead
    Look for rows without a parent first, and remove them. Then add the key with the checks off, in a file of its own:
    the table is not copied, others write meanwhile, and new rows are checked from then on.
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    CREATE TABLE posts (id int PRIMARY KEY, user_id int);
    ```
    ```sql up
    SET foreign_key_checks = 0;
    ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id);
    SET foreign_key_checks = 1;
    ```

    ## How it was proven
    MariaDB takes COPY with LOCK=SHARED and nothing cheaper, NOCOPY with LOCK=NONE where the checks are off; with a row
    without parent it ends with error 1452. Of MySQL it is what the manual says.
    """

    hazards = (95,)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.ERROR
    actions = (AddConstraint, AddColumn)
    claims = (
        Alters(dialect=Dialect.MYSQL, algorithm="COPY", lock="SHARED", versions=mysql_alter.BLOCKING_COPY),
        Fails(dialect=Dialect.MYSQL, code="1452", versions=mysql_alter.ON_MARIADB),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which table is copied for which key."""
        if not isinstance(action, (AddConstraint, AddColumn)) or is_new(context, action.table):
            return
        key = _key(action, context)
        if key is None or key.references is None or mysql_alter.checks_off(context):
            return
        facts = context.schema.table(action.table)
        if action.if_not_exists and facts is not None and (key.name or "").casefold() in facts.constraints:
            return
        columns = ", ".join(key.columns)
        inline = isinstance(action, AddColumn) and context.terms.version is None
        server = " (MySQL before 9.0 ignores REFERENCES there, as its manual says)" if inline else ""
        yield Hit(
            message=mysql_alter.copies(context, action.table, f"add a foreign key from {columns} to {key.references}")
            + f"; a row without parent makes it fail{server}{condition(context, action.table)}",
            span=action.span,
            subject=f"{action.table}.{columns}",
            severity=mysql_alter.copy_weight(context),
            safe_form=_safe_form(action, context, key),
        )


def _key(action: AddConstraint | AddColumn, context: Context) -> Constraint | None:
    if isinstance(action, AddConstraint):
        return action.constraint if action.constraint.kind is ConstraintKind.FOREIGN_KEY else None
    if not mysql_alter.inline_references(context):
        return None
    return next((each for each in action.column.constraints if each.kind is ConstraintKind.FOREIGN_KEY), None)


def _safe_form(action: AddConstraint | AddColumn, context: Context, key: Constraint) -> SafeForm:
    table, parent = sql(context, action.table), sql(context, key.references or action.table)
    columns = ", ".join(sql(context, each) for each in key.columns)
    name = key.name or f"{action.table.name}_{'_'.join(key.columns)}_fkey"
    keys = ", ".join(sql(context, each) for each in key.referenced_columns)
    referenced = f" ({keys})" if keys else ""
    rules = "".join(
        f" ON {when} {what}" for when, what in (("DELETE", key.on_delete), ("UPDATE", key.on_update)) if what
    )
    indexed = _makes_index(action, context)
    unknown = "" if indexed is not None else "; its down has to drop the index of that name too, if the server made one"
    steps = [
        Step(
            name=f"add_{name}",
            up="SET foreign_key_checks = 0;\n"
            f"ALTER TABLE {table} ADD CONSTRAINT {sql(context, name)} FOREIGN KEY ({columns}) "
            f"REFERENCES {parent}{referenced}{rules}, ALGORITHM=INPLACE, LOCK=NONE;\nSET foreign_key_checks = 1;",
            down=f"ALTER TABLE {table} DROP FOREIGN KEY {sql(context, name)}"
            f"{f', DROP INDEX {sql(context, name)}' if indexed else ''};",
            note="rows that are there are not looked at: ask for those without parent before and after" + unknown,
        )
    ]
    if isinstance(action, AddColumn):
        text = context.text(action.column.span).replace(context.text(key.span), "").strip()
        first = Step(
            name=f"add_{action.column.name}_to_{action.table.name}",
            up=f"ALTER TABLE {table} ADD COLUMN {text};",
            down=f"ALTER TABLE {table} DROP COLUMN {columns};",
        )
        steps.insert(0, first)
    return SafeForm(
        steps=tuple(steps),
        note=f"ask production: {_orphans(context, key, table, parent)};",
    )


def _orphans(context: Context, key: Constraint, table: str, parent: str) -> str:
    """Count the rows that the key would refuse; a NULL refers to nothing, on either side."""
    own = [sql(context, each) for each in key.columns]
    others = [sql(context, each) for each in key.referenced_columns] or own
    there = " AND ".join(f"c.{column} IS NOT NULL" for column in own)
    same = " AND ".join(f"p.{other} = c.{column}" for column, other in zip(own, others, strict=False))
    return f"SELECT COUNT(*) FROM {table} c WHERE {there} AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {same})"


def _makes_index(action: AddConstraint | AddColumn, context: Context) -> bool | None:
    """Whether InnoDB makes an index for the key, by the name of the key; None where the table's are not known."""
    before, fork = context.schema.table(action.table), context.schema.fork()
    fork.apply(action, context.statement)
    after = fork.table(action.table)
    if before is None or after is None or not before.columns_known or context.schema.doubt_about(action.table):
        return None
    return any(each.implicit and at not in before.indexes for at, each in after.indexes.items())
