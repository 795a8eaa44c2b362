"""The maps that a Simulation is a cursor over, and what keeps them in step with each other."""

from __future__ import annotations

import bisect
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.schema.simulation.condition import either
from glowplug.schema.simulation.overlay import Overlay, differing, touched, with_item, without
from glowplug.schema.simulation.values import (
    ConstraintFacts,
    IndexFacts,
    Origin,
    RoutineFacts,
    TableFacts,
    TypeFacts,
    ViewFacts,
)
from glowplug.sql.parts import ConstraintKind, Name, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glowplug.sql.statement import Statement

Key = tuple[str, str]
Owner = tuple[Key | None, str]
Relation = TableFacts | ViewFacts
T = TypeVar("T")

NOTHING: Mapping[str, str] = MappingProxyType({})
_DEFAULT_SCHEMA = {Dialect.POSTGRES: "public", Dialect.MYSQL: "", Dialect.SQLITE: "main"}
_TEMPORARY_SCHEMA = {Dialect.POSTGRES: "pg_temp", Dialect.MYSQL: "", Dialect.SQLITE: "temp"}
_NOWHERE = Origin(index=-1, version="", migration="", file="", line=1, column=1, span=Span(0, 0))


class State:
    """Everything that is known, and where in the chain we are.

    Maps are by (schema, name) as the server compares them; ``indexes`` (PostgreSQL, SQLite) and ``triggers`` (MySQL,
    SQLite) say which relation holds one; ``children`` which tables' foreign keys point at a table, ``readers`` which
    views read a relation, ``heirs`` which tables inherit from one or are its partitions. ``doubts`` are by relation,
    ``doubt`` is about everything that was there at ``doubt_at``. ``retired`` are the names of constraints that the
    statement at hand dropped: InnoDB counts on from them.
    """

    __slots__ = (
        "children",
        "clock",
        "conditional",
        "constraint_names",
        "current",
        "dialect",
        "doubt",
        "doubt_at",
        "doubts",
        "foreign_keys",
        "fresh",
        "functions_of",
        "gone",
        "heirs",
        "indexes",
        "known_before",
        "lines",
        "mariadb",
        "owned",
        "parents_of",
        "path",
        "readers",
        "relations",
        "retired",
        "routines",
        "sequences",
        "server_version",
        "since",
        "statement",
        "text",
        "triggers",
        "types",
        "uncertain",
        "variables",
    )

    def __init__(
        self,
        dialect: Dialect,
        server_version: tuple[int, ...] | None,
        foreign_keys: bool | None,  # noqa: FBT001 - a setting of the chain's
        *,
        mariadb: bool,
        known_before: bool,
    ) -> None:
        """Know of nothing yet."""
        self.dialect = dialect
        self.server_version = server_version
        self.foreign_keys = foreign_keys
        self.mariadb = mariadb and dialect is Dialect.MYSQL
        self.known_before = known_before
        self.relations: Overlay[Key, Relation] = Overlay()
        self.indexes: Overlay[Key, Key] = Overlay()
        self.sequences: Overlay[Key, Owner] = Overlay()
        self.owned: Overlay[Key, tuple[Key, ...]] = Overlay()
        self.constraint_names: Overlay[Key, int] = Overlay()
        self.types: Overlay[Key, TypeFacts] = Overlay()
        self.routines: Overlay[Key, RoutineFacts] = Overlay()
        self.triggers: Overlay[Key, Key] = Overlay()
        self.functions_of: Overlay[tuple[Key, str], Key] = Overlay()
        self.children: Overlay[Key, Mapping[Key, Key]] = Overlay()
        self.readers: Overlay[Key, Mapping[Key, Key]] = Overlay()
        self.heirs: Overlay[Key, tuple[Key, ...]] = Overlay()
        self.parents_of: Overlay[Key, tuple[Key, ...]] = Overlay()
        self.since: Overlay[Key, int] = Overlay()
        self.doubts: Overlay[Key, str] = Overlay()
        self.gone: Overlay[Key, Key] = Overlay()
        self.uncertain: Overlay[Origin, Origin] = Overlay()
        self.fresh: Overlay[Key, Key] = Overlay()
        self.doubt: str | None = None
        self.doubt_at = 0
        self.clock = 0
        self.conditional: str | None = None
        self.current = _NOWHERE
        self.text = ""
        self.lines: list[int] | None = None
        self.path: tuple[str, ...] = (_DEFAULT_SCHEMA[dialect],)
        self.variables: dict[str, str] = {}
        self.retired: dict[Key, frozenset[str]] = {}
        self.statement: Statement | None = None

    def fork(self) -> State:
        """Give another State of the same content; neither sees what is written to the other."""
        twin = State.__new__(State)
        for name in State.__slots__:
            value = getattr(self, name)
            if isinstance(value, Overlay):
                value = value.fork()
            elif isinstance(value, dict):
                value = dict(value)
            setattr(twin, name, value)
        return twin

    # Where we are.

    def begin(self, origin: Origin, text: str) -> None:
        """Start a file; every table of those before it may have rows by now."""
        for key in list(self.fresh.values()):
            table = self.relations.get(key)
            if isinstance(table, TableFacts) and not table.may_have_rows:
                self.relations.put(key, replace(table, may_have_rows=True))
        self.fresh = Overlay()
        self.current, self.text, self.lines = origin, text, None
        self.variables = {}

    def origin(self, span: Span) -> Origin:
        """Say where in the file at hand ``span`` is."""
        if self.lines is None:
            self.lines = [-1]
            at = self.text.find("\n")
            while at >= 0:
                self.lines.append(at)
                at = self.text.find("\n", at + 1)
        line = bisect.bisect_left(self.lines, span.start)
        column = span.start - self.lines[max(line - 1, 0)]
        here = self.current
        return Origin(
            index=here.index,
            version=here.version,
            migration=here.migration,
            file=here.file,
            line=max(line, 1),
            column=max(column, 1),
            span=span,
        )

    def is_here(self, origin: Origin) -> bool:
        """Tell whether ``origin`` is in the file at hand."""
        return origin.index == self.current.index and origin.file == self.current.file

    # Names.

    @property
    def default_schema(self) -> str:
        """Where an object comes to be whose name says no schema."""
        return self.path[0] if self.path else _DEFAULT_SCHEMA[self.dialect]

    def fold(self, name: str) -> str:
        """Give the name of a column, constraint, index or trigger as it is compared."""
        return name if self.dialect is Dialect.POSTGRES else name.casefold()

    def new_key(self, name: Name, *, temporary: bool = False) -> Key:
        """Give the key of a relation that is about to be made."""
        schema = name.schema
        if temporary and self.dialect is not Dialect.MYSQL:
            schema = _TEMPORARY_SCHEMA[self.dialect]
        return self.exact(Name(name.name, self.default_schema if schema is None else schema))

    def exact(self, name: Name) -> Key:
        """Give the key of a name as it is stored in facts, where no schema is the first one."""
        schema = _DEFAULT_SCHEMA[self.dialect] if name.schema is None else name.schema
        if self.dialect is Dialect.SQLITE:
            return schema.casefold(), name.name.casefold()
        return schema, name.name

    def key(self, name: Name, kind: Overlay[Key, T] | None = None) -> Key:
        """Give the key that a name means in a statement: the first of the search path that is there."""
        if name.schema is not None:
            return self.exact(name)
        where = self.relations if kind is None else kind
        if self.dialect is not Dialect.MYSQL:
            for schema in (_TEMPORARY_SCHEMA[self.dialect], *self.path):
                key = self.exact(Name(name.name, schema))
                if key in where:
                    return key
        return self.exact(Name(name.name, self.default_schema))

    def name(self, key: Key, as_said: str) -> Name:
        """Give a Name for facts: the first schema is left out."""
        return Name(as_said, None if key[0] == _DEFAULT_SCHEMA[self.dialect] else key[0])

    def canonical(self, name: Name) -> Name:
        """Give the Name for facts that ``name`` means here."""
        return self.name(self.key(name), name.name)

    def taken(self, schema: str, name: str) -> bool:
        """Tell whether a relation, index or sequence has this name (PostgreSQL)."""
        key = (schema, name)
        return key in self.relations or key in self.indexes or key in self.sequences

    # Reading.

    def table(self, name: Name) -> tuple[Key, TableFacts | None]:
        """Find a table."""
        key = self.key(name)
        return key, self.table_at(key)

    def table_at(self, key: Key) -> TableFacts | None:
        """Find a table by its key."""
        found = self.relations.get(key)
        return found if isinstance(found, TableFacts) else None

    def index_at(self, name: Name, table: Name | None = None) -> tuple[Key, IndexFacts] | None:
        """Find an index, and the key of what it is on."""
        if table is not None:
            holder: Key | None = self.key(table)
        else:
            holder = self.indexes.get(self.key(name, self.indexes))
        relation = None if holder is None else self.relations.get(holder)
        index = None if relation is None else relation.indexes.get(self.fold(name.name))
        return None if holder is None or index is None else (holder, index)

    def trigger_at(self, name: str) -> Key | None:
        """Find the relation that a trigger is on, where triggers' names are the schema's (MySQL, SQLite)."""
        return self.triggers.get(self.key(Name(name), self.triggers))

    # Writing.

    def put(self, key: Key, new: Relation) -> None:
        """Write a relation, and keep the maps that lead to it; on a condition, what holds either way."""
        old = self.relations.get(key)
        if self.conditional is not None and isinstance(old, TableFacts) and isinstance(new, TableFacts):
            new = either(old, new)
        self.relations.put(key, new)
        if old is None:
            self.since.put(key, self.clock)
            self.gone.put(key, None)
        if self.conditional is not None:
            self.doubts.put(key, self.conditional)
        self._follow(key, old, new)

    def remove(self, key: Key) -> None:
        """Forget a relation, and what led to it; one that goes on a condition stays, with a doubt."""
        if self.conditional is not None:
            self.doubts.put(key, self.conditional)
            return
        old = self.relations.get(key)
        self.relations.put(key, None)
        self.gone.put(key, key)
        self.doubts.put(key, None)
        self.since.put(key, None)
        self._follow(key, old, None)

    def _follow(self, key: Key, old: Relation | None, new: Relation | None) -> None:
        before = None if old is None else old.indexes
        after = None if new is None else new.indexes
        if self.dialect is not Dialect.MYSQL and before is not after:
            for name in differing(before or {}, after or {}):
                self.indexes.put((key[0], name), key if after and name in after else None)
        if isinstance(old, TableFacts) or isinstance(new, TableFacts):
            self._follow_constraints(
                key, old if isinstance(old, TableFacts) else None, new if isinstance(new, TableFacts) else None
            )
        if self.dialect is not Dialect.POSTGRES and (old and old.triggers) is not (new and new.triggers):
            for name in differing(old.triggers if old else {}, new.triggers if new else {}):
                self.triggers.put((key[0], name), key if new and name in new.triggers else None)
        self._point(
            self.readers,
            key,
            [self.exact(name) for name in old.reads] if isinstance(old, ViewFacts) else (),
            [self.exact(name) for name in new.reads] if isinstance(new, ViewFacts) else (),
        )

    def _follow_constraints(self, key: Key, old: TableFacts | None, new: TableFacts | None) -> None:
        before: Mapping[str, ConstraintFacts] = {} if old is None else old.constraints
        after: Mapping[str, ConstraintFacts] = {} if new is None else new.constraints
        if before is after:
            return
        for name in differing(before, after):
            at = (key[0], name)
            self.constraint_names.put(at, ((self.constraint_names.get(at) or 0) + (1 if name in after else -1)) or None)
        names = touched(before, after)
        lost = self._parents(before[name] for name in names if name in before)
        won = self._parents(after[name] for name in names if name in after)
        if lost - won:  # others may point there still
            lost -= self._parents(after.values())
        self._point(self.children, key, lost, won)

    def _parents(self, constraints: Iterable[ConstraintFacts]) -> set[Key]:
        """Give the keys of the tables that foreign keys point at."""
        return {
            self.exact(constraint.definition.references)
            for constraint in constraints
            if constraint.definition.kind is ConstraintKind.FOREIGN_KEY and constraint.definition.references
        }

    @staticmethod
    def _point(where: Overlay[Key, Mapping[Key, Key]], key: Key, before: Iterable[Key], after: Iterable[Key]) -> None:
        old, new = set(before), set(after)
        for target in old - new:
            where.put(target, without(where.get(target) or {}, key) or None)
        for target in new - old:
            there = where.get(target) or {}
            if key not in there:
                where.put(target, with_item(there, key, key))

    def parented(self, key: Key, parent: Key, *, gone: bool = False) -> None:
        """Note that a table inherits from another or is a partition of it; or that it is so no more."""
        for where, at, other in ((self.heirs, parent, key), (self.parents_of, key, parent)):
            rest = tuple(each for each in where.get(at) or () if each != other)
            where.put(at, (rest if gone else (*rest, other)) or None)

    def parents_of_heir(self, key: Key) -> tuple[Key, ...]:
        """Give the tables that a table inherits from or is a partition of."""
        return self.parents_of.get(key) or ()

    def put_sequence(self, key: Key, table: Key | None, column: str = "") -> None:
        """Note a sequence, and the column that owns it."""
        self.drop_sequence(key)
        self.sequences.put(key, (table, column))
        if table is not None:
            self.owned.put(table, (*(self.owned.get(table) or ()), key))

    def drop_sequence(self, key: Key) -> None:
        """Forget a sequence."""
        owner = self.sequences.get(key)
        self.sequences.put(key, None)
        if owner is not None and owner[0] is not None:
            rest = tuple(each for each in self.owned.get(owner[0]) or () if each != key)
            self.owned.put(owner[0], rest or None)

    def sequences_of(self, table: Key, column: str | None = None) -> list[tuple[Key, str]]:
        """Give the sequences that a table's columns, or one of them, own."""
        found = ((key, self.sequences.get(key)) for key in self.owned.get(table) or ())
        return [(key, owner[1]) for key, owner in found if owner is not None and column in (None, owner[1])]

    # Doubt.

    def doubts_everything(self, reason: str, span: Span) -> None:
        """From here on, all that is there may be another."""
        self.doubt, self.doubt_at = self.reason(reason, span), self.clock

    def doubts_table(self, key: Key, reason: str, span: Span) -> None:
        """From here on, this relation may be another."""
        self.doubts.put(key, self.reason(reason, span))

    def reason(self, reason: str, span: Span) -> str:
        """Put a reason together with its place."""
        place = self.origin(span)
        return f"{place.file}:{place.line}: {reason}" if place.file else reason

    def doubt_about(self, key: Key) -> str | None:
        """Say why a relation may be other than is known."""
        own = self.doubts.get(key)
        if own is not None:
            return own
        since = self.since.get(key)
        return self.doubt if since is None or since <= self.doubt_at else None

    def search(self, path: str | None) -> None:
        """Follow SET search_path."""
        names = [part.strip().strip("'\"") for part in (path or "").split(",")]
        found = tuple(name for name in names if name and name != "$user" and name.casefold() != "default")
        self.path = found if found and path is not None else (_DEFAULT_SCHEMA[self.dialect],)
