"""Transactions that outlive whoever began them: on a server that is lent, nobody could tell whose they are.

XA PREPARE keeps its locks when the session ends, and when its schema's run is removed; XA RECOVER shows no owner.
"""

from __future__ import annotations

import re

from glowplug.database.interface import SqlError
from glowplug.sql import mysql as sql

_PREPARE = re.compile(r"\bXA(?:\s|/\*.*?\*/|(?:--\s|\#)[^\n]*\n)+PREPARE\b", re.IGNORECASE | re.DOTALL)
_DATA_ALONE = frozenset({"DELETE", "INSERT", "LOAD", "REPLACE", "UPDATE"})


def outlives_the_run(text: str) -> SqlError | None:
    """Why a file can't be run on a server that is lent; None where it can.

    XA PREPARE in a procedure's body, or in a text that is executed, counts as in the file itself.
    """
    if _PREPARE.search(text) is None:
        return None
    for statement in sql.statements(text):
        if statement.word not in _DATA_ALONE and _PREPARE.search(text, statement.head, statement.end):
            place = sql.position(text, statement.head)
            return SqlError(
                code=None,
                message="XA PREPARE is not run on a server that is lent: what it prepares would stay there for good",
                hint="Let glowplug make its own server, by unsetting the variable that names this one.",
                line=place.line,
                column=place.column,
            )
    return None
