"""A constraint that takes the place, and the name, of one that the same ALTER TABLE drops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.review import definitions
from glowplug.review.wording import sql
from glowplug.schema.simulation.naming import cut
from glowplug.sql.actions import DropConstraint

if TYPE_CHECKING:
    from glowplug.review.context import Context
    from glowplug.sql.parts import Name

_LONGEST = 63


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """How a constraint is added that may take another's place, and how that is undone.

    ``first`` and ``again`` are clauses with a comma behind or before them, empty where nothing is dropped. ``lost``: a
    line for the down where the old definition is not known. ``spare``: the name of an index until it takes over.
    """

    first: str = ""
    again: str = ""
    lost: str = ""
    spare: str

    @classmethod
    def of(cls, context: Context, table: Name, name: str) -> Exchange:
        """Find it in the statement at hand."""
        drop = next((each for each in context.statement.actions if _drops(each, name)), None)
        if not isinstance(drop, DropConstraint):
            return cls(spare=name)
        first = f"{context.text(drop.span)}, "
        spare = cut(f"{name}_new", _LONGEST)
        facts = None if context.before is None else context.before.table(table)
        old = None if facts is None else facts.constraints.get(name)
        if facts is None or old is None:
            known = drop.if_exists and context.schema.doubt is None
            return cls(first=first, spare=spare, lost="" if known else _lost(context, name))
        clause = definitions.constraint(context, facts, old)
        if clause is None:
            return cls(first=first, spare=spare, lost=_lost(context, name))
        return cls(first=first, spare=spare, again=f", ADD CONSTRAINT {sql(context, name)} {clause}")

    def up(self, context: Context, table: Name, name: str, clause: str) -> str:
        """Write the statement that adds it."""
        return f"ALTER TABLE {sql(context, table)} {self.first}ADD CONSTRAINT {sql(context, name)} {clause};"

    def down(self, context: Context, table: Name, name: str) -> str:
        """Write what undoes that."""
        return f"ALTER TABLE {sql(context, table)} DROP CONSTRAINT {sql(context, name)}{self.again};{self.lost}"


def _drops(action: object, name: str) -> bool:
    return isinstance(action, DropConstraint) and action.name == name


def _lost(context: Context, name: str) -> str:
    return f"\n-- add {sql(context, name)} again as it was, which is not known here"
