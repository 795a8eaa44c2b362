from __future__ import annotations

import datetime as dt

from glowplug.check import faults
from glowplug.check.allow import accept, complaints
from glowplug.check.settings import AllowSettings

TODAY = dt.date(2026, 11, 25)
DIFFERS = faults.DOWN_DOES_NOT_RESTORE.found("…", version="20240101000000", migration="2024-01-01-000000_a")


def entry(**changes: object) -> AllowSettings:
    values = {"rule": "down-does-not-restore", "version": "20240101000000", "because": "nobody reads it"} | changes
    return AllowSettings(**values)  # type: ignore[arg-type]


def test_a_finding_is_accepted_by_rule_and_version() -> None:
    (finding,), used = accept([DIFFERS], [entry()], today=TODAY)
    assert finding.suppressed is not None
    assert finding.suppressed.reason == "nobody reads it"
    assert used == {0}


def test_a_version_may_be_written_with_its_dashes() -> None:
    (finding,), _ = accept([DIFFERS], [entry(version="2024-01-01-000000")], today=TODAY)
    assert finding.suppressed is not None


def test_another_rule_another_version_and_no_version_accept_nothing() -> None:
    for other in (entry(rule="up-fails"), entry(version="20240101000001"), entry(version=None)):
        (finding,), used = accept([DIFFERS], [other], today=TODAY)
        assert finding.suppressed is None
        assert not used
        (complaint,) = complaints([other], used, [3], file="glowplug.toml", today=TODAY)
        assert complaint.rule == "allow-unneeded"
        assert complaint.place is not None
        assert complaint.place.line == 3


def test_an_expired_entry_accepts_nothing_and_says_so() -> None:
    old = entry(until=dt.date(2026, 11, 24))
    (finding,), used = accept([DIFFERS], [old], today=TODAY)
    assert finding.suppressed is None
    (complaint,) = complaints([old], used, [1], file="glowplug.toml", today=TODAY)
    assert (complaint.rule, complaint.severity) == ("allow-expired", "error")


def test_the_last_day_still_counts() -> None:
    (finding,), _ = accept([DIFFERS], [entry(until=TODAY)], today=TODAY)
    assert finding.suppressed is not None


def test_a_reason_is_required() -> None:
    empty = entry(because="  ")
    (finding,), used = accept([DIFFERS], [empty], today=TODAY)
    assert finding.suppressed is None
    (complaint,) = complaints([empty], used, [1], file="glowplug.toml", today=TODAY)
    assert complaint.rule == "allow-without-reason"
