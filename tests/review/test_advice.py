"""What findings say to write instead, word by word where the words matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.finding import Finding, Severity, Step
from glowplug.project import find_project
from glowplug.review import engine
from glowplug.review.context import Terms
from glowplug.review.wording import allow

from .planted import reviewed

if TYPE_CHECKING:
    from pathlib import Path

JOBS = """CREATE TABLE jobs (id int PRIMARY KEY,
state enum("new","active","gone") NOT NULL DEFAULT "new" COMMENT 'how ''far''') CHARSET utf8mb4;"""
REPEATED = (
    "ALTER TABLE jobs MODIFY state ENUM('new', 'active', 'gone', 'pending') NOT NULL "
    "DEFAULT \"new\" COMMENT 'how ''far''';"
)


def found(rule: str, before: str, up: str, down: str | None = None, dialect: Dialect = Dialect.POSTGRES) -> Finding:
    """The one finding of a rule in a second migration."""
    answer = reviewed((before, None), (up, down), new=frozenset({"0002_m"}), dialect=dialect)
    (one,) = [each for each in answer.findings if each.rule == rule and each.migration == "0002_m"]
    return one


def test_a_reason_is_one_line_however_odd_the_name() -> None:
    assert (
        allow("x", 'nothing reads a"b\n\\c since …')
        == '-- glowplug: allow x because "nothing reads a\\"b \\\\c since …"'
    )


@pytest.mark.parametrize("rule", ["enum-values-changed", "modify-drops-attributes"])
def test_two_findings_of_one_modify_advise_the_same(rule: str) -> None:
    up = 'ALTER TABLE jobs MODIFY state ENUM("new","pending","active") NOT NULL;'
    safe = found(rule, JOBS, up, dialect=Dialect.MYSQL).safe_form
    assert safe is not None
    assert safe.replacement == REPEATED


def test_what_follows_each_change_of_a_row_is_repeated() -> None:
    before = """CREATE TABLE t (id int PRIMARY KEY,
    seen datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP);"""
    up = "ALTER TABLE t MODIFY seen datetime(3) NOT NULL;"
    one = found("modify-drops-attributes", before, up, dialect=Dialect.MYSQL)
    assert "seen no longer follows when a row changes" in one.message.lower()
    assert one.safe_form is not None
    assert (one.safe_form.replacement or "").endswith(
        "NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3);"
    )


def test_a_character_set_is_repeated_behind_the_type() -> None:
    before = (
        "CREATE TABLE t (id int PRIMARY KEY, code varchar(9) CHARACTER SET ascii NOT NULL DEFAULT '-') CHARSET utf8mb4;"
    )
    safe = found(
        "modify-drops-attributes", before, "ALTER TABLE t MODIFY code varchar(9);", dialect=Dialect.MYSQL
    ).safe_form
    assert safe is not None
    assert safe.replacement == "ALTER TABLE t MODIFY code varchar(9) CHARACTER SET ascii NOT NULL DEFAULT '-';"


def test_the_down_of_an_enum_takes_a_value_away_and_is_not_told_to_keep_it() -> None:
    up = 'ALTER TABLE jobs MODIFY state ENUM("new","active","gone","pending") NOT NULL DEFAULT "new" COMMENT "x";'
    down = 'ALTER TABLE jobs MODIFY state ENUM("new","active","gone") NOT NULL DEFAULT "new" COMMENT "x";'
    safe = found("enum-values-changed", JOBS, up, down, dialect=Dialect.MYSQL).safe_form
    assert safe is not None
    assert safe.replacement is None
    assert "give rows that hold 'pending' another value in it first" in (safe.note or "")


def test_convert_to_asks_for_letters_that_are_not_there() -> None:
    before = """CREATE TABLE t (id int PRIMARY KEY, a varchar(9), b char(3) CHARACTER SET ascii, c text, d int)
    CHARSET utf8mb4;"""
    safe = found(
        "type-copies-table", before, "ALTER TABLE t CONVERT TO CHARACTER SET latin1;", dialect=Dialect.MYSQL
    ).safe_form
    assert safe is not None
    assert "SELECT COUNT(*) FROM t WHERE CONVERT(a USING latin1) <> a;" in (safe.note or "")
    assert "CONVERT(c USING latin1) <> c;" in (safe.note or "")
    assert "CONVERT(b" not in (safe.note or "")
    before = before.replace("utf8mb4", "latin1")
    up = "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4;"
    safe = found("type-copies-table", before, up, dialect=Dialect.MYSQL).safe_form
    assert safe is not None
    assert (safe.note or "").startswith("let a tool copy the table")


def test_a_stored_column_of_sqlite_is_made_virtual_in_a_whole_statement() -> None:
    up = "ALTER TABLE t ADD COLUMN c INTEGER AS (a) STORED;"
    safe = found("column-add-refused", "CREATE TABLE t (a INTEGER);", up, dialect=Dialect.SQLITE).safe_form
    assert safe is not None
    assert safe.replacement == "ALTER TABLE t ADD COLUMN c INTEGER AS (a) VIRTUAL;"


def test_not_null_is_demanded_at_the_end() -> None:
    before = "CREATE TABLE users (id bigint PRIMARY KEY);"
    safe = found("not-null-without-default", before, "ALTER TABLE users ADD COLUMN email text NOT NULL;").safe_form
    assert safe is not None
    assert safe.steps[-1].up == "ALTER TABLE users ALTER COLUMN email SET NOT NULL;"


def test_an_old_column_stands_for_the_new_one_where_a_rebuild_renames() -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    up = "ALTER TABLE users ADD CHECK (id > 0), RENAME COLUMN name TO full_name;"
    (finding,) = [
        each
        for each in reviewed((before, None), (up, None), dialect=Dialect.SQLITE).findings
        if each.rule == "alter-not-supported"
    ]
    assert finding.severity is Severity.ERROR
    assert finding.safe_form is not None
    (step,) = finding.safe_form.steps
    assert "SELECT id, name FROM users" in step.up
    assert "SELECT id, full_name FROM users" in step.down


def test_a_rebuild_says_which_values_are_nobodys() -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL); CREATE INDEX n ON users (name);"
    up = "ALTER TABLE users DROP COLUMN name;"
    safe = found("column-drop-refused", before, up, dialect=Dialect.SQLITE).safe_form
    assert safe is not None
    (step,) = safe.steps
    assert '-- glowplug: allow rebuild-omits-columns because "nothing reads name since …"\nINSERT INTO' in step.up
    assert "-- nothing tells what name is to hold: '' in every row\nINSERT INTO" in step.down


def test_no_rebuild_without_a_column_that_another_is_computed_from() -> None:
    before = "CREATE TABLE users (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER AS (a + 1));"
    safe = found("column-drop-refused", before, "ALTER TABLE users DROP COLUMN a;", dialect=Dialect.SQLITE).safe_form
    assert safe is not None
    assert safe.steps == ()
    assert "rebuild the table without it" in (safe.note or "")


def test_rows_that_migrations_wrote_are_filled_by_a_migration() -> None:
    before = "CREATE TABLE plans (code text PRIMARY KEY);"
    up = "ALTER TABLE plans ADD COLUMN label text NOT NULL;"
    steps = _steps(found("not-null-without-default", before, up))
    filled = _steps(found("not-null-without-default", f"{before}\nINSERT INTO plans VALUES ('free');", up))
    assert [each.name for each in filled if each not in steps] == ["fill_label_of_plans"]
    assert filled[1].up == "UPDATE plans SET label = … WHERE label IS NULL;"
    assert "migrations/0001_m/up.sql, line 2" in (filled[1].note or "")


def _steps(finding: Finding) -> tuple[Step, ...]:
    assert finding.safe_form is not None
    return finding.safe_form.steps


def test_a_down_repeats_what_was_there_before_its_up() -> None:
    before = "CREATE TABLE users (id int PRIMARY KEY, kind varchar(20) DEFAULT 'a');"
    up = "ALTER TABLE users CHANGE kind sort varchar(20) NOT NULL DEFAULT 'b' COMMENT 'x';"
    down = "ALTER TABLE users CHANGE sort kind varchar(20);"
    one = found("modify-drops-attributes", before, up, down, dialect=Dialect.MYSQL)
    assert "does not repeat DEFAULT 'a': that is gone" in one.message
    assert one.safe_form is not None
    assert one.safe_form.replacement == "ALTER TABLE users CHANGE sort kind varchar(20) DEFAULT 'a';"


def test_what_a_copy_depends_on_is_the_character_set_where_the_type_is_known() -> None:
    before = "CREATE TABLE users (id int PRIMARY KEY, name varchar(20));"
    known = found("type-copies-table", before, "ALTER TABLE users MODIFY name varchar(100);", dialect=Dialect.MYSQL)
    assert known.message.endswith("that depends on its character set and collation, which are not known here")


@pytest.mark.parametrize(
    ("rule", "dialect", "before", "up"),
    [
        ("drop-column-needs-version", Dialect.SQLITE, "CREATE TABLE t (a, b)", "ALTER TABLE t DROP COLUMN b"),
        ("lock-timeout-missing", Dialect.POSTGRES, "CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN b int"),
        ("lock-wait-timeout-missing", Dialect.MYSQL, "CREATE TABLE t (a int)", "ALTER TABLE t ADD COLUMN b int"),
    ],
)
def test_a_setting_is_said_as_glowplug_toml_takes_it(
    tmp_path: Path, rule: str, dialect: Dialect, before: str, up: str
) -> None:
    _project(tmp_path, dialect, before, up)
    (found_,) = [each for each in _linted(tmp_path) if each.rule == rule]
    assert found_.safe_form is not None
    note = found_.safe_form.note or ""
    (tmp_path / "glowplug.toml").write_text(note[note.index("[[chain]]") :])
    assert not [each for each in _linted(tmp_path) if each.rule == rule]


PLANS = """CREATE TABLE plans (code text PRIMARY KEY);
INSERT INTO plans VALUES ('free');
"""


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("foreign-key-scans-table", "ALTER TABLE users ADD COLUMN plan text DEFAULT 'free' REFERENCES plans (code);"),
        ("foreign-key-scans-table", "ALTER TABLE users ADD FOREIGN KEY (name) REFERENCES plans (code);"),
        ("not-null-without-default", "ALTER TABLE users ADD COLUMN plan text NOT NULL;"),
        ("name-changed", "ALTER TABLE users RENAME COLUMN name TO called;"),
        ("type-rewrites-table", "ALTER TABLE users ALTER COLUMN id TYPE bigint;"),
        ("default-rewrites-table", "ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();"),
        ("column-check-scans-table", "ALTER TABLE users ADD COLUMN age int DEFAULT 1 CHECK (age > 0);"),
    ],
)
def test_what_else_the_file_does_is_said_to_stay(rule: str, statement: str) -> None:
    before = "CREATE TABLE users (id int, name text);"
    first, *_ = _steps(found(rule, before, f"{PLANS}{statement}\nSELECT 1;"))
    said = (
        "lines 1 and 2 of this up.sql stay there, with what undoes them in down.sql, and this comes after it; what "
        "stands behind it in this up.sql stays there too, or goes behind these where it needs them"
    )
    assert (first.note or "").startswith(said)
    first, *_ = _steps(found(rule, f"{before}{PLANS}", statement))
    assert "stay" not in (first.note or "")


def _project(root: Path, dialect: Dialect, *ups: str) -> None:
    (root / ".git").mkdir()
    (root / "diesel.toml").touch()
    features = {Dialect.POSTGRES: "postgres", Dialect.MYSQL: "mysql", Dialect.SQLITE: "sqlite"}
    (root / "Cargo.toml").write_text(
        f'[package]\nname = "p"\n[dependencies]\ndiesel = {{ version = "2", features = ["{features[dialect]}"] }}\n'
    )
    for number, up in enumerate(ups, 1):
        here = root / "database" / "migrations" / f"2024-01-0{number}-000000_m"
        here.mkdir(parents=True)
        (here / "up.sql").write_text(f"{up};\n")
    (root / "diesel.toml").write_text('[migrations_directory]\ndir = "database/migrations"\n')


def _linted(root: Path) -> tuple[Finding, ...]:
    project = find_project(root, environment={})
    (chain,) = project.chains
    return engine.review(chain, Terms.of(chain)).findings


@pytest.mark.parametrize(
    ("rule", "up", "down", "advised"),
    [
        (
            "ddl-commits-halfway",
            "ALTER TABLE t ADD COLUMN c int, ADD COLUMN d int;",
            "ALTER TABLE t DROP COLUMN c; ALTER TABLE t DROP COLUMN d;",
            "ALTER TABLE t\n    DROP COLUMN c,\n    DROP COLUMN d;",
        ),
        (
            "not-null-invents-values",
            "ALTER TABLE t MODIFY b int NULL;",
            "ALTER TABLE t MODIFY b int NOT NULL;",
            "UPDATE t SET b = … WHERE b IS NULL;",
        ),
        (
            "foreign-key-copies-table",
            "ALTER TABLE t DROP COLUMN b;",
            "ALTER TABLE t ADD COLUMN b int REFERENCES u (a);",
            """ALTER TABLE t ADD COLUMN b int;
