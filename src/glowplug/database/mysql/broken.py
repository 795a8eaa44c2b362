"""Which views and triggers of a MySQL or MariaDB schema the server can't use any more, by its own word.

``CHECK TABLE`` opens a view as a query would. Of a trigger the server says nothing until it runs, so the statements of
its body are prepared, one by one: that resolves every name, and runs nothing, no function either.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from glowplug.database.broken import Asked, BrokenObject, UnaskedObject
from glowplug.database.interface import SqlError
from glowplug.database.mysql.failure import explain
from glowplug.database.mysql.session import quote_name, quote_text, text_of
from glowplug.database.mysql.trigger_body import read_body

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.mysql.catalogue import Catalogue, Record
    from glowplug.database.mysql.session import Row, Session

_LOCK_SECONDS = 2
_LOCKED = 1205
_MISSING = frozenset({
    1054,  # no such column
    1136,  # not as many values as columns
    1146,  # no such table
    1305,  # no such routine
    1356,  # a view on any of these
})  # fmt: skip
"""What the server says where the schema has not what is named; anything else may be of what is put for values."""

_SAYS_INVALID = "references invalid table"

_OTHER_STRINGS = "its strings end where sql_mode NO_BACKSLASH_ESCAPES has them end, which glowplug does not read"
_ORACLE = "it is written in Oracle's language (sql_mode ORACLE), which glowplug does not read"
_UNTOLD = (
    "its body handles errors itself, makes a temporary table, or has variables with fields: what fails in it need not"
    " fail the write, or can't be told from its text"
)
_NO_ANSWER = "the server did not answer"
_OTHERWISE = "the server refuses it for what need not be the schema's fault"
_NO_SESSION = "no session could begin to ask in"

_Found = BrokenObject | UnaskedObject


class _Question(NamedTuple):
    """A statement of a trigger's, to be prepared."""

    trigger: Record
    sql: str

    @property
    def batch(self) -> str:
        mode = quote_text(self.trigger["sql_mode"] or "")
        return f"SET SESSION sql_mode = {mode}; {_prepared(self.sql)}"


_STATEMENTS_OF_A_QUESTION = 3


def broken(session: Session, schema: str, catalogue: Catalogue) -> Asked:
    """Name what can't be used, and what the server says of it, in a session that is for nothing else.

    Nothing is changed. What can't be told, for a lock that is held or for what a trigger is made of, is named as well.
    """
    views = _names_of_views(catalogue)
    session.batch(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}".encode())
    found = [*_views(session, schema, views), *_triggers(session, schema, catalogue.sections["triggers"])]
    return Asked(
        broken=tuple(each for each in found if isinstance(each, BrokenObject)),
        unasked=tuple(each for each in found if isinstance(each, UnaskedObject)),
    )


def unasked(catalogue: Catalogue, error: SqlError) -> Asked:
    """Say of all views and triggers that no session could begin to ask for them."""
    views = (UnaskedObject(kind="view", name=each, why=_NO_SESSION, error=error) for each in _names_of_views(catalogue))
    triggers = (_not_asked(each, _NO_SESSION, error) for each in catalogue.sections["triggers"])
    return Asked(unasked=(*views, *triggers))


def _names_of_views(catalogue: Catalogue) -> list[str]:
    return [str(each["table_name"]) for each in catalogue.sections["views"]]


def _views(session: Session, schema: str, views: Sequence[str]) -> Iterator[_Found]:
    if not views:
        return
    names = ", ".join(f"{quote_name(schema)}.{quote_name(view)}" for view in views)
    reply = session.batch(f"CHECK TABLE {names}".encode(), rows=True)
    if reply.error is not None:
        said = explain(reply.error)
        yield from (UnaskedObject(kind="view", name=view, why=_NO_ANSWER, error=said) for view in views)
        return
    told = {view: list(rows) for view, rows in itertools.groupby(reply.rows[0], key=lambda row: text_of(row[0]))}
    for view in views:
        texts = _errors(told.get(f"{schema}.{view}", ()))
        if texts:
            yield _view(session, schema, view, texts)


