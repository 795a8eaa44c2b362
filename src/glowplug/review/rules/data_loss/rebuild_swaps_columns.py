"""Rule ``rebuild-swaps-columns``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Leaves
from glowplug.review.filling import puts
from glowplug.review.procedure import names
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import is_new, lead, sql, weight
from glowplug.sql.actions import Insert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.filling import Put
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.actions import Action


class RebuildSwapsColumns(Rule):
    """A new table is filled from another one, and values go into columns of another name.

    ## What it does
    Finds `INSERT … SELECT` into a table that this migration makes, where a column's values go into another column
    though the new table has one of their own name too. Where the INSERT names no columns, values go by their order
    alone: an error; where it names them, somebody may have meant it: a warning. It is silent where the old name is
    gone, which is a rename, and where the columns of either table are not known.

    ## Why it is harmful
    Every row is there, and nothing fails: the e-mail addresses stand in the column of nicknames, and the nicknames in
    that of addresses. It shows when somebody reads them.

    ## Example
    ```sql before sqlite
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, nickname TEXT);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, nickname TEXT, email TEXT NOT NULL);
    INSERT INTO new_users SELECT * FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## Use instead
    Name the columns on both sides.
    ```sql before sqlite
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, nickname TEXT);
    ```
    ```sql up
    CREATE TABLE new_users (id INTEGER PRIMARY KEY, nickname TEXT, email TEXT NOT NULL);
    INSERT INTO new_users (id, email, nickname) SELECT id, email, nickname FROM users;
    DROP TABLE users;
    ALTER TABLE new_users RENAME TO users;
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, MariaDB and SQLite: what a column holds after either of the two.
    """

    hazards = (116, 130)
    dialects = frozenset(Dialect)
    severity = Severity.ERROR
    actions = (Insert,)
    claims = tuple(Leaves(dialect=dialect, what="each column holds the other's values") for dialect in Dialect)

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say which values go into which column."""
        if not isinstance(action, Insert) or not action.select or not is_new(context, action.table):
            return
        new, text = context.schema.table(action.table), context.text(context.statement.span)
        for source in action.reads:
            old = context.schema.table(source)
            if new is None or old is None:
                continue
            filled = puts(text, action, source, old, new, context.dialect) or ()
            moved = _moved(filled, new)
            if moved:
                what = names(f"{each.source} into {each.column}" for each in moved)
                by_order = "" if action.columns else ": the INSERT names no columns, so that their order decides"
                yield Hit(
                    message=f"{lead(context)}fills {new.name} from {old.name} and puts {what}, though {new.name} has "
                    f"{names(each.source or '' for each in moved)} too{by_order}",
                    span=action.span,
                    subject=str(new.name),
                    severity=weight(context, Severity.WARNING if action.columns else Severity.ERROR),
                    related=(context.related(new.born, f"{new.name} was made here"),),
                    safe_form=_safe_form(context, action, text, filled, new),
                )
                return


def _moved(filled: Sequence[Put], new: TableFacts) -> list[Put]:
    """Give what goes into a column of another name, while its own gets another column's, or it stands for a ``*``."""
    there = {each.name.casefold() for each in new.columns.values()}
    gets = {each.column.casefold(): each for each in filled}
    stayed = {each.column.casefold() for each in filled if each.source == each.column or _reads(each, each.column)}
    return [
        each
        for each in filled
        if each.source is not None
        and each.source.casefold() != each.column.casefold()
        and each.source.casefold() in there - stayed
        and (each.value is None or (each.source.casefold() in gets and gets[each.source.casefold()].source is not None))
    ]


def _reads(put: Put, column: str) -> bool:
    return put.value is not None and column.casefold() in {each.casefold() for each in put.value.columns}


def _safe_form(context: Context, action: Insert, text: str, filled: Sequence[Put], new: TableFacts) -> SafeForm:
    own = {each.name.casefold() for each in new.columns.values()}
    into = [
        each.source if each.source is not None and each.source.casefold() in own else each.column for each in filled
    ]
    head = re.match(r"(?:INSERT|REPLACE)\b[^'()]*?(?=\bSELECT\b)", text, re.IGNORECASE)
    plain = head is not None and re.search(r"\b(?:AS|OVERRIDING|WITH)\b|--|/\*", head[0], re.IGNORECASE) is None
    if action.columns or head is None or not plain or len({each.casefold() for each in into}) < len(into):
        return SafeForm(
            note="name each column on both sides, each with its own; or say that it is meant, with the reason"
        )
    columns = ", ".join(sql(context, each) for each in into)
    return SafeForm(replacement=f"{head[0].rstrip()} ({columns})\n{text[head.end() :]}")
