"""What is found of a file as a whole, once, however many of its statements ask."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.sql.statement import Script

_Found = TypeVar("_Found")


def once_a_file(look: Callable[[Script], _Found]) -> Callable[[Script], _Found]:
    """Keep what was found of the file that was asked about last."""

    @functools.lru_cache(maxsize=1)
    def kept(file: _Itself) -> _Found:
        return look(file.script)

    @functools.wraps(look)
    def asked(script: Script) -> _Found:
        return kept(_Itself(script))

    return asked


class _Itself:
    """A file that is equal to itself alone: to compare what it holds would take as long as to look through it."""

    __slots__ = ("script",)

    def __init__(self, script: Script) -> None:
        self.script = script

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.script is self.script

    def __hash__(self) -> int:
        return id(self.script)
