"""An observation replaces the guess, but only of what the scratch server has as production has it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from glowplug.check.allow import Allowance
from glowplug.check.observed import overrule
from glowplug.check.witnessed import LOCKS_LESS, READS_NOTHING, Witness, told_by, witnesses
from glowplug.database.interface import SqlError
from glowplug.database.trace import Lock, Seen, Trace
from glowplug.finding import Basis, Finding, Harm, Place, Severity
from glowplug.project import Migration
from glowplug.rehearsal import Outcome, RoundTrip
from glowplug.rehearsal.measured import Data, DataOutcome, Measurement, NotSeeded
from glowplug.scratch.interface import ServerDescription

FILE = "migrations/1_a/up.sql"
AT = Place(file=FILE, line=3, column=1, end_line=4, end_column=2)


def finding(rule: str, **more: object) -> Finding:
    given = {
        "rule": rule,
        "hazards": (1,),
        "severity": Severity.ERROR,
        "harm": Harm.LOCK,
        "message": "reads all of users",
        "place": AT,
        "subject": "users.email",
        "basis": Basis.PREDICTED,
    }
    return Finding(**{**given, **more})  # type: ignore[arg-type]  # mypy sees objects


SCANS = finding("set-not-null-scans-table")
REWRITES = finding("type-rewrites-table", harm=Harm.REWRITE)
LOCKS = finding("index-drop-blocks-table")


def seen(line: int, *locks: tuple[str, str], **more: object) -> Seen:
    return Seen(line=line, seconds=0.1, locks=tuple(Lock(relation=name, mode=mode) for name, mode in locks), **more)  # type: ignore[arg-type]  # the same


def witness(*statements: Seen, blind: str | None = None, empty: frozenset[str] | None = frozenset()) -> Witness:
    return Witness(trace=Trace(statements=statements, error=None, seconds=0.1, blind=blind), empty=empty)


EXCLUSIVE = ("public.users", "ACCESS EXCLUSIVE")
READ = ("public.users",)


@pytest.mark.parametrize(
    ("foretold", "statements"),
    [
        (SCANS, [seen(3, EXCLUSIVE, scanned=READ)]),
        (SCANS, [seen(4, EXCLUSIVE, scanned=READ)]),
        (SCANS, [seen(1, EXCLUSIVE), seen(3, scanned=READ)]),  # the lock is held from before
        (SCANS, [seen(3, EXCLUSIVE, rewritten=READ)]),
        (REWRITES, [seen(3, EXCLUSIVE, rewritten=READ, scanned=READ)]),
        (LOCKS, [seen(3, EXCLUSIVE)]),
    ],
)
def test_what_was_foretold_and_seen_is_observed(foretold: Finding, statements: list[Seen]) -> None:
    assert told_by(witness(*statements), foretold) == replace(foretold, basis=Basis.OBSERVED)


@pytest.mark.parametrize(
    ("foretold", "statements", "words"),
    [
        (SCANS, [seen(3, EXCLUSIVE)], READS_NOTHING),
        (SCANS, [seen(1, scanned=READ), seen(3, EXCLUSIVE), seen(5, scanned=READ)], READS_NOTHING),
        (REWRITES, [seen(3, EXCLUSIVE, scanned=READ)], READS_NOTHING),
        (LOCKS, [seen(3, ("public.users", "SHARE UPDATE EXCLUSIVE"))], LOCKS_LESS),
    ],
)
def test_what_was_foretold_and_not_seen_is_a_notice_that_says_so(
    foretold: Finding, statements: list[Seen], words: str
) -> None:
    told = told_by(witness(*statements), foretold)
    assert (told.severity, told.basis) == (Severity.NOTICE, Basis.OBSERVED)
    assert told.message == f"{foretold.message}: but {words}"


@pytest.mark.parametrize(
    ("foretold", "told"),
    [
        (SCANS, witness(seen(3, EXCLUSIVE), empty=None)),
        (SCANS, witness(seen(3, EXCLUSIVE), empty=frozenset({"public.users"}))),
        (SCANS, witness(seen(3, EXCLUSIVE), blind="the file could not be parsed")),
        (SCANS, witness(seen(3, EXCLUSIVE, error=SqlError(code="57014", message="no")))),
        (SCANS, witness(seen(3))),  # IF EXISTS, and it does not
        (SCANS, witness(seen(3, ("public.others", "ACCESS EXCLUSIVE")))),
        (SCANS, witness(seen(5, EXCLUSIVE))),
        (SCANS, witness()),
        (SCANS, witness(seen(3, EXCLUSIVE, rebuilt_indexes=("public.users_i",)))),
        (LOCKS, witness(seen(3))),
        (replace(SCANS, rule="partition-of-blocks-parent"), witness(seen(3, EXCLUSIVE))),
        (replace(SCANS, severity=Severity.NOTICE), witness(seen(3, EXCLUSIVE))),
        (replace(SCANS, harm=Harm.FAILS), witness(seen(3, EXCLUSIVE, scanned=READ))),
        (replace(SCANS, rule="lock-timeout-missing"), witness(seen(3, EXCLUSIVE, scanned=READ))),
        (replace(SCANS, rule="no-such-rule"), witness(seen(3, EXCLUSIVE, scanned=READ))),
        (replace(SCANS, place=None), witness(seen(3, EXCLUSIVE, scanned=READ))),
        (replace(SCANS, rule="type-copies-table"), witness(seen(3, EXCLUSIVE, scanned=READ))),
    ],
)
def test_what_nobody_can_say_stays_as_it_was_foretold(foretold: Finding, told: Witness) -> None:
    assert told_by(told, foretold) == foretold


def allowance(rule: str, *evidence: str, covers: bool = True) -> Allowance:
    return Allowance(
        rule=rule,
        because="it is proved",
        until=None,
        evidence=evidence,
        source="sql",
        what="`glowplug: allow`",
        place=AT,
        covers=lambda _: covers,
        subject=rule,
    )


@pytest.mark.parametrize("told", [witness(seen(3, EXCLUSIVE)), witness(seen(3, EXCLUSIVE, scanned=READ))])
def test_a_step_done_by_hand_in_production_is_not_overruled(told: Witness) -> None:
    by_hand = allowance(SCANS.rule, 'step "the CHECK was validated by hand"')
    assert overrule([SCANS], [], {FILE: told}, allowed=[by_hand]) == (SCANS,)
    for other in (
        allowance(SCANS.rule, "rows <= 100"),
        allowance("another-rule", *by_hand.evidence),
        allowance(SCANS.rule, *by_hand.evidence, covers=False),
    ):
        assert overrule([SCANS], [], {FILE: told}, allowed=[other]) != (SCANS,)


def test_only_the_file_that_was_seen_is_overruled() -> None:
    told = witness(seen(3, EXCLUSIVE, scanned=READ))
    assert overrule([SCANS], [], {"migrations/2_b/up.sql": told}) == (SCANS,)
    assert overrule([SCANS], [], {FILE: told}) == (replace(SCANS, basis=Basis.OBSERVED),)
    assert overrule([SCANS], []) == (SCANS,)


UP, DOWN = (Trace(statements=(seen(number),), error=None, seconds=0.1) for number in (1, 2))


def trip(data: Data) -> RoundTrip:
    migration = Migration(version="1", name="1_a", path="migrations/1_a", up=b"SELECT 1", down=b"SELECT 2")
    measured = Measurement(observed=UP, observed_down=DOWN, data=data)
    return RoundTrip(migration=migration, outcome=Outcome.RESTORED, measurement=measured)


def scratch(matches: bool | None) -> ServerDescription:
    return ServerDescription(server="PostgreSQL 18.1", source="machine", matches_production=matches)


def test_witnesses_are_both_files_with_the_tables_that_had_no_rows() -> None:
    data = Data(outcome=DataOutcome.LOSSLESS, not_seeded=(NotSeeded(table="public.users", why="no"),))
    empty = frozenset({"public.users"})
    expected = {FILE: Witness(trace=UP, empty=empty), "migrations/1_a/down.sql": Witness(trace=DOWN, empty=empty)}
    assert witnesses([trip(data)], scratch(None)) == witnesses([trip(data)], scratch(matches=True)) == expected
    nothing = witnesses([trip(Data(outcome=DataOutcome.NOT_MEASURED))], scratch(None))
    assert {each.empty for each in nothing.values()} == {None}
    assert witnesses([replace_measurement(trip(data))], scratch(None)) == {}


def test_a_server_of_another_version_is_no_witness() -> None:
    data = Data(outcome=DataOutcome.LOSSLESS)
    assert witnesses([trip(data)], scratch(matches=False)) == {}
    assert witnesses([trip(data)], None) == {}


def replace_measurement(given: RoundTrip) -> RoundTrip:
    return RoundTrip(migration=given.migration, outcome=given.outcome)
