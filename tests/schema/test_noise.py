from __future__ import annotations

import pytest

from glowplug.schema import Schema, SchemaObject, diff
from glowplug.schema.noise import tell_apart

USERS = ("table", "users")


def one(kind: str, name: str, *, parent: tuple[str, str] | None = None, **properties: str) -> Schema:
    return Schema.of([SchemaObject(kind=kind, name=name, parent=parent, properties=properties)])


def is_noise(before: Schema, after: Schema) -> bool:
    differences = diff(before, after)
    assert differences
    real, noise = tell_apart(differences, before, after)
    assert len(real) + len(noise) == len(differences)
    assert not (real and noise)
    return not real


def test_column_order_alone_is_noise_and_a_type_is_not() -> None:
    assert is_noise(one("column", "users.a", position="1"), one("column", "users.a", position="2"))
    assert not is_noise(one("column", "users.a", type="int"), one("column", "users.a", type="bigint"))


@pytest.mark.parametrize(
    ("before", "after", "noise"),
    [
        ("SELECT  a\n FROM t", "SELECT a FROM t", True),
        ("SELECT 'a  b'", "SELECT 'a b'", False),
        ("BEGIN -- note\n x := 1; END", "BEGIN -- note x := 1;\n END", False),
        ("BEGIN x := 1; END", "BEGIN\n\tx := 1;\nEND", True),
        ("SELECT E'\\'a  b'", "SELECT E'\\'a b'", False),
        ("SELECT ab", "SELECT a b", False),
        ('SELECT "a  b"', 'SELECT "a b"', False),
    ],
)
def test_white_space_in_a_body(before: str, after: str, noise: bool) -> None:
    assert is_noise(one("function", "f()", definition=before), one("function", "f()", definition=after)) is noise


@pytest.mark.parametrize(
    ("before", "after", "noise"),
    [
        ("SELECT t.a, t.b, t.c FROM t", "SELECT t.a, t.c, t.b FROM t", True),
        ("SELECT f(a, b), c FROM t", "SELECT c, f(a, b) FROM t", True),
        ("SELECT f(a, b) FROM t", "SELECT f(b, a) FROM t", False),
        ("SELECT a - b FROM t", "SELECT b - a FROM t", False),
        ("SELECT a, b FROM t UNION SELECT a, b FROM u", "SELECT b, a FROM t UNION SELECT a, b FROM u", False),
        ("SELECT DISTINCT ON (a) a, b FROM t", "SELECT DISTINCT ON (a) b, a FROM t", False),
        ("SELECT a, b FROM t WHERE x", "SELECT b, a FROM t WHERE y", False),
        ("SELECT a, b FROM t", "SELECT a FROM t", False),
    ],
)
def test_column_order_inside_a_view(before: str, after: str, noise: bool) -> None:
    assert is_noise(one("view", "v", definition=before), one("view", "v", definition=after)) is noise


def test_the_name_alone_of_an_index_or_constraint_is_noise() -> None:
    before = one("index", "users_a", parent=USERS, definition="CREATE INDEX users_a ON users (a)")
    after = one("index", "users_b", parent=USERS, definition="CREATE INDEX users_b ON users (a)")
    assert is_noise(before, after)
    before = one("constraint", "users.one", parent=USERS, definition="UNIQUE (a)")
    after = one("constraint", "users.two", parent=USERS, definition="UNIQUE (a)")
    assert is_noise(before, after)


def test_another_definition_under_another_name_is_no_noise() -> None:
    before = one("constraint", "users.a", parent=USERS, definition="UNIQUE (a)")
    after = one("constraint", "users.b", parent=USERS, definition="UNIQUE (b)")
    assert not is_noise(before, after)
    before = one("index", "i", parent=USERS, definition="CREATE INDEX i ON users (a)")
    after = one("index", "j", parent=("table", "others"), definition="CREATE INDEX j ON others (a)")
    assert not is_noise(before, after)


def test_int_and_integer_are_one_type_unless_the_column_is_a_key() -> None:
    assert is_noise(one("column", "t.a", type="INT"), one("column", "t.a", type="INTEGER"))
    before = one("column", "t.a", type="INT", primary_key="1")
    after = one("column", "t.a", type="INTEGER", primary_key="1")
    assert not is_noise(before, after)


@pytest.mark.parametrize(
    ("kind", "after", "noise"),
    [
        ("timestamp with time zone", "now()", True),
        ("timestamp without time zone", "transaction_timestamp()", True),
        ("timestamp with time zone", "clock_timestamp()", False),
        ("TIMESTAMP", "now()", False),
    ],
)
def test_the_names_of_one_moment_are_one_default_on_postgresql(kind: str, after: str, noise: bool) -> None:
    before = one("column", "t.at", type=kind, default="CURRENT_TIMESTAMP")
    assert is_noise(before, one("column", "t.at", type=kind, default=after)) is noise


def test_the_name_of_a_not_null_counts_for_nothing_and_is_not_said_beside_the_not_null() -> None:
    named = one("column", "t.a", not_null="true", not_null_name="t_a_not_null")
    assert is_noise(named, one("column", "t.a", not_null="true", not_null_name="other"))
    gone = one("column", "t.a", not_null="false")
    real, noise = tell_apart(diff(named, gone), named, gone)
    assert [item.property for item in real] == ["not_null"]
    assert noise == ()


@pytest.mark.parametrize(
    ("before", "after", "noise"),
    [
        ({"validated": "false"}, {"validated": "true"}, True),
        ({"validated": "true"}, {"validated": "false"}, False),
        ({"not_null_constraint": "NOT VALID"}, {}, True),
        ({}, {"not_null_constraint": "NOT VALID"}, False),
        ({"not_null_constraint": "NO INHERIT"}, {}, False),
    ],
)
def test_what_has_been_validated_is_noise_and_what_no_longer_is_is_not(
    before: dict[str, str], after: dict[str, str], noise: bool
) -> None:
    assert is_noise(one("constraint", "t.c", **before), one("constraint", "t.c", **after)) is noise
