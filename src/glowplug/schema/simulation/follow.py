"""What follows from a change elsewhere: references that are renamed along, and what goes with what is dropped."""

from __future__ import annotations

import functools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation.overlay import without
from glowplug.schema.simulation.parts import own_check
from glowplug.schema.simulation.values import TableFacts, ViewFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from glowplug.schema.simulation.state import Key, State
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts
    from glowplug.sql.parts import Constraint, Expression, IndexKey, Name, Span


def legacy(state: State) -> bool:
    """Whether SQLite renames as before 3.26: PRAGMA legacy_alter_table."""
    return state.variables.get("legacy_alter_table", "").casefold() in {"1", "on", "true", "yes"}


def with_heirs(state: State, key: Key) -> Iterator[Key]:
    """Give a table and all that inherit from it, at any remove."""
    seen, waiting = {key}, [key]
    while waiting:
        at = waiting.pop()
        yield at
        for heir in state.heirs.get(at) or ():
            if heir not in seen:
                seen.add(heir)
                waiting.append(heir)


def rename_relation(state: State, key: Key, new_key: Key, new: Name) -> None:
    """Move a table or view to another name; what the server keeps by identity follows."""
    relation = state.relations.get(key)
    if relation is None:
        return
    doubt, since = state.doubts.get(key), state.since.get(key)
    children = state.children.get(key) or ()
    readers = state.readers.get(key) or ()
    functions = {name: state.functions_of.get((key, name)) for name in relation.triggers}
    heirs = state.heirs.get(key)
    own = state.name(new_key, new.name)
    state.remove(key)
    indexes = MappingProxyType({name: replace(index, table=own) for name, index in relation.indexes.items()})
    moved: TableFacts | ViewFacts
    if isinstance(relation, TableFacts):
        constraints = {name: _pointed(state, facts, key, own) for name, facts in relation.constraints.items()}
        moved = replace(
            relation,
            name=own,
            indexes=indexes,
            constraints=MappingProxyType(constraints),
            renamed_from=(*relation.renamed_from, relation.name),
        )
        moved = _mysql_renamed(state, relation, moved)
    else:
        moved = replace(relation, name=own, indexes=indexes)
    state.put(new_key, moved)
    state.since.put(new_key, since)
    if doubt is not None:
        state.doubts.put(new_key, doubt)
    if new_key != key and key in state.fresh:
        state.fresh.put(key, key if state.conditional else None)
        state.fresh.put(new_key, new_key)
    for name, function in functions.items():
        state.functions_of.put((key, name), None)
        state.functions_of.put((new_key, name), function)
    _move_heirs(state, key, new_key, own, heirs)
    _move_references(state, key, own, children, readers)
    for at, column in state.sequences_of(key):
        state.put_sequence(at, new_key, column)


def _move_heirs(state: State, key: Key, new_key: Key, own: Name, heirs: tuple[Key, ...] | None) -> None:
    state.heirs.put(key, None)
    state.heirs.put(new_key, heirs)
    for heir in heirs or ():
        child = state.table_at(heir)
        if child is not None and child.partition_of is not None:
            state.put(heir, replace(child, partition_of=own))
    moved = state.table_at(new_key)
    for parent in state.parents_of_heir(key):
        state.parented(key, parent, gone=True)
        state.parented(new_key, parent)
    if moved is not None and moved.partition_of is not None:
        above_key = state.exact(moved.partition_of)
        above = state.table_at(above_key)
        if above is not None:
            names = tuple(own if state.exact(each) == key else each for each in above.partitions)
            state.put(above_key, replace(above, partitions=names))


def _move_references(state: State, key: Key, own: Name, children: Iterable[Key], readers: Iterable[Key]) -> None:
    old_way = state.dialect is Dialect.SQLITE and legacy(state)
    for child_key in children:
        child = state.table_at(child_key)
        if child is not None and not (old_way and state.foreign_keys is False):
            constraints = {name: _pointed(state, facts, key, own) for name, facts in child.constraints.items()}
            state.put(child_key, replace(child, constraints=MappingProxyType(constraints)))
        if old_way and (state.foreign_keys is None or "foreign_keys" in state.variables):
            why = "whether its foreign key follows to the new name depends on PRAGMA foreign_keys"
            state.doubts.put(child_key, f"{state.current.file}: {why}")
    if state.dialect is Dialect.MYSQL or old_way:
        return
    for view_key in readers:
        view = state.relations.get(view_key)
        if isinstance(view, ViewFacts):
            reads = tuple(own if state.exact(name) == key else name for name in view.reads)
            state.put(view_key, replace(view, reads=reads, definition=None))


