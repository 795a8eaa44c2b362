"""Names as SQL, for what glowplug proposes to write."""

from __future__ import annotations

import re

from glowplug.dialect import Dialect
from glowplug.sql.parts import Name

_PLAIN = {
    Dialect.POSTGRES: re.compile(r"[a-z_][a-z0-9_]*\Z"),
    Dialect.MYSQL: re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z"),
    Dialect.SQLITE: re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z"),
}
# Reserved by the SQL standard or by one of the three servers: to quote one too many does no harm.
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
        add all alter analyse analyze and any array as asc asymmetric authorization between binary
        both by case cast check collate collation column condition constraint create cross
        current_catalog current_date current_role current_schema current_time current_timestamp
        current_user database default deferrable delete desc describe distinct div do drop else end
        escape except exists explain fetch for foreign freeze from full fulltext function grant
        group groups having if ignore ilike in index initially inner insert intersect into is isnull
        join key keys lateral leading left like limit lock localtime localtimestamp match natural
        not notnull null of offset on only option or order outer over overlaps partition placing
        primary procedure range rank read references release rename replace returning right row rows
        schema select session_user set show similar some sql symmetric system table tablesample then
        to trailing trigger true false union unique unlock update usage use user using values
        variadic verbose view when where window with write
        """,
    )
)


def quoted(name: str | Name, dialect: Dialect) -> str:
    """Write a name as SQL, with its schema where it has one, and with quotes only where they are needed."""
    if isinstance(name, Name):
        own = quoted(name.name, dialect)
        return own if name.schema is None else f"{quoted(name.schema, dialect)}.{own}"
    if _PLAIN[dialect].match(name) and name.casefold() not in _RESERVED:
        return name
    mark = "`" if dialect is Dialect.MYSQL else '"'
    return mark + name.replace(mark, mark * 2) + mark
