from __future__ import annotations

import pytest

from glowplug.schema import Schema, SchemaObject, diff


def table(name: str, **properties: str) -> SchemaObject:
    return SchemaObject(kind="table", name=name, properties=properties)


def column(of: str, name: str, **properties: str) -> SchemaObject:
    return SchemaObject(kind="column", name=f"{of}.{name}", parent=("table", of), properties=properties)


def test_equal_schemas_do_not_differ() -> None:
    objects = [table("users"), column("users", "email", type="text")]
    assert diff(Schema.of(objects), Schema.of(reversed(objects))) == ()


def test_a_changed_property_is_named_with_both_values() -> None:
    before = Schema.of([table("users"), column("users", "email", type="text", not_null="true")])
    after = Schema.of([table("users"), column("users", "email", type="text", not_null="false")])
    (found,) = diff(before, after)
    assert (found.kind, found.name, found.property) == ("column", "users.email", "not_null")
    assert (found.before, found.after) == ("true", "false")
    assert str(found) == "column users.email: not_null was true, is false"


def test_a_property_that_only_one_side_has_is_a_difference() -> None:
    before = Schema.of([column("users", "email", default="'x'")])
    after = Schema.of([column("users", "email")])
    (found,) = diff(before, after)
    assert (found.property, found.before, found.after) == ("default", "'x'", None)


def test_children_of_a_missing_or_extra_table_are_not_listed_again() -> None:
    users = [table("users"), column("users", "email", type="text")]
    (gone,) = diff(Schema.of(users), Schema.of([]))
    assert (gone.kind, gone.property, str(gone)) == ("table", "missing", "table users is gone")
    (left,) = diff(Schema.of([]), Schema.of(users))
    assert (left.kind, left.property, str(left)) == ("table", "extra", "table users is left behind")


def test_a_column_that_is_gone_from_a_table_that_stays_is_listed() -> None:
    before = Schema.of([table("users"), column("users", "email", type="text", not_null="true")])
    (gone,) = diff(before, Schema.of([table("users")]))
    assert (gone.name, gone.property, gone.before, gone.after) == (
        "users.email",
        "missing",
        "not_null=true, type=text",
        None,
    )


def test_of_a_long_text_the_lines_that_differ_are_shown() -> None:
    body = "BEGIN\n" + "  same;\n" * 20 + "  old;\nEND"
    before = Schema.of([SchemaObject(kind="function", name="f()", properties={"definition": body})])
    changed = body.replace("old", "new")
    after = Schema.of([SchemaObject(kind="function", name="f()", properties={"definition": changed})])
    (found,) = diff(before, after)
    assert str(found) == "function f(): definition differs:\n  -  old;\n  +  new;"


def test_of_many_lines_that_differ_the_first_are_said_in_brief() -> None:
    before, after = (
        Schema.of([SchemaObject(kind="function", name="f()", properties={"definition": f"{text}\n" * 15})])
        for text in ("old", "new")
    )
    (found,) = diff(before, after)
    assert len(str(found).splitlines()) == 31
    assert found.in_brief().splitlines()[-2:] == ["  -old", "  and 20 more lines"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("'Open','Closed'", "'Open','Closed','it''s, off'", "label 'it''s, off' is left behind"),
        ("'a','b','c'", "'b'", "labels 'a', 'c' are gone"),
        ("'a','b'", "'b','c'", "label 'a' is gone, label 'c' is left behind"),
        ("'a','b'", "'b','a'", "labels was 'a','b', is 'b','a'"),
    ],
)
def test_of_an_enum_the_labels_that_differ_are_said(before: str, after: str, said: str) -> None:
    one, other = (
        Schema.of([SchemaObject(kind="type", name="s", properties={"labels": labels})]) for labels in (before, after)
    )
    (found,) = diff(one, other)
    assert (found.before, found.after) == (before, after)
    assert str(found) == f"type s: {said}"
