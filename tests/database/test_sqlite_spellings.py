"""Random tables, indexes, views and triggers, each spelled in many ways, held against what rows SQLite takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glowplug.database.sqlite.snapshot import build, read
from glowplug.schema import diff
from glowplug.schema.noise import tell_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytestmark = pytest.mark.sqlite

COLUMNS = ("a", "B", "key", "odd name")
WORDS = (*COLUMNS, "X", "rowid", "it's")
VALUES = ("a", "B", "b", "key", "odd name", "X", "x", "rowid", "it's", "1", 1, 2, None, b"\xab")
THERE_AND_BACK = ("ALTER TABLE t ADD COLUMN more", "ALTER TABLE t DROP COLUMN more")


@dataclass(frozen=True)
class Definition:
    """A table with a unique index; a condition is a word, an operator and a word."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    defaults: tuple[str, ...]
    checks: tuple[tuple[str, str, str], ...]
    keys: tuple[str, ...]
    where: tuple[str, str, str] | None


CONDITIONS = st.tuples(st.sampled_from(WORDS), st.sampled_from(["=", "<>", "<", "IS"]), st.sampled_from(WORDS))
DEFINITIONS = st.builds(
    Definition,
    columns=st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=4, unique=True).map(tuple),
    types=st.tuples(*[st.sampled_from(["", "TEXT", "INTEGER", "VARCHAR (10)", "BLOB"])] * 4),
    defaults=st.tuples(*[st.sampled_from(["", "X", "x", "true", "1", "it's"])] * 4),
    checks=st.lists(CONDITIONS, max_size=2).map(tuple),
    keys=st.lists(st.sampled_from(WORDS), max_size=2).map(tuple),
    where=st.none() | CONDITIONS,
)


class Hand:
    """Writes a definition in one of its many ways."""

    def __init__(self, data: st.DataObject, columns: tuple[str, ...]) -> None:
        self._data = data
        self._own = {column.casefold() for column in columns}

    def statements(self, one: Definition) -> tuple[str, ...]:
        table = f"CREATE TABLE t ({', '.join(self._items(one))})"
        if not one.keys:
            return (table,)
        keys = ", ".join(self._key(word) for word in one.keys)
        where = self._keyword("where") + self._condition(*one.where) if one.where else ""
        return (table, f"CREATE UNIQUE INDEX i ON t ({keys}) {where}")

    def _one_of(self, *ways: str) -> str:
        return self._data.draw(st.sampled_from(ways))

    def _keyword(self, word: str) -> str:
        return self._one_of(word.upper(), word.lower()) + self._one_of(" ", "\n", " /* ' \" */ ")

    def _items(self, one: Definition) -> Iterator[str]:
        for column, type_, default in zip(one.columns, one.types, one.defaults, strict=False):
            name = self._one_of(f'"{column}"', f"[{column}]", f"`{column}`", f"'{column}'")
            written = self._one_of(type_.upper(), type_.lower(), type_.title())
            clause = self._keyword("default") + self._default(default) if default else self._one_of("", "DEFAULT NULL")
            yield f"{name} {written} {clause} {self._one_of('', 'NULL')}"
        for check in one.checks:
            yield self._keyword("check") + f"({self._condition(*check)})"

    def _default(self, text: str) -> str:
        if text in {"true", "1"}:
            return self._one_of(text, f"({text})")
        ways = [_single(text), f"({_single(text)})", _double(text)]
        return self._one_of(*ways, text) if text.isalpha() else self._one_of(*ways)

    def _condition(self, left: str, operator: str, right: str) -> str:
        ways = {"=": ("=", "=="), "<>": ("<>", "!="), "IS": (" IS ", " is ")}
        condition = self._operand(left) + self._one_of(*ways.get(operator, (operator,))) + self._operand(right)
        return self._one_of(condition, f"({condition})")

    def _operand(self, word: str, *, rowid: bool = True) -> str:
        """Write what is a column where there is one, else a string."""
        if word.casefold() in self._own:
            written = self._one_of("", "t.", "(") + self._column(word)
        elif rowid and word == "rowid":
            written = self._one_of('"rowid"', "rowid", "ROWID")
        else:
            written = self._one_of(_double(word), _single(word))
        return written + ")" if written.startswith("(") else written

    def _column(self, word: str) -> str:
        plain = (word, word.upper()) if word == "a" else ()
        return self._one_of(_double(word), _double(word.upper()), f"[{word.lower()}]", f"`{word}`", *plain)

    def _key(self, word: str) -> str:
        if word.casefold() in self._own:
            return self._one_of(self._column(word), _single(word)) + self._one_of("", " ASC", " asc")
        return f"{self._operand(word, rowid=False)} || 1"


