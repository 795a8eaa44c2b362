"""Who finds what: the review, the rehearsal, and what surrounds them; and what can be weighed in glowplug.toml."""

from __future__ import annotations

import enum

from glowplug.check import faults
from glowplug.check.allow import OF_CHECK, OF_LAYOUT
from glowplug.review.names import review_names

_OF_HISTORY = frozenset(fault.rule for fault in (faults.EDITED_SINCE_BASE, faults.GONE_SINCE_BASE, faults.OUT_OF_ORDER))
_OF_SETTINGS = frozenset(
    fault.rule
    for fault in (
        faults.CAGE_CHANGED,
        faults.SETTINGS_CHANGED,
        faults.SETTINGS_UNUSABLE,
        faults.LEFT_OUT,
        faults.ALLOW_EXPIRED,
        faults.ALLOW_UNNEEDED,
        faults.ALLOW_MALFORMED,
        faults.ALLOW_WITHOUT_REASON,
    )
)


class Kind(enum.StrEnum):
    """What a rule looks at: the SQL, the files and their layout, a scratch server, git, or what glowplug is told."""

    REVIEW = "review"
    FILES = "files"
    REHEARSAL = "rehearsal"
    HISTORY = "history"
    SETTINGS = "settings"


def kind_of(rule: str) -> Kind | None:
    """Give the kind of a rule; None: there is no such rule."""
    if rule in review_names():
        return Kind.REVIEW
    if rule in OF_LAYOUT:
        return Kind.FILES
    if rule in _OF_HISTORY:
        return Kind.HISTORY
    if rule in _OF_SETTINGS:
        return Kind.SETTINGS
    return Kind.REHEARSAL if rule in OF_CHECK else None


def why_not_weighed(rule: str) -> str | None:
    """Say why ``[review.severity]`` can't weigh a rule, and what to do instead; None: it can, or there is no such rule.

    The review foretells a harm, and a project knows better how much that weighs for it. Anything else is a fact: that
    is accepted where it holds, with a reason, and never unseen for a whole project.
    """
    kind = kind_of(rule)
    if kind is None or kind is Kind.REVIEW:
        return None
    if kind is Kind.SETTINGS:
        return f"{rule} is no rule of the review: it guards what glowplug is told, and weighs the same in every project"
    return (
        f"{rule} is no rule of the review but of the {kind.value}: what is seen there is a fact, and weighs the same "
        f'in every project. Accept it where it holds: [[allow]] with rule = "{rule}", version and because'
    )
