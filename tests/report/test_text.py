from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click
import pytest
from msgspec.structs import replace

from glowplug.check.report import conclude
from glowplug.database.interface import SqlError
from glowplug.dialect import Dialect, Direction
from glowplug.finding import SafeForm, Severity
from glowplug.project.configuration import ChainSettings
from glowplug.rehearsal import Outcome, RoundTrip, SecondUp, StepError
from glowplug.rehearsal.measured import Data, DataOutcome, Measurement, NotSeeded
from glowplug.rehearsal.proved import may_be_kept
from glowplug.report.harmless import one_line
from glowplug.report.text import render

if TYPE_CHECKING:
    from glowplug.check.report import CheckReport
    from glowplug.finding import Finding


def test_what_a_migration_says_commands_neither_terminal_nor_runner(full_report: CheckReport) -> None:
    text = click.unstyle(render(full_report, verbosity=1))
    assert "\x1b" not in text
    assert "##[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_the_summary_names_what_decided(full_report: CheckReport) -> None:
    text = click.unstyle(render(full_report))
    assert "migrations on SQLite 3.46.1 (embedded; production's version is not said), 1.2 s" in text
    assert "New, which decide: 1 migration: 1 does not restore the schema" in text
    assert "History: 1 migration: 1 restores the schema; `--all` for the list" in text
    assert "earlier run" not in text
    assert "error[down-does-not-restore]" in text
    assert "1 finding is accepted for a reason; `-v` shows which" in text
    assert "Can't tell: the check did not get through (exit 3); 1 error (new since origin/main@abc)" in text


def test_where_the_way_down_stops_is_told_of_what_it_stops_in(full_report: CheckReport) -> None:
    (chain, *_) = full_report.chains
    rehearsal = chain.rehearsal
    assert rehearsal is not None
    old, new = sorted((trip.migration for trip in rehearsal.round_trips), key=chain.is_new)

    def told(failed_at: str, *, everything: bool = False) -> str:
        down = dataclasses.replace(rehearsal.chain_down, failed_at=failed_at, reverted=0)
        shown = replace(chain, rehearsal=dataclasses.replace(rehearsal, chain_down=down), everything_counts=everything)
        return click.unstyle(render(replace(full_report, chains=(shown,))))

    assert f"; the way down stops at {old.version}, after 0 reverts; `--all` for the list\n" in told(old.version)
    said, version = told(new.version), one_line(new.version)
    assert "  History: 1 migration: 1 restores the schema; `--all` for the list\n" in said
    assert f"\n  The whole way down stops at {version}, which is new, after 0 reverts\n" in said
    assert f"\n  The whole way down stops at {version}, after 0 reverts\n" in told(new.version, everything=True)


def test_what_was_tried_earlier_is_told_from_what_was_tried_now(full_report: CheckReport) -> None:
    (chain, *_) = full_report.chains
    assert chain.rehearsal is not None
    first = chain.rehearsal.round_trips[0]

    def told(trips: tuple[RoundTrip, ...]) -> str:
        assert chain.rehearsal is not None
        rehearsed = dataclasses.replace(chain.rehearsal, round_trips=trips)
        return click.unstyle(render(replace(full_report, chains=(replace(chain, rehearsal=rehearsed),))))

    second = dataclasses.replace(first, cached=True)
    assert "  1 tried by an earlier run, 1 by this one\n" in told((second, first))
    assert "  2 tried by an earlier run, none by this one\n" in told((second, second))
    assert "earlier run" not in told((first, first))
    for outcome in (Outcome.DIFFERS, Outcome.DOWN_FAILED, Outcome.UP_FAILED, Outcome.NO_DOWN):
        failed = dataclasses.replace(first, outcome=outcome, second_up=None)
        assert "  1 tried by an earlier run, 1 by this one\n" in told((second, failed))
        assert "  2 tried by an earlier run, none by this one\n" in told(
            (second, dataclasses.replace(failed, cached=True))
        )
    failed = dataclasses.replace(first, second_up=SecondUp.FAILED)
    assert "  1 tried by an earlier run, 1 by this one\n" in told((dataclasses.replace(failed, cached=True), first))
    unreached = dataclasses.replace(first, outcome=Outcome.NOT_REACHED, second_up=None)
    assert "  1 tried by an earlier run, none by this one\n" in told((second, unreached))


