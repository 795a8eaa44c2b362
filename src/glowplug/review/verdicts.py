"""From what rules say to Findings: one cause, one finding; a place, an excerpt and a name that survives moved lines."""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.finding import Basis, Finding, Step
from glowplug.review.excerpt import excerpt_of, patch_of

_NO_PART_OF_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
AS_IT_IS = "-- stays as it is"
_IN_THE_DOWN = "what is down.sql here belongs in this migration's down.sql"
_LONGEST_NAME = 100  # characters: a directory's name has a version before it, and 255 bytes in all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glowplug.finding import Fault, Harm, Severity
    from glowplug.review.context import Context
    from glowplug.review.reviewed import AllowComment
    from glowplug.review.rule import Hit, Rule
    from glowplug.sql.parts import Span
    from glowplug.sql.statement import Script


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A hit, by whom, and where: any context of the file that it is in."""

    name: str
    hazards: tuple[int, ...]
    severity: Severity
    harm: Harm
    covers: tuple[str, ...]
    context: Context
    hit: Hit

    @classmethod
    def by(cls, rule: Rule, context: Context, hit: Hit) -> Said:
        """Say what a rule says."""
        return cls(
            name=rule.name,
            hazards=rule.hazards if hit.hazards is None else hit.hazards,
            severity=hit.severity or rule.severity,
            harm=rule.harm,
            covers=rule.covers,
            context=context,
            hit=hit,
        )

    @classmethod
    def of(cls, fault: Fault, context: Context, hit: Hit) -> Said:
        """Say what the review says by itself."""
        return cls(
            name=fault.rule,
            hazards=fault.hazards,
            severity=fault.severity,
            harm=fault.harm,
            covers=(),
            context=context,
            hit=hit,
        )

    @property
    def file(self) -> tuple[str, str]:
        """Which file it is about."""
        return self.context.migration.path, self.context.direction


def findings_of(
    said: Sequence[Said], comments: Sequence[AllowComment] = ()
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Give the findings in the chain's order, none twice, and beside them those that another one covers.

    One that a comment accepts is not left out: the comment is needed as soon as what covers the finding is mended.
    """
    by_file: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for each in said:
        by_file[each.file].append(each)
    told: list[Finding] = []
    hidden: list[Finding] = []
    for file in by_file.values():
        _tell(file, comments, told, hidden)
    return tuple(told), tuple(hidden)


def _tell(said: Sequence[Said], comments: Sequence[AllowComment], told: list[Finding], hidden: list[Finding]) -> None:
    """Add what is said of one file to what is ``told`` or ``hidden``."""
    covered = _Covered(said)
    ordinals: Counter[tuple[str, str]] = Counter()
    seen: set[tuple[str, int, str, str]] = set()
    for each in sorted(said, key=lambda one: one.hit.span.start):
        hit = each.hit
        same = (each.name, hit.span.start, hit.subject, hit.message)
        if same in seen:
            continue
        seen.add(same)
        if covered.holds(each.name, hit.span) and not _is_accepted(each, comments):
            hidden.append(_finding(each, 1))
            continue
        ordinals[each.name, hit.subject] += 1
        told.append(_finding(each, ordinals[each.name, hit.subject]))


def _is_accepted(said: Said, comments: Sequence[AllowComment]) -> bool:
    named = [each for each in comments if said.name in each.words.rules]
    return bool(named) and any(each.is_about(said.context.place(said.hit.span)) for each in named)


def _finding(said: Said, ordinal: int) -> Finding:
    context, hit = said.context, said.hit
    text = context.script.text
    statement = _statement_around(context.script, hit.span)
    place = context.place(hit.span)
    safe_form = hit.safe_form
    if safe_form is not None:
        steps = _of_a_down(context, safe_form.steps) if context.down else safe_form.steps
        safe_form = replace(safe_form, steps=tuple(map(_named, steps)))
    within = context.statement.span
    is_part = statement.start <= within.start and within.end < statement.end
    if safe_form is not None and safe_form.replacement is not None and not is_part:
        safe_form = replace(safe_form, patch=patch_of(text, place.file, statement, safe_form.replacement))
    if safe_form is not None and safe_form.replacement is not None:
        safe_form = replace(safe_form, replacement=_ended(safe_form.replacement))
    return Finding(
        rule=said.name,
        hazards=said.hazards,
        severity=said.severity,
        harm=said.harm,
        message=hit.message,
        version=context.migration.version,
        migration=context.migration.name,
        place=place,
        subject=hit.subject if ordinal == 1 else f"{hit.subject} #{ordinal}",
        related=hit.related,
        safe_form=safe_form,
        basis=Basis.PREDICTED,
        excerpt=excerpt_of(text, statement, hit.span),
    )


def _of_a_down(context: Context, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Put what a rule would have run into the down of its migration: no other migration can come between."""
    if not steps:
        return ()
    return (
        Step(
            name=context.migration.name.partition("_")[2] or context.migration.name,
            up=AS_IT_IS,
            down="\n".join(each.up for each in steps),
            run_in_transaction=all(each.run_in_transaction for each in steps),
            note="; ".join((_IN_THE_DOWN, *(each.note for each in steps if each.note))),
        ),
    )


def _ended(statements: str) -> str:
    """End SQL so that more can be pasted behind it."""
    written = statements.rstrip()
    if written.endswith(";"):
        return written
    return f"{written}\n;" if "--" in written.rpartition("\n")[2] else f"{written};"


def _named(step: Step) -> Step:
    """Give a step a name that a directory can have: it was made of names in the schema, which may hold anything."""
    plain = _NO_PART_OF_A_NAME.sub("_", step.name).strip("_")[:_LONGEST_NAME] or "step"
    return step if plain == step.name else replace(step, name=plain)


def _statement_around(script: Script, span: Span) -> Span:
    index = bisect.bisect_right(script.statements, span.start, key=lambda statement: statement.span.start) - 1
    return script.statements[index].span if index >= 0 else span


class _Covered:
    """Where the rules of one file cover others."""

    def __init__(self, said: Iterable[Said]) -> None:
        spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for each in said:
            for name in each.covers:
                spans[name].append((each.hit.span.start, each.hit.span.end))
        self._starts = {name: sorted(start for start, _ in found) for name, found in spans.items()}
        self._ends = {name: list(accumulate((end for _, end in sorted(found)), max)) for name, found in spans.items()}

    def holds(self, name: str, span: Span) -> bool:
        """Whether a covering span overlaps this one."""
        if name not in self._starts:
            return False
        before = bisect.bisect_left(self._starts[name], max(span.end, span.start + 1))
        return before > 0 and self._ends[name][before - 1] > span.start
