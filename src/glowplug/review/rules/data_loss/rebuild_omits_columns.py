"""Rule ``rebuild-omits-columns``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import not_copied as rest
from glowplug.review.claims import Leaves
from glowplug.review.copying import copies_all, copy_sql, intended, puts_of, stricter
from glowplug.review.filling import said
from glowplug.review.procedure import names
from glowplug.review.rebuild import end_of, rebuilds
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, made_by_up, sql, weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts


class RebuildOmitsColumns(Rule):
    """A table is rebuilt, and the copy leaves out columns, or all rows.

    ## What it does
    Finds, on SQLite, a table that is rebuilt in one file where the INSERT that copies its rows does not read some of
    the old table's columns, or where there is none. It is silent where the old table stays, where another statement of
    the file reads the column from it, and in the down.sql of the migration that added the column.

    ## Why it is harmful
    The old table is dropped in the same file: what was not copied is gone, and no down.sql brings it back. Where the
    new table has the column all the same, every row holds in it what the INSERT puts there instead, or NULL, or the
    default. A value that the INSERT looks up by the old one, in a table that it joins, is a warning: the old one comes
    back only where the new one tells it.

    ## Example
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, phone TEXT);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, phone TEXT);
    INSERT INTO new_users (id, email) SELECT id, email FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## Use instead
    Copy every column.
    ```sql before
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, phone TEXT);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, phone TEXT);
    INSERT INTO new_users (id, email, phone) SELECT id, email, phone FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## How it was proven
    On SQLite: how many rows hold a value in the column after either of the two.
    """

    hazards = (116, 34, 130)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (Leaves(dialect=Dialect.SQLITE, what="the values of the column are gone"),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say what is not copied."""
        found = [each for each in rebuilds(contexts) if each.drop is not None]
        if not found:
            return
        start, end = contexts[0].schema, end_of(contexts)
        readers: rest.Readers = {}
        for rebuild in found:
            before, after = start.table(rebuild.table), end.table(rebuild.table)
            if before is None or after is None or before.temporary or not before.columns_known:
                continue
            if rebuild.copy is None and not made_by_up(contexts[0], before.born):
                yield _no_rows(contexts[0], rebuild, before, after)
            missing = rest.missing(contexts[0], rebuild, before)
            missing = [each for each in missing if not made_by_up(contexts[0], each.born)]
            if missing:
                readers = readers or rest.readers(contexts)
                missing = [each for each in missing if not rest.read_elsewhere(readers, rebuild, each.name)]
            looked_up = rest.looked_up(contexts[0], rebuild, missing)
            for some in (looked_up, [each for each in missing if each not in looked_up]):
                if some:
                    yield _some(contexts[0], rebuild, some, before, after, looked_up=some is looked_up)


def _no_rows(context: Context, rebuild: Rebuild, before: TableFacts, after: TableFacts) -> Hit:
    table = rebuild.table
    assert rebuild.drop is not None  # noqa: S101 - check_file looks at no other
    old, new = (rebuild.aside, table) if rebuild.old_first else (table, rebuild.aside)
    lacking = [
        each.name
        for at, each in after.columns.items()
        if at not in before.columns and each.not_null and each.default is None and each.generated is None
    ]
    refusing = [each.name for at, each in before.columns.items() if stricter(at, before, after)]
    safe_form = SafeForm(replacement=f"{copy_sql(before, after, new, old)};\n{context.text(rebuild.drop)}")
    if lacking or refusing:
        which = names(dict.fromkeys([*lacking, *refusing]))
        safe_form = SafeForm(
            note=f"copy the rows before {old} is dropped: INSERT INTO {sql(context, new)} … SELECT … FROM "
            f"{sql(context, old)}, with what {new} takes as {which} in each of them"
        )
    return Hit(
        message=f"{lead(context)}rebuilds {table} without copying its rows: all are gone, and no down.sql brings "
        "them back",
        span=rebuild.drop,
        subject=str(table),
        severity=weight(context),
        related=(context.related(before.born, f"{table} was made here"),),
        safe_form=safe_form,
    )


def _some(
    context: Context,
    rebuild: Rebuild,
    missing: list[ColumnFacts],
    before: TableFacts,
    after: TableFacts,
    *,
    looked_up: bool,
) -> Hit:
    table = rebuild.table
    assert rebuild.copy is not None  # noqa: S101 - there is an INSERT
    what = names(each.name for each in missing)
    lost = "what the rows hold there is gone, and no down.sql brings it back"
    if looked_up:
        lost = "it only looks up others by it, so that a down.sql brings it back only where those tell it"
    gets = [f"{name} gets {value}" for name, value in rest.gets(context, rebuild, missing, after).items()]
    return Hit(
        message=f"{lead(context)}rebuilds {table} and does not copy {what}: {lost}"
        f"{f'; in the new table {names(gets)}' if gets else ''}",
        span=rebuild.copy,
        subject=f"{table}.{what}",
        severity=weight(context, Severity.WARNING if looked_up else Severity.ERROR),
        related=tuple(context.related(each.born, f"{table}.{each.name} was added here") for each in missing),
        safe_form=_safe_form(context, rebuild, missing, before, after),
    )


def _safe_form(
    context: Context, rebuild: Rebuild, missing: list[ColumnFacts], before: TableFacts, after: TableFacts
) -> SafeForm:
    kept = [each.name for each in missing if each.name.casefold() in after.columns]
    if not kept:
        what = names(each.name for each in missing)
        return SafeForm(note=f"drop {what} in a migration after a release that no longer names it, with the reason")
    values = {} if rebuild.insert is None else said(rebuild.insert, after, context.dialect) or {}
    replaced = [each for each in kept if each in values and not values[each].null]
    if replaced:
        return SafeForm(
            note=f"let the SELECT say {names(kept)} where the old values are to stay, or copy them into a column of "
            "their own; else accept the loss, with the reason"
        )
    if not copies_all(context, rebuild, before, after) or any(
        stricter(each.casefold(), before, after) for each in kept
    ):
        return SafeForm(
            note=f"let the INSERT copy {names(kept)} as well, with a value that the new table takes; or accept the "
            "loss, with the reason"
        )
    filled = intended(rebuild, puts_of(context, rebuild, before, after), before)
    old, new = (rebuild.aside, rebuild.table) if rebuild.old_first else (rebuild.table, rebuild.aside)
    return SafeForm(replacement=copy_sql(before, after, new, old, filled, own=kept))
