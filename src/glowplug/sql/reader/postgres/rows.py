"""Statements about rows: SELECT, INSERT, UPDATE, DELETE, MERGE, COPY, and what hides in their WITH clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Copy, Delete, Insert, Select, SetVariable, Update
from glowplug.sql.reader.postgres.expressions import expression_of, is_tautology
from glowplug.sql.reader.postgres.facts import MOST_ROWS, Facts, facts, function_name
from glowplug.sql.reader.postgres.tables import table_from_query
from glowplug.sql.reader.postgres.tree import constant, name_of, node, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Expression
    from glowplug.sql.reader.postgres.here import Here
    from glowplug.sql.reader.postgres.tree import Message

_AFTER_ASSIGNMENTS = frozenset({"from", "where", "returning"})
_AFTER_OUTPUT = frozenset({
    "from", "where", "group", "having", "window", "union", "intersect", "except", "order", "limit", "offset",
    "fetch", "for", "on", "returning",
})  # fmt: skip
_SET_CONFIG_ARGUMENTS = 3


def select(statement: Message, here: Here) -> Iterator[Action]:
    """Read a query: also SELECT INTO, and calls of set_config()."""
    yield from writes_in_ctes(statement, here)
    if statement.HasField("into_clause"):
        into = statement.into_clause
        yield table_from_query(into, statement, here)
        return
    found = facts(statement)
    yield from _set_configs(statement, here)
    yield Select(span=here.span, reads=tuple(found.reads), functions=tuple(found.functions))


def insert(statement: Message, here: Here) -> Iterator[Action]:
    """Read INSERT; a long VALUES list is not looked into."""
    yield from writes_in_ctes(statement, here)
    query = statement.select_stmt.select_stmt
    from_query = statement.HasField("select_stmt") and not query.values_lists
    found = facts(statement) if len(query.values_lists) <= MOST_ROWS else Facts()
    yield Insert(
        span=here.span,
        table=name_of(statement.relation),
        columns=tuple(item.res_target.name for item in statement.cols),
        from_query=from_query,
        reads=tuple(found.reads),
        functions=tuple(found.functions),
        select=_output(query, here) if from_query else (),
        ignore=statement.on_conflict_clause.action == node.ONCONFLICT_NOTHING,
    )


def update(statement: Message, here: Here) -> Iterator[Action]:
    """Read UPDATE."""
    yield from writes_in_ctes(statement, here)
    targets = [item.res_target for item in statement.target_list]
    first = here.index(targets[0].location)
    after = _clause(here, _AFTER_ASSIGNMENTS, first)
    where, _end = _where(statement, here, after)
    yield Update(
        span=here.span,
        table=name_of(statement.relation),
        columns=tuple(dict.fromkeys(target.name for target in targets)),
        values=_assigned(targets, here, after),
        where=where,
        tautology=where is not None and is_tautology(statement.where_clause),
        reads=tuple(facts(statement).reads),
    )


def delete(statement: Message, here: Here) -> Iterator[Action]:
    """Read DELETE."""
    yield from writes_in_ctes(statement, here)
    where, _ = _where(statement, here, here.index(statement.relation.location))
    yield Delete(
        span=here.span,
        table=name_of(statement.relation),
        where=where,
        tautology=where is not None and is_tautology(statement.where_clause),
        reads=tuple(facts(statement).reads),
    )


def merge(statement: Message, here: Here) -> Iterator[Action]:
    """Read MERGE as the INSERTs, UPDATEs and DELETEs in it; the condition of the join is their WHERE."""
    yield from writes_in_ctes(statement, here)
    table = name_of(statement.relation)
    reads = tuple(facts(statement).reads)
    joined = here.find(("on",), here.index(statement.relation.location))
    ends = here.find(("when",), joined)
    where = expression_of(statement.join_condition, here, joined + 1, ends)
    sure = is_tautology(statement.join_condition)
    for item in statement.merge_when_clauses:
        clause = item.merge_when_clause
        columns = tuple(target.res_target.name for target in clause.target_list)
        if clause.command_type == node.CMD_INSERT:
            yield Insert(span=here.span, table=table, columns=columns, from_query=True, reads=reads)
        elif clause.command_type == node.CMD_UPDATE:
            yield Update(span=here.span, table=table, columns=columns, where=where, tautology=sure, reads=reads)
        elif clause.command_type == node.CMD_DELETE:
            yield Delete(span=here.span, table=table, where=where, tautology=sure, reads=reads)


def copy(statement: Message, here: Here) -> Iterator[Action]:
    """Read COPY."""
    table = name_of(statement.relation) if statement.HasField("relation") else None
    if statement.HasField("query"):
        yield from written_by(statement.query, here)
    yield Copy(
        span=here.span,
        table=table,
        from_=statement.is_from,
        program=statement.is_program,
        file=bool(statement.filename) and not statement.is_program,
    )


def writes_in_ctes(statement: Message, here: Here) -> Iterator[Action]:
    """Read the INSERTs, UPDATEs, DELETEs and MERGEs in a WITH clause."""
    if statement.HasField("with_clause"):
        for cte in statement.with_clause.ctes:
            yield from written_by(cte.common_table_expr.ctequery, here)


def written_by(query: Message, here: Here) -> Iterator[Action]:
    """Read a statement within another one where it changes rows."""
    kind = query.WhichOneof("node")
    if kind in _WRITING:
        inner = getattr(query, kind)
        first = here.index(inner.relation.location)
        opening = _bracket_before(here, first)
        if opening is None:
            yield from _WRITING[kind](inner, here)
        else:
            begin, after = here.inside(opening)
            yield from _WRITING[kind](inner, here.within(begin, after))


def _bracket_before(here: Here, index: int) -> int | None:
    """Give the bracket that a token stands in."""
    depth = 0
    for position in range(index - 1, -1, -1):
        value = here.tokens[position].value
        if value == ")":
            depth += 1
        elif value == "(":
            if depth == 0:
                return position
            depth -= 1
    return None


def _clause(here: Here, words_of_clauses: frozenset[str], start: int) -> int:
    """Give the token where the next clause begins: ``AS from`` and ``IS DISTINCT FROM`` begin none."""
    found = here.find(words_of_clauses, start)
    while found < len(here.tokens) and here.tokens[found - 1].value in {"as", "distinct", "."}:
        found = here.find(words_of_clauses, found + 1)
    return found


def _where(statement: Message, here: Here, start: int) -> tuple[Expression | None, int]:
    """Read WHERE, which stands behind token ``start``; give also the token where RETURNING begins."""
    end = here.find(("returning",), start)
    if not statement.HasField("where_clause"):
        return None, end
    word = here.find(("where",), start, end)
    return expression_of(statement.where_clause, here, word + 1, end), end


def _assigned(targets: list[Message], here: Here, end: int) -> tuple[Expression, ...]:
    values = []
    for target in targets:
        start, value = here.index(target.location), target.val
        if value.WhichOneof("node") == "multi_assign_ref":  # (a, b) = …: the same for each
            start, value = _bracket_before(here, start) or start, value.multi_assign_ref.source
        after = min(here.end_of_item(start), end)
        sign = here.find(("=",), start, after)
        values.append(expression_of(value, here, sign + 1, after))
    return tuple(values)


def _output(query: Message, here: Here) -> tuple[Expression, ...]:
    """Read the output expressions of a plain SELECT."""
    if query.op != node.SETOP_NONE or not query.target_list:
        return ()
    targets = [item.res_target for item in query.target_list]
    first = here.find(("select",), 0)
    start = first + 1
    if start < len(here.tokens) and here.tokens[start].value in {"all", "distinct"}:
        start += 1
        if start < len(here.tokens) and here.tokens[start].value == "on":
            start = here.inside(start + 1)[1] + 1
    written = here.items(start, _clause(here, _AFTER_OUTPUT, start))
    if len(written) != len(targets):
        return ()
    return tuple(
        expression_of(target.val, here, begin, _before_alias(here, begin, after) if target.name else after)
        for target, (begin, after) in zip(targets, written, strict=True)
    )


def _before_alias(here: Here, begin: int, after: int) -> int:
    return after - 2 if here.tokens[max(begin, after - 2)].value == "as" else after - 1


def _set_configs(statement: Message, here: Here) -> Iterator[Action]:
    """Read ``set_config('name', 'value', is_local)`` among a query's outputs; a value that is no constant as text."""
    for item in statement.target_list:
        value = item.res_target.val
        if value.WhichOneof("node") != "func_call":
            continue
        call = value.func_call
        if function_name(words(call.funcname)) != "set_config" or len(call.args) != _SET_CONFIG_ARGUMENTS:
            continue
        said = [argument.a_const if argument.WhichOneof("node") == "a_const" else None for argument in call.args]
        name, new, local = said
        if name is not None:
            written = here.items(here.find_opening(here.index(call.location)) + 1)
            yield SetVariable(
                span=here.span,
                name=constant(name).lower(),
                value=here.text_of(*written[1]) if new is None else constant(new),
                scope="local" if local is not None and local.boolval.boolval else "session",
            )


_WRITING: dict[str, Callable[[Message, Here], Iterator[Action]]] = {
    "delete_stmt": delete,
    "insert_stmt": insert,
    "merge_stmt": merge,
    "update_stmt": update,
}
