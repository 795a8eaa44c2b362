"""A branch filled as another one was: what was taken there is written again, and what was refused is not asked again.

Triggers may refuse most of what is made for a table, row by row: a file that is tried on ten branches would have them
do it ten times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.filling.numbering import numbered
from glowplug.rehearsal.passed_on import PassedOn
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.rows import Rows, Value
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.schema.tables import Table

    Row = Sequence[Value]
    Numbers = Mapping[tuple[str, str], list[str]]

_COUNTERS = (
    "SELECT pg_catalog.format('pg_catalog.setval(%L, %s)', pg_catalog.format('%I.%I', schemaname, sequencename),"
    " last_value) FROM pg_catalog.pg_sequences WHERE last_value IS NOT NULL"
)
_MANY = 100_000


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one call, and which the server took; ``left``: the columns that it numbered.

    ``by``: columns by which rows were changed; None: they are new.
    """

    table: Table
    columns: Sequence[str]
    rows: Sequence[Row]
    taken: Sequence[bool]
    left: tuple[str, ...] = ()
    by: Sequence[str] | None = None

    def again(self, rows: Rows) -> bool:
        """Write them; whether the server says the same."""
        if self.by is None:
            errors = rows.insert(self.table, self.columns, self.rows)
        else:
            errors = rows.update(self.table, self.columns, self.rows, by=self.by)
        return [error is None for error in errors] == list(self.taken)

    def of_those_taken(self) -> _Written | None:
        """Leave out what was refused, but for one: where there is one, rows are written each by itself."""
        if not any(self.taken):
            return None
        refused = [at for at, is_taken in enumerate(self.taken) if not is_taken]
        kept = [at for at in range(len(self.rows)) if at not in refused[1:]]
        return msgspec.structs.replace(self, rows=[self.rows[at] for at in kept], taken=[self.taken[at] for at in kept])

    def with_numbers(self, numbers: Numbers) -> _Written:
        """Give the rows that were taken the next of the numbers that they had, and others one that none has."""
        own = [numbers[self.table.name, name] for name in self.left]
        free = [str(max(map(int, each)) + 1) for each in own]
        rows = [
            (*row, *((each.pop(0) for each in own) if is_taken else free))
            for row, is_taken in zip(self.rows, self.taken, strict=True)
        ]
        return msgspec.structs.replace(self, columns=(*self.columns, *self.left), rows=rows, left=())


class _Ran(msgspec.Struct, frozen=True, kw_only=True):
    """Statements that ran as one batch, and whether the server took them; ``own``: one of glowplug's own."""

    sql: str
    taken: bool
    own: bool = False

    def again(self, rows: Rows) -> bool:
        """Run them; whether the server says the same."""
        run = rows.command if self.own else rows.execute
        return (run(self.sql) is None) is self.taken


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """All that a branch was filled with, in its order; ``counters``: what sets sequences to where they stood then."""

    steps: tuple[_Written | _Ran, ...]
    counters: tuple[str, ...] = ()

    def write(self, rows: Rows) -> bool:
        """Write it to another branch; False: the server says something else there, and it is filled by half."""
        if not all(step.again(rows) for step in self.steps):
            return False
        return not self.counters or rows.command(f"SELECT {', '.join(self.counters)}") is None


