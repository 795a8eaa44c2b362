"""What rules say of a column that takes another's place: the migrations that add it, demand of it, and drop the old."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect
from glowplug.finding import Severity, Step
from glowplug.review import definitions, seeded
from glowplug.review.procedure import as_it_was
from glowplug.review.rule import Hit
from glowplug.review.rules.lock import _words as lock
from glowplug.review.wording import allow, condition, joined, lead, others_stay, sql
from glowplug.sql.actions import Delete
from glowplug.sql.parts import ConstraintKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.review.context import Context
    from glowplug.schema.simulation.values import ColumnFacts, ConstraintFacts, IndexFacts, TableFacts
    from glowplug.sql.actions import AddColumn, AlterColumnType, Truncate
    from glowplug.sql.parts import Expression, Name


HELD = "before that, what does not let it go has to go or change: "


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a column, as SQL; ``kind`` None: not known.

    ``on_update`` and ``comment`` are what MySQL's MODIFY has to repeat as well.
    """

    name: str
    kind: str | None
    not_null: bool = False
    default: str | None = None
    on_update: str = ""
    comment: str = ""

    @classmethod
    def of(cls, facts: ColumnFacts | None, name: str, kind: str | None) -> Shape:
        """Give a column as it is, with its type as ``kind`` writes it."""
        if facts is None:
            return cls(name=name, kind=kind)
        return cls(
            name=name,
            kind=kind,
            not_null=facts.not_null,
            default=None if facts.default is None else facts.default.text,
            on_update=followed(facts.on_update),
            comment=described(facts.comment),
        )


def followed(on_update: Expression | None) -> str:
    """Write what a MySQL column's definition says of each change of a row, with a space before it."""
    return "" if on_update is None else f" ON UPDATE {on_update.text}"


def described(comment: str | None) -> str:
    """Write a MySQL column's comment, with a space before it."""
    if not comment:
        return ""
    escaped = comment.replace("\\", "\\\\").replace("'", "''")
    return f" COMMENT '{escaped}'"


def in_its_place(
    context: Context, table: Name, old: Shape, new: Shape, *, copied: str, back: str, value: str | None = None
) -> tuple[Step, ...]:
    """Give the migrations between which releases can come: ``new`` is added, filled, made what it has to be.

    ``copied`` is what is said of the copying, ``back`` the expression that gives ``old`` its values from ``new`` again,
    ``value`` the one that gives ``new`` its values, ``old`` itself where there is none.
    """
    released = old.not_null and old.default is None and context.dialect is not Dialect.SQLITE
    steps = [_add(context, table, new, copied)]
    copy = sql(context, old.name) if value is None else value
    steps += seeded.filled(context, table, new.name, copy, may_be_null=not old.not_null)
    steps += _require(context, table, new)
    steps += [_release(context, table, old, back)] if released else []
    steps.append(_drop(context, table, (old, new), back, demanded=old.not_null and not released))
    return tuple(steps)


def _add(context: Context, table: Name, new: Shape, copied: str) -> Step:
    here, its = sql(context, table), sql(context, new.name)
    lines = [f"ALTER TABLE {here} ADD COLUMN {its} {_bare(context, new)};"]
    if new.default is not None and context.dialect is Dialect.POSTGRES:
        lines.append(f"ALTER TABLE {here} ALTER COLUMN {its} SET DEFAULT {new.default};")
    return Step(
        name=f"add_{new.name}_to_{table.name}",
        up="\n".join(lines),
        down=f"ALTER TABLE {here} DROP COLUMN {its};",
        note=joined(others_stay(context), f"release code that writes both; {copied}; then read {new.name}"),
    )


def _require(context: Context, table: Name, new: Shape) -> Iterator[Step]:
    """Demand of the new column what was demanded of the old one, once each row has a value."""
    if context.dialect is Dialect.POSTGRES and new.not_null:
        yield from lock.require_not_null(context, table, new.name)
    if context.dialect is Dialect.MYSQL and full(new) != _bare(context, new):
        here, its = sql(context, table), sql(context, new.name)
        yield Step(
            name=f"require_{new.name}_of_{table.name}",
            up=f"ALTER TABLE {here} MODIFY {its} {full(new)};",
            down=f"ALTER TABLE {here} MODIFY {its} {_bare(context, new)};",
            note="when every row has its value",
        )