def test_what_is_tried_anew_by_each_run_is_told_to_who_asks_for_more(full_report: CheckReport) -> None:
    (chain, *_) = full_report.chains
    assert chain.rehearsal is not None
    kept, other = chain.rehearsal.round_trips

    def told(error: SqlError, outcome: Outcome, *, verbosity: int = 1) -> str:
        assert chain.rehearsal is not None
        step = StepError(direction=Direction.DOWN, file="down.sql", error=error)
        asked = replace(other.migration, down=b"SELECT 1")
        anew = dataclasses.replace(other, migration=asked, outcome=outcome, error=step, second_up=None)
        assert not may_be_kept(anew)
        rehearsed = dataclasses.replace(chain.rehearsal, round_trips=(kept, anew))
        all_of_it = replace(chain, rehearsal=rehearsed, everything_counts=True)
        return click.unstyle(render(replace(full_report, chains=(all_of_it,)), verbosity=verbosity))

    missing = SqlError(code="42P01", message="no such table")
    assert "(tried anew by each run: the up fails)\n" in told(missing, Outcome.UP_FAILED)
    late = SqlError(code="57014", message="canceling statement", timed_out=True)
    said = told(late, Outcome.DOWN_FAILED)
    assert "(tried anew by each run: what failed may be the machine's or the moment's: canceling statement)\n" in said
    assert said.count("tried anew") == 1
    assert "tried anew" not in told(late, Outcome.DOWN_FAILED, verbosity=0)


def test_files_of_seeds_are_counted_apart_from_tables(full_report: CheckReport) -> None:
    (chain, *_) = full_report.chains
    assert chain.rehearsal is not None
    first, *others = chain.rehearsal.round_trips

    def told(*items: str, ran: tuple[str, ...] = ()) -> str:
        assert chain.rehearsal is not None
        short = tuple(NotSeeded(table=item, why="refused") for item in items)
        data = Data(outcome=DataOutcome.LOSSY, not_seeded=short, seeds_ran=ran)
        trip = dataclasses.replace(first, measurement=Measurement(observed=None, observed_down=None, data=data))
        rehearsed = dataclasses.replace(chain.rehearsal, round_trips=(trip, *others))
        shown = render(replace(full_report, chains=(replace(chain, rehearsal=rehearsed, everything_counts=True),)))
        return next(line for line in click.unstyle(shown).splitlines() if line.startswith("  Rows: "))

    assert told("seeds/a.sql") == "  Rows: 1 lossy, 1 file of seeds/ could not be run"
    assert told("seeds/a.sql", "seeds/mysql/b.sql", "users") == (
        "  Rows: 1 lossy, 1 table could not be filled, 2 files of seeds/ could not be run"
    )
    assert told("seeds/a.sql", ran=("seeds/a.sql",)) == "  Rows: 1 lossy"


def test_where_the_backend_was_taken_from_is_told_to_who_asks_for_more(full_report: CheckReport) -> None:
    (first, *_) = full_report.chains
    chain = replace(first.chain, dialect_reason="Cargo.toml builds diesel for it")
    report = replace(full_report, chains=(replace(first, chain=chain),))
    said = "  SQLite: Cargo.toml builds diesel for it\n"
    assert said in click.unstyle(render(report, verbosity=1))
    assert said not in click.unstyle(render(report))


def test_quiet_leaves_the_verdict_and_what_stopped_it(full_report: CheckReport) -> None:
    first, second = full_report.chains
    assert second.problem is not None
    problem = replace(second.problem, message="the cache directory /x can't be made", advice="Set another.")
    report = replace(full_report, chains=(first, replace(second, problem=problem)))
    *stopped, verdict = click.unstyle(render(report, verbosity=-1)).splitlines()
    assert stopped == [
        "migrations",
        "  stopped: glowplug.toml:3: the cache directory /x can't be made",
        "    │ Set another.",
    ]
    assert verdict.startswith("Can't tell")
    assert len(render(replace(full_report, chains=(first,)), verbosity=-1).splitlines()) == 1


