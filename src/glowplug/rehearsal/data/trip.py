"""One branch of a scratch database, with rows of ours in it: fill, run a file, look, write more."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.files.names import names_between
from glowplug.rehearsal.data.files.steady import alike
from glowplug.rehearsal.data.filling.aims import put_back, set_by
from glowplug.rehearsal.data.filling.gaps import WithGaps
from glowplug.rehearsal.data.filling.held import change_held
from glowplug.rehearsal.data.filling.joined import give_partners, have_partners
from glowplug.rehearsal.data.filling.likened import liken
from glowplug.rehearsal.data.filling.picking import is_seen, picks
from glowplug.rehearsal.data.filling.stirred import Stirred
from glowplug.rehearsal.data.losses.compare import Reading
from glowplug.rehearsal.data.losses.ordered import Ordered
from glowplug.rehearsal.data.refilling import Keeping
from glowplug.rehearsal.measured import NotSeeded
from glowplug.rehearsal.seeding import seed
from glowplug.rehearsal.seeding.makers import Making
from glowplug.schema.tables import Family, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from glowplug.database.interface import Connection, SqlError
    from glowplug.database.rows import Contents, Rows, Value
    from glowplug.database.trace import Trace
    from glowplug.rehearsal.data.files.names import Names
    from glowplug.rehearsal.data.filling.picking import Pick
    from glowplug.rehearsal.data.losses.missing import State
    from glowplug.rehearsal.data.subject import Subject
    from glowplug.schema.tables import Column, Table

_OF_KEYS = frozenset({Family.INTEGER, Family.UUID})
_APART = 1_000_000
"""Where numbers begin that must not meet those which a file writes."""
_FEW = 2  # rows of a table: among so few, none is far from the others
ROWS_AFTER = 10
"""Rows a table that are written through the new schema."""
_CHANGED = 3  # rows a table that are changed through it


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of filling: tables with all their rows, those without, and seed files that failed, and that ``ran``."""

    written: int = 0
    not_seeded: tuple[NotSeeded, ...] = ()
    failed: tuple[NotSeeded, ...] = ()
    ran: tuple[str, ...] = ()


