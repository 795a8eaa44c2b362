"""What the rules about PostgreSQL's locks share: which tables are new, rollback's wording, parts of safe forms."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.finding import SafeForm, Step
from glowplug.review import seeded
from glowplug.review.domain import domain_of
from glowplug.review.exchange import Exchange
from glowplug.review.wording import NOTHING_TO_UNDO, joined, others_stay, sql
from glowplug.schema.simulation.naming import addition, invented
from glowplug.sql.actions import CreateTable, DropTable
from glowplug.sql.parts import ConstraintKind
from glowplug.sql.postgres_lexer import tokens
from glowplug.sql.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.review.domain import Domain
    from glowplug.review.held import Taken
    from glowplug.schema.simulation.values import ConstraintFacts
    from glowplug.sql.actions import Action, AddColumn
    from glowplug.sql.parts import Column, Constraint, Name
    from glowplug.sql.statement import Statement

READERS_WAIT = "every query on it waits, SELECT too, until the migration has ended"
WRITERS_WAIT = "every INSERT, UPDATE and DELETE on it waits until the migration has ended"

INDEX_AGAIN = (
    "its down builds again the index that goes with the constraint, and writes to the table wait for that: where it is "
    "large, go back by new migrations"
)

_KEYS = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE})
_WAITING = _KEYS | {ConstraintKind.CHECK}
_COMMENTS_AT_END = re.compile(r"(?:\s*--[^\n]*(?:\n|$))+\s*\Z")
_CONSTRAINT = re.compile(r'\s*CONSTRAINT\s+(?:"(?:[^"]|"")*"|\S+)\s+', re.IGNORECASE)


def name_of(context: Context, table: Name, constraint: Constraint, label: str, columns: Iterable[str]) -> str:
    """Give a constraint's name: the one said, or the one that the server finds."""
    if constraint.name is not None:
        return constraint.name
    facts = context.schema.table(table)
    taken = frozenset() if facts is None else frozenset(facts.constraints)
    return invented(table.name, addition(columns), label, lambda name: name in taken)


def definition(context: Context, constraint: Constraint) -> str:
    """Give the text of a constraint without its name."""
    return _COMMENTS_AT_END.sub("", _CONSTRAINT.sub("", context.text(constraint.span), count=1)).strip()


def without(context: Context, column: Column, constraints: Iterable[Constraint]) -> str:
    """Give the text of a column's definition without some of its constraints."""
    text = context.text(column.span)
    for constraint in constraints:
        before, _, after = text.partition(context.text(constraint.span))
        text = f"{before.rstrip()} {after.lstrip()}".strip()
    return _COMMENTS_AT_END.sub("", text).strip()


def earlier_tables(contexts: Sequence[Context]) -> dict[str, frozenset[Name]] | None:
    """Give the tables that files before each new one made, by its path; None where there was something before them."""
    order = {name: number for number, name in enumerate(dict.fromkeys(each.migration.name for each in contexts))}
    schema = contexts[0].schema
    if not schema.known_before or any(
        table.born.index > order.get(table.born.migration, -1) for table in schema.tables()
    ):
        return None
    made: frozenset[Name] = frozenset()
    found: dict[str, frozenset[Name]] = {}
    for path, its in itertools.groupby(contexts, key=lambda each: each.migration.path):
        found[path] = made
        actions = (action for each in its for action in within(each.statement))
        made |= {action.table for action in actions if isinstance(action, CreateTable)}
    return found


def within(statement: Statement) -> Iterator[Action]:
    """Give what a statement does, the statements in its body included."""
    yield from statement.actions
    for inner in statement.body:
        yield from within(inner)


def finds_nothing(action: Action, there: Container[Name] | None) -> bool:
    """Whether it is a DROP TABLE IF EXISTS of none of the tables of earlier files; ``there`` None: who knows."""
    return isinstance(action, DropTable) and action.if_exists and there is not None and action.table not in there


def shut(context: Context, *tables: Name) -> str:
    """Name the locks that keep everybody out of these tables by now, each of which has one; tell what took them."""
    taken: dict[Taken, list[str]] = {}
    for table in tables:
        how = context.held.on(table, context.schema)
        if how is not None:
            taken.setdefault(how, []).append(str(table))
    said = " and ".join(f"{how} on {' and '.join(names)}" for how, names in taken.items())
    return f"the ACCESS EXCLUSIVE lock{'s' * (len(taken) > 1)} that {said}"


def is_shut(context: Context, table: Name) -> bool:
    """Whether this transaction keeps everybody out of a table by now."""
    return context.held.on(table, context.schema) is not None


