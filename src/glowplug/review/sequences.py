"""Which columns get their numbers from a sequence that a statement lets begin again (PostgreSQL)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.review.wording import sql
from glowplug.schema.simulation.naming import invented
from glowplug.sql.actions import Alter, AlterColumnSetting, ObjectKind, Select
from glowplug.sql.parts import Identity, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import TableFacts
    from glowplug.sql.actions import Action

_SETVAL = re.compile(
    r"\bsetval\s*\(\s*(?:'(?P<sequence>[^']+)'(?:\s*::\s*(?:pg_catalog\s*\.\s*)?regclass)?"
    r"|pg_get_serial_sequence\s*\(\s*'(?P<table>[^']+)'\s*,\s*'(?P<column>[^']+)'\s*\))"
    r"\s*,\s*[01]\s*(?:,\s*(?P<called>true|false)\s*)?\)",
    re.IGNORECASE,
)
_RESTART = re.compile(r"\bRESTART\b(?:\s+(?:WITH\s+)?(?P<number>\d+))?", re.IGNORECASE)


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """A column whose sequence begins again.

    ``sequence`` is an expression for it, ``said`` what later statements name; ``called``: the first number counts as
    given. ``is_all``: the statement does no more than that.
    """

    table: TableFacts
    column: str
    sequence: str
    said: str
    called: bool = False
    is_all: bool = False


def restarted(action: Action, context: Context) -> Iterator[Numbered]:
    """Find the columns whose sequences an action lets begin again, as far as the chain knows them."""
    text, schema = context.text(action.span), context.schema
    if isinstance(action, Alter):
        if action.kind is ObjectKind.SEQUENCE and action.what == "restart" and _is_low(action.value):
            written = "'" + sql(context, action.name).replace("'", "''") + "'"
            others = [each for each in context.statement.actions if each is not action]
            if not any(isinstance(each, Alter) and each.what == "start" for each in others):
                yield from _of_sequence(context, action.name, written, is_all=not others)
    elif isinstance(action, AlterColumnSetting):
        found = _RESTART.search(text) if action.what == "identity" else None
        facts = schema.table(action.table)
        if found is not None and facts is not None and _is_low(found["number"]):
            yield _of_column(context, facts, action.column, is_all=False)
    elif isinstance(action, Select) and any(each.rpartition(".")[2] == "setval" for each in action.functions):
        for found in _SETVAL.finditer(text):
            alone = re.fullmatch(r"SELECT\s+(?:pg_catalog\s*\.\s*)?", text[: found.start()], re.IGNORECASE) is not None
            how = {"is_all": alone and found.end() == len(text), "called": (found["called"] or "").lower() != "false"}
            facts = None if found["table"] is None else schema.table(_named(found["table"]))
            if found["sequence"] is not None:
                named = _of_sequence(context, _named(found["sequence"]), f"'{found['sequence']}'", is_all=False)
                yield from (replace(each, **how) for each in named)
            elif facts is not None:
                yield replace(_of_column(context, facts, found["column"], is_all=False), **how)


def _is_low(number: str | None) -> bool:
    """Whether it is the beginning: no number is the sequence's own."""
    return number is None or (number.isdigit() and int(number) <= 1)


def _named(text: str) -> Name:
    """Read a name as ``regclass`` does: what is not quoted in lower case."""
    parts = [quoted or bare.lower() for quoted, bare in re.findall(r'"([^"]+)"|([^".\s]+)', text)]
    return Name(parts[-1] if parts else text, parts[-2] if parts[1:] else None)


def _of_column(context: Context, facts: TableFacts, column: str, *, is_all: bool) -> Numbered:
    table, its = sql(context, facts.name).replace("'", "''"), column.replace("'", "''")
    return Numbered(
        table=facts,
        column=column,
        sequence=f"pg_get_serial_sequence('{table}', '{its}')",
        said=facts.name.name,
        is_all=is_all,
    )


def _of_sequence(context: Context, sequence: Name, written: str, *, is_all: bool) -> Iterator[Numbered]:
    """Find what a sequence numbers: by the name that the server gave it, or the default that asks it."""
    for facts in context.schema.tables():
        if sequence.schema not in {None, facts.name.schema or "public"}:
            continue
        for column in facts.columns.values():
            asks = column.default is not None and "nextval" in column.default.functions
            asked = column.default.text if column.default is not None and asks else ""
            names = [(facts.renamed_from or (facts.name,))[0].name, facts.name.name]
            own = column.identity in {Identity.SERIAL, Identity.ALWAYS, Identity.BY_DEFAULT} and sequence.name in {
                invented(name, column.name, "seq", lambda _: False) for name in names
            }
            found = re.search(r"nextval\(\s*'([^']+)'", asked, re.IGNORECASE)
            if own or (found is not None and _named(found[1]).name == sequence.name):
                yield Numbered(table=facts, column=column.name, sequence=written, said=sequence.name, is_all=is_all)
