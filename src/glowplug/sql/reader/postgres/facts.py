"""What a part of the parse tree calls, names and reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.reader.postgres.tree import name_of, node, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.parts import Name
    from glowplug.sql.reader.postgres.tree import Message

MOST_ROWS = 1000
"""A VALUES list longer than this is data: what its rows call or read is not looked for."""

_VALUE_FUNCTIONS = {
    number: name.removeprefix("SVFOP_").removesuffix("_N").lower()
    for name, number in node.SQLValueFunctionOp.items()
    if name.startswith("SVFOP_")
}
_WRITES = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})


class Facts:
    """What was found, in order and each once: functions called, columns named, relations read."""

    __slots__ = ("columns", "functions", "reads", "subquery")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.functions: dict[str, None] = {}
        self.columns: dict[str, None] = {}
        self.reads: dict[Name, None] = {}
        self.subquery = False


def facts(*parts: Message) -> Facts:
    """Look through messages of the parse tree (at most 100 deep: protobuf's own limit)."""
    found = Facts()
    for part in parts:
        _look(part, found, frozenset())
    return found


def function_name(parts: tuple[str, ...]) -> str:
    """Give a function's name in lower case, with its schema where one was said that is not pg_catalog."""
    if parts[:1] == ("pg_catalog",):
        parts = parts[1:]
    return ".".join(parts).lower()


def _look(message: Message, found: Facts, hidden: frozenset[str]) -> None:
    """Look at a message and below; ``hidden`` are the names that mean a CTE here."""
    name = message.DESCRIPTOR.name
    if name == "Node":
        kind = message.WhichOneof("node")
        if kind is not None:
            _look(getattr(message, kind), found, hidden)
        return
    special = _SPECIAL.get(name)
    if special is not None and special(message, found, hidden):
        return
    without = _LEFT_OUT.get(name, _NOTHING)
    if without and message.HasField("with_clause"):
        hidden = _look_at_ctes(message.with_clause, found, hidden)
    if name == "SelectStmt" and len(message.values_lists) > MOST_ROWS:
        without |= {"values_lists"}
    for field, value in message.ListFields():
        if field.message_type is not None and field.name not in without:
            for child in value if field.is_repeated else (value,):
                _look(child, found, hidden)


_NOTHING: frozenset[str] = frozenset()
_LEFT_OUT = {name: frozenset({"with_clause", "relation"}) for name in _WRITES} | {
    "SelectStmt": frozenset({"with_clause", "into_clause"})
}


def _look_at_ctes(clause: Message, found: Facts, hidden: frozenset[str]) -> frozenset[str]:
    """Look into WITH's queries; give the names that are hidden in what follows."""
    if clause.recursive:
        hidden |= {cte.common_table_expr.ctename for cte in clause.ctes}
    for cte in clause.ctes:
        _look(cte.common_table_expr.ctequery, found, hidden)
        hidden |= {cte.common_table_expr.ctename}
    return hidden


def _function(message: Message, found: Facts, _: frozenset[str]) -> bool:
    found.functions[function_name(words(message.funcname))] = None
    return False


def _value_function(message: Message, found: Facts, _: frozenset[str]) -> bool:
    found.functions[_VALUE_FUNCTIONS[message.op]] = None
    return True


def _column(message: Message, found: Facts, _: frozenset[str]) -> bool:
    last = message.fields[-1]
    if last.WhichOneof("node") == "string":
        found.columns[last.string.sval] = None
    return True


def _relation(message: Message, found: Facts, hidden: frozenset[str]) -> bool:
    if message.schemaname or message.relname not in hidden:
        found.reads[name_of(message)] = None
    return True


def _subquery(_: Message, found: Facts, __: frozenset[str]) -> bool:
    found.subquery = True
    return False


def _leaf(_: Message, __: Facts, ___: frozenset[str]) -> bool:
    return True


_SPECIAL: dict[str, Callable[[Message, Facts, frozenset[str]], bool]] = {
    "A_Const": _leaf,
    "ColumnRef": _column,
    "FuncCall": _function,
    "LockingClause": _leaf,
    "RangeVar": _relation,
    "SQLValueFunction": _value_function,
    "SubLink": _subquery,
    "TypeName": _leaf,
}
"""What is done with a message of this kind; true where there is nothing more to look for below it."""
