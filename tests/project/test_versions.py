"""Versions and order, and what goes wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.project.layout import Layout, read_layout
from glowplug.project.tree import MappingTree
from glowplug.project.versions import version_of


def rules(layout: Layout) -> list[tuple[str, Severity]]:
    return [(finding.rule, finding.severity) for finding in layout.findings]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("2024-01-01-000000_create_users", "20240101000000"),
        ("00000000000000_diesel_initial_setup", "00000000000000"),
        ("2024_01_01_000000_x", "2024"),
        ("foo", "foo"),
        ("_x", ""),
        ("--", ""),
        ("2026-07-13-150329-0000_name", "202607131503290000"),
        ("a-b", "ab"),
        ("é-1_ü", "é1"),
    ],
)
def test_the_version_is_the_text_before_the_first_underscore_without_dashes(name: str, version: str) -> None:
    assert version_of(name) == version


names = st.text(alphabet="019-_aZ é.", min_size=1, max_size=9).filter(lambda name: name not in {".", ".."})


@given(st.sets(names, max_size=8))
def test_versions_and_order_against_a_reference(directories: set[str]) -> None:
    """The reference cuts letter by letter and sorts bytes, and knows nothing of the reader's code."""
    layout = read_layout(MappingTree({f"{name}/up.sql": b"x" for name in directories}, "."), ".")
    expected = []
    for name in directories:
        if name[0] == ".":
            continue
        version = ""
        for letter in name:
            if letter == "_":
                break
            if letter != "-":
                version += letter
        expected.append((version.encode(), name))
    assert [(one.version.encode(), one.name) for one in layout.migrations] == sorted(
        expected, key=lambda one: (one[0], max(n for v, n in expected if v == one[0]) == one[1], one[1])
    )
    running = [one.version for one in layout.migrations if one.runnable]
    assert running == sorted(set(running), key=str.encode)
    assert {one.version for one in layout.migrations} == set(running)


@pytest.mark.parametrize(
    ("length", "dialect", "found"),
    [
        (50, Dialect.POSTGRES, []),
        (51, Dialect.POSTGRES, [("version-too-long", Severity.ERROR)]),
        (51, Dialect.MYSQL, [("version-too-long", Severity.ERROR)]),
        (51, Dialect.SQLITE, [("version-too-long", Severity.WARNING)]),
    ],
)
def test_a_version_longer_than_the_column(length: int, dialect: Dialect, found: list[tuple[str, Severity]]) -> None:
    name = "é" * length + "_x"
    tree = MappingTree({f"{name}/up.sql": b"x", f"{name}/down.sql": b"x"}, ".")
    assert rules(read_layout(tree, ".", dialect)) == found


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("2024_01_01_000000_x", True),
        ("2024_01_01_x", True),
        ("2024-03-13_170000_x", True),
        ("20240313_170000_x", True),
        ("2024-03-13-170000_x", False),
        ("20240313170000_2024_01_01_report", False),
        ("0001_2_steps", False),
        ("2024_plans", False),
    ],
)
def test_a_date_cut_at_its_first_underscore(name: str, cut: bool) -> None:
    tree = MappingTree({f"{name}/up.sql": b"x", f"{name}/down.sql": b"x"}, ".")
    assert rules(read_layout(tree, ".")) == ([("version-is-cut", Severity.WARNING)] if cut else [])


@pytest.mark.parametrize(
    ("versions", "told"),
    [(["9", "10"], ["9"]), (["09", "10"], []), (["1", "2", "10", "11", "20"], ["2"]), (["a", "10", "9"], ["9"])],
)
def test_counters_that_sort_otherwise_than_numbers(versions: list[str], told: list[str]) -> None:
    files = {f"{version}_x/{file}": b"x" for version in versions for file in ("up.sql", "down.sql")}
    layout = read_layout(MappingTree(files, "."), ".")
    assert [finding.version for finding in layout.findings] == told
    assert {finding.rule for finding in layout.findings} <= {"order-is-bytewise"}


def test_diesels_two_formats_of_dates_sort_as_they_are_meant() -> None:
    files = {
        f"{name}/{file}": b"x"
        for name in ("2026-07-13-150329-0000_a", "20260801000000_b", "2026-08-01-000001_c")
        for file in ("up.sql", "down.sql")
    }
    layout = read_layout(MappingTree(files, "."), ".")
    assert [one.name[-1] for one in layout.migrations] == ["a", "b", "c"]
    assert layout.findings == ()