def _release(context: Context, table: Name, old: Shape, back: str) -> Step:
    """Let INSERTs leave the old column out, which the release that no longer names it does."""
    here, its = sql(context, table), sql(context, old.name)
    loose, strict = f"ALTER COLUMN {its} DROP NOT NULL", f"ALTER COLUMN {its} SET NOT NULL"
    if context.dialect is Dialect.MYSQL:
        free = msgspec.structs.replace(old, not_null=False)
        loose, strict = (f"MODIFY {its} {full(each)}" for each in (free, old))
    return Step(
        name=f"release_{old.name}_of_{table.name}",
        up=f"ALTER TABLE {here} {loose};",
        down=f"UPDATE {here} SET {its} = {back} WHERE {its} IS NULL;\nALTER TABLE {here} {strict};",
        note=f"so that INSERTs which don't name {old.name} pass; then release code that no longer names it",
    )


def _drop(context: Context, table: Name, shapes: tuple[Shape, Shape], back: str, *, demanded: bool) -> Step:
    old, new = shapes
    here, its = sql(context, table), sql(context, old.name)
    accepted = allow("column-dropped", f"nothing reads {old.name} since …")
    down = f"-- add {its} again as it was, which is not known here, and fill it from the new column"
    rebuilt = _rebuilt(context, table, old.name, new.name, back)
    if rebuilt is not None:
        down = rebuilt[0]
    elif old.kind is not None:
        said = full(old) if context.dialect is Dialect.SQLITE else _bare(context, old)
        lines = [f"ALTER TABLE {here} ADD COLUMN {its} {said};", f"UPDATE {here} SET {its} = {back};"]
        whole = full(msgspec.structs.replace(old, not_null=demanded))
        if context.dialect is Dialect.MYSQL and whole != said:
            lines.append(f"ALTER TABLE {here} MODIFY {its} {whole};")
        if context.dialect is Dialect.POSTGRES and old.default is not None:
            lines.append(f"ALTER TABLE {here} ALTER COLUMN {its} SET DEFAULT {old.default};")
        if context.dialect is Dialect.POSTGRES and demanded:
            lines.append(f"ALTER TABLE {here} ALTER COLUMN {its} SET NOT NULL;")
        if context.dialect is Dialect.POSTGRES:
            lines += _built_again(context, table, old.name)
        down = "\n".join(lines)
    return Step(
        name=f"drop_{old.name}_of_{table.name}",
        up=f"{accepted}\nALTER TABLE {here} DROP COLUMN {its};",
        down=down,
        run_in_transaction=rebuilt is None or rebuilt[1],
        note=f"when no running release names {old.name}",
    )


def _rebuilt(context: Context, table: Name, old: str, new: str, back: str) -> tuple[str, bool] | None:
    """Write SQLite's way back to a column that ADD COLUMN refuses, and whether in a transaction; None: it takes it."""
    if context.dialect is not Dialect.SQLITE:
        return None
    before, column = context.schema.table(table), context.schema.column(table, old)
    if before is None or column is None or not before.columns_known:
        return None
    if column.default.constant if column.default is not None else not column.not_null:
        return None
    beside = msgspec.structs.replace(column, name=new, not_null=False, not_null_said=False, default=None)
    both = {**before.columns, new.casefold(): beside}
    after = {at: each for at, each in both.items() if each is not column}
    was, without = (msgspec.structs.replace(before, columns=columns) for columns in (both, after))
    return as_it_was(context, was, without, {column.name: back})


