"""There and back where nothing has to be undone: one index, made or dropped CONCURRENTLY.

An index holds nothing of its own. Where one that an up made is dropped and made again by the very same statement, or
one that it dropped is made and dropped again, the database is as it was, but for the index's number. That saves a copy
of the database. Whatever does not end like that is put right here, and then done again in a copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.postgres import identifier, literal
from glowplug.database.postgres.lone_table import lone_tables
from glowplug.dialect import Direction
from glowplug.errors import EnvironmentFailure
from glowplug.sql.postgres_concurrent import lone_index

if TYPE_CHECKING:
    from typing import Self

    from glowplug.database.interface import Run
    from glowplug.database.postgres import PostgresConnection
    from glowplug.database.postgres.session import Session
    from glowplug.project import Migration
    from glowplug.sql.postgres_concurrent import LoneIndex


class InPlace:
    """The way there and back of one migration, whose up was the last that ran."""

    def __init__(
        self, home: PostgresConnection, migration: Migration, files: tuple[LoneIndex, LoneIndex], where: _Where
    ) -> None:
        """Start from the state of ``home``; ``files``: what is known of the down and the up."""
        self._files = files
        self._where = where
        self._home = home
        self._migration = migration
        self._start = home.snapshot()
        self._done: list[Direction] = []
        self._interrupted = False

    @classmethod
    def of(cls, home: PostgresConnection, migration: Migration) -> Self | None:
        """Give one where the files are of this kind, and tell of the same index."""
        if migration.run_in_transaction or home.access.superuser or not home.nestable:
            return None
        up, down = (lone_index((content or b"").decode(errors="replace")) for content in (migration.up, migration.down))
        if up is None or down is None or up.dropped == down.dropped or not up.index or up.index != down.index:
            return None
        table, same = lone_tables(home.session, up, down)
        where = _where(home.session, table or same)
        if where is None or not _is_safe(up, table, same, where):
            return None
        return cls(home, migration, (down, up), where)

    def run(self, migration: Migration, direction: Direction) -> Run | None:
        """Run the down, then the up; None for anything else, and where it fails."""
        expected = (Direction.DOWN, Direction.UP)[len(self._done)] if len(self._done) <= 1 else None
        if migration is not self._migration or direction is not expected:
            return None
        self._done.append(direction)
        self._interrupted = True
        run = self._home.run_lone(migration, direction, self._files[len(self._done) - 1], self._where.table)
        self._interrupted = False
        return run if run.error is None else None

    def leave(self) -> None:
        """See that all is as it was, and put right what is not, unless an exception ended a run: that ends all.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: it can't be put right.
        """
        if (
            not self._done
            or self._interrupted
            or (self._is_recorded() and self._home.snapshot().objects == self._start.objects)
        ):
            return
        self._put_right(self._files[1])
        if not self._is_recorded() or self._home.snapshot().objects != self._start.objects:
            raise EnvironmentFailure(
                f"migration {self._migration.version}: its index was dropped and made again on the scratch server, and"
                " is not what it was before",
                advice="Nothing is said of the chain, for what follows would not start from what its ups made.",
            )

    def _is_recorded(self) -> bool:
        return self._migration.version in self._home.recorded()

    def _put_right(self, up: LoneIndex) -> None:
        home, session = self._home, self._home.session
        limit, session.statement_timeout = session.statement_timeout, None
        try:
            home.require(f"DROP INDEX IF EXISTS {identifier(self._where.schema)}.{identifier(up.index)}")
            if not up.dropped:
                home.require((self._migration.up or b"").decode())
            if not self._is_recorded():
                home.require(f"INSERT INTO {BOOKKEEPING_TABLE} (version) VALUES ({literal(self._migration.version)})")
        finally:
            session.statement_timeout = limit
        home.forget()


class _Where(msgspec.Struct, frozen=True, kw_only=True):
    """The index's table: its oid, its schema, which is the index's too, and whether names are looked for there."""

    table: str
    schema: str
    in_path: bool


def _where(session: Session, table: str | None) -> _Where | None:
    """Ask where the table is; None where there is none, or the server does not tell."""
    if table is None:
        return None
    reply = session.batch(
        "SELECT n.nspname, n.nspname OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(true))"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        f" WHERE c.oid OPERATOR(pg_catalog.=) {table}".encode(),
        rows=True,
    )
    if not reply.ok or not reply.results or not reply.results[0].ntuples:
        return None
    schema, in_path = (reply.results[0].get_value(0, column) or b"" for column in range(2))
    return _Where(table=table, schema=schema.decode(errors="replace"), in_path=in_path == b"t")


def _is_safe(up: LoneIndex, table: str | None, same: str | None, where: _Where) -> bool:
    """Whether the up surely made the index that is there, or there is none and it would drop what the down makes.

    What else there was can't be made again. ``table`` is the one that the up names now, itself or by its index,
    ``same`` the one that the down does, ``where`` either.
    """
    if up.dropped:
        return table is None and (up.schema == where.schema if up.schema else where.in_path)
    return not up.anyhow and table is not None and table == same
