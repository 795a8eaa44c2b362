"""Rule ``name-changed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import old_name
from glowplug.review.claims import LockMode, Locks
from glowplug.review.mysql_type_change import written
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.rewrite import _words as words
from glowplug.review.wording import lead, sql, weight
from glowplug.sql.actions import CreateTable, CreateView, DropTable, ModifyColumn, RenameColumn, RenameTable
from glowplug.sql.parts import Name
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.schema.simulation import Simulation
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName
    from glowplug.sql.statement import Statement


class NameChanged(Rule):
    """A table or column that the running release names gets another name.

    ## What it does
    Finds renames of tables and columns that were there before the migration. It is silent where the file leaves a view
    under a table's old name, and where a table made in the file takes the name of one that goes.

    ## Why it is harmful
    Between the migration and the last old process, every query with the old name fails; if the release is rolled back,
    every query of the old one. The lock itself is brief.

    ## Example
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text);
    ```
    ```sql up
    ALTER TABLE users RENAME COLUMN email TO address;
    ```

    ## Use instead
    Diesel needs no rename in the database: `#[diesel(column_name = email)]` at a struct's field gives another name in
    the code alone. So does `#[sql_name = "email"]` in schema.rs, which `diesel migration run` writes anew, unless a
    `patch_file` keeps it. Else leave a view under a table's old name (on SQLite with INSTEAD OF triggers, without
    which no view can be written), and give a column a twin that both releases can use.
    ```sql before
    CREATE TABLE users (id bigint PRIMARY KEY, email text);
    ```
    ```sql up
    ALTER TABLE users RENAME TO people;
    CREATE VIEW users AS SELECT * FROM people;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18: ACCESS EXCLUSIVE on the table, until the transaction ends.
    """

    hazards = (49,)
    dialects = frozenset(Dialect)
    severity = Severity.ERROR
    claims = (Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say which names are no longer there when the file has ended."""
        steps = [step for context in contexts for step in _steps(context, context.statement)]
        if not any(_old_name(action) for _, action in steps):
            return
        actions = [action for _, action in steps]
        views = {action.view.name.casefold() for action in actions if isinstance(action, CreateView)}
        dropped = {action.table.name.casefold() for action in actions if isinstance(action, DropTable)}
        taken = views | {action.table.name.casefold() for action in actions if isinstance(action, CreateTable)}
        taken |= {action.new_name.name.casefold() for action in actions if isinstance(action, RenameTable)}
        schema = contexts[0].schema.fork()  # moves on with the file
        for context, action in steps:
            old = _old_name(action)
            if old is not None:
                table, column, new = old
                kept = column is None and table.name.casefold() in taken
                gone = bool({table.name.casefold(), new.casefold()} & dropped)
                if not kept and not gone and _was_there(schema, table, column):
                    yield self._hit(replace(context, schema=schema), action, table, column, new)
            schema.apply(action, context.statement)

    def _hit(self, context: Context, action: Action, table: Name, column: str | None, new: str) -> Hit:
        what = str(table) if column is None else f"{table}.{column}"
        return Hit(
            message=f"{lead(context)}renames {what} to {new}: every query of the release that runs names {what}, and "
            "fails from then on",
            span=action.span,
            subject=what,
            severity=weight(context),
            safe_form=_safe_form(context, table, column, new),
        )


def _steps(context: Context, statement: Statement) -> Iterator[tuple[Context, Action]]:
    here = replace(context, statement=statement)
    for action in statement.actions:
        yield here, action
    for inner in statement.body:
        yield from _steps(context, inner)


def _was_there(schema: Simulation, table: Name, column: str | None) -> bool:
    """Whether the running release can name it: it was not made in this file."""
    facts = schema.table(table)
    if facts is None or facts.temporary or schema.is_new(table):
        return False
    return column is None or (schema.column(table, column) is not None and not schema.is_new_column(table, column))


def _old_name(action: Action) -> tuple[Name, str | None, str] | None:
    match action:
        case RenameTable():
            return action.table, None, str(action.new_name)
        case RenameColumn():
            return action.table, action.column, action.new_name
        case ModifyColumn() if action.definition.name.casefold() != action.column.casefold():
            return action.table, action.column, action.definition.name
    return None


def _safe_form(context: Context, table: Name, column: str | None, new: str) -> SafeForm:
    if context.down:
        return SafeForm(
            note=f"run it when the release that comes back names {new}, and none that names the other runs any more"
        )
    return _of_table(context, table, new) if column is None else _of_column(context, table, column, new)


def _of_table(context: Context, table: Name, new: str) -> SafeForm:
    name = Name(new.rpartition(".")[2], table.schema)
    here, there = sql(context, table), sql(context, name)
    written, note = None, "the old release reads and writes through the view"
    if context.dialect is Dialect.SQLITE:
        facts = context.schema.table(table)
        written = None if facts is None else old_name.triggers(facts, table, name)
        note = old_name.READ_ONLY if written is None else old_name.WRITTEN
    view = f"CREATE VIEW {here} AS SELECT * FROM {there};"
    return SafeForm(
        steps=(
            Step(
                name=f"rename_{table.name}",
                up="\n".join(filter(None, (f"{context.text(context.statement.span)};", view, written))),
                down=f"DROP VIEW {here};\nALTER TABLE {there} RENAME TO {sql(context, table.name)};",
                note=f"{note}; drop it when none runs any more",
            ),
        )
    )


def _of_column(context: Context, table: Name, column: str, new: str) -> SafeForm:
    facts, columns = context.schema.column(table, column), context.schema.table(table)
    rust = (
        f"#[diesel(column_name = {column})] at a struct's field gives it another name in the code alone; #[sql_name = "
        f'"{column}"] in schema.rs too, but keep it as a patch_file: `diesel migration run` writes schema.rs anew'
    )
    kind = None if facts is None or facts.type is None else _typed(facts.type, facts.collation, context.dialect)
    if facts is None or kind is None or words.why_not(columns, facts, column) is not None:
        return SafeForm(note=f"rename nothing: {rust}")
    held = words.kept_by(context, columns, facts)
    if held is not None:
        how = words.beside(column, new, kind, "copy the rows in batches")
        return SafeForm(note=f"rename nothing: {rust}; or {how}; {words.HELD}{held}")
    old = words.Shape.of(facts, column, kind)
    steps = words.in_its_place(
        context,
        table,
        old,
        replace(old, name=new),
        copied=f"copy {column} in batches",
        back=sql(context, new),
    )
    return SafeForm(
        steps=steps,
        note="; ".join(
            filter(
                None,
                (
                    f"or rename nothing: {rust}",
                    words.also(columns, facts, column, new, bare=context.dialect is Dialect.SQLITE),
                ),
            )
        ),
    )


def _typed(kind: TypeName, collation: str | None, dialect: Dialect) -> str:
    if dialect is Dialect.MYSQL:
        return written(kind)
    return str(kind) if collation is None else f"{kind} COLLATE {quoted(collation, dialect)}"
