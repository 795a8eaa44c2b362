"""Rule ``default-rewrites-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review import seeded
from glowplug.review.claims import LockMode, Locks, Rewrites
from glowplug.review.domain import domain_of
from glowplug.review.emptied import emptied_by
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.rewrite import _words as words
from glowplug.review.virtual import or_virtual
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, joined, lead, others_stay, sql, weight
from glowplug.sql.actions import AddColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.review.domain import Domain
    from glowplug.schema.simulation import Simulation
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Column

_VOLATILE = frozenset(
    {
        *("clock_timestamp", "gen_random_bytes", "gen_random_uuid", "nextval", "pg_sleep", "random", "random_normal"),
        *("statement_timestamp_", "timeofday", "txid_current_", "uuid_generate_v1", "uuid_generate_v1mc"),
        *("uuid_generate_v4", "uuidv4", "uuidv7", "setseed", "setval", "currval", "lastval"),
    }
)
"""The volatile functions of pg_proc, and those of uuid-ossp and pgcrypto, that a default may well call."""
_ONE_VALUE = frozenset({"currval", "lastval", "setseed", "setval"})
"""Those that give every row the same."""


class DefaultRewritesTable(Rule):
    """A column is added whose value differs from row to row, and every row is written anew.

    ## What it does
    Finds `ADD COLUMN` on a table that was there before the migration, where each row needs a value of its own: with a
    volatile default (`gen_random_uuid()`, `random()`, `clock_timestamp()`), be it the column's or its domain's; with
    serial or identity; as a stored generated column; or of a domain with a CHECK or NOT NULL, which each row is held
    against. It says nothing of a constant default, nor of `now()` and `CURRENT_TIMESTAMP`: they are evaluated once, and
    no row is written.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock and writes the whole table. Every query waits, SELECT too, until the migration's
    transaction ends.

    ## Example
    ```sql before
    CREATE TABLE orders (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();
    ```

    ## Use instead
    Add the column without a default, then the default, which holds for rows to come; fill the old ones in batches.
    Instead of a domain with constraints take its base type, and a CHECK that is `NOT VALID` and validated later.
    ```sql before
    CREATE TABLE orders (id bigint PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE orders ADD COLUMN token uuid;
    ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();
    ```

    ## How it was proven
    On PostgreSQL 14 to 18: the table is in another file afterwards (relfilenode), under AccessExclusiveLock; in two
    statements neither rewrites. A domain's CHECK does so with any default and with none, and where it is `NOT VALID`
    too; an array of the domain does not.
    """

    hazards = (22, 24, 25, 26)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    actions = (AddColumn,)
    covers = ("primary-key-blocks-table", "unique-blocks-table")
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Rewrites(dialect=Dialect.POSTGRES, on="table"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where each row needs a value of its own."""
        if not isinstance(action, AddColumn) or is_new(context, action.table):
            return
        column = action.column
        domain = domain_of(column.type, context.schema)
        why, certain = _why(column, domain, context.schema)
        if why is None:
            return
        name = f"{action.table}.{column.name}"
        emptied = emptied_by(context, action.table)
        if emptied is not None:
            yield from words.of_no_rows(context, action, name, f"adds {column.name} to {action.table}", emptied)
            return
        writes = "writes" if certain else "may write"
        yield Hit(
            message=f"{lead(context)}{writes} every row of {action.table} anew, for {why}, under an ACCESS EXCLUSIVE "
            "lock: every query on it waits, SELECT too, until the migration has ended"
            f"{condition(context, action.table)}",
            span=action.span,
            subject=name,
            severity=weight(context, Severity.ERROR if certain else Severity.WARNING),
            hazards=(24,)
            if column.identity
            else (25,)
            if column.generated
            else (26,)
            if domain is not None and domain.demands
            else (22,),
            safe_form=_safe_form(action, domain, context),
        )


def rewrites(action: AddColumn, schema: Simulation) -> bool:
    """Tell whether it writes every row anew, as far as that is certain, whether the table is new or not."""
    why, certain = _why(action.column, domain_of(action.column.type, schema), schema)
    return why is not None and certain


def _why(column: Column, domain: Domain | None, schema: Simulation) -> tuple[str | None, bool]:
    if column.identity is not None:
        return f"{column.name} numbers each of them", True
    if column.generated is not None:
        return (f"{column.name} is computed from each of them and stored", True) if column.stored else (None, True)
    if domain is not None and domain.demands:
        return f"what the domain {domain.name} demands is looked at in each of them", True
    default = column.default if column.default is not None or domain is None else domain.default
    unsure: str | None = None
    for function in () if default is None else default.functions:
        bare = function.rpartition(".")[2]
        if bare in _VOLATILE:
            return f"{bare}() {'is volatile' if bare in _ONE_VALUE else 'gives each of them another value'}", True
        routine = schema.routine(function)
        if routine is not None and routine.volatility not in ("immutable", "stable"):
            unsure = f"{bare}(), a volatile function of your own, may give each of them another value"
    return unsure, unsure is None


def _safe_form(action: AddColumn, domain: Domain | None, context: Context) -> SafeForm:
    table, column = sql(context, action.table), action.column
    its = sql(context, column.name)
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    if column.generated is not None:
        return SafeForm(note=f"fill a plain column in batches and by a trigger{or_virtual(action, context)}")
    if column.identity is not None:
        return SafeForm(note="add a plain column, a sequence and a default; number the old rows in batches")
    default = column.default if column.default is not None or domain is None else domain.default
    lines = [f"ALTER TABLE {table} ADD COLUMN {its} {column.type if domain is None else domain.base};"]
    if default is not None:
        lines.append(f"ALTER TABLE {table} ALTER COLUMN {its} SET DEFAULT {default.text};")
    notes = ["then fill the old rows in batches"] if default is not None else []
    if domain is not None and domain.demands:
        notes.append(f"demand what {domain.name} does by a CHECK that is NOT VALID, and validate it later")
    if column.not_null:
        notes.append("demand NOT NULL later")
    return SafeForm(
        steps=(
            Step(
                name=f"add_{column.name}_to_{action.table.name}",
                up="\n".join(lines),
                down=f"ALTER TABLE {table} DROP COLUMN {its};",
                note=joined(others_stay(context), ", and ".join(notes)),
            ),
            *(() if default is None else seeded.filled(context, action.table, column.name, default.text)),
        )
    )
