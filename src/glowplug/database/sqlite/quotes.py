"""Which ``"x"`` of views and triggers are strings: SQLite itself is asked, in a copy of the schema."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from glowplug.database.sqlite.standing import take_image
from glowplug.sql.sqlite import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import apsw

Texts = tuple[tuple[str, str, str | None], ...]
"""Kind, name and text of what is in ``sqlite_master``."""

_OBJECTS = "SELECT type, name, sql FROM main.sqlite_master"
# DROP COLUMN writes every string of the schema in single quotes. With writable_schema an object that can't be read (a
# view on a table that is gone) keeps its text, and the others don't.
_REWRITE = """
PRAGMA writable_schema = ON;
CREATE TABLE main.{0} (a, b);
ALTER TABLE main.{0} DROP COLUMN b;
"""
_MANY = 1024
_NAMED_NEXT = frozenset({"AS", "COLLATE", "FROM", "INTO", "JOIN", "ON", "TRIGGER", "UPDATE", "VIEW"})

_asked: dict[Texts, dict[tuple[str, str], str]] = {}


def bodies(connection: apsw.Connection, texts: Texts) -> Mapping[tuple[str, str], str]:
    """Give the texts of those views and triggers that hold strings in double quotes, in single ones, by kind and name.

    An object that SQLite can't make sense of is left out. ``texts`` are what ``main`` holds.
    """
    if not any(kind in {"view", "trigger"} and sql is not None and _is_doubtful(sql) for kind, _, sql in texts):
        return {}
    known = _asked.get(texts)
    if known is None:
        if len(_asked) >= _MANY:
            _asked.clear()
        known = _asked[texts] = _ask(connection, texts)
    return known


@functools.lru_cache(maxsize=4096)
def _is_doubtful(sql: str) -> bool:
    """Tell whether there is a ``"x"`` that is neither a table's name, nor an alias, nor part of ``x.y``."""
    if '"' not in sql:
        return False
    found = list(tokens(sql))
    return any(
        token.text[0] == '"'
        and token.kind == "name"
        and found[position - 1].word not in _NAMED_NEXT
        and "." not in {found[position - 1].text, found[min(position + 1, len(found) - 1)].text}
        for position, token in enumerate(found)
    )


def _ask(connection: apsw.Connection, texts: Texts) -> dict[tuple[str, str], str]:
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    before = {(kind, name): sql for kind, name, sql in texts if kind in {"view", "trigger"}}
    copy = apsw.Connection(":memory:")
    try:
        take_image(copy, connection.serialize("main"))
        copy.execute(_REWRITE.format(_unused({name for _, name, _ in texts})))
        rows: Sequence[tuple[str, str, str | None]] = list(copy.execute(_OBJECTS))
    except apsw.Error:  # then it rewrites nothing in the database either
        return {}
    finally:
        copy.close(True)  # noqa: FBT003 - apsw's way to say: whatever happens
    return {
        (kind, name): sql
        for kind, name, sql in rows
        if sql is not None and (kind, name) in before and sql != before[kind, name]
    }


def _unused(names: set[str]) -> str:
    folded = {name.casefold() for name in names}
    return next(name for number in range(len(folded) + 1) if (name := f"asked_{number}") not in folded)
