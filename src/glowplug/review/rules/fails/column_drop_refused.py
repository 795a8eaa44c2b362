"""Rule ``column-drop-refused``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import made_again
from glowplug.review.claims import Fails
from glowplug.review.needing import Clearing, Needing
from glowplug.review.procedure import changed, column_sql, index_sql, names
from glowplug.review.rule import Hit, Rule
from glowplug.review.version import Versions
from glowplug.review.wording import allow, lead, made_by_up, sql
from glowplug.sql.actions import DropColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action

_DROPS_COLUMNS = Versions(since=(3, 35))


class ColumnDropRefused(Rule):
    """A column is dropped that SQLite's DROP COLUMN does not let go.

    ## What it does
    Finds, on SQLite, `DROP COLUMN` of a column that is in a key or an index, is named by a table's CHECK or FOREIGN
    KEY, by a generated column, by a view, or as `new.phone` by a trigger that this migration made, or is the table's
    only one; also where the file drops the index, view or trigger itself, though further down. Its own CHECK or
    REFERENCES, written with the column, goes with it.

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
    Drop the index, view or trigger first; what is part of the table's own definition takes a rebuilt table.
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
        needing = Needing.of(context, table, column)
        if not needing.reasons:
            return
        clearing = Clearing.of(context, table, needing)
        late = f"; the file drops {names(clearing.too_late)} only after that" if clearing.too_late else ""
        made = [(each.name, each.born) for each in needing.indexes]
        made += [(str(each.name), each.born) for each in needing.views]
        yield Hit(
            message=f"{lead(context)}dropping {column.name} of {table.name} fails: it is needed by "
            f"{names(needing.reasons)}{late}",
            span=action.span,
            subject=f"{table.name}.{column.name}",
            related=tuple(context.related(born, f"{name} was made here") for name, born in (*made, *needing.triggers)),
            safe_form=_safe_form(action, context, needing, clearing),
        )


def _safe_form(action: DropColumn, context: Context, needing: Needing, clearing: Clearing) -> SafeForm:
    table = action.table
    late = [f"{context.text(each.span)} (line {context.place(each.span).line})" for each in clearing.late]
    note = "release code that no longer names it first"
    if late:
        note += f"; then take out of the file what stands further down and is done by that: {names(late)}"
    added, lacks = _added(action, context)
    rebuilt = _rebuilt(action, context) if needing.parts or lacks else None
    if needing.parts:
        how = "; then rebuild the table without it, and what points at it together with it"
        return SafeForm(steps=() if rebuilt is None else (rebuilt,), note=f"{note}{how if rebuilt is None else ''}")
    if rebuilt is not None:
        how = (
            f"; {' '.join(clearing.drops)} would let the column go, but the way back by ADD COLUMN can't give it its "
            f"{lacks}: so the table is rebuilt, there and back"
        )
        return SafeForm(steps=(rebuilt,), note=f"{note}{how}")
    made = [(str(each.name), made_again.view(each)) for each in (*needing.views, *needing.readers)]
    made += [(name, made_again.trigger(name, born)) for name, born in needing.triggers]
    accepted = [allow("column-dropped", f"nothing reads {action.column} since …")] * (not _is_ours(action, context))
    back = [
        f"ALTER TABLE {sql(context, table)} ADD COLUMN {added};",
        *(f"{index_sql(each, table)};" for each in needing.indexes),
        *(again for name, again in made if name in (*clearing.again, *clearing.too_late)),
    ]
    notes = [f"make {names(clearing.again)} again without it"] if clearing.again else []
    if clearing.unread:
        notes.append(f"a trigger that names it as new.{action.column} has to go too: look at {names(clearing.unread)}")
    notes += [f"the down can't give {action.column} its {lacks}: that takes a rebuild of the table"] if lacks else []
    return SafeForm(
        steps=(
            Step(
                name=f"drop_{action.column}_of_{table.name}",
                up="\n".join([*clearing.drops, *accepted, f"{context.text(context.statement.span)};"]),
                down="\n".join(back),
                note="; ".join(notes) or None,
            ),
        ),
        note=note,
    )


def _rebuilt(action: DropColumn, context: Context) -> Step | None:
    fork = context.schema.fork()
    fork.apply(action, context.statement)
    after = fork.table(action.table)
    if after is None or not after.columns:
        return None
    return changed(context, context.schema, after, gone=() if _is_ours(action, context) else (action.column,))


def _is_ours(action: DropColumn, context: Context) -> bool:
    """Whether this down drops what its up made: that nobody has to accept."""
    column = context.schema.column(action.table, action.column)
    return column is not None and made_by_up(context, column.born)


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
