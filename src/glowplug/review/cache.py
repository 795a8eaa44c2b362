"""What a review gave, kept for the next time: by content, terms, and the very files that review.

A stored answer is used only where the chain's bytes, the terms, what is new and the state of glowplug's own files are
the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from glowplug.review.reviewed import Reviewed
from glowplug.store.machinery import stamps
from glowplug.store.place import cache_path
from glowplug.store.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from glowplug.project import Chain
    from glowplug.review.context import Terms

DIRECTORY = "review"
MOST_ENTRIES = 32
LARGEST = 32 * 2**20
"""Bytes of one entry; what is larger is not kept."""

_ROOMS = ("review", "sql", "schema", "project", "store")
_PARSERS = ("postgast", "google.protobuf", "syntaqlite")
"""All that a review runs beside glowplug's own: MySQL's reader is its own, PostgreSQL's tree comes as protobuf."""


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """A directory with one file for each review; ``directory`` None keeps nothing."""

    directory: Path | None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Cache:
        """Find it where glowplug keeps everything that it can make again."""
        return cls(directory=cache_path(environment) / DIRECTORY)

    def load(self, key: str) -> Reviewed | None:
        """Give what was stored under this key, None where there is nothing that can be trusted."""
        payload = self.shelf.load(key)
        if payload is None:
            return None
        try:
            return msgspec.msgpack.decode(payload, type=Reviewed)
        except msgspec.MsgspecError:
            return None

    def store(self, key: str, reviewed: Reviewed) -> None:
        """Keep it, as a whole or not at all; a directory that can't be written keeps nothing."""
        if self.directory is None or reviewed.broken:
            return
        try:
            payload = msgspec.msgpack.encode(reviewed)
        except UnicodeEncodeError:  # a name that is no UTF-8
            return
        if self.shelf.store(key, payload):
            self.shelf.tidy()

    @property
    def shelf(self) -> Shelf:
        """Its bounds: what was not used for the longest time goes first."""
        return Shelf(directory=self.directory, largest=LARGEST, room=MOST_ENTRIES * LARGEST, most=MOST_ENTRIES)


def key_of(chain: Chain, terms: Terms, *, new: Collection[str], known: bool = True) -> str:
    """Give the name of a review: all that its answer depends on, digested."""
    parts = (
        stamps(_ROOMS, _PARSERS),
        chain.directory,
        chain.chain_digest,
        *(
            f"{item.path} {item.runnable:d}{item.run_in_transaction:d} {item.name in new:d}"
            for item in chain.migrations
        ),
        repr(terms),
        str(known),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
