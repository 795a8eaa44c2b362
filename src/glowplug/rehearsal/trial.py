"""What is tried beside the schema's round trip: rows, locks, the project's own tests and assertions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.rehearsal.data import measure
from glowplug.rehearsal.measured import NOT_ASKED, Data, DataOutcome, Measurement
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
            measurement = measure(
                database,
                migration,
                dialect=chain.dialect,
                settings=self.data,
                seeds=self.seeds,
                forward_only=forward_only,
            )
        if migration.test is None:
            return measurement
        with database.branch() as connection:
            return msgspec.structs.replace(measurement, tests=run_test(connection, migration))
