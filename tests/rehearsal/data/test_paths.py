"""What files say of the insides of documents, read from their text."""

from __future__ import annotations

import pytest

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.paths import paths_in
from glowplug.sql.reader import read


def said(sql: str, dialect: Dialect = Dialect.POSTGRES) -> tuple[set[str], set[str]]:
    found = paths_in(read(sql, dialect), dialect)
    shown = {
        ".".join(step or "#" for step in path) + (f":{cast}" if cast is not None else "")
        for path, cast in found.there.items()
    }
    return shown, {".".join(step or "#" for step in path) for path in found.set}


@pytest.mark.parametrize(
    ("expression", "there", "made"),
    [
        ("doc - 'a'", {"a"}, set()),
        ("doc - '{a,b}'::text[]", {"a", "b"}, set()),
        ("doc - ARRAY['a', 'b']", {"a", "b"}, set()),
        ("doc #- '{a,b}'", {"a.b"}, set()),
        ("doc #>> '{a,0,b c}'", {"a.#.b c"}, set()),
        ("doc #- ARRAY['a', 'b']", {"a.b"}, set()),
        ("doc -> 'a' ->> 'b'", {"a.b"}, set()),
        ("(doc->>'it''s')::int", {"it's:int"}, set()),
        ("CAST(doc->>'a' AS numeric)", {"a:numeric"}, set()),
        ("doc -> 'list' -> 0 ->> 'x'", {"list.#.x"}, set()),
        ("doc['a']['b']", {"a.b"}, set()),
        ("doc ? 'a' AND doc ?| array['b'] AND doc ?& '{c,d}'", {"a", "b", "c", "d"}, set()),
        ('doc @> \'{"a": {"b": 1}}\'', {"a.b"}, set()),
        ("jsonb_set(doc, '{a,b}', '1')", set(), {"a.b"}),
        ("jsonb_set(doc, '{a,b}', '1', false)", {"a.b"}, set()),
        ("jsonb_set(doc, ARRAY['a'], doc -> 'b')", {"b"}, {"a"}),
        ("jsonb_extract_path_text(doc, 'a', 'b')", {"a.b"}, set()),
        ("jsonb_path_query_first(doc, '$.a[*].\"b c\" ? (@ > 1)')", {"a.#.b c"}, set()),
        ("doc - 'a' || jsonb_build_object('b', doc -> 'a')", {"a"}, {"b"}),
        ("doc || '{\"a\": 1}'", set(), {"a"}),
        ('\'{"a": {"b": 1}}\' || doc', set(), {"a.b"}),
        ("(SELECT max(e) FROM jsonb_array_elements_text(t.doc -> 'a') e)", {"a:array"}, set()),
        ("now() - '1 day'::interval", set(), set()),
        ("'a -> b' || $$x$$ /* doc - 'c' */ -- doc - 'd'\n", set(), set()),
    ],
)
def test_on_postgres(expression: str, there: set[str], made: set[str]) -> None:
    assert said(f"UPDATE t SET doc = {expression};") == (there, made)


def test_what_is_assigned_by_subscripts_is_made() -> None:
    assert said("UPDATE t SET doc['a'] = '1', doc['b'] = doc['c'];") == ({"c"}, {"a", "b"})


def test_a_block_is_read_too() -> None:
    assert said("DO $$ BEGIN UPDATE t SET doc = doc - 'a'; EXECUTE 'x'; END $$;")[0] == {"a"}


