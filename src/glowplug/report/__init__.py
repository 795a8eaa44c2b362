"""Renders a report; one file a format, with a function ``render``; the file's name is the format's.

A name with an underscore is a part of one of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from glowplug.check.report import CheckReport

FORMATS = tuple(
    sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name != "harmless" and found.name[0] != "_")
)


class _Format(Protocol):
    def render(self, report: CheckReport, *, verbosity: int = 0) -> str: ...


def render(report: CheckReport, form: str, *, verbosity: int = 0) -> str:
    """Render the whole report in one of ``FORMATS``, with a line end.

    ``verbosity`` counts -v up and -q down; a format for programs gives all whatever it says.
    """
    module = cast("_Format", importlib.import_module(f"{__name__}.{form}"))
    return module.render(report, verbosity=verbosity)
