"""Rule ``vacuum-in-transaction``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Fails
from glowplug.review.rebuild import moments
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import NOTHING_TO_UNDO, lead
from glowplug.sql.actions import Maintain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context


class VacuumInTransaction(Rule):
    """VACUUM in a transaction, which SQLite refuses.

    ## What it does
    Finds, on SQLite, VACUUM in a file that Diesel runs in a transaction, or that has opened one itself.

    ## Why it is harmful
    The migration fails on every database.

    ## Example
    ```sql up
    VACUUM;
    ```

    ## Use instead
    A metadata.toml with `run_in_transaction = false`.
    ```sql up no-transaction
    VACUUM;
    ```

    ## How it was proven
    On SQLite, in a transaction and without one.
    """

    hazards = (139,)
    dialects = frozenset({Dialect.SQLITE})
    severity = Severity.ERROR
    claims = (Fails(dialect=Dialect.SQLITE, code="cannot VACUUM from within a transaction"),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say which VACUUM stands in a transaction."""
        actions = [action for context in contexts for action in context.statement.actions]
        if not any(isinstance(action, Maintain) and action.verb == "vacuum" for action in actions):
            return
        for moment in moments(contexts):
            action = moment.action
            if not (isinstance(action, Maintain) and action.verb == "vacuum" and moment.in_transaction):
                continue
            context = moment.context
            step = Step(
                name="vacuum",
                up=f"{context.text(context.statement.span)};",
                down=NOTHING_TO_UNDO,
                run_in_transaction=False,
            )
            yield Hit(
                message=f"{lead(context)}fails: SQLite refuses VACUUM while a transaction is open",
                span=action.span,
                subject="VACUUM",
                safe_form=SafeForm(steps=() if context.down else (step,)),
            )
