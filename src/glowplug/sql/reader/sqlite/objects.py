"""CREATE and DROP of indexes, views and triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import CreateIndex, CreateTrigger, CreateView, DropIndex, DropTrigger, DropView
from glowplug.sql.parts import IndexKey, Name
from glowplug.sql.reader.sqlite.expressions import expression_of
from glowplug.sql.reader.sqlite.facts import facts_of
from glowplug.sql.sqlite_cursor import split_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.sql.actions import Action
    from glowplug.sql.reader.sqlite.source import Source
    from glowplug.sql.sqlite import Token


def create_index(source: Source, *, unique: bool) -> CreateIndex:
    """Read CREATE INDEX from what follows the word INDEX; the table is in the index's schema."""
    if_not_exists = source.exists("NOT", "EXISTS")
    index = source.qualified()
    source.expect("ON")
    table = Name(source.name(), index.schema)
    keys = tuple(_key(item, source.sql) for item in split_list(source.group()))
    where = source.expression() if source.accept("WHERE") else None
    return CreateIndex(
        span=source.span,
        index=index.name,
        table=table,
        keys=keys,
        unique=unique,
        if_not_exists=if_not_exists,
        where=where,
    )


def _key(found: Sequence[Token], sql: str) -> IndexKey:
    descending = found[-1:] != [] and found[-1].word == "DESC"
    if found and found[-1].word in {"ASC", "DESC"} and len(found) > 1:
        found = found[:-1]
    collation = None
    if len(found) > 2 and found[-2].word == "COLLATE":  # noqa: PLR2004 - x COLLATE y
        collation, found = found[-1].name, found[:-2]
    if len(found) == 1 and found[0].kind in {"word", "name", "string"}:
        return IndexKey(column=found[0].name, descending=descending, collation=collation)
    return IndexKey(expression=expression_of(found, sql), descending=descending, collation=collation)


def create_view(source: Source, *, temporary: bool) -> CreateView:
    """Read CREATE VIEW from what follows the word VIEW."""
    if_not_exists = source.exists("NOT", "EXISTS")
    view = source.qualified()
    columns = source.names() if source.text == "(" else ()
    source.expect("AS")
    start = source.start
    facts = facts_of(source.rest())
    return CreateView(
        span=source.span,
        view=view,
        if_not_exists=if_not_exists,
        temporary=temporary,
        reads=facts.reads,
        reads_columns=facts.columns,
        columns=columns,
        query=source.sql[start : source.end],
    )


def create_trigger(source: Source) -> CreateTrigger:
    """Read CREATE TRIGGER from what follows the word TRIGGER up to its body, whose BEGIN is taken."""
    if_not_exists = source.exists("NOT", "EXISTS")
    trigger = source.qualified()
    timing = "before"
    if source.accept("INSTEAD", "OF"):
        timing = "instead of"
    elif source.accept("AFTER"):
        timing = "after"
    else:
        source.accept("BEFORE")
    event = source.take().word.lower()
    if source.accept("OF"):
        source.until({"ON"})
    source.expect("ON")
    table = Name(source.name(), trigger.schema)
    source.until({"BEGIN"})
    source.expect("BEGIN")
    return CreateTrigger(
        span=source.span,
        trigger=trigger.name,
        table=table,
        timing=timing,
        events=(event,),
        if_not_exists=if_not_exists,
    )


def drop(source: Source) -> Action:
    """Read DROP INDEX, VIEW or TRIGGER from what follows DROP."""
    kind = source.take().word
    if_exists = source.exists("EXISTS")
    name = source.qualified()
    if kind == "INDEX":
        return DropIndex(span=source.span, index=name, if_exists=if_exists)
    if kind == "VIEW":
        return DropView(span=source.span, view=name, if_exists=if_exists)
    if kind == "TRIGGER":
        return DropTrigger(span=source.span, trigger=name.name, if_exists=if_exists)
    raise source.unexpected("TABLE, INDEX, VIEW or TRIGGER")
