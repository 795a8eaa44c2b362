"""From text to Statements and Actions; one package a dialect, whose parser is imported when first needed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from glowplug.dialect import Dialect
    from glowplug.sql.statement import Script


class _Reader(Protocol):
    def read(self, text: str) -> Script: ...


def read(text: str, dialect: Dialect) -> Script:
    """Read a file of SQL.

    Never raises for what the text holds: a statement that is not understood is there as ``unparsed``, and nothing
    of the text is lost (``Script.pieces``).
    """
    module = cast("_Reader", importlib.import_module(f"{__name__}.{dialect.value}"))
    return module.read(text)
