"""What to do next about an error."""

from __future__ import annotations

import pytest

from glowplug.check.advice import advice_on
from glowplug.database.interface import SqlError


@pytest.mark.parametrize(
    ("message", "setting"),
    [
        ('permission denied to create extension "pg_stat_statements"', 'trust_extensions = ["pg_stat_statements"]'),
        ("permission denied to create role", "superuser = true"),
    ],
)
def test_what_a_superuser_alone_may_do_names_the_least_that_allows_it(message: str, setting: str) -> None:
    advice = advice_on(SqlError(code="42501", message=message, needs_superuser=True))
    assert advice is not None
    assert f"say `{setting}` under `[scratch]`" in advice
