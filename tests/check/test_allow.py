from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.allow import Allowance, accept, complaints, of_comments, of_settings
from glowplug.check.settings import AllowSettings
from glowplug.finding import Place
from glowplug.review import faults as of_review
from glowplug.review.reviewed import AllowComment, AllowWords

TODAY = dt.date(2026, 11, 25)
DIFFERS = faults.DOWN_DOES_NOT_RESTORE.found("…", version="20240101000000", migration="2024-01-01-000000_a")
FILE = "migrations/1_a/up.sql"
HIDDEN = of_review.SQL_NOT_SEEN.found("…", version="1", migration="1_a", place=Place(file=FILE, line=2, column=1))


def entries(**changes: object) -> list[Allowance]:
    values = {"rule": "down-does-not-restore", "version": "20240101000000", "because": "nobody reads it"} | changes
    return of_settings([AllowSettings(**values)], [3], file="glowplug.toml")  # type: ignore[arg-type]


def comment(**changes: object) -> AllowComment:
    words = AllowWords(**({"rules": ("sql-not-seen",), "because": "nobody reads it"} | changes))  # type: ignore[arg-type]
    place = Place(file=FILE, line=1, column=1)
    return AllowComment(place=place, version="1", migration="1_a", words=words, start=(2, 1), end=(2, 20))


def test_a_finding_is_accepted_by_rule_and_version() -> None:
    (finding,), used = accept([DIFFERS], entries(), today=TODAY)
    assert finding.suppressed is not None
    assert (finding.suppressed.reason, finding.suppressed.source) == ("nobody reads it", "glowplug.toml")
    assert used == {0}


def test_a_version_may_be_written_with_its_dashes() -> None:
    (finding,), _ = accept([DIFFERS], entries(version="2024-01-01-000000"), today=TODAY)
    assert finding.suppressed is not None


def test_another_rule_another_version_and_no_version_accept_nothing() -> None:
    for other in (entries(rule="up-fails"), entries(version="20240101000001"), entries(version=None)):
        (finding,), used = accept([DIFFERS], other, today=TODAY)
        assert finding.suppressed is None
        assert not used
        (complaint,) = complaints(other, used, today=TODAY)
        assert complaint.rule == "allow-unneeded"
        assert complaint.place is not None
        assert complaint.place.line == 3


def test_an_expired_entry_accepts_nothing_and_says_so() -> None:
    old = entries(until=dt.date(2026, 11, 24))
    (finding,), used = accept([DIFFERS], old, today=TODAY)
    assert finding.suppressed is None
    (complaint,) = complaints(old, used, today=TODAY)
    assert (complaint.rule, complaint.severity) == ("allow-expired", "error")


def test_the_last_day_still_counts() -> None:
    (finding,), _ = accept([DIFFERS], entries(until=TODAY), today=TODAY)
    assert finding.suppressed is not None


def test_a_reason_is_required() -> None:
    empty = entries(because="  ")
    (finding,), used = accept([DIFFERS], empty, today=TODAY)
    assert finding.suppressed is None
    (complaint,) = complaints(empty, used, today=TODAY)
    assert complaint.rule == "allow-without-reason"


def test_evidence_is_kept_as_it_was_written() -> None:
    for allowances, found in (
        (entries(rows=10000, step="by hand"), DIFFERS),
        (of_comments([comment(rows=10000, step="by hand")]), HIDDEN),
    ):
        (finding,), _ = accept([found], allowances, today=TODAY)
        assert finding.suppressed is not None
        assert finding.suppressed.evidence == ("rows <= 10000", 'step "by hand"')


def test_a_comment_accepts_what_is_in_its_statement() -> None:
    elsewhere = replace(HIDDEN, place=Place(file=FILE, line=3, column=1))
    (first, second), used = accept([HIDDEN, elsewhere], of_comments([comment()]), today=TODAY)
    assert first.suppressed is not None
    assert first.suppressed.source == "sql"
    assert second.suppressed is None
    assert used == {0}
    assert complaints(of_comments([comment()]), used, today=TODAY) == ()