def _view(session: Session, schema: str, view: str, texts: Sequence[str]) -> _Found:
    """Ask again for a view of which CHECK TABLE tells errors: it gives no numbers."""
    reply = session.batch(_prepared(f"SELECT * FROM {quote_name(schema)}.{quote_name(view)}").encode())
    error = reply.error
    if error is None:
        said = SqlError(code="HY000", message="; ".join(texts))
        return UnaskedObject(kind="view", name=view, why=_OTHERWISE, error=said)
    causes = [each for each in texts if _SAYS_INVALID not in each and each != error.message]
    said = explain(error)
    if error.number in _MISSING:
        message = "; ".join((*causes, said.message))
        return BrokenObject(kind="view", name=view, error=SqlError(code=said.code, message=message))
    return UnaskedObject(kind="view", name=view, why=_OTHERWISE, error=said)


def _errors(rows: Sequence[Row]) -> list[str]:
    return [text_of(row[3]) or "" for row in rows if text_of(row[2]) == "Error"]


def _triggers(session: Session, schema: str, triggers: Sequence[Record]) -> Iterator[_Found]:
    """Prepare what all triggers do; after an error go on behind it, but wait for no second lock."""
    untold = {id(each): why for each in triggers if (why := _why_not(each)) is not None}
    yield from (_not_asked(each, untold[id(each)]) for each in triggers if id(each) in untold)
    questions = [_Question(each, sql) for each in triggers if id(each) not in untold for sql in _asked(schema, each)]
    refused: dict[int, _Found] = {}
    while questions:
        reply = session.batch(";".join(each.batch for each in questions).encode())
        if reply.error is None:
            break
        at = len(reply.results) // _STATEMENTS_OF_A_QUESTION
        error = explain(reply.error)
        if reply.lost or reply.error.number == _LOCKED:
            for question in questions[at:]:
                refused.setdefault(id(question.trigger), _not_asked(question.trigger, _NO_ANSWER, error))
            break
        trigger, questions = questions[at].trigger, questions[at + 1 :]
        if reply.error.number in _MISSING:
            questions = [each for each in questions if each.trigger is not trigger]
            name, table = str(trigger["trigger_name"]), str(trigger["event_object_table"])
            refused[id(trigger)] = BrokenObject(kind="trigger", name=name, table=table, error=error)
        else:
            refused.setdefault(id(trigger), _not_asked(trigger, _OTHERWISE, error))
    yield from refused.values()


def _why_not(trigger: Record) -> str | None:
    """Why the statements of a trigger can't be told from its text; None: they can."""
    mode, text = trigger["sql_mode"] or "", trigger["action_statement"] or ""
    if "ORACLE" in mode:
        return _ORACLE
    if "NO_BACKSLASH_ESCAPES" in mode and "\\" in text:
        return _OTHER_STRINGS
    return _UNTOLD if read_body(text) is None else None


def _asked(schema: str, trigger: Record) -> Iterator[str]:
    """Give what is to be prepared for a trigger: first that its table has the columns of the row, then what it does."""
    body = read_body(trigger["action_statement"] or "")
    if body is None:
        return
    table = f"{quote_name(schema)}.{quote_name(str(trigger['event_object_table']))}"
    for row, column in body.columns:
        yield f"SELECT {row}.{column} FROM {table} AS {row}"
    yield from body.statements


def _not_asked(trigger: Record, why: str, error: SqlError | None = None) -> UnaskedObject:
    name, table = str(trigger["trigger_name"]), str(trigger["event_object_table"])
    return UnaskedObject(kind="trigger", name=name, table=table, why=why, error=error)


def _prepared(sql: str) -> str:
    return f"SET @glowplug = {quote_text(sql)}; PREPARE glowplug FROM @glowplug"
