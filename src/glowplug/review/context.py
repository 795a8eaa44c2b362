"""What a rule may ask: the statement, its file and migration, the schema before it, and the settings."""

from __future__ import annotations

import bisect
import functools
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect, Direction
from glowplug.finding import Place, Related
from glowplug.review.held import Held
from glowplug.review.version import Version

if TYPE_CHECKING:
    from glowplug.project import Chain, Migration
    from glowplug.review.version import Versions
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import Origin
    from glowplug.sql.parts import Name, Span
    from glowplug.sql.statement import Script, Statement


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for the whole chain.

    ``version`` is production's, None where it is not said. ``foreign_keys`` is SQLite's setting at the start of a
    session; ``foreign_keys_said`` whether somebody said so, or it was only derived.
    ``session_setup`` are the statements that the application runs first on its connection. ``directory`` is the
    chain's, as glowplug.toml names it.
    """

    dialect: Dialect
    version: Version | None = None
    foreign_keys: bool | None = None
    foreign_keys_said: bool = False
    session_setup: tuple[str, ...] = ()
    directory: str = "migrations"

    @classmethod
    def of(cls, chain: Chain) -> Terms:
        """Take them from what was said of a chain, and from what its project lets see."""
        said = chain.settings.server_version
        setup = chain.settings.session_setup
        return cls(
            dialect=chain.dialect,
            version=None if said is None else Version.of(said, chain.dialect),
            foreign_keys=None if chain.foreign_keys is None else chain.foreign_keys[0],
            foreign_keys_said=any("foreign_keys" in statement.lower() for statement in setup),
            session_setup=setup,
            directory=chain.directory,
        )


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """One statement, where it stands. ``schema`` is the Simulation just before the action that is looked at.

    ``held`` is what PostgreSQL keeps locked by then, this statement's own locks included. ``before`` is the schema
    before the statement, where an action of it drops a constraint. ``earlier`` is the one before up.sql, in a down.sql.
    """

    terms: Terms
    migration: Migration
    direction: Direction
    script: Script
    statement: Statement
    schema: Simulation
    held: Held = msgspec.field(default_factory=Held)
    before: Simulation | None = None
    earlier: Simulation | None = None

    @property
    def dialect(self) -> Dialect:
        """The chain's backend."""
        return self.terms.dialect

    @property
    def down(self) -> bool:
        """Whether this is the way back."""
        return self.direction is Direction.DOWN

    @property
    def in_transaction(self) -> bool:
        """Whether Diesel wraps the file in a transaction (metadata.toml; MySQL's DDL commits it all the same)."""
        return self.migration.run_in_transaction

    @property
    def atomic(self) -> bool:
        """Whether a file that fails leaves nothing behind.

        On PostgreSQL one file is one batch, which is one implicit transaction even without Diesel's, unless it
        commits by itself; on MySQL every DDL statement commits (hazards 106, 134).
        """
        if self.dialect is Dialect.MYSQL:
            return False
        return self.dialect is Dialect.POSTGRES or self.in_transaction

    def may_be(self, versions: Versions) -> bool:
        """Whether production's server may be one of ``versions``: it is, or nobody said what it is."""
        return self.terms.version is None or self.terms.version in versions

    def is_new(self, table: Name) -> bool:
        """Whether the table, its partitions and heirs are made in this file: nobody waits for them, they are small."""
        return self.schema.is_new(table) and all(self.schema.is_new(heir) for heir in self.schema.heirs(table))

    def text(self, span: Span) -> str:
        """Give the text of a span of this file."""
        return self.script.text_of(span)

    def replaced(self, span: Span, text: str) -> str:
        """Give the whole statement with another text in the place of a span of it."""
        whole = self.statement.span
        return self.script.text[whole.start : span.start] + text + self.script.text[span.end : whole.end]

    def place(self, span: Span) -> Place:
        """Turn a span of this file into a Place, lines and columns from 1."""
        line, column = position(self.script.text, span.start)
        end_line, end_column = position(self.script.text, span.end)
        return Place(
            file=self.migration.file(self.direction),
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
        )

    def related(self, origin: Origin, message: str) -> Related:
        """Point at the earlier place in the chain that made it so."""
        return Related(place=Place(file=origin.file, line=origin.line, column=origin.column), message=message)


def position(text: str, offset: int) -> tuple[int, int]:
    """Give line and column of an offset in a text, both from 1."""
    starts = line_starts(text)
    line = bisect.bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


@functools.lru_cache(maxsize=8)  # a file of 100,000 statements asks for each
def line_starts(text: str) -> list[int]:
    """Give the offset at which each line of a text begins."""
    starts = [0]
    at = text.find("\n") + 1
    while at:
        starts.append(at)
        at = text.find("\n", at) + 1
    return starts
