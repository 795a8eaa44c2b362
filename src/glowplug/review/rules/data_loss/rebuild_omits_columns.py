"""Rule ``rebuild-omits-columns``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Leaves
from glowplug.review.procedure import copies_all, copy_sql, names, stricter
from glowplug.review.rebuild import end_of, rebuilds
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, made_by_up, sql, weight
from glowplug.sql.actions import CreateTable, Insert, Update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.parts import Span

    Readers = dict[str, list[tuple[Span, frozenset[str]]]]


class RebuildOmitsColumns(Rule):
    """A table is rebuilt, and the copy leaves out columns, or all rows.

    ## What it does
    Finds, on SQLite, a table that is rebuilt in one file where the INSERT that copies its rows does not read some of
    the old table's columns, or where there is none. It is silent where the old table stays, where another statement of
    the file reads the column from it, and in the down.sql of the migration that added the column.

    ## Why it is harmful
    The old table is dropped in the same file: what was not copied is gone, and no down.sql brings it back. Where the
    new table has the column all the same, every row holds NULL or the default in it.

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
        readers: Readers = {}
        for rebuild in found:
            before, after = start.table(rebuild.table), end.table(rebuild.table)
            if before is None or after is None or before.temporary or not before.columns_known:
                continue
            if rebuild.copy is None and not made_by_up(contexts[0], before.born):
                yield _no_rows(contexts[0], rebuild, before, after)
            missing = [each for each in _missing(rebuild, before) if not made_by_up(contexts[0], each.born)]
            if missing:
                readers = readers or _readers(contexts)
                missing = [each for each in missing if not _read_elsewhere(readers, rebuild, each.name)]
            if missing:
                yield _some(contexts[0], rebuild, missing, before, after)


def _readers(contexts: Sequence[Context]) -> Readers:
    """Give, by the table that they read, the statements that write rows, each with its words."""
    readers: Readers = {}
    for context in contexts:
        for action in context.statement.actions:
            if isinstance(action, (Insert, Update, CreateTable)) and action.reads:
                span = context.statement.span
                words = frozenset(re.findall(r"\w+", context.text(span).casefold()))
                for name in action.reads:
                    readers.setdefault(name.name.casefold(), []).append((span, words))
    return readers


def _read_elsewhere(readers: Readers, rebuild: Rebuild, column: str) -> bool:
    """Whether a statement other than the copy names the column and reads the old table."""
    return any(
        span != rebuild.copy and column.casefold() in words
        for name in (rebuild.table, rebuild.aside)
        for span, words in readers.get(name.name.casefold(), ())
    )


def _missing(rebuild: Rebuild, before: TableFacts) -> list[ColumnFacts]:
    """Give the old columns that the copy does not read; none where it does not tell."""
    insert = rebuild.insert
    if insert is None or not insert.select or any(each.text.endswith("*") or each.subquery for each in insert.select):
        return []
    read = {column.casefold() for each in insert.select for column in each.columns}
    return [each for at, each in before.columns.items() if at not in read and each.generated is None]


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


def _some(context: Context, rebuild: Rebuild, missing: list[ColumnFacts], before: TableFacts, after: TableFacts) -> Hit:
    table = rebuild.table
    assert rebuild.copy is not None  # noqa: S101 - there is an INSERT
    kept = [each.name for each in missing if each.name.casefold() in after.columns]
    stays = f"; in the new table every row has NULL or the default in {names(kept)}" if kept else ""
    what = names(each.name for each in missing)
    return Hit(
        message=f"{lead(context)}rebuilds {table} and does not copy {what}: what the rows hold there is gone, and no "
        f"down.sql brings it back{stays}",
        span=rebuild.copy,
        subject=f"{table}.{what}",
        severity=weight(context),
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
    if not copies_all(context, rebuild, before, after) or any(
        stricter(each.casefold(), before, after) for each in kept
    ):
        return SafeForm(
            note=f"let the INSERT copy {names(kept)} as well, with a value that the new table takes; or accept the "
            "loss, with the reason"
        )
    old, new = (rebuild.aside, rebuild.table) if rebuild.old_first else (rebuild.table, rebuild.aside)
    return SafeForm(replacement=copy_sql(before, after, new, old, rebuild.insert, own=kept))