def _double(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def open_with(statements: tuple[str, ...]) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    for statement in statements:
        connection.execute(statement).fetchall()
    return connection


def behaviour(statements: tuple[str, ...], columns: tuple[str, ...]) -> object:
    """What the pragmas say of ``t``, and what it makes of rows."""
    connection = open_with(statements)
    try:
        fields = [
            (name, type_.upper(), not_null, key)
            for _, name, type_, not_null, _, key, _ in connection.execute("PRAGMA table_xinfo(t)")
        ]
        rows = [
            [VALUES[(number + 3 * shift * place) % len(VALUES)] for place in range(len(columns))]
            for number in range(len(VALUES))
            for shift in (1, 0, 2)
        ]
        insert = f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})"
        taken = [_inserts(connection, insert, row) for row in rows]
        taken.append(_inserts(connection, "INSERT INTO t DEFAULT VALUES", []))
        stored = [[repr(value) for value in row] for row in connection.execute("SELECT * FROM t ORDER BY rowid")]
        parts = [row[1:5] for row in connection.execute("PRAGMA index_xinfo(i)")]
        return fields, parts, taken, stored
    finally:
        connection.close()


def _inserts(connection: apsw.Connection, sql: str, row: Sequence[str | int | bytes | None]) -> bool:
    try:
        connection.execute(sql, row)
    except apsw.ConstraintError:
        return False
    return True


def changes(first: tuple[str, ...], second: tuple[str, ...]) -> list[str]:
    one, other = open_with(first), open_with(second)
    try:
        before, after = build(read(one)), build(read(other))
    finally:
        one.close()
        other.close()
    real, _ = tell_apart(diff(before, after), before, after)
    return [str(difference) for difference in real]


@given(DEFINITIONS, st.data())
def test_spellings_of_one_table_do_not_differ(one: Definition, data: st.DataObject) -> None:
    hand = Hand(data, one.columns)
    first, second = hand.statements(one), hand.statements(one)
    assert behaviour(first, one.columns) == behaviour(second, one.columns), (first, second)
    assert changes(first, second) == [], (first, second)
    assert changes(first, (*second, *THERE_AND_BACK)) == [], (first, second)


@given(DEFINITIONS, DEFINITIONS, st.sampled_from(["types", "defaults", "checks", "keys", "where"]), st.data())
def test_one_change_is_told_where_rows_tell_it(
    one: Definition, another: Definition, part: str, data: st.DataObject
) -> None:
    other = replace(one, **{part: getattr(another, part)})
    assume(other != one)
    hand = Hand(data, one.columns)
    first, second = hand.statements(one), hand.statements(other)
    alike = behaviour(first, one.columns) == behaviour(second, one.columns)
    assert alike or changes(first, second), (first, second)


@given(st.sampled_from(COLUMNS), CONDITIONS, CONDITIONS, st.booleans(), st.data())
def test_a_view_and_a_trigger_that_sqlite_writes_anew_are_the_same(
    column: str, one: tuple[str, str, str], other: tuple[str, str, str], alias: bool, data: st.DataObject
) -> None:
    words = [
        data.draw(st.sampled_from([_double(word), _single(word)])) for word in (one[0], one[2], other[0], other[2])
    ]
    inner, outer = f"{words[0]} {one[1]} {words[1]}", f"{words[2]} {other[1]} {words[3]}"
    named = f" AS {_double(data.draw(st.sampled_from(WORDS)))}" if alias else ""
    statements = (
        f"CREATE TABLE t ({_double(column)})",
        "CREATE TABLE u (X)",
        f"CREATE VIEW v AS SELECT X{named} FROM u WHERE {outer} AND EXISTS (SELECT 1 FROM 't' WHERE {inner})",
        f'CREATE TRIGGER g AFTER INSERT ON u WHEN new."X" <> "no" BEGIN DELETE FROM t WHERE {inner}; END',
    )
    assert changes(statements, (*statements, *THERE_AND_BACK)) == [], statements
    assert changes(statements, (*statements, "ALTER TABLE t RENAME TO w", "ALTER TABLE w RENAME TO t")) == [], (
        statements
    )
    changed = (*statements[:2], statements[2].replace(outer, f"{words[2]} IS NOT {words[3]}"), statements[3])
    assert outer == f"{words[2]} IS NOT {words[3]}" or changes(statements, changed), statements
