"""What partitions ask of a row, as conditions: beyond the last range, or in no list, there is no place for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.schema.tables import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLAUSE = re.compile(r"PARTITION BY (.*?)(?:\*/)?\Z", re.DOTALL)
_KIND = re.compile(r"\s*(RANGE|LIST)\s*(?:COLUMNS\s*)?\((.*?)\)\s*\n?\s*\(PARTITION", re.DOTALL)
_BELOW = re.compile(r"VALUES LESS THAN (?:\((.*?)\)|(MAXVALUE)) ENGINE")
_IN = re.compile(r"VALUES IN \((.*?)\) ENGINE")


def partition_key(create: str) -> str | None:
    """Give what stands behind PARTITION BY, the partitions included."""
    found = _CLAUSE.search(_options(create))
    return found.group(1).strip() if found else None


def partition_checks(create: str) -> Iterator[Check]:
    """Give the condition on a row for there to be a partition for it; none where every row has one."""
    key = partition_key(create)
    found = _KIND.match(key) if key else None
    if key is None or found is None:
        return
    kind, of = found.group(1), found.group(2).strip()
    if "," in of:  # several columns are compared as one row
        return
    if kind == "RANGE":
        bounds = _BELOW.findall(key)
        last = bounds[-1][0].strip() if bounds else "MAXVALUE"
        if last not in {"", "MAXVALUE"}:
            yield Check(name="partitions", expression=f"{of} < {last}")
    elif "DEFAULT" not in key:
        values = ",".join(_IN.findall(key))
        if values:
            yield Check(name="partitions", expression=f"{of} in ({values})")


def _options(create: str) -> str:
    return create[create.rfind("\n)") :]
