"""Documents that hold, where a file looks for something, what it may not have been written for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.paths import paths_in
from glowplug.rehearsal.data.filling.documents import NUMBERS, documents_read, put
from glowplug.rehearsal.seeding.edges import Edge, rows_with
from glowplug.schema.tables import Family
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from glowplug.database.rows import Rows
    from glowplug.dialect import Direction
    from glowplug.rehearsal.data.files.paths import Path
    from glowplug.rehearsal.data.files.text import Text
    from glowplug.rehearsal.seeding import DataSettings
    from glowplug.schema.tables import Column, Table

_MOST = 3
"""Paths of one column that are tried, each with all that is odd."""


class _Odd(msgspec.Struct, frozen=True, kw_only=True):
    """A value in a document, in words; ``kind``: what servers call all those like it, None: it is itself alone."""

    words: str
    value: object
    kind: str | None = None


_ODD = (
    _Odd(words="the number 7", value=7),
    _Odd(words="true", value=True),
    _Odd(words="null", value=None, kind="null"),
    _Odd(words="an object", value={"x": 1}, kind="object"),
    _Odd(words="an array", value=["x"], kind="array"),
)
_NO_NUMBER = _Odd(words="a text that is no number", value="no number")
_A_TEXT = _Odd(words="the text 'no such'", value="no such")


def odd_documents(
    rows: Rows,
    text: Text,
    direction: Direction,
    tables: Sequence[Table],
    later: Sequence[Table],
    *,
    settings: DataSettings,
    only: Collection[str],
) -> Iterator[Edge]:
    """Make rows with such documents, of ``only`` some of the ``tables`` that there are before a file runs."""
    said = paths_in(text.file(direction), text.dialect)
    after = {table.name: table for table in later}
    for table, each in documents_read(text, tables, after, said, seed=settings.seed):
        column = next(one for one in table.columns if one.name == each.name)
        for path in [path for path in said.there if all(path)][:_MOST] if table.name in only else ():
            for odd in (_NO_NUMBER if said.there[path] in NUMBERS else _A_TEXT, *_ODD):
                document = each.with_(said.there)
                put(document, path, odd.value, always=True)
                values = [{each.name: json.dumps(document, ensure_ascii=False)}]
                made = rows_with(rows, tables, table.name, values, dialect=text.dialect, settings=settings)
                if made is not None:
                    yield Edge(
                        table=table.name,
                        columns=(each.name,),
                        value=f"{odd.words} at {'.'.join(map(str, path))}",
                        rows=made,
                        query=_query(table, column, path, odd, text.dialect),
                    )


def _query(table: Table, column: Column, path: Path, odd: _Odd, dialect: Dialect) -> str | None:
    """Ask production for such rows; None where texts that are no JSON would stand in the way."""
    shown = table.sql if dialect is Dialect.POSTGRES else quoted(table.name, dialect)
    name = quoted(column.name, dialect)
    condition = {
        Dialect.POSTGRES: _on_postgres,
        Dialect.MYSQL: _on_mysql,
        Dialect.SQLITE: _on_sqlite,
    }[dialect](name, path, odd)
    told = dialect is Dialect.SQLITE or column.type.family is Family.JSON
    return f"SELECT * FROM {shown} WHERE {condition}" if condition is not None and told else None


def _on_postgres(name: str, path: Path, odd: _Odd) -> str | None:
    way = ", ".join(_literal(str(step)) for step in path)
    found = f"CAST({name} AS jsonb) #> ARRAY[{way}]"
    if odd is _NO_NUMBER:
        return f"jsonb_typeof({found}) = 'string' AND ({found} #>> '{{}}') !~ '^\\s*[-+]?[0-9]+(\\.[0-9]+)?\\s*$'"
    if odd.kind is not None:
        return f"jsonb_typeof({found}) = '{odd.kind}'"
    return f"{found} = {_literal(json.dumps(odd.value, ensure_ascii=False))}"


def _on_mysql(name: str, path: Path, odd: _Odd) -> str | None:
    found = f"JSON_EXTRACT({name}, {_literal(_in_dollars(path))})"
    if odd.kind is not None:
        return f"JSON_TYPE({found}) = '{odd.kind.upper()}'"
    return None if isinstance(odd.value, str) else f"{found} = {json.dumps(odd.value)}"


def _on_sqlite(name: str, path: Path, odd: _Odd) -> str | None:
    way = _literal(_in_dollars(path))
    kind = "true" if odd.value is True else odd.kind
    if kind is not None:
        return f"CASE WHEN json_valid({name}) THEN json_type({name}, {way}) END = '{kind}'"
    if isinstance(odd.value, str):
        return None
    return f"CASE WHEN json_valid({name}) THEN json_extract({name}, {way}) END = {json.dumps(odd.value)}"


def _in_dollars(path: Path) -> str:
    return "$" + "".join(f".{json.dumps(step, ensure_ascii=False)}" for step in path)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
