"""Rule ``rebuild-loses-indexes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Leaves
from glowplug.review.procedure import index_sql, names, needed
from glowplug.review.rebuild import end_of, rebuilds
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, weight
from glowplug.sql.actions import DropIndex, DropTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation.values import IndexFacts, Origin, TableFacts


class RebuildLosesIndexes(Rule):
    """A table is rebuilt, and its indexes and triggers are not made again.

    ## What it does
    Finds, on SQLite, a table that is rebuilt in one file without the indexes and triggers that it had. It is silent for
    those that the file drops by name, or makes again under any name, and for indexes on columns that are gone.

    ## Why it is harmful
    Indexes and triggers belong to the old table and go with it, without a word. A unique index that is gone no longer
    keeps duplicates out, a trigger no longer does its work, and queries read the whole table.

    ## Example
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
    CREATE UNIQUE INDEX users_email ON users (email);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users (id, email) SELECT id, email FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## Use instead
    Make them again when the new table has its name.
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
    CREATE UNIQUE INDEX users_email ON users (email);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
    INSERT INTO new_users (id, email) SELECT id, email FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    CREATE UNIQUE INDEX users_email ON users (email);
    ```

    ## How it was proven
    On SQLite: what `sqlite_master` holds of the table after a rebuild in either order, and after the one above.
    """

    hazards = (115,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (Leaves(dialect=Dialect.SQLITE, what="the indexes and triggers of the table are gone"),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say what a rebuilt table no longer has at the file's end."""
        found = rebuilds(contexts)
        if not found:
            return
        start, end = contexts[0].schema, end_of(contexts)
        dropped = {
            name.casefold()
            for context in contexts
            for action in context.statement.actions
            for name in [_dropped(action)]
            if name is not None
        }
        for rebuild in found:
            before, after = start.table(rebuild.table), end.table(rebuild.table)
            if before is None or after is None or before.temporary:
                continue
            indexes = [each for each in _lost(before, after) if each.name.casefold() not in dropped]
            triggers = {
                name: origin
                for name, origin in before.triggers.items()
                if name not in after.triggers and name.casefold() not in dropped
            }
            if indexes or triggers:
                yield self._hit(contexts[0], rebuild, indexes, triggers)

    def _hit(self, context: Context, rebuild: Rebuild, indexes: list[IndexFacts], triggers: dict[str, Origin]) -> Hit:
        table = rebuild.table
        lost = [f"{'the unique index' if each.unique else 'the index'} {each.name}" for each in indexes]
        lost += [f"the trigger {name}" for name in triggers]
        grave = bool(triggers) or any(each.unique for each in indexes)
        last = rebuild.rename if not rebuild.old_first or rebuild.drop is None else rebuild.drop
        again = ";\n".join([context.text(last), *(index_sql(each, table) for each in indexes)])
        return Hit(
            message=f"{lead(context)}rebuilds {table} without {names(lost)}: "
            f"{'they go' if len(lost) > 1 else 'it goes'} with the old table, without an error",
            span=last,
            subject=str(table),
            severity=weight(context, Severity.ERROR if grave else Severity.WARNING),
            related=(
                *(context.related(each.born, f"{each.name} was made here") for each in indexes),
                *(context.related(origin, f"{name} was made here") for name, origin in triggers.items()),
            ),
            safe_form=SafeForm(
                replacement=again if indexes and not (rebuild.old_first and rebuild.drop is None) else None,
                note=f"make {names(triggers)} again after it, as at the place where each was made"
                if triggers
                else None,
            ),
        )


def _dropped(action: object) -> str | None:
    if isinstance(action, DropIndex):
        return action.index.name
    return action.trigger if isinstance(action, DropTrigger) else None


def _lost(before: TableFacts, after: TableFacts) -> Iterator[IndexFacts]:
    there = {_shape(each) for each in after.indexes.values()}
    for name, index in before.indexes.items():
        if index.constraint is not None or name in after.indexes or _shape(index) in there:
            continue
        if not after.columns_known or needed(index) <= set(after.columns):
            yield index


def _shape(index: IndexFacts) -> tuple[object, ...]:
    keys = tuple(
        (each.column or "").casefold() or (each.expression.text if each.expression else "") for each in index.keys
    )
    return keys, index.unique, None if index.where is None else index.where.text