def _pointed(state: State, facts: ConstraintFacts, key: Key, own: Name) -> ConstraintFacts:
    """Let a foreign key that pointed at ``key`` point at ``own``."""
    references = facts.definition.references
    if references is None or state.exact(references) != key:
        return facts
    return replace(facts, definition=replace(facts.definition, references=own))


def _mysql_renamed(state: State, old: TableFacts, new: TableFacts) -> TableFacts:
    """InnoDB renames the foreign keys that it named itself along with their table."""
    prefix = f"{old.name.name}_ibfk_"
    if state.dialect is not Dialect.MYSQL or not any(
        facts.name.startswith(prefix) for facts in new.constraints.values()
    ):
        return new
    constraints = {}
    for name, facts in new.constraints.items():
        own = f"{new.name.name}_ibfk_{facts.name[len(prefix) :]}" if facts.name.startswith(prefix) else None
        constraints[name if own is None else state.fold(own)] = facts if own is None else replace(facts, name=own)
    return replace(new, constraints=MappingProxyType(constraints))


def drop_table(state: State, key: Key, *, cascade: bool) -> None:
    """Drop a table, with its partitions and what PostgreSQL's CASCADE takes along.

    Elsewhere what points at it stays; and PostgreSQL refuses to drop without CASCADE what a view reads, so that
    where it did, none does, whatever is believed here. What is dropped on a condition stays, with a doubt.
    """
    if state.conditional is not None:
        state.remove(key)
        return
    waiting = [key]
    while waiting:
        at = waiting.pop()
        table = state.table_at(at)
        if table is None:
            continue
        state.remove(at)
        state.fresh.put(at, None)
        for name in table.triggers:
            state.functions_of.put((at, name), None)
        if state.dialect is not Dialect.POSTGRES:
            continue
        for parent in state.parents_of_heir(at):
            state.parented(at, parent, gone=True)
        _leave_parent(state, table, at)
        waiting += state.heirs.get(at) or ()
        state.heirs.put(at, None)
        for sequence, _ in state.sequences_of(at):
            drop_sequence(state, sequence, cascade=cascade)
        for child_key in state.children.get(at) or ():
            drop_constraints(state, child_key, functools.partial(_points_at, state, at))
        if cascade:
            drop_readers(state, at)


def drop_sequence(state: State, key: Key, *, cascade: bool) -> None:
    """Drop a sequence, and by CASCADE the defaults that ask it for a number."""
    state.drop_sequence(key)
    if not cascade:
        return
    word = re.compile(rf"(?<![\w$]){re.escape(key[1])}(?![\w$])")
    for relation in list(state.relations.values()):
        if not isinstance(relation, TableFacts):
            continue
        asking = {
            name: replace(column, default=None)
            for name, column in relation.columns.items()
            if column.default is not None and "nextval" in column.default.functions and word.search(column.default.text)
        }
        if asking:
            columns = MappingProxyType({**relation.columns, **asking})
            state.put(state.exact(relation.name), replace(relation, columns=columns))


def _leave_parent(state: State, table: TableFacts, key: Key) -> None:
    if table.partition_of is None:
        return
    above_key = state.exact(table.partition_of)
    above = state.table_at(above_key)
    if above is not None:
        names = tuple(each for each in above.partitions if state.exact(each) != key)
        state.put(above_key, replace(above, partitions=names))


def _points_at(state: State, key: Key, facts: ConstraintFacts) -> bool:
    references = facts.definition.references
    return references is not None and state.exact(references) == key


