"""What ``server_version`` in glowplug.toml says: whose server production runs, and which version of it.

There are MySQL 5, 8 and 9, and MariaDB 5, 10 and whatever came after: a number that stands alone is a MariaDB's from
10 on, and a MySQL's below.
"""

from __future__ import annotations

import re

from glowplug.dialect import Dialect

POSTGRESQL, MYSQL, MARIADB, SQLITE = "postgresql", "mysql", "mariadb", "sqlite"
NAMES = {POSTGRESQL: "PostgreSQL", MYSQL: "MySQL", MARIADB: "MariaDB", SQLITE: "SQLite"}
"""Vendors, as people call them."""

_FIRST_MARIADB_ALONE = 10
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_ANSWERED_BY_MARIADB = "5.5.5-"  # what MariaDB 10 puts before its own version for old replicas
_WORDS = {"postgre": POSTGRESQL, "maria": MARIADB, "mysql": MYSQL, "percona": MYSQL, "sqlite": SQLITE}
_VENDORS = {Dialect.POSTGRES: {POSTGRESQL}, Dialect.MYSQL: {MYSQL, MARIADB}, Dialect.SQLITE: {SQLITE}}
_NOT_YET = 30  # a major that none will have for a decade
_MAJORS = {
    POSTGRESQL: frozenset(range(7, _NOT_YET)),
    MYSQL: frozenset({5, 8, 9}),
    MARIADB: frozenset({5, *range(_FIRST_MARIADB_ALONE, _NOT_YET)}),
    SQLITE: frozenset({3}),
}
_SERIES = {
    (POSTGRESQL, 9): frozenset(range(7)),
    (MYSQL, 5): frozenset({0, 1, 5, 6, 7}),
    (MYSQL, 8): frozenset(range(5)),
    (MARIADB, 5): frozenset({1, 2, 3, 5}),
    (MARIADB, 10): frozenset(range(12)),
}
"""What stands behind the point in majors that get no further series."""
_WRITTEN = {
    Dialect.POSTGRES: '"16" or "16.4"',
    Dialect.MYSQL: '"8.4" (a MySQL), "mariadb-10.11", or "10.11" (a MariaDB: MySQL has no such)',
    Dialect.SQLITE: '"3.46"',
}


def vendor_and_number(text: str, dialect: Dialect) -> tuple[str, str]:
    """Read "16", "16.4", "8.4", "mariadb-10.11", "10.11", "3.46": the vendor, and the version's digits and dots.

    What holds no number has an empty one.
    """
    found = _NUMBER.search(text.removeprefix(_ANSWERED_BY_MARIADB))
    number = found.group() if found else ""
    if dialect is not Dialect.MYSQL:
        return (POSTGRESQL if dialect is Dialect.POSTGRES else SQLITE), number
    named = _named(text)
    if MARIADB in named:
        return MARIADB, number
    alone = MYSQL not in named and number != "" and _major(number) >= _FIRST_MARIADB_ALONE
    return (MARIADB if alone else MYSQL), number


def wrong_with(text: str, dialect: Dialect) -> str | None:
    """Say what keeps ``text`` from being a version of the backend's servers; None: nothing does."""
    vendor, number = vendor_and_number(text, dialect)
    foreign = _named(text) - _VENDORS[dialect]
    if foreign:
        reason = f"names {' and '.join(NAMES[each] for each in sorted(foreign))}, and the backend is {dialect.value}"
    elif not number:
        reason = "names no version"
    elif not _was(vendor, number):
        reason = f"there is no {NAMES[vendor]} {number}"
    else:
        return None
    return f'server_version = "{text}": {reason}; write {_WRITTEN[dialect]}'


def _was(vendor: str, number: str) -> bool:
    major, _, rest = number.partition(".")
    series = _SERIES.get((vendor, int(major)))
    return int(major) in _MAJORS[vendor] and (not rest or series is None or int(rest.partition(".")[0]) in series)


def _named(text: str) -> set[str]:
    return {vendor for word, vendor in _WORDS.items() if word in text.lower()}


def _major(number: str) -> int:
    return int(number.partition(".")[0])
