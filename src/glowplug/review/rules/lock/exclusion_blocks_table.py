"""Rule ``exclusion-blocks-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import condition, is_new, lead, weight
from glowplug.sql.actions import AddConstraint
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action


class ExclusionBlocksTable(Rule):
    """An EXCLUDE constraint builds its index while nobody can read the table, and there is no way round.

    ## What it does
    Finds `ADD CONSTRAINT … EXCLUDE` on a table that was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock and builds the index under it, reading the whole table. Every query waits, SELECT
    too, until the migration's transaction ends. An exclusion constraint can't be NOT VALID, and can't use an index that
    is there.

    ## Example
    ```sql before
    CREATE TABLE bookings (id bigint PRIMARY KEY, during tstzrange NOT NULL);
    ```
    ```sql up
    ALTER TABLE bookings ADD CONSTRAINT bookings_during_excl EXCLUDE USING gist (during WITH &&);
    ```

    ## Use instead
    Put it on a new table, to which the rows are moved in batches; or run it in a maintenance window.
    ```sql before
    CREATE TABLE bookings (id bigint PRIMARY KEY, during tstzrange NOT NULL);
    ```
    ```sql up
    CREATE TABLE new_bookings (
      id bigint PRIMARY KEY,
      during tstzrange NOT NULL,
      CONSTRAINT bookings_during_excl EXCLUDE USING gist (during WITH &&)
    );
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock, and the transaction fetches every block of the table.
    """

    hazards = (19,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddConstraint,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where it reads a table that is not new."""
        if not isinstance(action, AddConstraint) or action.constraint.kind is not ConstraintKind.EXCLUDE:
            return
        table = action.table
        if is_new(context, table):
            return
        name = action.constraint.name or "the exclusion constraint"
        yield Hit(
            message=f"{lead(context)}builds the index of {name}, reading all of {table}, under an ACCESS "
            "EXCLUSIVE "
            f"lock: {words.READERS_WAIT}{condition(context, table)}",
            span=action.span,
            subject=f"{table}.{name}",
            severity=weight(context),
            safe_form=SafeForm(
                note=f"make a new table with the constraint and move the rows of {table} in batches, or keep a window "
                "free"
            ),
        )
