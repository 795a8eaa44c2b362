"""What a file drops and has copied before: told for the whole file at once, in time that grows with it."""

from __future__ import annotations

import sys
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.review.carried import columns_again, columns_carried, rows_carried
from glowplug.sql.actions import (
    AddColumn,
    CreateTable,
    CreateView,
    DropColumn,
    DropTable,
    Insert,
    RenameColumn,
    RenameTable,
    Update,
)
from glowplug.sql.parts import Column, Expression, Name, Span

from .planted import reviewed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.sql.actions import Action

HERE = Span(0, 1)
FILES_TRIED = 4_000


def moved_rows(chance: Random) -> Action:
    """Something that a file does to one of three tables."""
    one, other, third = (Name(chance.choice("tuTv")) for _ in range(3))
    return chance.choice(
        (
            DropTable(span=HERE, table=one),
            Insert(span=HERE, table=one, reads=(other,)),
            Insert(span=HERE, table=one, reads=(other, third)),
            CreateTable(span=HERE, table=one, reads=chance.choice(((), (other,)))),
            RenameTable(span=HERE, table=one, new_name=other),
            CreateView(span=HERE, view=one, reads=(other,)),
        )
    )


def moved_values(chance: Random) -> Action:
    """Something that a file does to one of three columns, mostly of one table."""
    table, other = Name(chance.choice("ttttTu")), Name(chance.choice("tu"))
    one, two, three, four = (chance.choice("abAc") for _ in range(4))
    where = Expression(text="x", columns=chance.choice(((one,), (three,))), not_null_columns=(three,))
    both = Expression(text="x", columns=(three, four), not_null_columns=chance.choice(((three,), (four, three))))
    value, constant = Expression(text="x", columns=(two, three)), Expression(text="1")
    defined = Column(name=one, type=None, span=HERE)
    return chance.choice(
        (
            DropColumn(span=HERE, table=table, column=one),
            DropColumn(span=HERE, table=table, column=two),
            RenameColumn(span=HERE, table=table, column=two, new_name=one),
            Update(span=HERE, table=table, columns=(one,), values=(Expression(text="x", columns=(two,)),)),
            Update(
                span=HERE,
                table=table,
                columns=(one, four),
                values=chance.choice(((value, constant), (constant, value), (value,))),
                where=chance.choice((None, where, both)),
                tautology=not chance.randrange(4),
                limited=not chance.randrange(6),
            ),
            chance.choice(
                (
                    AddColumn(span=HERE, table=table, column=defined),
                    CreateTable(span=HERE, table=other, columns=(defined,)),
                    RenameTable(span=HERE, table=table, new_name=other),
                    DropTable(span=HERE, table=other),
                )
            ),
        )
    )


def same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def rows_of_one(actions: Sequence[Action], at: int, table: str) -> bool:
    """The same of a single drop, by following the whole file for it alone."""
    holders = {table.casefold()}
    for action in actions[:at]:
        if isinstance(action, Insert | CreateTable) and any(each.name.casefold() in holders for each in action.reads):
            holders.add(action.table.name.casefold())
    holders.discard(table.casefold())
    for action in actions[at + 1 :]:
        if isinstance(action, RenameTable):
            if same(action.new_name.name, table) and action.table.name.casefold() in holders:
                return True
        elif isinstance(action, Insert | CreateTable | CreateView):
            name = action.view if isinstance(action, CreateView) else action.table
            if same(name.name, table) and any(each.name.casefold() in holders for each in action.reads):
                return True
    return False


def column_of_one_again(actions: Sequence[Action], at: int, table: str, column: str) -> bool:
    there = False
    for action in actions[at + 1 :]:
        match action:
            case CreateTable() if same(action.table.name, table):
                there = any(same(each.name, column) for each in action.columns)
            case RenameTable() if same(action.new_name.name, table):
                there = True
            case AddColumn() if same(action.table.name, table) and same(action.column.name, column):
                there = True
            case RenameColumn() if same(action.table.name, table) and same(action.new_name, column):
                there = True
            case DropTable() if same(action.table.name, table):
                there = False
            case DropColumn() if same(action.table.name, table) and same(action.column, column):
                there = False
    return there


def given_by(update: Update, holders: set[str]) -> set[str]:
    where = update.where
    partial = where is not None and not update.tautology
    if partial and where is not None:
        present = {each.casefold() for each in where.not_null_columns} & holders
        partial = not present or {each.casefold() for each in where.columns} != present
    if partial or update.limited or len(update.columns) != len(update.values):
        return set()
    pairs = zip(update.columns, update.values, strict=True)
    return {name.casefold() for name, value in pairs if any(each.casefold() in holders for each in value.columns)}


def values_of_one(actions: Sequence[Action], at: int, table: str, column: str) -> bool:
    holders = {column.casefold()}
    for action in actions[:at]:
        if isinstance(action, Update) and same(action.table.name, table):
            holders |= given_by(action, holders)
    holders.discard(column.casefold())
    for action in actions[at + 1 :]:
        if isinstance(action, RenameColumn) and same(action.table.name, table) and same(action.new_name, column):
            if action.column.casefold() in holders:
                return True
        elif (
            isinstance(action, Update)
            and same(action.table.name, table)
            and holders
            and column.casefold() in given_by(action, holders)
        ):
            return True
    return False