class Keeping(PassedOn):
    """Passes rows on, and keeps what became of them.

    A server that has numbered a row which it then refuses does not give that number again. So, where rows are left out,
    those after them get the numbers that they had; where they can't be told, or set, nothing is left out.
    """

    def __init__(self, rows: Rows, dialect: Dialect) -> None:
        """Take what writes."""
        super().__init__(rows)
        self._dialect = dialect
        self._steps: list[_Written | _Ran] = []
        self._has_refused = False

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> tuple[SqlError | None, ...]:
        """Write rows."""
        errors = super().insert(table, columns, rows)
        self._has_refused |= any(error is not None for error in errors)
        counts = {column.name for column in table.columns if column.numbered}.difference(columns)
        ours = self._dialect is Dialect.POSTGRES
        left = tuple(column.name for column in numbered(table) if ours and column.name in counts)
        taken = [error is None for error in errors]
        step = _Written(table=table, columns=tuple(columns), rows=rows, taken=taken, left=left)
        verbatim = counts.difference(left) and self._dialect is not Dialect.SQLITE
        self._keep(step if verbatim else step.of_those_taken())
        return errors

    def update(
        self, table: Table, columns: Sequence[str], rows: Sequence[Row], *, by: Sequence[str]
    ) -> tuple[SqlError | None, ...]:
        """Change rows."""
        errors = super().update(table, columns, rows, by=by)
        taken = [error is None for error in errors]
        self._keep(_Written(table=table, columns=columns, rows=rows, taken=taken, by=by).of_those_taken())
        return errors

    def execute(self, sql: str) -> SqlError | None:
        """Run statements as one batch."""
        error = super().execute(sql)
        self._keep(_Ran(sql=sql, taken=error is None))
        return error

    def command(self, sql: str) -> SqlError | None:
        """Run one statement of glowplug's own."""
        error = super().command(sql)
        self._keep(_Ran(sql=sql, taken=error is None, own=True))
        return error

    def _keep(self, step: _Written | _Ran | None) -> None:
        if step is not None:
            self._steps.append(step)

    def kept(self) -> Kept | None:
        """Give what was written; None where it can't be told how it would be numbered again."""
        if self._dialect is not Dialect.POSTGRES or not self._has_refused:
            return Kept(steps=tuple(self._steps))
        numbers, counters = self._numbers(), self._rows.query(_COUNTERS, limit=_MANY)
        if numbers is None or counters.error is not None:
            return None
        steps = tuple(
            step.with_numbers(numbers) if isinstance(step, _Written) and step.left else step for step in self._steps
        )
        return Kept(steps=steps, counters=tuple(str(setting) for (setting,) in counters.rows))

    def _numbers(self) -> Numbers | None:
        """Read what numbers the rows got: the greatest that there are, in their order."""
        wanted: dict[tuple[str, str], tuple[Table, int]] = {}
        for step in (each for each in self._steps if isinstance(each, _Written)):
            for name in step.left:
                _, so_far = wanted.get((step.table.name, name), (step.table, 0))
                wanted[step.table.name, name] = step.table, so_far + sum(step.taken)
        if not wanted:
            return {}
        parts = [
            f"(SELECT {at}, {column}::text, {column} FROM {table.sql} ORDER BY 3 DESC LIMIT {count})"
            for at, ((_, name), (table, count)) in enumerate(wanted.items())
            for column in [quoted(name, self._dialect)]
        ]
        answer = self._rows.query(" UNION ALL ".join(parts), limit=_MANY)
        found: dict[tuple[str, str], list[str]] = {place: [] for place in wanted}
        places = list(wanted)
        for at, number, _ in answer.rows:
            found[places[int(str(at))]].insert(0, str(number))
        complete = all(len(found[place]) == count for place, (_, count) in wanted.items())
        return found if complete and answer.complete else None


class Fills:
    """What branches were filled with while one migration is measured."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: list[tuple[object, Kept]] = []
        self._are_kept = True

    def keep(self, subject: Subject, without: Collection[str], kept: Kept | None) -> None:
        """Note with what a branch was filled."""
        if kept is not None and self._are_kept:
            self._known.append((_wanted(subject, without), kept))

    def known(self, subject: Subject, without: Collection[str]) -> Kept | None:
        """Give with what a branch for the same was filled; None: there was none."""
        wanted = _wanted(subject, without)
        return next((kept for other, kept in reversed(self._known) if other == wanted), None)

    def forget(self) -> None:
        """Keep nothing from now on: the server has taken other rows of the same the second time."""
        self._known.clear()
        self._are_kept = False


def _wanted(subject: Subject, without: Collection[str]) -> object:
    """Give all that decides with what a branch is filled."""
    return (
        subject.before,
        subject.after,
        subject.names,
        subject.touched.before.difference(without),
        (subject.aimed, subject.documented, subject.chosen, subject.apart),
        subject.settings,
        subject.seeds,
    )
