from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.report.harmless import harmless, one_line


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\r\x9bb", "a\\x0d\\x9bb"),
        ("::error::x", ": :error::x"),
        ("  ::set-output name=a::b", "  : :set-output name=a::b"),
        ("x ##[error]y", "x # #[error]y"),
        ("\u202eevil", "\\u202eevil"),
        ("x::int", "x::int"),
    ],
)
def test_what_a_terminal_or_a_runner_would_obey_is_shown_instead(hostile: str, shown: str) -> None:
    assert harmless(hostile) == shown


@given(st.text())
def test_nothing_that_obeys_comes_through(text: str) -> None:
    for line in harmless(text).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert not [one for one in line if one != "\t" and unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert "\n" not in one_line(text)
