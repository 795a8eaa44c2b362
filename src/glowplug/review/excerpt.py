"""The lines of a file that a finding shows, and a replacement for a statement as a patch."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from glowplug.finding import Excerpt
from glowplug.review.context import line_starts, position

if TYPE_CHECKING:
    from glowplug.sql.parts import Span

MOST_LINES = 8
CONTEXT = 3
LONGEST = 400
"""Characters of a line; one that is longer is no excerpt that a person reads."""


def excerpt_of(text: str, statement: Span, span: Span) -> Excerpt | None:
    """Give the whole lines of the statement; of a long one those of ``span``, the first ``MOST_LINES`` of them.

    None where a line is so long that nobody would find the place in it.
    """
    first, last = position(text, statement.start)[0], position(text, max(statement.start, statement.end - 1))[0]
    if last - first >= MOST_LINES:
        first, last = position(text, span.start)[0], position(text, max(span.start, span.end - 1))[0]
        last = min(last, first + MOST_LINES - 1)
    starts = line_starts(text)
    end = starts[last] if last < len(starts) else len(text)
    if end - starts[first - 1] > MOST_LINES * LONGEST:
        return None
    lines = text[starts[first - 1] : end].rstrip("\n").split("\n")
    if any(len(line) > LONGEST for line in lines):
        return None
    return Excerpt(line=first, text="\n".join(line.rstrip("\r") for line in lines))


def patch_of(text: str, file: str, statement: Span, replacement: str) -> str:
    """Write a replacement for a statement as a unified diff of its file, as ``git apply`` takes it."""
    starts = line_starts(text)
    first, last = position(text, statement.start)[0], position(text, max(statement.start, statement.end - 1))[0]
    top, bottom = max(1, first - CONTEXT), min(len(starts), last + CONTEXT)
    start, end = starts[top - 1], starts[bottom] if bottom < len(starts) else len(text)
    before = text[start:end]
    after = text[start : statement.start] + replacement + text[statement.end : end]
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{file}", f"b/{file}", n=CONTEXT)
    return "".join(_moved(line, top - 1) if line.startswith("@@") else _ended(line) for line in lines)


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])


def _moved(header: str, by: int) -> str:
    return re.sub(r"([-+])(\d+)", lambda found: f"{found[1]}{int(found[2]) + by}", header, count=2)


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
