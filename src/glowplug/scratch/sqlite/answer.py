"""What the process that holds a database answers, taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from glowplug.database.interface import SqlError
from glowplug.database.sqlite import protocol
from glowplug.errors import ConfigurationError, EnvironmentFailure

if TYPE_CHECKING:
    from glowplug.scratch.sqlite.holder import HolderEnded

Answer = TypeVar("Answer")


def expect(reply: protocol.Reply, kind: type[Answer]) -> Answer:
    """Take the answer that was asked for, or raise what came instead."""
    if isinstance(reply, kind):
        return reply
    if isinstance(reply, protocol.Failed):
        refusal = ConfigurationError if reply.configuration else EnvironmentFailure
        raise refusal(reply.message, advice=reply.advice, setting=reply.setting)
    raise EnvironmentFailure("the process that runs SQLite gave an answer to another question")


def as_error(end: HolderEnded, timeout: float) -> SqlError:
    """Say as a file's error that the process has ended."""
    if end.timed_out:
        return SqlError(
            code="SQLITE_INTERRUPT",
            message=f"not done after {timeout:g} seconds, and a single call that SQLite does not interrupt: ended",
            timed_out=True,
        )
    how = "" if end.signal_number is None else f" (signal {end.signal_number})"
    return SqlError(
        code=None,
        message=f"the file ended the process that runs SQLite{how}: it took too much memory or time, or broke SQLite",
    )
