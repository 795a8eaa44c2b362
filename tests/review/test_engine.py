from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import Basis, SafeForm, Step
from glowplug.project.configuration import ChainSettings
from glowplug.review import engine
from glowplug.review.context import Terms
from glowplug.review.rule import Hit, Rule
from glowplug.sql.actions import AddColumn, CreateIndex, CreateTable, DropTable, Insert
from glowplug.sql.parts import Name

from .planted import Planted, chain_of, plant, reviewed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.reader import _Reader
    from glowplug.sql.statement import Statement

A, B = "CREATE TABLE a (x int);", "CREATE TABLE b (x int);"


def names(answer: engine.Reviewed) -> list[tuple[str, str, int | None]]:
    assert answer.broken == ()
    return [(item.rule, item.place.file, item.place.line) for item in answer.findings if item.place is not None]


def test_a_rule_sees_the_schema_before_the_action_and_the_next_one_what_it_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, bool, bool]] = []

    def look(action: Action, context: Context) -> Iterator[Hit]:
        a, b = (context.schema.table(Name(name)) is not None for name in "ab")
        seen.append((context.text(action.span), a, b))
        yield from ()

    plant(monkeypatch, Planted("look", look, actions=(CreateTable, AddColumn)))
    reviewed((f"{A}\n{B}", None), ("ALTER TABLE a ADD y int, ADD z int;", None))
    assert [(a, b) for _, a, b in seen] == [(False, False), (True, False), (True, True), (True, True)]


def test_the_way_back_is_reviewed_with_the_schema_after_the_up_and_changes_nothing_for_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, bool, bool]] = []

    def look(action: Action, context: Context) -> Iterator[Hit]:
        seen.append((type(action).__name__, context.down, context.schema.table(Name("a")) is not None))
        yield Hit(message="said", span=action.span, subject="a")

    plant(monkeypatch, Planted("look", look, actions=(CreateTable, DropTable)))
    answer = reviewed((A, "DROP TABLE a;"), (B, "DROP TABLE b;"))
    assert seen == [
        ("CreateTable", False, False),
        ("DropTable", True, True),
        ("CreateTable", False, True),
        ("DropTable", True, True),
    ]
    assert [file.rpartition("/")[2] for _, file, _ in names(answer)] == ["up.sql", "down.sql"] * 2
    assert {item.version for item in answer.findings} == {"0001", "0002"}


def test_what_is_not_understood_is_a_finding_where_the_parser_stopped_and_hides_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, Planted("table"))
    answer = reviewed((f"{A}\n\nALTER TABLE a\n  ADD COLUMN ,;\n{B}", None))
    (first, strange, last) = answer.findings
    assert (first.rule, strange.rule, last.rule) == ("table", "sql-not-understood", "table")
    assert strange.severity == "warning"
    assert strange.place is not None
    assert strange.place.line in {3, 4}
    assert strange.excerpt is not None
    assert strange.excerpt.text == "ALTER TABLE a\n  ADD COLUMN ,;"
    assert (strange.place.end_line, last.place and last.place.line) == (4, 5)


def test_a_file_full_of_what_is_not_understood_is_no_flood_and_all_of_it_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, Planted("table"))
    answer = reviewed(("FOO;\n" * 50, None), ("FOO;\n" * 20, None))
    assert [item.version for item in answer.findings] == ["0001"] * 21 + ["0002"] * 20
    assert "30 more statements of this file are not understood" in answer.findings[20].message


def test_after_what_is_not_understood_the_schema_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    doubts: list[str | None] = []

    def look(_action: Action, context: Context) -> Iterator[Hit]:
        doubts.append(context.schema.doubt)
        yield from ()

    plant(monkeypatch, Planted("look", look))
    reviewed((A, None), ("ALTER WHAT;", None), (B, None))
    assert doubts[0] is None
    assert doubts[1] is not None
    assert doubts[1].startswith("migrations/0002_m/up.sql:1: this statement is not understood: syntax error at ")


