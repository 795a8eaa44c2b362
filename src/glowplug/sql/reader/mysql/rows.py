"""INSERT, REPLACE, UPDATE, DELETE, LOAD DATA and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import Copy, Delete, Insert, Select, Update
from glowplug.sql.parts import Name
from glowplug.sql.reader.mysql import queries
from glowplug.sql.reader.mysql.expressions import condition, expression, skim, skim_ordered

if TYPE_CHECKING:
    from glowplug.sql.parts import Expression
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft


def insert(cursor: Cursor, draft: Draft) -> None:
    """Take INSERT or REPLACE."""
    facts = draft.facts
    replace = cursor.take().upper() == "REPLACE"
    ignore = False
    while word := cursor.accept_any("LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"):
        ignore = ignore or word == "IGNORE"
    cursor.accept("INTO")
    table = cursor.name()
    if cursor.accept("PARTITION"):
        cursor.listed(cursor.identifier)
    columns: list[str] = []
    if cursor.word == "(" and cursor.ahead() not in {"SELECT", "WITH", "("}:
        cursor.at += 1
        if not cursor.accept(")"):
            columns = cursor.several(lambda: _column(cursor))
            cursor.expect(")")
    from_query = False
    facts.outputs = []
    if cursor.accept("SET"):
        columns = cursor.several(lambda: _assignment(cursor, draft, [], []))
    elif cursor.word in {"VALUES", "VALUE"}:
        _values(cursor, draft)
    else:
        from_query = True
        queries.query(cursor, facts)
    if cursor.accept("AS"):
        cursor.identifier()
        if cursor.word == "(":
            cursor.listed(cursor.identifier)
    if cursor.accept("ON"):
        cursor.expect("DUPLICATE", "KEY", "UPDATE")
        cursor.several(lambda: _assignment(cursor, draft, [], []))
    _returning(cursor, draft)
    draft.actions.append(
        Insert(
            span=cursor.span(draft.first),
            table=table,
            columns=tuple(columns),
            from_query=from_query,
            reads=tuple(facts.reads),
            select=tuple(facts.outputs or ()) if from_query else (),
            replace=replace,
            ignore=ignore,
        )
    )


def _values(cursor: Cursor, draft: Draft) -> None:
    """Take the rows; a value that is a lone literal, which most are, is passed by without being read further."""
    cursor.at += 1
    kinds, words = cursor.kinds, cursor.words
    while True:
        cursor.accept("ROW")
        cursor.expect("(")
        while not cursor.accept(")"):
            at = cursor.at
            if words[at] == "IGNORE" or (kinds[at] == "number" and words[at + 1] in {",", ")"}):
                cursor.at += 1
            else:
                skim(cursor, draft.facts)
            if not cursor.accept(",") and cursor.word != ")":
                cursor.fail()
        if not cursor.accept(","):
            return


def _assignment(cursor: Cursor, draft: Draft, columns: list[str], values: list[Expression]) -> str:
    column = _column(cursor)
    if not cursor.accept_any("=", ":="):
        cursor.fail()
    columns.append(column)
    values.append(expression(cursor, draft.facts))
    return column


def _column(cursor: Cursor) -> str:
    name = cursor.identifier()
    while cursor.accept("."):
        name = cursor.identifier(any_word=True)
    return name


def _returning(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("RETURNING"):
        cursor.several(lambda: cursor.accept("*") or _output(cursor, draft))


def _output(cursor: Cursor, draft: Draft) -> bool:
    skim(cursor, draft.facts)
    if cursor.accept("AS") or cursor.is_identifier():
        cursor.identifier()
    return True


def update(cursor: Cursor, draft: Draft) -> None:
    """Take UPDATE, of one table or several: what it changes is the first, the others it reads."""
    facts = draft.facts
    cursor.expect("UPDATE")
    while cursor.accept_any("LOW_PRIORITY", "IGNORE"):
        pass
    queries.references(cursor, facts)
    if not facts.reads:
        cursor.fail()
    _portion(cursor, draft)
    table = next(iter(facts.reads))
    targets = set(facts.reads)
    columns: list[str] = []
    values: list[Expression] = []
    cursor.expect("SET")
    cursor.several(lambda: _assignment(cursor, draft, columns, values))
    where, tautology = _where(cursor, draft)
    limited = _limited(cursor, draft)
    reads = tuple(name for name in facts.reads if name != table or len(targets) == 0)
    draft.actions.append(
        Update(
            span=cursor.span(draft.first),
            table=table,
            columns=tuple(columns),
            values=tuple(values),
            where=where,
            tautology=tautology,
            reads=reads,
            limited=limited,
        )
    )


def _where(cursor: Cursor, draft: Draft) -> tuple[Expression | None, bool]:
    return condition(cursor, draft.facts) if cursor.accept("WHERE") else (None, False)


def _limited(cursor: Cursor, draft: Draft) -> bool:
    if cursor.accept("ORDER", "BY"):
        cursor.several(lambda: skim_ordered(cursor, draft.facts))
    return queries.limit(cursor, draft.facts)


def delete(cursor: Cursor, draft: Draft) -> None:
    """Take DELETE, in its three forms; one Action a table that loses rows."""
    facts = draft.facts
    cursor.expect("DELETE")
    while cursor.accept_any("LOW_PRIORITY", "QUICK", "IGNORE", "HISTORY"):
        pass
    if cursor.accept("FROM"):
        targets = cursor.several(lambda: _target(cursor))
        if cursor.accept("USING"):
            targets = _resolved(cursor, draft, targets)
        elif len(targets) > 1:
            cursor.fail()
        else:
            _single(cursor, draft)
    else:
        targets = cursor.several(lambda: _target(cursor))
        cursor.expect("FROM")
        targets = _resolved(cursor, draft, targets)
    where, tautology = _where(cursor, draft)
    limited = _limited(cursor, draft)
    _returning(cursor, draft)
    reads = tuple(name for name in facts.reads if name not in targets)
    for table in targets:
        draft.actions.append(
            Delete(
                span=cursor.span(draft.first),
                table=table,
                where=where,
                tautology=tautology,
                reads=reads,
                limited=limited,
            )
        )


def _single(cursor: Cursor, draft: Draft) -> None:
    if cursor.accept("PARTITION"):
        cursor.listed(cursor.identifier)
    _portion(cursor, draft)
    if cursor.accept("BEFORE"):
        cursor.expect("SYSTEM_TIME")
        cursor.accept_any("TIMESTAMP", "TRANSACTION")
        skim(cursor, draft.facts)
    elif cursor.accept("AS") or (cursor.is_identifier() and cursor.word != "RETURNING"):
        cursor.identifier()


def _portion(cursor: Cursor, draft: Draft) -> None:
    """Take MariaDB's FOR PORTION OF, if it comes next."""
    if cursor.accept("FOR"):
        cursor.expect("PORTION", "OF")
        cursor.identifier()
        cursor.expect("FROM")
        skim(cursor, draft.facts)
        cursor.expect("TO")
        skim(cursor, draft.facts)


