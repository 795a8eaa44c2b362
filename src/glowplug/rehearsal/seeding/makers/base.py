"""What makes the values of one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.rows import Value


class Maker(msgspec.Struct, frozen=True, kw_only=True):
    """``make(n)`` gives the n-th value; different for ``size`` numbers one after the other, None: for all."""

    make: Callable[[int], Value]
    size: int | None = None


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What values depend on beside their type: the dialect, the seed of the whole.

    ``salt`` is added to the numbers of texts: another one for each table, so that a text is in one table alone.
    ``simple``: conditions are on them of which nobody can tell what they refuse, so they have nothing special.
    """

    dialect: Dialect = Dialect.POSTGRES
    seed: int = 1
    salt: int = 0
    simple: bool = False


def listed(values: Sequence[Value]) -> Maker:
    """Make values of a list, by turns."""
    size = len(values)
    if size == 1:
        single = values[0]
        return Maker(make=lambda _: single, size=1)
    return Maker(make=lambda n: values[n % size], size=size)
