"""``test.sql`` beside ``up.sql``: rows before, and what must be read after the up and after the down.

Diesel ignores the file. It has up to three sections, each begun by a comment::

    -- glowplug: given
    INSERT INTO users (id, name) VALUES (1, 'Ada King Lovelace');
    -- glowplug: after up
    SELECT first, middle, last FROM users ORDER BY id;
    --> Ada | King | Lovelace
    -- glowplug: after down
    SELECT count(*) FROM users WHERE name IS NULL;
    --> 0

Below each query stand its rows, one a line: values between ``|``, NULL for NULL, in quotes what would else be cut
(``' a '``), bytes as ``x'0aff'``; ``--> no rows`` for none. Rows are compared in order where the query has an ORDER
BY, else in any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Direction
from glowplug.rehearsal.measured import TestFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.interface import Connection
    from glowplug.database.rows import Rows, Value
    from glowplug.project import Migration


_HEADER = re.compile(r"\s*--\s*glowplug:\s*(.*?)\s*\Z", re.IGNORECASE)
_EXPECTED = re.compile(r"\s*-->[ \t]?(.*)\Z")
_NO_ROWS = "no rows"
_CELL = re.compile(r"\s*(?:(?P<bytes>[xX]'[0-9a-fA-F]*')|'(?P<text>(?:[^']|'')*)'|(?P<bare>[^|']*))\s*(?:\||\Z)")
_POSTGRES_BYTES = re.compile(r"\\x(?:[0-9a-f]{2})*")
_NEEDS_QUOTES = re.compile(r"\s|.*\s\Z|.*['|]|NULL\Z|\Z", re.DOTALL)
_LINE_END = re.compile(r"\r?\n")  # no other, as for servers and editors: U+2028 is a character of a value
_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)

_SECTIONS = {"given": None, "after up": Direction.UP, "after down": Direction.DOWN}
MOST_ROWS = 1000


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """A query, the line where it begins, and the rows that it must give, each value as a person writes it."""

    line: int
    sql: str
    rows: tuple[tuple[str | None, ...], ...]

    @property
    def ordered(self) -> bool:
        """Whether the order of the rows counts."""
        return _ORDERED.search(self.sql) is not None


class MigrationTest(msgspec.Struct, frozen=True, kw_only=True):
    """What one test.sql says."""

    given: str
    given_line: int
    expectations: tuple[tuple[Direction, Expectation], ...]

    def after(self, direction: Direction) -> Iterator[Expectation]:
        """What must hold after the up, or after the down."""
        return (expectation for when, expectation in self.expectations if when is direction)


class Malformed(Exception):
    """A test.sql that can't be understood."""

    def __init__(self, line: int, message: str) -> None:
        """Say where, and what."""
        super().__init__(message)
        self.line = line


def run_test(connection: Connection, migration: Migration) -> tuple[TestFailure, ...]:
    """Run the test.sql of ``migration`` on a branch in the state before its up; what does not hold.

    Raises:
        LostConnection: the server is gone.
    """
    try:
        test = parse((migration.test or b"").decode("utf-8"))
    except UnicodeDecodeError:
        return (TestFailure(line=None, message="test.sql is no UTF-8"),)
    except Malformed as malformed:
        return (TestFailure(line=malformed.line, message=str(malformed)),)
    if test.given:
        error = connection.rows.execute(test.given)
        if error is not None:
            line = test.given_line + (error.line or 1) - 1
            return (TestFailure(line=line, message="the rows that are given can't be written", error=error),)
    failures: list[TestFailure] = []
    for direction in Direction:
        expectations = tuple(test.after(direction))
        run = connection.run(migration, direction)
        if run.error is not None:
            if direction is Direction.UP or expectations:
                line = expectations[0].line if expectations else test.given_line
                message = f"{direction.file_name} fails with the rows that are given"
                failures.append(TestFailure(line=line, message=message, error=run.error))
            break
        failures += (failure for item in expectations if (failure := _ask(connection.rows, item)) is not None)
        if direction is Direction.UP and not any(test.after(Direction.DOWN)):
            break
    return tuple(failures)


def parse(text: str) -> MigrationTest:
    """Read a test.sql.

    Raises:
        Malformed: it can't be understood, or it expects nothing.
    """
    given: list[str] = []
    given_line = 1
    expectations: list[tuple[Direction, Expectation]] = []
    section: str | None = None
    draft = _Draft()
    for number, line in enumerate(_LINE_END.split(text), start=1):
        header = _HEADER.match(line)
        if header is not None:
            expectations += draft.finish(section)
            section = re.sub(r"\s+", " ", header[1].lower())
            if section not in _SECTIONS:
                names = ", ".join(_SECTIONS)
                raise Malformed(number, f"{header[1]!r} is no section of a test.sql: it has {names}")
            if section == "given" and not given:
                given_line = number + 1
        elif section == "given":
            given.append(line)
        elif section is None:
            if line.strip() and not line.lstrip().startswith("--"):
                raise Malformed(number, "SQL stands before the first section: begin with `-- glowplug: given`")
        else:
            expectations += draft.take(section, number, line)
    expectations += draft.finish(section)
    if not expectations:
        raise Malformed(1, "this test expects nothing: write a query and its rows, each after `-->`")
    return MigrationTest(given="\n".join(given).strip("\n"), given_line=given_line, expectations=tuple(expectations))


