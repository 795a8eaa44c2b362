"""What a review gives, as values that a cache can hold."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - msgspec reads the annotations when it decodes

import msgspec

from glowplug.finding import Finding, Place  # noqa: TC001 - the same


class AllowWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a suppression says; ``fault``: why it can't be understood, and then it accepts nothing."""

    rules: tuple[str, ...] = ()
    because: str = ""
    rows: int | None = None
    step: str | None = None
    until: dt.date | None = None
    fault: str | None = None


class AllowComment(msgspec.Struct, frozen=True, kw_only=True):
    """Such a comment, and the statement that it is about, from ``start`` to ``end``: lines and columns from 1.

    Both are None where it stands at no statement.
    """

    place: Place
    version: str
    migration: str
    words: AllowWords
    start: tuple[int, int] | None = None
    end: tuple[int, int] | None = None

    def is_about(self, place: Place) -> bool:
        """Whether this place lies in the statement, or is the whole file."""
        if self.start is None or self.end is None or place.file != self.place.file:
            return False
        if place.line is None:
            return True
        if place.column is None:
            return self.start[0] <= place.line <= self.end[0]
        return self.start <= (place.line, place.column) < self.end


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """A bug of glowplug's: the rule or part that failed, where it looked, the error, and Python's trace."""

    what: str
    place: Place
    error: str
    trace: str


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """What the review of a chain gave: all findings as the rules say them, none accepted yet, in the chain's order.

    ``hidden`` are those beside them that another one covers. ``comments`` are the suppressions that stand in the SQL;
    ``broken`` what could not be looked at for a bug.
    """

    findings: tuple[Finding, ...] = ()
    hidden: tuple[Finding, ...] = ()
    comments: tuple[AllowComment, ...] = ()
    broken: tuple[Broken, ...] = ()
