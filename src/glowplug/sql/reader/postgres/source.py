"""A text handed to the parser, and where its characters stand in the file."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from glowplug.sql.parts import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDE = re.compile(r"[^\x00-\x7f]")


class Source:
    """A text and its place in the file.

    ``places`` gives the file's offset of each of the text's characters and of its end; without it the text stands in
    the file as it is, from ``start`` on. ``depth`` is how many bodies it lies in.
    """

    __slots__ = ("_places", "_start", "_wide", "depth", "text")

    def __init__(self, text: str, *, start: int = 0, places: Sequence[int] | None = None, depth: int = 0) -> None:
        """Take the text; an offset table is only made when one is asked for."""
        self.text = text
        self.depth = depth
        self._start = start
        self._places = places
        self._wide: tuple[list[int], list[int]] | None = None

    def part(self, start: int, end: int, *, text: str | None = None, deeper: bool = False) -> Source:
        """Give a stretch as a Source; ``text`` of the same length may stand in for it."""
        return Source(
            self.text[start:end] if text is None else text,
            start=self._start + start,
            places=None if self._places is None else self._places[start : end + 1],
            depth=self.depth + deeper,
        )

    def span(self, start: int, end: int) -> Span:
        """Turn a stretch of the text into one of the file."""
        if self._places is None:
            return Span(self._start + start, self._start + end)
        return Span(self._places[start], self._places[end])

    def inside(self, offset: int) -> int:
        """Turn an offset in the file into one in the text."""
        if self._places is None:
            return offset - self._start
        return bisect.bisect_left(self._places, offset)

    def places(self, start: int, end: int) -> list[int]:
        """Give the file's offsets of the characters from ``start`` to ``end`` inclusive."""
        if self._places is None:
            return list(range(self._start + start, self._start + end + 1))
        return list(self._places[start : end + 1])

    def character(self, byte: int) -> int:
        """Turn an offset in the text's UTF-8 into one in characters."""
        if self.text.isascii():
            return byte
        if self._wide is None:
            self._wide = _wide_characters(self.text)
        bytes_after, surplus = self._wide
        index = bisect.bisect_right(bytes_after, byte)
        return byte - (surplus[index - 1] if index else 0)


def _wide_characters(text: str) -> tuple[list[int], list[int]]:
    """For each character beyond ASCII: the byte offset just after it, and by how much bytes then exceed characters."""
    bytes_after = []
    surplus = []
    extra = 0
    for found in _WIDE.finditer(text):
        extra += len(found.group().encode(errors="surrogatepass")) - 1
        bytes_after.append(found.end() + extra)
        surplus.append(extra)
    return bytes_after, surplus
