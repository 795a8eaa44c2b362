from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.report import ChainReport, CheckReport, Problem, conclude
from glowplug.database.interface import SqlError
from glowplug.dialect import Dialect, Direction
from glowplug.errors import NoServer
from glowplug.finding import Basis, Excerpt, Place, Related, SafeForm, Severity, Step, Suppression
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal import ChainDown, Outcome, Rehearsal, RoundTrip, SecondUp, StepError
from glowplug.rehearsal.outcome import WayDown
from glowplug.schema import Difference, SchemaObject
from glowplug.scratch.interface import ServerDescription

HOSTILE = "2024_\x1b[2J\n::error::\udcff##[error]"


@pytest.fixture
def full_report() -> CheckReport:
    """One of everything, with names that are out to do harm."""
    good = Migration(
        version="1", name="1_good", path="migrations/1_good", up=b"", down=b"", digest="a" * 64, chain_digest="c" * 64
    )
    bad = Migration(
        version=HOSTILE,
        name=HOSTILE,
        path=f"migrations/{HOSTILE}",
        up=b"",
        down=b"",
        digest="b" * 64,
        chain_digest="d" * 64,
    )
    chain = Chain(directory="migrations", dialect=Dialect.SQLITE, migrations=(good, bad), settings=ChainSettings())
    error = StepError(
        direction=Direction.UP,
        file=bad.file(Direction.UP),
        error=SqlError(code="SQLITE_ERROR", message=HOSTILE, detail=HOSTILE, hint=HOSTILE, line=1, column=2),
    )
    difference = Difference(kind="table", name=HOSTILE, property="missing", before=HOSTILE, after=None)
    trips = (
        RoundTrip(migration=good, outcome=Outcome.RESTORED, second_up=SecondUp.EQUAL),
        RoundTrip(
            migration=bad,
            outcome=Outcome.DIFFERS,
            second_up=SecondUp.FAILED,
            error=error,
            differences=(difference,),
            second_up_differences=(difference,),
        ),
    )
    left = SchemaObject(kind="table", name=HOSTILE, properties={})
    down = ChainDown(outcome=WayDown.FAILED, reverted=1, failed_at=HOSTILE, error=error, left=(left,))
    finding = replace(
        faults.DOWN_DOES_NOT_RESTORE.found(
            HOSTILE,
            version=HOSTILE,
            migration=HOSTILE,
            place=Place(file=HOSTILE, line=2, column=3, end_line=3, end_column=9),
        ),
        related=(Related(place=Place(file=HOSTILE, line=1, column=1), message=HOSTILE),),
        safe_form=SafeForm(
            steps=(Step(name=HOSTILE, up=HOSTILE, down=HOSTILE, run_in_transaction=False, note=HOSTILE),),
            replacement=HOSTILE,
            patch=HOSTILE,
            note=HOSTILE,
        ),
        basis=Basis.PREDICTED,
        excerpt=Excerpt(line=2, text=HOSTILE),
    )
    accepted = finding.suppress(Suppression(reason=HOSTILE, source="glowplug.toml", evidence=(HOSTILE,)))
    checked = ChainReport(
        chain=chain,
        new=frozenset({HOSTILE}),
        seconds=1.25,
        scratch=ServerDescription(
            server="SQLite 3.46.1", source="embedded", matches_production=None, foreign_keys=True, notes=(HOSTILE,)
        ),
        rehearsal=Rehearsal(round_trips=trips, chain_down=down, recorded=()),
        findings=(finding, accepted),
        parts=("review", "rehearsal"),
    )
    stopped = ChainReport(
        chain=chain,
        new=frozenset(),
        problem=Problem.of(NoServer(HOSTILE, file=Path("glowplug.toml"), line=3, advice=HOSTILE)),
    )
    return conclude((checked, stopped), fail_on=Severity.ERROR, base="origin/main@abc", notes=(HOSTILE,))
