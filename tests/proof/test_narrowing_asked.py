"""The query that ``modify-narrows-type`` gives for a copy of production runs in strict mode, and counts."""

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
    from .proof import Servers

CASES = {
    "a text that is too long": ("varchar(20) NOT NULL", "varchar(4) NOT NULL", "('abc'), ('abcd'), ('abcde')", b"1"),
    "a number that is too large": ("int", "tinyint", "(1), (300), (-300), (NULL)", b"2"),
    "digits": ("decimal(12, 4)", "decimal(12, 2)", "(1.2300), (1.2345)", b"1"),
    "below zero": ("int", "int unsigned", "(1), (-1)", b"1"),
}


@pytest.mark.mysql
@pytest.mark.parametrize(("old", "new", "values", "lost"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("mode", ["STRICT_TRANS_TABLES", "STRICT_ALL_TABLES,NO_ZERO_DATE", ""])
def test_it_counts(servers: Servers, old: str, new: str, values: str, lost: bytes, mode: str) -> None:  # noqa: PLR0917
    before = f"CREATE TABLE t (`desc` {old})"
    files = (("1", before), ("2", f"ALTER TABLE t MODIFY `desc` {new}"))
    migrations = tuple(Migration(version=n, name=n, path=n, up=text.encode(), down=None) for n, text in files)
    chain = Chain(directory="m", dialect=Dialect.MYSQL, migrations=migrations, settings=ChainSettings())
    (note,) = (
        each.safe_form.note
        for each in review(chain, Terms.of(chain), new={"2"}).findings
        if each.rule == "modify-narrows-type" and each.safe_form is not None
    )
    assert note is not None
    session = servers.get("mysql", administrator)
    with database(session, f"{before}; INSERT INTO t VALUES {values}; SET sql_mode = '{mode}'"):
        asked = note[note.index("SET @mode") :]
        assert session.rows(asked) == [[(lost,)]]
        assert session.rows("SELECT @@sql_mode; SHOW TABLES") == [[(mode.encode(),)], [(b"t",)]]
