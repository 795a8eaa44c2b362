"""Texts as programs write them, one kind an attempt: what a trigger or a function demands is in no catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from glowplug.rehearsal.seeding.makers.base import Maker
from glowplug.rehearsal.seeding.needs import meets

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.rehearsal.seeding.needs import Needs

_STYLES: tuple[Callable[[int], str], ...] = (
    lambda n: f"item{n}",
    lambda n: f"1.{n % 10}.{n}",
    str,
    lambda n: f"ada{n}@example.org",
    lambda n: f"https://example.org/{n}",
    lambda n: str(UUID(int=n, version=4)),
    lambda n: f"{2000 + n % 25}-01-{n % 28 + 1:02} 10:00:{n % 60:02}",
    lambda n: f'{{"number": {n}}}',
)
_SAMPLES = (0, 1, 99, 12_345)


def styled(needs: Needs, attempt: int) -> Maker | None:
    """Give texts of the style of an ``attempt``, from 1; None where there is none, or it does not meet needs."""
    if not 1 <= attempt <= len(_STYLES):
        return None
    make = _STYLES[attempt - 1]
    return Maker(make=make) if all(meets(make(n), needs) for n in _SAMPLES) else None
