"""Patterns of the servers as Python's regular expressions."""

from __future__ import annotations

import functools
import importlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
    "word": r"\w",
    "graph": "!-~",
    "print": " -~",
    "cntrl": r"\x00-\x1f\x7f",
}
_NAMED_CLASS = re.compile(r"\[:(\w+):\]")
_OTHER_ESCAPES = re.compile(r"\\([mMyYAZz\\])")
_ESCAPES = {"m": r"\b", "M": r"\b", "y": r"\b", "Y": r"\B", "A": r"\A", "Z": r"\Z", "z": r"\Z", "\\": r"\\"}
_EMBEDDED = re.compile(r"\A(?:\*\*\*:|\(\?([bceimnpqstwx]+)\))")
_PARSER: Any = importlib.import_module("re._parser")  # the standard library's own reading of a pattern
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})
_FEW = 10


@functools.lru_cache(maxsize=1024)
def regex(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str] | None:
    """Compile a POSIX or PCRE pattern; None where Python's ``re`` doesn't know its form."""
    text = _NAMED_CLASS.sub(lambda match: _CLASSES.get(match.group(1), match.group(0)), pattern)
    text = _OTHER_ESCAPES.sub(lambda match: _ESCAPES[match.group(1)], text)
    if (options := _EMBEDDED.match(text)) is not None:
        ignore_case = ignore_case or "i" in (options.group(1) or "")
        text = text[options.end() :]
    text = re.sub(r"\$\Z", r"\\Z", text) if text.endswith("$") and not text.endswith(r"\$") else text
    try:
        if _is_endless(_PARSER.parse(text)):
            return None
        return re.compile(text, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError):
        return None


def _is_endless(parsed: Any) -> bool:  # noqa: ANN401 - the standard library's parse tree has no types
    """Whether a part repeats what repeats itself, with nothing in between: ``(a+)+`` takes ``re`` a lifetime."""
    for operator, argument in _flat(parsed):
        match str(operator):
            case "MAX_REPEAT" | "MIN_REPEAT":
                body = list(_flat(argument[2]))
                repeats = [more for each, more in body if str(each) in _REPEATS and (_is_open(more) or more[0] == 0)]
                if _is_open(argument) and len(repeats) == len(body) and any(map(_is_open, repeats)):
                    return True
                inner = [argument[2]]
            case "BRANCH":
                inner = argument[1]
            case _:
                inner = []
        if any(map(_is_endless, inner)):
            return True
    return False


def _flat(parsed: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - the parse tree
    for operator, argument in parsed:
        if str(operator) == "SUBPATTERN":
            yield from _flat(argument[3])
        else:
            yield operator, argument


def _is_open(repeat: Any) -> bool:  # noqa: ANN401 - the parse tree
    return int(repeat[1]) - int(repeat[0]) > _FEW


@functools.lru_cache(maxsize=1024)
def like(pattern: str, *, ignore_case: bool = False, escape: str = "\\") -> re.Pattern[str]:
    """Compile a LIKE pattern; it matches the whole text."""
    parts = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if escape and character == escape and position + 1 < len(pattern):
            position += 1
            parts.append(re.escape(pattern[position]))
        else:
            parts.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
        position += 1
    return re.compile(rf"\A{''.join(parts)}\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


@functools.lru_cache(maxsize=256)
def glob(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern of SQLite's GLOB."""
    pieces = re.findall(r"\[\^?\]?[^\]]*\]|.", pattern, re.DOTALL)
    parts = [{"*": ".*", "?": "."}.get(each) or (each if len(each) > 1 else re.escape(each)) for each in pieces]
    try:
        return re.compile(rf"\A{''.join(parts)}\Z", re.DOTALL)
    except re.error:
        return None


@functools.lru_cache(maxsize=256)
def similar(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern of SIMILAR TO."""
    text = re.sub(r"\\.|[%_.^$]", _similar, pattern)
    try:
        return re.compile(rf"\A(?:{text})\Z", re.DOTALL)
    except re.error:
        return None


def _similar(match: re.Match[str]) -> str:
    found = match.group()
    return {"%": ".*", "_": ".", ".": r"\.", "^": "^", "$": r"\$"}.get(found, found)
