"""What a file is going to change, judging by the files before it: a guess, which costs a reading where it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.questions import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable


class Expectations:
    """Remembers what had to be read after files, by the kinds of their statements."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._of_files: dict[frozenset[str], Wanted] = {}
        self._of_kinds: dict[str, Wanted] = {}

    def learn(self, kinds: frozenset[str], wanted: Wanted) -> None:
        """Remember what a file with these ``kinds`` of statements wanted read."""
        self._of_files[kinds] = wanted
        for kind in kinds:
            self._of_kinds[kind] = self._of_kinds.get(kind, wanted) & wanted

    def of(self, kinds: Iterable[str]) -> Wanted:
        """Guess: what the last such file wanted, or else what all files with one of the kinds did."""
        known = self._of_files.get(frozenset(kinds))
        if known is not None:
            return known
        guess = Wanted()
        for kind in kinds:
            guess |= self._of_kinds.get(kind, guess)
        return guess
