"""A Rule: a known hazard as code, and a Hit: a place where it holds."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, ClassVar

import msgspec

from glowplug.finding import Harm, Severity
from glowplug.review.names import RULES, rule_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.dialect import Dialect
    from glowplug.finding import Related, SafeForm
    from glowplug.review.claims import Claim
    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Span


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a rule holds.

    ``message`` says what happens, in this statement's names; ``subject`` is the object that it is about (it keeps
    apart two findings of one rule in one file); ``severity`` None is the rule's.
    """

    message: str
    span: Span
    subject: str
    severity: Severity | None = None
    hazards: tuple[int, ...] | None = None  # None: the rule's
    related: tuple[Related, ...] = ()
    safe_form: SafeForm | None = None


class Rule:
    """What every rule is; the docstring of each is its page.

    A rule looks at ``actions`` one by one (``check``), at whole files (``check_file``), or once at a chain's new files
    together (``check_chain``); it overrides one of them.

    ``covers`` names rules that are silent where this one speaks, on overlapping spans: one cause, one finding.
    ``sql-not-understood`` and ``sql-not-seen`` can be covered like rules.
    """

    hazards: ClassVar[tuple[int, ...]]
    dialects: ClassVar[frozenset[Dialect]]
    severity: ClassVar[Severity]
    actions: ClassVar[tuple[type[Action], ...]] = ()
    claims: ClassVar[tuple[Claim, ...]] = ()
    covers: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """The module's name, with dashes."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    @property
    def harm(self) -> Harm:
        """The folder's name."""
        return Harm(type(self).__module__.split(".")[-2].replace("_", "-"))

    def check(self, action: Action, context: Context) -> Iterator[Hit]:  # noqa: ARG002 - a rule's signature
        """Say where this action does harm; ``context.schema`` is the schema before it."""
        yield from ()

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:  # noqa: ARG002 - a rule's signature
        """Say where the file as a whole does harm.

        There is one context for each of its statements, in order; ``schema`` in all is the schema before the file.
        """
        yield from ()

    def check_chain(self, contexts: Sequence[Context]) -> Iterator[tuple[Context, Hit]]:  # noqa: ARG002 - a rule's signature
        """Say once what holds of the chain, each hit with the context that it stands in.

        ``contexts`` are all statements of all new up.sql, in order; ``schema`` in all is the schema at the end.
        """
        yield from ()


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Give every rule, by name; each module of ``review.rules`` holds exactly one."""
    return tuple(rule for _, module in rule_files().values() for rule in _in(module))


def _in(name: str) -> list[Rule]:
    module = importlib.import_module(name)
    return [
        each()
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Rule) and each.__module__ == name
    ]


def may_be_about(module: str, dialect: Dialect) -> bool:
    """Whether a rule's text names this dialect, or all: of one that does not, the import is spared."""
    file = RULES.joinpath(*module.split(".")[-2:]).with_suffix(".py")
    try:
        text = file.read_bytes()
    except OSError:  # compiled alone
        return True
    return f"Dialect.{dialect.name}".encode() in text or b"frozenset(Dialect)" in text


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one dialect, sorted by what they want to see."""

    by_action: Mapping[type[Action], tuple[Rule, ...]]
    of_file: tuple[Rule, ...]
    of_chain: tuple[Rule, ...]


@functools.cache
def desk(dialect: Dialect) -> Desk:
    """Sort the rules of a dialect."""
    modules = [module for _, module in rule_files().values() if may_be_about(module, dialect)]
    mine = [rule for module in modules for rule in _in(module) if dialect in rule.dialects]
    by_action: dict[type[Action], tuple[Rule, ...]] = {}
    for rule in mine:
        for kind in rule.actions:
            by_action[kind] = (*by_action.get(kind, ()), rule)
    return Desk(
        by_action=by_action,
        of_file=tuple(rule for rule in mine if type(rule).check_file is not Rule.check_file),
        of_chain=tuple(rule for rule in mine if type(rule).check_chain is not Rule.check_chain),
    )
