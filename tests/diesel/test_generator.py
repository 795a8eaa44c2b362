"""The generator repeats itself, and reaches what it is there for; the comparison can tell a difference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glowplug.dialect import Dialect

from . import files, names
from .comparison import Behaviour, differences
from .layouts import generate
from .witness import State


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_number_is_a_layout(dialect: Dialect) -> None:
    assert [generate(dialect, seed) for seed in range(20)] == [generate(dialect, seed) for seed in range(20)]
    assert generate(dialect, 1) != generate(dialect, 2)


def test_everything_odd_comes_up() -> None:
    seen: set[str] = set()
    for seed in range(1300):
        seen |= generate(Dialect.SQLITE, seed).kinds
    expected = {kind for kind, _ in names._ODD} | {f"metadata-{kind}" for kind, _ in files.METADATA}  # noqa: SLF001 - its reach is tested
    for which in ("up", "down"):
        expected |= {
            f"{which}-{kind}"
            for kind in (
                *("fault-first", "fault-middle", "fault-last", "commit", "rollback", "begin", "commit-and-chain"),
                *("savepoint-a", "end", "wrapped", "commit-then-fault", "empty", "directory", "comment-only"),
                *("white-space", "semicolon", "semicolons", "bom", "crlf", "nul-last", "nul-middle", "nul-first"),
                *("invalid-utf8", "unfinished-comment", "unfinished-string", "trailing-comment", "selects"),
            )
        }
    expected |= {
        *("no-migration", "duplicate", "down-missing", "symlinked-directory", "symlinked-file", "more-in-a-migration"),
        *("regular-file", "hidden-directory", "hidden-dangling-link", "hidden-file", "lock-file"),
        *("no-up", "empty-directory", "gitkeep-only", "nested-backend", "dangling-link", "link-to-file", "pipe"),
        *("upper-case-up", "hidden-up", "vacuum", "rebuild", "child"),
    }
    assert expected - seen == set()


def test_a_difference_is_told_with_both_sides() -> None:
    after = State(recorded=("2", "1"), contents=("CREATE TABLE t", "CREATE TABLE u"))
    less = State(recorded=("1",), contents=("CREATE TABLE t",))
    diesel = Behaviour(refused=False, ups=("1_a", "2_b"), after_up=after)
    assert differences(diesel, diesel) == []
    (first, second) = differences(diesel, Behaviour(refused=False, ups=("1_a",), after_up=less))
    assert first == "ups:\n  diesel   ('1_a', '2_b')\n  glowplug ('1_a',)"
    assert second.startswith("after_up:\n  diesel   recorded ('2', '1'), only here: ['CREATE TABLE u']")


def test_only_a_transaction_left_open_excuses_the_command() -> None:
    nothing = State(recorded=(), contents=())
    diesel = Behaviour(refused=False, ups=("1_a", "2_b"), after_up=nothing)
    plain = Behaviour(refused=False, ups=("1_a",), up_failed=True, after_up=nothing, explanation=("no such table",))
    assert differences(diesel, plain)
    left_open = Behaviour(
        refused=False, ups=("1_a",), up_failed=True, after_up=nothing, explanation=("leaves a transaction open",)
    )
    assert differences(diesel, left_open) == []
    recorded = replace(diesel, after_up=State(recorded=("1",), contents=()))
    assert differences(recorded, left_open)
