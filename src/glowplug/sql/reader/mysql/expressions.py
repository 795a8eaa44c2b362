"""Expressions: that they are well formed, and what is in them. No tree is built, for nobody asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.parts import Expression
from glowplug.sql.reader.mysql import queries
from glowplug.sql.reader.mysql.facts import Facts
from glowplug.sql.reader.mysql.verdicts import always_true, constant, null, proven_not_null
from glowplug.sql.reader.mysql.words import CALLABLE, NILADIC, OPERATORS, RESERVED, UNITS

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor

_PREFIXES = frozenset({"-", "+", "~", "!", "NOT", "BINARY"})
_BEFORE_A_QUERY = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_AFTER_A_QUERY = frozenset({"UNION", "EXCEPT", "INTERSECT", "MINUS", "ORDER", "LIMIT"})
_BEGIN_WITH_A_UNIT = frozenset({"EXTRACT", "TIMESTAMPADD", "TIMESTAMPDIFF", "GET_FORMAT"})
_TRUTHS = frozenset({"TRUE", "FALSE", "UNKNOWN", "NULL"})


def expression(cursor: Cursor, facts: Facts) -> Expression:
    """Take an expression, and give what is in it; ``facts`` learns it too."""
    first = cursor.at
    own = Facts(common=facts.common)
    skim(cursor, own)
    facts.include(own)
    return _described(cursor, first, own)


def condition(cursor: Cursor, facts: Facts) -> tuple[Expression, bool]:
    """Take a WHERE's expression, and say too whether it can only be true."""
    first = cursor.at
    found = expression(cursor, facts)
    return found, always_true(cursor, first, cursor.at)


def operand_alone(cursor: Cursor, facts: Facts) -> Expression:
    """Take one operand, signs included and no operator after it: what DEFAULT takes without parentheses."""
    first = cursor.at
    own = Facts(common=facts.common)
    cursor.deepen()
    _operand(cursor, own)
    cursor.depth -= 1
    facts.include(own)
    return _described(cursor, first, own)


def _described(cursor: Cursor, first: int, facts: Facts) -> Expression:
    return Expression(
        text=cursor.since(first),
        functions=tuple(facts.functions),
        columns=tuple(facts.columns),
        constant=constant(cursor, first, cursor.at),
        null=null(cursor, first, cursor.at),
        subquery=facts.subquery,
        not_null_columns=proven_not_null(cursor, first, cursor.at),
    )


def skim(cursor: Cursor, facts: Facts) -> None:
    """Take an expression and tell ``facts`` what is in it."""
    cursor.deepen()
    _operand(cursor, facts)
    while True:
        if cursor.word in OPERATORS:
            cursor.at += 1
            if cursor.word in {"ALL", "ANY", "SOME"} and cursor.ahead() == "(":
                cursor.at += 1
            _operand(cursor, facts)
        elif not _postfix(cursor, facts):
            break
    cursor.depth -= 1


def _postfix(cursor: Cursor, facts: Facts) -> bool:
    """Take what may follow an operand and is no operator with another one behind it."""
    word = cursor.word
    if word == "IN" and cursor.ahead() == "(":
        cursor.at += 1
        parenthesised(cursor, facts)
    elif word == "IS":
        cursor.at += 1
        cursor.accept("NOT")
        if not cursor.accept("JSON") and not cursor.accept_any(*_TRUTHS):
            cursor.fail()
    elif (word == "NOT" and cursor.ahead() in {"LIKE", "REGEXP", "RLIKE", "BETWEEN", "IN"}) or (
        word == "SOUNDS" and cursor.ahead() == "LIKE"
    ):
        cursor.at += 1
    elif word == "COLLATE":
        cursor.at += 1
        _charset(cursor)
    elif word == "MEMBER" and cursor.ahead() in {"OF", "("}:
        cursor.at += 1
        cursor.accept("OF")
        parenthesised(cursor, facts)
    else:
        return False
    return True


def skim_ordered(cursor: Cursor, facts: Facts) -> None:
    """Take an expression of ORDER BY or GROUP BY, its direction included."""
    skim(cursor, facts)
    cursor.accept_any("ASC", "DESC")


def parenthesised(cursor: Cursor, facts: Facts) -> None:
    """Take ``( expression, … )`` or ``( query )``."""
    cursor.deepen()
    cursor.expect("(")
    if (cursor.word in _BEFORE_A_QUERY and cursor.ahead() != "(") or cursor.word in {"SELECT", "WITH"}:
        facts.subquery = True
        queries.query(cursor, facts)
    else:
        cursor.several(lambda: skim(cursor, facts))
        if cursor.word in _AFTER_A_QUERY and facts.subquery:
            queries.tail(cursor, facts)
    cursor.expect(")")
    cursor.depth -= 1