SET foreign_key_checks = 0;
ALTER TABLE t ADD CONSTRAINT t_b_fkey FOREIGN KEY (b) REFERENCES u (a), ALGORITHM=INPLACE, LOCK=NONE;
SET foreign_key_checks = 1;""",
        ),
    ],
)
def test_what_is_for_a_down_stands_in_the_down(rule: str, up: str, down: str, advised: str) -> None:
    before = "CREATE TABLE u (a int PRIMARY KEY); CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL);"
    (step,) = _steps(found(rule, before, up, down, dialect=Dialect.MYSQL))
    assert (step.up, step.down) == ("-- stays as it is", advised)
    assert (step.note or "").startswith("what is down.sql here belongs in this migration's down.sql")


def test_a_comment_comes_with_the_new_column_and_needs_no_migration_of_its_own() -> None:
    before = "CREATE TABLE orders (id int PRIMARY KEY, note text COMMENT 'the ''free'' one');"
    up = "ALTER TABLE orders RENAME COLUMN note TO remark;"
    add, drop = _steps(found("name-changed", before, up, dialect=Dialect.MYSQL))
    assert add.up == "ALTER TABLE orders ADD COLUMN remark text COMMENT 'the ''free'' one';"
    assert drop.down.splitlines() == [
        "ALTER TABLE orders ADD COLUMN note text COMMENT 'the ''free'' one';",
        "UPDATE orders SET note = remark;",
    ]


POSTS = "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL, state TEXT);\n"
PUBLIC = "CREATE VIEW public_posts AS SELECT id, title FROM posts WHERE state = 'public'"


def _rebuilt(columns: str, copied: str) -> str:
    return (
        f"CREATE TABLE new_posts (id INTEGER PRIMARY KEY, {columns});\n"
        f"INSERT INTO new_posts SELECT {copied} FROM posts;\n"
        "DROP TABLE posts;\nALTER TABLE new_posts RENAME TO posts;"
    )


def test_a_rebuild_makes_views_again_as_they_were() -> None:
    up = _rebuilt("title TEXT, state TEXT", "*")
    (step,) = _steps(found("view-stops-rename", f"{POSTS}{PUBLIC};", up, dialect=Dialect.SQLITE))
    assert all(f"RENAME TO posts;\n{PUBLIC};" in file for file in (step.up, step.down))
    assert "comment" not in (step.note or "")


@pytest.mark.parametrize(
    ("before", "up", "said"),
    [
        (f"{POSTS}{PUBLIC};", _rebuilt("title TEXT", "id, title"), ", without state"),
        (
            f"{POSTS}{PUBLIC};\nALTER TABLE posts RENAME COLUMN title TO name;",
            _rebuilt("name TEXT, state TEXT", "*"),
            "",
        ),
    ],
)
def test_a_view_that_would_be_another_is_for_a_person(before: str, up: str, said: str) -> None:
    (step,) = _steps(found("view-stops-rename", before, up, dialect=Dialect.SQLITE))
    assert f"-- CREATE VIEW public_posts …: again, as in migrations/0001_m/up.sql, line 2{said}\n" in f"{step.up}\n"
    assert "CREATE VIEW public_posts AS" not in step.up
    assert "where a comment says so" in (step.note or "")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("numeric(8, 0)", "digits behind the point are rounded away"),
        ("numeric(8, 1)", "digits behind the point after the first are rounded away"),
        ("numeric(8, 2)", "digits behind the point after the first 2 are rounded away"),
        ("numeric(8, -2)", "numbers are rounded to multiples of 100"),
    ],
)
def test_what_is_rounded_away_is_said_in_words(kind: str, said: str) -> None:
    before = "CREATE TABLE t (a numeric(12, 4));"
    assert said in found("type-narrowed", before, f"ALTER TABLE t ALTER COLUMN a TYPE {kind};").message
    if "-" not in kind:
        up = f"ALTER TABLE t MODIFY a {kind};"
        assert said in found("modify-narrows-type", before, up, dialect=Dialect.MYSQL).message
