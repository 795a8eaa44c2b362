"""What the process that holds a SQLite session is asked, and what it answers: msgpack in frames.

A frame is its length in four bytes, the highest first, then the message.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from glowplug.database.broken import Asked  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.database.interface import Run, SqlError  # noqa: TC001 - the same
from glowplug.database.sqlite.settings import SessionSettings  # noqa: TC001 - the same
from glowplug.database.sqlite.snapshot import Catalogue  # noqa: TC001 - the same
from glowplug.database.trace import Trace  # noqa: TC001 - the same
from glowplug.dialect import Direction  # noqa: TC001 - the same
from glowplug.errors import Setting  # noqa: TC001 - the same
from glowplug.project.migration import Migration  # noqa: TC001 - the same
from glowplug.schema.tables import Table  # noqa: TC001 - the same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.rows import Value

_LENGTH = struct.Struct(">I")

Packed = tuple[tuple[str | tuple[bytes] | None, ...], ...]
"""Rows; bytes stand alone in a tuple, because msgspec tells them from text by nothing else."""


def pack(rows: Sequence[Sequence[Value]]) -> Packed:
    """Make rows ready to be sent."""
    return tuple(tuple((value,) if isinstance(value, bytes) else value for value in row) for row in rows)


def unpack(rows: Packed) -> tuple[tuple[Value, ...], ...]:
    """Take rows as they were before they were sent."""
    return tuple(tuple(value[0] if isinstance(value, tuple) else value for value in row) for row in rows)


class Open(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Open the database at ``path``; ``fresh``: run ``database_setup`` and make the bookkeeping table."""

    path: str
    settings: SessionSettings
    fresh: bool
    database_setup: tuple[str, ...]
    session_setup: tuple[str, ...]


class Depart(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Copy the open database to ``path``, and open the copy beside it; ``again``: open it as it stands there.

    ``foreign_keys``: what the copy's session takes for that setting, None for what it is here.
    """

    path: str
    again: bool = False
    foreign_keys: bool | None = None


class Return(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Close the copy."""


class Keep(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Copy the open database to ``path``, if its session is as one that begins."""

    path: str


class RunFile(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Run one file of ``migration``, on the copy where ``away``."""

    migration: Migration
    direction: Direction
    away: bool


class ObserveFile(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Run one file of ``migration``, and see what each statement does."""

    migration: Migration
    direction: Direction
    away: bool


class ListTables(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Read the tables as rows see them."""

    away: bool


class WriteRows(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Write ``rows``; where ``by`` is there, change those whose ``by`` columns equal the last values of each row."""

    table: Table
    columns: tuple[str, ...]
    rows: Packed
    away: bool
    by: tuple[str, ...] | None = None


class ReadRows(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Read the rows of ``table``."""

    table: Table
    limit: int
    away: bool


class AskRows(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Run one statement, and roll back what it did."""

    sql: str
    limit: int
    away: bool


class RunBatch(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Run statements that are no migration."""

    sql: str
    away: bool


class Look(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Take a Snapshot."""

    away: bool


class AskBroken(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Compile every view and trigger."""

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


class Kept(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Whether the database was copied."""

    kept: bool


class Ran(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """What came of a file."""

    run: Run


class Observed(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """What was seen of a file."""

    trace: Trace


class Tables(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The tables."""

    tables: tuple[Table, ...]


class Wrote(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """What SQLite says of each row, or of the batch."""

    errors: tuple[SqlError | None, ...]


class Answered(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Rows, or why there are none; ``complete`` False: there were more."""

    columns: tuple[str, ...]
    rows: Packed
    complete: bool
    error: SqlError | None = None


class Seen(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """What SQLite says of the schema."""

    catalogue: Catalogue


class Broken(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """What can't be compiled."""

    asked: Asked


class Recorded(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """The recorded versions."""

    versions: tuple[str, ...]


class Failed(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """It could not be done; ``configuration``: for a fault in glowplug.toml, in that ``setting`` if it is known."""

    message: str
    advice: str | None
    configuration: bool
    setting: Setting | None = None


RowRequest = ListTables | WriteRows | ReadRows | AskRows | RunBatch
Request = Open | Depart | Return | Keep | RunFile | ObserveFile | Look | AskBroken | Recall | RowRequest
RowReply = Tables | Wrote | Answered
Reply = Hello | Opened | Done | Kept | Ran | Observed | Seen | Broken | Recorded | Failed | RowReply

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
