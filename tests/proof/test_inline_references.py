"""The clause that is proposed for an inline REFERENCES is taken, and makes the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql.session import StatementRefused
from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

from . import mysql

if TYPE_CHECKING:
    from .proof import Servers

PARENT = "CREATE TABLE users (`the id` int PRIMARY KEY, n int UNIQUE)"
PROPOSED = {
    "CREATE TABLE posts (u int REFERENCES users ON DELETE CASCADE)": "REFERENCES users (`the id`) ON DELETE CASCADE",
    "CREATE TABLE posts (u int REFERENCES `users`)": "REFERENCES `users` (`the id`)",
    "CREATE TABLE posts (u int REFERENCES users (n))": "REFERENCES users (n)",
    "CREATE TABLE posts (k int, u int REFERENCES posts, PRIMARY KEY (k))": "REFERENCES posts (k)",
}


def proposed(up: str) -> str:
    """The clause."""
    files = (("1", PARENT), ("2", up))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=Dialect.MYSQL, migrations=migrations, settings=ChainSettings())
    found = review(chain, Terms.of(chain), new={"2"}).findings
    (safe,) = [each.safe_form for each in found if each.rule == "inline-reference-ignored"]
    assert safe is not None
    assert safe.note is not None
    return safe.note.removeprefix("say each in a clause of its own: ")


@pytest.mark.mysql
@pytest.mark.parametrize(("up", "ending"), PROPOSED.items())
def test_a_clause_of_its_own(servers: Servers, up: str, ending: str) -> None:
    clause = proposed(up)
    assert clause == f"FOREIGN KEY (u) {ending}"
    session = servers.get("mysql", mysql.administrator)
    with mysql.database(session, PARENT):
        if "(n)" not in up and "(k)" not in up:  # of a table to itself it takes one
            with pytest.raises(StatementRefused, match="errno: 150"):
                session.rows(up)
        key = ", PRIMARY KEY (k)" if "KEY (k)" in up else ""
        session.rows(f"{up.partition(' REFERENCES')[0]}{key}, {clause})")
        keys = session.rows(
            "SELECT referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() "
            "AND table_name = 'posts' AND referenced_column_name IS NOT NULL"
        )
        assert len(keys) == 1


def test_where_the_parent_s_key_is_not_known() -> None:
    assert proposed("CREATE TABLE posts (u int REFERENCES others)") == "FOREIGN KEY (u) REFERENCES others (…)"
