"""What a new column needs where the chain itself wrote rows: nobody copies in batches on a database that is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.finding import Step
from glowplug.review.wording import NOTHING_TO_UNDO, sql

if TYPE_CHECKING:
    from glowplug.review.context import Context
    from glowplug.sql.parts import Name

_UNKNOWN = "…"


def filled(
    context: Context, table: Name, column: str, value: str | None, *, may_be_null: bool = False
) -> tuple[Step, ...]:
    """Give the migration that fills a new column in rows that migrations wrote; none where these are not known to.

    It comes behind the step that adds the column. ``value`` None: it is for a person to say.
    """
    facts = context.schema.table(table)
    if facts is None or facts.seeded is None:
        return ()
    here, its = sql(context, table), sql(context, column)
    here_too = f" AND ({value}) IS NOT NULL" if may_be_null and value is not None else ""
    where = f"{facts.seeded.file}, line {facts.seeded.line}"
    said = "" if value is not None else f"; say for {_UNKNOWN} what they get"
    return (
        Step(
            name=f"fill_{column}_of_{table.name}",
            up=f"UPDATE {here} SET {its} = {value or _UNKNOWN} WHERE {its} IS NULL{here_too};",
            down=NOTHING_TO_UNDO,
            note=f"for rows that migrations write ({where}), which a new database has too; where the rows were filled "
            f"in batches before, it finds none{said}",
        ),
    )