class _Draft:
    """A query whose lines, and then rows, are being read."""

    def __init__(self) -> None:
        self._line = 0
        self._sql: list[str] = []
        self._rows: list[str] = []
        self._numbers: list[int] = []

    def take(self, section: str, number: int, line: str) -> Iterator[tuple[Direction, Expectation]]:
        expected = _EXPECTED.match(line)
        if expected is not None:
            if not self._sql:
                raise Malformed(number, "no query stands before this row")
            self._rows.append(expected[1].strip())
            self._numbers.append(number)
            return
        if self._rows and line.strip():
            yield from self.finish(section)
        if not self._sql and (not line.strip() or line.lstrip().startswith("--")):
            return
        if not self._sql:
            self._line = number
        self._sql.append(line)

    def finish(self, section: str | None) -> Iterator[tuple[Direction, Expectation]]:
        direction = _SECTIONS.get(section or "")
        if not self._sql or direction is None:
            return
        if not self._rows:
            raise Malformed(self._line, "this query has no rows to compare with: write each after `-->`")
        none = [row.lower() == _NO_ROWS for row in self._rows]
        if any(none) and len(none) > 1:
            raise Malformed(self._numbers[none.index(True)], "`no rows` stands beside a row")
        rows = () if any(none) else tuple(map(_cells, self._rows, self._numbers))
        sql = "\n".join(self._sql).strip().removesuffix(";")
        expectation = Expectation(line=self._line, sql=sql, rows=rows)
        self._sql, self._rows, self._numbers = [], [], []
        yield direction, expectation


def _cells(row: str, number: int) -> tuple[str | None, ...]:
    cells: list[str | None] = []
    at = 0
    while True:
        found = _CELL.match(row, at)
        if found is None:
            raise Malformed(number, "this row can't be understood: values stand between |, with ' doubled in quotes")
        if found["text"] is not None:
            cells.append(found["text"].replace("''", "'"))
        elif found["bytes"] is not None:
            cells.append(found["bytes"].lower())
        else:
            bare = found["bare"].strip()
            cells.append(None if bare == "NULL" else bare)
        at = found.end()
        if not found[0].endswith("|"):
            return tuple(cells)


def _ask(rows: Rows, expectation: Expectation) -> TestFailure | None:
    answer = rows.query(expectation.sql, limit=MOST_ROWS)
    if answer.error is not None:
        line = expectation.line + (answer.error.line or 1) - 1
        return TestFailure(line=line, message="this query fails", error=answer.error)
    found = [tuple(map(_shown, row)) for row in answer.rows]
    wanted = list(expectation.rows)
    if not expectation.ordered:
        found.sort(key=_sortable)
        wanted.sort(key=_sortable)
    if found == wanted and answer.complete:
        return None
    return TestFailure(line=expectation.line, message=_difference(wanted, found))


def _shown(value: Value) -> str | None:
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if value is not None and _POSTGRES_BYTES.fullmatch(value):
        return f"x'{value[2:]}'"
    return value


def _sortable(row: tuple[str | None, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, value or "") for value in row)


def _difference(wanted: list[tuple[str | None, ...]], found: list[tuple[str | None, ...]]) -> str:
    expected = f"{len(wanted)} {'row was' if len(wanted) == 1 else 'rows were'} expected"
    lines = [f"expected: {_line(row)}" for row in wanted if row not in found][:3]
    lines += [f"came:     {_line(row)}" for row in found if row not in wanted][:3]
    if len(wanted) != len(found):
        came = f"{len(found)} came"
    elif not lines:
        came = "as many came"
    else:
        came = "another came" if len(wanted) == 1 else "as many came, not all of them these"
    return "\n".join([f"{expected}, and {came}", *(lines or ["the same rows, in another order or number"])])


def _line(row: tuple[str | None, ...]) -> str:
    return " | ".join(map(_cell, row))


def _cell(value: str | None) -> str:
    """Write a value as it has to stand below a query."""
    if value is None:
        return "NULL"
    if value.startswith("x'") or not _NEEDS_QUOTES.match(value):
        return value
    return "'" + value.replace("'", "''") + "'"
