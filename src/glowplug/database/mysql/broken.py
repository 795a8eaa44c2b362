"""Which views and triggers of a MySQL or MariaDB schema the server can't use any more, by its own word.

``CHECK TABLE`` opens a view as a query would. Of a trigger the server says nothing until it runs, so the statements of
its body are prepared, one by one: that resolves every name, and runs nothing, no function either.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from glowplug.database.broken import BrokenObject
from glowplug.database.interface import SqlError
from glowplug.database.mysql.failure import explain
from glowplug.database.mysql.session import quote_name, quote_text, text_of
from glowplug.database.mysql.trigger_body import read_body

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.mysql.catalogue import Catalogue, Record
    from glowplug.database.mysql.session import Row, Session

_LOCK_SECONDS = 2
_INVALID = 1356
_SAYS_INVALID = "references invalid table"
_MISSING = frozenset({
    1054,  # no such column
    1136,  # not as many values as columns
    1146,  # no such table
    1305,  # no such routine
    _INVALID,
})  # fmt: skip
"""What the server says where the schema has not what is named; anything else may be of what is put for values."""


_LOCKED = 1205


class _Question(NamedTuple):
    """A statement of a trigger's, to be prepared."""

    trigger: Record
    sql: str

    @property
    def batch(self) -> str:
        mode = quote_text(self.trigger["sql_mode"] or "")
        return f"SET SESSION sql_mode = {mode}; SET @glowplug = {quote_text(self.sql)}; PREPARE glowplug FROM @glowplug"


_STATEMENTS_OF_A_QUESTION = 3


def broken(session: Session, schema: str, catalogue: Catalogue) -> tuple[BrokenObject, ...]:
    """Name what can't be used, and what the server says of it, in a session that is for nothing else.

    Nothing is changed. Where the server does not answer for a lock that is held, nothing is named.
    """
    views = [str(each["table_name"]) for each in catalogue.sections["views"]]
    session.batch(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}".encode())
    return (*_views(session, schema, views), *_triggers(session, schema, catalogue.sections["triggers"]))


def _views(session: Session, schema: str, views: Sequence[str]) -> Iterator[BrokenObject]:
    if not views:
        return
    names = ", ".join(f"{quote_name(schema)}.{quote_name(view)}" for view in views)
    reply = session.batch(f"CHECK TABLE {names}".encode(), rows=True)
    if reply.error is not None:
        return
    said = {view: list(rows) for view, rows in itertools.groupby(reply.rows[0], key=lambda row: text_of(row[0]))}
    for view in views:
        texts = _errors(said.get(f"{schema}.{view}", ()))
        if any(_SAYS_INVALID in text for text in texts):
            message = "; ".join(f"{text} ({_INVALID})" if _SAYS_INVALID in text else text for text in texts)
            yield BrokenObject(kind="view", name=view, error=SqlError(code="HY000", message=message))


def _errors(rows: Sequence[Row]) -> list[str]:
    return [text_of(row[3]) or "" for row in rows if text_of(row[2]) == "Error"]


def _triggers(session: Session, schema: str, triggers: Sequence[Record]) -> Iterator[BrokenObject]:
    """Prepare what all triggers do; after an error go on behind it."""
    questions = [_Question(each, sql) for each in triggers for sql in _asked(schema, each)]
    while questions:
        reply = session.batch(";".join(each.batch for each in questions).encode())
        error = reply.error
        if error is None or reply.lost or error.number == _LOCKED:
            return
        at = len(reply.results) // _STATEMENTS_OF_A_QUESTION
        trigger, questions = questions[at].trigger, questions[at + 1 :]
        if error.number in _MISSING:
            questions = [each for each in questions if each.trigger is not trigger]
            name, table = str(trigger["trigger_name"]), str(trigger["event_object_table"])
            yield BrokenObject(kind="trigger", name=name, table=table, error=explain(error))


def _asked(schema: str, trigger: Record) -> Iterator[str]:
    """Give what is to be prepared for a trigger: first that its table has the columns of the row, then what it does."""
    mode, text = trigger["sql_mode"] or "", trigger["action_statement"] or ""
    if "ORACLE" in mode or ("NO_BACKSLASH_ESCAPES" in mode and "\\" in text):
        return
    body = read_body(text)
    if body is None:
        return
    table = f"{quote_name(schema)}.{quote_name(str(trigger['event_object_table']))}"
    for row, column in body.columns:
        yield f"SELECT {row}.{column} FROM {table} AS {row}"
    yield from body.statements
