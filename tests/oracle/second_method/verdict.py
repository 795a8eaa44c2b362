"""The verdict on every down of a chain."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from second_method.chain import is_empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from second_method.chain import Step


class FailedError(Exception):
    """A file did not run."""


class Witness(Protocol):
    """A fresh database."""

    def apply(self, sql: str, *, in_transaction: bool) -> None:
        """Run one file as a whole, or raise FailedError."""

    def dump(self) -> list[str]:
        """Describe the schema, one line or object an item; equal schemas give equal items."""

    def close(self) -> None:
        """Throw it away."""


class Backend(Protocol):
    """A place for fresh databases."""

    def fresh(self) -> Witness:
        """Make one."""


def judge(backend: Backend, steps: Sequence[Step]) -> dict[str, tuple[str, list[str]]]:
    """Give the outcome of each step by its name, with the lines of the dumps that differ."""
    verdicts: dict[str, tuple[str, list[str]]] = {}
    for number, step in enumerate(steps):
        verdict = _judge(backend, steps[:number], step)
        verdicts[step.name] = verdict
        if verdict[0] == "up_failed":
            verdicts.update({later.name: ("not_reached", []) for later in steps[number + 1 :]})
            break
    return verdicts


def way_down(backend: Backend, steps: Sequence[Step]) -> str | None:
    """Walk the whole chain down, as ``diesel migration revert --all`` would; the version at which it stops, or None."""
    with closing(backend.fresh()) as witness:
        applied = []
        for step in steps:
            try:
                witness.apply(step.up, in_transaction=step.in_transaction)
            except FailedError:
                break
            applied.append(step)
        for step in reversed(applied):
            if not step.down:  # missing, or 0 bytes: Diesel refuses both
                return step.version
            try:
                witness.apply(step.down, in_transaction=step.in_transaction)
            except FailedError:
                return step.version
    return None


def _judge(backend: Backend, before: Sequence[Step], step: Step) -> tuple[str, list[str]]:
    with closing(backend.fresh()) as witness:
        for earlier in before:
            witness.apply(earlier.up, in_transaction=earlier.in_transaction)
        start = witness.dump()
        try:
            witness.apply(step.up, in_transaction=step.in_transaction)
        except FailedError as error:
            return "up_failed", [str(error)]
        if step.down is None:
            return "no_down", []
        if is_empty(step.down):
            return "empty_down", []
        try:
            witness.apply(step.down, in_transaction=step.in_transaction)
        except FailedError as error:
            return "down_failed", [str(error)]
        end = witness.dump()
    if sorted(start) == sorted(end):
        return "restored", []
    return "differs", _difference(start, end)


def _difference(start: list[str], end: list[str]) -> list[str]:
    left, right = list(start), list(end)
    for item in start:
        if item in right:
            left.remove(item)
            right.remove(item)
    return [*(f"- {item}" for item in left), *(f"+ {item}" for item in right)]
