"""What the rules about MySQL's and MariaDB's ALTER TABLE share: whose server it may be, what a copy stops, strict mode.

That INSERTs go on while a table is copied is what MariaDB's manual says of 11.2 and later (Online Schema Change).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.review.mysql_type_change import MARIADB, MYSQL, WITH_CHARSET, canonical, may_lack, table_default
from glowplug.review.version import Versions
from glowplug.review.wording import lead, sql, weight
from glowplug.sql.actions import SetVariable
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name, TypeName
    from glowplug.sql.statement import Statement

ON_MARIADB = Versions(vendor=MARIADB)
"""Where claims are executed: no registry has a MySQL server to try."""
ONLINE_COPY = Versions(vendor=MARIADB, since=(11, 2))
"""Servers that let writers go on while they copy a table, as MariaDB's manual says."""
BLOCKING_COPY = Versions(vendor=MARIADB, until=(11, 2))
"""Those of MariaDB that don't: what is claimed of a copy is executed on them."""

_CHEAPER = frozenset({"INSTANT", "NOCOPY", "INPLACE"})

ENCODING_UNKNOWN = "that depends on its character set and collation, which are not known here"

INLINE_REFERENCES = (Versions(vendor=MARIADB, since=(10, 5)), Versions(vendor=MYSQL, since=(9,)))
"""Servers that make a foreign key of REFERENCES within a column's definition, as their manuals say."""


def inline_references(context: Context) -> bool:
    """Whether production's server may be one that makes a foreign key of REFERENCES in a column's definition."""
    return any(context.may_be(versions) for versions in INLINE_REFERENCES)


def vendors(context: Context) -> tuple[str, ...]:
    """Whose server production's may be."""
    version = context.terms.version
    return (MARIADB, MYSQL) if version is None else (version.vendor,)


def by_manual(context: Context) -> str:
    """Say where it is known from, where production's server is one on which it was not executed."""
    return ", according to MySQL's manual" if vendors(context) == (MYSQL,) else ""


def copies(context: Context, table: Name, to: str) -> str:
    """Say that a statement copies a table ``to`` do something; or that it is refused, where it asks not to copy."""
    if refused(context):
        asked = " and ".join(_asked(context.statement))
        refuses = f"the server refuses that where {asked} is asked for{by_manual(context)}"
        return f"{lead(context)}needs a copy of {table} to {to}, and {refuses}"
    version = context.terms.version
    waiting = "INSERT, UPDATE and DELETE on it wait until the copy is done"
    if version is None:
        waiting += " (from MariaDB 11.2 on they go on, as its manual says)"
    elif version in ONLINE_COPY:
        waiting = "INSERT, UPDATE and DELETE go on meanwhile, according to MariaDB's manual, but the load is the same"
    elif version.vendor == MYSQL:
        waiting += by_manual(context)
    return f"{lead(context)}copies every row of {table} to {to} (ALGORITHM=COPY, LOCK=SHARED): {waiting}"


def copy_weight(context: Context, severity: Severity = Severity.ERROR) -> Severity:
    """How much a copy weighs."""
    version = context.terms.version
    online = version is not None and version in ONLINE_COPY and not refused(context)
    return weight(context, Severity.WARNING if online and severity is Severity.ERROR else severity)


def refused(context: Context) -> bool:
    """Whether the statement itself asks the server for less than a copy."""
    return bool(_asked(context.statement))


def _asked(statement: Statement) -> tuple[str, ...]:
    algorithm = (f"ALGORITHM={statement.algorithm}",) if statement.algorithm in _CHEAPER else ()
    return (*algorithm, "LOCK=NONE") if statement.lock == "NONE" else algorithm


def undecided(old: TypeName, new: TypeName) -> str:
    """Say why it can't be told whether a change of type copies the table."""
    return ENCODING_UNKNOWN if WITH_CHARSET & {old.name, new.name} else "the manual does not say whether it has to"


def outside_tool(context: Context, table: Name, clause: str) -> str:
    """Name the tools that copy a table while others write to it."""
    return (
        "let a tool copy the table while others write, then record the migration as applied: "
        f'gh-ost --table={table.name} --alter="{clause}" …, or pt-online-schema-change '
        f"with the same; {sql(context, table)} needs a primary key for both"
    )


def letters_lacking(context: Context, table: TableFacts, charset: str | None) -> str | None:
    """Ask for texts that a character set has no letters for; None: there can be none."""
    here = sql(context, table.name)
    asked = [
        f"SELECT COUNT(*) FROM {here} WHERE CONVERT({its} USING {charset}) <> {its};"
        for column in table.columns.values()
        if charset is not None and column.type is not None and column.generated is None
        if may_lack(column_type(context, table.name, column.type), charset)
        for its in (sql(context, column.name),)
    ]
    if not asked:
        return None
    first = f"a text with a letter that {charset} has not makes it fail in strict mode (1366), and holds '?' without it"
    return f"{first}: ask production for each column: {' '.join(asked)} Then, on a small table, run it"


def column_type(context: Context, table: Name, kind: TypeName) -> TypeName:
    """Give a type with the character set that it has on this table."""
    facts = context.schema.table(table)
    return canonical(kind, None if facts is None else table_default(facts.options))


def is_indexed(context: Context, table: Name, column: ColumnFacts) -> bool:
    """Whether any index begins with the column or holds it."""
    facts = context.schema.table(table)
    name = column.name.casefold()
    return facts is not None and any(
        (key.column or "").casefold() == name for index in facts.indexes.values() for key in index.keys
    )


def strict(context: Context) -> bool | None:
    """Whether sql_mode is strict as far as the file and session_setup say; None: nobody says, and it is by default."""
    mode = _setting(context, "sql_mode")
    if mode is None or "@@" in mode or mode.upper() == "DEFAULT":
        return None
    return "STRICT" in mode.upper() or "TRADITIONAL" in mode.upper()


def checks_off(context: Context) -> bool:
    """Whether foreign_key_checks is off, as far as the file and session_setup say."""
    return (_setting(context, "foreign_key_checks") or "").upper() in {"0", "OFF", "FALSE"}


def _setting(context: Context, name: str) -> str | None:
    """Give what the file so far, or else session_setup, sets a variable to."""
    return context.schema.variables.get(name, in_session(context, name))


def in_session(context: Context, name: str) -> str | None:
    """Give what session_setup sets a variable to."""
    return _session(context.terms.session_setup).get(name)


@functools.lru_cache(maxsize=8)
def _session(setup: tuple[str, ...]) -> Mapping[str, str]:
    done = (action for text in setup for each in read(text, Dialect.MYSQL).statements for action in actions_of(each))
    return {
        action.name: action.value
        for action in done
        if isinstance(action, SetVariable) and action.value is not None and action.scope != "global"
    }


def actions_of(statement: Statement) -> Iterator[Action]:
    """Give what a statement does, the statements in its body included."""
    yield from statement.actions
    for inner in statement.body:
        yield from actions_of(inner)
