"""What a file that failed leaves: whether Diesel takes it for run, what it does next, and what is to be done by hand.

Seen with diesel 2.3 on PostgreSQL, MariaDB and SQLite (``tests/diesel/test_ends_halfway.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.dialect import Dialect
from glowplug.sql.actions import (
    Block,
    Copy,
    Delete,
    Dynamic,
    Insert,
    Select,
    Transaction,
    TransactionKind,
    Truncate,
    Update,
)
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.rehearsal import RoundTrip
    from glowplug.sql.statement import Statement

_SYNTAX_ERROR = "42601"
_WRITE = (Block, Copy, Delete, Dynamic, Insert, Truncate, Update)


def left_behind(trip: RoundTrip, dialect: Dialect, *, recorded: bool) -> str:
    """Say it of a migration whose up failed, to put behind the error; nothing where all is as it was before.

    ``recorded``: whether its version stands in the bookkeeping table. Where the schema is another than before, the
    text ends with a colon, for a list of ``trip.differences``.
    """
    if recorded:
        return _recorded(trip)
    if trip.differences:
        stays = "what was committed by then stays"
    elif _has_committed_rows(trip, dialect):
        stays = "the rows that it had written and committed by then stay"
    else:
        return ""
    return (
        f"\nIts version is not recorded, and {stays}: the next `diesel migration run` runs the whole file again on top "
        "of that, and `diesel migration revert` passes it by. Undo by hand first what stays"
        f"{':' if trip.differences else '.'}"
    )


def _recorded(trip: RoundTrip) -> str:
    reverts = "runs its down.sql" if trip.migration.down else "fails at it, for it has no down.sql"
    then = f"`diesel migration run` never runs it again, and `diesel migration revert` {reverts}"
    if trip.differences:
        return (
            f"\nIts version is recorded all the same: {then}. Where it has run, compare what stays with what it should "
            "have made, and put the rest right by hand:"
        )
    return (
        f"\nIts version is recorded all the same, though the schema is as before: {then}. Where it has run and left "
        f"nothing, delete its row from {BOOKKEEPING_TABLE} for another try."
    )


def left_by_down(trip: RoundTrip, dialect: Dialect) -> str:
    """Say it of a migration whose down failed: ``trip.differences`` are against the schema as its up has left it.

    Where there are any, the text ends with a colon, for a list of them.
    """
    if trip.differences:
        done = "what it had committed by then is done"
    elif _has_committed_rows(trip, dialect):
        done = "what it had done to rows and committed by then is done"
    else:
        return ""
    return (
        f"\nIts version stays recorded, and {done}: the next `diesel migration revert` runs the whole file again on "
        "top of that, and `diesel migration run` passes it by. Put right by hand first what is half reverted"
        f"{':' if trip.differences else '.'}"
    )


def _has_committed_rows(trip: RoundTrip, dialect: Dialect) -> bool:
    """Whether the file had written rows, and committed them, when a statement of it failed, as far as its text tells.

    What writes rows where nobody sees it, a function that is called or a block, is taken to have written some.
    """
    step = trip.error
    if step is None or step.error.line is None:
        return False
    if dialect is Dialect.POSTGRES and step.error.code == _SYNTAX_ERROR:
        return False  # the server reads the whole file before it runs any of it
    text = (trip.migration.sql(step.direction) or b"").decode("utf-8", "replace")
    alone = dialect is not Dialect.POSTGRES  # elsewhere, a statement outside of a transaction is its own
    within, waiting = trip.migration.run_in_transaction or not alone, False
    for statement in read(text, dialect).statements:
        if text.count("\n", 0, statement.span.start) + 1 >= step.error.line:
            return False
        kinds = {action.kind for action in statement.actions if isinstance(action, Transaction)}
        waiting |= _writes_rows(statement)
        if waiting and (TransactionKind.COMMIT in kinds or not within):
            return True
        if kinds & {TransactionKind.COMMIT, TransactionKind.ROLLBACK}:
            within, waiting = not alone, False
        within |= TransactionKind.BEGIN in kinds
    return False


def _writes_rows(statement: Statement) -> bool:
    return statement.unparsed is not None or any(
        isinstance(action, _WRITE) or (isinstance(action, Select) and action.functions) for action in statement.actions
    )