def _operand(cursor: Cursor, facts: Facts) -> None:
    while cursor.word in _PREFIXES:
        cursor.at += 1
    kind = cursor.kind
    if kind == "word":
        _word(cursor, facts)
    elif kind == "name" or (kind == "number" and cursor.is_identifier()):
        _named(cursor, facts)
    elif kind == "number":
        cursor.at += 1
    elif kind == "string":
        while cursor.kind == "string":
            cursor.text_value()
    elif kind == "variable":
        _variable(cursor)
    elif cursor.word == "(":
        parenthesised(cursor, facts)
    else:
        _punctuated(cursor, facts)


def _variable(cursor: Cursor) -> None:
    if cursor.take() not in {"@", "@@"}:
        return
    if cursor.kind == "string":
        cursor.text_value()
    else:
        cursor.identifier()


def _punctuated(cursor: Cursor, facts: Facts) -> None:
    """Take ``.5``, ``.table.column`` or ``{fn …}``."""
    if cursor.accept("{"):
        cursor.identifier()
        skim(cursor, facts)
        cursor.expect("}")
        return
    cursor.expect(".")
    if cursor.kind == "number":
        cursor.at += 1
    else:
        _named(cursor, facts)


def _word(cursor: Cursor, facts: Facts) -> None:
    word = cursor.word
    if word in {"TRUE", "FALSE", "NULL"}:
        cursor.at += 1
    elif _introduces(cursor):
        cursor.at += 1
        _operand(cursor, facts)
    elif special := _SPECIAL.get(word):
        special(cursor, facts)
    elif word in NILADIC:
        facts.functions[word.lower()] = None
        cursor.at += 1
        if cursor.accept("("):
            if cursor.kind == "number":
                cursor.at += 1
            cursor.expect(")")
    elif word in {"NEXT", "PREVIOUS"} and cursor.ahead() == "VALUE" and cursor.ahead(2) == "FOR":
        cursor.at += 3
        facts.functions["nextval" if word == "NEXT" else "lastval"] = None
        cursor.name()
    elif word in RESERVED:
        _reserved(cursor, facts)
    else:
        _named(cursor, facts)


def _introduces(cursor: Cursor) -> bool:
    """Whether this word belongs to the string behind it: ``_utf8mb4'x'``, ``DATE '2020-01-01'``, ``X'1F'``."""
    word = cursor.word
    if cursor.kind_ahead() != "string":
        return word[0] == "_" and cursor.ahead() in {"X", "B"} and cursor.kind_ahead(2) == "string"
    adjacent = cursor.ends[cursor.at] == cursor.starts[cursor.at + 1]
    return word in {"DATE", "TIME", "TIMESTAMP"} or word[0] == "_" or (word in {"N", "X", "B"} and adjacent)


def _reserved(cursor: Cursor, facts: Facts) -> None:
    word = cursor.word
    if word not in CALLABLE or (cursor.ahead() != "(" and word != "DEFAULT"):
        cursor.fail()
    cursor.at += 1
    if cursor.word == "(":
        _call(cursor, facts, word.lower())


def _named(cursor: Cursor, facts: Facts) -> None:
    parts = [cursor.identifier()]
    while cursor.accept("."):
        if cursor.word == "*":  # count(t.*)
            cursor.at += 1
            return
        parts.append(cursor.identifier(any_word=True))
    if cursor.word == "(":
        _call(cursor, facts, ".".join(parts).lower())
    else:
        facts.columns[parts[-1]] = None


def _call(cursor: Cursor, facts: Facts, name: str) -> None:
    """Take a function's arguments, in all of the ways that the servers write them, and what may follow."""
    facts.functions[name] = None
    cursor.deepen()
    cursor.expect("(")
    cursor.accept_any("DISTINCT", "ALL", "BOTH", "LEADING", "TRAILING")
    if name.upper() in _BEGIN_WITH_A_UNIT:
        cursor.identifier(any_word=True)
    elif cursor.word == "*" and cursor.ahead() == ")":
        cursor.at += 1
    elif cursor.word in {"SELECT", "WITH"}:
        facts.subquery = True
        queries.query(cursor, facts)
    elif cursor.word not in {")", "FROM"}:
        skim(cursor, facts)
    while not cursor.accept(")"):
        _argument(cursor, facts)
    cursor.depth -= 1
    _after_call(cursor, facts)


