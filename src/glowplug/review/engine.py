"""Runs every rule over every statement of a chain, with the schema before it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Dialect, Direction
from glowplug.finding import Place
from glowplug.project.server_version import MARIADB
from glowplug.review import faults
from glowplug.review.calls import CALLING, body_of, not_looked_at
from glowplug.review.context import Context
from glowplug.review.held import Held, Taken
from glowplug.review.reviewed import Broken, Reviewed
from glowplug.review.rule import Hit, desk
from glowplug.review.verdicts import Said, findings_of
from glowplug.schema.simulation import Simulation
from glowplug.sql.actions import ClientCommand, DropConstraint, Dynamic
from glowplug.sql.parts import Span
from glowplug.sql.reader import read
from glowplug.sql.statement import Script, Statement, Unparsed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from glowplug.project import Chain, Migration
    from glowplug.review.context import Terms
    from glowplug.review.reviewed import AllowComment
    from glowplug.review.rule import Desk, Rule
    from glowplug.schema.simulation.values import Origin, RoutineFacts
    from glowplug.sql.actions import Action

_BYTE_ORDER_MARK = "\ufeff"
MOST_STRANGE = 20  # statements that are not understood, of one file; the others are counted
SUBJECT = 80  # characters of a statement that name it


def review(chain: Chain, terms: Terms, *, new: Collection[str] | None = None, known: bool = True) -> Reviewed:
    """Review every up.sql and down.sql of a chain, in Diesel's order.

    ``new`` names the directories at which the rules for a chain as a whole look; None: all. ``known`` is False where
    the schema before the first migration is not that of an empty database.
    A rule that raises is no pass: it is in ``broken``, and hides no other.
    """
    simulation = Simulation(
        terms.dialect,
        server_version=None if terms.version is None else terms.version.numbers,
        foreign_keys=terms.foreign_keys,
        mariadb=terms.version is None or terms.version.vendor == MARIADB,
        known=known,
    )
    reviewer = _Reviewer(terms=terms, desk=desk(terms.dialect))
    fresh: list[Context] = []
    for index, migration in enumerate(chain.migrations):
        if not migration.runnable:
            continue
        earlier = simulation.fork() if migration.down else None
        contexts = reviewer.file(migration, Direction.UP, index, simulation)
        if new is None or migration.name in new:
            fresh += contexts
        if migration.down:
            reviewer.file(migration, Direction.DOWN, index, simulation.fork(), earlier)
    reviewer.chain(fresh)
    findings, hidden = findings_of(reviewer.said, reviewer.comments)
    return Reviewed(
        findings=findings,
        hidden=hidden,
        comments=tuple(reviewer.comments),
        broken=tuple(reviewer.broken),
    )


class _Reviewer(msgspec.Struct, kw_only=True):
    """Collects what is said, file by file."""

    terms: Terms
    desk: Desk
    said: list[Said] = msgspec.field(default_factory=list)
    comments: list[AllowComment] = msgspec.field(default_factory=list)
    broken: list[Broken] = msgspec.field(default_factory=list)
    strange: int = 0  # statements of this file that are not understood
    running: list[Origin] = msgspec.field(default_factory=list)  # the routines whose bodies are under review
    held: Held = msgspec.field(default_factory=Held)  # by the last up.sql

    def file(
        self,
        migration: Migration,
        direction: Direction,
        index: int,
        simulation: Simulation,
        earlier: Simulation | None = None,
    ) -> list[Context]:
        """Review one file, and leave ``simulation`` as it is after it; ``earlier``: the one before its up.sql."""
        sql = migration.sql(direction)
        text = None if sql is None else _decoded(sql)
        file = migration.file(direction)
        simulation.begin(index=index, version=migration.version, migration=migration.name, file=file, text=text or "")
        if text is None:  # that it can't be read is among the chain's own findings
            simulation.distrust("this file can't be read")
            return []
        script = self._read(text, file, self.terms.dialect)
        held = self.held.in_another_file()
        if direction is Direction.UP:
            self.held = held
        contexts = [
            Context(
                terms=self.terms,
                migration=migration,
                direction=direction,
                script=script,
                statement=statement,
                schema=simulation,
                held=held,
                earlier=earlier,
            )
            for statement in script.statements
        ]
        if "glowplug:" in text:
            from glowplug.review.suppression import allow_comments  # noqa: PLC0415 - most files have none

            self.comments += allow_comments(script, migration, direction)
        for rule in self.desk.of_file if contexts else ():
            self._collect(rule, contexts[0], rule.check_file, contexts)
        self.strange = 0
        for context in contexts:
            self._statement(context)
        if self.strange > MOST_STRANGE:
            self.said.append(_many(contexts[-1], self.strange - MOST_STRANGE))
        return contexts

    def chain(self, contexts: Sequence[Context]) -> None:
        """Let the rules for a chain as a whole speak."""
        for rule in self.desk.of_chain if contexts else ():
            try:
                self.said += [Said.by(rule, context, hit) for context, hit in rule.check_chain(contexts)]
            except Exception as bug:  # noqa: BLE001 - a bug in one rule hides no other, and is no pass: it is in broken
                self._broke(rule.name, contexts[0].place(contexts[0].statement.span), bug)

    def _read(self, text: str, file: str, dialect: Dialect) -> Script:
        try:
            return read(text.replace(_BYTE_ORDER_MARK, " ", 1) if text.startswith(_BYTE_ORDER_MARK) else text, dialect)
        except Exception as bug:  # noqa: BLE001 - the reader never raises; if it does, the other files are still reviewed
            self._broke("the reader of SQL", Place(file=file), bug)
            whole = Statement(span=Span(0, len(text)), unparsed=Unparsed(reason=f"{type(bug).__name__}", offset=0))
            return Script(text=text, dialect=dialect, statements=(whole,))

    def _statement(self, context: Context) -> None:
        """Review a statement action by action, then those in its body, and advance the schema with each."""
        statement, simulation = context.statement, context.schema
        if statement.unparsed is not None:
            self.strange += 1
            if self.strange <= MOST_STRANGE:
                self.said.append(_not_understood(context, statement.unparsed))
            self._advance(context, simulation.run, statement)
            return
        if self.terms.dialect is Dialect.POSTGRES:
            self._advance(context, context.held.take, statement.actions, _taking(context), simulation)
        if len(statement.actions) > 1 and any(isinstance(each, DropConstraint) for each in statement.actions):
            context = replace(context, before=simulation.fork())
        by_action = self.desk.by_action
        for action in statement.actions:
            kind = type(action)
            for rule in by_action.get(kind, ()):
                self._collect(rule, context, rule.check, action, context)
            called = simulation.routines_called(action) if kind in CALLING else ()
            for routine in called:
                self._call(context, action, routine)
            if not called and (kind is Dynamic or kind is ClientCommand):
                self.said += _not_plain(context, action)
            self._advance(context, simulation.apply, action, statement)
        for inner in statement.inner():
            self._statement(replace(context, statement=inner))

    def _call(self, context: Context, action: Action, routine: RoutineFacts) -> None:
        """Review what a routine does that is called: its body, where it stands in this file and is not under review."""
        body = () if routine.born in self.running else body_of(context, routine)
        if not body:
            self.said.append(not_looked_at(context, action, routine))
            return
        self.running.append(routine.born)
        for inner in body:
            self._statement(replace(context, statement=replace(inner, conditional=True)))
        self.running.pop()

    def _collect(self, rule: Rule, context: Context, ask: Callable[..., Iterable[Hit]], *arguments: object) -> None:
        try:
            self.said += [Said.by(rule, context, hit) for hit in ask(*arguments)]
        except Exception as bug:  # noqa: BLE001 - a bug in one rule hides no other, and is no pass: it is in broken
            self._broke(rule.name, context.place(context.statement.span), bug)

    def _advance(self, context: Context, step: Callable[..., None], *arguments: object) -> None:
        try:
            step(*arguments)
        except Exception as bug:  # noqa: BLE001 - the rest is still reviewed, with a schema that is in doubt
            self._broke("the simulation of the schema", context.place(context.statement.span), bug)
            context.schema.distrust("glowplug failed to follow a statement of this file")

    def _broke(self, what: str, place: Place, bug: Exception) -> None:
        trace = "".join(traceback.format_exception(bug))
        self.broken.append(Broken(what=what, place=place, error=f"{type(bug).__name__}: {bug}", trace=trace))


def _taking(context: Context) -> Callable[[Action], Taken]:
    certain = not context.statement.conditional
    return lambda action: Taken(line=context.place(action.span).line or 1, certain=certain)


def _decoded(sql: bytes) -> str | None:
    try:
        return sql.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _not_understood(context: Context, unparsed: Unparsed) -> Said:
    span = context.statement.span
    start = max(span.start, min(unparsed.offset, span.end - 1))
    hit = Hit(
        message=f"not understood: {unparsed.reason}. No rule has looked at this statement, and what it changes is "
        "unknown to those that look at what comes after it",
        span=Span(start, span.end),
        subject=" ".join(context.text(span)[:SUBJECT].split()),
    )
    return Said.of(faults.SQL_NOT_UNDERSTOOD, context, hit)


def _many(context: Context, others: int) -> Said:
    message = f"{others} more statements of this file are not understood, and no rule has looked at them"
    hit = Hit(message=message, span=context.statement.span, subject="others")
    return Said.of(faults.SQL_NOT_UNDERSTOOD, context, hit)


def _not_plain(context: Context, action: Action) -> Iterator[Said]:
    if isinstance(action, ClientCommand):
        message = f"{action.command} is a command of a client's: Diesel sends it to the server, which refuses it"
        hit = Hit(message=message, span=action.span, subject=action.command[:SUBJECT])
        yield Said.of(faults.SQL_NOT_UNDERSTOOD, context, hit)
    elif isinstance(action, Dynamic) and action.what != "prepare":  # which runs nothing: what executes it does
        message = f"{action.what}: what it runs is not in the text, so that no rule has looked at it, and what it "
        hit = Hit(message=f"{message}changes is unknown", span=action.span, subject=action.what[:SUBJECT])
        yield Said.of(faults.SQL_NOT_SEEN, context, hit)
