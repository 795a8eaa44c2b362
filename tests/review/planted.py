"""Rules and chains made up for the tests of the engine itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import Harm, Severity
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review import engine
from glowplug.review.context import Terms
from glowplug.review.rule import Desk, Hit, Rule
from glowplug.sql.actions import CreateTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from glowplug.review.context import Context
    from glowplug.review.reviewed import Reviewed
    from glowplug.sql.actions import Action


class Planted(Rule):
    """A rule that says what a function says of every action that it wants to see."""

    hazards = (1,)
    dialects = frozenset(Dialect)
    severity = Severity.ERROR

    def __init__(
        self,
        name: str,
        say: Callable[[Action, Context], Iterator[Hit]] | None = None,
        *,
        actions: tuple[type[Action], ...] = (CreateTable,),
        covers: tuple[str, ...] = (),
    ) -> None:
        self._name, self._say = name, say
        self.wanted = actions
        self.covers = covers  # type: ignore[misc] # a class attribute of real rules

    @property
    def name(self) -> str:
        return self._name

    @property
    def harm(self) -> Harm:
        return Harm.LOCK

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        if self._say is None:
            yield Hit(message="said", span=action.span, subject=context.text(action.span))
        else:
            yield from self._say(action, context)


def plant(monkeypatch: pytest.MonkeyPatch, *rules: Rule, file: Sequence[Rule] = (), chain: Sequence[Rule] = ()) -> None:
    """Let the engine know these rules alone."""
    by_action: dict[type[Action], tuple[Rule, ...]] = {}
    for rule in rules:
        for kind in getattr(rule, "wanted", rule.actions):
            by_action[kind] = (*by_action.get(kind, ()), rule)
    desk = Desk(by_action=by_action, of_file=tuple(file), of_chain=tuple(chain))
    monkeypatch.setattr(engine, "desk", lambda _dialect: desk)


def chain_of(*files: tuple[str | bytes | None, str | None], dialect: Dialect = Dialect.POSTGRES) -> Chain:
    """A chain of ups with their downs."""
    migrations = tuple(
        Migration(
            version=f"{number:04}",
            name=f"{number:04}_m",
            path=f"migrations/{number:04}_m",
            up=up.encode() if isinstance(up, str) else up,
            down=None if down is None else down.encode(),
        )
        for number, (up, down) in enumerate(files, 1)
    )
    return Chain(directory="migrations", dialect=dialect, migrations=migrations, settings=ChainSettings())


def reviewed(
    *files: tuple[str | bytes | None, str | None],
    new: frozenset[str] | None = None,
    dialect: Dialect = Dialect.POSTGRES,
) -> Reviewed:
    """What the engine says of such a chain."""
    chain = chain_of(*files, dialect=dialect)
    return engine.review(chain, Terms.of(chain), new=new)