@pytest.mark.parametrize("sql", [b"CREATE TABLE \xff (x int);", None])
def test_a_file_that_can_not_be_read_leaves_doubt_and_no_finding_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, sql: bytes | None
) -> None:
    doubts: list[str | None] = []

    def look(_action: Action, context: Context) -> Iterator[Hit]:
        doubts.append(context.schema.doubt)
        yield from ()

    plant(monkeypatch, Planted("look", look))
    assert reviewed((sql, None), (B, None)).findings == ()
    assert doubts[-1] == "migrations/0001_m/up.sql:1: this file can't be read"


def test_a_byte_order_mark_shifts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Planted("table"))
    (found,) = reviewed(("\ufeff" + A, None)).findings
    assert found.rule == "table"
    assert found.place is not None
    assert (found.place.line, found.place.column) == (1, 2)


def test_what_only_a_client_understands_and_what_runs_unseen_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Planted("table"))
    answer = reviewed(
        (f"\\d users\n{A}", None), ("DO $$ BEGIN\n  EXECUTE 'DROP TABLE ' || current_user;\nEND $$;", None)
    )
    assert [(rule, line) for rule, _, line in names(answer)] == [
        ("sql-not-understood", 1),
        ("table", 2),
        ("sql-not-seen", 2),
    ]


def test_statements_in_a_do_block_are_reviewed_and_those_of_a_function_are_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, Planted("table"))
    block = f"DO $$ BEGIN\n  IF true THEN\n    {A}\n  END IF;\nEND $$;"
    function = f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n  {B}\nEND $$;"
    answer = reviewed((f"{block}\n{function}", None))
    assert [(rule, line) for rule, _, line in names(answer)] == [("table", 3)]


MAKES = "LANGUAGE plpgsql AS $$ BEGIN\n  CREATE TABLE b (x int);\nEND $$;"
CALLS = ["SELECT f()", "DO $$ BEGIN PERFORM f(); END $$", "INSERT INTO a SELECT f()", "INSERT INTO a VALUES (f())"]
CALLS += ["UPDATE a SET x = f()", "DELETE FROM a WHERE f() = 1", "SELECT * FROM f()"]


@pytest.mark.parametrize("call", [*CALLS, "CALL f()"])
def test_a_function_of_an_earlier_file_that_changes_the_schema_is_a_notice_where_it_is_called(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    doubts: list[str | None] = []

    def look(_action: Action, context: Context) -> Iterator[Hit]:
        doubts.append(context.schema.doubt)
        yield from ()

    plant(monkeypatch, Planted("look", look))
    what = "PROCEDURE f()" if "CALL" in call else "FUNCTION f() RETURNS int"
    (found,) = reviewed((f"{A}\nCREATE {what} {MAKES}", None), (f"\n{call};", None), (B, None)).findings
    assert (found.rule, found.severity, found.version) == ("sql-not-seen", "notice", "0002")
    assert found.place is not None
    assert found.place.line == 2
    assert found.message.startswith("f is called")
    assert [(each.place.file, each.place.line) for each in found.related] == [("migrations/0001_m/up.sql", 2)]
    assert "may change the schema" in (doubts[-1] or "")


@pytest.mark.parametrize("call", CALLS)
def test_a_function_that_changes_no_schema_is_none(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    plant(monkeypatch, Planted("look", actions=(CreateIndex,)))
    reads = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;"
    assert reviewed((f"{A}\n{reads}", None), (f"{call};", None)).findings == ()


@pytest.mark.parametrize(("language", "line"), [("plpython3u AS $$ plpy.execute('') $$", 1), ("c AS 'x', 'y'", 2)])
def test_a_function_whose_body_is_not_read_is_a_notice(
    monkeypatch: pytest.MonkeyPatch, language: str, line: int
) -> None:
    plant(monkeypatch, Planted("table"))
    answer = reviewed((f"CREATE FUNCTION f() RETURNS int LANGUAGE {language};\nSELECT f();", None))
    assert names(answer) == [("sql-not-seen", "migrations/0001_m/up.sql", line)]


def test_the_body_of_a_function_that_this_file_makes_is_reviewed_where_it_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, Planted("table"))
    function = f"CREATE FUNCTION f() RETURNS int {MAKES}"
    assert names(reviewed((f"{function}\nSELECT f();", None))) == [("table", "migrations/0001_m/up.sql", 2)]
    itself = function.replace("END $$", "  PERFORM f();\nEND $$")
    assert [(rule, line) for rule, _, line in names(reviewed((f"{itself}\nSELECT f();", None)))] == [
        ("table", 2),
        ("sql-not-seen", 3),
    ]


def test_a_procedure_of_mysqls_that_this_file_makes_is_reviewed_where_it_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, Planted("table"))
    text = "CREATE PROCEDURE p()\nBEGIN\n  CREATE TABLE b (x int);\nEND;\nCALL p();\nDROP PROCEDURE p;"
    assert [(rule, line) for rule, _, line in names(reviewed((text, None), dialect=Dialect.MYSQL))] == [("table", 3)]


