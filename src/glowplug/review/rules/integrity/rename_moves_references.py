"""Rule ``rename-moves-references``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails, Leaves
from glowplug.review.procedure import copied_again, names
from glowplug.review.rebuild import ForeignKeys, end_of, moments, rebuilds, same
from glowplug.review.rule import Hit, Rule
from glowplug.review.version import Versions
from glowplug.review.wording import lead, weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation import Simulation
    from glowplug.sql.parts import Name

_FOLLOWS = Versions(since=(3, 26))


class RenameMovesReferences(Rule):
    """A table is renamed to make room for a new one, and what referenced it goes on pointing at the old one.

    ## What it does
    Finds, on SQLite, a table that is renamed and then made anew under its old name in the same file, where foreign keys
    of other tables reference it, or views read it.

    ## Why it is harmful
    A RENAME takes along what names the table: foreign keys and views then name the old table under its new name, which
    the file drops. From then on every INSERT into such a table fails where foreign_keys is ON, with `no such table`,
    and so does every query of such a view.

    ## Example
    ```sql before foreign_keys=off
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users);
    ```
    ```sql up
    ALTER TABLE users RENAME TO old_users;
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO users (id, name) SELECT id, name FROM old_users;
    DROP TABLE old_users;
    ```

    ## Use instead
    Make the new table first, drop the old one, and rename the new one into its place.
    ```sql before foreign_keys=off
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO new_users (id, name) SELECT id, name FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## How it was proven
    On SQLite, with foreign_keys off during the rebuild: which table the foreign key names afterwards, in either order,
    and that an INSERT into the other table then fails.
    """

    hazards = (114,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (
        Leaves(dialect=Dialect.SQLITE, what="the foreign key names the old table by its new name"),
        Fails(dialect=Dialect.SQLITE, code="no such table: main.old_users"),
    )

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say what follows the old table."""
        found = [each for each in rebuilds(contexts) if each.old_first]
        if not found or not contexts[0].may_be(_FOLLOWS):
            return
        end = end_of(contexts)
        *_, last = moments(contexts)
        for rebuild in found:
            if contexts[0].schema.table(rebuild.table) is not None:
                yield from self._hits(contexts, rebuild, end, last.foreign_keys)

    def _hits(
        self, contexts: Sequence[Context], rebuild: Rebuild, end: Simulation, foreign_keys: ForeignKeys
    ) -> Iterator[Hit]:
        context = contexts[0]
        children = [
            (table, facts)
            for table in end.tables()
            for facts in table.constraints.values()
            if _is(facts.definition.references, rebuild.aside) and not same(table.name, rebuild.aside)
        ]
        views = [view for view in end.views() if any(_is(each, rebuild.aside) for each in view.reads)]
        if not children and not views:
            return
        table, aside = rebuild.table, rebuild.aside
        gone = f"{aside}, which is gone" if end.table(aside) is None else f"{aside}, and no longer {table}"
        followers = [f"the foreign key of {child.name}" for child, _ in children]
        followers += [f"the view {view.name}" for view in views]
        harms = [f"INSERTs into {names(str(child.name) for child, _ in children)} fail"] if children else []
        harms += [f"queries of {names(str(view.name) for view in views)} fail"] if views else []
        harm = f": {' and '.join(harms)} with `no such table`" if end.table(aside) is None else ""
        sure = bool(views) or bool(foreign_keys.on)
        when = "" if views or (foreign_keys.on and foreign_keys.said) else " wherever foreign_keys is ON"
        after = end.table(table)
        step = None if after is None else copied_again(contexts, rebuild, after)
        yield Hit(
            message=f"{lead(context)}renames {table} to {aside} and takes along what names it: {names(followers)} "
            f"{'points' if len(followers) == 1 else 'point'} at {gone}{harm}{when}",
            span=rebuild.rename,
            subject=str(table),
            severity=weight(context, Severity.ERROR if sure else Severity.WARNING),
            related=(
                *(context.related(facts.born, f"{child.name} references {table} here") for child, facts in children),
                *(context.related(view.born, f"{view.name} was made here") for view in views),
            ),
            safe_form=SafeForm(
                steps=() if step is None else (step,),
                note="make the new table first, and rename it when the old one is gone",
            ),
        )


def _is(one: Name | None, other: Name) -> bool:
    return one is not None and same(one, other)
