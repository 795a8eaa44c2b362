"""A row as one text, as PostgreSQL writes it."""

from __future__ import annotations

import csv
import re

_QUOTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)', re.DOTALL)
_LONG = 100_000  # csv refuses a field of more than 131,072 characters


def fields(record: str) -> list[str | None]:
    """Take a row's text form apart: fields in parentheses, empty for NULL, quoted where needed."""
    inner = record[1:-1]
    if '"' not in inner:
        return [field or None for field in inner.split(",")]
    if '""' in inner or len(inner) > _LONG:
        return _one_by_one(inner)
    (found,) = csv.reader([inner], strict=True)  # nothing is quoted in a field, and none is empty but not NULL
    if "\\" in inner:
        found = [field.replace("\\\\", "\\") for field in found]
    return [field or None for field in found]


def _one_by_one(inner: str) -> list[str | None]:
    fields: list[str | None] = []
    for match in _QUOTED.finditer(inner):
        quoted, bare = match.groups()
        fields.append(bare or None if quoted is None else quoted.replace('""', '"').replace("\\\\", "\\"))
        if match.end() == len(inner) and not match.group().endswith(","):
            break
    return fields