class OfFile(Planted):
    """Says something of a file as a whole."""

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        yield Hit(message=f"{len(contexts)} statements", span=contexts[-1].statement.span, subject="file")


class OfChain(Planted):
    """Says something of a chain as a whole."""

    def check_chain(self, contexts: Sequence[Context]) -> Iterator[tuple[Context, Hit]]:
        assert contexts[0].schema.table(Name("b")) is not None
        text = " ".join(context.text(context.statement.span)[:14] for context in contexts)
        yield contexts[0], Hit(message=text, span=contexts[0].statement.span, subject="chain")


def test_a_rule_for_files_speaks_once_a_file_and_a_file_without_statements_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, file=[OfFile("file")])
    answer = reviewed((f"{A}\n{B}", "-- nothing"), ("DROP TABLE a;", None))
    assert [(item.message, item.place and item.place.line) for item in answer.findings] == [
        ("2 statements", 2),
        ("1 statements", 1),
    ]


@pytest.mark.parametrize(("new", "said"), [(None, "CREATE TABLE a CREATE TABLE b"), (("0002_m",), "CREATE TABLE b")])
def test_a_rule_for_chains_speaks_once_and_sees_what_is_new(
    monkeypatch: pytest.MonkeyPatch, new: tuple[str, ...] | None, said: str
) -> None:
    plant(monkeypatch, chain=[OfChain("chain")])
    (found,) = reviewed((A, "DROP TABLE a"), (B, None), new=None if new is None else frozenset(new)).findings
    assert found.message == said
    assert found.version == ("0001" if new is None else "0002")


def test_where_nothing_is_new_a_rule_for_chains_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, chain=[OfChain("chain")])
    assert reviewed((A, None), new=frozenset()).findings == ()


class Broken(Planted):
    """Fails wherever it is asked."""

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        raise TypeError(f"planted {action} {context}"[:7])

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        raise TypeError(f"planted {contexts}"[:7])

    def check_chain(self, contexts: Sequence[Context]) -> Iterator[tuple[Context, Hit]]:
        raise TypeError(f"planted {contexts}"[:7])


def test_a_rule_that_raises_is_named_with_its_place_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken("broken")
    plant(monkeypatch, broken, Planted("table"), file=[broken, OfFile("file")], chain=[broken, OfChain("chain")])
    answer = reviewed((f"{A}\n{B}", None))
    assert {item.rule for item in answer.findings} == {"table", "file", "chain"}
    assert {(each.what, each.error) for each in answer.broken} == {("broken", "TypeError: planted")}
    assert [each.place.line for each in answer.broken] == [1, 1, 2, 1]
    assert "planted" in answer.broken[0].trace


def test_a_reader_that_raises_is_a_bug_of_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    read: _Reader = engine.read  # type: ignore[assignment]

    def broken(text: str, dialect: object) -> object:
        if "TABLE a" in text:
            raise ValueError("planted")
        return read(text, dialect)  # type: ignore[operator]

    plant(monkeypatch, Planted("table"))
    monkeypatch.setattr(engine, "read", broken)
    answer = reviewed((A, None), (B, None))
    assert [(item.rule, item.version) for item in answer.findings] == [
        ("sql-not-understood", "0001"),
        ("table", "0002"),
    ]
    assert [(each.what, each.place.file) for each in answer.broken] == [
        ("the reader of SQL", "migrations/0001_m/up.sql")
    ]


