"""Rule ``table-dropped``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.carried import rows_carried
from glowplug.review.claims import LockMode, Locks
from glowplug.review.rebuild import end_of
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.data_loss import _words as words
from glowplug.review.wording import allow, is_new, lead, sql, weight
from glowplug.sql.actions import CreateTable, DropTable, Insert, RenameTable
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from glowplug.review.context import Context
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import Origin, TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.statement import Statement


@dataclass(frozen=True, slots=True)
class _File:
    """What tables were called before the file, by where they were made, and the schema when it has ended."""

    before: Mapping[Origin, Name]
    end: Simulation


class TableDropped(Rule):
    """A table is dropped, with all its rows.

    ## What it does
    Finds `DROP TABLE` of a table that was there before the migration. It is silent where the file puts another table in
    its place under its name and copies rows into it, at once or by way of a third one, and in the down.sql of the
    migration that made the table.

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
        actions = [action for _, action in steps]
        renamed = {
            action.new_name.name.casefold(): position
            for position, action in enumerate(actions)
            if isinstance(action, RenameTable)
        }
        copied: set[str] = set()
        set_aside: set[str] = set()  # under another name
        carried = rows_carried(actions)
        file = _File({each.born: each.name for each in contexts[0].schema.tables()}, end_of(contexts))
        for position, (context, action) in enumerate(steps):
            if isinstance(action, Insert | CreateTable):
                copied.update(each.name.casefold() for each in action.reads)
            elif isinstance(action, DropTable) and not action.temporary:
                name = action.table.name.casefold()
                facts = schema.table(action.table)
                told = name in copied or context.dialect is Dialect.SQLITE  # by rebuild-omits-columns
                since = None if name in copied else set_aside
                replaced = renamed.get(name, -1) > position or _old_name_taken(facts, schema, since)
                if not (replaced and told) and position not in carried:
                    yield from self._dropped(replace(context, schema=schema), file, action, facts)
            elif isinstance(action, RenameTable):
                set_aside.add(action.table.name.casefold())
            schema.apply(action, context.statement)

    def _dropped(self, context: Context, file: _File, action: DropTable, facts: TableFacts | None) -> Iterator[Hit]:
        table = action.table
        if is_new(context, table) if facts is not None else context.schema.doubt is None:
            return  # made in this file, or not there at all
        lock = ""
        parents = _parents(facts)
        if parents and context.dialect is Dialect.POSTGRES:
            lock = f"; its foreign keys make every query on {', '.join(dict.fromkeys(parents))} wait as well"
        unless = "" if facts is not None else f", if it was there before this migration ({context.schema.doubt})"
        was = table if facts is None else file.before.get(facts.born, table)
        same = was == table or (facts is not None and was == facts.name)
        again = _again(file.end, was, facts, "its place" if same else f"the place of {was}")
        fails = f"; the release that runs fails on every query that names {'it' if same else was}"
        yield Hit(
            message=f"{lead(context)}drops {table} with all its rows{unless}{again or ''}"
            f"{words.comes_back(context, table)}{'' if again else fails}{lock}",
            span=action.span,
            subject=str(table),
            severity=weight(context),
            related=() if facts is None else (context.related(facts.born, f"{facts.name} was made here"),),
            safe_form=_safe_form(context, was, facts, again=again is not None),
        )


def _old_name_taken(facts: TableFacts | None, schema: Simulation, since: Collection[str] | None) -> bool:
    """Whether the table was renamed, of one of ``since`` where that is given, and another has the name that it had."""
    names = () if facts is None else facts.renamed_from
    return any((since is None or each.name.casefold() in since) and schema.table(each) is not None for each in names)


def _parents(facts: TableFacts | None) -> tuple[str, ...]:
    constraints = () if facts is None else facts.constraints.values()
    return tuple(
        str(each.definition.references)
        for each in constraints
        if facts is not None and each.definition.references not in {None, facts.name}
    )


def _again(end: Simulation, was: Name, facts: TableFacts | None, place: str) -> str | None:
    """Say what has the table's name when the file has ended; None: nothing."""
    if end.view(was) is not None:
        return f", and puts a view in {place}"
    there = end.table(was)
    if there is None or (facts is not None and there.born == facts.born):
        return None
    return f", and puts another in {place} without copying them"


def _safe_form(context: Context, table: Name, facts: TableFacts | None, *, again: bool) -> SafeForm:
    if again:
        return SafeForm(
            note=f"make the new table under another name, copy the rows of {table} into it, and rename it when {table} "
            "is dropped"
        )
    if context.down:
        return SafeForm(note=f"a down undoes its own up: leave {table} where it is, unless the up made it")
    unused = Name(table.name + "_unused", table.schema)
    if facts is None:
        return SafeForm(
            note=f"where it is there, rename it to {unused} once no running release names it; drop it when nobody has "
            "missed it"
        )
    accepted = allow("name-changed", f"no release names {table.name} since …")
    return SafeForm(
        steps=(
            Step(
                name=f"set_{table.name}_aside",
                up=f"{accepted}\nALTER TABLE {sql(context, table)} RENAME TO {sql(context, unused.name)};",
                down=f"ALTER TABLE {sql(context, unused)} RENAME TO {sql(context, table.name)};",
                note=f"once no running release names {table.name}; drop it when nobody has missed it, below a line "
                f"{allow('table-dropped', f'nobody has missed {unused.name} since …')}",
            ),
        )
    )


def _steps(context: Context, statement: Statement) -> Iterator[tuple[Context, Action]]:
    here = replace(context, statement=statement)
    for action in statement.actions:
        yield here, action
    for inner in statement.body:
        yield from _steps(context, inner)
