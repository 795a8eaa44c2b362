"""Rule ``column-drop-refused``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.procedure import changed, column_sql, index_sql, names, needed
from glowplug.review.rule import Hit, Rule
from glowplug.review.version import Versions
from glowplug.review.wording import lead, sql
from glowplug.sql.actions import DropColumn
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts, TableFacts, ViewFacts
    from glowplug.sql.actions import Action

_DROPS_COLUMNS = Versions(since=(3, 35))


class ColumnDropRefused(Rule):
    """A column is dropped that SQLite's DROP COLUMN does not let go.

    ## What it does
    Finds, on SQLite, `DROP COLUMN` of a column that is in a key or an index, is named by a table's CHECK or FOREIGN
    KEY, by a generated column or by a view, or is the table's only one. Its own CHECK or REFERENCES, written with the
    column, goes with it.

    ## Why it is harmful
    The migration fails on every database, empty or not.

    ## Example
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, phone TEXT);
    CREATE INDEX users_phone ON users (phone);
    ```
    ```sql up
    ALTER TABLE users DROP COLUMN phone;
    ```

    ## Use instead
    Drop the index or view first; what is part of the table's own definition takes a rebuilt table.
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, phone TEXT);
    CREATE INDEX users_phone ON users (phone);
    ```
    ```sql up
    DROP INDEX users_phone;
    -- glowplug: allow column-dropped because "nothing reads phone since release 2.4"
    ALTER TABLE users DROP COLUMN phone;
    ```

    ## How it was proven
    On SQLite, each of these on a table without a row; and that the column goes where none of it holds.
    """

    hazards = (111,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    actions = (DropColumn,)
    covers = ("column-dropped",)
    claims = (
        Fails(dialect=Dialect.SQLITE, code="cannot drop PRIMARY KEY column"),
        Fails(dialect=Dialect.SQLITE, code="cannot drop UNIQUE column"),
        Fails(dialect=Dialect.SQLITE, code="no other columns exist"),
        Fails(dialect=Dialect.SQLITE, code="after drop column"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say what holds the column."""
        if not isinstance(action, DropColumn) or action.if_exists or action.cascade:
            return  # a syntax error, which another rule tells of
        table, column = context.schema.table(action.table), context.schema.column(action.table, action.column)
        if table is None or column is None or not context.may_be(_DROPS_COLUMNS):
            return
        indexes = [each for each in table.indexes.values() if each.constraint is None and _is_in(column, needed(each))]
        parts = list(_parts(table, column))
        views = [] if _legacy(context) else _views(context, table, column)
        reasons = [f"the index {each.name}" for each in indexes] + parts + [f"the view {each.name}" for each in views]
        if not reasons:
            return
        yield Hit(
            message=f"{lead(context)}dropping {column.name} of {table.name} fails: it is needed by {names(reasons)}",
            span=action.span,
            subject=f"{table.name}.{column.name}",
            related=(
                *(context.related(each.born, f"{each.name} was made here") for each in indexes),
                *(context.related(each.born, f"{each.name} was made here") for each in views),
            ),
            safe_form=_safe_form(action, context, indexes, views, rebuild=bool(parts)),
        )


def _is_in(column: ColumnFacts, named: set[str]) -> bool:
    return column.name.casefold() in named


def _legacy(context: Context) -> bool:
    return context.schema.variables.get("legacy_alter_table", "").casefold() in {"on", "1", "true", "yes"}


def _parts(table: TableFacts, column: ColumnFacts) -> Iterator[str]:
    """Name what of the table's own definition needs the column."""
    if len(table.columns) == 1 and table.columns_known:
        yield "the table, which has no other column"
    for facts in table.constraints.values():
        kind, definition = facts.definition.kind, facts.definition
        named = {each.casefold() for each in definition.columns}
        named |= {each.casefold() for each in definition.expression.columns} if definition.expression else set()
        if not _is_in(column, named):
            continue
        if kind in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE} or not _written_with(facts, column):
            yield f"{definition.name or facts.name}"
    for other in table.columns.values():
        if (
            other is not column
            and other.generated
            and _is_in(column, {one.casefold() for one in other.generated.columns})
        ):
            yield f"the generated column {other.name}"


def _written_with(facts: ConstraintFacts, column: ColumnFacts) -> bool:
    """Whether the constraint stands in the column's own definition."""
    one, other = facts.born, column.born
    return one.file == other.file and other.span.start <= one.span.start < other.span.end


def _views(context: Context, table: TableFacts, column: ColumnFacts) -> list[ViewFacts]:
    """Give the views that name the column, and for certain this table's."""
    found: list[ViewFacts] = []
    for view in context.schema.views_on(table.name):
        others = [
            context.schema.table(each) or context.schema.view(each)
            for each in view.reads
            if context.schema.table(each) is not table
        ]
        theirs = [
            context.schema.column(each, column.name) for each in view.reads if context.schema.table(each) is not table
        ]
        alone = all(other is not None for other in others) and not any(theirs)
        if _is_in(column, {each.casefold() for each in view.reads_columns}) and alone:
            found.append(view)
    return found


def _safe_form(
    action: DropColumn, context: Context, indexes: list[IndexFacts], views: list[ViewFacts], *, rebuild: bool
) -> SafeForm:
    table = action.table
    if rebuild:
        fork = context.schema.fork()
        fork.apply(action, context.statement)
        after = fork.table(table)
        step = None if after is None or not after.columns else changed(context, context.schema, after)
        how = "" if step is not None else "; then rebuild the table without it, and what points at it together with it"
        return SafeForm(steps=() if step is None else (step,), note=f"release code that no longer names it first{how}")
    lines = [f"DROP INDEX {sql(context, each.name)};" for each in indexes]
    lines += [f"DROP VIEW {sql(context, each.name)};" for each in views]
    lines.append(f"{context.text(context.statement.span)};")
    added, lacks = _added(action, context)
    back = [
        f"ALTER TABLE {sql(context, table)} ADD COLUMN {added};",
        *(f"{index_sql(each, table)};" for each in indexes),
    ]
    notes = ["make the views again without it"] if views else []
    notes += [f"the down can't give {action.column} its {lacks}: that takes a rebuild of the table"] if lacks else []
    return SafeForm(
        steps=(
            Step(
                name=f"drop_{action.column}_of_{table.name}",
                up="\n".join(lines),
                down="\n".join(back),
                note="; ".join(notes) or None,
            ),
        ),
        note="release code that no longer names it first",
    )


def _added(action: DropColumn, context: Context) -> tuple[str, str]:
    """Give the column as ADD COLUMN takes it where there are rows, and in words what that leaves out."""
    column = context.schema.column(action.table, action.column)
    if column is None:
        return sql(context, action.column), "type, NOT NULL and default, which are not known here"
    default = column.default if column.default is not None and column.default.constant else None
    bare = column.not_null and default is None
    lacks = ["NOT NULL"] if bare else []
    lacks += [f"DEFAULT {column.default.text}"] if column.default is not None and default is None else []
    kept = replace(column, default=default, not_null=column.not_null and not bare)
    return column_sql(kept), " and ".join(lacks)