def test_a_simulation_that_raises_leaves_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    from glowplug.schema.simulation import Simulation  # noqa: PLC0415 - used here alone

    apply, doubts = Simulation.apply, []

    def broken(self: Simulation, action: Action, statement: Statement) -> None:
        if isinstance(action, CreateIndex):
            raise TypeError("planted")
        apply(self, action, statement)

    def look(_action: Action, context: Context) -> Iterator[Hit]:
        doubts.append(context.schema.doubt)
        yield from ()

    plant(monkeypatch, Planted("look", look))
    monkeypatch.setattr(Simulation, "apply", broken)
    answer = reviewed((f"{A} CREATE INDEX ON a (x);", None), (B, None))
    assert [each.what for each in answer.broken] == ["the simulation of the schema"]
    assert doubts[0] is None
    assert doubts[1] is not None


def test_where_a_rule_covers_another_the_other_is_silent_there_and_speaks_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_a(action: Action, context: Context) -> Iterator[Hit]:
        if "TABLE a" in context.text(action.span):
            yield Hit(message="covers", span=action.span, subject="a")

    plant(monkeypatch, Planted("covering", of_a, covers=("covered",)), Planted("covered"))
    assert [rule for rule, _, _ in names(reviewed((A, None), (B, A), (f"{A} {B}", None)))] == [
        "covering",
        "covered",
        "covering",
        "covering",
        "covered",
    ]


def test_clauses_of_one_statement_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_y(action: Action, _context: Context) -> Iterator[Hit]:
        if isinstance(action, AddColumn) and action.column.name == "y":
            yield Hit(message="covers", span=action.span, subject="y")

    covering = Planted("covering", of_y, actions=(AddColumn,), covers=("covered",))
    plant(monkeypatch, covering, Planted("covered", actions=(AddColumn,)))
    answer = reviewed((A, None), ("ALTER TABLE a\n  ADD y int,\n  ADD z int;", None))
    assert [(rule, line) for rule, _, line in names(answer)] == [("covering", 2), ("covered", 3)]


def test_a_finding_keeps_its_name_when_lines_move_and_two_alike_have_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def insert(action: Action, _context: Context) -> Iterator[Hit]:
        yield Hit(message="rows", span=action.span, subject="a")

    plant(monkeypatch, Planted("rows", insert, actions=(Insert,)))
    text = "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);"
    first, second = (item.fingerprint for item in reviewed((text, None)).findings)
    assert first != second
    moved = reviewed((f"\n\n-- more\n{text}", None)).findings
    assert [item.fingerprint for item in moved] == [first, second]
    assert [item.place and item.place.line for item in moved] == [4, 5]


def test_a_rule_that_repeats_itself_is_heard_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Planted("one"), Planted("one"))
    assert len(reviewed((A, None)).findings) == 1


def test_a_finding_has_place_excerpt_and_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Planted("index", actions=(CreateIndex,)))
    (found,) = reviewed((f"{A} CREATE INDEX é\n  ON a (x); SELECT 1;\n", None)).findings
    place = found.place
    assert place is not None
    assert (place.line, place.column, place.end_line, place.end_column) == (1, 25, 2, 11)
    assert found.excerpt is not None
    assert (found.excerpt.line, found.excerpt.text) == (1, f"{A} CREATE INDEX é\n  ON a (x); SELECT 1;")
    assert found.basis is Basis.PREDICTED


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("index_a", "index_a"),
        ("index_../../x", "index__x"),
        ("é/\n", "step"),
        ("a\0b-c d", "a_b_c_d"),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_proposed_migration_has_a_name_that_a_directory_can_have(
    monkeypatch: pytest.MonkeyPatch, name: str, shown: str
) -> None:
    def instead(action: Action, _context: Context) -> Iterator[Hit]:
        safe = SafeForm(steps=(Step(name=name, up="x", down="y"), Step(name="b", up="x", down="y")))
        yield Hit(message="", span=action.span, subject="b", safe_form=safe)

    plant(monkeypatch, Planted("table", instead))
    (found,) = reviewed((A, None)).findings
    assert found.safe_form is not None
    assert [step.name for step in found.safe_form.steps] == [shown, "b"]


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_replacement_is_a_patch_that_git_applies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: str) -> None:
    def instead(action: Action, _context: Context) -> Iterator[Hit]:
        safe = SafeForm(steps=(Step(name="b", up="x", down="y"),), replacement="CREATE TABLE IF NOT EXISTS b (x int)")
        yield Hit(message="", span=action.span, subject="b", safe_form=safe)

    plant(monkeypatch, Planted("table", instead, actions=(CreateIndex,)))
    before = "SELECT 1;\n" * 9 + f"{A}\n\nCREATE INDEX\n  ON a (x);\nSELECT 2;" + end
    (found,) = reviewed((before, None)).findings
    assert found.safe_form is not None
    assert found.safe_form.patch is not None
    file = tmp_path / "migrations" / "0001_m" / "up.sql"
    file.parent.mkdir(parents=True)
    file.write_text(before)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=found.safe_form.patch, text=True, check=True)
    assert file.read_text() == before.replace("CREATE INDEX\n  ON a (x)", "CREATE TABLE IF NOT EXISTS b (x int)")


