"""A row as one text, as PostgreSQL writes it."""

from __future__ import annotations

import re

_QUOTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)', re.DOTALL)


def fields(record: str) -> list[str | None]:
    """Take a row's text form apart: fields in parentheses, empty for NULL, quoted where needed."""
    inner = record[1:-1]
    if '"' not in inner:
        return [field or None for field in inner.split(",")]
    fields: list[str | None] = []
    for match in _QUOTED.finditer(inner):
        quoted, bare = match.groups()
        fields.append(bare or None if quoted is None else quoted.replace('""', '"').replace("\\\\", "\\"))
        if match.end() == len(inner) and not match.group().endswith(","):
            break
    return fields
