"""Rule ``search-path-changed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review.claims import Fails
from glowplug.review.rule import Hit, Rule
from glowplug.sql.actions import SetVariable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.statement import Statement


class SearchPathChanged(Rule):
    """The file leaves a search_path under which Diesel does not find its own table.

    ## What it does
    Finds `SET search_path`, `SET LOCAL search_path` and `set_config('search_path', …)`, as `pg_dump` writes it, where
    the path at the end of the file leaves out `public`.

    ## Why it is harmful
    After the file Diesel inserts into `__diesel_schema_migrations` (on the way back it deletes), without a schema: the
    table is not found, and the migration fails. `SET` without `LOCAL` also stays in force for the migrations after it.

    ## Example
    ```sql up
    SET search_path = shop;
    ```

    ## Use instead
    Name the schema in each statement, or put the path back at the end of the file.
    ```sql up
    SET search_path = shop, public;
    ```

    ## How it was proven
    Such files were run as Diesel runs them on PostgreSQL 14 to 18: SQLSTATE 42P01 from the bookkeeping statement.
    """

    hazards = (124, 47)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.ERROR
    claims = (Fails(dialect=Dialect.POSTGRES, code="42P01"),)

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Look at the path that is in force when the file has ended."""
        last: tuple[Context, SetVariable] | None = None
        for context in contexts:
            for action in _actions(context.statement):
                if isinstance(action, SetVariable) and action.name in ("search_path", "all"):
                    local_is_over = action.scope == "local" and not context.in_transaction
                    last = None if local_is_over else (context, action)
        if last is None:
            return
        context, action = last
        if action.value is None or "public" in _schemas(action.value):
            return
        bookkeeping = "DELETE from" if context.down else "INSERT into"
        yield Hit(
            message=f"leaves the search_path {action.value or '(empty)'!s}, where Diesel's {bookkeeping} "
            "__diesel_schema_migrations does not find the table in public: the migration fails",
            span=action.span,
            subject="search_path",
            safe_form=SafeForm(note="qualify the names instead, or end the file with: SET search_path TO DEFAULT;"),
        )


def _actions(statement: Statement) -> Iterator[Action]:
    yield from statement.actions
    for inner in statement.body:
        yield from _actions(inner)


def _schemas(value: str) -> set[str]:
    return {part.strip().strip("\"'").casefold() for part in value.split(",")}