def _target(cursor: Cursor) -> Name:
    parts = [cursor.identifier()]
    while cursor.accept("."):
        if cursor.accept("*"):
            break
        parts.append(cursor.identifier(any_word=True))
    return Name(parts[-1], parts[-2] if len(parts) > 1 else None)


def _resolved(cursor: Cursor, draft: Draft, targets: list[Name]) -> list[Name]:
    """Take the tables of a DELETE of several, and give the targets by their tables' names instead of aliases."""
    first = cursor.at
    queries.references(cursor, draft.facts)
    aliases = _aliases(cursor, first, draft)
    return [aliases.get(target.name.lower(), target) if target.schema is None else target for target in targets]


def _aliases(cursor: Cursor, first: int, draft: Draft) -> dict[str, Name]:
    """Give the tables that FROM names, by the name behind which each stands there."""
    tables = {name.name.lower(): name for name in draft.facts.reads}
    found = dict(tables)
    for index in range(first, cursor.at - 1):
        name, alias = _plain(cursor, index), _plain(cursor, index + 1)
        if cursor.words[index + 1] == "AS" and index + 2 < cursor.at:
            alias = _plain(cursor, index + 2)
        if name in tables and alias and cursor.words[index + 1] not in {"ON", "USING", "JOIN", "."}:
            found.setdefault(alias, tables[name])
    return found


def _plain(cursor: Cursor, index: int) -> str:
    if cursor.kinds[index] not in {"word", "name"}:
        return ""
    return cursor.text[cursor.starts[index] : cursor.ends[index]].strip("`").lower()


def select(cursor: Cursor, draft: Draft) -> None:
    """Take a query at top level; INTO OUTFILE is a Copy beside it."""
    facts = draft.facts
    queries.query(cursor, facts)
    span = cursor.span(draft.first)
    draft.actions.append(Select(span=span, reads=tuple(facts.reads), functions=tuple(facts.functions)))
    if facts.writes_file:
        draft.actions.append(Copy(span=span, table=None, from_=False, file=True))


def load(cursor: Cursor, draft: Draft) -> None:
    """Take LOAD DATA or LOAD XML; LOCAL files come from the client."""
    cursor.expect("LOAD")
    if not cursor.accept_any("DATA", "XML"):
        cursor.fail()
    cursor.accept_any("LOW_PRIORITY", "CONCURRENT")
    local = cursor.accept("LOCAL")
    cursor.expect("INFILE")
    cursor.text_value()
    cursor.accept_any("REPLACE", "IGNORE")
    cursor.expect("INTO", "TABLE")
    table = cursor.name()
    cursor.rest()
    draft.actions.append(Copy(span=cursor.span(draft.first), table=table, from_=True, file=not local))