def _built_again(context: Context, table: Name, column: str) -> Iterator[str]:
    """Make again the indexes and constraints that PostgreSQL drops with a column."""
    facts, here = context.schema.table(table), sql(context, table)
    if facts is None:
        return
    for index in _indexes_on(facts, column):
        build = definitions.index(context, index)
        yield f"{build};" if build else f"-- build {sql(context, index.name)} again as it was, which is not known here"
    constraints = sorted(_constraints_on(facts, column), key=lambda each: each.definition.references is not None)
    for constraint in constraints:
        its, clause = sql(context, constraint.name), definitions.constraint(context, facts, constraint)
        yield (
            f"ALTER TABLE {here} ADD CONSTRAINT {its} {clause};"
            if clause
            else f"-- add {its} again as it was, which is not known here"
        )


def _bare(context: Context, shape: Shape) -> str:
    """Give what a column is added with, behind its name: what demands nothing of the rows that are there."""
    return (shape.kind or "") + (shape.comment if context.dialect is Dialect.MYSQL else "")


def full(shape: Shape) -> str:
    """Give the whole of a MySQL column's definition, behind its name."""
    parts = [shape.kind or ""]
    parts += ["NOT NULL"] if shape.not_null else []
    parts += [f"DEFAULT {shape.default}"] if shape.default is not None else []
    return " ".join(parts) + shape.on_update + shape.comment


def of_no_rows(
    context: Context, action: AddColumn | AlterColumnType, subject: str, doing: str, emptied: Delete | Truncate
) -> Iterator[Hit]:
    """Say what is left to do where the file has deleted all rows of the table before; TRUNCATE leaves nothing."""
    if isinstance(emptied, Delete):
        yield Hit(
            message=f"{lead(context)}{doing} after line {context.place(emptied.span).line} deleted every row: it "
            f"writes none anew, and reads what is left of {action.table} under an ACCESS EXCLUSIVE lock"
            f"{condition(context, action.table)}",
            span=action.span,
            subject=subject,
            severity=Severity.NOTICE,
        )


def in_primary_key(table: TableFacts | None, column: str) -> bool:
    """Whether a column is, or belongs to, the primary key."""
    return table is not None and any(
        facts.definition.kind is ConstraintKind.PRIMARY_KEY
        and column.casefold() in map(str.casefold, facts.definition.columns)
        for facts in table.constraints.values()
    )


def why_not(table: TableFacts | None, column: ColumnFacts | None, name: str) -> str | None:
    """Say what there is to do where no plain column can take the place of ``name``; None: one can."""
    if in_primary_key(table, name):
        return (
            f"{name} belongs to the primary key, which has to change with it: add a column of the new type, release "
            "code that writes both, copy the rows in batches, make it NOT NULL, build a unique index on it, and "
            "exchange the two, with the key, in a short migration; columns that reference it need the same"
        )
    if column is not None and column.identity is not None:
        return (
            f"{name} numbers the rows: add a column of the new type, release code that writes both, copy the rows in "
            f"batches, and let it go on from the highest number before {name} is dropped"
        )
    if column is not None and column.generated is not None:
        return f"{name} is computed: a column that the application writes, or a trigger, can take its place"
    return None


def kept_by(context: Context, table: TableFacts | None, column: ColumnFacts | None) -> str | None:
    """Name what keeps the server from dropping a column, or may: then the last migration of the row can't be run."""
    if table is None or column is None:
        return None
    name, schema = column.name.casefold(), context.schema
    held = [f"the generated column {each.name}" for each in table.columns.values() if _computed_from(each, name)]
    if context.dialect is not Dialect.SQLITE:
        held += [f"the foreign key {facts.name} of {child.name}" for child, facts in _pointing(context, table, name)]
    if context.dialect is not Dialect.MYSQL:
        held += [f"the view {each.name}" for each in schema.views_on(table.name, column.name)]
    if context.dialect is not Dialect.POSTGRES:
        held += [f"the constraint {each.name}" for each in table.constraints.values() if _needs(context, each, name)]
    if context.dialect is Dialect.SQLITE:
        held += [
            f"the index {each.name}"
            for each in table.indexes.values()
            if each.constraint is None and name in _folded(_columns(each))
        ]
        held += [f"the trigger {each}, if it names it" for each in table.triggers]
    if table.partition_by is not None and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", table.partition_by.casefold()):
        held.append("the partition key")
    return ", ".join(dict.fromkeys(held)) or None


