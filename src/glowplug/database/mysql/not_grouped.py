"""Columns that a query gives of each group though they may differ within it: MySQL refuses it (1055), MariaDB does not.

MySQL's manual, "MySQL Handling of GROUP BY": its sql_mode has had ONLY_FULL_GROUP_BY since 5.7.5, by which each column
is grouped by, or depends on what is: on a key, on what a WHERE makes equal, through a join or a view. Where one may
depend, nothing is said: only columns of a query's one table are told, whose groups hold no key, and which no WHERE
names. MariaDB's sql_mode does not have it by default, and its own rule knows of no dependence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.mysql.flat import INSIDE, NAME, Flat
from glowplug.database.mysql.not_mysql import Refused
from glowplug.sql.parts import ConstraintKind, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.statement import Statement

    Span = tuple[int, int]

SINCE = (5, 7, 5)
"""The first version whose default has the mode."""

_PART = r"(?:``|[\w$]+)"
_QUERY = re.compile(
    rf"\bSELECT (?:DISTINCT |ALL )?(?P<items>(?:(?!(?:FROM|SELECT|UNION|INTO) ){INSIDE})+)FROM (?P<table>{NAME}) "
    rf"(?:(?:AS )?(?!(?:WHERE|GROUP) )(?P<alias>{_PART}) )?"
    rf"(?:WHERE (?P<where>(?:(?!(?:GROUP|SELECT|UNION) ){INSIDE})+))?"
    rf"GROUP BY (?P<groups>(?:(?!(?:HAVING|ORDER|LIMIT|UNION|EXCEPT|INTERSECT|WINDOW|INTO|FOR|LOCK|ON|;) ){INSIDE})+)"
)
_ELEMENT = re.compile(rf"(?P<at>(?:(?!, ){INSIDE})+)(?:, )?")
_COLUMN = re.compile(rf"(?:(?P<of>{_PART}) \. )?(?P<at>{_PART}) ")
_GIVEN = re.compile(rf"(?:(?P<of>{_PART}) \. )?(?P<at>{_PART}|\*) (?:(?:AS )?(?P<as>''|{_PART}) )?")
_NO_COLUMN = re.compile(r"0 |.*\b(?:ROLLUP|ASC|DESC) ")
_PROGRAM = re.compile(
    r"^CREATE (?:OR REPLACE )?(?:DEFINER [^;]*?)?(?:AGGREGATE )?(?:PROCEDURE|FUNCTION|TRIGGER|EVENT) "
)
_UNLESS = "unless sql_mode lacks ONLY_FULL_GROUP_BY"
_READ_AT_MOST = 50_000  # characters of a statement
_KEYS = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE})


def not_grouped(text: str, statement: Statement, schema: Simulation) -> Iterator[Refused]:
    """Give the columns that queries of one statement give though their groups leave them open.

    ``schema``: as it is before the statement.
    """
    start, end = statement.span.start, statement.span.end
    if end - start > _READ_AT_MOST:
        return
    flat = Flat(text, start, end)
    line = f"{flat.line} "
    for found in () if _PROGRAM.search(line) else _QUERY.finditer(line):
        query = _Query(text, flat, line, found)
        facts = query.facts(schema)
        if facts is not None:
            yield from query.left_open(facts)


class _Query:
    """A query of one table with groups."""

    def __init__(self, text: str, flat: Flat, line: str, found: re.Match[str]) -> None:
        self._text = text
        self._flat = flat
        self._line = line
        self._found = found

    def facts(self, schema: Simulation) -> TableFacts | None:
        """Find its table, where all is known of it."""
        *before, name = self._said(self._found, "table").replace(" ", "").split(".")
        table = Name(name=name.strip("`"), schema=before[0].strip("`") if before else None)
        facts = schema.table(table)
        certain = facts is not None and facts.columns_known and schema.doubt is None
        return facts if certain and schema.doubt_about(table) is None else None

    def left_open(self, facts: TableFacts) -> Iterator[Refused]:
        """Give its columns that are in no group and depend on none."""
        groups = self._groups(facts)
        if groups is None or any(key <= groups for key in _keys(facts)):
            return
        for element in self._elements("items"):
            given = _GIVEN.fullmatch(self._line, *element)
            if given is None or not self._is_own(given, facts) or self._called(given) & groups:
                continue
            said = self._called(given, "at")
            for column in facts.columns.values():
                if {column.name.casefold(), "*"} & said and not self._may_depend(column, groups):
                    start, end = self._flat.span(given, "at")
                    by = f" by {', '.join(sorted(groups))}" if groups else ""
                    what = f"the column {column.name}, which a query gives that groups{by} (error 1055, {_UNLESS})"
                    yield Refused(what=what, start=start, end=end)

    def _may_depend(self, column: ColumnFacts, groups: frozenset[str]) -> bool:
        where = self._found["where"] or ""
        named = "``" in where or column.name.upper() in where.split()
        return named or column.generated is not None or column.name.casefold() in groups

    def _called(self, given: re.Match[str], group: str = "as") -> frozenset[str]:
        """Give a column's name, or the other one that it is given; none where it has none."""
        return frozenset() if given[group] is None else frozenset({self._said(given, group).strip("`'\"").casefold()})

    def _groups(self, facts: TableFacts) -> frozenset[str] | None:
        """Give the columns that it groups by; None where they can't be told."""
        names = set()
        for element in self._elements("groups"):
            column = _COLUMN.fullmatch(self._line, *element)
            if _NO_COLUMN.fullmatch(self._line, *element) or (column is not None and not self._is_own(column, facts)):
                return None
            if column is not None:
                names.add(self._said(column, "at").strip("`").casefold())
            elif "(" not in self._line[slice(*element)]:
                return None
        return frozenset(names)

    def _elements(self, group: str) -> Iterator[Span]:
        for element in _ELEMENT.finditer(self._line, *self._found.span(group)):
            yield element.span("at")

    def _is_own(self, column: re.Match[str], facts: TableFacts) -> bool:
        """Whether a column is its table's by what stands before it."""
        if column["of"] is None:
            return True
        names = {facts.name.name.casefold()}
        if self._found["alias"] is not None:
            names = {self._said(self._found, "alias").strip("`").casefold()}
        return self._said(column, "of").strip("`").casefold() in names

    def _said(self, found: re.Match[str], group: str) -> str:
        return self._text[slice(*self._flat.span(found, group))]


def _keys(facts: TableFacts) -> Iterator[frozenset[str]]:
    for index in facts.indexes.values():
        if index.unique:
            yield frozenset(key.column.casefold() for key in index.keys if key.column is not None)
    for constraint in facts.constraints.values():
        if constraint.definition.kind in _KEYS:
            yield frozenset(map(str.casefold, constraint.definition.columns))
