"""What is tried beside the schema's round trip: rows, locks, the project's own tests and assertions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.interface import SqlError
from glowplug.errors import CannotBranch
from glowplug.rehearsal.measured import NOT_ASKED, Data, DataOutcome, Measurement, TestFailure
from glowplug.rehearsal.migration_test import run_test

if TYPE_CHECKING:
    from glowplug.project import Chain, Migration
    from glowplug.rehearsal.assertions import AssertSettings
    from glowplug.rehearsal.seeding import DataSettings
    from glowplug.rehearsal.seeds import Seed
    from glowplug.scratch.interface import Database


NOTHING_ASKED = Measurement(
    observed=None, observed_down=None, data=Data(outcome=DataOutcome.NOT_MEASURED, why=NOT_ASKED)
)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What to try: with which rows, and what must hold at the end of the chain."""

    data: DataSettings
    seeds: tuple[Seed, ...] = ()
    assertions: tuple[AssertSettings, ...] = ()

    def measure(self, chain: Chain, database: Database, migration: Migration, *, forward_only: bool) -> Measurement:
        """Try a migration on branches of ``database``, which stands in the state before its up.

        Raises:
            EnvironmentFailure: the server, not a migration, failed.
        """
        measurement = NOTHING_ASKED
        if self.data.rows:
            from glowplug.rehearsal.data import measure  # noqa: PLC0415 - only where rows are asked for, and new

            measurement = measure(
                database,
                migration,
                dialect=chain.dialect,
                settings=self.data,
                seeds=self.seeds,
                forward_only=forward_only,
                earlier=_earlier(chain, migration),
            )
        if migration.test is None:
            return measurement
        return msgspec.structs.replace(measurement, tests=_run_test(database, migration))


def _run_test(database: Database, migration: Migration) -> tuple[TestFailure, ...]:
    """Run its test.sql; one that can't be run has not held."""
    try:
        with database.branch() as connection:
            return run_test(connection, migration)
    except CannotBranch as obstacle:
        error = SqlError(code=None, message=obstacle.message, hint=obstacle.advice)
        return (TestFailure(line=None, message="this test could not be run on a copy of the database", error=error),)


def _earlier(chain: Chain, migration: Migration) -> tuple[Migration, ...]:
    """Give the migrations that go up before this one."""
    before = itertools.takewhile(lambda each: each is not migration, chain.migrations)
    return tuple(each for each in before if each.runnable)
