"""What is known of the recorded versions, so that they need not be read after every down."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.postgres.within import recorded

if TYPE_CHECKING:
    from collections.abc import Collection

    from glowplug.database.postgres.session import Session

_MOVES = re.compile(
    rb"search_path|__diesel|session_authorization|schema\s+public|standard_conforming_strings|client_encoding"
    rb"|backslash_quote|set_config|\bset\s+(?:(?:session|local)\s+)?names\b",
    re.IGNORECASE,
)

_NEAR = re.compile(rb"schema|search_path|__diesel|owned|role|session_authorization|u&", re.IGNORECASE)
"""What a file says that may be in the bookkeeping's way; \"u&\" may spell anything."""

_FILES = 4096


@functools.lru_cache(maxsize=_FILES)
def moves_bookkeeping(content: bytes) -> bool:
    """Whether a file may have the bookkeeping's statements mean another table than Diesel's next session would.

    Or have the text of files that are sent with it read otherwise.
    """
    return _MOVES.search(content) is not None


@functools.lru_cache(maxsize=_FILES)
def is_near_bookkeeping(content: bytes) -> bool:
    """Whether a file may be in the way of what records and forgets versions around it."""
    return _NEAR.search(content) is not None


@dataclass(slots=True)
class Bookkeeping:
    """The recorded versions as they were read last, or as a down is known to have left them.

    ``moved``: a file that ran may have changed what the bookkeeping's statements mean, or do.
    """

    moved: bool
    _versions: tuple[str, ...] | None = None
    _before: tuple[str, ...] | None = None
    _current: bool = False

    def runs(self, content: bytes) -> None:
        """A file runs: what was recorded may be so no more."""
        self.moved |= moves_bookkeeping(content)
        self._before, self._versions, self._current = self._versions, None, False

    def forgot(self, versions: Collection[str]) -> None:
        """The files that ran last were downs, and the server has told that it deleted each one's row."""
        if self._before is not None and not self.moved:
            self._versions, self._current = tuple(one for one in self._before if one not in versions), True

    def forget(self) -> None:
        """Know nothing any more."""
        self._versions, self._current = None, False

    def read(self, session: Session) -> tuple[str, ...]:
        """Give the recorded versions, as ``within.recorded`` does, and with its errors."""
        if self._versions is None or not self._current:
            self._versions = recorded(session)
        self._current = False
        return self._versions
