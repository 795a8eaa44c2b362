"""Rule ``partition-of-blocks-parent``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import LockMode, Locks, Scans
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.lock import _words as words
from glowplug.review.wording import condition, is_new, lead, sql, weight
from glowplug.schema.simulation.naming import cut
from glowplug.sql.actions import CreateTable
from glowplug.sql.parts import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_LONGEST = 63
_BOUNDS = re.compile(r"\b(FOR\s+VALUES\b.*?\)|DEFAULT)\s*(?:PARTITION\s+BY\b.*)?$", re.IGNORECASE | re.DOTALL)
_RANGE = re.compile(r"FROM\s*\((?P<low>.*)\)\s*TO\s*\((?P<high>.*)\)$", re.IGNORECASE | re.DOTALL)
_LIST = re.compile(r"\bIN\s*\((?P<values>.*)\)$", re.IGNORECASE | re.DOTALL)
_KEY = re.compile(r"(?P<how>range|list) \((?P<column>[^(),]+)\)")
_OPEN = frozenset({"minvalue", "maxvalue"})


class PartitionOfBlocksParent(Rule):
    """A partition is made in place, under a lock that shuts everybody out of the whole partitioned table.

    ## What it does
    Finds `CREATE TABLE … PARTITION OF` a table that was there before the migration.

    ## Why it is harmful
    It takes an ACCESS EXCLUSIVE lock on the partitioned table, and on its DEFAULT partition, all of which it reads to
    look for rows that belong into the new one. The lock waits for every query that runs; every query that comes later,
    SELECT too, waits behind it, and until the migration's transaction ends.

    ## Example
    ```sql before
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    ```
    ```sql up
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    ```

    ## Use instead
    Make a table like it, and attach that: others read and write meanwhile. A DEFAULT partition is locked with ACCESS
    EXCLUSIVE even so, and read whole, unless a CHECK on it says that it holds no such rows: add that before, `NOT
    VALID`, and validate it. Where the table has an identity column, say `EXCLUDING IDENTITY`: from PostgreSQL 17 on
    ATTACH refuses a table that has one.
    ```sql before
    CREATE TABLE events (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
    ```
    ```sql up
    CREATE TABLE events_2024 (LIKE events INCLUDING ALL);
    ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    ```

    ## How it was proven
    On PostgreSQL 14 to 18, `pg_locks` shows AccessExclusiveLock on the partitioned table and on the DEFAULT partition,
    all of whose blocks the transaction fetches; ATTACH PARTITION holds ShareUpdateExclusiveLock on the partitioned
    table, and with a validated CHECK on the DEFAULT partition it fetches no block of that.
    """

    hazards = (66,)
    dialects = frozenset({Dialect.POSTGRES})
    severity = Severity.WARNING
    actions = (CreateTable,)
    claims = (
        Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.ACCESS_EXCLUSIVE),
        Locks(dialect=Dialect.POSTGRES, on="default", mode=LockMode.ACCESS_EXCLUSIVE),
        Scans(dialect=Dialect.POSTGRES, on="default"),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say where a partitioned table in use is locked."""
        if not isinstance(action, CreateTable) or action.partition_of is None:
            return
        parent, table = action.partition_of, action.table
        if is_new(context, parent) or (action.if_not_exists and context.schema.table(table) is not None):
            return
        default = context.held.default_of(parent, context.schema)
        default = None if default is None or is_new(context, default) else default
        also = "" if default is None else f" and its DEFAULT partition {default}, all of which it reads"
        unless = "" if default is None else f" or {default}"
        if default is None and context.schema.doubt_about(parent) is not None:
            also = ", and on its DEFAULT partition, which it reads whole, if there is one"
        yield Hit(
            message=f"{lead(context)}makes {table} under an ACCESS EXCLUSIVE lock on {parent}{also}: it waits for "
            f"every query that runs on {parent}{unless}, and every later one, SELECT too, waits behind it until the "
            f"migration has ended{condition(context, parent)}",
            span=action.span,
            subject=str(table),
            severity=weight(context, self.severity),
            safe_form=_safe_form(context, action, parent, default),
        )


def _safe_form(context: Context, action: CreateTable, parent: Name, default: Name | None) -> SafeForm:
    here, its = sql(context, parent), sql(context, action.table)
    found = _BOUNDS.search(context.text(action.span))
    bounds = found[1] if found else "DEFAULT"
    attach = Step(
        name=f"add_{action.table.name}",
        up=f"CREATE TABLE {its} (LIKE {here} INCLUDING ALL{_but_identity(context, parent)});\n"
        f"ALTER TABLE {here} ATTACH PARTITION {its} {bounds};",
        down=f"DROP TABLE {its};",
    )
    note = f"foreign keys of {parent} are not in LIKE: ATTACH adds them"
    if context.down:
        return SafeForm(replacement=attach.up.removesuffix(";"), note=note)
    if default is None:
        known = context.schema.doubt_about(parent) is None
        locks = "" if known else f"; where {parent} has a DEFAULT partition, ATTACH locks that too, and reads it whole"
        return SafeForm(steps=(attach,), note=note + locks)
    locked = f"ATTACH takes an ACCESS EXCLUSIVE lock on {default}: set a lock timeout"
    outside = _outside(context, parent, bounds)
    if outside is None:
        proof = f"a CHECK on {default} that is validated before, and says that it holds no such row, spares the reading"
        return SafeForm(steps=(attach,), note=f"{note}; {locked}; it reads {default} whole under it: {proof}")
    name = cut(f"{default.name}_not_{action.table.name}", _LONGEST)
    return SafeForm(
        steps=(
            words.add_not_valid(context, default, name, f"CHECK ({outside})"),
            words.validate(context, default, name),
            replace(attach, note=f"the CHECK spares reading {default}; it has done its work then, and may be dropped"),
        ),
        note=f"{note}; {locked}",
    )


def _but_identity(context: Context, parent: Name) -> str:
    """Leave out what ATTACH refuses from PostgreSQL 17 on, and what a partition has not before."""
    facts = context.schema.table(parent)
    known = facts is not None and facts.columns_known
    numbers = {None, Identity.SERIAL}
    if facts is not None and known and all(each.identity in numbers for each in facts.columns.values()):
        return ""
    return " EXCLUDING IDENTITY"


def _outside(context: Context, parent: Name, bounds: str) -> str | None:
    """Write what holds of each row that does not belong into a new partition; None where that is not plain."""
    facts = context.schema.table(parent)
    key = None if facts is None or facts.partition_by is None else _KEY.fullmatch(facts.partition_by)
    if key is None:
        return None
    column = sql(context, key["column"])
    listed, between = _LIST.search(bounds), _RANGE.search(bounds)
    if key["how"] == "list":
        values = "" if listed is None else listed["values"]
        return f"{column} NOT IN ({values})" if values and not re.search(r"\bnull\b", values, re.IGNORECASE) else None
    if between is None:
        return None
    ends = (("<", between["low"].strip()), (">=", between["high"].strip()))
    return " OR ".join(f"{column} {sign} {end}" for sign, end in ends if end.lower() not in _OPEN) or None
