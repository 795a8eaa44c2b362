"""What the SQLite rules say to write instead runs on SQLite, forth and back; and a false claim about it is refuted."""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.review.claims import Claim, Fails, Leaves
from glowplug.review.rule import Rule, rules
from glowplug.review.version import Versions
from tests.review.cases import Case, case, sections

from .proof import Proof, Question, Servers
from .sqlite import Apsw, Database, Pythons, prove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Finding, Step

CASES = Path(__file__).parents[1] / "review"
SETUP = "CREATE TABLE t (a); INSERT INTO t VALUES (1)"
SQLITE = Dialect.SQLITE
ASKED = Question(sql="SELECT count(*) FROM t", unsafe="0", safe="1")
LEAVES = Leaves(dialect=SQLITE, what="rows")
FAILS = Fails(dialect=SQLITE, code="no such table: main.u")
COLUMNS = "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || ' ' || pk) FROM pragma_table_xinfo('{0}')"

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("claim", "unsafe", "safe"),
    [
        (LEAVES, "SELECT 1", "SELECT 1"),
        (LEAVES, "DELETE FROM t", "DELETE FROM t"),
        (LEAVES, "DELETE FROM u", "SELECT 1"),
        (FAILS, "SELECT 1", "SELECT 1"),
        (FAILS, "SELECT nothing", "SELECT 1"),
        (FAILS, "INSERT INTO main.u VALUES (1)", "INSERT INTO main.u VALUES (1)"),
        (Fails(dialect=SQLITE, code=FAILS.code, versions=Versions(until=(3,))), "SELECT 1 FROM main.u", "SELECT 1"),
    ],
)
def test_a_false_claim_and_an_unsafe_safe_form_are_refuted(claim: Claim, unsafe: str, safe: str) -> None:
    proof = Proof(rule=Rule, claims=(claim,), setup=SETUP, unsafe=unsafe, safe=(safe,), question=ASKED)
    with contextlib.ExitStack() as end, pytest.raises(AssertionError):
        prove(proof, Servers(end))


@pytest.mark.parametrize(
    ("claim", "unsafe"), [(LEAVES, "DELETE FROM t"), (FAILS, "DELETE FROM t; INSERT INTO main.u VALUES (1)")]
)
def test_the_same_claims_hold_where_they_are_true(claim: Claim, unsafe: str) -> None:
    proof = Proof(rule=Rule, claims=(claim,), setup=SETUP, unsafe=unsafe, safe=("SELECT 1",), question=ASKED)
    with contextlib.ExitStack() as end:
        prove(proof, Servers(end))


@pytest.mark.parametrize("kind", [Apsw, Pythons])
@pytest.mark.parametrize("action", ["ON DELETE CASCADE", "ON DELETE SET NULL", ""])
def test_a_rebuild_does_no_harm_with_foreign_keys_off(kind: type[Apsw | Pythons], action: str) -> None:
    with opened(kind, foreign_keys=False) as database:
        setup = f"CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE c (t_id REFERENCES t {action});"
        assert database.run(f"{setup} INSERT INTO t VALUES (1); INSERT INTO c VALUES (1)") is None
        rebuild = "CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM t; DROP TABLE t;"
        assert database.run(f"BEGIN; {rebuild} ALTER TABLE n RENAME TO t; COMMIT") is None
        assert database.value("SELECT count(*) || ' ' || count(t_id) FROM c") == "1 1"


def findings() -> Iterator[tuple[str, Case, Finding]]:
    """Every finding of the rules about SQLite alone that is the only one of its file."""
    for rule in rules():
        if rule.dialects == {SQLITE}:
            cases = CASES / rule.harm / f"{rule.name}.md"
            texts = [inspect.getdoc(type(rule)) or "", cases.read_text("utf-8") if cases.exists() else ""]
            for section in (each for text in texts for each in sections(text)):
                one = case(section, SQLITE)
                found = [each for each in one.findings() if each.safe_form is not None]
                if len(found) == 1 and found[0].rule == rule.name:
                    yield f"{rule.name}: {section.title}", one, found[0]


ALL = tuple(findings())
STEPS = tuple(each for each in ALL if each[2].safe_form and each[2].safe_form.steps)
REPLACEMENTS = tuple(each for each in ALL if each[2].safe_form and each[2].safe_form.replacement is not None)
FEWEST = 20


def test_there_is_enough_to_run() -> None:
    assert len(STEPS) + len(REPLACEMENTS) >= FEWEST


@pytest.mark.parametrize("kind", [Apsw, Pythons])
@pytest.mark.parametrize(("one", "finding"), [pytest.param(*each[1:], id=each[0]) for each in STEPS])
def test_the_steps_run_forth_and_back(kind: type[Apsw | Pythons], one: Case, finding: Finding) -> None:
    assert finding.safe_form is not None
    with earlier(kind, one, finding) as database:
        table = finding.subject.partition(".")[0] if finding.rule != "vacuum-in-transaction" else "temp.sqlite_master"
        before = database.value(COLUMNS.format(table))
        for step in finding.safe_form.steps:
            assert diesel(database, step, step.up) is None, step.up
        assert database.value(f"SELECT count(*) FROM {table}") == "0"
        for step in reversed(finding.safe_form.steps):
            assert diesel(database, step, step.down) is None, step.down
        if "rebuild" in finding.safe_form.steps[0].name:
            assert database.value(COLUMNS.format(table)) == before


@pytest.mark.parametrize("kind", [Apsw, Pythons])
@pytest.mark.parametrize(("one", "finding"), [pytest.param(*each[1:], id=each[0]) for each in REPLACEMENTS])
def test_the_file_with_the_replacement_runs(kind: type[Apsw | Pythons], one: Case, finding: Finding) -> None:
    assert finding.safe_form is not None
    assert finding.safe_form.replacement is not None
    assert finding.place is not None
    migration = next(each for each in one.chain.migrations if each.name == finding.migration)
    text = (migration.up or b"").decode()
    start = offset(text, finding.place.line, finding.place.column)
    end = offset(text, finding.place.end_line, finding.place.end_column)
    with earlier(kind, one, finding) as database:
        replaced = f"{text[:start]}{finding.safe_form.replacement}{text[end:]}"
        assert database.run(f"BEGIN; {replaced}\n; COMMIT") is None, replaced


def offset(text: str, line: int | None, column: int | None) -> int:
    """Where in a text a line and column are."""
    assert line is not None
    assert column is not None
    return sum(len(each) for each in text.splitlines(keepends=True)[: line - 1]) + column - 1


@contextlib.contextmanager
def opened(kind: type[Apsw | Pythons], *, foreign_keys: bool) -> Iterator[Database]:
    """An empty database."""
    database = kind()
    try:
        database.run(f"PRAGMA foreign_keys = {foreign_keys}")
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def earlier(kind: type[Apsw | Pythons], one: Case, finding: Finding) -> Iterator[Database]:
    """A database after the migrations before the finding's file, and after its up where it is in the down."""
    assert finding.place is not None
    with opened(kind, foreign_keys=one.terms.foreign_keys is not False) as database:
        for migration in one.chain.migrations:
            if migration.name == finding.migration and not finding.place.file.endswith("down.sql"):
                break
            assert database.run((migration.up or b"").decode()) is None
        yield database


def diesel(database: Database, step: Step, text: str) -> str | None:
    """Run a step's file as Diesel does."""
    return database.run(f"BEGIN; {text}\n; COMMIT" if step.run_in_transaction else text)
