"""What the process that holds a SQLite session is asked, and what it answers: msgpack in frames.

A frame is its length in four bytes, the highest first, then the message.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from glowplug.database.interface import Run  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.database.sqlite.settings import SessionSettings  # noqa: TC001 - the same
from glowplug.database.sqlite.snapshot import Catalogue  # noqa: TC001 - the same
from glowplug.dialect import Direction  # noqa: TC001 - the same
from glowplug.project.migration import Migration  # noqa: TC001 - the same

if TYPE_CHECKING:
    from collections.abc import Callable

_LENGTH = struct.Struct(">I")


class Open(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Open the database at ``path``; ``fresh``: run ``database_setup`` and make the bookkeeping table."""

    path: str
    settings: SessionSettings
    fresh: bool
    database_setup: tuple[str, ...]
    session_setup: tuple[str, ...]


class Depart(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Copy the open database to ``path``, and open the copy beside it; ``again``: open it as it stands there."""

    path: str
    again: bool = False


class Return(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Close the copy."""


class RunFile(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Run one file of ``migration``, on the copy where ``away``."""

    migration: Migration
    direction: Direction
    away: bool


class Look(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Take a Snapshot."""

    away: bool


class Recall(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Read the bookkeeping table."""

    away: bool


class Hello(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The process is there, with this version of SQLite; said first, and unasked."""

    version: str


class Opened(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The database is open; whether its session heeds foreign keys."""

    foreign_keys: bool


class Done(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """It is done."""


class Ran(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """What came of a file."""

    run: Run


class Seen(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """What SQLite says of the schema."""

    catalogue: Catalogue


class Recorded(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The recorded versions."""

    versions: tuple[str, ...]


class Failed(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """It could not be done; ``configuration``: for a fault in glowplug.toml."""

    message: str
    advice: str | None
    configuration: bool


Request = Open | Depart | Return | RunFile | Look | Recall
Reply = Hello | Opened | Done | Ran | Seen | Recorded | Failed

Message = TypeVar("Message")


class Channel(Generic[Message]):
    """Turns messages into frames, and frames into messages of one kind."""

    def __init__(self, kind: object) -> None:
        """Expect messages of ``kind``, a union of the structs above."""
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(kind)
        self._encoder = msgspec.msgpack.Encoder()

    def frame(self, message: Request | Reply) -> bytes:
        """Write ``message`` as a frame."""
        body = self._encoder.encode(message)
        return _LENGTH.pack(len(body)) + body

    def receive(self, read: Callable[[int], bytes]) -> Message | None:
        """Read one message by ``read``, which gives exactly so many bytes, fewer at the end; None at the end."""
        head = read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        body = read(length)
        return self._decoder.decode(body) if len(body) == length else None
