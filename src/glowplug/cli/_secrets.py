"""What is repeated of a command line: no password that somebody put into it by mistake."""

from __future__ import annotations

import re

_URL = re.compile(r"([a-z][a-z0-9+.-]*:/+).*@", re.IGNORECASE | re.DOTALL)  # a Path has one slash
_PARAMETER = re.compile(r"([?&](?:password|passwd|pwd)=)[^&\s'\"]*", re.IGNORECASE)


def holds_url(argument: object) -> bool:
    """Whether an argument is a URL that may hold a password: one with an ``@`` or a parameter in it."""
    text = str(argument)
    return bool(_URL.match(text) or _PARAMETER.search(text))


def masked(text: str) -> str:
    """Leave out what stands before the last ``@`` of a URL: a password may hold any character, ``/`` and ``@`` too."""
    return _PARAMETER.sub(r"\1***", _URL.sub(r"\1***@", text))
