"""A Proof: a schema with rows, a statement that does what a rule claims, and the safe form that does not.

``tests/proof/<harm>/<rule>.py`` holds ``PROOFS`` of that rule; ``test_claims.py`` hands each to ``prove(proof,
servers)`` in ``tests/proof/<dialect>.py``, which executes it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, cast

from glowplug.review.version import ANY, Versions

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Mapping

    from glowplug.dialect import Dialect
    from glowplug.review.claims import Claim
    from glowplug.review.rule import Rule

T = TypeVar("T")


class Alone(str):
    """SQL that must run outside of a transaction, as the only statement of its file."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask for a Leaves: a query, and its first value as text after the unsafe statement and the safe form."""

    sql: str
    unsafe: str
    safe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is executed for some of a rule's claims.

    ``setup`` makes a schema with rows; ``unsafe`` is one file, ``safe`` a file each. ``relations`` says which table or
    index of the schema a claim's ``on`` is. ``in_transaction`` False sends ``unsafe`` as Diesel sends a file with
    ``run_in_transaction = false``: as one batch. ``settings`` are a dialect's own (a variable, a pragma).
    """

    rule: type[Rule]
    claims: tuple[Claim, ...]
    unsafe: str
    safe: tuple[str, ...] = ()
    setup: str = ""
    relations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    title: str = "plain"
    versions: Versions = ANY
    in_transaction: bool = True
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    question: Question | None = None

    @property
    def dialect(self) -> Dialect:
        """The backend that it runs on: its claims'."""
        (dialect,) = {claim.dialect for claim in self.claims}
        return dialect


class Servers:
    """Servers that all proofs of a session share; each is opened when it is first asked for."""

    def __init__(self, end: contextlib.ExitStack) -> None:
        """``end`` closes them."""
        self._end = end
        self._opened: dict[str, object] = {}

    def get(self, name: str, opened: Callable[[], contextlib.AbstractContextManager[T]]) -> T:
        """Give the server of that name, which ``opened`` opens; nothing is asked twice."""
        if name not in self._opened:
            self._opened[name] = self._end.enter_context(opened())
        return cast("T", self._opened[name])


def proofs() -> dict[tuple[str, str], tuple[Proof, ...]]:
    """Every Proof, by its folder (a harm) and its file (a rule)."""
    package = __name__.rpartition(".")[0]
    files = sorted(Path(__file__).parent.glob("*/*.py"))
    return {
        (file.parent.name, file.stem): importlib.import_module(f"{package}.{file.parent.name}.{file.stem}").PROOFS
        for file in files
    }
