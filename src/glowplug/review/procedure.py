"""The way to change a table that SQLite's ALTER TABLE can't: the procedure of its manual, as SQL for a table at hand.

https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes". Diesel sends the file as one
batch, and without its transaction a failure in the middle would leave half of it: so the file has a transaction of its
own, with the PRAGMA outside, where alone it does something. The rows of ``PRAGMA foreign_key_check`` nobody would see:
so they are counted into a table that takes none. And a session keeps what a PRAGMA says: so nothing here switches
foreign_keys on that was not on before.
"""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import Step
from glowplug.review import made_again
from glowplug.review.copying import back_sql, copies_all, copy_sql, intended, mismatched, puts_of, stand_ins
from glowplug.review.wording import allow
from glowplug.sql.actions import CreateIndex, Select, SetVariable, Transaction
from glowplug.sql.parts import ConstraintKind, Identity, Name
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from glowplug.review.context import Context
    from glowplug.review.filling import Put
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import ColumnFacts, IndexFacts, TableFacts
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Constraint, IndexKey

CHECK_FOREIGN_KEYS = (
    "CREATE TEMP TABLE violations (found INTEGER CHECK (found = 0));\n"
    "INSERT INTO violations SELECT count(*) FROM pragma_foreign_key_check;\n"
    "DROP TABLE temp.violations;"
)
"""Fails where a foreign key points at nothing: the batch ends there, and the transaction is never committed."""

IN_ONE_FILE = (
    "let metadata.toml say run_in_transaction = false, put PRAGMA foreign_keys = OFF first and a transaction of the "
    "file's own around what follows, look at PRAGMA foreign_key_check before its COMMIT, and leave foreign_keys as it "
    "was"
)
_MOST_LINES = 5
_COUNTED = "the INSERT into violations fails where a foreign key points at nothing; run it while nobody else writes"
_ON_AGAIN = "PRAGMA foreign_keys = ON;"
_WHERE_ON = (
    "a session keeps what the PRAGMA says: end both files with PRAGMA foreign_keys = ON where the session that runs "
    "migrations has it ON, and only there"
)


class _Heeded(enum.Enum):
    """Whether the session that runs migrations heeds foreign keys, as far as a rebuilt table has to know."""

    YES = enum.auto()
    NO = enum.auto()
    """Or it does not matter, for nothing references the table."""
    UNKNOWN = enum.auto()

    @classmethod
    def of(cls, context: Context, schema: Simulation, table: Name) -> _Heeded:
        terms = context.terms
        if terms.foreign_keys:
            return cls.YES
        if terms.foreign_keys is False and terms.foreign_keys_said:
            return cls.NO
        return cls.UNKNOWN if schema.doubt is not None or schema.references_to(table) else cls.NO


def changed(
    context: Context,
    schema: Simulation,
    after: TableFacts,
    filled: Sequence[Put] | None = None,
    *,
    gone: Collection[str] = (),
) -> Step | None:
    """Give the migration that makes a table what ``after`` says, with all rows; None where it is not known well.

    ``schema`` is the one before it. Columns that are new get what ``filled`` puts there, or else their defaults.
    ``gone`` are those that the statement drops in as many words: a line accepts that they are not copied.
    """
    before = schema.table(after.name)
    if before is None or not (before.columns_known and after.columns_known) or schema.doubt_about(after.name):
        return None
    if _Heeded.of(context, schema, after.name) is not _Heeded.NO and mismatched(schema, after):
        return None
    if any(_named_by_others(after, each) for each in gone):
        return None
    new = Name(f"new_{after.name.name}", after.name.schema)
    create = f"{_create(after, new)};"
    given = stand_ins(before, after)
    copy = f"{_told(given, filled or ())}{copy_sql(before, after, new, after.name, filled, given=given)};"
    if gone:
        copy = f"{allow('rebuild-omits-columns', f'nothing reads {names(gone)} since …')}\n{copy}"
    return procedure(context, schema, after, new=new, create=create, copy=copy, filled=filled)


