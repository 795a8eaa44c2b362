"""What is done to rows, and by code whose effect the text does not tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation import harmless
from glowplug.schema.simulation.expressions import called_in
from glowplug.schema.simulation.overlay import with_item
from glowplug.sql.actions import (
    Copy,
    CreateRoutine,
    Delete,
    Dynamic,
    Insert,
    LockTable,
    Other,
    Select,
    SetVariable,
    Transaction,
    Truncate,
    Update,
)
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import Origin, RoutineFacts
    from glowplug.sql.actions import Action, Block
    from glowplug.sql.parts import Expression, Span
    from glowplug.sql.statement import Statement

_CALLED = re.compile(r"CALL\s+([\w.\"`]+)", re.IGNORECASE)
_ROWS = (Copy, Delete, Insert, LockTable, Other, Select, SetVariable, Transaction, Truncate, Update)
_MANAGED = re.compile(r"diesel_manage_updated_at\s*\(\s*'((?:[^']|'')+)'", re.IGNORECASE)
_MANAGES = re.compile(r"CREATE\s+TRIGGER\s+set_updated_at\s+BEFORE\s+UPDATE\s+ON\s+%s", re.IGNORECASE)
_BODY = re.compile(r"\$(\w*)\$(.*)\$\1\$", re.DOTALL)
_DIESELS = "diesel_manage_updated_at"
_READ = frozenset({"plpgsql", "sql", "mysql", "mariadb", ""})


def filled(state: State, name: Name) -> None:
    """A table has rows from here on."""
    key, table = state.table(name)
    if table is None or table.may_have_rows:
        return
    state.put(key, replace(table, may_have_rows=True))
    if table.partition_of is not None:
        filled(state, table.partition_of)
    for partition in table.partitions:
        filled(state, partition)


def seeded(state: State, name: Name, origin: Origin) -> None:
    """A table has rows on every database on which the chain has run."""
    key, table = state.table(name)
    if table is None or table.seeded is not None:
        return
    state.put(key, replace(table, seeded=origin))
    for other in (*table.partitions, *(() if table.partition_of is None else (table.partition_of,))):
        seeded(state, other, origin)


def source(state: State, reads: Iterable[Name], span: Span) -> Origin | None:
    """Tell where rows come from that a query gives: from here where it reads no table, None where those have none."""
    tables = [state.table(each)[1] for each in reads]
    if not tables:
        return state.origin(span)
    return next((each.seeded for each in tables if each is not None and each.seeded is not None), None)


def insert(state: State, action: Insert) -> None:
    """INSERT."""
    filled(state, action.table)
    origin = source(state, action.reads, action.span) if action.from_query else state.origin(action.span)
    if origin is not None:
        seeded(state, action.table, origin)
    called(state, functions_of(state, action), action.span, guess=False)


def update(state: State, action: Update) -> None:
    """UPDATE: it changes nothing where there are no rows, but code that answers to it may insert some."""
    filled(state, action.table)
    called(state, functions_of(state, action), action.span, guess=False)


def delete(state: State, action: Delete) -> None:
    """DELETE: what its WHERE calls may change the schema."""
    called(state, functions_of(state, action), action.span, guess=False)


def copy(state: State, action: Copy) -> None:
    """COPY FROM."""
    if action.table is not None and action.from_:
        filled(state, action.table)
        seeded(state, action.table, state.origin(action.span))


def select(state: State, action: Select) -> None:
    """A query: it may call what changes the schema."""
    called(state, action.functions, action.span, guess=True)


def functions_of(state: State, action: Action) -> Iterable[str]:
    """Give the names of the functions that an action calls, and of the procedure; none twice."""
    if isinstance(action, Select):
        return action.functions
    if isinstance(action, Dynamic):
        call = _CALLED.match(state.text, action.span.start) if action.what.startswith("call") else None
        return () if call is None else (call.group(1).replace('"', "").replace("`", ""),)
    expressions: tuple[Expression | None, ...] = ()
    functions: tuple[str, ...] = ()
    if isinstance(action, Insert):
        expressions, functions = action.select, action.functions
    elif isinstance(action, Update):
        expressions = (*action.values, action.where)
    elif isinstance(action, Delete):
        expressions = (action.where,)
    if not expressions:
        return functions
    return dict.fromkeys((*functions, *(name for each in expressions if each is not None for name in each.functions)))


def changing(state: State, action: Action) -> tuple[RoutineFacts, ...]:
    """Give the routines of the chain that an action calls and that change the schema, or may."""
    found = []
    for function in functions_of(state, action):
        schema, _, name = function.rpartition(".")
        routine = state.routines.get(state.key(Name(name, schema or None), state.routines))
        if routine is not None and routine.changes_schema and not _is_diesels(state, name, routine):
            found.append(routine)
    return tuple(found)


def _is_diesels(state: State, name: str, routine: RoutineFacts | None) -> bool:
    """Whether it is the function that Diesel's own first migration makes, or on SQLite its connection."""
    if name != _DIESELS:
        return False
    return state.dialect is Dialect.SQLITE or (routine is not None and _MANAGES.search(routine.body or "") is not None)