@pytest.mark.parametrize(
    ("changes", "rule", "says"),
    [
        ({"because": ""}, "allow-without-reason", "gives no reason: say why in `because`"),
        ({"until": dt.date(2020, 1, 1)}, "allow-expired", "expired on 2020-01-01: look again, then renew or remove it"),
        (
            {"fault": "`x` is no clause of it"},
            "allow-malformed",
            "accepts nothing: `x` is no clause of it; write `glow",
        ),
    ],
)
def test_a_comment_that_is_not_in_force_accepts_nothing_and_says_why(
    changes: dict[str, object], rule: str, says: str
) -> None:
    allowances = of_comments([comment(**changes)])
    (finding,), used = accept([HIDDEN], allowances, today=TODAY)
    assert finding.suppressed is None
    (complaint,) = complaints(allowances, used, today=TODAY)
    assert complaint.rule == rule
    assert says in complaint.message
    assert complaint.place == Place(file=FILE, line=1, column=1)
    assert (complaint.migration, complaint.version) == ("1_a", "1")


def test_a_comment_at_no_statement_says_so() -> None:
    (complaint,) = complaints(of_comments([replace(comment(), start=None, end=None)]), frozenset(), today=TODAY)
    assert complaint.rule == "allow-malformed"
    assert complaint.message.endswith("it stands at no statement; put it before the statement")


def test_of_several_rules_each_that_found_nothing_is_unneeded() -> None:
    allowances = of_comments([comment(rules=("sql-not-understood", "sql-not-seen", "sql-not-sen"))])
    _, used = accept([HIDDEN], allowances, today=TODAY)
    first, second = complaints(allowances, used, today=TODAY)
    assert first.message == "this `glowplug: allow` of sql-not-understood accepts nothing: remove it"
    assert second.message.endswith("accepts nothing: there is no such rule; is sql-not-seen meant?")


def test_what_was_not_looked_at_is_not_called_unneeded() -> None:
    allowances = of_comments([comment(rules=("sql-not-understood",))])
    assert complaints(allowances, frozenset(), today=TODAY, judged=lambda _rule: False) == ()


def test_one_that_stands_elsewhere_than_what_was_found_says_where_to_go() -> None:
    elsewhere = of_comments([replace(comment(), start=(4, 1), end=(4, 9))])
    found, used = accept([HIDDEN, DIFFERS], elsewhere, today=TODAY)
    (complaint,) = complaints(elsewhere, used, today=TODAY, findings=found)
    assert complaint.message == (
        "this `glowplug: allow` of sql-not-seen accepts nothing: put it just before the statement at line 2"
    )
    other_file = [replace(HIDDEN, place=Place(file="migrations/2_b/up.sql", line=2))]
    (complaint,) = complaints(elsewhere, used, today=TODAY, findings=other_file)
    assert complaint.message.endswith("accepts nothing: remove it")
    its_down = FILE.replace("up.sql", "down.sql")
    (complaint,) = complaints(elsewhere, used, today=TODAY, findings=[replace(HIDDEN, place=Place(file=its_down))])
    assert complaint.message.endswith(f"accepts nothing: what was found is about {its_down}, where it belongs")
    for version in (None, "20240101000001"):
        other = entries(version=version)
        found, used = accept([HIDDEN, DIFFERS], other, today=TODAY)
        (complaint,) = complaints(other, used, today=TODAY, findings=found)
        assert complaint.message.startswith("this [[allow]] of down-does-not-restore ")
        assert complaint.message.endswith('accepts nothing: what was found is of version = "20240101000000"')
        assert "  " not in complaint.message


def test_what_is_about_a_whole_file_is_accepted_before_any_statement_of_it() -> None:
    whole = replace(HIDDEN, place=Place(file=FILE))
    found, used = accept([whole], of_comments([replace(comment(), start=(4, 1), end=(4, 9))]), today=TODAY)
    assert ([each.suppressed is not None for each in found], used) == ([True], {0})
    adrift = of_comments([replace(comment(), start=None, end=None)])
    assert accept([whole], adrift, today=TODAY)[0][0].suppressed is None
    other = [replace(whole, place=Place(file="migrations/2_b/up.sql"))]
    assert accept(other, of_comments([comment()]), today=TODAY)[0][0].suppressed is None
