"""What an up that failed leaves: whether Diesel takes it for run, what it does next, and what is to be done by hand.

Seen with diesel 2.3 on PostgreSQL, MariaDB and SQLite (``tests/diesel/test_ends_halfway.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.dialect import Dialect
from glowplug.sql.actions import Transaction, TransactionKind
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from glowplug.rehearsal import RoundTrip

_SYNTAX_ERROR = "42601"


def left_behind(trip: RoundTrip, dialect: Dialect, *, recorded: bool) -> str:
    """Say it of a migration whose up failed, to put behind the error; nothing where all is as it was before.

    ``recorded``: whether its version stands in the bookkeeping table. Where the schema is another than before, the
    text ends with a colon, for a list of ``trip.differences``.
    """
    if recorded:
        return _recorded(trip)
    if trip.differences:
        stays = "what was committed by then stays"
    elif _has_committed(trip, dialect):
        stays = "the rows that it wrote before its COMMIT stay"
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


def _has_committed(trip: RoundTrip, dialect: Dialect) -> bool:
    """Whether a COMMIT of the file's had run when a statement of it failed, as far as its place tells."""
    error = None if trip.error is None else trip.error.error
    if error is None or error.line is None:
        return False
    if dialect is Dialect.POSTGRES and error.code == _SYNTAX_ERROR:
        return False  # the server reads the whole file before it runs any of it
    text = (trip.migration.up or b"").decode("utf-8", "replace")
    commits = [
        text.count("\n", 0, statement.span.start) + 1
        for statement in read(text, dialect).statements
        for action in statement.actions
        if isinstance(action, Transaction) and action.kind is TransactionKind.COMMIT
    ]
    return any(line < error.line for line in commits)
