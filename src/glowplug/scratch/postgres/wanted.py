"""Which extensions a server must have itself for a chain, so that no stand-in of glowplug's does."""

from __future__ import annotations

import importlib.resources
import re
from typing import TYPE_CHECKING

from glowplug.scratch.postgres.staging import STAND_INS
from glowplug.sql.extensions import extensions_asked

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEYOND = re.compile(r"^ +'(\w+)\(.*\) RETURNS ", re.MULTILINE)


def extensions_wanted(files: Sequence[bytes]) -> frozenset[str]:
    """Give the extensions that ``files`` ask for, one with a stand-in only where they use what it has not."""
    asked = frozenset[str]().union(*map(extensions_asked, files))
    stood_in = asked.intersection(STAND_INS)
    return asked - stood_in | {name for name in stood_in if _goes_beyond(name, files)}


def _goes_beyond(name: str, files: Sequence[bytes]) -> bool:
    functions = beyond_stand_in(name)
    if not functions:
        return False
    call = re.compile(rf'\b(?:{"|".join(functions)})"?\s*\('.encode(), re.IGNORECASE)
    return any(call.search(file) for file in files)


def beyond_stand_in(name: str) -> tuple[str, ...]:
    """Name the functions of an extension that glowplug's stand-in declares, and refuses when they are called."""
    directory = importlib.resources.files("glowplug.scratch.postgres").joinpath("stand_in")
    text = "".join(
        file.read_text(encoding="utf-8") for file in directory.iterdir() if file.name.startswith(f"{name}--")
    )
    return tuple(dict.fromkeys(_BEYOND.findall(text)))
