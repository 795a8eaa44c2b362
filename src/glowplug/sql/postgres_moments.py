"""Which PostgreSQL files may ask what time it is: to the server, that is when the transaction began."""

from __future__ import annotations

import functools
import re

_MOMENT = re.compile(
    r"\b(?:now|today|tomorrow|yesterday|age|current_(?:date|time|timestamp)|localtime|localtimestamp"
    r"|(?:transaction|statement|clock)_timestamp|timeofday|txid_current|pg_current_xact_id)\b|\\|\bu&",
    re.IGNORECASE,
)  # an escape may spell any of them


@functools.lru_cache(maxsize=4096)
def asks_the_time(text: str) -> bool:
    """Whether a file may; what asks without saying so (a column's default) is not meant."""
    return _MOMENT.search(text) is not None
