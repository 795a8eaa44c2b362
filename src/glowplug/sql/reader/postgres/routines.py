"""Code that is kept in a string: DO blocks, functions and procedures, and the statements in their bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Alter, Block, CreateRoutine, Dynamic, ObjectKind
from glowplug.sql.parts import Span
from glowplug.sql.reader.postgres import plpgsql
from glowplug.sql.reader.postgres.strings import string_body
from glowplug.sql.reader.postgres.tree import kind_of, name_from, plain, truth, words
from glowplug.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.actions import Action
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

MOST_BODIES = 8
"""Bodies within bodies that are read."""

_WITHOUT_TEXT = frozenset({"c", "internal"})
_TRUSTED = frozenset({"plpgsql", "sql"})
_STRINGS = frozenset({"dollar", "escape", "string"})


def do(statement: Message, here: Here) -> Statement:
    """Read DO."""
    said = {item.def_elem.defname: plain(item.def_elem.arg) for item in statement.args}
    language = said.get("language", "plpgsql").lower()
    token = next((at for at, token in enumerate(here.tokens) if token.kind in _STRINGS), None)
    body, unread = _body(here, token, language)
    actions: list[Action] = [Block(span=here.span, language=language)]
    if unread is not None:
        actions.append(Dynamic(span=here.span, what=unread))
    return Statement(span=here.span, actions=tuple(actions), body=body)


def create_function(statement: Message, here: Here) -> Statement:
    """Read CREATE FUNCTION and PROCEDURE."""
    said = {item.def_elem.defname: item.def_elem for item in statement.options}
    language = plain(said["language"].arg).lower() if "language" in said else None
    atomic = statement.HasField("sql_body")
    code = [item.string.sval for item in said["as"].arg.list.items] if "as" in said else []
    settings = [
        item.def_elem.arg.variable_set_stmt.name.lower() for item in statement.options if item.def_elem.defname == "set"
    ]
    action = CreateRoutine(
        span=here.span,
        routine=name_from(words(statement.funcname)),
        kind=ObjectKind.PROCEDURE if statement.is_procedure else ObjectKind.FUNCTION,
        language=language or ("sql" if atomic else None),
        volatility=plain(said["volatility"].arg) if "volatility" in said else None,
        security_definer="security" in said and truth(said["security"]),
        settings=tuple(settings),
        or_replace=statement.replace,
        body=code[0] if len(code) == 1 else None,
    )
    body: tuple[Statement, ...] = ()
    if atomic:
        body = _atomic(here)
    elif len(code) == 1 and language not in _WITHOUT_TEXT:
        token = min(here.index(said["as"].location) + 1, len(here.tokens) - 1)
        body, unread = _body(here, token, language)
        if unread is not None:
            body = (*body, _unread(here, token, body, unread))
    return Statement(span=here.span, actions=(action,), routine_body=body)


def _unread(here: Here, token: int, body: tuple[Statement, ...], reason: str) -> Statement:
    """Give what is left of a body that was not understood, as a statement of unknown effect."""
    string = here.span_of(token, token + 1)
    span = Span(body[-1].span.end if body else string.start, string.end)
    return Statement(span=span, actions=(Dynamic(span=span, what=reason),))


def alter_function(statement: Message, here: Here) -> Statement:
    """Read ALTER FUNCTION, one Action an option."""
    name = name_from(words(statement.func.objname))
    actions = []
    for item in statement.actions:
        option = item.def_elem
        what, value = option.defname, plain(option.arg)
        if what == "set":
            what, value = f"set {option.arg.variable_set_stmt.name.lower()}", ""
        elif what == "security":
            what, value = "security", "definer" if truth(option) else "invoker"
        actions.append(
            Alter(span=here.span, kind=kind_of(statement.objtype), name=name, what=what, value=value or None)
        )
    return Statement(span=here.span, actions=tuple(actions))


def _body(here: Here, token: int | None, language: str | None) -> tuple[tuple[Statement, ...], str | None]:
    """Read the body in a string; give also why some of it was not read."""
    if language not in _TRUSTED:
        return (), f"language {language}"
    if here.source.depth >= MOST_BODIES:
        return (), "bodies nested too deeply to be read"
    inner = None if token is None else string_body(here.tokens[token], here.source)
    if inner is None:
        return (), "a body with escapes"
    if language == "sql":
        return here.read(inner), None
    return plpgsql.statements_in(inner, here.read)


def _atomic(here: Here) -> tuple[Statement, ...]:
    """Read a body that is no string: BEGIN ATOMIC … END, or a lone RETURN."""
    values = [token.value for token in here.tokens]
    start = next((at + 1 for at, value in enumerate(values) if value == "atomic" and values[at - 1] == "begin"), None)
    if start is None:
        start, after = max(at for at, value in enumerate(values) if value == "return"), len(values)
    else:
        after = len(values) - 1
    if start >= after:
        return ()
    begin, end = here.tokens[start].start, here.tokens[after - 1].end
    text = here.source.text[begin:end]
    for index in range(start, after):
        if values[index] == "return" and (index == start or values[index - 1] == ";"):
            at = here.tokens[index].start - begin
            text = f"{text[:at]}SELECT{text[at + len('return') :]}"
    return here.read(here.source.part(begin, end, text=text, deeper=True))


READERS: dict[str, Callable[[Message, Here], Statement]] = {
    "alter_function_stmt": alter_function,
    "create_function_stmt": create_function,
    "do_stmt": do,
}
