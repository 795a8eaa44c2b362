"""What the text of a migration alone says of its way back: which Actions take values away, and from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.rehearsal.data.files.text import actions_of, followed
from glowplug.rehearsal.measured import Reversibility
from glowplug.sql.actions import (
    AddColumn,
    AlterColumnType,
    AlterTableSetting,
    Copy,
    CreateTable,
    Delete,
    Drop,
    DropColumn,
    DropTable,
    Insert,
    ModifyColumn,
    ObjectKind,
    RenameColumn,
    RenameTable,
    TableChange,
    Truncate,
    Update,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.rehearsal.data.files.text import Text
    from glowplug.sql.parts import Name

_BY_CHANGE = {
    TableChange.DROP_PARTITION: Reversibility.IRREVERSIBLE,
    TableChange.TRUNCATE_PARTITION: Reversibility.IRREVERSIBLE,
    TableChange.CHARACTER_SET: Reversibility.UNKNOWN,
}
_FIRST = (Reversibility.IRREVERSIBLE, Reversibility.UNKNOWN, Reversibility.LOSSY, Reversibility.LOSSLESS)


def says(text: Text, *, with_down: bool) -> Reversibility:
    """Say what becomes of rows by the Actions of both files, or of the up's alone.

    LOSSY: only what is written after the up is lost, with what the up itself made. What depends on the rows (a type
    that is changed, an UPDATE or DELETE with a condition, SQL that can't be followed) is UNKNOWN, unless
    the up takes something else for certain.
    """
    found = set(_of_up(text))
    if with_down:
        found |= set(_of_down(text))
    return next((each for each in _FIRST if each in found), Reversibility.LOSSLESS)


def _of_up(text: Text) -> Iterator[Reversibility]:
    if text.up is None:
        yield Reversibility.UNKNOWN
        return
    if not followed(text.up):
        yield Reversibility.UNKNOWN
    walk = _Walk(text.dialect)
    for action, statement in actions_of(text.up):
        found = walk.taken_by(action)
        if found is not None:
            yield Reversibility.UNKNOWN if statement.conditional else found
        walk.apply(action)


def _of_down(text: Text) -> Iterator[Reversibility]:
    if text.down is None or not followed(text.down):
        yield Reversibility.UNKNOWN
    walk = _Walk(text.dialect)
    computed = {
        (action.table.name.casefold(), action.column.name.casefold())
        for action, _ in actions_of(text.up)
        if isinstance(action, AddColumn) and action.column.generated is not None
    }
    for action, statement in actions_of(text.down):
        if isinstance(action, DropColumn) and (action.table.name.casefold(), action.column.casefold()) in computed:
            continue
        found = walk.taken_by(action)
        if found is not None:
            certain = found is Reversibility.IRREVERSIBLE or (
                isinstance(action, (DropTable, DropColumn)) and action.if_exists
            )
            lossy = certain and not statement.conditional
            yield Reversibility.LOSSY if lossy else Reversibility.UNKNOWN
        walk.apply(action)


def _depends_on_rows(action: object) -> bool:
    if isinstance(action, Drop):
        return action.kind in {ObjectKind.SCHEMA, ObjectKind.DATABASE}
    if isinstance(action, Insert):
        return action.replace
    return isinstance(action, (AlterColumnType, Copy, ModifyColumn))


class _Walk:
    """What a file has made so far, and what it has copied: to take these away takes nothing of anybody's."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._made: set[str] = set()
        self._made_columns: set[tuple[str, str]] = set()
        self._copied: set[str] = set()
        self._copied_columns: set[str] = set()

    def taken_by(self, action: object) -> Reversibility | None:
        """Say whether an Action takes rows or values that are not the file's own: for certain, or perhaps."""
        match action:
            case DropTable() | Truncate():
                return self._of_table(action.table, unsure=isinstance(action, DropTable) and action.if_exists)
            case DropColumn():
                return self._of_column(action)
            case Delete():
                certain = (action.where is None or action.tautology) and not action.limited
                return self._of_table(action.table) if certain else Reversibility.UNKNOWN
            case Update():
                return self._of_update(action)
            case AlterTableSetting():
                return _BY_CHANGE.get(action.change)
            case _:
                return Reversibility.UNKNOWN if _depends_on_rows(action) else None

    def _of_table(self, table: Name, *, unsure: bool = False) -> Reversibility | None:
        name = self._folded(table.name)
        if name in self._made:
            return None
        return Reversibility.UNKNOWN if unsure or name in self._copied else Reversibility.IRREVERSIBLE

    def _of_column(self, action: DropColumn) -> Reversibility | None:
        name, own = self._folded(action.table.name), action.column.casefold()
        if name in self._made or (name, own) in self._made_columns:
            return None
        copied = action.if_exists or own in self._copied_columns or name in self._copied
        return Reversibility.UNKNOWN if copied else Reversibility.IRREVERSIBLE

    def _of_update(self, action: Update) -> Reversibility | None:
        name = self._folded(action.table.name)
        if name in self._made:
            return None
        foreign = [column for column in action.columns if (name, column.casefold()) not in self._made_columns]
        if not foreign and action.columns:
            return None
        conditional = (action.where is not None and not action.tautology) or action.limited or not action.columns
        return Reversibility.UNKNOWN if conditional or action.reads else self._of_values(action, foreign)

    def _of_values(self, action: Update, foreign: list[str]) -> Reversibility:
        """Weigh an UPDATE of every row: a constant in the place of values takes them all; the rest depends on them."""
        values = dict(zip(action.columns, action.values, strict=False))
        constant = any(
            values[column].constant and column.casefold() not in self._copied_columns
            for column in foreign
            if column in values
        )
        return Reversibility.IRREVERSIBLE if constant else Reversibility.UNKNOWN

    def apply(self, action: object) -> None:
        """Remember what an Action makes, renames or copies."""
        match action:
            case CreateTable():
                if not action.if_not_exists:
                    self._made.add(self._folded(action.table.name))
                self._copied |= {self._folded(name.name) for name in action.reads}
            case AddColumn():
                if not action.if_not_exists:
                    self._made_columns.add((self._folded(action.table.name), action.column.name.casefold()))
            case RenameTable():
                self._rename(self._folded(action.table.name), self._folded(action.new_name.name))
            case RenameColumn():
                column = (self._folded(action.table.name), action.column.casefold())
                if column in self._made_columns:
                    self._made_columns.add((column[0], action.new_name.casefold()))
                self._made_columns.discard(column)
            case Insert():
                self._copied |= {self._folded(name.name) for name in action.reads}
                self._copied_columns |= {column.casefold() for value in action.select for column in value.columns}
            case Update():
                self._copied |= {self._folded(name.name) for name in action.reads}
                self._copied_columns |= {column.casefold() for value in action.values for column in value.columns}
            case _:
                pass

    def _rename(self, old: str, new: str) -> None:
        for names in (self._made, self._copied):
            if old in names:
                names.add(new)
                names.discard(old)
            else:
                names.discard(new)
        self._made_columns = {(new if table == old else table, column) for table, column in self._made_columns}

    def _folded(self, name: str) -> str:
        return name if self._dialect is Dialect.POSTGRES else name.casefold()