def test_history_alone_makes_no_no(full_report: CheckReport) -> None:
    first = replace(full_report.chains[0], new=frozenset())
    report = conclude((first,), fail_on=Severity.ERROR, base="origin/main@abc")
    assert report.exit_code == 0
    assert "Yes: no migration is new" in click.unstyle(render(report))
    clean = conclude((replace(full_report.chains[0], findings=()),), fail_on=Severity.ERROR, base=None)
    assert "Yes: nothing found" in click.unstyle(render(clean))
    counted = conclude((replace(first, everything_counts=True),), fail_on=Severity.ERROR, base=None)
    assert counted.exit_code == 1


def test_many_notices_of_one_rule_are_counted_unless_more_is_asked_for(full_report: CheckReport) -> None:
    (chain, *_) = full_report.chains
    several = tuple(
        replace(chain.findings[0], migration=None, severity=Severity.NOTICE, rule="quiet", subject=str(number))
        for number in range(5)
    )
    report = replace(full_report, chains=(replace(chain, findings=several),))
    text = click.unstyle(render(report))
    assert text.count("notice[quiet]") == 3
    assert "3 more of notice[quiet]; `-v` shows them" in text
    assert click.unstyle(render(report, verbosity=1)).count("notice[quiet]") == 5


def test_of_notices_it_is_said_that_more_shows_what_to_write_instead(full_report: CheckReport) -> None:
    (chain, *_) = full_report.chains
    notice = replace(
        chain.findings[0], migration=None, severity=Severity.NOTICE, safe_form=SafeForm(note="rename nothing")
    )

    def told(*findings: Finding, verbosity: int = 0) -> str:
        report = replace(full_report, chains=(replace(chain, findings=findings),))
        return click.unstyle(render(report, verbosity=verbosity))

    other = replace(notice, subject="other")
    assert "  `-v` shows what to write instead for one of these notices\n" in told(notice)
    assert "  `-v` shows what to write instead for 2 of these notices\n" in told(notice, other)
    assert "write instead" not in told(replace(notice, safe_form=None), replace(notice, severity=Severity.WARNING))
    assert "write instead" not in told(notice, verbosity=1)
    assert "rename nothing" in told(notice, verbosity=1)
    assert f"  1 more of notice[{notice.rule}]; `-v` shows it\n" in told(notice, other, replace(notice, subject="3"))


@pytest.mark.parametrize(
    ("said", "likeness"),
    [
        ("16", "production's own version"),
        ("16.15", "production's own version"),
        ("16.3", "production runs 16.3, of the same series"),
        ("16.1", "production runs 16.1, of the same series"),
    ],
)
def test_a_server_of_productions_series_is_not_said_to_be_of_its_version(
    full_report: CheckReport, said: str, likeness: str
) -> None:
    (first, *_) = full_report.chains
    assert first.scratch is not None
    scratch = dataclasses.replace(first.scratch, server="PostgreSQL 16.15", matches_production=True)
    chain = replace(first.chain, dialect=Dialect.POSTGRES, settings=ChainSettings(server_version=said))
    text = click.unstyle(render(replace(full_report, chains=(replace(first, chain=chain, scratch=scratch),))))
    assert f"migrations on PostgreSQL 16.15 (embedded; {likeness})" in text


def test_every_outcome_has_words_for_who_asks_for_more(full_report: CheckReport) -> None:
    (chain, *_) = full_report.chains
    assert chain.rehearsal is not None
    trips = tuple(dataclasses.replace(chain.rehearsal.round_trips[0], outcome=each) for each in Outcome)
    rehearsed = dataclasses.replace(chain.rehearsal, round_trips=trips)
    shown = replace(chain, rehearsal=rehearsed, everything_counts=True)
    text = click.unstyle(render(replace(full_report, chains=(shown,)), verbosity=1))
    assert "    1_good: restores the schema\n" in text
    assert not [each for each in Outcome if "_" in each.value and each.value in text]
    measured = [
        dataclasses.replace(
            trips[0], measurement=Measurement(observed=None, observed_down=None, data=Data(outcome=each))
        )
        for each in DataOutcome
    ]
    rehearsed = dataclasses.replace(chain.rehearsal, round_trips=tuple(measured))
    text = click.unstyle(render(replace(full_report, chains=(replace(shown, rehearsal=rehearsed),)), verbosity=1))
    assert "    1_good: restores the schema; rows: not measured\n" in text
    assert not [each for each in DataOutcome if "_" in each.value and each.value in text]