@pytest.mark.parametrize("dialect", [Dialect.MYSQL, Dialect.SQLITE])
@pytest.mark.parametrize(
    ("expression", "there", "made"),
    [
        ("json_remove(doc, '$.a', '$.b.c')", {"a", "b.c"}, set()),
        ("json_extract(doc, '$.a[0].b')", {"a.#.b"}, set()),
        ("doc ->> '$.a'", {"a"}, set()),
        ("CAST(json_extract(doc, '$.a') AS INTEGER)", {"a:integer"}, set()),
        ("json_set(doc, '$.a', json_extract(doc, '$.\"b c\"'))", {"b c"}, {"a"}),
        ("json_replace(doc, '$.a', 1)", {"a"}, set()),
        ("json_object('a', doc -> '$.b')", {"b"}, {"a"}),
    ],
)
def test_elsewhere(dialect: Dialect, expression: str, there: set[str], made: set[str]) -> None:
    assert said(f"UPDATE t SET doc = {expression};", dialect) == (there, made)


def test_patches_take_away_what_they_make_null() -> None:
    patched = 'UPDATE t SET doc = {}(doc, \'{{"a": null, "b": 1}}\');'
    assert said(patched.format("json_patch"), Dialect.SQLITE) == ({"a"}, {"a", "b"})
    assert said(patched.format("JSON_MERGE_PATCH"), Dialect.MYSQL) == ({"a"}, {"a", "b"})


def test_sqlite_takes_bare_keys_and_mysql_texts_in_double_quotes() -> None:
    assert said("UPDATE t SET a = doc ->> 'k';", Dialect.SQLITE)[0] == {"k"}
    assert said('UPDATE t SET doc = JSON_REMOVE(doc, "$.k");', Dialect.MYSQL)[0] == {"k"}


@pytest.mark.parametrize(
    ("expression", "dialect", "columns"),
    [
        ("a::jsonb - 'k' || b::text::json", Dialect.POSTGRES, {"a"}),
        ("t.a ->> 'k'", Dialect.SQLITE, {"a"}),
        ("json_set(doc, '$.k', name)", Dialect.SQLITE, {"doc"}),
        ("json_object('k', name)", Dialect.SQLITE, set()),
        ("json_array(name)", Dialect.SQLITE, set()),
        ("JSON_REMOVE(`My Doc`, '$.k')", Dialect.MYSQL, {"my doc"}),
        ("json_object('k', json(t.doc), 'l', json('{}'))", Dialect.SQLITE, {"doc"}),
        ("jsonb(doc)", Dialect.SQLITE, {"doc"}),
        ("CAST(doc AS JSON)", Dialect.MYSQL, {"doc"}),
        ("CAST(t.doc AS jsonb)", Dialect.POSTGRES, {"doc"}),
        ("CAST(name AS text)", Dialect.POSTGRES, set()),
        ("lower(name)", Dialect.POSTGRES, set()),
    ],
)
def test_columns_that_are_read_as_documents(expression: str, dialect: Dialect, columns: set[str]) -> None:
    assert paths_in(read(f"UPDATE t SET x = {expression};", dialect), dialect).columns == columns


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("doc ->> 'a' = 'x'", {"a": ("x",)}),
        ("(doc -> 'a' ->> 'b')::int = 7", {"a.b": (7,)}),
        ("doc -> 'a' = '\"x\"' OR doc -> 'a' = '7'", {"a": ("x", 7)}),
        ("doc #>> '{a,b}' IN ('x', 'y')", {"a.b": ("x", "y")}),
        ("(doc ->> 'a')::bool = true", {"a": (True,)}),
        ('doc @> \'{"a": {"b": "x"}, "c": 1, "d": null}\'', {"a.b": ("x",), "c": (1,)}),
        ("jsonb_extract_path_text(doc, 'a', 'b') = 'x'", {"a.b": ("x",)}),
        ("doc ->> 'a' <> 'x' AND doc ->> 'b' = kind AND doc ->> 'c' > '7'", {}),
    ],
)
def test_what_is_compared_is_known(condition: str, values: dict[str, tuple[object, ...]]) -> None:
    found = paths_in(read(f"DELETE FROM t WHERE {condition};", Dialect.POSTGRES), Dialect.POSTGRES).values
    assert {".".join(step or "#" for step in path): each for path, each in found.items()} == values
