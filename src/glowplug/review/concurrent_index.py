"""What takes the place of a CREATE INDEX: the same concurrently; of a partitioned table, one for each partition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.finding import SafeForm, Step
from glowplug.review.wording import NOT_IN_A_DOWN, sql
from glowplug.schema.simulation.naming import cut

if TYPE_CHECKING:
    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.actions import CreateIndex

_NAME = r'(?:"(?:[^"]|"")*"|[^\s(."]+)'
_HEAD = re.compile(
    r"(?P<create>CREATE\s+(?:UNIQUE\s+)?INDEX)\s+(?P<unless>IF\s+NOT\s+EXISTS\s+)?"
    rf"(?:(?!ON\s){_NAME}\s+)?ON\s+(?:ONLY\s+)?{_NAME}(?:\s*\.\s*{_NAME})?\s*",
    re.IGNORECASE,
)


def build_of(context: Context, action: CreateIndex, name: str, table: str, *, concurrently: bool = True) -> str:
    """Write the statement with its name, on ``table``."""
    text = context.text(action.span)
    found = _HEAD.match(text)
    if found is None:
        return text
    how = "CONCURRENTLY " if concurrently else ""
    unless = "IF NOT EXISTS " if found["unless"] else ""
    return f"{found['create']} {how}{unless}{sql(context, name)} ON {table} {text[found.end() :]}"


def partition_by_partition(context: Context, action: CreateIndex, name: str, facts: TableFacts) -> SafeForm:
    """On the parent alone, which builds nothing; concurrently on each partition; then attached."""
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    index = sql(context, replace(action.table, name=name))
    parent = build_of(context, action, name, f"ONLY {sql(context, action.table)}", concurrently=False)
    steps = [Step(name=f"index_{action.table.name}", up=f"{parent};", down=f"DROP INDEX IF EXISTS {index};")]
    attached, again = [], [f"DROP INDEX {index};", f"{parent};"]
    for partition in facts.partitions:
        own = cut(f"{partition.name}_{name}", 63)
        build = build_of(context, action, own, sql(context, partition))
        its = sql(context, replace(partition, name=own))
        again.append(f"{build_of(context, action, own, sql(context, partition), concurrently=False)};")
        attached.append(f"ALTER INDEX {index} ATTACH PARTITION {its};")
        down = f"DROP INDEX CONCURRENTLY IF EXISTS {its};"
        steps.append(Step(name=f"index_{partition.name}", up=f"{build};", down=down, run_in_transaction=False))
    if not attached:
        return SafeForm(steps=tuple(steps), note=f"and build and attach one for each partition of {action.table}")
    last = Step(
        name=f"attach_{name}",
        up="\n".join(attached),
        down="\n".join(again),
        note="no ATTACH can be undone: its down builds the partitions' indexes again, and writes to them wait for "
        f"that; where {action.table} is large, go back by new migrations",
    )
    return SafeForm(steps=(*steps, last))
