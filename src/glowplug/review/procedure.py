"""The way to change a table that SQLite's ALTER TABLE can't: the procedure of its manual, as SQL for a table at hand.

https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes". Diesel sends the file as one
batch, and without its transaction a failure in the middle would leave half of it: so the file has a transaction of its
own, with the PRAGMA outside, where alone it does something. The rows of ``PRAGMA foreign_key_check`` nobody would see:
so they are counted into a table that takes none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import Step
from glowplug.sql.parts import ConstraintKind, Identity, Name
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.rebuild import Rebuild
    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import ColumnFacts, IndexFacts, TableFacts
    from glowplug.sql.actions import Insert
    from glowplug.sql.parts import Constraint, IndexKey

CHECK_FOREIGN_KEYS = (
    "CREATE TEMP TABLE violations (found INTEGER CHECK (found = 0));\n"
    "INSERT INTO violations SELECT count(*) FROM pragma_foreign_key_check;\n"
    "DROP TABLE temp.violations;"
)
"""Fails where a foreign key points at nothing: the batch ends there, and the transaction is never committed."""

_KEYS = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE})
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
IN_ONE_FILE = (
    "let metadata.toml say run_in_transaction = false, put PRAGMA foreign_keys = OFF first and a transaction of the "
    "file's own around what follows, and look at PRAGMA foreign_key_check before its COMMIT"
)
_COUNTED = "the INSERT into violations fails where a foreign key points at nothing; run it while nobody else writes"


def changed(context: Context, schema: Simulation, after: TableFacts, insert: Insert | None = None) -> Step | None:
    """Give the migration that makes a table what ``after`` says, with all rows; None where it is not known well.

    ``schema`` is the one before it. Columns that are new get what ``insert`` puts there, or else their defaults.
    """
    before = schema.table(after.name)
    if before is None or not (before.columns_known and after.columns_known) or schema.doubt_about(after.name):
        return None
    if not _off(context) and mismatched(schema, after):
        return None
    new = Name(f"new_{after.name.name}", after.name.schema)
    create = f"{_create(after, new)};"
    copy = f"{copy_sql(before, after, new, after.name, insert)};"
    return procedure(context, schema, after, new=new, create=create, copy=copy)


def copied_again(contexts: Sequence[Context], rebuild: Rebuild, after: TableFacts) -> Step | None:
    """Give the procedure for a table that a file rebuilds otherwise, with the file's own statements where they serve.

    ``after`` is the table at the file's end.
    """
    context = contexts[0]
    schema = context.schema
    before = schema.table(after.name)
    if not _alone(context, rebuild, before, after):
        return None
    if rebuild.old_first or rebuild.copy is None:
        return changed(context, schema, after, insert=rebuild.insert)
    create, copy = (f"{context.text(span)};" for span in (rebuild.create, rebuild.copy))
    return procedure(context, schema, after, new=rebuild.aside, create=create, copy="" if create == copy else copy)


def procedure(context: Context, schema: Simulation, after: TableFacts, *, new: Name, create: str, copy: str) -> Step:
    """Give the whole procedure as one migration, around the statements that make the new table and fill it."""
    before = schema.table(after.name)
    indexes = tuple(_indexes(before, after))
    off = _off(context)
    back = "-- the same, with the table as it was"
    if before is not None and before.columns_known:
        old = Name(f"old_{after.name.name}", after.name.schema)
        there = (f"{_create(before, old)};", f"{copy_sql(after, before, old, after.name)};")
        back = _script(schema, before, old, there, tuple(_indexes(None, before)), off=off, back=True)
    made = bool(schema.views_on(after.name) or (before is not None and before.triggers))
    notes = ["what is up.sql here belongs in this down.sql"] if context.down else []
    notes += [] if off else ["metadata.toml says run_in_transaction = false, so that the PRAGMA works", _COUNTED]
    notes += ["write the triggers and views where a comment says so"] if made else []
    lost = _valueless(before, after)
    notes += [f"its down needs a value for {names(lost)}, which can't be NULL"] if lost else []
    return Step(
        name=f"rebuild_{after.name.name}",
        up=_script(schema, after, new, tuple(each for each in (create, copy) if each), indexes, off=off),
        down=back,
        run_in_transaction=off,
        note="; ".join(notes) or None,
    )


def _off(context: Context) -> bool:
    return context.terms.foreign_keys is False and context.terms.foreign_keys_said


def _alone(context: Context, rebuild: Rebuild, before: TableFacts | None, after: TableFacts) -> bool:
    """Whether the rebuild can run without what else the file does, in the schema before it."""
    insert, old = rebuild.insert, rebuild.aside if rebuild.old_first else rebuild.table
    if not _off(context) and mismatched(context.schema, after):
        return False
    if before is None or insert is None:
        return True
    if rebuild.old_first:
        return copies_all(context, rebuild, before, after)
    read = {column.casefold() for each in insert.select for column in each.columns}
    others = any(each.name.casefold() != old.name.casefold() for each in insert.reads)
    return not others and (not before.columns_known or read <= before.columns.keys())


def mismatched(schema: Simulation, after: TableFacts) -> list[str]:
    """Name the tables between which and ``after`` a foreign key would point at no key, were it alone what changes.

    ``PRAGMA foreign_key_check`` then fails as a whole.
    """
    found = [
        str(child.name)
        for child, facts in schema.references_to(after.name)
        if child.name != after.name and not _is_key(after, facts.definition)
    ]
    for facts in after.constraints.values():
        parent = facts.definition.references
        if parent is not None:
            itself = parent.name.casefold() == after.name.name.casefold()
            table = after if itself else schema.table(parent)
            found += [] if table is not None and _is_key(table, facts.definition) else [str(parent)]
    return list(dict.fromkeys(found))


def _is_key(parent: TableFacts, reference: Constraint) -> bool:
    """Whether the columns that a foreign key points at are a key of the parent."""
    keys = [facts.definition for facts in parent.constraints.values() if facts.definition.kind in _KEYS]
    if not reference.referenced_columns:
        primary = (key.columns for key in keys if key.kind is ConstraintKind.PRIMARY_KEY)
        return any(len(columns) == len(reference.columns) for columns in primary)
    wanted = _folded(reference.referenced_columns)
    unique = [key.columns for key in keys]
    unique += [
        tuple(key.column or "" for key in index.keys)
        for index in parent.indexes.values()
        if index.unique and index.where is None
    ]
    return any(_folded(columns) == wanted for columns in unique)


def _folded(columns: Iterable[str]) -> set[str]:
    return {each.casefold() for each in columns}


def copies_all(context: Context, rebuild: Rebuild, before: TableFacts, after: TableFacts) -> bool:
    """Whether the copy is a plain one, so that another can be written: each row of the one table, nothing of others."""
    insert = rebuild.insert
    if rebuild.copy is None or insert is None or any("." in each.text or each.subquery for each in insert.select):
        return False
    if len(insert.columns) != len(insert.select) and not after.columns.keys() <= before.columns.keys():
        return False
    old = rebuild.aside if rebuild.old_first else rebuild.table
    text = _COMMENT.sub(" ", context.text(rebuild.copy)).strip()
    name = rf"(?:[\w\"`\[\]]+\.)?[\"`\[]?{re.escape(old.name)}[\"`\]]?"
    return (
        re.search(rf"\bFROM\s+{name}(?:\s+(?:AS\s+)?\w+)?\s*;?$", text, re.IGNORECASE) is not None
        and re.search(
            r"\b(?:DISTINCT|WITH|UNION|EXCEPT|INTERSECT)\b|\bON\s+CONFLICT\b|\bOR\s+\w+\s+INTO\b", text, re.IGNORECASE
        )
        is None
    )


def stricter(column: str, before: TableFacts, after: TableFacts) -> bool:
    """Whether the new table may refuse what the old one holds in a column."""
    there = after.columns.get(column)
    if there is None:
        return False
    old = {_shape(each.definition) for each in before.constraints.values()}
    return (there.not_null and not before.columns[column].not_null) or any(
        _shape(each.definition) not in old and column in _naming(each.definition)
        for each in after.constraints.values()
        if each.definition.kind is not ConstraintKind.FOREIGN_KEY
    )


def _shape(constraint: Constraint) -> tuple[object, ...]:
    text = "" if constraint.expression is None else " ".join(constraint.expression.text.casefold().split())
    return constraint.kind, tuple(each.casefold() for each in constraint.columns), text


def _naming(constraint: Constraint) -> set[str]:
    named = {*constraint.columns, *(constraint.expression.columns if constraint.expression is not None else ())}
    return {each.casefold() for each in named}


def _script(
    schema: Simulation,
    table: TableFacts,
    new: Name,
    filled: tuple[str, ...],
    indexes: tuple[IndexFacts, ...],
    *,
    off: bool,
    back: bool = False,
) -> str:
    views, before = schema.views_on(table.name), schema.table(table.name)
    maybe = "IF EXISTS " if back else ""
    made = [("TRIGGER", name, origin) for name, origin in (before.triggers if before else {}).items()]
    made += [("VIEW", str(view.name), view.born) for view in reversed(views)]
    lines = [
        *(f"DROP VIEW {maybe}{_sql(view.name)};" for view in views),
        *filled,
        f"DROP TABLE {_sql(table.name)};",
        f"ALTER TABLE {_sql(new)} RENAME TO {_sql(table.name.name)};",
        *(f"{index_sql(each, table.name)};" for each in indexes),
        *(f"-- CREATE {kind} {name} …: again, as in {origin.file}, line {origin.line}" for kind, name, origin in made),
    ]
    if not off:
        lines = [
            "PRAGMA foreign_keys = OFF;",
            "BEGIN;",
            *lines,
            CHECK_FOREIGN_KEYS,
            "COMMIT;",
            "PRAGMA foreign_keys = ON;",
        ]
    return "\n".join(lines)


def _create(table: TableFacts, new: Name) -> str:
    return f"CREATE TABLE {_sql(new)} (\n  {_body(table, new)}\n){_options(table)}"


def _valueless(before: TableFacts | None, after: TableFacts) -> list[str]:
    """Give the columns that the old table demands a value for, and the new one does not have."""
    columns = {} if before is None else before.columns
    return [each.name for at, each in columns.items() if at not in after.columns and each.not_null and not each.default]


def copy_sql(  # noqa: PLR0917 - two tables, their names, and what is said of columns
    before: TableFacts,
    after: TableFacts,
    new: Name,
    old: Name,
    insert: Insert | None = None,
    own: Sequence[str] = (),
) -> str:
    """Write the INSERT that copies every row and every column of both tables; ``own`` whatever ``insert`` says."""
    copied = _copied(before, after, insert) | {each: _sql(each) for each in own}
    into, out_of = ", ".join(map(_sql, copied)), ", ".join(copied.values())
    return f"INSERT INTO {_sql(new)} ({into})\nSELECT {out_of} FROM {_sql(old)}"


def _copied(before: TableFacts, after: TableFacts, insert: Insert | None) -> dict[str, str]:
    """What goes into which column: its own old value, and what the file's own INSERT says of the others."""
    copied = {
        each.name: _sql(each.name)
        for at, each in after.columns.items()
        if each.generated is None and at in before.columns
    }
    if insert is not None and len(insert.columns) == len(insert.select):
        said = zip(insert.columns, insert.select, strict=True)
        copied |= {column: each.text for column, each in said if "." not in each.text and not each.subquery}
    return copied


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
    numbering = {each.name for each in table.columns.values() if each.identity is Identity.AUTO_INCREMENT}
    keys = {
        facts.definition.columns[0].casefold()
        for facts in table.constraints.values()
        if facts.definition.kind is ConstraintKind.PRIMARY_KEY and len(facts.definition.columns) == 1
    }
    parts = [column_sql(each, numbering=each.name in numbering, key=at in keys) for at, each in table.columns.items()]
    parts += [
        _constraint(facts.definition, table.name, new)
        for facts in table.constraints.values()
        if facts.definition.kind is not ConstraintKind.PRIMARY_KEY or not numbering
    ]
    return ",\n  ".join(parts)


def column_sql(column: ColumnFacts, *, numbering: bool = False, key: bool = False) -> str:
    """Write a column's definition: its type, NOT NULL, default, collation and what it is computed from."""
    is_rowid = key and column.type is not None and str(column.type).casefold() == "integer"
    parts = [_sql(column.name)]
    parts += [str(column.type)] if column.type is not None else []
    parts += ["PRIMARY KEY AUTOINCREMENT"] if numbering else []
    parts += ["NOT NULL"] if column.not_null and not is_rowid else []
    parts += [f"DEFAULT {column.default.text}"] if column.default is not None else []
    parts += [f"COLLATE {_sql(column.collation)}"] if column.collation is not None else []
    if column.generated is not None:
        parts.append(f"AS ({column.generated.text}) {'STORED' if column.stored else 'VIRTUAL'}")
    return " ".join(parts)


def _constraint(constraint: Constraint, table: Name, new: Name) -> str:
    name = f"CONSTRAINT {_sql(constraint.name)} " if constraint.name is not None else ""
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
