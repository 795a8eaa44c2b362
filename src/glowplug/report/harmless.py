"""Text that came from migrations, names or servers, made harmless for terminals and CI logs.

A control sequence could repaint a terminal; a line that begins with ``::`` or holds ``##[`` is a command to GitHub's
runners (their ``ActionCommand`` parser trims leading white space, and looks for ``##[`` anywhere in a line), one that
holds ``##vso[`` to Azure's agents, one that begins with ``##teamcity[`` to TeamCity.
"""

from __future__ import annotations

import re
import unicodedata

_COMMAND = r"(?m)^(\s*):(?=:)"
BRACKETED_COMMAND = r"##(?=\w*\[)"
"""A pattern of where ``##[``, ``##vso[`` and their like begin."""

_KEPT = frozenset("\n\t")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, format (bidi too), surrogates, separators


def harmless(text: str) -> str:
    """Show every control and format character as an escape, and break what a CI runner would obey."""
    if not text.isprintable():  # most is, and holds none of them
        text = "".join(map(_visible, text))
    if "::" in text:
        text = re.sub(_COMMAND, r"\1: ", text)
    return re.sub(BRACKETED_COMMAND, "# #", text) if "##" in text else text


def one_line(text: str) -> str:
    """Make harmless, with line ends and tabs shown as well."""
    return harmless(text.replace("\r\n", "\n").replace("\n", "⏎").replace("\t", " "))


def _visible(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _INVISIBLE:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - Python's own escapes
