"""Which views and triggers of a MySQL or MariaDB schema the server can't use any more, by its own word.

A query of each view is prepared: that resolves every name, and runs nothing, no function either. Of a trigger the
server says nothing until it runs, so the statements of its body are prepared, one by one, and those of the routines
that it calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from glowplug.database.broken import Asked, BrokenObject, UnaskedObject
from glowplug.database.interface import SqlError
from glowplug.database.mysql.failure import explain
from glowplug.database.mysql.programs import Routines, read_program
from glowplug.database.mysql.session import quote_name, quote_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.database.mysql.catalogue import Catalogue, Record
    from glowplug.database.mysql.session import Session
    from glowplug.database.mysql.trigger_body import Body

_LOCK_SECONDS = 2
_LOCKED = 1205
_MISSING = frozenset({
    1052,  # a column that is ambiguous
    1054,  # no such column
    1136,  # not as many values as columns
    1146,  # no such table
    1176,  # no such index
    1222,  # not as many columns as another query
    1241,  # not as many columns as what they are compared with
    1288,  # a view that takes no writes
    1305,  # no such routine
    1318,  # not as many arguments
    1356,  # a view on any of these
    1423,  # a column without a default
    1471,  # a view that takes no rows
    1735,  # no such partition
    1747,  # no partitions
    4089,  # no sequence
    4124,  # no versions
})  # fmt: skip
"""What the server says where the schema has not what is named; anything else may be of what is put for values."""

_MISSING_IN_A_VIEW = _MISSING | {1267, 1270, 1271}
"""The same of a view, of which nothing is put otherwise: collations that can't be mixed, too."""

_OF_A_PART = frozenset({1052, 1054, 1222, 1305})

_SAYS_INVALID = "references invalid table"

_NO_ANSWER = "the server did not answer"
_OTHERWISE = "the server refuses it for what need not be the schema's fault"
_NO_SESSION = "no session could begin to ask in"

_Found = BrokenObject | UnaskedObject


class _Question(NamedTuple):
    """A statement of a trigger's, or of what it calls, to be prepared.

    ``partial``: it is none of these, and only some errors of it count. ``runs``: it is glowplug's own, to be run.
    """

    trigger: Record
    mode: str
    sql: str
    partial: bool = False
    runs: bool = False

    @property
    def batch(self) -> str:
        asked = f"DO 0; {self.sql}" if self.runs else _prepared(self.sql)
        return f"SET SESSION sql_mode = {quote_text(self.mode)}; {asked}"


_STATEMENTS_OF_A_VIEW = 2
_STATEMENTS_OF_A_QUESTION = 3


def broken(session: Session, schema: str, catalogue: Catalogue) -> Asked:
    """Name what can't be used, and what the server says of it, in a session that is for nothing else.

    Nothing is changed. What can't be told, for a lock that is held or for what a trigger is made of, is named as well.
    """
    views = _names_of_views(catalogue)
    session.batch(f"SET SESSION lock_wait_timeout = {_LOCK_SECONDS}".encode())
    found = [*_views(session, schema, views), *_triggers(session, schema, catalogue)]
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
    """Prepare a query of each view; after an error go on behind it, but wait for no second lock."""
    while views:
        queries = (_prepared(f"SELECT * FROM {quote_name(schema)}.{quote_name(view)}") for view in views)
        reply = session.batch(";".join(queries).encode())
        if reply.error is None:
            return
        at = len(reply.results) // _STATEMENTS_OF_A_VIEW
        error = explain(reply.error)
        if reply.lost or reply.error.number == _LOCKED:
            yield from (UnaskedObject(kind="view", name=each, why=_NO_ANSWER, error=error) for each in views[at:])
            return
        view, views = views[at], views[at + 1 :]
        if reply.error.number in _MISSING_IN_A_VIEW:
            message = "; ".join((*_causes(session, schema, view, reply.error.message), error.message))
            yield BrokenObject(kind="view", name=view, error=SqlError(code=error.code, message=message))
        else:
            yield UnaskedObject(kind="view", name=view, why=_OTHERWISE, error=error)


def _causes(session: Session, schema: str, view: str, known: str) -> list[str]:
    """Ask for what error 1356 hides."""
    reply = session.batch(f"CHECK TABLE {quote_name(schema)}.{quote_name(view)}".encode(), rows=True)
    rows = reply.rows[0] if reply.error is None else []
    said = [text_of(row[3]) or "" for row in rows if text_of(row[2]) == "Error"]
    return [each for each in said if each != known and _SAYS_INVALID not in each]


def _triggers(session: Session, schema: str, catalogue: Catalogue) -> Iterator[_Found]:
    """Prepare what all triggers do, and the routines that these call; after an error go on behind it."""
    routines = Routines.of(catalogue)
    questions: list[_Question] = []
    for trigger in catalogue.sections["triggers"]:
        asked = list(_asked(schema, trigger, routines))
        untold = next((each for each in asked if isinstance(each, str)), None)
        if untold is not None:
            yield _not_asked(trigger, untold)
        questions += (each for each in asked if isinstance(each, _Question))
    yield from _answers(session, questions)


def _answers(session: Session, questions: Sequence[_Question]) -> Iterator[_Found]:
    """Ask, and say what of each trigger is refused; a lock is waited for once."""
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
        question, questions = questions[at], questions[at + 1 :]
        trigger = question.trigger
        if reply.error.number in (_OF_A_PART if question.partial else _MISSING):
            questions = [each for each in questions if each.trigger is not trigger]
            name, table = str(trigger["trigger_name"]), str(trigger["event_object_table"])
            refused[id(trigger)] = BrokenObject(kind="trigger", name=name, table=table, error=error)
        elif not question.partial:
            refused.setdefault(id(trigger), _not_asked(trigger, _OTHERWISE, error))
    yield from refused.values()


def _asked(schema: str, trigger: Record, routines: Routines) -> Iterator[_Question | str]:
    """Give what is to be asked for a trigger, or why it can't be.

    First that its table has the columns of the row, then what it does, then what the routines do that it calls.
    """
    body = read_program(trigger, trigger["action_statement"])
    if isinstance(body, str):
        yield body
        return
    mode = trigger["sql_mode"] or ""
    table = f"{quote_name(schema)}.{quote_name(str(trigger['event_object_table']))}"
    for row, column in body.columns:
        yield _Question(trigger, mode, f"SELECT {row}.{column} FROM {table} AS {row}")
    yield from _of_body(trigger, mode, body)
    for called in routines.called_by(body):
        if isinstance(called, str):
            yield called
        else:
            yield from _of_body(trigger, called.mode, called.body)


def _of_body(trigger: Record, mode: str, body: Body) -> Iterator[_Question]:
    yield from (_Question(trigger, mode, sql) for sql in body.statements)
    yield from (_Question(trigger, mode, sql, partial=True) for sql in body.partial)
    yield from (_Question(trigger, mode, f"SHOW CREATE PROCEDURE {name}", runs=True) for name in body.procedures)


def _not_asked(trigger: Record, why: str, error: SqlError | None = None) -> UnaskedObject:
    name, table = str(trigger["trigger_name"]), str(trigger["event_object_table"])
    return UnaskedObject(kind="trigger", name=name, table=table, why=why, error=error)


def _prepared(sql: str) -> str:
    return f"SET @glowplug = {quote_text(sql)}; PREPARE glowplug FROM @glowplug"
