"""What MariaDB takes and MySQL refuses, told from a statement's text.

What only the tables' own contents or settings decide is not told here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.mysql.flat import Flat
from glowplug.database.mysql.not_mysql_columns import refused_in
from glowplug.database.mysql.not_mysql_forms import FORMS
from glowplug.database.mysql.reads_itself import read_again
from glowplug.sql.actions import AddColumn, CreateTable, ModifyColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Column
    from glowplug.sql.statement import Statement

_NEWEST = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What MySQL refuses, as a phrase that a sentence can begin with, and where it stands: offsets, half open."""

    what: str
    start: int
    end: int


_SETS_THE_MODE = re.compile(r"^SET (?:.*[ .])?(?:@@(?:SESSION\.|GLOBAL\.|LOCAL\.)?)?SQL_MODE (?::=|=)")
_MODES = re.compile(
    r"\b(?:EMPTY_STRING_IS_NULL|SIMULTANEOUS_ASSIGNMENT|TIME_ROUND_FRACTIONAL|IGNORE_BAD_TABLE_OPTIONS)\b",
    re.IGNORECASE,
)
_REMOVED_MODES = re.compile(
    r"\b(?:NO_AUTO_CREATE_USER|NO_FIELD_OPTIONS|NO_KEY_OPTIONS|NO_TABLE_OPTIONS|ORACLE|POSTGRESQL|MSSQL|MAXDB|DB2"
    r"|MYSQL323|MYSQL40)\b",
    re.IGNORECASE,
)
_WITHOUT_REMOVED_MODES = (8,)


def version_of(number: str) -> tuple[int, ...]:
    """Read "8.4"; what is not said of it is taken as the newest."""
    said = tuple(int(part) for part in number.split(".")[:3])
    return said + (_NEWEST,) * (3 - len(said))


def refused_by_mysql(text: str, statement: Statement, version: tuple[int, ...]) -> Iterator[Refused]:
    """Give what MySQL of this ``version`` refuses in one statement of ``text``, though a MariaDB takes it."""
    flat = Flat(text, statement.span.start, statement.span.end)
    for form in FORMS:
        found = form.pattern.search(flat.line) if form.refused_by(version) else None
        if found is not None:
            start, end = flat.span(found, "at")
            said = " ".join(text[start:end].split())
            what = form.what if said.upper() in form.what else f"{form.what} ({said})"
            yield Refused(what=what, start=start, end=end)
    if _SETS_THE_MODE.search(flat.line):
        for modes in (_MODES, _REMOVED_MODES) if version >= _WITHOUT_REMOVED_MODES else (_MODES,):
            for mode in modes.finditer(text, statement.span.start, statement.span.end):
                yield Refused(what=f"the sql_mode {mode.group()}", start=mode.start(), end=mode.end())
    for action in statement.actions:
        for column in _columns(action):
            for what in refused_in(text, column, version):
                yield Refused(what=f"{what} (of {column.name})", start=column.span.start, end=column.span.end)
    again = read_again(text, statement.span.start, statement.span.end)
    if again is not None:
        what = "a subquery that reads the table which the statement changes (error 1093)"
        yield Refused(what=what, start=again[0], end=again[1])


def _columns(action: Action) -> tuple[Column, ...]:
    if isinstance(action, CreateTable):
        return action.columns
    if isinstance(action, AddColumn):
        return (action.column,)
    return (action.definition,) if isinstance(action, ModifyColumn) else ()
