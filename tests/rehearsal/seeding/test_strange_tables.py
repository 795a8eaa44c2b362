"""Whatever a catalogue holds and a server says: rows are made, or a reason is given; nothing is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from glowplug.database.interface import SqlError
from glowplug.database.rows import Answer, Contents, Rows
from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings, edges, seed
from glowplug.schema.tables import Check, Column, Exclusion, Family, ForeignKey, Table, Type, Unique, Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.database.rows import Value

NAMES = ("a", "b", "select", 'odd "', "")
CHECKS = (
    *("(a > 5)", "((a)::text = ANY ((ARRAY['x'::text])::text[]))", "(a < b)", "not sql at all (", "(a > now())"),
    *("(left(a) = 'x')", "(a ~ '(('::text)", "(a ~ '^(?:a|b){2,70000}$')", "length(a) < -1", "(a / 0 > 1)", "false"),
    *("num_nonnulls(a, b) = 7", "(a IN ())", "CASE WHEN a THEN b END", "json_valid(a)", "(a ->> 'k') = 'v'", "a"),
    *(
        "(a BETWEEN 9 AND 3)",
        "a > 1e999",
        "a LIKE '%\\'",
        "a GLOB '['",
        "(a = 'x' OR b = 'y') AND (a = 'z' OR b = 'w')",
    ),
    *("coalesce() = 1", "nullif(a) = 1", "substr(a, 'x') = 1", "jsonb_typeof(a, b) = 'x'", "like(a, b)", "in(a)"),
)


class Server(Rows):
    """Takes some of what it is given, by a rule of its own."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._held: dict[str, list[dict[str, Value]]] = {}
        self._count = 0

    def insert(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]
    ) -> tuple[SqlError | None, ...]:
        said: list[SqlError | None] = []
        for row in rows:
            self._count += 1
            refused = self._every and self._count % self._every == 0
            said.append(SqlError(code="23505", message="refused") if refused else None)
            if not refused:
                self._held.setdefault(table.name, []).append(dict(zip(columns, row, strict=True)))
        return tuple(said)

    def update(self, *_: object, **__: object) -> tuple[SqlError | None, ...]:  # type: ignore[override]
        return ()

    def read(self, table: Table, *, limit: int = 10_000) -> Contents:
        names = tuple(column.name for column in table.columns)
        rows = tuple(tuple(row.get(name, "7") for name in names) for row in self._held.get(table.name, ())[:limit])
        return Contents(columns=names, rows=rows)

    def query(self, sql: str, *, limit: int = 1000) -> Answer:
        raise AssertionError(sql, limit)

    def execute(self, sql: str) -> SqlError | None:
        return SqlError(code=None, message=sql[:10])


NUMBERS = st.sampled_from([None, 0, 1, 2, 38, 255, -3, 2**63])


def types() -> st.SearchStrategy[Type]:
    plain = st.builds(
        Type,
        name=st.sampled_from(["integer", "money", "pg_catalog.weird", "bit varying(3)", "timestamp", "", "json"]),
        family=st.sampled_from(Family),
        length=NUMBERS,
        precision=st.sampled_from([None, 0, 3, 6]),
        scale=st.sampled_from([None, 0, 2, 9, -2]),
        minimum=st.sampled_from([None, 0, -128, 5]),
        maximum=st.sampled_from([None, 0, 127, 3]),
        labels=st.sampled_from([(), ("x",), ("x", "it's {odd}")]),
        zoned=st.booleans(),
        folds=st.booleans(),
    )
    return st.recursive(
        plain,
        lambda inner: st.builds(
            Type,
            name=st.just("held"),
            family=st.sampled_from([Family.ARRAY, Family.RANGE, Family.MULTIRANGE, Family.COMPOSITE]),
            element=st.none() | inner,
            fields=st.lists(st.tuples(st.just("f"), inner), max_size=2).map(tuple),
        ),
        max_leaves=2,
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, ...]:
    found = []
    for place in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
        some = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(tuple)
        found.append(
            Table(
                name=f"t{place}",
                sql=f"t{place}",
                columns=tuple(
                    Column(
                        name=name,
                        type=draw(types()),
                        nullable=draw(st.booleans()),
                        written=draw(st.sampled_from(Written)),
                        default=draw(st.sampled_from([None, "now()", "'x'::text", "(((", "5"])),
                        numbered=draw(st.booleans()),
                    )
                    for name in names
                ),
                checks=tuple(
                    Check(name=each, expression=each) for each in draw(st.lists(st.sampled_from(CHECKS), max_size=2))
                ),
                uniques=tuple(
                    Unique(
                        name="u",
                        columns=each,
                        nulls_distinct=draw(st.booleans()),
                        predicate=draw(st.sampled_from([None, "(a = 1)"])),
                    )
                    for each in draw(st.lists(some, max_size=2))
                ),
                foreign_keys=tuple(
                    ForeignKey(
                        name="f",
                        columns=each,
                        table=draw(st.sampled_from(["t0", "t1", "t2", "nowhere"])),
                        referenced=draw(st.sampled_from([each, ("a", "b"), ()])),
                        match_full=draw(st.booleans()),
                    )
                    for each in draw(st.lists(some, max_size=2))
                ),
                exclusions=draw(
                    st.sampled_from([(), (Exclusion(name="e", parts=(("a", "&&"), (None, "=")), definition="a"),)])
                ),
                partitioned=draw(st.sampled_from([False, False, False, True])),
                partition_key=draw(st.sampled_from([None, "RANGE (a)", "LIST (lower(a))", "???"])),
                partition_of=draw(st.sampled_from([None, None, None, "t0"])) if place else None,
                bound=draw(
                    st.sampled_from(
                        [None, "FOR VALUES FROM (1) TO (MAXVALUE)", "FOR VALUES IN (NULL, 'x')", "DEFAULT", "?"]
                    )
                ),
                rows=draw(st.sampled_from([0, 3])),
            )
        )
    return tuple(found)


@given(before=tables(), later=tables(), every=st.sampled_from([0, 1, 3]), dialect=st.sampled_from(Dialect))
def test_nothing_is_raised(before: tuple[Table, ...], later: tuple[Table, ...], every: int, dialect: Dialect) -> None:
    server = Server(every)
    settings = DataSettings(rows=7)
    seeded = seed(server, before, later=later, dialect=dialect, settings=settings)
    for table in before:
        if table.partition_of is None:
            assert table.name in seeded.written
            short = seeded.written[table.name] < 7 and len(server.read(table).rows) < 7
            assert short is any(each.table == table.name for each in seeded.not_seeded)
    found = edges(server, before, later=later, dialect=dialect, settings=settings, only=[each.name for each in before])
    assert all(edge.rows for edge in found)
