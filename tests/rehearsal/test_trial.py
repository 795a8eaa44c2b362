"""What is tried beside the round trip, where the database can't be copied: nothing is then taken for tried."""

from __future__ import annotations

import os

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal import Outcome, rehearse
from glowplug.rehearsal.measured import DataOutcome
from glowplug.rehearsal.proved import may_be_kept
from glowplug.rehearsal.seeding import DataSettings
from glowplug.rehearsal.trial import Trial
from glowplug.scratch import open_server
from glowplug.scratch.settings import Request, ScratchSettings

TEST = b"-- glowplug: given\nINSERT INTO t VALUES (1);\n-- glowplug: after up\nSELECT c FROM t;\n--> NULL\n"


def chain(before: str) -> Chain:
    return Chain(
        directory="m",
        dialect=Dialect.POSTGRES,
        migrations=(
            Migration(version="1", name="1", path="m/1", up=before.encode(), down=b"DROP TABLE t"),
            Migration(
                version="2",
                name="2",
                path="m/2",
                up=b"ALTER TABLE t ADD COLUMN c int",
                down=b"ALTER TABLE t DROP COLUMN c",
                test=TEST,
            ),
        ),
        settings=ChainSettings(),
    )


@pytest.mark.postgres
@pytest.mark.parametrize("rows", [0, 20])
def test_a_test_that_can_not_be_run_is_one_that_fails_and_ends_nothing_else(rows: int) -> None:
    request = Request(
        dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
    )
    trial = Trial(data=DataSettings(rows=rows))
    with open_server(request) as server:
        for more, reason in (("", None), ("; CREATE TEMP TABLE x (id int)", "temporary tables")):
            shown = rehearse(chain(f"CREATE TABLE t (id int){more}"), server, forward_only=False, trial=trial)
            first, second = shown.round_trips
            assert (first.outcome, second.outcome) == (Outcome.RESTORED, Outcome.RESTORED)
            assert second.measurement is not None
            if reason is None:
                assert second.measurement.tests == ()
                assert may_be_kept(second)
                continue
            (failure,) = second.measurement.tests
            assert "could not be run" in failure.message
            assert failure.error is not None
            assert reason in failure.error.message
            assert second.measurement.data.outcome is DataOutcome.NOT_MEASURED
            assert not may_be_kept(second)
