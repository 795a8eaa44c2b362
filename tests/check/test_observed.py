from __future__ import annotations

import pytest
from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.observed import overrule, unwitnessed
from glowplug.finding import Basis, Harm, Place, Severity
from glowplug.review import faults as of_review

FILE = "migrations/1_a/up.sql"
SPAN = Place(file=FILE, line=3, column=1, end_line=5, end_column=2)
STRANGE = of_review.SQL_NOT_UNDERSTOOD.found("…", place=SPAN)
FORETOLD = replace(STRANGE, rule="foretold", basis=Basis.PREDICTED)


def refused(line: int | None, file: str = FILE) -> tuple[object, ...]:
    return (faults.UP_FAILS.found("…", place=Place(file=file, line=line)),)


@pytest.mark.parametrize("line", [3, 5, None])
def test_what_the_server_refuses_needs_no_word_that_it_was_not_understood(line: int | None) -> None:
    assert overrule([STRANGE], refused(line)) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(("line", "file"), [(2, FILE), (6, FILE), (3, "migrations/1_a/down.sql")])
def test_what_the_server_refuses_elsewhere_hides_nothing(line: int, file: str) -> None:
    assert overrule([STRANGE], refused(line, file)) == (STRANGE,)  # type: ignore[arg-type]


def test_what_nobody_rehearses_and_was_not_understood_is_an_error() -> None:
    assert STRANGE.severity is Severity.WARNING
    first, second = unwitnessed([STRANGE, replace(FORETOLD, severity=Severity.NOTICE)])
    assert (first.severity, second.severity) == (Severity.ERROR, Severity.NOTICE)
    assert overrule([STRANGE], []) == (STRANGE,)  # the server took it


def test_a_failure_that_was_foretold_is_observed_and_other_harm_is_not() -> None:
    lock = replace(FORETOLD, harm=Harm.LOCK)
    first, second = overrule([FORETOLD, lock], refused(4))  # type: ignore[arg-type]
    assert (first.basis, second.basis) == (Basis.OBSERVED, Basis.PREDICTED)
    assert overrule([FORETOLD], refused(None)) == (FORETOLD,)  # type: ignore[arg-type]
    assert overrule([FORETOLD], [faults.DOWN_DOES_NOT_RESTORE.found("…", place=SPAN)]) == (FORETOLD,)
