"""Texts that a regular expression matches, by number: the same number gives the same text.

Written here because the libraries for it (rstr; hypothesis) draw at random, which gives neither all texts of a small
pattern nor different ones for different rows; exrex has a licence that glowplug can't take.
"""

from __future__ import annotations

import functools
import importlib
import re
import string
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_PARSER: Any = importlib.import_module("re._parser")  # the standard library's own reading of a pattern
_CHARACTERS = string.ascii_lowercase + string.digits + string.ascii_uppercase
_ALL = _CHARACTERS + " -_.,:;/@#!?+*()[]{}<>=%&$'\"\\|~^`\t"
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": _CHARACTERS + "_",
    "CATEGORY_SPACE": " \t",
    "CATEGORY_NOT_DIGIT": string.ascii_letters + "-_ ",
    "CATEGORY_NOT_WORD": " -.",
    "CATEGORY_NOT_SPACE": _CHARACTERS,
}
_MORE = 6
"""How many times more than its least an open repetition is repeated, at most."""
_FEW = 2000
"""Texts of a pattern that are all made at once."""
_NEAR = 20_000
"""Where the short texts of a pattern are."""
_LONGEST = 10_000
"""Characters of a pattern's longest text: one that asks for more is not understood, its texts can't be counted soon."""
_TRIES = 60
_GOLDEN = 0.6180339887498949


class UnknownPatternError(ValueError):
    """A part of a pattern that is not understood here: a back reference, a condition."""


class Part:
    """A part of a pattern: ``size`` texts, which ``at`` numbers from 0, the longest of ``length``."""

    def __init__(self, size: int, length: int) -> None:
        """Have ``size`` texts; one that may be too long is not understood."""
        if length > _LONGEST:
            raise UnknownPatternError("a text that is too long")
        self.size = size
        self.length = length

    def at(self, index: int) -> str:
        """Give the text of a number below ``size``."""
        raise NotImplementedError


class _Choice(Part):
    def __init__(self, options: str) -> None:
        super().__init__(len(options), 1)
        self._options = options

    def at(self, index: int) -> str:
        return self._options[index]


class _Nothing(Part):
    def __init__(self) -> None:
        super().__init__(1, 0)

    def at(self, index: int) -> str:
        del index
        return ""


class _Sequence(Part):
    def __init__(self, parts: list[Part]) -> None:
        super().__init__(1, sum(part.length for part in parts))
        for part in parts:
            self.size *= part.size
        self._parts = parts

    def at(self, index: int) -> str:
        texts = []
        for part in reversed(self._parts):
            index, place = divmod(index, part.size)
            texts.append(part.at(place))
        return "".join(reversed(texts))


class _Either(Part):
    def __init__(self, parts: list[Part]) -> None:
        super().__init__(sum(part.size for part in parts), max((part.length for part in parts), default=0))
        self._parts = parts

    def at(self, index: int) -> str:
        for part in self._parts:
            if index < part.size:
                return part.at(index)
            index -= part.size
        raise IndexError(index)


def _part(parsed: Any, deep: int = 0) -> Part:  # noqa: ANN401 - the standard library's parse tree has no types
    return _Sequence([_one(str(operator), argument, deep) for operator, argument in parsed])


def _one(operator: str, argument: Any, deep: int) -> Part:  # noqa: ANN401, C901, PLR0911 - the parse tree; one line a kind
    match operator:
        case "LITERAL":
            return _Choice(chr(argument))
        case "NOT_LITERAL":
            return _Choice("".join(each for each in _CHARACTERS if each != chr(argument)))
        case "ANY":
            return _Choice(_CHARACTERS)
        case "IN":
            return _Choice(_set(argument))
        case "BRANCH":
            return _Either([_part(each, deep) for each in argument[1]])
        case "SUBPATTERN":
            return _part(argument[3], deep)
        case "ATOMIC_GROUP":
            return _part(argument, deep)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = argument
            part = _part(inner, deep + 1)
            if int(least) > _LONGEST:
                raise UnknownPatternError(operator)
            most = min(int(most), int(least) + (_MORE >> deep))
            return _Either([_Sequence([part] * count) for count in range(int(least), most + 1)])
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return _Nothing()  # what comes out is held against the pattern
        case _:
            raise UnknownPatternError(operator)


def _set(items: Any) -> str:  # noqa: ANN401 - the parse tree
    negated = False
    found: dict[str, None] = {}
    for operator, argument in items:
        match str(operator):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found[chr(argument)] = None
            case "RANGE":
                first, last = argument
                found.update(dict.fromkeys(map(chr, range(first, min(last, first + 255) + 1))))
            case "CATEGORY":
                found.update(dict.fromkeys(_CATEGORIES.get(str(argument), "")))
            case other:
                raise UnknownPatternError(other)
    chosen = "".join(each for each in _ALL if each not in found) if negated else "".join(found)
    if not chosen:
        raise UnknownPatternError("an empty set")
    return chosen


@functools.lru_cache(maxsize=512)
def part_of(pattern: re.Pattern[str]) -> Part | None:
    """Read a pattern; None where it has parts that are not understood."""
    try:
        return _part(_PARSER.parse(pattern.pattern, pattern.flags & re.IGNORECASE))
    except (UnknownPatternError, re.error, RecursionError, OverflowError):
        return None


@functools.lru_cache(maxsize=512)
def scattered(size: int) -> int:
    """Give a stride that visits all of ``size`` places before it comes back, near ones far apart."""
    stride = max(int(size * _GOLDEN), 1) if size < 1 << 50 else size * 618 // 1000
    while _common(stride, size) != 1:
        stride += 1
    return stride


def _common(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one


class Texts:
    """The texts of a pattern that have a length between these and pass ``fits``, by number."""

    def __init__(
        self, pattern: re.Pattern[str], *, shortest: int, longest: int | None, fits: Callable[[str], str | None]
    ) -> None:
        """Hold each text against ``fits``, which gives it back, perhaps changed, or None."""
        self._pattern = pattern
        self._part = part_of(pattern)
        self._shortest = shortest
        self._longest = longest
        self._fits = fits
        self.all: tuple[str, ...] | None = None
        if self._part is None or self._part.size == 0:
            self.all = ()
        elif self._part.size <= _FEW:
            self.all = tuple(dict.fromkeys(filter(None, map(self._text, range(self._part.size)))))

    def at(self, number: int) -> str | None:
        """Give a text; another number nearly always gives another. None where none was found soon."""
        if self.all is not None or self._part is None:
            return self.all[number % len(self.all)] if self.all else None
        size = self._part.size
        stride = scattered(size)
        for attempt in range(_TRIES):
            place = (
                (number * 7 + attempt) % min(size, _NEAR) if attempt % 2 else (number + attempt * 7919) * stride % size
            )
            found = self._text(place)
            if found is not None:
                return found
        return None

    def _text(self, place: int) -> str | None:
        found = "" if self._part is None else self._part.at(place)
        if len(found) < self._shortest:
            found = _longer(found, self._pattern, self._shortest)
        if len(found) < self._shortest or (self._longest is not None and len(found) > self._longest):
            return None
        return self._fits(found) if self._pattern.search(found) else None


def _longer(text: str, pattern: re.Pattern[str], shortest: int) -> str:
    """Lengthen a text within what the pattern takes, where one more of some character does."""
    for place in range(len(text), -1, -1):
        for character in dict.fromkeys((text[place - 1 : place] or "a", "a", "0", "x")):
            longer = text[:place] + character * (shortest - len(text)) + text[place:]
            if pattern.search(longer):
                return longer
    return text
