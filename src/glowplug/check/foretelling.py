"""Which losses the review has told of already, and which a file only brings about by the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.check.witnessed import claims_of
from glowplug.finding import Harm
from glowplug.rehearsal.measured import How
from glowplug.review.claims import Fails
from glowplug.sql.actions import Copy, CreateTable, Delete, DropTable, Insert, Select, Truncate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.dialect import Dialect, Direction
    from glowplug.finding import Finding, Severity
    from glowplug.project import Migration
    from glowplug.rehearsal.measured import Loss, Refusal
    from glowplug.review.claims import Claim
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_OF_A_COLUMN = frozenset({"column-dropped", "type-narrowed", "modify-narrows-type"})
_OF_A_TABLE = "table-dropped"
_OF_A_REBUILDING = "rebuild-omits-columns"
"""Rules that tell of a loss by the table and column that it befalls. That every row is written tells of none."""

_FEW = 8
"""Rows that are made after what a file says, at most."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
_WRITE_NO_ROW = frozenset({"set_config", "setval"})


def tell_of(review: Iterable[Finding], file: str, losses: Sequence[Loss]) -> list[Loss]:
    """Give those of an up's losses whose table and column a finding of the review names in that ``file``."""
    of_file = [
        each for each in review if each.harm is Harm.DATA_LOSS and each.place is not None and each.place.file == file
    ]
    tables = {loss.table.casefold() for loss in losses}
    named = {name for finding in of_file for name in _named(finding)}
    return [loss for loss in losses if named & set(_names(loss, tables))]


def tells_of_refusal(review: Iterable[Finding], file: str, refusal: Refusal, weight: Severity) -> bool:
    """Whether a finding of the review says that a ``file`` fails so as soon as there is a row, with as much weight."""
    if refusal.enough is None or refusal.table is None:
        return False
    table = refusal.table.casefold()
    return any(
        each.harm is Harm.FAILS
        and each.severity.at_least(weight)
        and each.place is not None
        and each.place.file == file
        and each.subject.casefold().rpartition(".")[0] in {table, table.removeprefix("public.")}
        and any(_is_claimed(claim, each, refusal.error) for claim in claims_of(each.rule))
        for each in review
    )


def _is_claimed(claim: Claim, finding: Finding, error: SqlError) -> bool:
    """Whether it is the error that a rule claims: by its message on SQLite, elsewhere by its code and the column."""
    if not isinstance(claim, Fails):
        return False
    column = finding.subject.casefold().rpartition(".")[2]
    return claim.code in error.message or (claim.code == error.code and f'"{column}"' in error.message.casefold())


def _named(finding: Finding) -> Iterator[tuple[str, str | None]]:
    """Give the tables and columns that a finding names; a table that goes as a whole is named without a column."""
    subject = finding.subject.casefold()
    if finding.rule == _OF_A_TABLE:
        yield subject, None
    elif finding.rule in _OF_A_COLUMN:
        table, _, column = subject.rpartition(".")
        yield table, column
    elif finding.rule == _OF_A_REBUILDING:
        yield subject, None  # its rows are not copied; or it is a table and its columns: "users.a, b and c"
        table, _, columns = subject.rpartition(".")
        yield from ((table, column) for column in re.split(r", | and ", columns))


def _names(loss: Loss, tables: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Give what a loss's table and column may be called: without the schema, where no other table can be meant."""
    table = loss.table.casefold()
    short = table.rpartition(".")[2]
    alone = table.startswith("public.") or sum(each.rpartition(".")[2] == short for each in tables) == 1
    for called in (table, short) if alone else (table,):
        yield called, None
        if loss.column is not None:
            yield called, loss.column.casefold()


def by_the_way(loss: Loss, migration: Migration, dialect: Dialect) -> bool:
    """Whether a file that does not name the column only moved a time on, as triggers do that note the last change.

    Not where rows are copied, by which a column that nobody names may be left behind, nor where what is written can't
    be followed.
    """
    content = (migration.sql(loss.by) or b"").decode("utf-8", "replace").casefold()
    moved_on = (
        loss.column is not None
        and loss.how in {How.CHANGED, How.DEFAULTED}
        and loss.column.casefold() not in content
        and bool(loss.examples)
        and all(example.after is not None and _MOMENT.match(example.after) for example in loss.examples)
    )
    return moved_on and _is_plain(migration, dialect, loss.by)


def was_left_alone(loss: Loss, migration: Migration, dialect: Dialect) -> bool:
    """Whether the rows that a down deletes are few that its up would have written, had it not found them there.

    That is so where all that the up inserts into the table leaves alone what is there (ON CONFLICT DO NOTHING, INSERT
    IGNORE), and all that the down deletes there is chosen by a condition.
    """
    from glowplug.rehearsal.data.files.text import Text, actions_of  # noqa: PLC0415 - only where rows are lost

    if loss.how is not How.DELETED or loss.rows > _FEW:
        return False
    text = Text.of(migration, dialect)
    inserts = [one for one, _ in actions_of(text.up) if isinstance(one, Insert) and _is_of(one.table, loss)]
    removals = [one for one, _ in actions_of(text.down) if isinstance(one, (Delete, DropTable, Truncate))]
    of_table = [one for one in removals if _is_of(one.table, loss)]
    return (
        bool(inserts and of_table)
        and all(one.ignore for one in inserts)
        and all(isinstance(one, Delete) and one.where is not None and not one.tautology for one in of_table)
    )


def _is_of(table: Name, loss: Loss) -> bool:
    schema, _, name = loss.table.rpartition(".")
    return table.name.casefold() == name.casefold() and table.schema in {None, schema or None}


def _is_plain(migration: Migration, dialect: Dialect, direction: Direction) -> bool:
    from glowplug.rehearsal.data.files.text import Text, actions_of, followed  # noqa: PLC0415 - only where times moved on

    script = Text.of(migration, dialect).file(direction)
    return script is None or (followed(script) and not any(_may_leave_out(action) for action, _ in actions_of(script)))


def _may_leave_out(action: Action) -> bool:
    match action:
        case Insert() | CreateTable():
            return action.from_query
        case Select():
            return not _WRITE_NO_ROW.issuperset(action.functions)
        case _:
            return isinstance(action, Copy)
