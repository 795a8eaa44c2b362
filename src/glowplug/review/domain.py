"""What a PostgreSQL domain, and those that it is made of, come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from glowplug.schema.simulation import Simulation
    from glowplug.sql.parts import Expression, TypeName

_DEEPEST = 32  # domains of domains; in the chain none can be its own


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` as it is written, ``base`` the type that is no domain; ``demands``: a CHECK or NOT NULL."""

    name: str
    base: TypeName | None
    demands: bool
    not_null: bool
    default: Expression | None


def domain_of(kind: TypeName | None, schema: Simulation) -> Domain | None:
    """Tell what a type comes to; None where it is no domain of the chain's, or an array of one."""
    base, default, demands, not_null = kind, None, False, False
    for _ in range(_DEEPEST):
        facts = None if base is None or base.dimensions else schema.type(base.name)
        if facts is None or facts.kind != "domain":
            break
        base, default = facts.base, default or facts.default
        not_null = not_null or facts.not_null
        demands = demands or not_null or bool(facts.constraints)
    if base is kind:
        return None
    return Domain(name=str(kind), base=base, demands=demands, not_null=not_null, default=default)
