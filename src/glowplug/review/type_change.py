"""What PostgreSQL does to the rows when a column's type changes.

From ``ATColumnChangeRequiresRewrite`` (src/backend/commands/tablecmds.c) and the casts of pg_cast: free is what needs
no more than a relabelling of what is stored. ``tests/proof/test_type_changes.py`` holds it against servers.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING

from glowplug.review.wording import rounded

if TYPE_CHECKING:
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import TypeFacts
    from glowplug.sql.actions import AlterColumnType
    from glowplug.sql.parts import Expression, TypeName

_UNLIMITED = frozenset({"text", "character varying", "bpchar", "citext"})
_FREE = frozenset(
    {
        ("bit", "bit varying"),
        ("bit varying", "bit"),
        ("character", "bpchar"),
        ("character varying", "bpchar"),
        ("character varying", "citext"),
        ("character varying", "text"),
        ("cidr", "inet"),
        ("citext", "bpchar"),
        ("citext", "character varying"),
        ("citext", "text"),
        ("integer", "oid"),
        ("oid", "integer"),
        ("text", "bpchar"),
        ("text", "character varying"),
        ("text", "citext"),
        ("xml", "bpchar"),
        ("xml", "character varying"),
        ("xml", "text"),
    }
)
"""Binary-coercible pairs of pg_cast, for an implicit or assignment cast; and those of citext's extension."""

_ZONES = frozenset({"timestamp without time zone", "timestamp with time zone"})
_TIMES = _ZONES | {"time without time zone", "time with time zone", "interval"}
_FULL_PRECISION = 6
_INTEGERS = ("smallint", "integer", "bigint")
_FLOATS = ("real", "double precision")
TEXTS = frozenset({"text", "character varying", "character", "bpchar", "citext", "name"})
"""Types to which PostgreSQL turns a value of any other when it is assigned, and from which only a cast leads back."""


class Work(enum.Enum):
    """What a change of type costs."""

    NOTHING = "nothing"
    REWRITE = "rewrite"
    UNKNOWN = "unknown"


def work(
    old: TypeName | None,
    new: TypeName,
    column: str,
    *,
    using: Expression | None = None,
    old_domain: TypeFacts | None = None,
    new_domain: TypeFacts | None = None,
) -> Work:
    """Tell whether the rows are written anew, in a session whose time zone is UTC, as Diesel sets it.

    ``old_domain`` and ``new_domain`` are what is known of a type of the user's own.
    """
    if using is not None and not is_plain(using, column, new):
        return Work.REWRITE
    if old is None:
        return Work.UNKNOWN
    if old_domain is not None and old_domain.kind == "domain" and old_domain.base is not None and str(old) != str(new):
        old = old_domain.base
    if new_domain is not None and new_domain.kind == "domain" and new_domain.base is not None and str(old) != str(new):
        if new_domain.constraints or new_domain.not_null:
            return Work.REWRITE
        new = new_domain.base
    if _is_free(old, new):
        return Work.NOTHING
    known = all(_is_built_in(each) for each in (old, new))
    return Work.REWRITE if known or str(old) != str(new) else Work.NOTHING


def work_of(action: AlterColumnType, schema: Simulation) -> Work:
    """Tell what an ALTER COLUMN … TYPE costs, whether its table is new or not; ``schema`` is the one before it."""
    column = schema.column(action.table, action.column)
    old = None if column is None else column.type
    return work(
        old,
        action.type,
        action.column,
        using=action.using,
        old_domain=None if old is None else schema.type(old.name),
        new_domain=schema.type(action.type.name),
    )


def _is_free(old: TypeName, new: TypeName) -> bool:
    if (old.name, old.modifiers, old.dimensions) == (new.name, new.modifiers, new.dimensions):
        return True
    if old.dimensions or new.dimensions:
        return bool(old.dimensions and new.dimensions and old.name == new.name and old.modifiers == new.modifiers)
    if old.name == new.name:
        return _keeps_modifiers(old, new)
    if {old.name, new.name} <= _ZONES:  # the old precision is forgotten on the way
        return not new.modifiers or int(new.modifiers[0]) >= _FULL_PRECISION
    return (old.name, new.name) in _FREE and not new.modifiers