def _argument(cursor: Cursor, facts: Facts) -> None:
    """Take what may stand behind a function's first argument, its separator included."""
    if cursor.accept_any(",", "FROM", "FOR", "IN"):
        skim(cursor, facts)
    elif cursor.accept("USING"):
        _charset(cursor)
    elif cursor.accept_any("AS", "RETURNING"):
        _cast_type(cursor)
    elif cursor.accept("ORDER", "BY"):
        cursor.several(lambda: skim_ordered(cursor, facts))
    elif cursor.accept("SEPARATOR"):
        cursor.text_value()
    elif cursor.accept("LIMIT"):
        cursor.several(lambda: skim(cursor, facts))
    elif cursor.word in {"NULL", "ERROR", "DEFAULT"}:  # JSON_VALUE(… ON EMPTY)
        if cursor.take().upper() == "DEFAULT":
            _operand(cursor, facts)
        cursor.expect("ON")
        if not cursor.accept_any("EMPTY", "ERROR"):
            cursor.fail()
    else:
        cursor.fail()


def _after_call(cursor: Cursor, facts: Facts) -> None:
    if cursor.accept("WITHIN", "GROUP"):
        cursor.expect("(", "ORDER", "BY")
        cursor.several(lambda: skim_ordered(cursor, facts))
        cursor.expect(")")
    if cursor.word in {"RESPECT", "IGNORE"} and cursor.ahead() == "NULLS":
        cursor.at += 2
    if cursor.accept("OVER"):
        if cursor.word == "(":
            window(cursor, facts)
        else:
            cursor.identifier()


def window(cursor: Cursor, facts: Facts) -> None:
    """Take a window's definition in its parentheses."""
    cursor.expect("(")
    if cursor.is_identifier() and cursor.word not in {"PARTITION", "ORDER", "ROWS", "RANGE", "GROUPS"}:
        cursor.identifier()
    if cursor.accept("PARTITION", "BY"):
        cursor.several(lambda: skim(cursor, facts))
    if cursor.accept("ORDER", "BY"):
        cursor.several(lambda: skim_ordered(cursor, facts))
    if cursor.accept_any("ROWS", "RANGE", "GROUPS"):
        cursor.accept("BETWEEN")
        while not cursor.ended() and cursor.word != ")":
            if cursor.word == "(":
                cursor.group()
            else:
                cursor.at += 1
    cursor.expect(")")


def _case(cursor: Cursor, facts: Facts) -> None:
    cursor.expect("CASE")
    if cursor.word != "WHEN":
        skim(cursor, facts)
    if cursor.word != "WHEN":
        cursor.fail()
    while cursor.accept("WHEN"):
        skim(cursor, facts)
        cursor.expect("THEN")
        skim(cursor, facts)
    if cursor.accept("ELSE"):
        skim(cursor, facts)
    cursor.expect("END")


def _exists(cursor: Cursor, facts: Facts) -> None:
    cursor.expect("EXISTS")
    if cursor.word != "(":
        cursor.fail()
    parenthesised(cursor, facts)


def _cast(cursor: Cursor, facts: Facts) -> None:
    facts.functions[cursor.take().lower()] = None
    cursor.expect("(")
    skim(cursor, facts)
    if cursor.accept("USING"):
        _charset(cursor)
    else:
        if not cursor.accept_any("AS", ","):
            cursor.fail()
        _cast_type(cursor)
    cursor.expect(")")


def _cast_type(cursor: Cursor) -> None:
    if cursor.kind != "word":
        cursor.fail()
    while cursor.kind == "word" and cursor.word not in {"CHARACTER", "CHARSET", "ARRAY", "NULL", "ERROR", "DEFAULT"}:
        cursor.at += 1
    if cursor.word == "(":
        cursor.group()
    while cursor.word in {"CHARSET", "CHARACTER", "ARRAY", "UNSIGNED", "COLLATE"}:
        word = cursor.take().upper()
        if word == "CHARACTER":
            cursor.expect("SET")
        if word in {"CHARACTER", "CHARSET", "COLLATE"}:
            _charset(cursor)


def _charset(cursor: Cursor) -> None:
    if cursor.kind not in {"word", "name", "string"}:
        cursor.fail()
    cursor.at += 1


def _match(cursor: Cursor, facts: Facts) -> None:
    cursor.expect("MATCH")
    facts.functions["match"] = None
    if cursor.word == "(":
        parenthesised(cursor, facts)
    else:
        cursor.several(lambda: _named(cursor, facts))
    cursor.expect("AGAINST", "(")
    _operand(cursor, facts)
    while cursor.accept_any("IN", "NATURAL", "LANGUAGE", "BOOLEAN", "MODE", "WITH", "QUERY", "EXPANSION"):
        pass
    cursor.expect(")")


def _interval(cursor: Cursor, facts: Facts) -> None:
    cursor.expect("INTERVAL")
    function = cursor.word == "("
    skim(cursor, facts)
    if cursor.word in UNITS:
        cursor.at += 1
    elif not function:
        cursor.fail()


_SPECIAL = {
    "CASE": _case,
    "EXISTS": _exists,
    "CAST": _cast,
    "CONVERT": _cast,
    "MATCH": _match,
    "INTERVAL": _interval,
}