def test_a_long_line_has_no_excerpt_and_a_long_statement_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Planted("index", actions=(CreateIndex,)), Planted("column", actions=(AddColumn,)))
    wide = f"/*{'x' * 5000}*/ CREATE INDEX ON a (x);"
    tall = "ALTER TABLE a\n" + ",\n".join(f"  ADD y{number} int" for number in range(50)) + ";"
    first, *rest = reviewed((A, None), (f"{wide}\n{tall}", None)).findings
    assert first.excerpt is None
    assert rest[40].excerpt is not None
    assert rest[40].excerpt.text == "  ADD y40 int,"


def test_a_directory_that_diesel_does_not_run_is_not_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, Planted("table"))
    chain = chain_of((A, None), (B, None))
    idle = replace(chain, migrations=(replace(chain.migrations[0], runnable=False), chain.migrations[1]))
    assert [item.version for item in engine.review(idle, Terms.of(idle)).findings] == ["0002"]


@pytest.mark.parametrize(
    ("version", "name"),
    [
        (None, "CONSTRAINT_1"),
        ("10.11", "CONSTRAINT_1"),
        ("mariadb-5.5", "CONSTRAINT_1"),
        ("8.4", "a_chk_1"),
        ("percona 8.0", "a_chk_1"),
    ],
)
def test_the_schema_is_that_of_the_vendor_who_is_named(
    monkeypatch: pytest.MonkeyPatch, version: str | None, name: str
) -> None:
    seen: list[str] = []

    def look(_: Action, context: Context) -> Iterator[Hit]:
        table = context.schema.table(Name("a"))
        seen.extend(each.name for each in (() if table is None else table.constraints.values()))
        yield from ()

    plant(monkeypatch, Planted("look", look, actions=(AddColumn,)))
    chain = chain_of(("CREATE TABLE a (x int, CHECK (x > 1));", None), ("ALTER TABLE a ADD y int;", None))
    chain = replace(chain, dialect=Dialect.MYSQL, settings=ChainSettings(server_version=version))
    assert engine.review(chain, Terms.of(chain)).broken == ()
    assert seen == [name]


def test_the_first_schema_may_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    doubts: list[str | None] = []

    def look(_action: Action, context: Context) -> Iterator[Hit]:
        doubts.append(context.schema.doubt)
        yield from ()

    plant(monkeypatch, Planted("look", look))
    chain = chain_of((A, None))
    engine.review(chain, Terms.of(chain), known=False)
    engine.review(chain, Terms.of(chain))
    assert doubts == ["what was there before this file is not known", None]


def test_no_rule_overrides_nothing() -> None:
    from glowplug.review.rule import rules  # noqa: PLC0415 - it imports all rules

    ways = ("check", "check_file", "check_chain")
    for rule in rules():
        own = [way for way in ways if getattr(type(rule), way) is not getattr(Rule, way)]
        assert own, rule.name
        assert ("check" in own) == bool(rule.actions), rule.name


def test_no_rule_of_a_dialect_is_left_unimported() -> None:
    from glowplug.review.rule import desk, may_be_about, rules  # noqa: PLC0415 - it imports all rules

    for dialect in Dialect:
        mine = {rule.name for rule in rules() if dialect in rule.dialects}
        assert mine == {rule.name for rule in rules() if may_be_about(type(rule).__module__, dialect)} & mine
        at_desk = {rule for wanted in desk(dialect).by_action.values() for rule in wanted}
        assert {rule.name for rule in at_desk.union(desk(dialect).of_file, desk(dialect).of_chain)} == mine