def drop_readers(state: State, key: Key, column: str | None = None, span: Span | None = None) -> None:
    """Drop the views that read a relation, or its column, and those that read them.

    Where a view reads several relations, it is not known whose column it names: then it stays, in doubt.
    """
    waiting = [(reader, column) for reader in state.readers.get(key) or ()]
    while waiting:
        at, name = waiting.pop()
        view = state.relations.get(at)
        if not isinstance(view, ViewFacts) or (name is not None and name not in view.reads_columns):
            continue
        if name is not None and span is not None and len(view.reads) > 1:
            state.doubts_table(at, f"the view may have read the column {name}, and be gone", span)
        else:
            state.remove(at)
            waiting += [(reader, None) for reader in state.readers.get(at) or ()]


def drop_constraints(state: State, key: Key, which: Callable[[ConstraintFacts], bool]) -> None:
    """Drop the constraints of a table for which ``which`` holds, and the indexes that carry them."""
    table = state.table_at(key)
    if table is None:
        return
    names = [name for name, facts in table.constraints.items() if which(facts)]
    if names:
        state.put(key, without_constraints(table, names))


def without_constraints(table: TableFacts, names: list[str]) -> TableFacts:
    """Give the table without some constraints and the indexes that carry them."""
    labels: set[str | None] = {table.constraints[name].name for name in names}
    indexes = {name: index for name, index in table.indexes.items() if index.constraint not in labels}
    return replace(table, constraints=without(table.constraints, *names), indexes=MappingProxyType(indexes))


def mentions(state: State, index: IndexFacts, column: str) -> bool:
    """Whether an index needs a column."""
    named = [key.column for key in index.keys if key.column is not None] + list(index.include)
    for expression in (*(key.expression for key in index.keys), index.where):
        named += expression.columns if expression is not None else ()
    return any(state.fold(name) == column for name in named)


def needs(state: State, constraint: Constraint, column: str) -> bool:
    """Whether a constraint needs a column of its own table."""
    named = [*constraint.columns, *constraint.include]
    named += constraint.expression.columns if constraint.expression is not None else ()
    return any(state.fold(name) == column for name in named)


class Renaming:
    """A column gets another name: the same change to all that names it."""

    def __init__(self, state: State, old: str, new: str) -> None:
        """Rename ``old``, as it is compared, to ``new``."""
        self._state, self._old, self._new = state, old, new

    def name(self, name: str) -> str:
        """Rename a column's name."""
        return self._new if self._state.fold(name) == self._old else name

    def names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Rename in a list of columns."""
        return tuple(map(self.name, names))

    def expression(self, expression: Expression | None) -> Expression | None:
        """Rename what an expression names; its text stays as it was written."""
        if expression is None:
            return None
        return replace(
            expression,
            columns=self.names(expression.columns),
            not_null_columns=self.names(expression.not_null_columns),
        )

    def column(self, column: ColumnFacts) -> ColumnFacts:
        """Rename the column itself, and what a generated one is made of."""
        return replace(
            column,
            name=self.name(column.name),
            default=self.expression(column.default),
            generated=self.expression(column.generated),
        )

    def constraint(self, constraint: Constraint) -> Constraint:
        """Rename on the side of the constraint's own table."""
        return replace(
            constraint,
            columns=self.names(constraint.columns),
            include=self.names(constraint.include),
            expression=self.expression(constraint.expression),
        )

    def key(self, key: IndexKey) -> IndexKey:
        """Rename in an index's key."""
        column = None if key.column is None else self.name(key.column)
        return replace(key, column=column, expression=self.expression(key.expression))

    def index(self, index: IndexFacts) -> IndexFacts:
        """Rename in an index."""
        return replace(
            index,
            keys=tuple(map(self.key, index.keys)),
            include=self.names(index.include),
            where=self.expression(index.where),
        )

    def table(self, table: TableFacts) -> TableFacts:
        """Rename in all of a table."""
        fold = self._state.fold
        columns = {fold(column.name): column for column in map(self.column, table.columns.values())}
        constraints = {
            own_check(fold(self._new)) if name == own_check(self._old) else name: replace(
                facts, definition=self.constraint(facts.definition)
            )
            for name, facts in table.constraints.items()
        }
        return replace(
            table,
            columns=MappingProxyType(columns),
            constraints=MappingProxyType(constraints),
            indexes=MappingProxyType({name: self.index(index) for name, index in table.indexes.items()}),
        )
