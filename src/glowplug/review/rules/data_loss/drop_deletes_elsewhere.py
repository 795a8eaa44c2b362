"""Rule ``drop-deletes-elsewhere``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails, Leaves
from glowplug.review.copying import mismatched
from glowplug.review.procedure import IN_ONE_FILE, copied_again, names
from glowplug.review.rebuild import end_of, moments, rebuilds, same
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead
from glowplug.sql.actions import DropTable, Insert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Moment, Rebuild
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import ConstraintFacts, TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

    Child = tuple[TableFacts, ConstraintFacts]

_ACTS = {
    "CASCADE": "deletes every row of {} that points at it",
    "SET NULL": "sets {} to NULL",
    "SET DEFAULT": "sets {} to its default",
}


class DropDeletesElsewhere(Rule):
    """DROP TABLE, with foreign keys on, deletes rows of the tables that reference it.

    ## What it does
    Finds, on SQLite, `DROP TABLE` of a table that others reference by a foreign key, where foreign_keys is or may be
    ON: most often the old table's, when a table is rebuilt. It is silent where nothing references the table, and where
    the file switches foreign_keys off outside of a transaction.

    ## Why it is harmful
    SQLite deletes every row before it drops the table, and each foreign key does with that what it always does: with
    `ON DELETE CASCADE` the rows of the other table are deleted, with `SET NULL` they forget what they pointed at, else
    the DROP or the COMMIT fails. Copying the rows first does not help. And `PRAGMA foreign_keys = OFF` does nothing
    inside a transaction, in which Diesel runs every file unless metadata.toml says otherwise.

    ## Example
    ```sql before foreign_keys=on
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE);
    ```
    ```sql up
    PRAGMA foreign_keys = OFF;
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO new_users (id, name) SELECT id, name FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## Use instead
    A metadata.toml with `run_in_transaction = false`, so that the PRAGMA works, and a transaction in the file. What
    `PRAGMA foreign_key_check` finds nobody would see; a CHECK makes it fail.
    ```sql before foreign_keys=on
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE);
    ```
    ```sql up no-transaction
    PRAGMA foreign_keys = OFF;
    BEGIN;
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO new_users (id, name) SELECT id, name FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    CREATE TEMP TABLE violations (found INTEGER CHECK (found = 0));
    INSERT INTO violations SELECT count(*) FROM pragma_foreign_key_check;
    DROP TABLE temp.violations;
    COMMIT;
    PRAGMA foreign_keys = ON;
    ```

    ## How it was proven
    On SQLite, with foreign_keys on and off: how many rows the other table has, and how many of them still point at one,
    after a rebuild in a transaction and after the one above; a table that references itself loses rows of its own.
    """

    hazards = (113,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (
        Leaves(dialect=Dialect.SQLITE, what="ON DELETE CASCADE: the rows that point at the table are gone"),
        Leaves(dialect=Dialect.SQLITE, what="ON DELETE SET NULL: they no longer point at anything"),
        Fails(dialect=Dialect.SQLITE, code="FOREIGN KEY constraint failed"),
    )

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say which DROP TABLE does something to other tables."""
        if not any(isinstance(action, DropTable) for each in contexts for action in each.statement.actions):
            return
        end, found = end_of(contexts), {each.drop: each for each in rebuilds(contexts)}
        saved = _saved([action for context in contexts for action in context.statement.actions])
        for moment in moments(contexts):
            action = moment.action
            if not isinstance(action, DropTable) or moment.foreign_keys.surely_off:
                continue
            table = moment.schema.table(action.table)
            if table is None or table.temporary or not table.may_have_rows:
                continue
            harmed = [
                (child, facts)
                for child, facts in moment.schema.references_to(action.table)
                if not same(child.name, table.name) and child.may_have_rows
                if facts.definition.on_delete not in _ACTS or not saved(child.name, moment.number, end)
            ]
            if harmed:
                rebuild = found.get(moment.context.statement.span)
                yield _hit(moment, action, harmed, _safe_form(contexts, rebuild, end, harmed))


def _hit(moment: Moment, action: DropTable, harmed: Sequence[Child], safe_form: SafeForm) -> Hit:
    context = moment.context
    return Hit(
        message=f"{lead(context)}DROP TABLE {action.table} deletes its rows first, and so {_harms(harmed)}"
        f"{_and_on(moment.schema, harmed)}{moment.foreign_keys.condition}",
        span=action.span,
        subject=str(action.table),
        severity=moment.foreign_keys.weight(context),
        related=tuple(
            context.related(facts.born, f"{child.name} references {facts.definition.references} here")
            for child, facts in harmed
        ),
        safe_form=safe_form,
    )


def _safe_form(
    contexts: Sequence[Context], rebuild: Rebuild | None, end: Simulation, harmed: Sequence[Child]
) -> SafeForm:
    if rebuild is None:
        children = names(str(child.name) for child, _ in harmed)
        return SafeForm(
            note=f"rebuild {children} without the foreign key in an earlier migration, or delete those rows yourself"
        )
    after = end.table(rebuild.table)
    step = None if after is None else copied_again(contexts, rebuild, after)
    if step is None or after is None:
        others = mismatched(contexts[0].schema, after) if after is not None else []
        also = f"; the key changes: rebuild {rebuild.table} together with {names(others)}" if others else ""
        return SafeForm(note=IN_ONE_FILE + also)
    return SafeForm(steps=(step,))


def _harms(children: Sequence[Child]) -> str:
    """Say what becomes of the rows that point at the table."""
    by_action: dict[str, list[str]] = {}
    for child, facts in children:
        columns = ", ".join(f"{child.name}.{column}" for column in facts.definition.columns)
        action = facts.definition.on_delete or ""
        is_set = action in {"SET NULL", "SET DEFAULT"}
        by_action.setdefault(action if action in _ACTS else "", []).append(columns if is_set else str(child.name))
    said = [_ACTS[action].format(names(named)) for action, named in by_action.items() if action]
    if "" in by_action:
        hold = "holds" if len(set(by_action[""])) == 1 else "hold"
        also = "and " if said else ""
        said.append(f"{also}fails while {names(by_action[''], last='or')} {hold} a row that points at it")
    return ", ".join(said)


def _and_on(schema: Simulation, harmed: Sequence[Child]) -> str:
    """Name the tables that a cascade reaches from there on."""
    waiting = [child.name for child, facts in harmed if facts.definition.on_delete == "CASCADE"]
    seen = {name.name.casefold() for name in waiting}
    reached: list[str] = []
    while waiting:
        for child, _ in schema.references_to(waiting.pop()):
            if child.name.name.casefold() not in seen:
                seen.add(child.name.name.casefold())
                reached.append(str(child.name))
                waiting.append(child.name)
    return f", and goes on to {names(reached)}" if reached else ""


def _saved(actions: Sequence[Action]) -> Callable[[Name, int, Simulation], bool]:
    """Give what tells whether a file drops a table after some action, for good or when its rows were copied before."""
    dropped: dict[str, int] = {}
    copied: dict[str, int] = {}
    for at, action in enumerate(actions):
        if isinstance(action, DropTable):
            dropped[action.table.name.casefold()] = at
        elif isinstance(action, Insert):
            for name in action.reads:
                copied.setdefault(name.name.casefold(), at)

    def saved(table: Name, now: int, end: Simulation) -> bool:
        name = table.name.casefold()
        return dropped.get(name, 0) > now and (copied.get(name, now) < now or end.table(table) is None)

    return saved
