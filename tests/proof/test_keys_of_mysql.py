"""What is proposed for a foreign key on MySQL leaves nothing behind when its down has run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from .mysql import administrator, database

if TYPE_CHECKING:
    from glowplug.database.mysql.session import Session
    from glowplug.finding import SafeForm

    from .proof import Servers

TABLES = (
    "CREATE TABLE users (id INT PRIMARY KEY, code INT, UNIQUE (id, code)); CREATE TABLE posts (id INT PRIMARY KEY, "
)
BARE = "user_id INT, code INT)"
ADD = "ALTER TABLE posts ADD CONSTRAINT posts_user FOREIGN KEY "
CASES = {
    "nothing serves the key": (BARE, f"{ADD}(user_id) REFERENCES users (id)", 1),
    "without a name": (BARE, "ALTER TABLE posts ADD FOREIGN KEY (user_id) REFERENCES users (id)", 1),
    "two columns": (BARE, f"{ADD}(user_id, code) REFERENCES users (id, code)", 1),
    "an index serves it": (f"{BARE[:-1]}, KEY own (user_id, code))", f"{ADD}(user_id) REFERENCES users (id)", 0),
    "the index is in another order": (
        f"{BARE[:-1]}, KEY own (code, user_id))",
        f"{ADD}(user_id) REFERENCES users (id)",
        1,
    ),
    "with the column": ("code INT)", "ALTER TABLE posts ADD COLUMN user_id INT REFERENCES users (id)", 1),
}


@pytest.mark.mysql
@pytest.mark.parametrize(("columns", "up", "made"), CASES.values(), ids=CASES)
def test_the_index_of_the_key_goes_with_it(servers: Servers, columns: str, up: str, made: int) -> None:
    before = TABLES + columns
    one = form(before, up)
    session = servers.get("mysql", administrator)
    with database(session, before):
        for step in one.steps[:-1]:
            session.rows(step.up)
        was = shown(session)
        session.rows(one.steps[-1].up)
        assert shown(session).count(b"KEY `") - was.count(b"KEY `") == made
        session.rows(one.steps[-1].down)
        assert shown(session) == was


@pytest.mark.mysql
def test_rows_without_a_parent_are_counted_beside_nulls(servers: Servers) -> None:
    before = (
        "CREATE TABLE users (id INT PRIMARY KEY, code INT UNIQUE); CREATE TABLE posts (id INT PRIMARY KEY, code INT);"
    )
    one = form(before, "ALTER TABLE posts ADD CONSTRAINT k FOREIGN KEY (code) REFERENCES users (code)")
    query = one.note.removeprefix("ask production: ").removesuffix(";")
    session = servers.get("mysql", administrator)
    with database(session, before):
        session.rows("INSERT INTO users VALUES (1, 10), (2, NULL)")
        session.rows("INSERT INTO posts VALUES (1, 10), (2, NULL)")
        assert session.rows(query) == [[(b"0",)]]
        session.rows("INSERT INTO posts VALUES (3, 99)")
        assert session.rows(query) == [[(b"1",)]]


def form(before: str, up: str) -> SafeForm:
    """What is proposed for the up."""
    files = (("1", before), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    settings = ChainSettings(server_version="mariadb 10.11")
    chain = Chain(directory="m", dialect=Dialect.MYSQL, migrations=migrations, settings=settings)
    (one,) = (
        each.safe_form
        for each in review(chain, Terms.of(chain), new={"2"}).findings
        if each.rule == "foreign-key-copies-table"
    )
    assert one is not None
    return one


def shown(session: Session) -> bytes:
    """The table as the server writes it."""
    (((_, text),),) = session.rows("SHOW CREATE TABLE posts")
    assert isinstance(text, bytes)
    return text