def test_of_a_whole_file_at_once_the_same_is_said_as_of_each_drop_alone() -> None:
    found = Counter[str]()
    for seed in range(FILES_TRIED):
        chance = Random(seed)
        act = chance.choice((moved_rows, moved_values))
        actions = [act(chance) for _ in range(chance.randrange(2, 12))]
        tables = [(at, each.table.name) for at, each in enumerate(actions) if isinstance(each, DropTable)]
        columns = [
            (at, each.table.name, each.column) for at, each in enumerate(actions) if isinstance(each, DropColumn)
        ]
        rows = {at for at, table in tables if rows_of_one(actions, at, table)}
        again = {at for at, *of in columns if column_of_one_again(actions, at, *of)}
        values = {at for at, *of in columns if values_of_one(actions, at, *of)}
        assert rows_carried(actions) == rows, seed
        assert columns_again(actions) == again, seed
        assert columns_carried(actions) == values, seed
        found += Counter(rows=len(rows), again=len(again), values=len(values))
    assert min(found[kind] for kind in ("rows", "again", "values")) > FILES_TRIED // 100, found


def many(template: str, count: int) -> str:
    return "\n".join(template.replace("%", str(number)) for number in range(count))


def columns(count: int) -> str:
    return f"CREATE TABLE t (kept int, {many('c% int,', count).rstrip(',')});"


TABLES_MADE = "CREATE TABLE t% (a int, b int);"
FILES: dict[str, Callable[[int], tuple[tuple[str, str | None], ...]]] = {
    "tables": lambda n: ((many(TABLES_MADE, n), None), (many("DROP TABLE t%;", n), None)),
    "tables that nobody made": lambda n: ((many("DROP TABLE t%;", n), "SELECT 1;"),),
    "tables that come back": lambda n: (
        (many(TABLES_MADE, n), None),
        (many("DROP TABLE t%;", n), many(TABLES_MADE, n)),
    ),
    "tables that are renamed": lambda n: (
        (many(TABLES_MADE, n), None),
        (many("ALTER TABLE t% RENAME TO u%; DROP TABLE u%;", n), None),
    ),
    "one table again and again": lambda n: (
        (many("CREATE TABLE k% (a int);", n) + "CREATE TABLE t (a int);", None),
        (many("DROP TABLE t; ALTER TABLE k% RENAME TO t;", n), None),
    ),
    "columns of one table": lambda n: ((columns(n), None), (many("ALTER TABLE t DROP COLUMN c%;", n), None)),
    "columns that come back": lambda n: (
        (columns(n), None),
        (many("ALTER TABLE t DROP COLUMN c%;", n), many("ALTER TABLE t ADD COLUMN c% int;", n)),
    ),
    "columns of many tables": lambda n: (
        (many(TABLES_MADE, n), None),
        (many("UPDATE t% SET b = a; ALTER TABLE t% DROP COLUMN a;", n), None),
    ),
    "columns that are copied": lambda n: (
        (many(TABLES_MADE, n), None),
        (
            many(
                "ALTER TABLE t% ADD COLUMN d int; UPDATE t% SET d = a; ALTER TABLE t% DROP COLUMN a; "
                "ALTER TABLE t% RENAME COLUMN d TO a;",
                n,
            ),
            None,
        ),
    ),
}


def calls(work: Callable[[], object]) -> int:
    """How many functions it calls, builtin ones too: as many at every run, whatever else the machine does."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("shape", FILES)
def test_many_drops_in_one_file_cost_no_more_each_than_few(shape: str, dialect: Dialect) -> None:
    make = FILES[shape]
    reviewed(*make(2), dialect=dialect)  # imports what is needed
    few, lots = (calls(lambda n=n: reviewed(*make(n), dialect=dialect)) for n in (60, 240))  # type: ignore[misc]
    assert lots < few * 4.8


def copied_in_one_table(count: int) -> list[Action]:
    table = Name("t")
    actions: list[Action] = []
    for number in range(count):
        old, new = f"c{number}", f"d{number}"
        value = Expression(text=old, columns=(old,))
        actions += [
            Update(span=HERE, table=table, columns=(new,), values=(value,)),
            DropColumn(span=HERE, table=table, column=old),
            RenameColumn(span=HERE, table=table, column=new, new_name=old),
        ]
    return actions


def test_many_columns_of_one_table_that_are_copied_cost_no_more_each_than_few() -> None:
    few, lots = copied_in_one_table(60), copied_in_one_table(240)
    assert columns_carried(lots) == columns_again(lots) == set(range(1, 720, 3))
    assert calls(lambda: columns_carried(lots)) < calls(lambda: columns_carried(few)) * 4.8
    assert calls(lambda: columns_again(lots)) < calls(lambda: columns_again(few)) * 4.8
