"""Queries that tell whether a file's UPDATE, DELETE or MERGE has a row to pick, in the words of the file itself.

And whether it leaves out a row where it copies a table that it then drops.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.names import found, with_meant
from glowplug.rehearsal.data.files.text import condition_of_query
from glowplug.rehearsal.seeding.cases import cases
from glowplug.sql.actions import CreateTable, Delete, DropTable, Insert, Update
from glowplug.sql.condition import parse
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.losses.compare import Reading
    from glowplug.schema.tables import Table
    from glowplug.sql.condition import Expression
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Script

_HIDDEN = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | \$(\w*)\$.*?\$\1\$ | '(?:[^'\\]|''|\\.)*' | "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\]""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = r"(?:\s+(?:low_priority|quick|ignore|or\s+\w+))*"
_FROM = r"(?:(?<!\bdistinct)\s+from\s(?P<more>(?:(?!\bfrom\b).)*?))?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.DOTALL)
    for form in (
        r"(?P<with>.*?)\bmerge\s+into\s(?P<from>.*?)\busing\s(?P<more>.*?)\bon\s*\Z",
        rf"(?P<with>.*?)\bdelete{_WORDS}\s.*?\bfrom\s(?P<from>.*?)(?:\busing\s(?P<more>.*?))?\bwhere\s*\Z",
        rf"(?P<with>.*?)\bupdate{_WORDS}\s(?P<from>.*?)\bset\b.*?{_FROM}\bwhere\s*\Z",
    )
)
_COPIED = re.compile(r".*\bfrom\s(?P<from>.*?)\bwhere\s*\Z", re.IGNORECASE | re.DOTALL)
_AFTER_ALL = re.compile(r"\s*(?:\b(?:returning|order\s+by|limit)\b.*|;\s*)\Z", re.IGNORECASE | re.DOTALL)
_JOIN = re.compile(r"\bjoin\b|,", re.IGNORECASE)
_ALL = "1 = 1"
_SHOWN = 80  # characters of a condition


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    """A condition by which a file picks rows of a table, and a query that gives a row where one meets it.

    ``columns``: what is set of these rows; none where they are deleted. ``copies``: rows that do not meet it are gone.
    ``joined``: it is no condition but a join, all rows of which are picked. ``reads``: the other tables that it names.
    ``never``: it contradicts itself, or the table: no row of it can meet it.
    """

    table: str
    condition: str
    query: str
    columns: tuple[str, ...] = ()
    copies: bool = False
    joined: bool = False
    reads: tuple[Name, ...] = ()
    never: bool = False

    @property
    def in_words(self) -> str:
        """Say what a row is that the file would take something of."""
        shown = " ".join(self.condition.split())
        shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
        if self.joined:
            return f"is in {shown}, of which up.sql picks all"
        return (
            f"fails {shown}, by which up.sql copies rows"
            if self.copies
            else f"meets {shown}, by which up.sql picks rows"
        )

    def takes_from(self, table: Table) -> bool:
        """Whether rows or values may be taken that were there before, not only columns set that there were not."""
        there = {column.name.casefold() for column in table.columns}
        return not self.never and (not self.columns or not there.isdisjoint(map(str.casefold, self.columns)))


def picks(script: Script | None, tables: Mapping[str, Table], dialect: Dialect) -> Iterator[Pick]:
    """Give the conditions by which a file picks rows to change or delete, each once."""
    told = set()
    yield from _copies(script, tables, dialect)
    for action, statement, meant in with_meant(script, tuple(tables.values()), dialect):
        if not isinstance(action, (Delete, Update)) or script is None:
            continue
        name = meant(action.table)
        if action.where is None or (action.tautology and not action.reads):
            if name is not None and action.reads:
                yield from _joined(name, action, script.text_of(statement.span), dialect)
            continue
        condition = action.where.text
        if name is None or (name, condition) in told:
            continue
        told.add((name, condition))
        source = _source(script.text_of(statement.span), condition, dialect) or f"SELECT 1 FROM {tables[name].sql}"
        columns = action.columns if isinstance(action, Update) else ()
        yield Pick(
            table=name,
            condition=condition,
            query=f"{_as_called(action.table, tables[name], dialect)}{source}\nWHERE {condition}",
            columns=columns,
            reads=action.reads,
            never=not action.reads and not _can_be(parse(condition, dialect), tables[name], dialect),
        )


def _joined(name: str, action: Delete | Update, text: str, dialect: Dialect) -> Iterator[Pick]:
    """Give the join of which a statement without WHERE takes all rows of a table."""
    end = _AFTER_ALL.search(_masked(text))
    source = _source(f"{text[: len(text) if end is None else end.start()]}\nWHERE {_ALL}", _ALL, dialect)
    if source is not None and _JOIN.search(_masked(source)):
        columns = action.columns if isinstance(action, Update) else ()
        shown = source.partition("SELECT 1 FROM ")[2]
        yield Pick(table=name, condition=shown, query=source, columns=columns, joined=True, reads=action.reads)


def _can_be(condition: Expression, table: Table, dialect: Dialect) -> bool:
    """Whether a row can meet a condition, as far as it can be told; MySQL takes a date of zeros for NULL."""
    filled = {each.name.casefold() for each in table.columns if not each.nullable and dialect is not Dialect.MYSQL}
    return any(
        not any(needs.null and name.casefold() in filled for name, needs in case.needs.items())
        for case in cases([(condition, True)])
    )


def _copies(script: Script | None, tables: Mapping[str, Table], dialect: Dialect) -> Iterator[Pick]:
    """Give the conditions by which rows are copied of tables that are then dropped."""
    before = tuple(tables.values())
    dropped = {
        meant(action.table) for action, _, meant in with_meant(script, before, dialect) if isinstance(action, DropTable)
    }
    for action, statement, meant in with_meant(script, before, dialect):
        if script is None or not isinstance(action, (CreateTable, Insert)) or len(action.reads) != 1:
            continue
        name = meant(action.reads[0])
        text = script.text_of(statement.span)
        condition = condition_of_query(text)
        if name is None or name not in dropped or condition is None:
            continue
        match = _COPIED.match(_masked(text[: text.rindex(condition)]))
        if match is not None:
            source = text[slice(*match.span("from"))].strip()
            called = _as_called(action.reads[0], tables[name], dialect)
            query = f"{called}SELECT 1 FROM {source}\nWHERE ({condition.strip()}\n) IS NOT TRUE"
            yield Pick(table=name, condition=condition, query=query, copies=True)


def _as_called(name: Name, table: Table, dialect: Dialect) -> str:
    """Give what lets a query call a table as the file does, where the file has renamed it before."""
    if found(name, (table.name,), dialect) is not None:
        return ""
    return f"WITH {quoted(name.name, dialect)} AS (SELECT * FROM {table.sql})\n"


def is_seen(pick: Pick, before: Reading, after: Reading, names: Names) -> bool:
    """Whether what became of a table's rows shows that some were picked, whatever can be asked of its condition."""
    if not pick.columns:
        return len(after.contents.rows) < len(before.contents.rows)
    back = {new: column for (table, column), new in names.columns.items() if table == before.table.name}
    for column in after.table.columns:
        if not after.has(column.name) or column.name.casefold() not in map(str.casefold, pick.columns):
            continue
        then, values = back.get(column.name, ""), after.values(column.name)
        if before.has(then):
            changed = Counter(values) != Counter(before.values(then))
        else:
            changed = len(set(values)) > 1 or (column.default is None and any(value is not None for value in values))
        if changed:
            return True
    return False