def _computed_from(other: ColumnFacts, column: str) -> bool:
    return other.generated is not None and column in _folded(other.generated.columns)


def _pointing(context: Context, table: TableFacts, column: str) -> Iterator[tuple[TableFacts, ConstraintFacts]]:
    for child, facts in context.schema.references_to(table.name):
        named = _folded(facts.definition.referenced_columns)
        if child.name != table.name and (column in named or (not named and in_primary_key(table, column))):
            yield child, facts


def _needs(context: Context, facts: ConstraintFacts, column: str) -> bool:
    """Whether SQLite or MySQL drops no column that such a constraint names."""
    definition = facts.definition
    named = _folded(definition.columns) | (_folded(definition.expression.columns) if definition.expression else set())
    if context.dialect is Dialect.MYSQL and definition.kind is not ConstraintKind.FOREIGN_KEY:
        return definition.kind is ConstraintKind.CHECK and column in named and len(named) > 1
    return definition.kind is not ConstraintKind.NOT_NULL and column in named


def _folded(names: Iterable[str]) -> set[str]:
    return {each.casefold() for each in names}


def beside(column: str, fresh: str, kind: str, copied: str) -> str:
    """Say in words what there is to do where the migrations can't be written here."""
    return (
        f"add {fresh} {kind} beside it, release code that writes both, {copied}, give it what {column} has "
        f"(NOT NULL, default, indexes), read {fresh}, and drop {column} when no running release names it"
    )


def to_make_again(table: TableFacts | None, column: str) -> str | None:
    """Name the indexes and constraints that go with a column, and that another in its place needs as well."""
    if table is None:
        return None
    named = [each.name for each in _indexes_on(table, column)]
    named += [each.name for each in _constraints_on(table, column)]
    if not named:
        return None
    listed = ", ".join(dict.fromkeys(named))
    return f"what is built on {column} goes with it ({listed}): make the same for the new column before"


def _indexes_on(table: TableFacts, column: str) -> Iterator[IndexFacts]:
    wanted = column.casefold()
    for index in table.indexes.values():
        if index.constraint is None and wanted in _folded(_columns(index)):
            yield index


def _constraints_on(table: TableFacts, column: str) -> Iterator[ConstraintFacts]:
    wanted = column.casefold()
    for facts in table.constraints.values():
        definition, carrier = facts.definition, table.indexes.get(facts.name)
        named = _folded(definition.columns) | _folded([] if carrier is None else _columns(carrier))
        named |= _folded(definition.expression.columns if definition.expression else ())
        if definition.kind is not ConstraintKind.NOT_NULL and wanted in named:
            yield facts


def _columns(index: IndexFacts) -> Iterator[str]:
    yield from index.include
    for key in index.keys:
        yield from key.expression.columns if key.expression is not None else filter(None, (key.column,))
    yield from () if index.where is None else index.where.columns


def also(
    table: TableFacts | None, column: ColumnFacts | None, name: str, fresh: str, *, bare: bool = False
) -> str | None:
    """Say what the migrations don't: what is not known of the old column, what else hangs on it.

    ``bare``: they give it neither NOT NULL nor a default (SQLite).
    """
    notes = []
    if bare and column is not None and (column.not_null or column.default is not None):
        said = " and ".join(["NOT NULL"] * column.not_null + ["a default"] * (column.default is not None))
        notes.append(f"{name} has {said}, which SQLite gives {fresh} by a rebuild of the table alone")
    if column is None:
        notes.append(f"whether {name} is NOT NULL, and its default, is not known here: give {fresh} the same")
    again = to_make_again(table, name)
    notes += [] if again is None else [again]
    return "; ".join(notes) or None


def fresh_name(table: TableFacts | None, column: str, kind: str) -> str:
    """Find a name for a column of another type that no column of the table has."""
    name = f"{column}_{kind.rpartition('.')[2].split()[0].strip(chr(34))}"
    while table is not None and name.casefold() in map(str.casefold, table.columns):
        name += "_new"
    return name
