"""Tables as rows see them, from SQLite's pragmas and from the text of the CREATE statements.

``PRAGMA main.…`` can't be shadowed by anything that a migration makes. What pragmas don't tell (CHECKs, names,
DEFERRABLE, generated columns' kind, STRICT) is in the text.

SQLite takes almost any value in any column. What Diesel's users write there is what the declared type says: a
VARCHAR(50) has a length, a SMALLINT 16 bits, a BOOLEAN is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.sqlite import spelling
from glowplug.database.sqlite.declared import type_of
from glowplug.database.sqlite.snapshot import is_virtual, shadow_tables
from glowplug.schema.tables import Action, Check, Column, ForeignKey, Table, Unique, Written
from glowplug.sql.sqlite import normalised, tokens
from glowplug.sql.sqlite_create import parse_table
from glowplug.sql.sqlite_cursor import Cursor, split_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import apsw

    from glowplug.sql.sqlite_create import Table as Text

_OBJECTS = "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE type <> 'view' ORDER BY rowid"
_PLENTY = 1000
_KEY_PART_EXPRESSION = -2
_KEY_PART_ROWID = -1
_GENERATED = frozenset({2, 3})  # table_xinfo's ``hidden``: virtual, stored


class _Field(NamedTuple):
    """A row of ``PRAGMA table_xinfo``."""

    position: int
    name: str
    type: str
    not_null: int
    default: str | None
    key: int
    hidden: int


class _Index(NamedTuple):
    """An index with its parts: of ``PRAGMA index_list`` and ``PRAGMA index_xinfo``, and its text."""

    name: str
    origin: str
    parts: tuple[tuple[int, str | None, str | None], ...]
    sql: str | None


class _Reference(NamedTuple):
    """A row of ``PRAGMA foreign_key_list``."""

    number: int
    position: int
    table: str
    column: str
    referenced: str | None
    on_update: str
    on_delete: str
    match: str


class _Facts(NamedTuple):
    """All that is known of one table."""

    fields: tuple[_Field, ...]
    indexes: tuple[_Index, ...]
    references: tuple[_Reference, ...]


class _Texts(NamedTuple):
    """All that ``sqlite_master`` has of one table: everything else follows from it."""

    name: str
    sql: str
    indexes: tuple[tuple[str, str | None], ...]
    triggers: tuple[str, ...]


_MANY = 4096
_read: dict[_Texts, Table] = {}
"""Tables as read, but for what other tables and the session say; a chain asks for the same again and again."""


def read(connection: apsw.Connection) -> tuple[Table, ...]:
    """Read every table of ``main``.

    Left out: the bookkeeping table, virtual tables and what stands behind them, SQLite's own.
    """
    objects = list(connection.execute(_OBJECTS))
    left_out = {BOOKKEEPING_TABLE}
    if any(is_virtual(sql) for _, _, _, sql in objects):
        left_out.update(shadow_tables(connection))
    belongings: dict[tuple[str, str], list[tuple[str, str | None]]] = {}
    for kind, name, table, sql in objects:
        belongings.setdefault((kind, table.casefold()), []).append((name, sql))
    tables = {}
    for kind, name, _, sql in objects:
        folded = name.casefold()
        if kind != "table" or name in left_out or folded.startswith("sqlite_") or is_virtual(sql):
            continue
        indexes = tuple(belongings.get(("index", folded), ()))
        triggers = tuple(trigger for trigger, _ in belongings.get(("trigger", folded), ()))
        tables[folded] = _table_of(connection, _Texts(name, sql, indexes, triggers))
    enforced = bool(connection.pragma("foreign_keys"))
    return tuple(
        replace(
            table,
            foreign_keys=tuple(_resolved(key, tables, enforced=enforced) for key in table.foreign_keys),
            rows=_count(connection, table.sql),
        )
        for table in tables.values()
    )


def quoted(name: str) -> str:
    """Write a name of this database so that no keyword, and no temporary object, can stand in its way."""
    return '"' + name.replace('"', '""') + '"'


def _pragma(connection: apsw.Connection, pragma: str, name: str) -> Iterator[tuple[Any, ...]]:
    return connection.execute(f"PRAGMA main.{pragma}({quoted(name)})")


def _count(connection: apsw.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {_PLENTY})").get)


def _table_of(connection: apsw.Connection, texts: _Texts) -> Table:
    """Read what the pragmas tell of a table, unless they have told it of the same texts."""
    known = _read.get(texts)
    if known is not None:
        return known
    facts = _Facts(
        fields=tuple(_Field(*row) for row in _pragma(connection, "table_xinfo", texts.name)),
        indexes=tuple(_unique_indexes(connection, texts)),
        references=tuple(_Reference(*row) for row in _pragma(connection, "foreign_key_list", texts.name)),
    )
    if len(_read) >= _MANY:
        _read.clear()
    _read[texts] = table = _table(texts, facts)
    return table


def _unique_indexes(connection: apsw.Connection, texts: _Texts) -> Iterator[_Index]:
    sql = dict(texts.indexes)
    for _, name, unique, origin, _ in _pragma(connection, "index_list", texts.name):
        if not unique:
            continue
        parts = tuple(
            (cid, column, collation)
            for _, cid, column, _, collation, key in _pragma(connection, "index_xinfo", name)
            if key
        )
        text = sql.get(name)
        yield _Index(name, origin, parts, None if text is None else spelling.index(text, texts.sql))


def _table(texts: _Texts, facts: _Facts) -> Table:
    text = _text(texts.sql)
    folding = {
        column for index in facts.indexes for _, column, collation in index.parts if _folds(collation) and column
    } | ({column.name for column in text.columns if _folds(column.collation)} if text else set())
    numbered = _numbered(facts)
    columns = tuple(
        _column(field, folds=field.name in folding, numbered=field.name == numbered) for field in facts.fields
    )
    return Table(
        name=texts.name,
        sql=f"main.{quoted(texts.name)}",
        columns=columns,
        checks=tuple(_checks(text, columns)) if text else (),
        uniques=tuple(_uniques(facts, numbered)),
        foreign_keys=tuple(_foreign_keys(facts.references, text)),
        triggers=texts.triggers,
        strict=text is not None and text.strict,
    )


def _text(sql: str) -> Text | None:
    try:
        return parse_table(spelling.table(sql))
    except ValueError:  # a newer SQLite's clause: the pragmas tell the most
        return None


def _folds(collation: str | None) -> bool:
    return collation is not None and collation.upper() == "NOCASE"


def _numbered(facts: _Facts) -> str | None:
    """Name the column that stands for the rowid, which SQLite numbers.

    A primary key with an index of its own (WITHOUT ROWID, ``INTEGER PRIMARY KEY DESC``) is none.
    """
    keys = [field for field in facts.fields if field.key]
    if len(keys) != 1 or keys[0].type.upper() != "INTEGER" or any(index.origin == "pk" for index in facts.indexes):
        return None
    return keys[0].name


def _column(field: _Field, *, folds: bool, numbered: bool) -> Column:
    type_ = type_of(field.type, wide=numbered)
    default = None if field.default is None or field.default.upper() == "NULL" else field.default
    if field.hidden in _GENERATED:
        written = Written.SERVER
    elif numbered or default is not None:
        written = Written.SERVER_IF_LEFT_OUT
    else:
        written = Written.ALWAYS_US
    return Column(
        name=field.name,
        type=replace(type_, folds=True) if folds else type_,
        # SQLite takes NULL in a primary key of an ordinary table; nobody means it.
        nullable=not field.not_null and not field.key,
        default=default,
        written=written,
        numbered=numbered,
    )


def _checks(text: Text, columns: Sequence[Column]) -> Iterator[Check]:
    names = {column.name.casefold(): column.name for column in columns}
    for constraint in text.constraints:
        if not constraint.definition.startswith("CHECK ("):
            continue
        expression = constraint.definition.removeprefix("CHECK (").removesuffix(")")
        named = dict.fromkeys(
            names[token.name.casefold()]
            for token in tokens(expression)
            if token.kind in {"word", "name"} and token.name.casefold() in names
        )
        yield Check(name=constraint.name or constraint.label, expression=expression, columns=tuple(named))


def _uniques(facts: _Facts, numbered: str | None) -> Iterator[Unique]:
    if numbered is not None:
        yield Unique(name="PRIMARY KEY", columns=(numbered,), primary=True)
    for index in facts.indexes:
        expressions, predicate = _index_text(index)
        yield Unique(
            name="PRIMARY KEY" if index.origin == "pk" else index.name,
            columns=tuple(
                None if cid == _KEY_PART_EXPRESSION else "rowid" if cid == _KEY_PART_ROWID else column
                for cid, column, _ in index.parts
            ),
            expressions=expressions,
            predicate=predicate,
            primary=index.origin == "pk",
        )


def _index_text(index: _Index) -> tuple[tuple[str, ...], str | None]:
    """Read the parts of an index that are expressions, and its WHERE."""
    if index.sql is None:
        return (), None
    reader = Cursor(list(tokens(index.sql)))
    while not reader.accept("ON"):
        reader.take()
    reader.take()
    items = split_list(reader.group())
    expressions = tuple(
        normalised([token for token in item if token.word not in {"ASC", "DESC"}])
        for item, (cid, _, _) in zip(items, index.parts, strict=False)
        if cid == _KEY_PART_EXPRESSION
    )
    predicate = normalised(reader.found[reader.position :]) if reader.accept("WHERE") else None
    return expressions, predicate


def _foreign_keys(references: Sequence[_Reference], text: Text | None) -> Iterator[ForeignKey]:
    """Make the foreign keys; SQLite numbers them from the last written to the first."""
    written = [one for one in text.constraints if one.definition.startswith("FOREIGN KEY")] if text else []
    grouped: dict[int, list[_Reference]] = {}
    for reference in references:
        grouped.setdefault(reference.number, []).append(reference)
    for number, parts in sorted(grouped.items(), reverse=True):
        ordered = sorted(parts, key=lambda part: part.position)
        columns = tuple(part.column for part in ordered)
        clause = written[-1 - number] if number < len(written) else None
        label = f"FOREIGN KEY ({', '.join(columns)})"
        yield ForeignKey(
            name=label if clause is None else clause.name or clause.label,
            columns=columns,
            table=ordered[0].table,
            referenced=tuple(part.referenced for part in ordered if part.referenced is not None),
            on_delete=Action(ordered[0].on_delete.lower()),
            on_update=Action(ordered[0].on_update.lower()),
            deferrable=clause is not None and clause.definition.endswith(" DEFERRABLE INITIALLY DEFERRED"),
        )


def _resolved(key: ForeignKey, tables: Mapping[str, Table], *, enforced: bool) -> ForeignKey:
    """Say which table and columns are meant, as they are called there; a parent that is not there keeps its name."""
    parent = tables.get(key.table.casefold())
    if parent is None:
        return replace(key, enforced=enforced)
    primary = next((one.columns for one in parent.uniques if one.primary), ())
    referenced = key.referenced or tuple(name for name in primary if name is not None)
    names = {column.name.casefold(): column.name for column in parent.columns}
    own = tuple(names.get(name.casefold(), name) for name in referenced)
    return replace(key, table=parent.name, referenced=own, enforced=enforced)
