"""What needs a column on SQLite, so that DROP COLUMN refuses it, and what of that the file drops, though too late."""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Direction
from glowplug.review.procedure import needed
from glowplug.review.whole_file import once_a_file
from glowplug.review.wording import sql
from glowplug.sql.actions import DropColumn, DropIndex, DropTrigger, DropView
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import (
        ColumnFacts,
        ConstraintFacts,
        IndexFacts,
        Origin,
        TableFacts,
        ViewFacts,
    )
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name
    from glowplug.sql.statement import Script, Statement

_What = tuple[str, str]
_NO_CODE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)


class Needing(msgspec.Struct, frozen=True, kw_only=True):
    """What needs a column: indexes, views that name it, triggers whose text is at hand, and parts of its own table.

    ``readers`` are views that name it not, and read one that does: they can't be read once that is gone.
    ``unread`` are triggers of the table whose text is in another migration, by name.
    """

    indexes: tuple[IndexFacts, ...] = ()
    views: tuple[ViewFacts, ...] = ()
    triggers: tuple[tuple[str, Origin], ...] = ()
    parts: tuple[str, ...] = ()
    readers: tuple[ViewFacts, ...] = ()
    unread: tuple[tuple[str, Origin], ...] = ()

    @classmethod
    def of(cls, context: Context, table: TableFacts, column: ColumnFacts) -> Needing:
        """Find it in the schema before the statement."""
        legacy = _legacy(context)  # then SQLite looks at no view and no trigger
        views = () if legacy else tuple(_views(context, table, column))
        known = {each.name for each in views}
        readers = {each.name: each for view in views for each in context.schema.views_on(view.name)}
        texts = {} if legacy else {each: _text(context, origin) for each, origin in table.triggers.items()}
        return cls(
            indexes=tuple(
                each for each in table.indexes.values() if each.constraint is None and _is_in(column, needed(each))
            ),
            views=views,
            triggers=tuple(
                (name, table.triggers[name])
                for name, text in texts.items()
                if text is not None and _names(text, column.name)
            ),
            parts=tuple(_parts(table, column)),
            readers=tuple(each for name, each in readers.items() if name not in known),
            unread=tuple((name, table.triggers[name]) for name, text in texts.items() if text is None),
        )

    @property
    def reasons(self) -> list[str]:
        """Name each for a person; nothing where the column can go."""
        found = [f"the index {each.name}" for each in self.indexes]
        found += self.parts
        found += [f"the view {each.name}" for each in self.views]
        return found + [f"the trigger {name}" for name, _ in self.triggers]


class Clearing(msgspec.Struct, frozen=True, kw_only=True):
    """What has to go before the column can.

    ``drops``: statements for it. ``late``: those of the file's own that drop some of it further down, and fail once it
    is gone; ``too_late`` names what they drop of all that needs the column. ``again``: views and triggers, by name, of
    which the file says no such thing; ``unread`` the triggers that may need it and that the file does not drop.
    """

    drops: tuple[str, ...] = ()
    late: tuple[Statement, ...] = ()
    too_late: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @classmethod
    def of(cls, context: Context, table: TableFacts, needing: Needing) -> Clearing:
        """Put the file's own in front, in its order, then what it forgets."""
        views = (*needing.views, *needing.readers)
        rebuilt = context.schema.views_on(table.name) if needing.parts else ()  # they go along with the old table
        on = [*table.triggers, *(name for view in (*views, *rebuilt) for name in view.triggers)]
        wanted: dict[_What, str | Name] = {("TRIGGER", name.casefold()): name for name, _ in needing.triggers}
        wanted |= {("INDEX", each.name.casefold()): each.name for each in needing.indexes}
        wanted |= {("VIEW", each.name.name.casefold()): each.name for each in views}
        going = wanted | {("TRIGGER", name.casefold()): name for name in on}
        going |= {("VIEW", each.name.name.casefold()): each.name for each in rebuilt}
        drops, here = _file_drops(context.script), context.statement.span.start
        late = drops.after(here, going)
        rest = {what: name for what, name in wanted.items() if what not in late}
        # A view or a trigger that another column's drop needs gone as well may be gone by then.
        another = drops.columns_of.get(table.name.name.casefold(), here) < here
        maybe = {"VIEW", "TRIGGER"} if another else set()
        return cls(
            drops=tuple(
                f"DROP {kind} {'IF EXISTS ' if kind in maybe else ''}{sql(context, going[kind, at])};"
                for kind, at in sorted((*late, *rest), key=lambda what: what[0] != "TRIGGER")  # a view takes its own
            ),
            late=tuple(late.values()),
            too_late=tuple(str(wanted[what]) for what in late if what in wanted),
            again=tuple(str(name) for (kind, _), name in rest.items() if kind != "INDEX"),
            unread=tuple(name for name, _ in needing.unread if ("TRIGGER", name.casefold()) not in late),
        )


