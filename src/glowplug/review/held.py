"""Which relations PostgreSQL keeps under ACCESS EXCLUSIVE in the transaction at hand, and since which line.

A lock is held to the transaction's end, and a file is one transaction, with Diesel's own and without: a statement that
asks for less than what is held already adds nothing, and all its work is done under the stronger lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from glowplug.sql import actions
from glowplug.sql.actions import ObjectKind, TableChange, TransactionKind
from glowplug.sql.parts import ConstraintKind, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import ConstraintFacts, TableFacts
    from glowplug.sql.actions import Action

_WEAKER_SETTINGS = frozenset({"statistics", "options"})
_WEAKER_CHANGES = frozenset({TableChange.CLUSTER_ON, TableChange.STORAGE_PARAMETERS})
_UNKNOWN_CHANGES = ("without cluster", "disable trigger", "enable trigger", "enable always", "enable replica")


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """By which line of the file the lock was taken; ``certain`` False where that line runs on a condition."""

    line: int
    certain: bool = True

    def __str__(self) -> str:
        """As a part of a sentence: the lock that …."""
        return f"line {self.line} takes" + ("" if self.certain else ", if it runs,")


class Held(msgspec.Struct):
    """What one file has locked so far, by the relations' names now.

    ``defaults``: the DEFAULT partition of each partitioned table, as far as the chain tells: it is locked along when
    another partition comes or goes.
    """

    taken: dict[Name, Taken] = msgspec.field(default_factory=dict)
    defaults: dict[Name, Name] = msgspec.field(default_factory=dict)

    def in_another_file(self) -> Held:
        """Hold nothing, and know what is known by now."""
        return Held(defaults=dict(self.defaults))

    def on(self, relation: Name, schema: Simulation) -> Taken | None:
        """Say since when nobody else can read a relation; None: others can, or nobody can tell."""
        return self.taken.get(_known(relation, schema)) if self.taken else None

    def default_of(self, table: Name, schema: Simulation) -> Name | None:
        """Give the DEFAULT partition of a table; None: it has none, or that is not known."""
        partition = self.defaults.get(_known(table, schema)) if self.defaults else None
        facts = None if partition is None else schema.table(partition)
        return None if facts is None or facts.partition_of is None else facts.name

    def take(self, doing: Iterable[Action], how: Callable[[Action], Taken], schema: Simulation) -> None:
        """Hold what the actions of one statement lock, ``schema`` being the one before it.

        ALTER TABLE takes the strongest lock of all its clauses before the first of them.
        """
        for action in doing:
            find = _FINDERS.get(type(action))
            if find is None:
                if isinstance(action, actions.Transaction) and action.kind in _ENDS:
                    self.taken.clear()
                continue
            for name in (*find(action, schema), *self._beside(action, schema)):
                known = _known(name, schema)
                there = self.taken.get(known)
                if there is None or not there.certain:
                    self.taken[known] = max(filter(None, (there, how(action))), key=lambda each: each.certain)
            self._follow(action, schema)

    def _beside(self, action: Action, schema: Simulation) -> Iterator[Name]:
        parent = _parted(action, schema) if self.defaults else None
        partition = None if parent is None else self.default_of(parent, schema)
        if partition is not None:
            yield partition

    def _follow(self, action: Action, schema: Simulation) -> None:
        match action:
            case actions.CreateTable(partition_of=Name() as parent, default_partition=True):
                self.defaults[_known(parent, schema)] = action.table
            case actions.AttachPartition(default=True):
                self.defaults[_known(action.table, schema)] = action.partition
            case actions.RenameTable() if self.defaults:
                old = _known(action.table, schema)
                renamed = {old: action.new_name}
                self.defaults = {
                    renamed.get(table, table): action.new_name if _known(its, schema) == old else its
                    for table, its in self.defaults.items()
                }


class _OfTable(Protocol):
    """An Action on one table."""

    @property
    def table(self) -> Name: ...


_ENDS = frozenset({TransactionKind.COMMIT, TransactionKind.ROLLBACK, TransactionKind.PREPARE})


def _known(relation: Name, schema: Simulation) -> Name:
    """Give the one name that a relation is known by."""
    facts = schema.table(relation) or schema.view(relation)
    return relation if facts is None else facts.name


def _table(action: _OfTable, _: Simulation) -> Iterator[Name]:
    yield action.table


def _family(action: _OfTable, schema: Simulation) -> Iterator[Name]:
    yield action.table
    yield from schema.heirs(action.table)


def _parents(constraints: Iterable[ConstraintFacts]) -> Iterator[Name]:
    """Give the tables that foreign keys refer to: their triggers go with them."""
    yield from (each.definition.references for each in constraints if each.definition.references is not None)


def _constraints(schema: Simulation, table: Name) -> Mapping[str, ConstraintFacts]:
    facts = schema.table(table)
    return {} if facts is None else facts.constraints


def _of_column(action: actions.DropColumn | actions.AlterColumnType, schema: Simulation) -> Iterator[Name]:
    yield from _family(action, schema)
    its = _constraints(schema, action.table).values()
    yield from _parents(each for each in its if action.column in each.definition.columns)


def _add_constraint(action: actions.AddConstraint, schema: Simulation) -> Iterator[Name]:
    if action.constraint.kind is not ConstraintKind.FOREIGN_KEY:
        yield from [action.table] if action.constraint.no_inherit else _family(action, schema)


def _drop_constraint(action: actions.DropConstraint, schema: Simulation) -> Iterator[Name]:
    yield from _family(action, schema)
    facts = _constraints(schema, action.table).get(action.name or "")
    if facts is None:
        return
    yield from _parents([facts])
    if action.cascade and facts.definition.kind in {ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE}:
        primary = facts.definition.kind is ConstraintKind.PRIMARY_KEY
        for child, key in schema.references_to(action.table):
            named = key.definition.referenced_columns
            if set(named) == set(facts.definition.columns) if named else primary:
                yield child.name


def _alter_constraint(action: actions.AlterConstraint, schema: Simulation) -> Iterator[Name]:
    yield action.table
    facts = _constraints(schema, action.table).get(action.name)
    if facts is not None and "not enforced" in action.what:
        yield from _parents([facts])


def _rename_table(action: actions.RenameTable, _: Simulation) -> Iterator[Name]:
    yield action.table
    yield action.new_name


def _set_schema(action: actions.SetSchema, _: Simulation) -> Iterator[Name]:
    if action.kind in {ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.MATERIALIZED_VIEW}:
        yield action.name
        yield Name(action.name.name, action.schema)


def _column_setting(action: actions.AlterColumnSetting, _: Simulation) -> Iterator[Name]:
    if action.what not in _WEAKER_SETTINGS:
        yield action.table


def _setting(action: actions.AlterTableSetting, _: Simulation) -> Iterator[Name]:
    unknown = action.change is TableChange.OTHER and any(each in (action.value or "") for each in _UNKNOWN_CHANGES)
    if action.change not in _WEAKER_CHANGES and not unknown:
        yield action.table


def _drop_table(action: actions.DropTable, schema: Simulation) -> Iterator[Name]:
    facts = schema.table(action.table)
    if facts is None:
        return
    yield from _family(action, schema)
    yield from _parents(facts.constraints.values())
    if action.cascade:
        yield from (child.name for child, _ in schema.references_to(action.table))
        yield from (view.name for view in schema.views_on(action.table))
    if facts.partition_of is not None:
        yield facts.partition_of


def _truncate(action: actions.Truncate, schema: Simulation) -> Iterator[Name]:
    facts = schema.table(action.table)
    yield from [action.table] if facts is None or facts.partition_by is None else _family(action, schema)
    if action.cascade:
        yield from (child.name for child, _ in schema.references_to(action.table))


def _create_table(action: actions.CreateTable, schema: Simulation) -> Iterator[Name]:
    if action.partition_of is not None and not (action.if_not_exists and schema.table(action.table) is not None):
        yield action.partition_of


def _attach(action: actions.AttachPartition, _: Simulation) -> Iterator[Name]:
    yield action.partition


def _detach(action: actions.DetachPartition, _: Simulation) -> Iterator[Name]:
    if not action.concurrently and not action.finalize:
        yield action.table
        yield action.partition


def _parted(action: Action, schema: Simulation) -> Name | None:
    """Give the partitioned table whose DEFAULT partition is locked along with another one."""
    match action:
        case actions.CreateTable(partition_of=Name() as parent):
            return parent
        case actions.AttachPartition() | actions.DetachPartition(concurrently=False, finalize=False):
            return action.table
        case actions.DropTable():
            facts = schema.table(action.table)
            return None if facts is None else facts.partition_of
    return None


def _drop_index(action: actions.DropIndex, schema: Simulation) -> Iterator[Name]:
    facts = None if action.concurrently else schema.index(action.index)
    if facts is not None:
        yield facts.table
        yield from schema.heirs(facts.table)


def _drop_trigger(action: actions.DropTrigger, schema: Simulation) -> Iterator[Name]:
    if action.table is not None:
        facts: TableFacts | None = schema.table(action.table)
        if not action.if_exists or (facts is not None and action.trigger in facts.triggers):
            yield action.table


def _view(action: actions.DropView | actions.RefreshView, _: Simulation) -> Iterator[Name]:
    if not (isinstance(action, actions.RefreshView) and action.concurrently):
        yield action.view


def _on_table(action: actions.Create | actions.Drop | actions.Rename | actions.Alter, _: Simulation) -> Iterator[Name]:
    if action.table is not None and not getattr(action, "if_exists", False):
        yield action.table


def _lock_table(action: actions.LockTable, _: Simulation) -> Iterator[Name]:
    if action.mode == "ACCESS EXCLUSIVE":
        yield action.table


def _cluster(action: actions.Maintain, _: Simulation) -> Iterator[Name]:
    if action.verb == "cluster" and action.table is not None:
        yield action.table


_FINDERS: Mapping[type[Action], Callable[..., Iterator[Name]]] = {
    actions.AddColumn: _family,
    actions.AddConstraint: _add_constraint,
    actions.Alter: _on_table,
    actions.AlterColumnSetting: _column_setting,
    actions.AlterColumnType: _of_column,
    actions.AlterConstraint: _alter_constraint,
    actions.AlterTableSetting: _setting,
    actions.AttachPartition: _attach,
    actions.Create: _on_table,
    actions.CreateTable: _create_table,
    actions.DetachPartition: _detach,
    actions.Drop: _on_table,
    actions.DropColumn: _of_column,
    actions.DropConstraint: _drop_constraint,
    actions.DropIndex: _drop_index,
    actions.DropNotNull: _table,
    actions.DropTable: _drop_table,
    actions.DropTrigger: _drop_trigger,
    actions.DropView: _view,
    actions.LockTable: _lock_table,
    actions.Maintain: _cluster,
    actions.RefreshView: _view,
    actions.Rename: _on_table,
    actions.RenameColumn: _table,
    actions.RenameConstraint: _table,
    actions.RenameTable: _rename_table,
    actions.SetDefault: _table,
    actions.SetNotNull: _family,
    actions.SetSchema: _set_schema,
    actions.Truncate: _truncate,
}
"""What takes ACCESS EXCLUSIVE, and on which relations; ``tests/proof/test_held.py`` holds it against servers."""
