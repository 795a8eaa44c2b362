"""Which setting a server means that refuses to make a database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glowplug.errors import Setting


def refused_setting(said: str, *, encoding: str | None, collation: str | None) -> Setting | None:
    """Give the setting whose value stands in what the server ``said``, else one that has a value; None: none has."""
    given = {name: value for name, value in (("collation", collation), ("encoding", encoding)) if value is not None}
    meant = [name for name, value in given.items() if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", said)]
    return next(((name,) for name in (*meant, *given)), None)