def called(state: State, functions: Iterable[str], span: Span, *, guess: bool) -> None:
    """Doubt what routines do that were called; ``guess``: also those that nobody knows."""
    for function in functions:
        schema, _, name = function.rpartition(".")
        key = state.key(Name(name, schema or None), state.routines)
        routine = state.routines.get(key)
        if _is_diesels(state, name, routine):
            _managed(state, span)
        elif routine is not None:
            if routine.changes_schema:
                state.doubts_everything(f"{function}() may change the schema", span)
        elif guess and schema not in {"pg_catalog", "information_schema"} and not harmless.known(name, state.dialect):
            state.doubts_everything(f"{function}() may change the schema: no migration says what it does", span)


def _managed(state: State, span: Span) -> None:
    """Diesel's own function, which makes a trigger on the table that it is given.

    On PostgreSQL it is in every project's first migration, on SQLite in Diesel's connection.
    """
    found = _MANAGED.findall(state.text[span.start : span.end])
    for text in found:
        said = text.replace("''", "'")
        schema, _, name = said.rpartition(".")
        trigger, target = "set_updated_at", Name(_folded(name), _folded(schema) or None)
        if state.dialect is Dialect.SQLITE:
            trigger, target = f"__diesel_manage_updated_at_{said}", Name(said)
        key, table = state.table(target)
        if table is not None:
            state.put(key, replace(table, triggers=with_item(table.triggers, trigger, state.origin(span))))
            state.functions_of.put((key, trigger), _function(state))
    if not found:
        state.doubts_everything(f"{_DIESELS}() makes a trigger on a table that the text does not name", span)


def _function(state: State) -> Key:
    return state.key(Name("diesel_set_updated_at"), state.routines)


def _folded(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def may_change_schema(state: State) -> bool:
    """Whether the routine that the statement at hand makes does more than to read and write rows, as far as is told.

    What PL/pgSQL calls in an expression counts where the chain made it, or where the body is nothing but expressions.
    """
    statement = state.statement
    if statement is None:
        return True
    said = _called_in_expressions(statement)
    if not statement.routine_body:
        return said is None or _calls_change(state, said)
    if any(routine.changes_schema for name in said or () if (routine := _routine(state, name)) is not None):
        return True
    waiting = list(statement.routine_body)
    while waiting:
        one = waiting.pop()
        waiting += one.body
        if one.unparsed is not None or any(not isinstance(action, _ROWS) for action in one.actions):
            return True
        if any(_calls_change(state, action.functions) for action in one.actions if isinstance(action, Select)):
            return True
    return False


def _routine(state: State, function: str) -> RoutineFacts | None:
    schema, _, name = function.rpartition(".")
    return state.routines.get(state.key(Name(name, schema or None), state.routines))


def _called_in_expressions(statement: Statement) -> frozenset[str] | None:
    """Give what the PL/pgSQL that a statement makes may call; None where it makes none that can be read."""
    made = next((action for action in statement.actions if isinstance(action, CreateRoutine)), None)
    return None if made is None or made.language != "plpgsql" or made.body is None else called_in(made.body)


def _calls_change(state: State, functions: Iterable[str]) -> bool:
    for function in functions:
        routine = _routine(state, function)
        if (
            routine.changes_schema
            if routine is not None
            else not harmless.known(function.rpartition(".")[2], state.dialect)
        ):
            return True
    return False


def dynamic(state: State, action: Dynamic) -> None:
    """Code whose effect the text does not tell."""
    procedures = tuple(functions_of(state, action))
    if procedures:
        called(state, procedures, action.span, guess=True)
        return
    state.doubts_everything(f"{action.what} may change the schema, the text does not say how", action.span)


def block(state: State, action: Block) -> None:
    """DO: its body is run after it, where it could be read; what its expressions call is none of its statements."""
    language = action.language.casefold()
    if language not in _READ:
        state.doubts_everything(f"code in {action.language} may change the schema", action.span)
    body = _BODY.search(state.text, action.span.start, action.span.end) if language == "plpgsql" else None
    said = frozenset() if body is None else called_in(body[2])
    inner = () if state.statement is None else state.statement.body
    for name in sorted(said.difference(_called_by(state, inner) if said else ())):
        routine = _routine(state, name)
        if routine is not None and routine.changes_schema and not _is_diesels(state, routine.name.name, routine):
            state.doubts_everything(f"{name}() may change the schema", action.span)


def _called_by(state: State, statements: Iterable[Statement]) -> Iterable[str]:
    """Give the names of the functions that statements, and those in them, call."""
    for one in statements:
        for action in one.actions:
            yield from functions_of(state, action)
        yield from _called_by(state, one.body)


def set_variable(state: State, action: SetVariable) -> None:
    """SET and PRAGMA; the search path decides what names mean from here on. On a condition, no value is known."""
    if state.conditional is not None and state.variables.get(action.name) != action.value:
        state.variables.pop(action.name, None)
        if action.name == "search_path":
            state.doubts_everything("what names mean from here on depends on a condition", action.span)
    elif action.value is None:
        state.variables.pop(action.name, None)
    else:
        state.variables[action.name] = action.value
    if action.name == "search_path" and state.dialect is Dialect.POSTGRES:
        state.search(action.value)
