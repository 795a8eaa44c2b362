"""Edge rows: each meets what a table asks for now, and is unlike the rows that one thinks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.database.rows import Value  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding.edge_rows import EdgeRows
from glowplug.rehearsal.seeding.edge_values import edge_values, null
from glowplug.rehearsal.seeding.known import Known
from glowplug.rehearsal.seeding.makers import Making
from glowplug.rehearsal.seeding.seed import plans_of
from glowplug.rehearsal.seeding.settings import is_about
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from glowplug.database.rows import Rows
    from glowplug.rehearsal.seeding.plan import Plan
    from glowplug.rehearsal.seeding.settings import DataSettings
    from glowplug.schema.tables import ForeignKey, Table


EQUAL = "two equal values"
ORPHANED = "a value that refers to nothing"
FOLDED = "two values that it makes equal"
REFUSED_BY = "a row that "


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """Rows with one thing that is odd: ``value`` says what in words, ``rows`` are complete.

    ``columns``: where it is. ``query`` finds such rows in production; None: no query is known that does. ``whole``: it
    finds all that tables refuse for the same thing, where they ask for that.
    """

    table: str
    columns: tuple[str, ...]
    value: str
    rows: tuple[Mapping[str, Value], ...]
    query: str | None
    whole: bool = False


def edges(
    rows: Rows,
    tables: Sequence[Table],
    *,
    dialect: Dialect,
    settings: DataSettings,
    only: Collection[str],
    later: Sequence[Table] = (),
) -> tuple[Edge, ...]:
    """Make edge rows for the tables called ``only``; nothing is written.

    Their foreign keys refer to rows that are there. What ``later`` (the tables after the migration, with the names
    before it) may refuse comes first: what its conditions exclude, its unique columns and references, narrower types.
    A table of which no row can be made has none.
    """
    plans = plans_of(tables, later=(), dialect=dialect, settings=settings, only=only)
    known = Known(rows, {each.name: each for each in tables}, stirred=True)
    after = {each.name: each for each in later}
    making = Making(dialect=dialect, seed=settings.seed)
    found: list[Edge] = []
    for name, plan in plans.items():
        skipped = any(each.skip and is_about(each.table, name) for each in settings.table)
        if name in only and plan.why is None and not skipped:
            maker = EdgeRows(plan, known, making)
            found.extend(_Edges(plan, after.get(name), maker, dialect).all())
    return tuple(found)


def rows_with(
    rows: Rows,
    tables: Sequence[Table],
    name: str,
    values: Sequence[Mapping[str, Value]],
    *,
    dialect: Dialect,
    settings: DataSettings,
) -> tuple[Mapping[str, Value], ...] | None:
    """Make rows of one table with these values; None where it takes one of them not, or may not, or has no rows."""
    plan = plans_of(tables, later=(), dialect=dialect, settings=settings, only=[name]).get(name)
    skipped = any(each.skip and is_about(each.table, name) for each in settings.table)
    if plan is None or plan.why is not None or skipped:
        return None
    known = Known(rows, {each.name: each for each in tables}, stirred=True)
    maker = EdgeRows(plan, known, Making(dialect=dialect, seed=settings.seed))
    made = [maker.with_values(each) for each in values]
    return None if None in made else tuple(row for row in made if row is not None)


class _Edges:
    """The edges of one table."""

    def __init__(self, plan: Plan, later: Table | None, maker: EdgeRows, dialect: Dialect) -> None:
        self._plan = plan
        self._later = later
        self._maker = maker
        self._dialect = dialect
        self._sql = self._in_production(plan.table)
        self._linked = frozenset(name for link in plan.links for name in link.columns)

    def all(self) -> Iterator[Edge]:
        """Give them, the likeliest to matter first."""
        if self._later is not None:
            yield from self._excluded(self._later)
            yield from self._unreferenced(self._later)
            there = {each.name for each in self._plan.table.columns}
            for unique in self._later.uniques:
                columns = tuple(each for each in unique.columns if each is not None)
                if columns and len(columns) == len(unique.columns) and there.issuperset(columns):
                    yield from self._equal(columns, nulls_distinct=unique.nulls_distinct)
        yield from self._values()
        for planned in self._plan.columns:
            if not planned.column.numbered:
                yield from self._equal((planned.column.name,))

    def _edge(
        self,
        columns: tuple[str, ...],
        words: str,
        rows: Sequence[Mapping[str, Value]],
        query: str | None,
        *,
        whole: bool = True,
    ) -> Edge:
        table = self._plan.table.name
        return Edge(table=table, columns=columns, value=words, rows=tuple(rows), query=query, whole=whole)

    def _in_production(self, table: Table) -> str:
        """SQL for a table where the database has another name than here."""
        return table.sql if self._dialect is Dialect.POSTGRES else quoted(table.name, self._dialect)

    def _name(self, column: str) -> str:
        return quoted(column, self._dialect)

    def _values(self) -> Iterator[Edge]:
        after = {} if self._later is None else {each.name: each.type for each in self._later.columns}
        for planned in self._plan.columns:
            column = planned.column
            if column.numbered:
                continue
            odd = [null()] if column.nullable else []
            if column.name not in self._linked:
                odd += edge_values(column.type, after.get(column.name), self._dialect)
            for each in odd:
                row = self._maker.with_values({column.name: each.value})
                if row is not None:
                    query = None
                    if each.where is not None:
                        shown = self._name(column.name) + ("::numeric" if column.type.name == "money" else "")
                        query = f"SELECT * FROM {self._sql} WHERE {each.where.format(c=shown)}"
                    yield self._edge((column.name,), each.words, (row,), query, whole=each.whole)

    def _equal(self, columns: tuple[str, ...], *, nulls_distinct: bool = True) -> Iterator[Edge]:
        pair = self._maker.pair(columns)
        if pair is not None:
            nullable = {each.name for each in self._plan.table.columns if each.nullable}
            names = {each: self._name(each) for each in columns}
            equal = [f"{name} IS NOT NULL" for each, name in names.items() if nulls_distinct and each in nullable]
            where = f" WHERE {' AND '.join(equal)}" if equal else ""
            listed = ", ".join(names.values())
            query = f"SELECT {listed}, count(*) FROM {self._sql}{where} GROUP BY {listed} HAVING count(*) > 1"
            yield self._edge(columns, EQUAL, pair, query)

    def _unreferenced(self, later: Table) -> Iterator[Edge]:
        now = {(each.columns, each.table) for each in self._plan.table.foreign_keys if each.enforced}
        for key in later.foreign_keys:
            if (key.columns, key.table) not in now and key.enforced:
                row = self._maker.orphan(key)
                if row is not None:
                    yield self._edge(key.columns, ORPHANED, (row,), self._orphans(key))

    def _orphans(self, key: ForeignKey) -> str | None:
        parent = self._maker.table(key.table)
        if parent is None or len(key.referenced) != len(key.columns):
            return None
        shown = self._in_production(parent)
        pairs = list(zip(key.columns, key.referenced, strict=True))
        same = " AND ".join(f"p.{self._name(referenced)} = t.{self._name(column)}" for column, referenced in pairs)
        given = " AND ".join(f"t.{self._name(column)} IS NOT NULL" for column, _ in pairs)
        return f"SELECT * FROM {self._sql} t WHERE {given} AND NOT EXISTS (SELECT 1 FROM {shown} p WHERE {same})"

    def _excluded(self, later: Table) -> Iterator[Edge]:
        now = {each.expression for each in self._plan.table.checks}
        for check in later.checks:
            if check.expression in now:
                continue
            found = self._maker.against(check.expression)
            if found is not None:
                row, columns = found
                query = f"SELECT * FROM {self._sql} WHERE NOT ({check.expression})"
                yield self._edge(columns, f"{REFUSED_BY}{check.name} refuses", (row,), query)