def add_not_valid(context: Context, table: Name, name: str, clause: str, exchange: Exchange | None = None) -> Step:
    """Add a constraint without looking at the rows that are there."""
    how = Exchange(spare=name) if exchange is None else exchange
    return Step(
        name=f"add_{name}",
        up=how.up(context, table, name, f"{clause} NOT VALID"),
        down=how.down(context, table, name),
    )


def validate(context: Context, table: Name, name: str) -> Step:
    """Look at them, while others read and write."""
    return Step(
        name=f"validate_{name}",
        up=f"ALTER TABLE {sql(context, table)} VALIDATE CONSTRAINT {sql(context, name)};",
        down=NOTHING_TO_UNDO,
    )


def build_unique(context: Context, table: Name, name: str, columns: Iterable[str], options: str = "") -> Step:
    """Build a unique index, while others read and write."""
    index = quoted(replace(table, name=name), context.dialect)
    return Step(
        name=f"build_{name}",
        up=unique_index(context, table, name, columns, options, how="CONCURRENTLY "),
        down=f"DROP INDEX CONCURRENTLY IF EXISTS {index};",
        run_in_transaction=False,
    )


def unique_index(
    context: Context, table: Name, name: str, columns: Iterable[str], options: str = "", *, how: str = ""
) -> str:
    """Write the statement that makes a unique index."""
    keys = ", ".join(sql(context, column) for column in columns)
    return f"CREATE UNIQUE INDEX {how}{sql(context, name)} ON {sql(context, table)} ({keys}){options};"


def require_not_null(context: Context, table: Name, column: str) -> tuple[Step, ...]:
    """Demand a value in a column, without reading the table under a lock that others wait for."""
    here, its = sql(context, table), sql(context, column)
    version = context.terms.version
    if version is not None and version.numbers >= (18,):
        name = f"{table.name}_{column}_not_null"
        added = sql(context, name)
        first = Step(
            name=f"require_{column}_of_{table.name}",
            up=f"ALTER TABLE {here} ADD CONSTRAINT {added} NOT NULL {its} NOT VALID;",
            down=f"ALTER TABLE {here} DROP CONSTRAINT {added};",
        )
        return (first, validate(context, table, name))
    last = Step(
        name=f"require_{column}_of_{table.name}",
        up=f"ALTER TABLE {here} ALTER COLUMN {its} SET NOT NULL;",
        down=f"ALTER TABLE {here} ALTER COLUMN {its} DROP NOT NULL;",
        note="the CHECK has done its work then, and may be dropped",
    )
    there = unproven(context, table, column)
    if there:
        return (validate(context, table, there[0].name), last)
    name = f"{table.name}_{column}_present"
    return (add_not_valid(context, table, name, f"CHECK ({its} IS NOT NULL)"), validate(context, table, name), last)


def unproven(context: Context, table: Name, column: str) -> tuple[ConstraintFacts, ...]:
    """Give the constraints that would prove that a column holds no NULL, were they validated."""
    facts = context.schema.table(table)
    return tuple(
        each
        for each in (() if facts is None else facts.constraints.values())
        if not each.validated
        and (
            column in (each.definition.expression.not_null_columns if each.definition.expression else ())
            or (each.definition.kind is ConstraintKind.NOT_NULL and column in each.definition.columns)
        )
    )


def lacks_value(action: AddColumn, context: Context) -> bool:
    """Whether it demands a value of rows that may be there, and gives them none."""
    column = action.column
    domain = domain_of(column.type, context.schema)
    if not context.schema.may_have_rows(action.table) or not (
        column.not_null
        or any(each.kind is ConstraintKind.PRIMARY_KEY for each in column.constraints)
        or (domain is not None and domain.not_null)
    ):
        return False
    default = domain.default if domain is not None and column.default is None else column.default
    has_default = default is not None and not default.null
    return not (has_default or column.generated is not None or column.identity is not None)


