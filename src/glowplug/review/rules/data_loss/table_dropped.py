"""Rule ``table-dropped``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.data_loss import _words as words
from glowplug.review.wording import is_new, lead, sql, weight
from glowplug.sql.actions import CreateTable, DropTable, Insert, RenameTable
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Span
    from glowplug.sql.statement import Statement


class TableDropped(Rule):
    """A table is dropped, with all its rows.

    ## What it does
    Finds `DROP TABLE` of a table that was there before the migration. It is silent where the file puts another table in
    its place under its name and copies rows into it, and in the down.sql of the migration that made the table.

    ## Why it is harmful
    A down.sql can make the table again, but has its rows only where the up kept them elsewhere; and the release that
    still runs fails on every query that names the table. On PostgreSQL a foreign key of the dropped table locks the
    table that it points at, so that all its readers wait too.

    ## Example
    ```sql before
    CREATE TABLE sessions (id bigint PRIMARY KEY, token text);
    ```
    ```sql up
    DROP TABLE sessions;
    ```

    ## Use instead
    Rename it away once no release names it, keep it for as long as you may want it back, then drop it with the reason.
    ```sql before
    CREATE TABLE sessions (id bigint PRIMARY KEY, token text);
    ```
    ```sql up
    -- glowplug: allow name-changed because "no release names sessions since 2.4"
    ALTER TABLE sessions RENAME TO sessions_unused;
    ```
    ```sql up
    -- glowplug: allow table-dropped because "unused for 30 days" until 2099-12-31
    DROP TABLE sessions_unused;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock on the referenced table too.
    """

    hazards = (36, 11, 130)
    dialects = frozenset(Dialect)
    severity = Severity.ERROR
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Locks(dialect=Dialect.POSTGRES, on="referenced", mode=LockMode.ACCESS_EXCLUSIVE),
    )

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say which tables go, unless the file puts another with their rows in their place."""
        steps = [step for context in contexts for step in _steps(context, context.statement)]
        if not any(isinstance(action, DropTable) for _, action in steps):
            return
        schema = contexts[0].schema.fork()  # moves on with the file
        renamed = {
            action.new_name.name.casefold(): position
            for position, (_, action) in enumerate(steps)
            if isinstance(action, RenameTable)
        }
        copied: set[str] = set()
        for position, (context, action) in enumerate(steps):
            if isinstance(action, Insert | CreateTable):
                copied.update(each.name.casefold() for each in action.reads)
            elif isinstance(action, DropTable) and not action.temporary:
                name = action.table.name.casefold()
                facts = schema.table(action.table)
                old_names = () if facts is None else tuple(each for each in facts.renamed_from if schema.table(each))
                replaced = renamed.get(name, -1) > position or bool(old_names)
                if not (replaced and (name in copied or context.dialect is Dialect.SQLITE)):
                    yield from self._dropped(replace(context, schema=schema), action.table, facts, action.span)
            schema.apply(action, context.statement)

    def _dropped(self, context: Context, table: Name, facts: TableFacts | None, span: Span) -> Iterator[Hit]:
        if is_new(context, table) if facts is not None else context.schema.doubt is None:
            return  # made in this file, or not there at all
        parents = (
            ()
            if facts is None
            else tuple(
                str(each.definition.references)
                for each in facts.constraints.values()
                if each.definition.references is not None and each.definition.references != facts.name
            )
        )
        lock = ""
        if parents and context.dialect is Dialect.POSTGRES:
            lock = f"; its foreign keys make every query on {', '.join(dict.fromkeys(parents))} wait as well"
        unless = "" if facts is not None else f", if it was there before this migration ({context.schema.doubt})"
        yield Hit(
            message=f"{lead(context)}drops {table} with all its rows{unless}{words.comes_back(context, table)}; the "
            f"release that runs fails on every query that names it{lock}",
            span=span,
            subject=str(table),
            severity=weight(context),
            related=() if facts is None else (context.related(facts.born, f"{facts.name} was made here"),),
            safe_form=_safe_form(context, table),
        )


def _safe_form(context: Context, table: Name) -> SafeForm:
    if context.down:
        return SafeForm(note=f"a down undoes its own up: leave {table} where it is, unless the up made it")
    unused = Name(table.name + "_unused", table.schema)
    return SafeForm(
        steps=(
            Step(
                name=f"set_{table.name}_aside",
                up=f"ALTER TABLE {sql(context, table)} RENAME TO {sql(context, unused.name)};",
                down=f"ALTER TABLE {sql(context, unused)} RENAME TO {sql(context, table.name)};",
                note="once no running release names it; drop it when nobody has missed it",
            ),
        )
    )


def _steps(context: Context, statement: Statement) -> Iterator[tuple[Context, Action]]:
    here = replace(context, statement=statement)
    for action in statement.actions:
        yield here, action
    for inner in statement.body:
        yield from _steps(context, inner)
