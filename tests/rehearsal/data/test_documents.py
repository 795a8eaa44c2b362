"""Documents hold the keys that the files look for, so that it shows what becomes of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.data.adversary import Case, cases, holds

if TYPE_CHECKING:
    from conftest import Measure

NOTHING = "SELECT 1;"
POSTGRES = "CREATE TABLE t (id serial PRIMARY KEY, kind text NOT NULL, email text, doc jsonb NOT NULL);"
MYSQL = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY AUTO_INCREMENT, kind VARCHAR(40) NOT NULL, email VARCHAR(200), doc JSON);"
)
SQLITE = "CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, email TEXT, doc {});"
CHECKED = SQLITE.format("TEXT NOT NULL CHECK (json_valid(doc))")
MAIL, NO_MAIL = "ALTER TABLE t ADD COLUMN mail text;", "ALTER TABLE t DROP COLUMN mail;"
LOST = ("irreversible", ["up t.doc changed"])
BACK = ("lossy", ["down t.doc changed"])
KEPT = ("lossless", ())


def case(name: str, before: str, up: str, down: str, outcome: tuple[str, object]) -> Case:
    return Case(name, before, f"UPDATE t SET {up};", f"UPDATE t SET {down};", outcome[0], outcome[1])  # type: ignore[arg-type]


ODD_TEXTS = ["up t.doc"]
"""What no JSON is: refused, and told as such, whatever else a row holds."""


@pytest.mark.postgres
@cases(
    case("a key taken away", POSTGRES, "doc = doc - 'legacy'", "doc = doc", LOST),
    case("keys taken away", POSTGRES, "doc = doc - '{old,older}'::text[]", "doc = doc", LOST),
    case("a path taken away", POSTGRES, "doc = doc #- '{a,b}'", "doc = doc", LOST),
    case("an element's key taken away", POSTGRES, "doc = doc #- '{items,0,price}'", "doc = doc", LOST),
    case("of some rows", POSTGRES, "doc = doc - 'legacy' WHERE kind = 'old'", "doc = doc", LOST),
    case("the down takes a key away", POSTGRES, "kind = kind", "doc = doc - 'legacy'", BACK),
    Case(
        "of any text",
        POSTGRES.replace("jsonb", "text"),
        "UPDATE t SET doc = doc::jsonb - 'legacy';",
        NOTHING,
        *LOST,
        ODD_TEXTS,
    ),
    case("a key that the up adds", POSTGRES, "doc = doc || '{\"added\": 1}'", "doc = doc - 'added'", KEPT),
    case("the same by a path", POSTGRES, "doc = jsonb_set(doc, '{added}', '1')", "doc = doc - 'added'", KEPT),
    case(
        "a key set by both",
        POSTGRES,
        "doc = jsonb_set(doc, '{state}', '\"new\"')",
        "doc = jsonb_set(doc, '{state}', '\"old\"')",
        LOST,
    ),
    case("the same from the other side", POSTGRES, "doc = '{\"added\": 1}' || doc", "doc = doc - 'added'", KEPT),
    case("a key that the up adds by a function", POSTGRES, "doc = doc || f()", "doc = doc - 'added'", KEPT)._replace(
        before=POSTGRES + "CREATE FUNCTION f() RETURNS jsonb LANGUAGE sql AS $$ SELECT '{\"added\": 1}'::jsonb $$;"
    ),
    Case(
        "a key that the up makes the default",
        POSTGRES,
        "ALTER TABLE t ALTER COLUMN doc SET DEFAULT '{\"added\": 1}';",
        "ALTER TABLE t ALTER COLUMN doc DROP DEFAULT; UPDATE t SET doc = doc - 'added';",
        "lossy",
        ["down t.doc changed after"],
    ),
    Case(
        "a list that the down reads",
        POSTGRES,
        "CREATE TABLE tags (tag text);",
        "UPDATE t SET kind = doc #>> '{tags,0}' WHERE jsonb_array_length(doc -> 'tags') > 99; DROP TABLE tags;",
        "lossy",
        (),
        ["down t.doc"],
    ),
    Case(
        "what the down can not read of our documents",
        POSTGRES,
        "ALTER TABLE t ADD COLUMN mail text;",
        "UPDATE t SET kind = kind WHERE (doc -> 'nets' ->> 'first')::inet IS NULL; ALTER TABLE t DROP COLUMN mail;",
        "lossy",
        (),
        ["down t.doc"],
    ),
    case("a key replaced", POSTGRES, "doc = jsonb_set(doc, '{state}', '1', false)", "doc = doc", LOST),
    case(
        "a key renamed",
        POSTGRES,
        "doc = doc - 'title' || jsonb_build_object('label', doc -> 'title') WHERE jsonb_exists(doc, 'title')",
        "doc = doc - 'label' || jsonb_build_object('title', doc -> 'label') WHERE jsonb_exists(doc, 'label')",
        KEPT,
    ),
    case(
        "a key renamed where it is found",
        POSTGRES,
        "doc = doc - 'color' || jsonb_build_object('colour', doc -> 'color') WHERE doc ? 'color'",
        "doc = doc - 'colour' || jsonb_build_object('color', doc -> 'colour') WHERE doc ? 'colour'",
        KEPT,
    ),
    Case(
        "a key made a column and back",
        POSTGRES,
        f"{MAIL} UPDATE t SET mail = doc ->> 'mail', doc = doc - 'mail' WHERE doc ? 'mail';",
        f"UPDATE t SET doc = doc || jsonb_build_object('mail', mail) WHERE mail IS NOT NULL; {NO_MAIL}",
        "lossless",
    ),
    Case(
        "a key made a column and dropped",
        POSTGRES,
        f"{MAIL} UPDATE t SET mail = doc ->> 'mail', doc = doc - 'mail' WHERE doc ? 'mail';",
        NO_MAIL,
        *LOST,
    ),
    case(
        "one value becomes another",
        POSTGRES,
        "doc = jsonb_set(doc, '{prefs,theme}', '\"dark\"') WHERE doc -> 'prefs' ->> 'theme' = 'black'",
        "doc = doc",
        LOST,
    ),
    case(
        "one of several values",
        POSTGRES,
        "doc = doc - 'level' WHERE (doc ->> 'level')::int IN (7, 9)",
        "doc = doc",
        LOST,
    ),
    case("a value as a document", POSTGRES, "doc = doc - 'on' WHERE doc -> 'on' = 'true'", "doc = doc", LOST),
    case("a path's value", POSTGRES, "doc = doc - 'a' WHERE doc #>> '{a,b}' = 'x'", "doc = doc", LOST),
    Case(
        "rows that hold a document",
        POSTGRES,
        """DELETE FROM t WHERE doc @> '{"state": {"gone": true}}';""",
        NOTHING,
        "irreversible",
        ["up t deleted"],
    ),
    Case(
        "a text where a number is read",
        POSTGRES,
        "ALTER TABLE t ADD COLUMN n integer; UPDATE t SET n = (doc ->> 'n2')::int;",
        "ALTER TABLE t DROP COLUMN n;",
        "lossy",
        (),
        ["up t.doc"],
    ),
    Case(
        "what is no text is made one",
        POSTGRES,
        f"{MAIL} UPDATE t SET mail = doc ->> 'mail', doc = doc - 'mail' WHERE jsonb_exists(doc, 'mail')"
        " AND jsonb_typeof(doc) = 'object';",
        f"UPDATE t SET doc = doc || jsonb_build_object('mail', mail) WHERE mail IS NOT NULL; {NO_MAIL}",
        "lossless",
        (),
        [],
        ["up t.doc changed"],
    ),
    Case(
        "a number and a moment read",
        POSTGRES,
        f"{MAIL} UPDATE t SET mail = (doc ->> 'n2')::int + 1, doc = doc - 'legacy' WHERE (doc ->> 'at')::date < now();",
        NO_MAIL,
        *LOST,
    ),
)
def test_on_postgres(case: Case, on_postgres: Measure) -> None:
    holds(case._replace(partly=True), on_postgres)


@pytest.mark.mysql
@cases(
    case("a key taken away", MYSQL, "doc = JSON_REMOVE(doc, '$.legacy')", "doc = doc", LOST),
    case("a path taken away", MYSQL, "doc = JSON_REMOVE(doc, '$.a.b')", "doc = doc", LOST),
    case("of some rows", MYSQL, "doc = JSON_REMOVE(doc, '$.legacy') WHERE kind = 'old'", "doc = doc", LOST),
    Case(
        "of any text",
        MYSQL.replace("doc JSON", "doc TEXT"),
        "UPDATE t SET doc = JSON_REMOVE(doc, '$.legacy');",
        NOTHING,
        *LOST,
        ODD_TEXTS,
    ),
    case(
        "a value asked for",
        MYSQL,
        "doc = JSON_REMOVE(doc, '$.a') WHERE JSON_EXTRACT(doc, '$.a.b') = 7 AND JSON_VALUE(doc, '$.c') = 'x'",
        "doc = doc",
        LOST,
    ),
    case("a patch", MYSQL, "doc = JSON_MERGE_PATCH(doc, '{\"legacy\": null}')", "doc = doc", LOST),
    case("a key that the up adds", MYSQL, "doc = JSON_SET(doc, '$.a', 1)", "doc = JSON_REMOVE(doc, '$.a')", KEPT),
    case(
        "a key renamed",
        MYSQL,
        "doc = JSON_REMOVE(JSON_SET(doc, '$.b', JSON_VALUE(doc, '$.a')), '$.a') WHERE JSON_VALUE(doc, '$.a') <> ''",
        "doc = JSON_REMOVE(JSON_SET(doc, '$.a', JSON_VALUE(doc, '$.b')), '$.b') WHERE JSON_VALUE(doc, '$.b') <> ''",
        KEPT,
    ),
)
def test_on_mysql(case: Case, on_mysql: Measure) -> None:
    holds(case._replace(partly=True), on_mysql)


@pytest.mark.sqlite
@cases(
    case("a key taken away", SQLITE.format("JSON"), "doc = json_remove(doc, '$.legacy')", "doc = doc", LOST),
    case("of a text", CHECKED, "doc = json_remove(doc, '$.legacy')", "doc = doc", LOST),
    case("a path taken away", CHECKED, "doc = json_remove(doc, '$.a.b')", "doc = doc", LOST),
    Case(
        "of any text",
        SQLITE.format("TEXT NOT NULL"),
        "UPDATE t SET doc = json_remove(doc, '$.legacy');",
        NOTHING,
        *LOST,
        ODD_TEXTS,
    ),
    Case(
        "of any text and back",
        SQLITE.format("TEXT"),
        "UPDATE t SET doc = json_remove(json_set(doc, '$.b', doc ->> '$.a'), '$.a') WHERE doc ->> '$.a' <> '';",
        "UPDATE t SET doc = json_remove(json_set(doc, '$.a', doc ->> '$.b'), '$.b') WHERE doc ->> '$.b' <> '';",
        *KEPT,
        ["up t.doc", "down t.doc"],
    ),
    Case(
        "into a column",
        SQLITE.format("TEXT"),
        "ALTER TABLE t ADD COLUMN x INTEGER; UPDATE t SET x = doc ->> '$.x'; ALTER TABLE t RENAME COLUMN doc TO d;",
        "ALTER TABLE t DROP COLUMN x; ALTER TABLE t RENAME COLUMN d TO doc;",
        "lossy",
        (),
    ),
    case(
        "a value asked for",
        CHECKED,
        "doc = json_remove(doc, '$.a') WHERE json_extract(doc, '$.a.b') = 7 AND doc ->> '$.c' IN ('x', 'y')",
        "doc = doc",
        LOST,
    ),
    case("a patch", CHECKED, "doc = json_patch(doc, '{\"legacy\": null}')", "doc = doc", LOST),
    case("a key that the up adds", CHECKED, "doc = json_set(doc, '$.a', 1)", "doc = json_remove(doc, '$.a')", KEPT),
    case("a key replaced", CHECKED, "doc = json_replace(doc, '$.a', 1)", "doc = doc", LOST),
    case("the down takes a key away", CHECKED, "kind = kind", "doc = json_remove(doc, '$.legacy')", BACK),
)
def test_on_sqlite(case: Case, on_sqlite: Measure) -> None:
    holds(case._replace(partly=True), on_sqlite)
