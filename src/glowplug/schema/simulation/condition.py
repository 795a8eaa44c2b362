"""What is left of a change that may not happen: what holds whether it does or not."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, TableFacts


_PROOFS = frozenset({ConstraintKind.CHECK, ConstraintKind.NOT_NULL})


def either(old: TableFacts, new: TableFacts) -> TableFacts:
    """Give what is known of a table of which nobody can tell whether it is as ``old`` or as ``new``.

    What came is there, and so is what went, but for a CHECK: one that is not in both proves nothing, and can't be
    validated. Nor does a NOT NULL prove anything that is not in both; a type that changed is unknown. A column that
    was renamed is the same one in both.
    """
    was = {each.born: each for each in old.columns.values()}
    return replace(
        new,
        columns=MappingProxyType(
            {name: _column(old.columns.get(name) or was.get(each.born), each) for name, each in new.columns.items()}
        ),
        constraints=MappingProxyType(
            {
                name: _constraint(each, old.constraints.get(name), new.constraints.get(name))
                for name, each in {**old.constraints, **new.constraints}.items()
                if each.definition.kind not in _PROOFS or (name in old.constraints and name in new.constraints)
            }
        ),
        columns_known=old.columns_known and new.columns_known and old.columns.keys() == new.columns.keys(),
        may_have_rows=old.may_have_rows or new.may_have_rows,
        seeded=old.seeded or new.seeded,
    )


def _column(old: ColumnFacts | None, new: ColumnFacts) -> ColumnFacts:
    if old is None:
        return replace(new, not_null=False)
    if old is new:
        return new
    return replace(
        new,
        type=new.type if old.type == new.type else None,
        not_null=old.not_null and new.not_null,
        default=new.default if old.default else None,
    )


def _constraint(there: ConstraintFacts, *both: ConstraintFacts | None) -> ConstraintFacts:
    return replace(there, validated=all(each is not None and each.validated for each in both))
