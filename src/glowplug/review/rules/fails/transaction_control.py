"""Rule ``transaction-control``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails, Leaves
from glowplug.review.rule import Hit, Rule
from glowplug.sql.actions import Transaction, TransactionKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.statement import Statement

_ENDS = (TransactionKind.COMMIT, TransactionKind.ROLLBACK, TransactionKind.PREPARE)
_ONLY_WARNS = "BEGIN inside Diesel's transaction does nothing but warn"


class TransactionControl(Rule):
    """BEGIN, COMMIT or ROLLBACK in a file that Diesel runs in a transaction of its own.

    ## What it does
    Finds statements that open or end a transaction in a file that Diesel wraps in one, and a BEGIN that nothing ends in
    one that it does not wrap.

    ## Why it is harmful
    On PostgreSQL and SQLite a COMMIT ends Diesel's transaction: where the rest of the file runs, the change is applied
    and recorded, and then reported as failed; where a statement of the rest fails, what stood before the COMMIT stays,
    nothing is recorded, and the next run starts the whole file again on top of it. A ROLLBACK loses what stood before
    it, and the version is recorded as applied all the same. A BEGIN without a COMMIT, with `run_in_transaction =
    false`, gives no error, and nothing survives. On SQLite BEGIN in a transaction is an error, and on PostgreSQL a
    COMMIT in a DO block.

    ## Example
    ```sql up
    BEGIN;
    CREATE TABLE users (id bigint PRIMARY KEY);
    COMMIT;
    ```

    ## Use instead
    Leave the transaction to Diesel.
    ```sql up
    CREATE TABLE users (id bigint PRIMARY KEY);
    ```

    ## How it was proven
    ROLLBACK, a lone BEGIN and COMMIT in a DO block were run as Diesel runs a file on PostgreSQL 14 to 18, BEGIN in a
    transaction on SQLite; what the real Diesel CLI records after a COMMIT or ROLLBACK in the file, runs next and
    reverts is compared in `tests/diesel`.
    """

    hazards = (78, 125)
    dialects = frozenset({Dialect.POSTGRES, Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (
        Leaves(dialect=Dialect.POSTGRES, what="what stood before a ROLLBACK is gone"),
        Leaves(dialect=Dialect.POSTGRES, what="after BEGIN alone the transaction is open when the file has ended"),
        Fails(dialect=Dialect.POSTGRES, code="2D000"),
        Fails(dialect=Dialect.SQLITE, code="cannot start a transaction within a transaction"),
    )

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say once for a file what its first such statement does."""
        found = [
            (context, action)
            for context in contexts
            for action in context.statement.actions
            if isinstance(action, Transaction) and action.kind in (TransactionKind.BEGIN, *_ENDS)
        ]
        if not found:
            yield from _in_block(contexts)
            return
        context, _ = found[0]
        message = self._message(context, [each.kind for _, each in found])
        if message is None:
            return
        yield Hit(
            message=message,
            span=context.statement.span,
            subject="transaction",
            severity=Severity.NOTICE if message == _ONLY_WARNS else None,
            safe_form=SafeForm(note="remove it: the whole file is in Diesel's transaction, or in none"),
        )

    def _message(self, context: Context, kinds: list[TransactionKind]) -> str | None:
        ends = next((kind for kind in kinds if kind in _ENDS), None)
        if context.in_transaction:
            record, again = ("forgotten", "revert") if context.down else ("recorded", "run")
            if context.dialect is Dialect.SQLITE:
                return (
                    "opens or ends a transaction inside Diesel's: SQLite refuses BEGIN there, and after a COMMIT or "
                    f"ROLLBACK Diesel's own COMMIT fails, when the version is {record} already"
                )
            if ends is TransactionKind.COMMIT:
                return (
                    f"COMMIT ends Diesel's transaction: the version is {record} once the rest of the file has run, and "
                    "the migration reported as failed all the same; a failure in the rest leaves what stands before "
                    f"the COMMIT, and the next {again} starts the whole file again on top of it"
                )
            if ends is not None:
                return (
                    f"ends Diesel's transaction: what stands before it is lost, and the version {record} once the rest "
                    "of the file has run"
                )
            return _ONLY_WARNS
        if ends is None or kinds[-1] is TransactionKind.BEGIN:
            return (
                "opens a transaction that nothing in the file ends: there is no error, and nothing of it stays or is "
                "recorded"
            )
        return None


def _in_block(contexts: Sequence[Context]) -> Iterator[Hit]:
    """Say where a DO block ends the transaction that is open around it: one statement alone has none."""
    if len(contexts) == 1 and not contexts[0].in_transaction:
        return
    for context in contexts:
        for action in _inner(context.statement):
            yield Hit(
                message="ends a transaction inside a DO block, which the server refuses while one is open around it, "
                "Diesel's or that of a file of several statements: the migration fails",
                span=action.span,
                subject="transaction",
                safe_form=SafeForm(
                    note="remove it, or put the block alone into a file with run_in_transaction = false"
                ),
            )
            return


def _inner(statement: Statement) -> Iterator[Transaction]:
    for inner in statement.body:
        yield from (each for each in inner.actions if isinstance(each, Transaction) and each.kind in _ENDS)
        yield from _inner(inner)
