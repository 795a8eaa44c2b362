"""JSON documents that hold what the files speak of, which no document of ours would by chance."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.rehearsal.data.files.paths import paths_in
from glowplug.rehearsal.seeding.cases import cases
from glowplug.rehearsal.seeding.makers import Making, maker
from glowplug.rehearsal.seeding.narrowing import narrowed
from glowplug.rehearsal.seeding.needs import Needs, both
from glowplug.schema.tables import Family, Written
from glowplug.sql.condition import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.rehearsal.data.files.paths import Path, Said, Scalar
    from glowplug.rehearsal.data.files.text import Text
    from glowplug.schema.tables import Table

    Row = Mapping[str, Value]
    Document = dict[str, object]

_ALONE: tuple[Row, ...] = ({}, {})
"""Rows that have nothing else that the files aim at."""
_AN_OBJECT = Needs(json="object")
_EXACT = ("int", "integer", "bigint", "smallint", "int2", "int4", "int8", "signed", "unsigned", "numeric", "decimal")
_ROUNDED = ("real", "float", "float4", "float8", "double")
NUMBERS = frozenset((*_EXACT, *_ROUNDED))
"""What a file may cast a value to that it takes for a number."""
_VALUES: dict[str, Callable[[int], object]] = {
    **dict.fromkeys(_EXACT, lambda n: n + 1),
    **dict.fromkeys(_ROUNDED, lambda n: n + 0.5),
    **dict.fromkeys(("bool", "boolean"), lambda n: n % 2 == 0),
    **dict.fromkeys(("json", "jsonb", "object"), lambda n: {"n": n}),
    "array": lambda n: [{"n": n}, {"n": n + 1}],
    **dict.fromkeys(("date", "timestamp", "timestamptz", "datetime"), lambda n: f"2001-02-{n % 28 + 1:02} 03:04:05"),
    "time": lambda n: f"03:04:{n % 60:02}",
    "uuid": lambda n: f"00000000-0000-4000-8000-{n:012}",
    "interval": lambda n: f"{n + 1} days",
}
"""By the type that the files cast a value to, or what they take from it."""


def with_documents(
    text: Text,
    tables: Sequence[Table],
    later: Mapping[str, Table],
    rows: Mapping[str, Sequence[Row]],
    *,
    written: Collection[tuple[str, str]],
    seed: int,
) -> dict[str, tuple[Row, ...]]:
    """Have some rows of each table hold the paths that the files look for: what they aim at anyway, and others.

    ``rows`` are those aimed at; of what is there twice, one stays as it is. ``written``: columns that the up sets.
    """
    found = {name: tuple(each) for name, each in rows.items()}
    up, down = paths_in(text.up, text.dialect), paths_in(text.down, text.dialect)
    if not up.there and not down.there and not up.set & down.set:
        return found
    for table in _named(tables, text):
        columns = tuple(
            replace(
                each,
                paths=_before_the_up(up, down, is_written=text.opaque or (table.name, each.name) in written),
                values=up.values,
            )
            for each in _documents(
                table, later.get(table.name), up.columns | down.columns, Making(dialect=text.dialect, seed=seed)
            )
        )
        if any(each.paths for each in columns):
            there = found.get(table.name, ())
            found[table.name] = tuple(_filled((*_ALONE, *there), columns, up.set))
    return found


def plain_documents(
    text: Text, tables: Sequence[Table], later: Mapping[str, Table], *, rows: int, seed: int
) -> dict[str, dict[str, tuple[Value, ...]]]:
    """Give documents for the columns of texts that the files read as such: other texts they take in no row."""
    columns = paths_in(text.up, text.dialect).columns | paths_in(text.down, text.dialect).columns
    found: dict[str, dict[str, tuple[Value, ...]]] = {}
    for table in _named(tables, text) if columns else ():
        for each in _documents(table, later.get(table.name), columns, Making(dialect=text.dialect, seed=seed)):
            if each.of_text:
                found.setdefault(table.name, {})[each.name] = tuple(map(each.make, range(rows)))
    return found


def documents_read(
    text: Text, tables: Sequence[Table], later: Mapping[str, Table], said: Said, *, seed: int
) -> Iterator[tuple[Table, Documents]]:
    """Give the columns with documents that may be those in which a file looks for something, each with its table."""
    making = Making(dialect=text.dialect, seed=seed)
    for table in _named(tables, text) if said.there else ():
        for each in _documents(table, later.get(table.name), said.columns, making):
            if each.name.casefold() in said.columns:
                yield table, each


def _named(tables: Sequence[Table], text: Text) -> Iterator[Table]:
    """Give the tables that may be named in either file."""
    said = "\n".join(script.text for script in (text.up, text.down) if script is not None).casefold()
    return (table for table in tables if table.name.rpartition(".")[2].strip('"').casefold() in said)


def _before_the_up(up: Said, down: Said, *, is_written: bool) -> Mapping[Path, str | None]:
    """Give the paths that a column's documents may have before the up, each with the type of its value.

    Not those that the up makes: with these in them beforehand, it would be blamed for what it writes over. Such are
    those that it alone sets, and, where the column ``is_written`` by it, those that the down alone looks for.
    """
    both_set = {path: None for path in sorted(up.set & down.set, key=str) if path not in down.there}
    left = {path: cast for path, cast in down.there.items() if not is_written and not _is_within(path, up.set)}
    return {**both_set, **left, **up.there}


def _is_within(path: Path, made: frozenset[Path]) -> bool:
    return any(path[: len(each)] == each for each in made)


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """A column that holds documents: what makes one, of which length at most, and the paths that are to be in it.

    ``of_text``: the table takes any other text as well. ``values``: what the up compares with the value at a path.
    """

    name: str
    make: Callable[[int], Value]
    longest: int | None
    of_text: bool
    paths: Mapping[Path, str | None] = {}
    values: Mapping[Path, tuple[Scalar, ...]] = {}

    def with_(self, paths: Mapping[Path, str | None]) -> Document:
        """Make a document with something at each of these paths."""
        whole = _object(self.make(0)) or {}
        replace(self, paths=paths).fill(whole, 1)
        return whole

    def fill(self, whole: Document, number: int) -> None:
        """Put its paths into a document: in every other one with the values that are asked for."""
        for place, (path, cast) in enumerate(self.paths.items()):
            asked = self.values.get(path, ())
            kind = cast if cast is not None or not asked else type(asked[0]).__name__  # others are of its kind
            if asked and number % 2 == 0:
                put(whole, path, asked[number // 2 % len(asked)], always=True)
            elif kind in _VALUES:
                put(whole, path, _VALUES[kind](number))
            else:
                put(whole, path, f"{chr(ord('a') + place % 26)}{number}")


def _documents(table: Table, later: Table | None, read: Collection[str], making: Making) -> Iterator[Documents]:
    after = {} if later is None else {column.name: column for column in later.columns}
    asked = {
        name
        for check in table.checks
        for case in cases([(parse(check.expression, making.dialect), True)])[:1]
        for name, needs in case.needs.items()
        if needs.json is not None
    }
    for column in table.columns:
        kind, own = narrowed(column, after.get(column.name))
        told = Family.JSON in {column.type.family, kind.family} or column.name in asked
        of_text = not told and kind.family is Family.TEXT and column.name.casefold() in read
        needs = both(own, _AN_OBJECT)
        if column.written is Written.SERVER or needs is None or not (told or of_text):
            continue
        made = maker(kind, needs, making)
        if made is not None:
            yield Documents(name=column.name, make=made.make, longest=column.type.length, of_text=of_text)


def _filled(rows: Sequence[Row], columns: Sequence[Documents], made: frozenset[Path]) -> Iterator[Row]:
    """Put the paths into documents, of rows that are alike into that of the first.

    Not into one that is aimed at for what the up makes.
    """
    told: list[Row] = []
    for number, row in enumerate(rows):
        if row and row in told:
            yield row
            continue
        told.append(row)
        changed = dict(row)
        for each in columns:
            whole = _object(changed[each.name] if each.name in changed else each.make(number))
            if whole is None or any(path not in each.paths and _holds(whole, path) for path in made):
                continue
            each.fill(whole, number)
            written = json.dumps(whole, ensure_ascii=False)
            if each.longest is None or len(written) <= each.longest:
                changed[each.name] = written
        if changed:
            yield changed


def _object(value: Value) -> Document | None:
    try:
        whole = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return whole if isinstance(whole, dict) else None


def put(whole: Document, path: Path, value: object, *, always: bool = False) -> None:
    """Put a value there, unless one of its kind is, or ``always``; what is in the way becomes what the path needs."""
    if path[0] is None:
        return
    holder: Document | list[object] = whole
    for step, following in itertools.pairwise(path):
        inner = _held(holder, step)
        wanted = list if following is None else dict
        if not isinstance(inner, wanted):
            inner = wanted()
            _hold(holder, step, inner)
        holder = inner
    there = _held(holder, path[-1])
    if always or there is None or not isinstance(value, str | type(there)):
        _hold(holder, path[-1], value)


def _holds(whole: object, path: Path) -> bool:
    for step in path:
        whole = _held(whole, step)
    return whole is not None


def _held(holder: object, step: str | None) -> object:
    if isinstance(holder, dict):
        return holder.get(step)
    return holder[0] if isinstance(holder, list) and holder else None


def _hold(holder: object, step: str | None, value: object) -> None:
    if isinstance(holder, dict):
        holder[step] = value
    elif isinstance(holder, list):
        holder[:1] = [value]
