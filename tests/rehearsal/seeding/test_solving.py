"""Rows that are made meet the conditions that they are made for, as Python sees it: no server says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.seeding.compiled import STRICTEST, Strategy
from glowplug.rehearsal.seeding.keys import Taken
from glowplug.rehearsal.seeding.makers import Making, maker
from glowplug.rehearsal.seeding.making_rows import RowMaker, Surroundings
from glowplug.rehearsal.seeding.needs import Needs
from glowplug.rehearsal.seeding.plan import plan
from glowplug.rehearsal.seeding.regexes import Texts
from glowplug.schema.tables import Check, Column, Family, Table, Type, Unique
from glowplug.sql.condition import evaluate, parse

if TYPE_CHECKING:
    from glowplug.database.rows import Value

INTEGER = Type(name="integer", family=Family.INTEGER, minimum=-(2**31), maximum=2**31 - 1)
TEXT = Type(name="text", family=Family.TEXT)


def table(checks: list[str], *, uniques: tuple[Unique, ...] = (), nullable: bool = False) -> Table:
    kinds = {"a": INTEGER, "b": INTEGER, "c": INTEGER, "s": TEXT, "t": TEXT}
    return Table(
        name="public.t",
        sql="public.t",
        columns=tuple(Column(name=name, type=kind, nullable=nullable) for name, kind in kinds.items()),
        checks=tuple(Check(name=f"check_{index}", expression=each) for index, each in enumerate(checks)),
        uniques=uniques,
    )


def made(one: Table, count: int, strategy: Strategy = STRICTEST) -> list[dict[str, Value]]:
    own = plan(one, None, links=(), partitions={}, dialect=Dialect.POSTGRES, settings=DataSettings())
    return RowMaker(own, Surroundings(parents={}), Taken(own), Making()).rows(range(count), strategy)


def holds(one: Table, row: dict[str, Value]) -> list[str]:
    own = plan(one, None, links=(), partitions={}, dialect=Dialect.POSTGRES, settings=DataSettings())
    scalars = Taken(own).scalars(row)
    said = [(each.expression, evaluate(parse(each.expression, Dialect.POSTGRES), scalars)) for each in one.checks]
    return [expression for expression, value in said if value is not None and value is not True]


ATOMS = st.one_of(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), st.integers(-300, 300)).map(
        lambda each: f"({each[0]} {each[1]} {each[2]})"
    ),
    st.tuples(st.sampled_from("abc"), st.integers(-50, 50), st.integers(0, 90)).map(
        lambda each: f"({each[0]} BETWEEN {each[1]} AND {each[1] + each[2]})"
    ),
    st.sampled_from(
        [
            *("(a < b)", "(b <= c)", "(a <> c)", "(a = ANY (ARRAY[3, 5, 9]))", "((a + 3) > 10)", "((b * 2) <= 90)"),
            *(
                "(s ~ '^[a-z]{2,5}[0-9]$'::text)",
                "(s ~~ 'x%'::text)",
                "(char_length(s) <= 6)",
                "(char_length(t) >= 40)",
            ),
            *("(t = lower(t))", "(t <> ''::text)", "(t = ANY (ARRAY['x'::text, 'yy'::text]))", "(s <> t)"),
            *("(num_nonnulls(a, b, c) >= 2)", "((a % 3) = 0)", "(s !~ '\\s'::text)", "(t !~~ '% %'::text)"),
        ]
    ),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda each: f"({each[0]} OR {each[1]})"),
        st.tuples(inner, inner).map(lambda each: f"({each[0]} AND {each[1]})"),
    ),
    max_leaves=4,
)


@given(checks=st.lists(CONDITIONS, min_size=1, max_size=3), nullable=st.booleans())
@example(checks=["(a < 0)", "((a < b) AND (s !~ '\\s'::text))"], nullable=False)
def test_what_is_made_meets_what_is_asked(checks: list[str], nullable: bool) -> None:
    one = table(checks, nullable=nullable)
    for row in made(one, 6):
        assert holds(one, row) == []


@given(condition=CONDITIONS)
def test_a_condition_that_can_be_met_is_met(condition: str) -> None:
    contradictory = made(table([condition]), 1) == []
    if contradictory:
        # Only what no row meets may be given up: AND of two that exclude each other.
        assert " AND " in condition


@pytest.mark.parametrize(
    "checks",
    [
        ["((s = 'a'::text) AND (a IS NOT NULL) AND (b IS NULL)) OR ((s = 'b'::text) AND (b IS NOT NULL))"],
        ["((a IS NULL) = (b IS NULL))", "(num_nonnulls(a, c) = 1)"],
        ["((a + b) = 100)", "((a > 0) AND (b > 0))"],
        ["CASE s WHEN 'big'::text THEN (a > 1000) WHEN 'small'::text THEN (a < 10) ELSE false END"],
        ["((a >= 0) AND (a < b))", "(b <= c)", "(c <= 60)"],
    ],
)
def test_all_rows_are_made(checks: list[str]) -> None:
    one = table(checks, nullable=True)
    rows = made(one, 50, Strategy())
    assert len(rows) == 50
    assert [holds(one, row) for row in rows] == [[]] * 50


def test_keys_differ_and_are_not_taken_twice() -> None:
    uniques = (
        Unique(name="few", columns=("a", "b")),
        Unique(name="lower", columns=(None,), expressions=("lower(s)",)),
        Unique(name="partial", columns=("c",), predicate="(t = 'x'::text)"),
    )
    one = table(
        ["(a >= 1 AND a <= 5)", "(b >= 1 AND b <= 10)", "(t = ANY (ARRAY['x'::text, 'y'::text]))"], uniques=uniques
    )
    rows = made(one, 50)
    assert len({(row["a"], row["b"]) for row in rows}) == 50
    assert len({str(row["s"]).lower() for row in rows}) == 50
    assert len({row["c"] for row in rows if row["t"] == "x"}) == sum(row["t"] == "x" for row in rows)


def test_a_domain_of_two_values_gives_two_rows() -> None:
    one = table(["(a = ANY (ARRAY[1, 2]))"], uniques=(Unique(name="u", columns=("a",)),))
    assert sorted(str(row["a"]) for row in made(one, 50)) == ["1", "2"]


PATTERNS = [
    *("^[a-z]+$", "^[^@]+@[^@]+\\.[a-z]{2,}$", "^#[0-9a-f]{6}$", "^(?:a|b|cd)*x?$", "^[A-Z]{3}-\\d{4}$", "foo|bar"),
    *("^[a-z0-9]+(?:-[a-z0-9]+)*$", "^\\d{3}$", "^.{5,10}$", "\\bword\\b", "^(?=.*\\d)[a-z0-9]{8}$", "^$|^x+$"),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_texts_match_their_pattern(pattern: str) -> None:
    compiled = re.compile(pattern)
    made_texts = maker(TEXT, Needs(patterns=(compiled,)), Making())
    assert made_texts is not None
    values = [str(made_texts.make(n)) for n in range(200)]
    assert all(compiled.search(value) for value in values)
    if pattern not in {"^$|^x+$", "foo|bar"}:
        assert len(set(values)) >= 20


@given(shortest=st.integers(0, 12), more=st.integers(0, 12))
def test_texts_have_the_length_that_is_asked_for(shortest: int, more: int) -> None:
    some = Texts(re.compile("^[a-c]+$"), shortest=shortest, longest=shortest + more, fits=str)
    found = [text for text in map(some.at, range(30)) if text is not None]
    assert all(shortest <= len(text) <= shortest + more for text in found)
    assert found or shortest + more == 0


@given(family=st.sampled_from([Family.INTEGER, Family.DECIMAL, Family.TEXT, Family.DATE, Family.UUID, Family.BYTES]))
def test_the_same_seed_gives_the_same_values_and_different_numbers_different_ones(family: Family) -> None:
    kind = Type(name=family.value, family=family)
    one, other = (maker(kind, Needs(), Making(seed=7)) for _ in range(2))
    assert one is not None
    assert other is not None
    values = [one.make(n) for n in range(500)]
    assert values == [other.make(n) for n in range(500)]
    assert len(set(values)) == 500
