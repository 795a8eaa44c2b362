"""What is done to rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action

if TYPE_CHECKING:
    from glowplug.sql.parts import Expression, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert(Action):
    """INSERT or REPLACE; ``from_query`` where rows come from a SELECT, which reads ``reads``.

    ``select`` are the texts of that SELECT's output expressions, where it is a plain one, beside ``columns``.
    """

    table: Name
    columns: tuple[str, ...] = ()
    from_query: bool = False
    reads: tuple[Name, ...] = ()
    select: tuple[Expression, ...] = ()
    replace: bool = False
    ignore: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Action):
    """UPDATE; ``tautology`` where the WHERE can only be true."""

    table: Name
    columns: tuple[str, ...] = ()
    values: tuple[Expression, ...] = ()
    where: Expression | None = None
    tautology: bool = False
    reads: tuple[Name, ...] = ()
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Action):
    """DELETE; ``tautology`` where the WHERE can only be true."""

    table: Name
    where: Expression | None = None
    tautology: bool = False
    reads: tuple[Name, ...] = ()
    limited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Action):
    """A query at top level; ``functions`` are what it calls, lower case."""

    reads: tuple[Name, ...] = ()
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Action):
    """COPY; ``program`` and ``file`` where it leaves the connection."""

    table: Name | None
    from_: bool
    program: bool = False
    file: bool = False
