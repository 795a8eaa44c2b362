"""Texts: words as people write them, in mixed case, of one to three parts, with a number that makes them different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.rehearsal.seeding.makers.base import Maker, listed
from glowplug.rehearsal.seeding.needs import meets
from glowplug.rehearsal.seeding.regexes import Texts, scattered

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.rehearsal.seeding.needs import Needs

_FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Ken", "Frances", "Niklaus", "Margaret")
_MIDDLE = ("Maria", "Brewster", "Mathison", "Wybe", "Jane", "Ervin", "Joy", "Lane", "Elizabeth", "Emil")
_LAST = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Perlman", "Thompson", "Allen", "Wirth")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ROOM = 36
"""Length that the longest of the words need, with their number."""
_WORD = 12
"""Length that one word needs, with its number."""
_LIST = 400
"""How many texts of a pattern are made at most."""


def text(needs: Needs, salt: int = 0) -> Maker | None:
    """Texts that meet needs; None where none was found."""
    if needs.among is not None:
        fit = tuple(str(each) for each in needs.among)
        return listed(fit) if fit else None
    if needs.patterns:
        return _matching(needs)
    longest = needs.longest
    if longest == 0:
        return listed(("",))
    words, size = _words(needs.shortest, longest)
    make = words if size is not None or salt == 0 else lambda n: words(n + salt)
    if needs.case == "lower":
        make = _then(make, str.lower)
    elif needs.case == "upper":
        make = _then(make, str.upper)
    if needs.low is not None or needs.high is not None:
        return _ordered(needs)
    if needs.without:
        make = _different(make, frozenset(str(each) for each in needs.without))
    return Maker(make=make, size=size)


def _words(shortest: int, longest: int | None) -> tuple[Callable[[int], str], int | None]:
    if longest is None or longest >= _ROOM:
        return (_named if shortest <= 4 else lambda n: _padded(_named(n), shortest)), None  # noqa: PLR2004 - "Ada 0"
    if longest >= _WORD:
        return (lambda n: _padded(_shortened(n, longest), shortest)), None
    first = len(_DIGITS) ** (shortest - 1) if shortest > 1 else 0
    size = len(_DIGITS) ** longest - first
    stride = scattered(size)
    return (lambda n: _mixed(based(first + n * stride % size), n)), size


def _named(n: int) -> str:
    part = n % 3
    if part == 0:
        return f"{_FIRST[n % 11]} {n}"
    if part == 1:
        return f"{_FIRST[n % 11]} {_LAST[n % 10]} {n}"
    return f"{_FIRST[n % 11]} {_MIDDLE[n % 10]} {_LAST[(n + 3) % 10]}{n}"


def _shortened(n: int, longest: int) -> str:
    """Write one word where two do not fit, and of three the end."""
    named = _named(n)
    if n % 3 == 0 or (n % 3 == 1 and len(named) > longest):
        return f"{_FIRST[n % 11][:7]}{n}"[-longest:]
    return named[-longest:].lstrip()


def _mixed(written: str, n: int) -> str:
    """Write every other text in capitals: texts that differ in case alone are equal to some."""
    return written.upper() if n % 2 else written


def _padded(written: str, shortest: int) -> str:
    return written + "x" * (shortest - len(written)) if len(written) < shortest else written


def based(n: int) -> str:
    """Write a number with the digits and lower-case letters."""
    found = ""
    while True:
        n, place = divmod(n, 36)
        found = _DIGITS[place] + found
        if n == 0:
            return found


def _then(make: Callable[[int], str], change: Callable[[str], str]) -> Callable[[int], str]:
    return lambda n: change(make(n))


def _different(make: Callable[[int], str], without: frozenset[str]) -> Callable[[int], str]:
    def other(n: int) -> str:
        found = make(n)
        while found in without:
            n += 1_000_003
            found = make(n)
        return found

    return other


def _matching(needs: Needs) -> Maker | None:
    """Texts of the narrowest pattern, held against the others."""
    change = {"lower": str.lower, "upper": str.upper}.get(needs.case or "", str)

    def fits(found: str) -> str | None:
        changed = change(found)
        return changed if meets(changed, needs) else None

    for pattern in sorted(needs.patterns, key=lambda each: -len(each.pattern)):
        some = Texts(pattern, shortest=needs.shortest, longest=needs.longest, fits=fits)
        if some.all:
            return _numbered(some.all, needs) or listed(some.all)
        first = some.at(0)
        if first is not None:
            return Maker(make=_or(some.at, first))
    return None


def _numbered(some: tuple[str, ...], needs: Needs) -> Maker | None:
    """Write a number behind the few texts of a pattern, where it takes more than these."""
    for mark in (" ", "", "-"):
        if len(some) < _LIST and all(meets(f"{each}{mark}{n}", needs) for each in some for n in (0, 12_345)):
            return Maker(make=_marked(some, mark))
    return None


def _marked(some: tuple[str, ...], mark: str) -> Callable[[int], str]:
    return lambda n: f"{some[n % len(some)]}{mark}{n}"


def _or(make: Callable[[int], str | None], otherwise: str) -> Callable[[int], str]:
    return lambda n: make(n) or otherwise


def _ordered(needs: Needs) -> Maker | None:
    """Texts between two others: one that begins as the lower one does, or stands just below the higher."""
    start = str(needs.low) if needs.low is not None else ""
    fit = tuple(value for n in range(_LIST) if meets(value := f"{start}{based(n).rjust(3, '0')}", needs))
    return listed(fit) if fit else None
