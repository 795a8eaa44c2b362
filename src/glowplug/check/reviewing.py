"""The review of one chain: from the cache, or else by the engine, which is imported then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.check.report import Problem
from glowplug.errors import EnvironmentFailure
from glowplug.review.cache import Cache, key_of
from glowplug.review.context import Terms as ReviewTerms

if TYPE_CHECKING:
    from glowplug.check.novelty import NewIn
    from glowplug.check.terms import Terms
    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.review.reviewed import AllowComment, Broken, Reviewed

REPORT_IT = "This is a bug of glowplug's, and no verdict on the migrations: please report it with its trace."


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What the review said of a chain, weighed as ``[review]`` wants it; ``problem``: what it could not look at.

    ``hidden`` are findings that others cover.
    """

    findings: tuple[Finding, ...] = ()
    hidden: tuple[Finding, ...] = ()
    comments: tuple[AllowComment, ...] = ()
    problem: Problem | None = None


def review_chain(chain: Chain, new: NewIn, terms: Terms) -> Review:
    """Review a chain, which has the settings that are in force.

    Rules for a chain as a whole look at what is new, or at everything where everything counts.
    """
    asked = ReviewTerms.of(chain)
    fresh = new.new if not terms.options.everything else frozenset(item.name for item in chain.migrations)
    known = chain.directory not in terms.options.alone
    cache = Cache.of(terms.environment) if terms.options.cached else Cache(directory=None)
    key = key_of(chain, asked, new=fresh, known=known)
    reviewed = cache.load(key)
    if reviewed is None:
        reviewed = _review(chain, asked, fresh, known=known)
        cache.store(key, reviewed)
    return Review(
        findings=reviewed.findings,
        hidden=reviewed.hidden,
        comments=reviewed.comments,
        problem=_problem(reviewed.broken),
    )


def _review(chain: Chain, asked: ReviewTerms, new: frozenset[str], *, known: bool) -> Reviewed:
    from glowplug.review.engine import review  # noqa: PLC0415 - it brings a parser and all rules

    return review(chain, asked, new=new, known=known)


def _problem(broken: tuple[Broken, ...]) -> Problem | None:
    if not broken:
        return None
    first = broken[0]
    others = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return Problem(
        message=f"glowplug itself failed: {first.what}: {first.error}{others}",
        file=first.place.file,
        line=first.place.line,
        exit_code=EnvironmentFailure.exit_code,
        advice=REPORT_IT,
        trace="\n".join(each.trace for each in broken),
    )
