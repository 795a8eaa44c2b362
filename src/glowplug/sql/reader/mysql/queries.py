"""Queries: that they are well formed, and which tables, columns and functions they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.parts import Expression
from glowplug.sql.reader.mysql import expressions

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.facts import Facts

_MODIFIERS = (
    *("ALL", "DISTINCT", "DISTINCTROW", "HIGH_PRIORITY", "STRAIGHT_JOIN", "SQL_SMALL_RESULT", "SQL_BIG_RESULT"),
    *("SQL_BUFFER_RESULT", "SQL_NO_CACHE", "SQL_CACHE", "SQL_CALC_FOUND_ROWS"),
)
_SETS = ("UNION", "INTERSECT", "EXCEPT", "MINUS")
_NO_ALIAS = frozenset(
    {
        *("UNION", "INTERSECT", "EXCEPT", "MINUS", "OFFSET", "FETCH", "PROCEDURE", "LIMIT", "LATERAL"),
        *("SYSTEM_TIME", "RETURNING", "FULL"),
    }
)


def query(cursor: Cursor, facts: Facts) -> None:
    """Take a query: WITH, its parts joined by UNION and the like, and what stands after them."""
    cursor.deepen()
    common_tables(cursor, facts)
    _term(cursor, facts)
    tail(cursor, facts)
    cursor.depth -= 1


def common_tables(cursor: Cursor, facts: Facts) -> None:
    """Take WITH and what it names, if it comes next."""
    if cursor.accept("WITH"):
        cursor.accept("RECURSIVE")
        cursor.several(lambda: _common(cursor, facts))


def _common(cursor: Cursor, facts: Facts) -> None:
    facts.common.add(cursor.identifier().lower())
    if cursor.word == "(":
        cursor.listed(cursor.identifier)
    cursor.expect("AS", "(")
    query(cursor, facts)
    cursor.expect(")")
    if cursor.accept("CYCLE"):
        cursor.several(cursor.identifier)
        cursor.expect("RESTRICT")


def tail(cursor: Cursor, facts: Facts) -> None:
    """Take what may follow a query's first part."""
    while cursor.accept_any(*_SETS):
        facts.outputs = None
        cursor.accept_any("ALL", "DISTINCT")
        _term(cursor, facts)
    if cursor.accept("ORDER", "BY"):
        cursor.several(lambda: expressions.skim_ordered(cursor, facts))
    limit(cursor, facts)
    _into(cursor, facts)
    while cursor.word in {"FOR", "LOCK"}:
        _locking(cursor)
        _into(cursor, facts)


def limit(cursor: Cursor, facts: Facts) -> bool:
    """Take LIMIT or its standard spelling if it is there, and say whether it was."""
    if cursor.accept("LIMIT"):
        if cursor.word != "ROWS":
            expressions.skim(cursor, facts)
        if cursor.accept_any(",", "OFFSET"):
            expressions.skim(cursor, facts)
        if cursor.accept("ROWS"):
            cursor.expect("EXAMINED")
            expressions.skim(cursor, facts)
        return True
    found = False
    if cursor.accept("OFFSET"):
        found = True
        expressions.skim(cursor, facts)
        cursor.accept_any("ROW", "ROWS")
    if cursor.word == "FETCH" and cursor.ahead() in {"FIRST", "NEXT"}:
        found = True
        cursor.at += 2
        if cursor.word not in {"ROW", "ROWS"}:
            expressions.skim(cursor, facts)
        cursor.accept_any("ROW", "ROWS")
        if not cursor.accept("ONLY"):
            cursor.expect("WITH", "TIES")
    return found


def _locking(cursor: Cursor) -> None:
    if cursor.accept("LOCK", "IN", "SHARE", "MODE"):
        return
    cursor.expect("FOR")
    if not cursor.accept_any("UPDATE", "SHARE"):
        cursor.fail()
    if cursor.accept("OF"):
        cursor.several(cursor.name)
    if cursor.accept("WAIT"):
        cursor.number()
    elif cursor.accept("SKIP"):
        cursor.expect("LOCKED")
    else:
        cursor.accept("NOWAIT")


def _into(cursor: Cursor, facts: Facts) -> None:
    if not cursor.accept("INTO"):
        return
    if cursor.accept_any("OUTFILE", "DUMPFILE"):
        facts.writes_file = True
        cursor.text_value()
        while cursor.word in {"CHARACTER", "CHARSET", "FIELDS", "COLUMNS", "LINES"}:
            cursor.at += 1
            if cursor.accept("SET"):
                cursor.take()
            while cursor.accept_any("TERMINATED", "OPTIONALLY", "ENCLOSED", "ESCAPED", "STARTING", "BY"):
                if cursor.kind == "string":
                    cursor.text_value()
        return
    cursor.several(lambda: cursor.take() if cursor.kind == "variable" else cursor.name())


def _term(cursor: Cursor, facts: Facts) -> None:
    if cursor.word == "(":
        cursor.deepen()
        cursor.expect("(")
        query(cursor, facts)
        cursor.expect(")")
        cursor.depth -= 1
    elif cursor.accept("VALUES"):
        facts.outputs = None
        cursor.several(lambda: _row(cursor, facts))
    elif cursor.accept("TABLE"):
        facts.outputs = None
        _relation(cursor, facts)
    else:
        _select(cursor, facts)


