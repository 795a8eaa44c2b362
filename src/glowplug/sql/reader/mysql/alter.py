"""ALTER TABLE, one Action a clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    AddColumn,
    AddConstraint,
    AlterColumnSetting,
    AlterConstraint,
    AlterTableSetting,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    ModifyColumn,
    RenameColumn,
    RenameIndex,
    RenameTable,
    SetDefault,
    TableChange,
)
from glowplug.sql.parts import ConstraintKind, Name
from glowplug.sql.reader.mysql import partitions
from glowplug.sql.reader.mysql.columns import charset_name, column, default_value, definition, word_or_string
from glowplug.sql.reader.mysql.constraints import begins_one, element, wait
from glowplug.sql.reader.mysql.expressions import skim_ordered
from glowplug.sql.reader.mysql.options import option

if TYPE_CHECKING:
    from glowplug.sql.reader.mysql.cursor import Cursor
    from glowplug.sql.reader.mysql.draft import Draft

_CHANGES = {
    "engine": TableChange.ENGINE,
    "auto_increment": TableChange.AUTO_INCREMENT,
    "comment": TableChange.COMMENT,
    "charset": TableChange.DEFAULT_CHARACTER_SET,
    "tablespace": TableChange.TABLESPACE,
}
_SINGLE = frozenset({"DISABLE", "ENABLE", "IMPORT", "DISCARD"})


def alter_table(cursor: Cursor, draft: Draft) -> None:
    """Take what stands behind ALTER, beginning with ONLINE, IGNORE or TABLE."""
    cursor.accept("ONLINE")
    cursor.accept("IGNORE")
    cursor.expect("TABLE")
    cursor.accept("IF", "EXISTS")
    table = cursor.name()
    wait(cursor)
    if cursor.ended():
        return  # does nothing, and both servers take it
    clauses = _Clauses(cursor, draft, table)
    clauses.one()
    while not cursor.ended():
        if not cursor.accept(",") and not clauses.may_follow_unseparated():
            cursor.fail()
        clauses.one()


def algorithm_or_lock(cursor: Cursor, draft: Draft) -> bool:
    """Take ``ALGORITHM = x`` or ``LOCK = x`` if it comes next."""
    if cursor.word not in {"ALGORITHM", "LOCK"}:
        return False
    which = cursor.take().upper()
    cursor.accept("=")
    if cursor.kind != "word":
        cursor.fail()
    value = cursor.take().upper()
    known = (
        {"DEFAULT", "COPY", "INPLACE", "NOCOPY", "INSTANT"}
        if which == "ALGORITHM"
        else {"DEFAULT", "NONE", "SHARED", "EXCLUSIVE"}
    )
    if value not in known:
        cursor.at -= 1
        cursor.fail()
    if which == "ALGORITHM":
        draft.algorithm = value
    else:
        draft.lock = value
    return True


class _Clauses:
    """The clauses of one ALTER TABLE."""

    def __init__(self, cursor: Cursor, draft: Draft, table: Name) -> None:
        self._cursor = cursor
        self._draft = draft
        self._table = table
        self._after_option = False

    def may_follow_unseparated(self) -> bool:
        """Whether the next clause may stand without a comma: options among themselves, partitioning last."""
        word = self._cursor.word
        return self._after_option or (word in {"PARTITION", "REMOVE"})

    def one(self) -> None:
        """Take one clause."""
        cursor = self._cursor
        first = cursor.at
        self._after_option = False
        word = cursor.word
        if reader := self._READERS.get(word):
            cursor.at += 1
            reader(self, first)
        elif algorithm_or_lock(cursor, self._draft):
            return
        elif word in {"WITH", "WITHOUT"} and cursor.ahead() == "VALIDATION":
            cursor.at += 2
        elif word in _SINGLE and cursor.ahead() in {"KEYS", "TABLESPACE"}:
            cursor.at += 2
            self._setting(first, TableChange.OTHER, cursor.since(first).lower())
        elif partitions.begins_one(cursor):
            partitions.clause(cursor, self._draft, self._table)
        else:
            self._option(first)

    def _setting(self, first: int, change: TableChange, value: str | None, collation: str | None = None) -> None:
        span = self._cursor.span(first)
        self._draft.actions.append(
            AlterTableSetting(span=span, table=self._table, change=change, value=value, collation=collation)
        )

    def _option(self, first: int) -> None:
        cursor = self._cursor
        found = option(cursor)
        if found is None:
            cursor.fail()
        name, value = found
        if name in {"charset", "collate"}:
            charset, collation = (value, None) if name == "charset" else (None, value)
            if charset is not None and (cursor.accept("COLLATE") or cursor.accept("DEFAULT", "COLLATE")):
                cursor.accept("=")
                collation = word_or_string(cursor)
            self._setting(first, TableChange.DEFAULT_CHARACTER_SET, charset, collation)
        elif change := _CHANGES.get(name):
            self._setting(first, change, value)
        else:
            self._setting(first, TableChange.OTHER, f"{name}={value}")
        self._after_option = True

    def _add(self, first: int) -> None:
        cursor = self._cursor
        if cursor.word == "PARTITION":
            cursor.at -= 1
            partitions.clause(cursor, self._draft, self._table)
            return
        if cursor.word in {"SYSTEM", "PERIOD"} and cursor.ahead() in {"VERSIONING", "FOR"}:
            cursor.at += 2
            if cursor.words[cursor.at - 1] == "FOR":
                cursor.identifier()
                cursor.listed(cursor.identifier)
            self._setting(first, TableChange.OTHER, "system versioning")
            return
        if begins_one(cursor):
            self._add_element(first)
            return
        cursor.accept("COLUMN")
        if_not_exists = cursor.accept("IF", "NOT", "EXISTS")
        if cursor.accept("("):
            cursor.several(lambda: self._add_listed(if_not_exists=if_not_exists))
            cursor.expect(")")
            return
        made = column(cursor)
        position = self._position()
        self._draft.actions.append(
            AddColumn(
                span=cursor.span(first),
                table=self._table,
                column=made,
                if_not_exists=if_not_exists,
                position=position,
            )
        )

    def _add_listed(self, *, if_not_exists: bool) -> None:
        first = self._cursor.at
        if begins_one(self._cursor):
            self._add_element(first)
            return
        made = column(self._cursor)
        span = self._cursor.span(first)
        self._draft.actions.append(AddColumn(span=span, table=self._table, column=made, if_not_exists=if_not_exists))

    def _add_element(self, first: int) -> None:
        made, if_not_exists = element(self._cursor, self._table)
        span = self._cursor.span(first)
        if isinstance(made, CreateIndex):
            self._draft.actions.append(made)
        else:
            self._draft.actions.append(
                AddConstraint(span=span, table=self._table, constraint=made, if_not_exists=if_not_exists)
            )

    def _position(self) -> str | None:
        if self._cursor.accept("FIRST"):
            return "FIRST"
        if self._cursor.accept("AFTER"):
            return f"AFTER {self._cursor.identifier()}"
        return None

    def _drop(self, first: int) -> None:
        cursor, table = self._cursor, self._table
        if cursor.word == "PARTITION":
            cursor.at -= 1
            partitions.clause(cursor, self._draft, table)
            return
        if cursor.word in {"SYSTEM", "PERIOD"} and cursor.ahead() in {"VERSIONING", "FOR"}:
            cursor.at += 2
            if cursor.words[cursor.at - 1] == "FOR":
                cursor.identifier()
            self._setting(first, TableChange.OTHER, "system versioning")
            return
        kind = self._dropped_kind()
        if kind == "index":
            if_exists = cursor.accept("IF", "EXISTS")
            name = Name(cursor.identifier())
            self._draft.actions.append(DropIndex(span=cursor.span(first), index=name, table=table, if_exists=if_exists))
        elif kind == "column":
            cursor.accept("COLUMN")
            if_exists = cursor.accept("IF", "EXISTS")
            name_of_column = cursor.identifier()
            cascade = cursor.accept_any("RESTRICT", "CASCADE") == "CASCADE"
            self._draft.actions.append(
                DropColumn(
                    span=cursor.span(first), table=table, column=name_of_column, if_exists=if_exists, cascade=cascade
                )
            )
        else:
            if_exists = cursor.accept("IF", "EXISTS")
            named = None if kind == ConstraintKind.PRIMARY_KEY else cursor.identifier()
            self._draft.actions.append(
                DropConstraint(span=cursor.span(first), table=table, name=named, kind=kind or None, if_exists=if_exists)
            )

    def _dropped_kind(self) -> str:
        cursor = self._cursor
        if cursor.accept_any("INDEX", "KEY"):
            return "index"
        if cursor.accept("PRIMARY"):
            cursor.expect("KEY")
            return ConstraintKind.PRIMARY_KEY.value
        if cursor.accept("FOREIGN"):
            cursor.expect("KEY")
            return ConstraintKind.FOREIGN_KEY.value
        if cursor.accept("CHECK"):
            return ConstraintKind.CHECK.value
        return "" if cursor.accept("CONSTRAINT") else "column"

    def _modify(self, first: int) -> None:
        cursor = self._cursor
        cursor.accept("COLUMN")
        if_exists = cursor.accept("IF", "EXISTS")
        at = cursor.at
        name = cursor.identifier()
        self._redefined(first, name, name, at, if_exists=if_exists)

    def _change(self, first: int) -> None:
        cursor = self._cursor
        cursor.accept("COLUMN")
        if_exists = cursor.accept("IF", "EXISTS")
        name = cursor.identifier()
        at = cursor.at
        self._redefined(first, name, cursor.identifier(), at, if_exists=if_exists)

    def _redefined(self, first: int, name: str, new: str, at: int, *, if_exists: bool) -> None:
        made = definition(self._cursor, new, at)
        position = self._position()
        self._draft.actions.append(
            ModifyColumn(
                span=self._cursor.span(first),
                table=self._table,
                column=name,
                definition=made,
                if_exists=if_exists,
                position=position,
            )
        )

    def _alter(self, first: int) -> None:
        cursor, table = self._cursor, self._table
        if cursor.accept_any("INDEX", "KEY"):
            cursor.accept("IF", "EXISTS")
            name = cursor.identifier()
            if not cursor.accept_any("VISIBLE", "INVISIBLE", "IGNORED"):
                cursor.expect("NOT", "IGNORED")
            self._setting(first, TableChange.OTHER, f"index {name} {cursor.words[cursor.at - 1].lower()}")
        elif cursor.accept_any("CHECK", "CONSTRAINT"):
            name = cursor.identifier()
            what = "not enforced" if cursor.accept("NOT") else "enforced"
            cursor.expect("ENFORCED")
            self._draft.actions.append(AlterConstraint(span=cursor.span(first), table=table, name=name, what=what))
        else:
            cursor.accept("COLUMN")
            cursor.accept("IF", "EXISTS")
            name = cursor.identifier()
            if cursor.accept("DROP"):
                cursor.expect("DEFAULT")
                default = None
            else:
                cursor.expect("SET")
                if cursor.accept_any("VISIBLE", "INVISIBLE"):
                    self._draft.actions.append(
                        AlterColumnSetting(span=cursor.span(first), table=table, column=name, what="visibility")
                    )
                    return
                cursor.expect("DEFAULT")
                default = default_value(cursor)
            self._draft.actions.append(SetDefault(span=cursor.span(first), table=table, column=name, default=default))

    def _rename(self, first: int) -> None:
        cursor, table = self._cursor, self._table
        if cursor.accept("COLUMN"):
            cursor.accept("IF", "EXISTS")
            name = cursor.identifier()
            cursor.expect("TO")
            new = cursor.identifier()
            self._draft.actions.append(RenameColumn(span=cursor.span(first), table=table, column=name, new_name=new))
        elif cursor.accept_any("INDEX", "KEY"):
            cursor.accept("IF", "EXISTS")
            index = Name(cursor.identifier())
            cursor.expect("TO")
            new = cursor.identifier()
            self._draft.actions.append(RenameIndex(span=cursor.span(first), index=index, new_name=new, table=table))
        else:
            if not cursor.accept_any("TO", "AS"):
                cursor.accept("=")
            to = cursor.name()
            self._draft.actions.append(RenameTable(span=cursor.span(first), table=table, new_name=to))

    def _convert(self, first: int) -> None:
        cursor = self._cursor
        if cursor.accept("PARTITION") or cursor.word == "TABLE":
            cursor.at = first
            partitions.clause(cursor, self._draft, self._table)
            return
        cursor.expect("TO")
        if cursor.accept("CHARACTER", "SET"):
            cursor.accept("=")
            charset = word_or_string(cursor)
        else:
            charset = charset_name(cursor)
        collation = None
        if cursor.accept("COLLATE"):
            cursor.accept("=")
            collation = word_or_string(cursor)
        self._setting(first, TableChange.CHARACTER_SET, charset, collation)

    def _force(self, first: int) -> None:
        self._setting(first, TableChange.FORCE, None)

    def _order(self, first: int) -> None:
        cursor = self._cursor
        cursor.expect("BY")
        at = cursor.at
        skim_ordered(cursor, self._draft.facts)
        while cursor.word == "," and cursor.ahead() not in {"ALGORITHM", "LOCK"}:
            cursor.at += 1
            skim_ordered(cursor, self._draft.facts)
        self._setting(first, TableChange.ORDER_BY, cursor.since(at))

    _READERS = {  # noqa: RUF012 - a table of methods, which nobody changes
        "ADD": _add,
        "DROP": _drop,
        "MODIFY": _modify,
        "CHANGE": _change,
        "ALTER": _alter,
        "RENAME": _rename,
        "CONVERT": _convert,
        "FORCE": _force,
        "ORDER": _order,
    }
