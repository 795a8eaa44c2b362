"""A row as one text, as PostgreSQL writes it."""

from __future__ import annotations

import csv
import re

_QUOTED = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)', re.DOTALL)
_RECORD = re.compile(r'\([^"()]*(?:"[^"]*"[^"()]*)*\)')
_LONG = 100_000  # csv refuses a field of more than 131,072 characters


def records(text: str) -> list[list[str | None]]:
    """Take rows' text forms apart that follow one another without anything in between, each as ``fields`` does."""
    found = _RECORD.findall(text)
    if '""' in text or "\\" in text or len(text) > _LONG:
        return [fields(record) for record in found]
    return [[field or None for field in row] for row in csv.reader([record[1:-1] for record in found], strict=True)]


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
