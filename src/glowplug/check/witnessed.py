"""What a statement was seen to lock, read and rewrite on PostgreSQL, against what a rule claims of it.

The server does all three whether there are rows or not, but where there are none a scan proves nothing of code that
looks at them first: what was not read is believed only of tables with rows.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.database.trace import Trace  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.dialect import Dialect, Direction
from glowplug.finding import Basis, Harm, Severity
from glowplug.rehearsal.measured import DataOutcome
from glowplug.review.claims import LockMode, Locks, Rewrites, Scans
from glowplug.review.names import rule_files
from glowplug.review.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glowplug.database.trace import Seen
    from glowplug.finding import Finding, Place
    from glowplug.rehearsal import RoundTrip
    from glowplug.review.claims import Claim
    from glowplug.scratch.interface import ServerDescription

_ORDER = {mode.value: rank for rank, mode in enumerate(LockMode)}
_HARMS = frozenset({Harm.LOCK, Harm.REWRITE})

READS_NOTHING = "seen on the scratch server, it reads no table through and writes none anew"
LOCKS_LESS = "seen on the scratch server, it takes no such lock"


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """How one file was seen to run.

    ``empty``: the tables that could not be given as many rows as were asked for; None: no table was given any.
    """

    trace: Trace
    empty: frozenset[str] | None = None


def witnesses(trips: Iterable[RoundTrip], scratch: ServerDescription | None) -> dict[str, Witness]:
    """Give what was seen of each file, by its path; nothing where the server is not of production's version."""
    if scratch is None or scratch.matches_production is False:
        return {}
    found = {}
    for trip in trips:
        if trip.measurement is None:
            continue
        data = trip.measurement.data
        unknown = data.outcome is DataOutcome.NOT_MEASURED
        empty = None if unknown else frozenset(item.table for item in data.not_seeded)
        traces = {Direction.UP: trip.measurement.observed, Direction.DOWN: trip.measurement.observed_down}
        for direction, trace in traces.items():
            if trace is not None:
                found[trip.migration.file(direction)] = Witness(trace=trace, empty=empty)
    return found


def told_by(witness: Witness, finding: Finding) -> Finding:
    """Give a finding about a lock or a rewrite as the witness tells it: observed, or a notice that it is not so.

    It stays as it is where nothing can be said: the statement did not run to its end or found nothing to do, nobody saw
    all that it did, the rule claims nothing that could be seen, or a lock alone that was seen. A notice is not refuted.
    """
    claims = _claims(finding.rule) if finding.harm in _HARMS else ()
    if not claims or finding.place is None:
        return finding
    before, statements = _at(witness.trace.statements, finding.place)
    if not statements or any(seen.error is not None for seen in statements):
        return finding
    held = _held((*before, *statements))
    groups = [[claim for claim in claims if claim.on == on] for on in dict.fromkeys(claim.on for claim in claims)]
    shown = [group for group in groups if any(_shows(group, relation, held, statements) for relation in held)]
    if any(_is_heavy(group) for group in shown) or (shown and not _is_heavy(claims)):
        return replace(finding, basis=Basis.OBSERVED)
    if shown or witness.trace.blind is not None or finding.severity is Severity.NOTICE:
        return finding
    return _refuted(finding, claims, held, statements, witness.empty)


def _refuted(
    finding: Finding,
    claims: Sequence[Locks | Scans | Rewrites],
    held: Mapping[str, int],
    statements: Sequence[Seen],
    empty: frozenset[str] | None,
) -> Finding:
    named = {relation for relation in held if _last(relation) in f"{finding.subject} {finding.message}"}
    if not named:
        return finding
    if not _is_heavy(claims):
        weakest = min(_ORDER[claim.mode] for claim in claims if isinstance(claim, Locks))
        return finding if any(rank >= weakest for rank in held.values()) else _notice(finding, LOCKS_LESS)
    if any(seen.rewritten or seen.scanned or seen.rebuilt_indexes for seen in statements):
        scans = any(isinstance(claim, Scans) for claim in claims)
        if scans or any(seen.rewritten for seen in statements):
            return finding
    if empty is None or not named.isdisjoint(empty):
        return finding
    return _notice(finding, READS_NOTHING)


def _notice(finding: Finding, what: str) -> Finding:
    message = f"{finding.message}: but {what}"
    return replace(finding, message=message, severity=Severity.NOTICE, basis=Basis.OBSERVED)


def _is_heavy(claims: Iterable[Locks | Scans | Rewrites]) -> bool:
    return any(isinstance(claim, (Scans, Rewrites)) for claim in claims)


def _shows(
    group: Iterable[Locks | Scans | Rewrites], relation: str, held: Mapping[str, int], statements: Iterable[Seen]
) -> bool:
    rewritten = any(relation in seen.rewritten for seen in statements)
    read = rewritten or any(relation in seen.scanned for seen in statements)
    return all(
        held[relation] >= _ORDER[claim.mode]
        if isinstance(claim, Locks)
        else (rewritten if isinstance(claim, Rewrites) else read)
        for claim in group
    )


def _at(statements: Sequence[Seen], place: Place) -> tuple[Sequence[Seen], Sequence[Seen]]:
    """Split off those that begin at the place, with all before them."""
    if place.line is None:
        return (), ()
    first, last = place.line, place.end_line or place.line
    numbers = [index for index, seen in enumerate(statements) if seen.line is not None and first <= seen.line <= last]
    return (statements[: numbers[0]], statements[numbers[0] : numbers[-1] + 1]) if numbers else ((), ())


def _held(statements: Iterable[Seen]) -> dict[str, int]:
    """Give the strongest mode of each relation by then: what was taken is held to the transaction's end."""
    held: dict[str, int] = {}
    for lock in (lock for seen in statements for lock in seen.locks):
        held[lock.relation] = max(_ORDER.get(lock.mode, 0), held.get(lock.relation, 0))
    return held


def _last(relation: str) -> str:
    return relation.rpartition(".")[2].strip('"')


def _claims(rule: str) -> tuple[Locks | Scans | Rewrites, ...]:
    """Give what a rule claims of PostgreSQL that can be seen."""
    return tuple(
        claim
        for claim in claims_of(rule)
        if isinstance(claim, (Locks, Scans, Rewrites)) and claim.dialect is Dialect.POSTGRES
    )


@functools.cache
def claims_of(rule: str) -> tuple[Claim, ...]:
    """Give what a rule claims that a server does; nothing where it is no rule of the review."""
    if rule not in rule_files():
        return ()
    module = importlib.import_module(rule_files()[rule][1])
    return next(
        tuple(each.claims)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Rule) and each.__module__ == module.__name__
    )