def _keeps_modifiers(old: TypeName, new: TypeName) -> bool:
    if not new.modifiers:
        return True
    if new.name in _TIMES:
        return int(new.modifiers[0]) >= (int(old.modifiers[0]) if old.modifiers else _FULL_PRECISION)
    if not old.modifiers:
        return False
    if new.name == "numeric":
        (precision, scale), (new_precision, new_scale) = _digits(old), _digits(new)
        return new_precision >= precision and new_scale == scale
    return new.name in ("character varying", "bit varying") and _fits(old.modifiers, new.modifiers)


def _fits(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    return bool(old) and all(each.isdigit() for each in (*old, *new)) and int(old[0]) <= int(new[0])


def is_plain(using: Expression, column: str, new: TypeName) -> bool:
    """Whether USING says no more than the change itself: the column, or the column cast to the new type."""
    text = re.sub(r"\s+", " ", using.text.strip())
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    names = {column, '"' + column + '"'}
    if text.lower() in names:
        return True
    head, _, kind = text.partition("::")
    return head.strip("() ").lower() in names and _same_type(kind.strip().lower(), new)


def _same_type(said: str, new: TypeName) -> bool:
    aliases = {
        "character varying": "varchar",
        "integer": "int",
        "timestamp with time zone": "timestamptz",
        "timestamp without time zone": "timestamp",
        "boolean": "bool",
        "bit varying": "varbit",
    }
    full = str(new)
    short = aliases.get(new.name, new.name) + (f"({','.join(new.modifiers)})" if new.modifiers else "")
    return said.replace(" ", "") in {full.replace(" ", ""), short.replace(" ", "")}


def _is_built_in(kind: TypeName) -> bool:
    return "." not in kind.name


def loses(old: TypeName, new: TypeName) -> str | None:
    """Say what a value can lose, or why it can be refused; None where every value stays, or nothing is known of it."""
    if old.dimensions or new.dimensions:
        return None
    if old.name in TEXTS and new.name in TEXTS:
        return _shorter(old, new)
    if old.name == new.name == "numeric":
        return _numeric(old, new)
    if old.name == new.name and new.name in _TIMES:
        return None if _keeps_modifiers(old, new) else "fractions of a second are rounded"
    return _LOSSES.get((old.name, new.name))


def _shorter(old: TypeName, new: TypeName) -> str | None:
    if not new.modifiers or not new.modifiers[0].isdigit() or _fits(old.modifiers, new.modifiers):
        return None
    return f"a value longer than {new.modifiers[0]} characters makes it fail, and is cut by an explicit cast"


def _numeric(old: TypeName, new: TypeName) -> str | None:
    if not new.modifiers:
        return None
    precision, scale = _digits(new)
    old_precision, old_scale = _digits(old) if old.modifiers else (precision + 1, scale + 1)
    if old_scale > scale:
        return f"{rounded(scale)}, and a number too large makes it fail"
    return None if old_precision - old_scale <= precision - scale else "a number that is too large makes it fail"


def _digits(kind: TypeName) -> tuple[int, int]:
    return int(kind.modifiers[0]), int(kind.modifiers[1]) if len(kind.modifiers) > 1 else 0


_LOSSES = {
    **{
        (old, new): f"a number that {new} can't hold makes it fail"
        for old, new in (("bigint", "integer"), ("bigint", "smallint"), ("integer", "smallint"))
    },
    **{(old, new): "fractions are rounded away" for old in (*_FLOATS, "numeric") for new in _INTEGERS},
    **{
        (old, "real"): "digits beyond those that real can hold are lost"
        for old in ("integer", "bigint", "numeric", "double precision")
    },
    **{(old, "double precision"): "digits beyond 15 are lost" for old in ("bigint", "numeric")},
    **{(old, "date"): "the time of day is lost" for old in _ZONES},
    **{(old, new): "the date is lost" for old in _ZONES for new in _TIMES - _ZONES - {"interval"}},
    ("json", "jsonb"): "the order of keys, duplicates and white space are lost",
    ("inet", "cidr"): "an address with bits to the right of its mask loses them or makes it fail",
}
