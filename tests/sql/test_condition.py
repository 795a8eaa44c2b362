"""Conditions as three servers show them, read and tried on rows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.sql.condition import UNKNOWN, Call, Unread, evaluate, names, parse, parse_many

if TYPE_CHECKING:
    from glowplug.sql.condition import Scalar

POSTGRES: list[tuple[str, dict[str, Scalar], object]] = [
    ("((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", {"status": "b"}, True),
    (
        "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
        {"status": "c"},
        False,
    ),
    ("((kind)::text <> ALL (ARRAY['x'::text, 'y'::text]))", {"kind": "y"}, False),
    ("((a >= 0) AND (a < b))", {"a": Decimal(3), "b": Decimal(4)}, True),
    ("((a >= 0) AND (a < b))", {"a": Decimal(4), "b": Decimal(4)}, False),
    ("(a > '-1'::integer)", {"a": Decimal(0)}, True),
    ("(NOT (a BETWEEN 3 AND 5))", {"a": Decimal(4)}, False),
    ("((email)::text ~* '^[a-z]+@x$'::text)", {"email": "Ab@x"}, True),
    ("(a !~ '\\s'::text)", {"a": "b c"}, False),
    ("(a ~~ 'x\\_%'::text)", {"a": "x_y"}, True),
    ("(a ~~ 'x\\_%'::text)", {"a": "xyz"}, False),
    ("(a ~ similar_to_escape('(a|b)+[0-9]'::text))", {"a": "abba7"}, True),
    ("(num_nonnulls(a, b) = 1)", {"a": None, "b": "x"}, True),
    ("((a IS NULL) = (b IS NULL))", {"a": None, "b": "x"}, False),
    ("(a IS DISTINCT FROM b)", {"a": None, "b": "x"}, True),
    ("CASE WHEN (a = 1) THEN (b IS NOT NULL) ELSE true END", {"a": Decimal(1), "b": None}, False),
    ("(COALESCE(a, b) <> ''::text)", {"a": None, "b": "x"}, True),
    ("(char_length(btrim(a)) > 0)", {"a": "  "}, False),
    ("(octet_length(a) = 2)", {"a": b"ab"}, True),
    ("(a = lower(a))", {"a": "Ab"}, False),
    ("(jsonb_typeof(a) = 'object'::text)", {"a": '{"b": 1}'}, True),
    ("((a + b) = (100)::numeric)", {"a": Decimal(40), "b": Decimal(60)}, True),
    ("((a % 5) = 0)", {"a": Decimal(11)}, False),
    ("(a < 5)", {"a": None}, None),
    ("((a < 5) OR (b = 1))", {"a": None, "b": Decimal(1)}, True),
    ("((d AT TIME ZONE 'UTC'::text) > now())", {"d": "2020-01-01"}, UNKNOWN),
    ("(is_even(a) OR (b = 1))", {"a": Decimal(2), "b": Decimal(1)}, True),
    ("(is_even(a) AND (b = 1))", {"a": Decimal(2), "b": Decimal(0)}, False),
    ("(\"odd \"\"name\" = 'it''s'::text)", {'odd "name': "it's"}, True),
    ("(a = 'x'::\"my schema\".mood)", {"a": "x"}, True),
]
OTHERS: list[tuple[Dialect, str, dict[str, Scalar], object]] = [
    (Dialect.MYSQL, "`a` in (_utf8mb4'x\\'y','z') and char_length(`b`) <= 2", {"a": "x'y", "b": "ab"}, True),
    (Dialect.MYSQL, "`a` regexp '^[a-z]+$'", {"a": "ABC"}, True),
    (Dialect.MYSQL, "json_valid(`a`)", {"a": "{"}, False),
    (Dialect.MYSQL, "(`a` <=> NULL) || (`b` div 2 = 3)", {"a": Decimal(1), "b": Decimal(7)}, True),
    (Dialect.SQLITE, "[a] GLOB 'x*[0-9]' AND \"b\" NOT LIKE 'Q%'", {"a": "xy7", "b": "q"}, False),
    (Dialect.SQLITE, "a IS NOT NULL AND length(a) == 3", {"a": "abc"}, True),
    (Dialect.SQLITE, "a ISNULL OR a NOT IN (1, 2)", {"a": Decimal(3)}, True),
]


@pytest.mark.parametrize(("text", "row", "expected"), POSTGRES)
def test_postgres(text: str, row: dict[str, Scalar], expected: object) -> None:
    condition = parse(text, Dialect.POSTGRES)
    assert not isinstance(condition, Unread)
    assert evaluate(condition, row) is expected


@pytest.mark.parametrize(("dialect", "text", "row", "expected"), OTHERS)
def test_others(dialect: Dialect, text: str, row: dict[str, Scalar], expected: object) -> None:
    condition = parse(text, dialect)
    assert not isinstance(condition, Unread)
    assert evaluate(condition, row) is expected


@pytest.mark.parametrize("text", ["(a IN ( SELECT 1))", "(a = ", "a b c", "'open", "EXISTS (SELECT 1)", "(" * 500])
def test_what_can_not_be_read_is_said(text: str) -> None:
    assert parse(text, Dialect.POSTGRES) == Unread(text)


def test_names_and_lists() -> None:
    found = parse_many('lower((a)::text), "B", c', Dialect.POSTGRES)
    assert found is not None
    assert [sorted(names(each)) for each in found] == [["a"], ["B"], ["c"]]


def _conditions() -> st.SearchStrategy[str]:
    numbers = st.sampled_from(["a", "b", "0", "1", "2", "-1", "a + 1", "b * 2", "a % 2", "abs(a)"])
    compared = st.tuples(numbers, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), numbers).map(" ".join)
    others = st.sampled_from(
        [
            *("a IS NULL", "b IS NOT NULL", "a BETWEEN 0 AND b", "a NOT IN (1, 2)", "b IN (0, NULL)"),
            *(
                "t LIKE 'x%'",
                "t NOT LIKE '%y'",
                "length(t) > 1",
                "lower(t) = t",
                "t GLOB '[x-y]*'",
                "coalesce(a, 1) = 1",
            ),
            *("trim(t) <> ''", "CASE WHEN a = 1 THEN b = 1 ELSE b IS NULL END", "a IS b", "nullif(a, b) IS NULL"),
        ]
    )
    return st.recursive(
        compared | others,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map(lambda each: f"({''.join(each)})"),
            inner.map(lambda each: f"NOT ({each})"),
        ),
        max_leaves=6,
    )


@given(
    text=_conditions(),
    a=st.sampled_from([None, -1, 0, 1, 2, 7]),
    b=st.sampled_from([None, 0, 1, 2]),
    t=st.sampled_from([None, "", "x", "Xy", "xy", " ", "zy"]),
)
def test_what_is_told_is_what_sqlite_says(text: str, a: int | None, b: int | None, t: str | None) -> None:
    row: dict[str, Scalar] = {"a": None if a is None else Decimal(a), "b": None if b is None else Decimal(b), "t": t}
    told = evaluate(parse(text, Dialect.SQLITE), row)
    ((said,),) = apsw.Connection("").execute(f"SELECT {text} FROM (SELECT ?1 AS a, ?2 AS b, ?3 AS t)", (a, b, t))
    assert told is not UNKNOWN
    assert told == (None if said is None else bool(said))


@pytest.mark.parametrize("dialect", list(Dialect))
def test_what_is_chained_without_end_is_not_read_and_what_stands_side_by_side_is(dialect: Dialect) -> None:
    assert names(parse("n > 0" + " + 1" * 5000, dialect)) == frozenset()
    assert names(parse("n > 0" + " + 1" * 50, dialect)) == {"n"}
    many = parse(" AND ".join(["n = 1", "m + 1 < 2"] * 1000), dialect)
    assert names(many) == {"n", "m"}
    assert isinstance(many, Call)
    assert len(many.arguments) == 2000
