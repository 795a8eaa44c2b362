"""No sequence of actions makes the Simulation raise or its maps fall apart, and forks cost little in any chain."""

from __future__ import annotations

import itertools
import random
from collections import ChainMap
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glowplug.dialect import Dialect
from glowplug.schema.simulation import Simulation
from glowplug.schema.simulation.overlay import MANY, Items, Overlay, differing, touched, with_item, without
from glowplug.sql import actions
from glowplug.sql.actions import Action, CreateIndex, ObjectKind, TableChange, TransactionKind
from glowplug.sql.parts import (
    Column,
    Constraint,
    ConstraintKind,
    Expression,
    Identity,
    IndexKey,
    Name,
    Span,
    TypeName,
)
from glowplug.sql.reader import read
from glowplug.sql.statement import Statement, Unparsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msgspec import Struct

WORDS = ["a"] * 8 + ["b"] * 8  # few, so that actions meet
WORDS += ["A", "é" * 40, "t", "u.v", "", 'q"', "identity", "on", "0", "FIRST", "AFTER b", "a.b"]
SCHEMAS = [None, None, None, None, "public", "s", "pg_temp", "main", "temp"]
ENUMS = {each.__name__: each for each in (ObjectKind, ConstraintKind, Identity, TableChange, TransactionKind)}
PARTS = {each.__name__: each for each in (TypeName, Expression, IndexKey, Constraint, Column, CreateIndex)}
ACTIONS = [getattr(actions, name) for name in actions.__all__]
CLASSES = [each for each in ACTIONS if isinstance(each, type) and issubclass(each, Action) and each is not Action]
MAKING = [actions.CreateTable, actions.CreateView, actions.AddConstraint, actions.AddColumn, actions.RenameTable]
DEFAULTS = {Dialect.POSTGRES: "public", Dialect.MYSQL: "", Dialect.SQLITE: "main"}
TEXT = "CREATE TABLE a (\n'b' BY DEFAULT)\nINCLUDING ALL; ROLLBACK"


class Maker:
    """Makes actions of every class from their fields' annotations."""

    def __init__(self, choice: random.Random) -> None:
        self._choice = choice
        self._places = itertools.count()

    def value(self, annotation: str) -> object:
        choice = self._choice
        if annotation.endswith(" | None"):
            return None if choice.random() < 0.5 else self.value(annotation.removesuffix(" | None"))
        if annotation.startswith("tuple[") and annotation.endswith(", ...]"):
            return tuple(self.value(annotation[6:-6]) for _ in range(choice.choice([0, 1, 1, 2])))
        if annotation in ENUMS:
            return choice.choice(list(ENUMS[annotation]))
        if annotation in PARTS:
            return self.made(PARTS[annotation])
        start = choice.randrange(40)
        simple: dict[str, object] = {
            "Span": Span(next(self._places), 10_000),
            "Name": Name(choice.choice(WORDS), choice.choice(SCHEMAS)),
            "str": choice.choice(WORDS),
            "bool": choice.random() < 0.3,
            "int": start,
            "tuple[str, str]": (choice.choice(WORDS), choice.choice(WORDS)),
        }
        return simple[annotation]

    def made(self, kind: type[Struct]) -> object:
        annotations = ChainMap(*(vars(each).get("__annotations__", {}) for each in kind.__mro__))
        return kind(**{name: self.value(annotations[name]) for name in kind.__struct_fields__})

    def statement(self, depth: int = 0) -> Statement:
        choice = self._choice
        count = 0 if depth > 2 else choice.choice([0, 0, 0, 1, 2])
        return Statement(
            span=Span(0, 5),
            actions=tuple(
                cast("Action", self.made(choice.choice(choice.choice([CLASSES, MAKING]))))
                for _ in range(choice.randrange(3))
            ),
            body=tuple(self.statement(depth + 1) for _ in range(count)),
            conditional=choice.random() < 0.1,
            unparsed=Unparsed(reason="x", offset=1) if choice.random() < 0.05 else None,
        )


def read_all(simulation: Simulation, default: str) -> None:
    """Every reading; and what it says agrees with what the others say."""

    def exact(name: Name) -> Name:
        return Name(name.name, default if name.schema is None else name.schema)

    tables = list(simulation.tables())
    assert len({exact(table.name) for table in tables}) == len(tables)
    for table in tables:
        name = exact(table.name)
        assert simulation.table(name) is table
        assert simulation.may_have_rows(name) or simulation.is_new(name)
        simulation.doubt_about(name)
        simulation.views_on(name, "a")
        for column in table.columns.values():
            assert simulation.column(name, column.name) is column
            simulation.is_new_column(name, column.name)
            simulation.proven_not_null(name, column.name)
        for index in table.indexes.values():
            assert simulation.index(Name(index.name, name.schema), name) is index
        for facts in table.constraints.values():
            references = facts.definition.references
            if facts.definition.kind is ConstraintKind.FOREIGN_KEY and references is not None:
                assert (table, facts) in simulation.references_to(exact(references))
        for child, facts in simulation.references_to(name):
            assert child in tables
            assert facts in child.constraints.values()
    for view in simulation.views():
        assert simulation.view(exact(view.name)) is view
        for seen in view.reads:
            assert view in simulation.views_on(exact(seen))
    simulation.type("a")
    simulation.routine("a.b")


