"""What is done to rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions.base import Action

if TYPE_CHECKING:
    from glowplug.sql.parts import Expression, Name


class Insert(Action, frozen=True, kw_only=True):
    """INSERT or REPLACE; ``from_query`` where rows come from a SELECT, which reads ``reads``.

    ``select`` are the texts of that SELECT's output expressions, where it is a plain one, beside ``columns``;
    ``functions`` what the statement calls (PostgreSQL: of 1,000 rows at most).
    """

    table: Name
    columns: tuple[str, ...] = ()
    from_query: bool = False
    reads: tuple[Name, ...] = ()
    select: tuple[Expression, ...] = ()
    replace: bool = False
    ignore: bool = False
    functions: tuple[str, ...] = ()


class Update(Action, frozen=True, kw_only=True):
    """UPDATE; ``tautology`` where the WHERE can only be true."""

    table: Name
    columns: tuple[str, ...] = ()
    values: tuple[Expression, ...] = ()
    where: Expression | None = None
    tautology: bool = False
    reads: tuple[Name, ...] = ()
    limited: bool = False


class Delete(Action, frozen=True, kw_only=True):
    """DELETE; ``tautology`` where the WHERE can only be true."""

    table: Name
    where: Expression | None = None
    tautology: bool = False
    reads: tuple[Name, ...] = ()
    limited: bool = False


class Select(Action, frozen=True, kw_only=True):
    """A query at top level; ``functions`` are what it calls, lower case."""

    reads: tuple[Name, ...] = ()
    functions: tuple[str, ...] = ()


class Copy(Action, frozen=True, kw_only=True):
    """COPY; ``program`` and ``file`` where it leaves the connection."""

    table: Name | None
    from_: bool
    program: bool = False
    file: bool = False
