"""Versions as Diesel cuts them out of names, and what goes wrong with them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import Place, Severity
from glowplug.project.faults import ORDER_IS_BYTEWISE, VERSION_IS_CUT, VERSION_TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.finding import Finding
    from glowplug.project.migration import Migration

LONGEST_VERSION = 50  # characters: __diesel_schema_migrations.version is VARCHAR(50)
_DATE_CUT_AT_UNDERSCORE = re.compile(r"((19|20)\d\d_\d\d?_\d\d?|(19|20)\d{2}-?\d\d-?\d\d_\d{4,6})(?=\D|$)")
_COUNTER = re.compile(r"\d{1,7}")  # longer ones are dates, which sort bytewise as they are meant


def version_of(name: str) -> str:
    """Give the version in a directory's name: the text before the first ``_``, with every ``-`` removed."""
    return name.partition("_")[0].replace("-", "")


def remarks_on_versions(migrations: Sequence[Migration], dialect: Dialect | None) -> Iterator[Finding]:
    """Tell of versions that don't fit the column, are cut short, or sort otherwise than numbers do.

    ``migrations`` stand in Diesel's order.
    """
    for migration in migrations:
        place = Place(file=migration.path)
        if len(migration.version) > LONGEST_VERSION:
            yield VERSION_TOO_LONG.found(
                f"The version of {migration.name} has {len(migration.version)} characters; the column that Diesel "
                f"keeps it in, __diesel_schema_migrations.version, holds {LONGEST_VERSION}. SQLite accepts it, "
                "PostgreSQL and MySQL refuse it after the migration has run.",
                version=migration.version,
                migration=migration.name,
                place=place,
                severity=Severity.WARNING if dialect is Dialect.SQLITE else None,
            )
        if _DATE_CUT_AT_UNDERSCORE.match(migration.name):
            yield VERSION_IS_CUT.found(
                f"Diesel takes only {migration.version!r} of {migration.name} as its version: it ends at the first _. "
                "The next migration named so will collide with it. Write the date with - or without anything in "
                "between.",
                version=migration.version,
                migration=migration.name,
                place=place,
            )
    for before, after in pairwise(migrations):
        counters = _COUNTER.fullmatch(before.version) and _COUNTER.fullmatch(after.version)
        if counters and int(before.version) > int(after.version):
            yield ORDER_IS_BYTEWISE.found(
                f"Diesel runs {after.name} after {before.name}, since it compares versions as text, not as numbers. "
                "Write the numbers with leading zeros.",
                version=after.version,
                migration=after.name,
                place=Place(file=after.path),
            )
