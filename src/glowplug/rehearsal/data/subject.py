"""What is measured of one migration, and what follows from its text and from the tables on both sides of its up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Direction
from glowplug.rehearsal.data.files.harmless import may_refuse_rows
from glowplug.rehearsal.data.files.names import Names, renamed
from glowplug.rehearsal.data.files.steady import Settled, is_steady
from glowplug.rehearsal.data.filling.aims import aims, chosen, relaxed, set_by, without_parents
from glowplug.rehearsal.data.filling.documents import plain_documents
from glowplug.rehearsal.data.filling.joined import joins
from glowplug.rehearsal.data.filling.numbering import numbered, numberings
from glowplug.rehearsal.data.refilling import Fills
from glowplug.rehearsal.met import Met

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.database.rows import Value
    from glowplug.dialect import Dialect
    from glowplug.project import Migration
    from glowplug.rehearsal.data.files.text import Text
    from glowplug.rehearsal.data.files.touched import Touched
    from glowplug.rehearsal.data.filling.joined import Join
    from glowplug.rehearsal.data.filling.numbering import Numbering
    from glowplug.rehearsal.seeding import DataSettings
    from glowplug.rehearsal.seeds import Seed
    from glowplug.schema.tables import Table
    from glowplug.scratch.interface import Database


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured, and with what; ``before`` and ``after`` are its tables on both sides of the up.

    ``aimed``: rows are written that the files' conditions pick, and that the up is to mend before it asks for more;
    ``documented``: with JSON that holds what the files look for; ``chosen``: all hold what the up's CASEs name.
    ``apart``: keys are numbered far from those that a file writes. ``met`` hears what the server says meanwhile;
    ``fills``: what branches were filled with; ``settled``: what the down has left on them.
    """

    database: Database
    migration: Migration
    dialect: Dialect
    settings: DataSettings
    seeds: tuple[Seed, ...]
    text: Text
    has_down: bool
    before: tuple[Table, ...] = ()
    after: tuple[Table, ...] = ()
    names: Names = Names({}, {})
    touched: Touched
    aimed: bool = True
    documented: bool = True
    chosen: bool = False
    apart: bool = False
    met: Met = msgspec.field(default_factory=Met)
    fills: Fills = msgspec.field(default_factory=Fills)
    settled: Settled = msgspec.field(default_factory=Settled)

    @property
    def aims(self) -> Mapping[str, Sequence[Mapping[str, Value]]]:
        """What some rows hold so that the files' conditions pick them."""
        if not self.aimed:
            return {}
        keys = {(key.table, column) for table in self.before for key in table.foreign_keys for column in key.referenced}
        keys -= {(table.name, column.name) for table in self.before for column in numbered(table)}
        return {
            name: [{column: row[column] for column in row if (name, column) not in keys} for row in rows]
            for name, rows in aims(
                self.text, self.before, self.asked, seed=self.settings.seed, documents=self.documented
            ).items()
        }

    @property
    def drawn(self) -> Mapping[str, Mapping[str, Sequence[Value]]]:
        """The only values of columns that the up takes no others of, or may not."""
        return chosen(self.text, self.before, seed=self.settings.seed) if self.chosen else self.documents

    @property
    def documents(self) -> Mapping[str, Mapping[str, Sequence[Value]]]:
        """The values of columns of texts that the files read as JSON."""
        if not self.aimed or not self.documented:
            return {}
        later = {table.name: table for table in self.asked}
        settings = self.settings
        return plain_documents(self.text, self.before, later, rows=settings.rows, seed=settings.seed)

    @property
    def asked(self) -> tuple[Table, ...]:
        """The tables that there are to be, without what is asked of columns that the up itself sets."""
        later = without_parents(self.text, self.before, self.later)
        if not self.aimed:
            return later
        return relaxed(self.before, later, set_by(self.text.up, self.before, self.dialect))

    @property
    def joins(self) -> tuple[Join, ...]:
        """The joins of the up by which a row may have a partner or none."""
        return joins(self.text.up, self.before, self.later, self.dialect)

    @property
    def is_fitted(self) -> bool:
        """Whether rows hold what the files look for in texts, or in other tables."""
        return self.aimed and bool(self.documents or self.joins)

    @property
    def later(self) -> tuple[Table, ...]:
        """The tables that there are to be, by the names that they have before the up."""
        return renamed(self.after, self.names.back(), self.before)

    @property
    def earlier(self) -> tuple[Table, ...]:
        """The tables that there were, by the names that they have after the up."""
        return renamed(self.before, self.names, self.after)

    @property
    def numberings(self) -> Mapping[Direction, Numbering]:
        """The numbers of rows that are written before a file runs in each direction."""
        return numberings(self.before, self.after, self.names, later=self.later, earlier=self.earlier)

    @property
    def untouched(self) -> tuple[Table, ...]:
        """The tables that the up has left as they are, and that neither file has to do with."""
        if self.text.opaque:
            return ()
        after = {table.name: table for table in self.after if table.name not in self.touched.after}
        return tuple(
            table for table in self.before if table.name not in self.touched.before and after.get(table.name) == table
        )

    def is_steady(self, *, rows: bool = True) -> bool:
        """Whether both files do the same each time that they run on the same tables; ``rows``: they may write some."""
        return all(is_steady(self.text.file(direction), self.dialect, rows=rows) for direction in Direction)

    def may_refuse(self, direction: Direction) -> bool:
        """Whether a file does anything that may fail where a row is odd."""
        return may_refuse_rows(self.text.file(direction), self.dialect)
