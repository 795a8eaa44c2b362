"""What is proposed for a column that SQLite refuses to drop runs on SQLite, with the rest of the file around it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

if TYPE_CHECKING:
    from glowplug.finding import Finding

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT, name TEXT, mail TEXT UNIQUE);\n"
ROW = "INSERT INTO users VALUES (1, '555', 'Ada', 'a@example.org');\n"
PHONE, NAME = "ALTER TABLE users DROP COLUMN phone;\n", "ALTER TABLE users DROP COLUMN name;\n"
MAIL = "ALTER TABLE users DROP COLUMN mail;\n"
VIEW, READER = "CREATE VIEW v AS SELECT id, phone FROM users;\n", "CREATE VIEW w AS SELECT * FROM v;\n"
LINE = re.compile(r"\(line (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A file of one statement a line; ``late`` are the lines that it has to lose, ``says`` what the message says."""

    before: str
    up: str
    late: tuple[int, ...] = ()
    says: str


CASES = {
    "an index, dropped too late": Case(
        before="CREATE INDEX i ON users (phone);",
        up=f"{PHONE}DROP INDEX i;",
        late=(2,),
        says="it is needed by the index i; the file drops i only after that",
    ),
    "an index that the file leaves": Case(
        before="CREATE INDEX i ON users (phone);", up=PHONE, says="it is needed by the index i"
    ),
    "a view, dropped too late": Case(
        before=VIEW, up=f"{PHONE}DROP VIEW IF EXISTS v;", late=(2,), says="the view v; the file drops v only after that"
    ),
    "a view that is made again": Case(
        before=VIEW,
        up=f"{PHONE}DROP VIEW v;\nCREATE VIEW v AS SELECT id FROM users;",
        late=(2,),
        says="the view v; the file drops v only after that",
    ),
    "a view, and one that reads it": Case(before=VIEW + READER, up=PHONE, says="the view v"),
    "both of them, dropped too late": Case(
        before=VIEW + READER,
        up=f"{PHONE}DROP VIEW w;\nDROP VIEW v;",
        late=(2, 3),
        says="the view v; the file drops w and v only after that",
    ),
    "one of them, dropped too late": Case(
        before=VIEW + READER, up=f"{PHONE}DROP VIEW v;", late=(2,), says="the view v; the file drops v only after that"
    ),
    "a trigger on the view": Case(
        before=f"{VIEW}CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN SELECT 1; END;",
        up=f"{PHONE}DROP TRIGGER g;\nDROP VIEW v;",
        late=(2, 3),
        says="the view v; the file drops v only after that",
    ),
    "a trigger on the view, said after it": Case(
        before=f"{VIEW}CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN SELECT 1; END;",
        up=f"{PHONE}DROP VIEW v;\nDROP TRIGGER IF EXISTS g;",
        late=(2, 3),
        says="the view v; the file drops v only after that",
    ),
    "a trigger of another migration, beside an index": Case(
        before="CREATE INDEX i ON users (phone);CREATE TRIGGER g AFTER UPDATE ON users BEGIN SELECT new.phone; END;",
        up=f"{PHONE}DROP INDEX i;\nDROP TRIGGER g;",
        late=(2, 3),
        says="the index i; the file drops i only after that",
    ),
    "two columns of one view": Case(
        before="CREATE VIEW v AS SELECT name, phone FROM users;",
        up=f"{PHONE}{NAME}DROP VIEW v;",
        late=(3,),
        says="the view v; the file drops v only after that",
    ),
    "two columns of one index": Case(
        before="CREATE INDEX i ON users (name, phone);",
        up=f"{PHONE}{NAME}DROP INDEX i;",
        late=(3,),
        says="the index i; the file drops i only after that",
    ),
    "a trigger of this migration": Case(
        before="",
        up=f'CREATE TRIGGER g AFTER UPDATE ON users BEGIN SELECT "NEW" . [phone]; END;\n{PHONE}DROP TRIGGER g;',
        late=(3,),
        says="the trigger g; the file drops g only after that",
    ),
    "a rebuild, with an index, a view and a trigger": Case(
        before="CREATE INDEX i ON users (mail, name); CREATE INDEX j ON users (name);"
        "CREATE VIEW v AS SELECT mail FROM users; CREATE TRIGGER g AFTER UPDATE ON users BEGIN SELECT new.mail; END;",
        up=f"{MAIL}DROP INDEX i;\nDROP VIEW v;\nDROP TRIGGER g;\nDROP INDEX j;",
        late=(2, 3, 4),
        says="the index i, UNIQUE (mail) and the view v; the file drops i and v only after that",
    ),
}


