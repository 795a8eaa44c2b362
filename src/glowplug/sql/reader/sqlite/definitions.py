"""Columns and constraints as CREATE TABLE and ALTER TABLE define them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.parts import Column, Constraint, ConstraintKind, Identity, Span, TypeName
from glowplug.sql.reader.sqlite.expressions import expression_of
from glowplug.sql.sqlite import words

if TYPE_CHECKING:
    from glowplug.sql.parts import Expression
    from glowplug.sql.reader.sqlite.source import Source

TABLE_CONSTRAINTS = words("CHECK CONSTRAINT FOREIGN PRIMARY UNIQUE")
_AFTER_TYPE = words("AS CHECK COLLATE CONSTRAINT DEFAULT DEFERRABLE GENERATED NOT NULL PRIMARY REFERENCES UNIQUE USING")


def type_of(source: Source) -> TypeName | None:
    """Take a type if one is next: any words, and what stands in brackets."""
    found: list[str] = []
    while not source.done() and source.found[source.position].kind in {"word", "name", "string"}:
        if source.word in _AFTER_TYPE and not (source.word == "GENERATED" and source.ahead(1) != "ALWAYS"):
            break
        found.append(source.take().name)
    modifiers: tuple[str, ...] = ()
    if source.text == "(" and found:
        start = source.position
        source.group()
        inside = source.sql[source.found[start].end : source.found[source.position - 1].start]
        modifiers = tuple(part.strip() for part in inside.split(","))
    return TypeName(name=" ".join(found), modifiers=modifiers) if found else None


def column_of(source: Source) -> Column:
    """Take a column's definition, to the comma or bracket after it."""
    start = source.start
    name = source.name()
    type_ = type_of(source)
    draft = _Draft(source, name)
    while not source.done() and source.text not in {",", ")"}:
        draft.clause()
    return Column(
        name=name,
        span=source.since(start),
        type=type_,
        not_null=draft.not_null,
        default=draft.default,
        generated=draft.generated,
        stored=draft.stored,
        identity=draft.identity,
        collation=draft.collation,
        constraints=tuple(draft.constraints),
    )


class _Draft:
    """What the clauses after a column's type say, one after the other."""

    def __init__(self, source: Source, name: str) -> None:
        self.source = source
        self.name = name
        self.not_null = self.stored = False
        self.default: Expression | None = None
        self.generated: Expression | None = None
        self.identity: Identity | None = None
        self.collation: str | None = None
        self.constraints: list[Constraint] = []

    def clause(self) -> None:
        source = self.source
        start = source.start
        named = source.name() if source.accept("CONSTRAINT") else None
        if named is not None and (source.done() or source.text in {",", ")"} or source.word == "CONSTRAINT"):
            return  # SQLite takes a name of nothing
        if source.accept("NOT", "NULL"):
            self.not_null = True
            source.conflict()
        elif source.accept("NULL"):
            source.conflict()
        elif source.accept("DEFAULT"):
            self.default = default_of(source)
        elif source.accept("COLLATE"):
            self.collation = source.name()
        elif source.accept("GENERATED", "ALWAYS", "AS") or source.accept("AS"):
            self.generated = source.bracketed()
            self.stored = source.accept("STORED")
            if not self.stored:
                source.accept("VIRTUAL")
        else:
            self._constraint(start, named)

    def _constraint(self, start: int, named: str | None) -> None:
        source = self.source
        if source.accept("PRIMARY", "KEY"):
            _ = source.accept("ASC") or source.accept("DESC")
            source.conflict()
            if source.accept("AUTOINCREMENT"):
                self.identity = Identity.AUTO_INCREMENT
            self.constraints.append(self._inline(ConstraintKind.PRIMARY_KEY, start, named))
        elif source.accept("UNIQUE"):
            source.conflict()
            self.constraints.append(self._inline(ConstraintKind.UNIQUE, start, named))
        elif source.accept("CHECK"):
            expression = source.bracketed()
            source.conflict()
            kind = ConstraintKind.CHECK
            span = source.since(start)
            self.constraints.append(
                Constraint(kind=kind, span=span, name=named, columns=(self.name,), expression=expression)
            )
        elif source.word == "REFERENCES":
            self.constraints.append(references_of(source, start, named, (self.name,)))
        else:
            raise source.unexpected("a column's constraint")

    def _inline(self, kind: ConstraintKind, start: int, named: str | None) -> Constraint:
        return Constraint(kind=kind, span=self.source.since(start), name=named, columns=(self.name,))


def default_of(source: Source) -> Expression:
    """Take what follows DEFAULT: an expression in brackets, which stay, a literal with a sign, or a name as text."""
    start = source.position
    if source.text == "(":
        source.group()
    else:
        while source.text in {"+", "-"}:
            source.take()
        source.take()
    return expression_of(source.found[start : source.position], source.sql, name_is_text=True)


def references_of(source: Source, start: int, named: str | None, columns: tuple[str, ...]) -> Constraint:
    """Take REFERENCES with all that follows it."""
    source.expect("REFERENCES")
    parent = source.qualified()
    referenced = source.names() if source.text == "(" else ()
    actions: dict[str, str] = {}
    deferrable = deferred = False
    while True:
        if source.word == "ON" and source.ahead(1) in {"DELETE", "UPDATE", "INSERT"}:
            source.take()
            event = source.take().word
            first = source.take().word
            actions[event] = f"{first} {source.take().word}" if first in {"SET", "NO"} else first
        elif source.accept("MATCH"):
            source.name()
        elif source.word == "DEFERRABLE" or (source.word == "NOT" and source.ahead(1) == "DEFERRABLE"):
            deferrable = not source.accept("NOT")
            source.take()
            deferred = source.accept("INITIALLY") and source.take().word == "DEFERRED" and deferrable
        else:
            break
    return Constraint(
        kind=ConstraintKind.FOREIGN_KEY,
        span=source.since(start),
        name=named,
        columns=columns,
        references=parent,
        referenced_columns=referenced,
        on_delete=actions.get("DELETE"),
        on_update=actions.get("UPDATE"),
        deferrable=deferrable,
        initially_deferred=deferred,
    )


def table_constraint_of(source: Source) -> Constraint | None:
    """Take a constraint of the table; None for a name of nothing, which SQLite takes too."""
    start = source.start
    named = source.name() if source.accept("CONSTRAINT") else None
    if named is not None and (source.done() or source.text in {",", ")"} or source.word == "CONSTRAINT"):
        return None
    if source.accept("PRIMARY", "KEY"):
        kind = ConstraintKind.PRIMARY_KEY
    elif source.accept("UNIQUE"):
        kind = ConstraintKind.UNIQUE
    elif source.accept("CHECK"):
        expression = source.bracketed()
        source.conflict()
        return Constraint(
            kind=ConstraintKind.CHECK,
            span=source.since(start),
            name=named,
            columns=expression.columns,
            expression=expression,
        )
    elif source.accept("FOREIGN", "KEY"):
        return references_of(source, start, named, _listed(source))
    else:
        raise source.unexpected("a constraint")
    columns = _listed(source)
    source.conflict()
    return Constraint(kind=kind, span=Span(start, source.end), name=named, columns=columns)


def _listed(source: Source) -> tuple[str, ...]:
    if source.text != "(":
        raise source.unexpected("a list of columns")
    return source.names()
