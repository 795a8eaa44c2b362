"""What a database holds and can no longer use: views and triggers on what is gone, as values."""

from __future__ import annotations

import msgspec

from glowplug.database.interface import SqlError  # noqa: TC001 - msgspec reads the annotations when it decodes


class BrokenObject(msgspec.Struct, frozen=True, kw_only=True):
    """A view, trigger or function that the server takes no use of, and what it says.

    ``kind`` and ``name`` tell it from any other, also where the table that a trigger is on gets another name: that
    is ``table``, as it is called now, None for what is on none.
    """

    kind: str
    name: str
    error: SqlError
    table: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it before and after a file ran."""
        return (self.kind, self.name)