def found_in(case: Case) -> list[Finding]:
    files = (("1", USERS + case.before), ("2", case.up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=Dialect.SQLITE, migrations=migrations, settings=ChainSettings())
    found = review(chain, Terms.of(chain), new={"2"}).findings
    return [each for each in found if each.rule == "column-drop-refused"]


def runs(before: str, *files: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(f"PRAGMA foreign_keys = ON; {USERS}{ROW}{before}")
    for text in files:
        connection.executescript(text)
    return connection


def in_place(case: Case, found: list[Finding], *, late: tuple[int, ...]) -> tuple[str, ...]:
    """The file with what is proposed in the place of what fails, and without those lines; a rebuild goes before it."""
    lines = [*case.up.splitlines()]
    rebuilds = []
    for each in found:
        assert each.place is not None
        assert each.place.line is not None
        assert each.safe_form is not None
        (step,) = each.safe_form.steps
        if step.run_in_transaction:
            lines[each.place.line - 1] = step.up
        else:
            rebuilds.append(step.up)
            lines[each.place.line - 1] = ""
    for line in late:
        lines[line - 1] = ""
    return (*rebuilds, "\n".join(lines))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_proposed_runs_where_the_file_does_not(case: Case) -> None:
    with pytest.raises(sqlite3.OperationalError, match=r"after drop column|cannot drop UNIQUE column"):
        runs(case.before, case.up)
    found = found_in(case)
    assert case.says in found[0].message
    late = {int(line) for each in found for line in LINE.findall((each.safe_form and each.safe_form.note) or "")}
    assert late == set(case.late)
    with closing(runs(case.before, *in_place(case, found, late=case.late))) as connection:
        columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(users)")}
        gone = set(re.findall(r"DROP COLUMN (\w+)", case.up))
        assert columns == {"id", "phone", "name", "mail"} - gone
        ((row,),) = connection.execute("SELECT count(*) FROM users")
        assert row == 1


@pytest.mark.parametrize("case", [each for each in CASES.values() if "IF EXISTS" not in each.up and each.late])
def test_what_stands_further_down_has_to_go(case: Case) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such"):
        runs(case.before, *in_place(case, found_in(case), late=()))


@pytest.mark.parametrize("title", ["an index, dropped too late", "an index that the file leaves"])
def test_its_down_gives_back_the_column_and_its_index(title: str) -> None:
    case = CASES[title]
    (finding,) = found_in(case)
    assert finding.safe_form is not None
    (step,) = finding.safe_form.steps
    with closing(runs(case.before, step.up, step.down)) as connection:
        assert [name for _, _, name in connection.execute("PRAGMA index_info(i)")] == ["phone"]


@pytest.mark.parametrize(
    "body",
    [
        "UPDATE users SET phone = NULL",
        "SELECT 'new.phone' -- new.phone\n",
        "SELECT new.phone_2, renew.phone FROM log AS renew",
        "SELECT new.name /* old.phone */",
    ],
)
def test_a_trigger_that_does_not_name_it_as_its_own_tables_is_none_of_it(body: str) -> None:
    log = "ALTER TABLE users ADD COLUMN phone_2 TEXT;\nCREATE TABLE log (phone TEXT);\n"
    trigger = f"CREATE TRIGGER g AFTER UPDATE OF phone ON users BEGIN {body}; END;\n"
    assert found_in(Case(before="", up=log + trigger + PHONE, says="")) == []
    runs("", log + trigger + PHONE).close()


def test_a_trigger_whose_text_is_in_another_migration_is_named() -> None:
    trigger = "CREATE TRIGGER g AFTER UPDATE ON users BEGIN SELECT new.phone; END;"
    (finding,) = found_in(Case(before=f"CREATE INDEX i ON users (phone); {trigger}", up=PHONE, says=""))
    assert finding.safe_form is not None
    assert finding.safe_form.steps[0].note == "a trigger that names it as new.phone has to go too: look at g"
