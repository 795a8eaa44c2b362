"""Rule ``view-stops-rename``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails
from glowplug.review.procedure import copied_again, names
from glowplug.review.rebuild import end_of, moments, rebuilds, same
from glowplug.review.rule import Hit, Rule
from glowplug.review.version import Versions
from glowplug.review.wording import lead
from glowplug.sql.actions import DropTable, RenameColumn, RenameTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Moment
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import ViewFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_READS_VIEWS = Versions(since=(3, 25))


class ViewStopsRename(Rule):
    """A rebuild fails at its RENAME, because a view names the table that was just dropped.

    ## What it does
    Finds, on SQLite, `ALTER TABLE … RENAME` at a moment when a view reads a table that the file has dropped. It is
    silent under `PRAGMA legacy_alter_table = ON`.

    ## Why it is harmful
    At every RENAME SQLite reads all views and triggers to see what has to be renamed in them, and gives up at the first
    that names a table which is not there: `error in view …: no such table`. The migration fails on every database.

    ## Example
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE VIEW people AS SELECT name FROM users;
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO new_users (id, name) SELECT id, name FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## Use instead
    Drop the view first, and make it again at the end.
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE VIEW people AS SELECT name FROM users;
    ```
    ```sql up
    DROP VIEW people;
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO new_users (id, name) SELECT id, name FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    CREATE VIEW people AS SELECT name FROM users;
    ```

    ## How it was proven
    On SQLite: the error, and none where the view is dropped first.
    """

    hazards = (138,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (
        Fails(dialect=Dialect.SQLITE, versions=_READS_VIEWS, code="error in view people: no such table: main.users"),
    )

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say at which RENAME a view names what is not there."""
        if not contexts[0].may_be(_READS_VIEWS):
            return
        actions = [action for context in contexts for action in context.statement.actions]
        if not any(isinstance(action, DropTable) for action in actions) or not any(map(_renames, actions)):
            return
        readers: list[tuple[ViewFacts, Name]] = []
        for moment in moments(contexts):
            action = moment.action
            if isinstance(action, DropTable):
                views = moment.schema.views_on(action.table)
                readers += [
                    (view, action.table) for view in views if any(same(one, action.table) for one in view.reads)
                ]
            elif readers and _renames(action):
                broken = [(view, table) for view, table in readers if _is_broken(moment.schema, view, table)]
                if broken and moment.schema.variables.get("legacy_alter_table", "").casefold() not in {
                    "on",
                    "1",
                    "true",
                }:
                    yield self._hit(contexts, moment, action, broken)
                    return

    def _hit(
        self,
        contexts: Sequence[Context],
        moment: Moment,
        action: Action,
        broken: list[tuple[ViewFacts, Name]],
    ) -> Hit:
        context = moment.context
        rebuild = next((each for each in rebuilds(contexts) if each.rename == context.statement.span), None)
        after = None if rebuild is None else end_of(contexts).table(rebuild.table)
        step = None if rebuild is None or after is None else copied_again(contexts, rebuild, after)
        views = names(str(view.name) for view, _ in broken)
        gone = [str(table) for _, table in broken]
        which = "the view" if len(broken) == 1 else "the views"
        return Hit(
            message=f"{lead(context)}fails: {which} {views} {'names' if len(broken) == 1 else 'name'} {names(gone)}, "
            "which is not there at this moment, and SQLite reads every view at a RENAME",
            span=action.span,
            subject=names(gone),
            related=tuple(context.related(view.born, f"{view.name} was made here") for view, _ in broken),
            safe_form=SafeForm(
                steps=() if step is None else (step,),
                note=f"DROP VIEW {views} before the table is dropped, and make it again at the file's end",
            ),
        )


def _renames(action: Action) -> bool:
    return isinstance(action, (RenameTable, RenameColumn))


def _is_broken(schema: Simulation, view: ViewFacts, table: Name) -> bool:
    """Whether the view is still there, and what it reads is not."""
    return schema.view(view.name) is not None and schema.table(table) is None and schema.view(table) is None
