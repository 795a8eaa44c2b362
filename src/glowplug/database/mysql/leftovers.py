"""What a session holds beside its settings, where it can be told and given to another: its variables, and no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.mysql.session import ALL_ROWS, quote_name, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.database.mysql.session import Reply

UNTOLD = re.compile(rb"\b(?:GET_LOCK|LAST_INSERT_ID)\b", re.IGNORECASE)
"""What leaves something behind that no session tells of."""

_COUNTERS = ("create_temporary_table", "lock_tables", "ha_open", "change_db", "xa_start")
_NUMBERS = frozenset({"INT", "DECIMAL", "DOUBLE"})


def read_leftovers(ask: Callable[..., Reply]) -> dict[str, str] | None:
    """Read a session's own variables, by name, each as SQL; None where it holds more than variables, or can't tell.

    More are temporary tables, locks, open handlers and transactions, prepared statements, another schema or role: of
    most a session counts how often it made one. MySQL has no list of variables.
    """
    counted = ", ".join(f"'Com_{each}'" for each in (*_COUNTERS, "prepare_sql", "dealloc_sql"))
    questions = (
        "SELECT variable_name, variable_value FROM information_schema.session_status"
        f" WHERE variable_name IN ({counted}) LIMIT {ALL_ROWS};"
        "SELECT @@in_transaction, CURRENT_ROLE() IS NOT NULL LIMIT 1;"
        "SELECT variable_name, variable_type, character_set_name, HEX(variable_value)"
        f" FROM information_schema.user_variables LIMIT {ALL_ROWS}"
    )
    reply = ask(questions.encode(), rows=True)
    if reply.error is not None:
        return None
    counters, held, variables = reply.rows
    count = {(text_of(row[0]) or "").lower().removeprefix("com_"): int(text_of(row[1]) or 0) for row in counters}
    prepared = count.get("prepare_sql", 0) - count.get("dealloc_sql", 0)
    if any(count.get(each) for each in _COUNTERS) or prepared != 0 or any(text_of(each) != "0" for each in held[0]):
        return None
    found = {}
    for name, kind, charset, value in variables:
        said = text_of(value)
        literal = "NULL"
        if said is not None and text_of(kind) in _NUMBERS:
            literal = bytes.fromhex(said).decode()
            literal += "e0" if text_of(kind) == "DOUBLE" and "e" not in literal else ""
        elif said is not None:
            literal = f"_{text_of(charset)} X'{said}'"
        found[quote_name(text_of(name) or "")] = literal
    return found