def _source(text: str, condition: str, dialect: Dialect) -> str | None:
    """Give the query that the condition goes to, over what the statement reads, by the names it has there."""
    for at in (each.start() for each in re.finditer(re.escape(condition), text)):
        masked = _masked(text[:at])
        match = next((match for form in _FORMS if (match := form.match(masked)) is not None), None)
        if match is not None:
            parts = {name: text[slice(*match.span(name))].strip() for name in match.groupdict() if match[name]}
            more = parts.get("more")
            if more and more.startswith("(") and dialect is Dialect.MYSQL:  # DELETE t FROM t JOIN b USING (id)
                parts["from"], more = f"{parts['from']} USING {more}", None
            source = more if more and dialect is Dialect.MYSQL else "\n, ".join(filter(None, (parts["from"], more)))
            return f"{parts.get('with', '')}\nSELECT 1 FROM {source}".strip()  # a comment ends with its line
    return None


def _masked(text: str) -> str:
    """Give a text of the same length, without comments, quoted words, literals, and what is in brackets."""
    plain = list(_HIDDEN.sub(lambda match: (" " if match[0][0] in "-/" else "_") * len(match[0]), text))
    depth = 0
    for at, character in enumerate(plain):
        depth += character == "("
        if depth:
            plain[at] = "_"
        depth -= character == ")" and depth > 0
    return "".join(plain)