@pytest.mark.parametrize("dialect", Dialect)
@given(seed=st.integers(0, 2**32))
def test_nothing_raises(dialect: Dialect, seed: int) -> None:
    maker = Maker(random.Random(seed))
    simulation = Simulation(dialect, foreign_keys=True)
    for number in range(4):
        fork = simulation.fork()
        before = simulation.as_schema()
        statements = [maker.statement() for _ in range(6)]
        for each in (fork, simulation):
            each.begin(index=number, version="1", migration="m", file="up.sql", text=TEXT)
            for statement in statements:
                each.run(statement)
                read_all(each, DEFAULTS[dialect])
            if each is fork:
                assert simulation.as_schema() == before
        assert fork.as_schema() == simulation.as_schema()


def test_every_action_is_tried() -> None:
    assert {kind.__name__ for kind in CLASSES} >= {"AddColumn", "Copy", "Dynamic", "CreateView", "AttachPartition"}
    assert len(CLASSES) > 50


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9), st.booleans())))
def test_an_overlay_is_a_dictionary(writes: list[tuple[int, int | None, bool]]) -> None:
    overlay: Overlay[int, int] = Overlay()
    plain: dict[int, int | None] = {}
    forks = []
    for key, value, forked in writes:
        overlay.put(key, value)
        plain[key] = value
        if forked:
            forks.append((overlay.fork(), dict(plain)))
    for each, expected in [*forks, (overlay, plain)]:
        assert {key: each.get(key) for key in range(10)} == {key: expected.get(key) for key in range(10)}
        assert sorted(each.values()) == sorted(value for value in expected.values() if value is not None)
        assert all((key in each) is (expected.get(key) is not None) for key in range(10))


def test_a_chain_of_forks_stays_shallow() -> None:
    overlay: Overlay[int, int] = Overlay()
    for number in itertools.chain(range(10_000), range(0, 10_000, 3)):
        overlay.put(number, number)
        overlay.fork()
    layers = [len(layer) for layer in overlay._layers]  # noqa: SLF001 - their number is what a reading costs
    assert len(layers) < 20
    assert sum(layers) < 20_000


@given(st.lists(st.tuples(st.integers(0, 2 * MANY), st.integers(0, 3) | st.none()), max_size=60), st.integers(0, MANY))
def test_many_items_are_a_dictionary_in_its_order(writes: list[tuple[int, int | None]], more: int) -> None:
    """Every version stays as it was; what one lacks of another is told from what they share."""
    plain: dict[str, int] = {str(number): 9 for number in range(MANY - 20 + more)}
    mapping: Mapping[str, int] = MappingProxyType(dict(plain))
    versions = [(mapping, dict(plain))]
    for number, value in writes:
        key = str(number)
        if value is None:
            plain.pop(key, None)
            mapping = without(mapping, key)
        else:
            plain[key] = value
            mapping = with_item(mapping, key, value)
        versions.append((mapping, dict(plain)))
    for each, expected in versions:
        assert list(each.items()) == list(expected.items())
        assert list(each) == list(expected)
        assert list(each.values()) == list(expected.values())
        assert len(each) == len(expected)
        assert [key for key in map(str, range(2 * MANY + 1)) if key in each] == sorted(expected, key=int)
        assert differing(each, mapping) == expected.keys() ^ plain.keys()
        assert {key for key in {*expected, *plain} if expected.get(key) != plain.get(key)} <= touched(each, mapping)


GROWING = {
    "columns": "ALTER TABLE t ADD COLUMN c{} INT;",
    "indexes": "CREATE INDEX i{} ON t (a);",
    "checks": "ALTER TABLE t ADD CONSTRAINT k{0} CHECK (a > {0});",
    "parents": "ALTER TABLE t ADD CONSTRAINT k{} FOREIGN KEY (a) REFERENCES p;",
}


@pytest.mark.parametrize("statement", GROWING.values(), ids=GROWING)
def test_a_table_grows_without_a_look_at_all_that_it_holds(statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "CREATE TABLE p (a INT PRIMARY KEY);CREATE TABLE t (a INT);"
    text += "".join(statement.format(number) for number in range(MANY * 4))
    simulation = Simulation(Dialect.POSTGRES)
    simulation.begin(index=0, version="1", migration="1_a", file="a", text=text)
    whole, looked = Items._all, []  # noqa: SLF001 - where they are all put together

    def looking(items: Items[object]) -> dict[str, object]:
        looked.append(items)
        return whole(items)

    monkeypatch.setattr(Items, "_all", looking)
    for each in read(text, Dialect.POSTGRES).statements:
        simulation.run(each)
    assert len(looked) < 10  # when the first of MANY are shared
    table = simulation.table(Name("t"))
    assert table is not None
    (grown,) = (each for each in (table.columns, table.indexes, table.constraints) if len(each) >= MANY * 4)
    assert isinstance(grown, Items)  # else it was copied each time
