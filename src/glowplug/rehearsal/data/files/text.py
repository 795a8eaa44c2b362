"""A migration's two files as Actions: what they name, and what of them can't be followed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect, Direction
from glowplug.rehearsal.data.files.called import with_called
from glowplug.sql.actions import Action, Block, Dynamic
from glowplug.sql.parts import Name
from glowplug.sql.reader import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.project import Migration
    from glowplug.sql.statement import Script, Statement

_WHERE = re.compile(
    r"\bwhere\b(?P<condition>(?:(?!\bwhere\b).)*?)"
    r"(?:\b(?:group\s+by|having|order\s+by|limit|on\s+conflict|on\s+duplicate|returning|union)\b.*)?;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a migration as read; an absent one, or one that is no UTF-8, is None."""

    dialect: Dialect
    up: Script | None
    down: Script | None

    @classmethod
    def of(cls, migration: Migration, dialect: Dialect, earlier: Sequence[Migration] = ()) -> Text:
        """Read both files, with what the routines do that they call, which ``earlier`` ones may have made."""
        up, down = _script(migration.up, dialect), _script(migration.down, dialect)
        return cls(
            dialect=dialect,
            up=None if up is None else with_called(up, earlier),
            down=None if down is None else with_called(down, (*earlier, migration)),
        )

    def file(self, direction: Direction) -> Script | None:
        """Give one of the two."""
        return self.up if direction is Direction.UP else self.down

    @property
    def opaque(self) -> bool:
        """Whether a file holds what can't be followed, so that it may touch any table."""
        return any(not followed(script) for script in (self.up, self.down) if script is not None)


def followed(script: Script) -> bool:
    """Whether everything that a file does can be read from it."""
    return not any(
        statement.unparsed is not None
        or any(isinstance(action, Dynamic) for action in statement.actions)
        or (any(isinstance(action, Block) for action in statement.actions) and not statement.body)
        for statement in every(script.statements)
    )


def every(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Give statements, and those that run inside them; not the bodies of routines, which run later."""
    for statement in statements:
        yield statement
        yield from every(statement.inner())


def actions_of(script: Script | None) -> Iterator[tuple[Action, Statement]]:
    """Give each Action of a file in order, with the statement that it is of."""
    for statement in () if script is None else every(script.statements):
        for action in statement.actions:
            yield action, statement


def condition_of_query(text: str) -> str | None:
    """Give the condition of a statement's last WHERE, which goes to its end or what may follow there."""
    match = _WHERE.search(text)
    return None if match is None else match["condition"]


def names_in(thing: object, *, but: type[msgspec.Struct] | None = None) -> Iterator[Name]:
    """Give the Names in an Action, wherever they stand; not those in a part of the kind ``but``."""
    if isinstance(thing, Name):
        yield thing
    elif isinstance(thing, msgspec.Struct):
        if but is None or not isinstance(thing, but):
            for field in thing.__struct_fields__:
                yield from names_in(getattr(thing, field), but=but)
    elif isinstance(thing, tuple):
        for item in thing:
            yield from names_in(item, but=but)


def _script(sql: bytes | None, dialect: Dialect) -> Script | None:
    if sql is None:
        return None
    try:
        return read(sql.decode("utf-8"), dialect)
    except UnicodeDecodeError:
        return None
