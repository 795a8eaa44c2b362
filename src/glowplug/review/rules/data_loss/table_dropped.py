"""Rule ``table-dropped``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, made_by_up, sql, weight
from glowplug.sql.actions import CreateTable, DropTable, RenameTable
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.parts import Span


class TableDropped(Rule):
    """A table is dropped, with all its rows.

    ## What it does
    Finds `DROP TABLE` of a table that was there before the migration. It is silent where the file puts another table in
    its place under its name, and in the down.sql of the migration that made the table.

    ## Why it is harmful
    No down.sql brings the rows back, and the release that still runs fails on every query that names the table. On
    PostgreSQL a foreign key of the dropped table locks the table that it points at, so that all its readers wait too.

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
        """Say which tables go, unless the file puts another in their place."""
        actions = [(context, action) for context in contexts for action in context.statement.actions]
        was: dict[str, Name] = {}
        made: set[str] = set()
        for position, (context, action) in enumerate(actions):
            if isinstance(action, CreateTable):
                made.add(action.table.name.casefold())
            if isinstance(action, RenameTable):
                was[action.new_name.name.casefold()] = action.table
            if not isinstance(action, DropTable) or action.temporary:
                continue
            name = action.table.name.casefold()
            if name in was and was[name].name.casefold() in made:
                continue  # it was renamed to make room for another of its name
            later = (each for _, each in actions[position:])
            if not any(isinstance(each, RenameTable) and each.new_name.name.casefold() == name for each in later):
                yield from self._dropped(context, action.table, was.get(name), action.span)

    def _dropped(self, context: Context, table: Name, was: Name | None, span: Span) -> Iterator[Hit]:
        facts = context.schema.table(was or table)
        if facts is None and context.schema.doubt is None:
            return  # made in this file, or not there at all
        if facts is not None and (facts.temporary or made_by_up(context, facts.born)):
            return
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
        here = sql(context, table)
        yield Hit(
            message=f"{lead(context)}drops {table} with all its rows{unless}, and no down.sql brings them back; the "
            f"release that runs fails on every query that names it{lock}",
            span=span,
            subject=str(table),
            severity=weight(context),
            related=() if facts is None else (context.related(facts.born, f"{facts.name} was made here"),),
            safe_form=SafeForm(
                steps=(
                    Step(
                        name=f"set_{table.name}_aside",
                        up=f"ALTER TABLE {here} RENAME TO {sql(context, table.name + '_unused')};",
                        down=f"ALTER TABLE {sql(context, Name(table.name + '_unused', table.schema))} RENAME TO "
                        f"{sql(context, table.name)};",
                        note="once no running release names it; drop it when nobody has missed it",
                    ),
                )
            ),
        )
