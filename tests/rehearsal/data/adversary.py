"""Migrations whose true outcome is known beforehand, and how one of them is told to be right."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Measure

    from glowplug.rehearsal.measured import Data, Loss


class Case(NamedTuple):
    """A pair of files on a schema, and what is true of it.

    ``losses``: each as ``up t.email dropped`` or ``down t deleted after``, those that are expected left out; a line
    without how holds for any. ``refusals``: each as ``up t.email``; None: whatever. ``odd``: losses of odd rows that
    must be among those told. ``partly``: tables that may have fewer rows.
    """

    name: str
    before: str
    up: str
    down: str | None
    outcome: str
    losses: Iterable[str] = ()
    refusals: Iterable[str] | None = None
    odd: Iterable[str] = ()
    seeds: tuple[str, ...] = ()
    forward_only: bool = False
    partly: bool = False


def cases(*every: Case) -> pytest.MarkDecorator:
    """Run a test over each."""
    return pytest.mark.parametrize("case", [pytest.param(each, id=each.name.replace(" ", "-")) for each in every])


def _place(table: str | None, column: str | None) -> str:
    return ".".join(filter(None, ((table or "").removeprefix("public."), column)))


def _told(losses: Iterable[Loss]) -> list[str]:
    return [
        f"{each.by.value} {_place(each.table, each.column)} {each.how.value}"
        + (" after" if each.written.value == "after" else "")
        for each in losses
        if not each.expected
    ]


def _agree(told: list[str], wanted: Iterable[str]) -> bool:
    left = list(told)
    for each in wanted:
        verb, where, *rest = each.split()
        match = next(
            (
                one
                for one in left
                if one.split()[:2] == [verb, where]
                and ("after" in one) is ("after" in rest)
                and all(word in one.split() for word in rest)
            ),
            None,
        )
        if match is None:
            return False
        left.remove(match)
    return not left


def said(data: Data) -> str:
    """Show what was measured."""
    lines = [data.outcome.value, f"why: {data.why}", *_told(data.losses)]
    lines += [f"odd: {each}" for each in _told(data.odd_losses)]
    lines += [
        f"refused: {each.direction.value} {_place(each.table, each.column)} [{each.value}] {each.error.message}"
        for each in data.refusals
    ]
    lines += [f"not seeded: {each.table}: {each.why}" for each in data.not_seeded]
    lines += [
        f"elsewhere: {each.world} {each.outcome.value} {_told(each.losses)} {each.failure}" for each in data.elsewhere
    ]
    if data.failure is not None:
        lines.append(f"failure: {data.failure.direction.value} {data.failure.error.message}")
    return "\n".join(lines)


def holds(case: Case, measure: Measure) -> None:
    """Measure a case, and compare with the truth."""
    found = measure(case.before, case.up, case.down, seeds=case.seeds, forward_only=case.forward_only).data
    shown = said(found)
    assert found.outcome.value == case.outcome, shown
    assert _agree(_told(found.losses), case.losses), shown
    if case.refusals is not None:
        refused = {f"{each.direction.value} {_place(each.table, each.column)}".strip() for each in found.refusals}
        assert refused == set(case.refusals), shown
    odd = _told(found.odd_losses)
    assert all(any(one.startswith(each) for one in odd) for each in case.odd), shown
    assert case.partly or not found.not_seeded, shown
