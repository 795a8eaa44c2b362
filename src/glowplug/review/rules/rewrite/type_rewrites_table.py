"""Rule ``type-rewrites-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.casts import cast
from glowplug.review.claims import LockMode, Locks, Rewrites
from glowplug.review.domain import domain_of
from glowplug.review.emptied import emptied_by
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock._words import of_its_base
from glowplug.review.rules.rewrite import _words as words
from glowplug.review.type_change import Work, is_plain, work_of
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, lead, sql, weight
from glowplug.sql.actions import AlterColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName


class TypeRewritesTable(Rule):
    """A column's type changes, and every row is written anew while nobody can read the table.

    ## What it does
    Finds `ALTER COLUMN … TYPE` that PostgreSQL can't do by a change of the catalogue alone. It is silent where it can:
    a longer `varchar`, `varchar` to `text`, more digits of `numeric` with the same scale, `timestamp` to `timestamptz`
    under UTC, and their like.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock, writes the whole table and builds its indexes again. Every query waits, SELECT
    too, until the migration's transaction ends; the table needs its size again on disk.

    ## Example
    ```sql before
    CREATE TABLE downloads (id integer PRIMARY KEY, count integer NOT NULL);
    ```
    ```sql up
    ALTER TABLE downloads ALTER COLUMN count TYPE bigint;
    ```

    ## Use instead
    Add a column of the new type, let the application write both, copy the rows in batches, and give it what the old
    one has: NOT NULL, default, indexes. Then read the new one, and drop the old. A down.sql can't do that, for no
    release comes between its statements: where the table is large, go back by new migrations.
    ```sql before
    CREATE TABLE downloads (id integer PRIMARY KEY, count integer NOT NULL);
    ```
    ```sql up
    ALTER TABLE downloads ADD COLUMN count_bigint bigint;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18: another relfilenode, AccessExclusiveLock. Each pair of fifty types was changed on each
    server, and what this rule says of it compared. The migrations that it proposes were run forth and back with rows:
    type, NOT NULL, default and values are the old ones again.
    """

    hazards = (28,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AlterColumnType,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Rewrites(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where the rows are written anew, or may be."""
        if not isinstance(action, AlterColumnType) or is_new(context, action.table):
            return
        column = context.schema.column(action.table, action.column)
        old = None if column is None else column.type
        cost = work_of(action, context.schema)
        if cost is Work.NOTHING:
            return
        name = f"{action.table}.{action.column}"
        emptied = emptied_by(context, action.table)
        if emptied is not None:
            yield from words.of_no_rows(context, action, name, f"changes {name} to {action.type}", emptied)
            return
        writes = "writes" if cost is Work.REWRITE else "may write"
        was = "" if old is None else f" from {old}"
        yield Hit(
            message=f"{lead(context)}{writes} every row of {action.table} anew to change {name}{was} to {action.type}, "
            "and builds its indexes again, under an ACCESS EXCLUSIVE lock: every query on it waits, SELECT too, until "
            f"the migration has ended{condition(context, action.table)}",
            span=action.span,
            subject=name,
            severity=weight(context, Severity.ERROR if cost is Work.REWRITE else Severity.WARNING),
            related=() if column is None else (context.related(column.born, f"{name} was defined here"),),
            safe_form=_safe_form(action, column, context),
        )


def _safe_form(action: AlterColumnType, column: ColumnFacts | None, context: Context) -> SafeForm:
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    table = context.schema.table(action.table)
    instead = words.why_not(table, column, action.column)
    if instead is not None:
        return SafeForm(note=instead)
    name = words.fresh_name(table, action.column, action.type.name)
    was = None if column is None or column.type is None else column.type
    held, back = words.kept_by(context, table, column), _back(action, sql(context, name), was, context)
    if held is not None or back is None:
        how = words.beside(action.column, name, _typed(action.type, action.collation), _copied(action))
        also = f"{words.HELD}{held}" if held is not None else _no_way_back(action, was)
        return SafeForm(note=f"{how}; {also}")
    old = words.Shape.of(
        column, action.column, None if was is None else _typed(was, None if column is None else column.collation)
    )
    domain = domain_of(action.type, context.schema)
    demanding = domain if domain is not None and domain.demands and domain.base is not None else None
    kind = action.type if demanding is None or demanding.base is None else demanding.base
    required = old.not_null or (demanding is not None and demanding.not_null)
    new = replace(old, name=name, kind=_typed(kind, action.collation), not_null=required)
    notes = [None if demanding is None else f"{name}: {of_its_base(demanding)}"]
    notes.append(words.also(table, column, action.column, name))
    return SafeForm(
        steps=words.in_its_place(
            context,
            action.table,
            old,
            new,
            copied=_copied(action),
            back=back,
            value=None if action.using is None else action.using.text,
        ),
        note="; ".join(filter(None, notes)) or None,
    )


def _typed(kind: TypeName, collation: str | None) -> str:
    return str(kind) if collation is None else f'{kind} COLLATE "{collation}"'


def _copied(action: AlterColumnType) -> str:
    using = "" if action.using is None else f" (as USING says: {action.using.text})"
    return f"copy the rows in batches{using}"


def _back(action: AlterColumnType, name: str, was: TypeName | None, context: Context) -> str | None:
    """Write the new column's value as one of the old type; None where that is not known."""
    if was is None:
        return name
    if action.using is not None and not is_plain(action.using, action.column, action.type):
        return None
    return cast(name, action.type, was, context.schema)


def _no_way_back(action: AlterColumnType, was: TypeName | None) -> str:
    why = f"no cast is known that leads from {action.type} to {was}"
    if action.using is not None and not is_plain(action.using, action.column, action.type):
        why = "what undoes USING is not known here"
    return f"how its down.sql fills {action.column} again is yours to say, for {why}"