def _row(cursor: Cursor, facts: Facts) -> None:
    cursor.accept("ROW")
    expressions.parenthesised(cursor, facts)


def _select(cursor: Cursor, facts: Facts) -> None:
    outputs, facts.outputs = facts.outputs, None
    cursor.expect("SELECT")
    while cursor.accept_any(*_MODIFIERS):
        pass
    cursor.several(lambda: _output(cursor, facts, outputs))
    _into(cursor, facts)
    if cursor.accept("FROM") and not cursor.accept("DUAL"):
        references(cursor, facts)
    if cursor.accept("WHERE"):
        expressions.skim(cursor, facts)
    if cursor.accept("GROUP", "BY"):
        cursor.several(lambda: expressions.skim_ordered(cursor, facts))
        cursor.accept("WITH", "ROLLUP")
    if cursor.accept("HAVING"):
        expressions.skim(cursor, facts)
    if cursor.accept("WINDOW"):
        cursor.several(lambda: _named_window(cursor, facts))
    if cursor.accept("PROCEDURE"):
        expressions.skim(cursor, facts)
    facts.outputs = outputs


def _named_window(cursor: Cursor, facts: Facts) -> None:
    cursor.identifier()
    cursor.expect("AS")
    expressions.window(cursor, facts)


def _output(cursor: Cursor, facts: Facts, outputs: list[Expression] | None) -> None:
    if cursor.accept("*"):
        if outputs is not None:
            outputs.append(Expression(text="*"))
        return
    if outputs is None:
        expressions.skim(cursor, facts)
    else:
        outputs.append(expressions.expression(cursor, facts))
    _alias(cursor)


def _alias(cursor: Cursor) -> None:
    if cursor.accept("AS"):
        if cursor.kind == "string":
            cursor.text_value()
        else:
            cursor.identifier()
    elif cursor.kind == "string":
        cursor.text_value()
    elif cursor.word in _NO_ALIAS or (cursor.word == "WINDOW" and cursor.ahead(2) == "AS"):
        return
    elif cursor.is_identifier():
        cursor.identifier()


def references(cursor: Cursor, facts: Facts) -> None:
    """Take a list of tables as FROM has it, joins included."""
    cursor.several(lambda: _joined(cursor, facts))


def _joined(cursor: Cursor, facts: Facts) -> None:
    cursor.deepen()
    _reference(cursor, facts)
    while _join(cursor):
        _reference(cursor, facts)
        while cursor.accept("ON"):
            expressions.skim(cursor, facts)
        if cursor.accept("USING"):
            cursor.listed(cursor.identifier)
    cursor.depth -= 1


def _join(cursor: Cursor) -> bool:
    if cursor.accept("STRAIGHT_JOIN"):
        return True
    first = cursor.at
    cursor.accept("NATURAL")
    cursor.accept_any("LEFT", "RIGHT", "INNER", "CROSS", "FULL")
    cursor.accept("OUTER")
    if cursor.accept("JOIN"):
        return True
    if cursor.at != first:
        cursor.fail()
    return False


def _reference(cursor: Cursor, facts: Facts) -> None:
    cursor.accept("LATERAL")
    if cursor.accept("("):
        cursor.deepen()
        if cursor.word in {"SELECT", "WITH", "VALUES"}:
            facts.subquery = True
            query(cursor, facts)
        else:
            references(cursor, facts)
            tail(cursor, facts)
        cursor.expect(")")
        cursor.depth -= 1
    elif cursor.accept("{"):
        cursor.expect("OJ")
        references(cursor, facts)
        cursor.expect("}")
    elif cursor.word == "JSON_TABLE" and cursor.ahead() == "(":
        cursor.at += 1
        cursor.group()
    else:
        _relation(cursor, facts)
        if cursor.accept("PARTITION"):
            cursor.listed(cursor.identifier)
        if cursor.word == "FOR" and cursor.ahead() == "SYSTEM_TIME":
            _system_time(cursor, facts)
    _alias(cursor)
    if cursor.word == "(" and cursor.words[cursor.at - 1] != ")":  # derived (a, b)
        cursor.listed(cursor.identifier)
    while cursor.word in {"USE", "FORCE", "IGNORE"} and cursor.ahead() in {"INDEX", "KEY"}:
        _hint(cursor)


def _relation(cursor: Cursor, facts: Facts) -> None:
    name = cursor.name()
    if name.schema is not None or name.name.lower() not in facts.common:
        facts.reads[name] = None


def _system_time(cursor: Cursor, facts: Facts) -> None:
    cursor.at += 2
    if cursor.accept("ALL"):
        return
    if cursor.accept("AS"):
        cursor.expect("OF")
        expressions.skim(cursor, facts)
    elif cursor.accept("BETWEEN"):
        expressions.skim(cursor, facts)
    else:
        cursor.expect("FROM")
        expressions.skim(cursor, facts)
        cursor.expect("TO")
        expressions.skim(cursor, facts)


def _hint(cursor: Cursor) -> None:
    cursor.at += 2
    if cursor.accept("FOR") and not cursor.accept("JOIN"):
        if not cursor.accept_any("ORDER", "GROUP"):
            cursor.fail()
        cursor.expect("BY")
    cursor.expect("(")
    while cursor.kind != "end" and not cursor.accept(")"):
        if not cursor.accept("PRIMARY"):
            cursor.identifier()
        cursor.accept(",")
