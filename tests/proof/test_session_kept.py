"""The procedure for a rebuilt table leaves foreign_keys as the session had it, and no row goes in any world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from .sqlite import Apsw, Pythons

if TYPE_CHECKING:
    from glowplug.finding import Step

SQLITE = Dialect.SQLITE
KINDS = pytest.mark.parametrize("kind", [Apsw, Pythons])
ALONE = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);"
REFERENCED = f"{ALONE} CREATE TABLE c (id INTEGER PRIMARY KEY, t_id INT REFERENCES t ON DELETE CASCADE);"
VIEW = "CREATE VIEW v AS SELECT a FROM t;"
UP = (
    "CREATE TABLE new_t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); INSERT INTO new_t (id, a) SELECT id, a FROM t; "
    "DROP TABLE t; ALTER TABLE new_t RENAME TO t;"
)
ADD = "ALTER TABLE t ADD COLUMN b TEXT DEFAULT CURRENT_TIMESTAMP;"
SWITCH_IT_ON = "end both files with PRAGMA foreign_keys = ON where the session that runs migrations has it ON, and only"
OFF, ON = "PRAGMA foreign_keys = OFF;", "PRAGMA foreign_keys = ON;"


def step(rule: str, before: str, up: str, *, on: bool | None, said: bool = False) -> Step:
    """What a rule proposes in one world."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=SQLITE, migrations=migrations, settings=ChainSettings())
    terms = Terms(dialect=SQLITE, foreign_keys=on, foreign_keys_said=said)
    (one,) = (each for each in review(chain, terms, new={"2"}).findings if each.rule == rule)
    assert one.safe_form is not None
    return one.safe_form.steps[0]


def run(kind: type[Apsw | Pythons], one: Step, before: str, *, on: bool) -> None:
    """Run it forth and back in a session, with rows, and look at what is left of them and of the session."""
    database = kind()
    children = "INSERT INTO c VALUES (7, 1), (8, 2);" if "TABLE c" in before else ""
    setup = f"{ON if on else OFF} {before} INSERT INTO t VALUES (1, 'x'), (2, 'y'); {children}"
    assert database.run(setup) is None
    for text in (one.up, one.down):
        assert database.run(f"BEGIN; {text}\n; COMMIT" if one.run_in_transaction else text) is None
        assert database.value("SELECT group_concat(id || a) FROM t") == "1x,2y"
        if children:
            assert database.value("SELECT group_concat(t_id) FROM c") == "1,2"
        if not on:
            assert database.value("PRAGMA foreign_keys") == "0"
    if on and SWITCH_IT_ON not in (one.note or ""):
        assert database.value("PRAGMA foreign_keys") == "1"
    database.close()


@KINDS
@pytest.mark.parametrize("on", [False, None])
@pytest.mark.parametrize(
    ("rule", "before", "up"), [("view-stops-rename", f"{ALONE} {VIEW}", UP), ("column-add-refused", ALONE, ADD)]
)
def test_a_table_that_nothing_references_needs_no_pragma(
    kind: type[Apsw | Pythons], rule: str, before: str, up: str, *, on: bool | None
) -> None:
    one = step(rule, before, up, on=on)
    assert "PRAGMA" not in one.up + one.down
    assert one.run_in_transaction
    for world in (False, True):
        run(kind, one, before, on=world)


@KINDS
@pytest.mark.parametrize("rule", ["view-stops-rename", "column-add-refused"])
def test_where_it_is_said_to_be_off_there_is_no_pragma(kind: type[Apsw | Pythons], rule: str) -> None:
    before, up = (REFERENCED, ADD) if rule == "column-add-refused" else (f"{REFERENCED} {VIEW}", UP)
    one = step(rule, before, up, on=False, said=True)
    assert "PRAGMA" not in one.up + one.down
    run(kind, one, before, on=False)


@KINDS
@pytest.mark.parametrize("on", [False, None])
@pytest.mark.parametrize(
    ("rule", "before", "up"),
    [
        ("view-stops-rename", f"{REFERENCED} {VIEW}", UP),
        ("drop-deletes-elsewhere", REFERENCED, UP),
        ("column-add-refused", REFERENCED, ADD),
    ],
)
def test_where_it_may_be_off_nothing_is_switched_on(
    kind: type[Apsw | Pythons], rule: str, before: str, up: str, *, on: bool | None
) -> None:
    one = step(rule, before, up, on=on)
    for text in (one.up, one.down):
        assert text.startswith(OFF)
        assert f"\n{ON}" not in text
    for world in (False, True):
        run(kind, one, before, on=world)


@KINDS
@pytest.mark.parametrize("said", [False, True])
def test_where_it_is_on_it_is_on_again(kind: type[Apsw | Pythons], *, said: bool) -> None:
    one = step("drop-deletes-elsewhere", REFERENCED, UP, on=True, said=said)
    assert "where the session" not in (one.note or "")
    run(kind, one, REFERENCED, on=True)
