"""One statement: refused by SQLite's grammar, or read into its Actions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.sql.actions import ClientCommand
from glowplug.sql.parts import Span
from glowplug.sql.reader.sqlite import objects, session, tables
from glowplug.sql.reader.sqlite.grammar import refusal
from glowplug.sql.reader.sqlite.large import tokens_of
from glowplug.sql.reader.sqlite.rows import rows
from glowplug.sql.reader.sqlite.source import Source
from glowplug.sql.sqlite import tokens
from glowplug.sql.sqlite_cursor import UnexpectedToken
from glowplug.sql.statement import Statement, Unparsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.actions import Action
    from glowplug.sql.reader.sqlite.split import Piece
    from glowplug.sql.sqlite import Token

_READERS: dict[str, Callable[[Source], Action]] = {
    **dict.fromkeys(["WITH", "SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"], rows),
    **dict.fromkeys(["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"], session.transaction),
    **dict.fromkeys(["VACUUM", "ANALYZE", "REINDEX"], session.upkeep),
    **dict.fromkeys(["ATTACH", "DETACH"], session.attachment),
    "PRAGMA": session.pragma,
    "EXPLAIN": session.explain,
}

_LONGEST_ALTERATION = 100_000
"""Characters; what is longer and refused is not looked at again."""


def read_statement(text: str, piece: Piece) -> Statement:
    """Read one statement of a file."""
    span = Span(piece.start, piece.end)
    if piece.command:
        command = text[span.start : span.end].split(None, 1)[0]
        return Statement(span=span, actions=(ClientCommand(span=span, command=command),))
    refused = refusal(text[span.start : span.end])
    if refused is not None:
        return _refused(text, span, replace(refused, offset=span.start + refused.offset))
    source = Source(tokens_of(text, span), text)
    try:
        return _read(source, span)
    except UnexpectedToken as error:
        offset = span.end if error.offset is None else error.offset
        return Statement(span=span, unparsed=Unparsed(reason=str(error), offset=offset))


def _refused(text: str, span: Span, why: Unparsed) -> Statement:
    """Read what this version of the grammar refuses: an ALTER TABLE that another one takes, or that people write."""
    unread = Statement(span=span, unparsed=why)
    if [token.word for token in itertools.islice(tokens(text, span.start, span.end), 2)] != ["ALTER", "TABLE"]:
        return unread
    if span.end - span.start > _LONGEST_ALTERATION:
        return unread
    try:
        actions = tuple(tables.alter_table(Source(tokens_of(text, span), text)))
    except UnexpectedToken:
        return unread
    if any(refusal(definition) for action in actions for definition in tables.definitions_in(action, text)):
        return unread
    return Statement(span=span, actions=actions)


def _read(source: Source, span: Span) -> Statement:
    word = source.word
    if word == "ALTER":
        return Statement(span=span, actions=tuple(tables.alter_table(source)))
    if word == "CREATE":
        return _create(source, span)
    if word == "DROP":
        source.take()
        table = source.accept("TABLE")
        return Statement(span=span, actions=(tables.drop_table(source) if table else objects.drop(source),))
    if word not in _READERS:
        raise source.unexpected("a statement")
    return Statement(span=span, actions=(_READERS[word](source),))


def _create(source: Source, span: Span) -> Statement:
    source.take()
    unique = source.accept("UNIQUE")
    temporary = source.accept("TEMP") or source.accept("TEMPORARY")
    action: Action
    match source.take().word:
        case "TABLE":
            action = tables.create_table(source, temporary=temporary)
        case "VIRTUAL":
            action = tables.create_virtual_table(source)
        case "INDEX":
            action = objects.create_index(source, unique=unique)
        case "VIEW":
            action = objects.create_view(source, temporary=temporary)
        case "TRIGGER":
            action = objects.create_trigger(source)
            return Statement(span=span, actions=(action,), routine_body=_body(source))
        case _:
            raise source.unexpected("TABLE, INDEX, VIEW or TRIGGER")
    return Statement(span=span, actions=(action,))


def _body(source: Source) -> tuple[Statement, ...]:
    statements: list[Statement] = []
    part: list[Token] = []
    for token in source.rest()[:-1]:  # up to END
        if token.text != ";":
            part.append(token)
            continue
        inner = Source(part, source.sql)
        statements.append(Statement(span=inner.span, actions=(rows(inner),)))
        part = []
    return tuple(statements)