class Trip:
    """A connection to a branch, and the subject's files on it; ``is_up``: whether the up was the last that ran.

    ``unread``: tables that could not be read, and why; ``beyond``: those with more rows than are read. ``unmet``: what
    is said of conditions by which the up would take rows or values, and that no row was seen to meet.
    """

    def __init__(self, subject: Subject, connection: Connection) -> None:
        """Take what is measured, and the connection to the branch."""
        self.subject = subject
        self.connection = connection
        self.rows = Ordered(connection.rows)
        self.is_up = False
        self.unread: dict[str, str] = {}
        self.beyond: dict[str, str] = {}
        self.unmet: list[str] = []
        self._before: State = {}
        self._unasked: list[tuple[Pick, SqlError]] = []
        self._back = subject.before
        self._named: tuple[tuple[Table, ...], Names] | None = None
        self._is_steady = subject.is_steady()
        self._is_settled = False

    def fill(self, *, ours: bool = True, without: Collection[str] = ()) -> Filled:
        """Run the seed files, and write plain rows (``ours``) to the touched tables but for some."""
        return self._fill(self.rows, ours=ours, without=without)

    def fill_first(self, *, without: Collection[str] = ()) -> Filled:
        """Fill as ``fill`` does, and let ``filled_trip`` know with what."""
        rows = Keeping(self.rows, self.subject.dialect)
        filled = self._fill(rows, ours=True, without=without)
        if any(map(self.subject.may_refuse, Direction)):
            self.subject.fills.keep(self.subject, without, rows.kept())
        return filled

    def _fill(self, rows: Rows, *, ours: bool, without: Collection[str]) -> Filled:
        subject = self.subject
        failed = []
        for each in subject.seeds:
            error = rows.execute(each.sql)
            if error is not None:
                failed.append(NotSeeded(table=each.file, why=error.message, line=error.line))
        ran = tuple(sorted({each.file for each in subject.seeds} - {each.table for each in failed}))
        only = subject.touched.before.difference(without)
        if not ours or not only:
            return Filled(failed=tuple(failed), ran=ran)
        self._change_those_of_the_chain(rows, only)
        later, settings = subject.asked, subject.settings
        if not subject.apart and settings.rows > _FEW:
            rows = WithGaps(rows, subject.dialect, subject.numberings[Direction.UP].far)
        filled = seed(
            Stirred(rows, later, planted=subject.aims, drawn=subject.drawn, first=self._apart(Direction.UP)),
            subject.before,
            later=later,
            dialect=subject.dialect,
            settings=replace(settings, seed=settings.seed + 1) if subject.apart else settings,
            only=only,
        )
        short = {each.table for each in filled.not_seeded}
        not_seeded = (*filled.not_seeded, *self._joined(only, rows), *self._unmet(only - short, rows))
        return Filled(written=len(only - short), not_seeded=not_seeded, failed=tuple(failed), ran=ran)

    def _change_those_of_the_chain(self, rows: Rows, only: Collection[str]) -> None:
        """Change some rows that the chain wrote, where the up deletes them and the down writes them anew."""
        subject = self.subject
        known = {table.name: table for table in subject.before if table.rows and table.name in only}
        for name, words in put_back(subject.text, subject.before).items() if subject.aimed else ():
            if name in known:
                table = known[name]
                columns = [each for each in _plain_columns(table) if each.casefold() not in words]
                self._change_held(rows, table, rows.read(table, limit=_CHANGED), columns, subject.asked)

    def _change_held(
        self, rows: Rows, table: Table, now: Contents, columns: Sequence[str], others: Sequence[Table]
    ) -> None:
        making = Making(dialect=self.subject.dialect, seed=self.subject.settings.seed)
        other = next((each for each in others if each.name == table.name), None)
        change_held(rows, table, now, columns, other, making)

    def _apart(self, direction: Direction) -> Callable[[Table, Column], int] | None:
        """Give where the numbers of rows begin that are written before a file runs, if the server's are not wanted."""
        if not self.subject.apart:
            return None
        numbering = self.subject.numberings[direction]
        return partial(numbering.first, wanted=_APART, turn=0 if direction is Direction.UP else 1)

    def _joined(self, only: Collection[str], rows: Rows) -> Iterator[NotSeeded]:
        """Give some rows a partner by what the up joins tables by, and say where none has one."""
        known = {table.name: table for table in self.subject.before if table.name in only}
        for join in (each for each in self.subject.joins if known.keys() >= {each.table, each.other}):
            if self.subject.aimed:
                give_partners(rows, join, known)
            if not have_partners(rows, join, known):
                yield NotSeeded(table=join.table, why=join.in_words)

    def _unmet(self, only: Collection[str], rows: Rows) -> Iterator[NotSeeded]:
        """Say by which conditions the up picks rows, where no row meets one: what it does to such was not seen."""
        known = {table.name: table for table in self.subject.before if table.name in only}
        for pick in picks(self.subject.text.up, known, self.subject.dialect):
            answer = self.rows.query(pick.query, limit=1)
            if answer.error is not None:
                self._unasked.append((pick, answer.error))
            elif not answer.rows and not (self.subject.aimed and liken(rows, pick, known, self.subject.dialect)):
                yield self._not_met(pick, f"no row {pick.in_words}")

    def untold(self, before: State, after: State) -> Iterator[NotSeeded]:
        """Name the conditions that can't be asked before the up, where what it has made of the rows shows none met."""
        names = self.subject.names
        for pick, error in self._unasked:
            then, now = before.get(pick.table), after.get(names.tables.get(pick.table, ""))
            if then is None or now is None or not is_seen(pick, then, now, names):
                why = f"it could not be told whether a row {pick.in_words}: {error.message}"
                yield self._not_met(pick, why)

    def _not_met(self, pick: Pick, why: str) -> NotSeeded:
        table = next(each for each in self.subject.before if each.name == pick.table)
        if pick.takes_from(table):
            self.unmet.append(why)
        return NotSeeded(table=pick.table, why=why)

    def run(self, direction: Direction) -> SqlError | None:
        """Run one of the files, as Diesel does."""
        self._forget_numbers()
        error = self.connection.run(self.subject.migration, direction).error
        return self._went(direction, error)

    def observe(self, direction: Direction) -> Trace:
        """Run one of the files, and see what it does."""
        self._forget_numbers()
        trace = self.connection.observe(self.subject.migration, direction)
        self._went(direction, trace.error)
        return trace

    def _forget_numbers(self) -> None:
        """Let the session have given no number, as a new one's: what writes rows here is another's in production."""
        if self.subject.dialect is Dialect.POSTGRES:
            self.connection.rows.command("DISCARD SEQUENCES")

    def _went(self, direction: Direction, error: SqlError | None) -> SqlError | None:
        if error is None:
            self.is_up = direction is Direction.UP
        return error

    def old(self) -> State:
        """Read the touched tables as they are before the up."""
        self._before = self._read(self.subject.before, self.subject.touched.before)
        return self._before

    def new(self) -> State:
        """Read the touched tables as they are after the up."""
        return self._read(self.subject.after, self.subject.touched.after)

    def restored(self) -> tuple[State, Names]:
        """Read what the down has left, and tell what the new tables are called there."""
        subject = self.subject
        tables = self.tables_back()
        if self._named is None or self._named[0] is not tables:
            self._named = tables, names_between(subject.text.down, subject.after, tables, subject.dialect)
        down = self._named[1]
        names = {down.tables[name] for name in subject.touched.after if name in down.tables}
        return self._read(tables, names | subject.touched.before), down

    def tables_back(self) -> tuple[Table, ...]:
        """Give the tables that the down has left; not read again once it left those that the up had begun with."""
        settled = self.subject.settled
        if settled.tables is not None:
            return settled.tables
        if not self._is_settled:
            tables = self.rows.tables_but(self.subject.untouched)
            self._is_settled = self._is_steady and alike(tables, self._back)
            self._back = tables
            if self._is_settled and self.subject.is_steady(rows=False):
                settled.tables = tables
        return self._back

    def _read(self, tables: Sequence[Table], names: Collection[str]) -> State:
        state = {
            table.name: Reading(table=table, contents=self.rows.read(table))
            for table in tables
            if table.name in names and table.partition_of is None
        }
        for name, reading in state.items():
            contents = reading.contents
            if not contents.complete and not contents.rows:
                said = "" if contents.error is None else f": {contents.error.message}"
                self.unread[name] = f"its rows can't be read{said}"
            elif not contents.complete:
                self.beyond[name] = f"it has more than {len(contents.rows)} rows, and those beyond were not looked at"
        return state

    def unseen(self, state: State, known: Collection[NotSeeded]) -> tuple[NotSeeded, ...]:
        """Name tables without a row to be seen, or that were not read at some time; those that are ``known`` aside."""
        why = {
            name: "its rows were taken, and none is there: a trigger or a rule takes them away"
            for name, reading in state.items()
            if not reading.contents.rows
        }
        why |= self.beyond | self.unread
        there = {each.table for each in known}
        return tuple(NotSeeded(table=name, why=said) for name, said in why.items() if name not in there)

    def write_through_the_new_schema(self, state: State, *, without: Collection[str] = ()) -> tuple[NotSeeded, ...]:
        """Write rows as the next release would, such that the old schema can hold them as well, and change some."""
        subject = self.subject
        filled = seed(
            Stirred(self.rows, subject.earlier, drawn=self._drawn_after(state), first=self._apart(Direction.DOWN)),
            subject.after,
            later=subject.earlier,
            dialect=subject.dialect,
            settings=replace(subject.settings, rows=min(ROWS_AFTER, subject.settings.rows)),
            only=subject.touched.after.difference(without),
            turn=1,
        )
        old = set(subject.names.tables.values())
        for name, reading in state.items():
            if name not in without:
                self._change(reading, is_old=name in old)
        return filled.not_seeded

    def _keys_before(self, table: Table, names: Sequence[str]) -> frozenset[tuple[Value, ...]]:
        """Give the keys that rows of a table had before the up: what it wrote itself is not changed first."""
        back = self.subject.names.back()
        reading = self._before.get(back.tables.get(table.name, ""))
        olds = [back.columns.get((table.name, name), "") for name in names]
        if reading is None or not all(map(reading.has, olds)):
            return frozenset()
        return frozenset(zip(*map(reading.values, olds), strict=True))

    def _drawn_after(self, state: State) -> Mapping[str, Mapping[str, Sequence[Value]]]:
        """Give the values that the up has made, and those of texts that stay documents."""
        names = self.subject.names
        drawn = {name: dict(columns) for name, columns in self._of_its_making(state).items()}
        for table, documents in self.subject.documents.items():
            for column, values in documents.items():
                if table in names.tables and (table, column) in names.columns:
                    drawn.setdefault(names.tables[table], {})[names.columns[table, column]] = values
        return drawn

    def _of_its_making(self, state: State) -> Mapping[str, Mapping[str, Sequence[Value]]]:
        """Give the values that the up has made, of columns that are new, set in all rows, or of another kind of type.

        Not those of numbers that are all different: a key's.
        """
        subject = self.subject
        made = set_by(subject.text.up, subject.after, subject.dialect, everywhere=True)
        kinds = {
            (table.name, column.name): column.type.family
            for table in subject.earlier
            for column in table.columns
            if (table.name, column.name) not in made
        }
        return {
            name: {
                column.name: values
                for column in reading.table.columns
                if reading.has(column.name)
                and kinds.get((name, column.name)) is not column.type.family
                and (values := [value for value in reading.values(column.name) if value is not None])
                and ((name, column.name) in kinds or len(set(values)) > 1)
                and (column.type.family not in _OF_KEYS or len(set(values)) < len(values))
            }
            for name, reading in state.items()
        }

    def _change(self, reading: Reading, *, is_old: bool) -> None:
        """Give a few old rows the plain values of new ones; where there is no new one, others that are made for them.

        Of the up's own tables the latter alone.
        """
        table = reading.table
        now = self.rows.read(table)
        key = next((unique.columns for unique in table.uniques if unique.primary), ())
        names = [name for name in key if name is not None]
        plain = _plain_columns(table)
        if not names or len(names) < len(key) or not plain:
            return
        at = {column: index for index, column in enumerate(now.columns)}
        known = {tuple(row[reading.contents.columns.index(name)] for name in names) for row in reading.contents.rows}
        keyed = [(tuple(row[at[name]] for name in names), row) for row in now.rows]
        own = self._keys_before(table, names)
        olds = sorted((value for value, _ in keyed if value in known), key=lambda value: value not in own)[:_CHANGED]
        news = [row for value, row in keyed if value not in known][:_CHANGED]
        if not news:
            few = replace(now, rows=tuple(row for value, row in keyed if value in olds))
            self._change_held(self.rows, table, few, plain, self.subject.earlier)
        if not is_old:
            return
        changes = [(*(new[at[column]] for column in plain), *old) for old, new in zip(olds, news, strict=False)]
        if changes:
            self.rows.update(table, plain, changes, by=names)


def _plain_columns(table: Table) -> list[str]:
    """Give the columns that one row can take over from another one: in no key, nor where rows are kept apart."""
    if table.exclusions or table.partitioned:
        return []
    bound = {name for unique in table.uniques for name in unique.columns}
    bound |= {name for key in table.foreign_keys for name in key.columns}
    if any(unique.expressions for unique in table.uniques):
        return []
    return [
        column.name for column in table.columns if column.name not in bound and column.written is not Written.SERVER
    ]


@contextmanager
def trip(subject: Subject, *, other_world: bool = False) -> Iterator[Trip]:
    """Take a branch of the subject's database."""
    with subject.database.branch(other_world=other_world) as connection:
        yield Trip(subject, subject.met.listen(connection))


@contextmanager
def filled_trip(subject: Subject, *, without: Collection[str]) -> Iterator[Trip]:
    """Take a branch with the rows of ``Trip.fill`` in it: as another was filled before, where there was one."""
    kept = subject.fills.known(subject, without)
    if kept is not None:
        with trip(subject) as here:
            if kept.write(here.rows):
                yield here
                return
        subject.fills.forget()
    with trip(subject) as here:
        here.fill_first(without=without)
        yield here