def copied_again(contexts: Sequence[Context], rebuild: Rebuild, after: TableFacts) -> Step | None:
    """Give the procedure for a table that a file rebuilds otherwise, with the file's own statements where they serve.

    ``after`` is the table at the file's end.
    """
    context = contexts[0]
    schema = context.schema
    before = schema.table(after.name)
    if not _alone(context, rebuild, before, after):
        return None
    filled = None if before is None else puts_of(context, rebuild, before, after)
    if rebuild.old_first or rebuild.copy is None:
        step = changed(context, schema, after, () if before is None else intended(rebuild, filled, before))
        return None if step is None else _beside_others(contexts, rebuild, step)
    create, copy = (f"{context.text(span)};" for span in (rebuild.create, rebuild.copy))
    copy = "" if create == copy else copy
    step = procedure(context, schema, after, new=rebuild.aside, create=create, copy=copy, filled=filled)
    return _beside_others(contexts, rebuild, step)


def _beside_others(contexts: Sequence[Context], rebuild: Rebuild, step: Step) -> Step:
    """Say at its top which statements of the file are not in it: in the place of the whole file it would lose them."""
    own = {rebuild.create, rebuild.copy, rebuild.drop, rebuild.rename}
    lines = [
        str(each.place(each.statement.span).line)
        for each in contexts
        if each.statement.span not in own
        and (each.statement.unparsed is not None or not all(_is_held(one, rebuild) for one in each.statement.actions))
    ]
    if not lines:
        return step
    listed = names([*lines[:_MOST_LINES], *([f"{len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else [])])
    file, where = ("down.sql", "") if contexts[0].down else ("up.sql", " in a migration of its own,")
    what = f"line {listed} is" if len(lines) == 1 else f"lines {listed} are"
    which = f"-- of {file}, {what} not in this: each belongs,{where} before or behind it"
    return replace(step, up=f"{which}\n{step.up}")


def _is_held(action: Action, rebuild: Rebuild) -> bool:
    """Whether the procedure does it too, or needs no such thing."""
    if isinstance(action, CreateIndex):
        return any(action.table.name.casefold() == each.name.casefold() for each in (rebuild.table, rebuild.aside))
    return isinstance(action, (Select, SetVariable, Transaction))


def procedure(
    context: Context,
    schema: Simulation,
    after: TableFacts,
    *,
    new: Name,
    create: str,
    copy: str,
    filled: Sequence[Put] | None = None,
) -> Step:
    """Give the whole procedure as one migration, around the statements that make the new table and fill it.

    ``filled`` is what ``copy`` puts into which column: the way back takes it from there.
    """
    before = schema.table(after.name)
    indexes = tuple(_indexes(before, after))
    heeded = _Heeded.of(context, schema, after.name)
    back = "-- the same, with the table as it was"
    if before is not None and before.columns_known:
        back = _as_it_was(schema, before, after, filled or (), heeded)
    up = _script(schema, after, new, tuple(each for each in (create, copy) if each), indexes, heeded)
    outside = "metadata.toml says run_in_transaction = false, so that the PRAGMA works"
    notes = [] if heeded is _Heeded.NO else [outside, _COUNTED]
    notes += [_WHERE_ON] if heeded is _Heeded.UNKNOWN else []
    notes += ["write the triggers and views where a comment says so"] if "\n-- CREATE " in up else []
    lost = _valueless(before, after, filled or ())
    notes += [f"its down needs a value for {names(lost)}, which can't be NULL"] if lost else []
    return Step(
        name=f"rebuild_{after.name.name}",
        up=up,
        down=back,
        run_in_transaction=heeded is _Heeded.NO,
        note="; ".join(notes) or None,
    )


def as_it_was(context: Context, before: TableFacts, after: TableFacts, given: Mapping[str, str]) -> tuple[str, bool]:
    """Write what makes a table again as the schema has it, out of what ``after`` says, and whether in a transaction.

    ``given``: what columns get that ``after`` has not, as expressions.
    """
    heeded = _Heeded.of(context, context.schema, before.name)
    return _as_it_was(context.schema, before, after, (), heeded, given), heeded is _Heeded.NO


def _as_it_was(  # noqa: PLR0917 - what is put together
    schema: Simulation,
    before: TableFacts,
    after: TableFacts,
    filled: Sequence[Put],
    heeded: _Heeded,
    given: Mapping[str, str] = MappingProxyType({}),
) -> str:
    old = Name(f"old_{after.name.name}", after.name.schema)
    known = {name: value for name, value in stand_ins(after, before).items() if name not in given}
    there = (
        f"{_create(before, old)};",
        f"{_told(known, filled)}{back_sql(before, after, old, filled, known | dict(given))};",
    )
    return _script(schema, before, old, there, tuple(_indexes(None, before)), heeded, back=True)


def _alone(context: Context, rebuild: Rebuild, before: TableFacts | None, after: TableFacts) -> bool:
    """Whether the rebuild can run without what else the file does, in the schema before it."""
    insert, old = rebuild.insert, rebuild.aside if rebuild.old_first else rebuild.table
    if _Heeded.of(context, context.schema, after.name) is not _Heeded.NO and mismatched(context.schema, after):
        return False
    if before is None or insert is None:
        return True
    if rebuild.old_first:
        return copies_all(context, rebuild, before, after)
    read = {column.casefold() for each in insert.select for column in each.columns}
    others = any(each.name.casefold() != old.name.casefold() for each in insert.reads)
    return not others and (not before.columns_known or read <= before.columns.keys())


def _script(  # noqa: PLR0917 - what is put together
    schema: Simulation,
    table: TableFacts,
    new: Name,
    filled: tuple[str, ...],
    indexes: tuple[IndexFacts, ...],
    heeded: _Heeded,
    *,
    back: bool = False,
) -> str:
    views, before = schema.views_on(table.name), schema.table(table.name)
    maybe = "IF EXISTS " if back else ""
    gone = [] if before is None else [each.name for at, each in before.columns.items() if at not in table.columns]
    lines = [
        *(f"DROP VIEW {maybe}{_sql(view.name)};" for view in views),
        *filled,
        f"DROP TABLE {_sql(table.name)};",
        f"ALTER TABLE {_sql(new)} RENAME TO {_sql(table.name.name)};",
        *(f"{index_sql(each, table.name)};" for each in indexes),
        *(made_again.trigger(name, born) for name, born in (before.triggers if before else {}).items()),
        *(made_again.view(view, gone) for view in reversed(views)),
    ]
    if heeded is not _Heeded.NO:
        lines = [
            "PRAGMA foreign_keys = OFF;",
            "BEGIN;",
            *lines,
            CHECK_FOREIGN_KEYS,
            "COMMIT;",
            _ON_AGAIN if heeded is _Heeded.YES else f"-- {_ON_AGAIN} where it was ON before",
        ]
    return "\n".join(lines)


def _create(table: TableFacts, new: Name) -> str:
    return f"CREATE TABLE {_sql(new)} (\n  {_body(table, new)}\n){_options(table)}"


def _told(values: Mapping[str, str], filled: Sequence[Put]) -> str:
    """Say above a copy which values are nobody's."""
    known = {each.column for each in filled} | {each.source for each in filled}
    return "".join(
        f"-- nothing tells what {name} is to hold: {value} in every row\n"
        for name, value in values.items()
        if name not in known
    )


def _named_by_others(table: TableFacts, column: str) -> bool:
    """Whether what stays of a table computes something from a column that goes."""
    wanted = column.casefold()
    return any(wanted in map(str.casefold, each.generated.columns) for each in table.columns.values() if each.generated)


def _valueless(before: TableFacts | None, after: TableFacts, filled: Sequence[Put]) -> list[str]:
    """Give the columns that the old table demands a value for, and the new one does not have."""
    columns, moved = {} if before is None else before.columns, {each.source for each in filled}
    return [
        each.name
        for at, each in columns.items()
        if at not in after.columns and each.name not in moved and each.not_null and not each.default
        if before is not None and each.name not in stand_ins(after, before)
    ]


def index_sql(index: IndexFacts, table: Name) -> str:
    """Write CREATE INDEX."""
    unique = "UNIQUE " if index.unique else ""
    keys = ", ".join(map(_key, index.keys))
    where = "" if index.where is None else f" WHERE {index.where.text}"
    name = Name(index.name, table.schema)
    return f"CREATE {unique}INDEX {_sql(name)} ON {_sql(table.name)} ({keys}){where}"


def _key(key: IndexKey) -> str:
    text = _sql(key.column) if key.column is not None else "" if key.expression is None else key.expression.text
    collation = f" COLLATE {_sql(key.collation)}" if key.collation is not None else ""
    return f"{text}{collation}{' DESC' if key.descending else ''}"


def needed(index: IndexFacts) -> set[str]:
    """Give the columns that an index needs, in lower case."""
    named = [key.column for key in index.keys if key.column is not None]
    for expression in (*(key.expression for key in index.keys), index.where):
        named += expression.columns if expression is not None else ()
    return {name.casefold() for name in named}


def _indexes(before: TableFacts | None, after: TableFacts) -> Iterator[IndexFacts]:
    """Give those that are written by themselves: of the new table, and of the old one if its columns stay."""
    both = {**(before.indexes if before else {}), **after.indexes}
    for index in both.values():
        if index.constraint is None and not index.name.startswith("sqlite_") and needed(index) <= set(after.columns):
            yield index


def _body(table: TableFacts, new: Name) -> str:
    inline = _inline_key(table)
    parts = [column_sql(each, inline.get(at)) for at, each in table.columns.items()]
    parts += [
        _constraint(facts.definition, table.name, new)
        for facts in table.constraints.values()
        if facts.definition.kind is not ConstraintKind.PRIMARY_KEY or not inline
    ]
    return ",\n  ".join(parts)


def _inline_key(table: TableFacts) -> dict[str, str]:
    """Write the key of one INTEGER column, by that column: it is the rowid, unless it has an index of its own."""
    for facts in table.constraints.values():
        key = facts.definition
        column = table.columns.get(key.columns[0].casefold()) if len(key.columns) == 1 else None
        if key.kind is not ConstraintKind.PRIMARY_KEY or column is None or "without rowid" in table.options:
            continue
        if column.identity is not Identity.AUTO_INCREMENT and str(column.type).casefold() != "integer":
            continue
        indexed = any(each.constraint == facts.name for each in table.indexes.values())
        how = " AUTOINCREMENT" if column.identity is Identity.AUTO_INCREMENT else " DESC" if indexed else ""
        return {column.name.casefold(): f"{_named(key)}PRIMARY KEY{how}"}
    return {}


def column_sql(column: ColumnFacts, key: str | None = None) -> str:
    """Write a column's definition: type, ``key``, NOT NULL, default, collation and what it is computed from."""
    parts = [_sql(column.name)]
    parts += [str(column.type)] if column.type is not None else []
    parts += [key] if key is not None else []
    parts += ["NOT NULL"] if column.not_null and (column.not_null_said or key is None) else []
    parts += [f"DEFAULT {column.default.text}"] if column.default is not None else []
    parts += [f"COLLATE {_sql(column.collation)}"] if column.collation is not None else []
    if column.generated is not None:
        parts.append(f"AS ({column.generated.text}) {'STORED' if column.stored else 'VIRTUAL'}")
    return " ".join(parts)


def _constraint(constraint: Constraint, table: Name, new: Name) -> str:
    name = _named(constraint)
    if constraint.kind is ConstraintKind.CHECK and constraint.expression is not None:
        return f"{name}CHECK ({constraint.expression.text})"
    columns = _listed(constraint.columns)
    if constraint.references is None:
        return f"{name}{constraint.kind.value.upper()} {columns}"
    # A reference to itself is written with the new table's name, which SQLite then renames along.
    parent = new if constraint.references.name.casefold() == table.name.casefold() else constraint.references
    referenced = f" {_listed(constraint.referenced_columns)}" if constraint.referenced_columns else ""
    parts = [f"{name}FOREIGN KEY {columns} REFERENCES {_sql(parent.name)}{referenced}"]
    parts += [f"ON DELETE {constraint.on_delete}"] if constraint.on_delete is not None else []
    parts += [f"ON UPDATE {constraint.on_update}"] if constraint.on_update is not None else []
    parts += ["DEFERRABLE"] if constraint.deferrable else []
    parts += ["INITIALLY DEFERRED"] if constraint.initially_deferred else []
    return " ".join(parts)


def _named(constraint: Constraint) -> str:
    return f"CONSTRAINT {_sql(constraint.name)} " if constraint.name is not None else ""


def _options(table: TableFacts) -> str:
    words = [option.upper() for option in table.options]
    return f" {', '.join(words)}" if words else ""


def _listed(columns: Sequence[str]) -> str:
    return f"({', '.join(map(_sql, columns))})"


def _sql(name: str | Name) -> str:
    return quoted(name, Dialect.SQLITE)


def names(every: Iterable[str], last: str = "and") -> str:
    """Join names for a sentence, each once."""
    *first, final = dict.fromkeys(every)
    return f"{', '.join(first)} {last} {final}" if first else final