class _FileDrops(msgspec.Struct, frozen=True, kw_only=True):
    """The statements of a file that drop an index, a view or a trigger, by kind and name in lower case, in order.

    ``columns_of``: where the first column of a table is dropped.
    """

    statements: Mapping[_What, Sequence[Statement]]
    columns_of: Mapping[str, int]

    def after(self, here: int, going: Iterable[_What]) -> dict[_What, Statement]:
        """Give the first that drops each after a place in the file, in the file's order."""
        found: list[tuple[int, _What, Statement]] = []
        for what in going:
            statements = self.statements.get(what, ())
            number = bisect.bisect_right(statements, here, key=lambda each: each.span.start)
            found += [(each.span.start, what, each) for each in statements[number : number + 1]]
        return {what: statement for _, what, statement in sorted(found, key=lambda each: each[0])}


@once_a_file
def _file_drops(script: Script) -> _FileDrops:
    statements: dict[_What, list[Statement]] = {}
    columns_of: dict[str, int] = {}
    for statement in script.statements:
        for action in statement.actions:
            what = _dropped(action)
            if what is not None:
                statements.setdefault(what, []).append(statement)
            elif isinstance(action, DropColumn):
                columns_of.setdefault(action.table.name.casefold(), statement.span.start)
    return _FileDrops(statements=statements, columns_of=columns_of)


def _dropped(action: Action) -> _What | None:
    match action:
        case DropIndex():
            return "INDEX", action.index.name.casefold()
        case DropView():
            return "VIEW", action.view.name.casefold()
        case DropTrigger():
            return "TRIGGER", action.trigger.casefold()
    return None


def _is_in(column: ColumnFacts, named: set[str]) -> bool:
    return column.name.casefold() in named


def _legacy(context: Context) -> bool:
    return context.schema.variables.get("legacy_alter_table", "").casefold() in {"on", "1", "true", "yes"}


def _parts(table: TableFacts, column: ColumnFacts) -> Iterator[str]:
    """Name what of the table's own definition needs the column."""
    if len(table.columns) == 1 and table.columns_known:
        yield "the table, which has no other column"
    for facts in table.constraints.values():
        kind, definition = facts.definition.kind, facts.definition
        named = {each.casefold() for each in definition.columns}
        named |= {each.casefold() for each in definition.expression.columns} if definition.expression else set()
        if not _is_in(column, named):
            continue
        if kind in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE} or not _written_with(facts, column):
            yield f"{definition.name or facts.name}"
    for other in table.columns.values():
        if (
            other is not column
            and other.generated
            and _is_in(column, {one.casefold() for one in other.generated.columns})
        ):
            yield f"the generated column {other.name}"


def _written_with(facts: ConstraintFacts, column: ColumnFacts) -> bool:
    """Whether the constraint stands in the column's own definition."""
    one, other = facts.born, column.born
    return one.file == other.file and other.span.start <= one.span.start < other.span.end


def _views(context: Context, table: TableFacts, column: ColumnFacts) -> Iterator[ViewFacts]:
    """Give the views that name the column, and for certain this table's."""
    for view in context.schema.views_on(table.name):
        others = [
            context.schema.table(each) or context.schema.view(each)
            for each in view.reads
            if context.schema.table(each) is not table
        ]
        theirs = [
            context.schema.column(each, column.name) for each in view.reads if context.schema.table(each) is not table
        ]
        alone = all(other is not None for other in others) and not any(theirs)
        if _is_in(column, {each.casefold() for each in view.reads_columns}) and alone:
            yield view


def _text(context: Context, origin: Origin) -> str | None:
    """Give the text of what was made in this migration; None: in another, whose text is not at hand."""
    for direction in Direction:
        if origin.file == context.migration.file(direction):
            text = (context.migration.sql(direction) or b"").decode("utf-8", "replace")
            return text[origin.span.start : origin.span.end]
    return None


def _names(trigger: str, column: str) -> bool:
    """Whether a trigger names a column of its own table as ``new.a`` or ``old.a``."""
    open_, close = '["`\\[]?', '["`\\]]?'
    row = rf"(?<![\w\"`\]]){open_}(?:new|old){close}\s*\.\s*"
    named = re.compile(rf"{row}{open_}{re.escape(column)}{close}(?!\w)", re.IGNORECASE)
    return named.search(_NO_CODE.sub(" ", trigger)) is not None