def added_in_steps(table: Name, column: Column, context: Context) -> SafeForm:
    """Give the migrations: first a column that demands nothing, last what it has to be."""
    name = column.name
    here, its = sql(context, table), sql(context, name)
    domain = _demanding(column, context)
    instead = "" if domain is None else f"; {of_its_base(domain)}"
    facts, its_keys = context.schema.table(table), keys_of(column)
    parted = facts is not None and facts.partition_by is not None
    steps = [
        Step(
            name=f"add_{name}_to_{table.name}",
            up=f"ALTER TABLE {here} ADD COLUMN {bare_column(column, context)};",
            down=f"ALTER TABLE {here} DROP COLUMN {its};",
            note=joined(
                others_stay(context), f"then fill {name} in batches, and make the application write it{instead}"
            ),
        ),
        *seeded.filled(context, table, name, None),
        *require_not_null(context, table, name),
        *_checked(context, table, column),
    ]
    if its_keys and parted:
        note = f"{table} is partitioned, and its keys cannot use an index that is there"
        return SafeForm(steps=tuple(steps), note=note)
    return SafeForm(steps=(*steps, *(step for key in its_keys for step in _keyed(context, table, key))))


def waiting(column: Column) -> tuple[Constraint, ...]:
    """Give what is written with a column and has to wait for its values: keys, and CHECKs that may refuse NULL."""
    return tuple(each for each in column.constraints if each.kind in _WAITING)


def keys_of(column: Column) -> tuple[Constraint, ...]:
    """Give what is written with a column that needs an index."""
    return tuple(each for each in column.constraints if each.kind in _KEYS)


def of_its_base(domain: Domain) -> str:
    """Say why a column is of the type that a domain is made of."""
    return (
        f"{domain.name} demands something of each row at once, and so it is of the type that {domain.name} is made of: "
        "demand the same by a CHECK that is NOT VALID, and validate it later"
    )


def bare_column(column: Column, context: Context) -> str:
    """Write a column's definition without keys, CHECKs and NOT NULL; of its base type where a domain demands any."""
    domain = _demanding(column, context)
    if domain is None:
        return _nullable(without(context, column, waiting(column)))
    others = [context.text(each.span) for each in column.constraints if each.kind not in _WAITING]
    collation = [] if column.collation is None else [f"COLLATE {sql(context, column.collation)}"]
    return " ".join([sql(context, column.name), str(domain.base), *collation, *others])


def using_index(context: Context, table: Name, name: str, constraint: Constraint) -> tuple[Step, Step]:
    """Build the index of a UNIQUE constraint, and make it that."""
    options = " NULLS NOT DISTINCT" if constraint.nulls_not_distinct else ""
    if constraint.include:
        options = f" INCLUDE ({', '.join(sql(context, column) for column in constraint.include)}){options}"
    how = Exchange.of(context, table, name)
    when = (
        " DEFERRABLE" + (" INITIALLY DEFERRED" if constraint.initially_deferred else "")
        if constraint.deferrable
        else ""
    )
    kind = "PRIMARY KEY" if constraint.kind is ConstraintKind.PRIMARY_KEY else "UNIQUE"
    again = unique_index(context, table, how.spare, constraint.columns, options)
    return (
        build_unique(context, table, how.spare, constraint.columns, options),
        Step(
            name=f"add_{name}",
            up=how.up(context, table, name, f"{kind} USING INDEX {sql(context, how.spare)}{when}"),
            down="\n".join((how.down(context, table, name), again)),
            note=INDEX_AGAIN,
        ),
    )


def _checked(context: Context, table: Name, column: Column) -> Iterator[Step]:
    facts = context.schema.table(table)
    taken = set() if facts is None else set(facts.constraints)
    for each in column.constraints:
        if each.kind is ConstraintKind.CHECK:
            name = each.name or invented(table.name, column.name, "check", taken.__contains__)
            taken.add(name)
            yield add_not_valid(context, table, name, definition(context, each))
            yield validate(context, table, name)


def _keyed(context: Context, table: Name, key: Constraint) -> tuple[Step, Step]:
    primary = key.kind is ConstraintKind.PRIMARY_KEY
    name = name_of(context, table, key, "pkey" if primary else "key", () if primary else key.columns)
    return using_index(context, table, name, key)


def _demanding(column: Column, context: Context) -> Domain | None:
    domain = domain_of(column.type, context.schema)
    return domain if domain is not None and domain.demands and domain.base is not None else None


def _nullable(definition: str) -> str:
    """Leave NOT NULL out, with the name that it may have."""
    depth, words_at = 0, list(tokens(definition))
    for at, token in enumerate(words_at[:-1]):
        depth += {"(": 1, ")": -1}.get(token.value, 0) if token.kind == "sign" else 0
        if depth or (token.value, words_at[at + 1].value) != ("not", "null"):
            continue
        named = at > 1 and words_at[at - 2].value == "constraint"
        start, end = words_at[at - 2 if named else at].start, words_at[at + 1].end
        return f"{definition[:start].rstrip()} {definition[end:].lstrip()}".strip()
    return definition
