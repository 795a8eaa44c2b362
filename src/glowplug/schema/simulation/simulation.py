"""The Simulation: a cursor over what the chain's statements make of the schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from glowplug.dialect import Dialect
from glowplug.schema.simulation import columns, constraints, export, objects, rows, tables
from glowplug.schema.simulation.dropping import type_key
from glowplug.schema.simulation.follow import with_heirs
from glowplug.schema.simulation.state import State
from glowplug.schema.simulation.values import Origin, TableFacts, ViewFacts
from glowplug.sql import actions
from glowplug.sql.actions import TransactionKind
from glowplug.sql.parts import ConstraintKind, Name, Span, TypeName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glowplug.schema.model import Schema
    from glowplug.schema.simulation.state import Key
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts, RoutineFacts, TypeFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.statement import Statement

_UNDOES = re.compile("rollback|abort", re.IGNORECASE)
_HANDLERS: Mapping[type[Action], Callable[[State, Any], None]] = {
    actions.AddColumn: columns.add,
    actions.AddConstraint: constraints.add,
    actions.AddEnumValue: objects.add_enum_value,
    actions.Alter: objects.alter,
    actions.AlterColumnSetting: columns.alter_setting,
    actions.AlterColumnType: columns.alter_type,
    actions.AlterConstraint: constraints.alter,
    actions.AlterDomain: objects.alter_domain,
    actions.AlterTableSetting: tables.alter,
    actions.AttachPartition: tables.attach,
    actions.Block: rows.block,
    actions.Copy: rows.copy,
    actions.CreateIndex: constraints.create_index,
    actions.CreateRoutine: objects.create_routine,
    actions.CreateSequence: objects.create_sequence,
    actions.CreateTable: tables.create_table,
    actions.CreateTrigger: objects.create_trigger,
    actions.CreateType: objects.create_type,
    actions.CreateView: objects.create_view,
    actions.Delete: rows.delete,
    actions.DetachPartition: tables.detach,
    actions.Drop: objects.drop,
    actions.DropColumn: columns.drop,
    actions.DropConstraint: constraints.drop,
    actions.DropIndex: constraints.drop_index,
    actions.DropNotNull: columns.drop_not_null,
    actions.DropTable: tables.drop,
    actions.DropTrigger: objects.drop_trigger,
    actions.DropView: objects.drop_view,
    actions.Dynamic: rows.dynamic,
    actions.Insert: rows.insert,
    actions.ModifyColumn: columns.modify,
    actions.Rename: objects.rename,
    actions.RenameColumn: columns.rename,
    actions.RenameConstraint: constraints.rename,
    actions.RenameEnumValue: objects.rename_enum_value,
    actions.RenameIndex: constraints.rename_an_index,
    actions.RenameTable: tables.rename,
    actions.Select: rows.select,
    actions.SetDefault: columns.set_default,
    actions.SetNotNull: columns.set_not_null,
    actions.SetSchema: objects.set_schema,
    actions.SetVariable: rows.set_variable,
    actions.Update: rows.update,
    actions.ValidateConstraint: constraints.validate,
}
"""Actions that are not here leave the schema, and what is known of rows, as they were."""


class Simulation:
    """The schema as far as the statements tell it, advanced one by one.

    What it gives are frozen values. Names mean what they would mean to the server: PostgreSQL's search path is
    followed, case counts as it does in the dialect. No sequence of actions raises: what a server would refuse is
    taken as far as it makes sense.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        server_version: tuple[int, ...] | None = None,
        foreign_keys: bool | None = None,
        mariadb: bool = True,
        known: bool = True,
    ) -> None:
        """Start with an empty database, or one of which nothing is ``known``.

        ``foreign_keys`` is SQLite's setting, None where nobody said. ``mariadb`` tells MySQL's two vendors apart: a
        chain of which nothing is said is taken for MariaDB's.
        """
        self._state = State(dialect, server_version, foreign_keys=foreign_keys, mariadb=mariadb, known_before=known)
        if not known:
            self.distrust("what was there before this file is not known")
        self._saved: State | None = None  # before the transaction at hand, in a file that may roll back
        self._undoes = True

    def begin(self, *, index: int, version: str, migration: str, file: str, text: str) -> None:
        """Start a file (an up.sql, or a down.sql on a fork): what is made from now on is new in this migration."""
        origin = Origin(index=index, version=version, migration=migration, file=file, line=1, column=1, span=Span(0, 0))
        self._state.begin(origin, text)
        self._saved = None
        self._undoes = _UNDOES.search(text) is not None

    def run(self, statement: Statement) -> None:
        """Apply all of a statement, and the body that runs with it; what is conditional there leaves a doubt."""
        waiting = [statement]
        while waiting:
            one = waiting.pop()
            if one.unparsed is not None:
                self._state.doubts_everything(f"this statement is not understood: {one.unparsed.reason}", one.span)
            for action in one.actions:
                self.apply(action, one)
            waiting.extend(reversed(one.inner()))

    def distrust(self, reason: str) -> None:
        """Doubt all that is there: something happens at this point that no statement tells."""
        self._state.doubts_everything(reason, Span(0, 0))

    def apply(self, action: Action, statement: Statement) -> None:
        """Advance by one Action of a statement; one that is conditional leaves what holds either way, and a doubt."""
        if statement is not self._state.statement:
            self._state.statement = statement
            self._state.retired = {}
        self._state.clock += 1
        if isinstance(action, actions.Transaction):
            self._transaction(action.kind, action.span)
            return
        if self._undoes and self._saved is None and self._state.dialect is not Dialect.MYSQL:
            self._saved = self._state.fork()
        handler = _HANDLERS.get(type(action))
        if handler is None:
            return
        if statement.conditional:
            self._state.conditional = self._state.reason("this runs on a condition", statement.span)
        try:
            handler(self._state, action)
        finally:
            self._state.conditional = None

    def _transaction(self, kind: TransactionKind, span: Span) -> None:
        if self._state.dialect is Dialect.MYSQL:
            return  # DDL commits by itself
        if kind is TransactionKind.ROLLBACK and self._saved is not None:
            variables, clock = self._state.variables, self._state.clock
            self._state = self._saved
            self._state.variables, self._state.clock = variables, clock
            self._saved = None
        elif kind in {TransactionKind.BEGIN, TransactionKind.COMMIT}:
            self._saved = None
        elif kind in {TransactionKind.ROLLBACK_TO, TransactionKind.PREPARE}:
            self._state.doubts_everything("what this undoes is not known", span)

    def fork(self) -> Simulation:
        """Give another Simulation of the same state, at next to no cost; neither sees what the other does."""
        twin = Simulation(self._state.dialect)
        twin._adopt(self._state.fork(), None if self._saved is None else self._saved.fork(), self._undoes)
        return twin

    def _adopt(self, state: State, saved: State | None, undoes: bool) -> None:  # noqa: FBT001 - of another Simulation
        self._state, self._saved, self._undoes = state, saved, undoes

    # Reading.

    def table(self, name: Name) -> TableFacts | None:
        """Find a table; None: there is none as far as is known."""
        return self._state.table(name)[1]

    def column(self, table: Name, column: str) -> ColumnFacts | None:
        """Find a column of a table."""
        facts = self.table(table)
        return None if facts is None else facts.columns.get(self._state.fold(column))

    def index(self, name: Name, table: Name | None = None) -> IndexFacts | None:
        """Find an index; MySQL's are found by their table alone."""
        found = self._state.index_at(name, table)
        return None if found is None else found[1]

    def view(self, name: Name) -> ViewFacts | None:
        """Find a view."""
        found = self._state.relations.get(self._state.key(name))
        return found if isinstance(found, ViewFacts) else None

    def type(self, name: Name | str) -> TypeFacts | None:
        """Find a type or domain, by its Name or by the text of a column's type."""
        if isinstance(name, str):
            return self._state.types.get(type_key(self._state, TypeName(name=name)))
        return self._state.types.get(self._state.key(name, self._state.types))

    def routine(self, name: Name | str) -> RoutineFacts | None:
        """Find a function or procedure that the chain made; of several with one name the last."""
        if isinstance(name, str):
            schema, _, own = name.rpartition(".")
            name = Name(own, schema or None)
        return self._state.routines.get(self._state.key(name, self._state.routines))

    def routines_called(self, action: Action) -> tuple[RoutineFacts, ...]:
        """Give the routines of the chain that an action calls and that change the schema, or may."""
        return rows.changing(self._state, action)

    def tables(self) -> Iterator[TableFacts]:
        """Give all tables."""
        return (each for each in self._state.relations.values() if isinstance(each, TableFacts))

    def views(self) -> Iterator[ViewFacts]:
        """Give all views."""
        return (each for each in self._state.relations.values() if isinstance(each, ViewFacts))

    def references_to(self, table: Name) -> tuple[tuple[TableFacts, ConstraintFacts], ...]:
        """Give the foreign keys that point at a table, with the tables that they are on."""
        key = self._state.key(table)
        found: list[tuple[TableFacts, ConstraintFacts]] = []
        for child_key in self._state.children.get(key) or ():
            child = self._state.table_at(child_key)
            for facts in () if child is None else child.constraints.values():
                definition = facts.definition
                if (
                    child is not None
                    and definition.kind is ConstraintKind.FOREIGN_KEY
                    and definition.references is not None
                    and self._state.exact(definition.references) == key
                ):
                    found.append((child, facts))
        return tuple(found)

    def views_on(self, table: Name, column: str | None = None) -> tuple[ViewFacts, ...]:
        """Give the views that read a table, or name its column (or ``*``), and those that read such views."""
        found: dict[Key, ViewFacts] = {}
        waiting = [(reader, column) for reader in self._state.readers.get(self._state.key(table)) or ()]
        while waiting:
            key, wanted = waiting.pop()
            view = self._state.relations.get(key)
            if key in found or not isinstance(view, ViewFacts) or not self._names(view, wanted):
                continue
            found[key] = view
            waiting += [(reader, None) for reader in self._state.readers.get(key) or ()]
        return tuple(found.values())

    def _names(self, view: ViewFacts, column: str | None) -> bool:
        if column is None or not view.reads_columns:
            return True
        named = {self._state.fold(name) for name in view.reads_columns}
        return self._state.fold(column) in named or "*" in named

    def heirs(self, table: Name) -> tuple[Name, ...]:
        """Give the partitions and heirs of a table, at any remove; of some no more may be known than that."""
        state = self._state
        key = state.key(table)
        if key not in state.heirs:
            return ()
        return tuple(state.name(each, each[1]) for each in with_heirs(state, key) if each != key)

    def is_new(self, table: Name) -> bool:
        """Tell whether a table was made in the file at hand by a CREATE TABLE that can't have been skipped."""
        facts = self.table(table)
        return facts is not None and self._is_new(facts.born)

    def may_be_older(self, table: Name) -> bool:
        """Tell whether a table may have been there, and be another, before the statement that made it in the chain."""
        facts = self.table(table)
        return facts is not None and facts.born in self._state.uncertain

    def is_new_column(self, table: Name, column: str) -> bool:
        """Tell whether a column was added in the file at hand, for certain."""
        facts = self.column(table, column)
        return facts is not None and self._is_new(facts.born)

    def _is_new(self, born: Origin) -> bool:
        return self._state.is_here(born) and born not in self._state.uncertain

    def may_have_rows(self, table: Name) -> bool:
        """Tell whether a table can have rows: False where it is certain that it has none."""
        facts = self.table(table)
        return facts is None or facts.may_have_rows

    def proven_not_null(self, table: Name, column: str) -> ConstraintFacts | ColumnFacts | None:
        """Give what makes sure that a column holds no NULL: its NOT NULL, or a validated CHECK."""
        facts, known = self.table(table), self.column(table, column)
        if facts is None or known is None or known.born in self._state.uncertain:
            return None
        if known.not_null:
            return known
        folded = self._state.fold(column)
        for constraint in facts.constraints.values():
            expression = constraint.definition.expression
            if (
                constraint.definition.kind is ConstraintKind.CHECK
                and constraint.validated
                and expression is not None
                and folded in map(self._state.fold, expression.not_null_columns)
            ):
                return constraint
        return None

    @property
    def known_before(self) -> bool:
        """Whether the database was empty before the first file."""
        return self._state.known_before

    @property
    def doubt(self) -> str | None:
        """Why the schema may be other than this, with the place; None: it is known."""
        return self._state.doubt

    def doubt_about(self, table: Name) -> str | None:
        """Say why this table may be other than this, or be there or not; None: it is known."""
        return self._state.doubt_about(self._state.key(table))

    @property
    def variables(self) -> Mapping[str, str]:
        """What SET and PRAGMA said in the file at hand so far, by lower-case name."""
        return self._state.variables

    def as_schema(self) -> Schema:
        """Give a Schema with the kinds and names of a live Snapshot's, and the properties that are known here."""
        return export.schema(self._state)
