"""Objects come from a reading's rows as they are now, whatever rows were read before: what is known is never stale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from glowplug.database.postgres.catalogue import sections
from glowplug.database.postgres.catalogue.section import MARK
from glowplug.database.postgres.objects import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.memory import Groups

    Group = tuple[str, str, dict[str, list[str | None]]]

VERSION = 170000
SECTIONS = sections(VERSION)
(COLUMNS,) = (number for number, section in enumerate(SECTIONS) if section.ranked)
(CONSTRAINTS,) = (number for number, section in enumerate(SECTIONS) if section.kind == "'constraint'"
                  and section.grouped)  # fmt: skip
NEEDS_QUOTES = set('"\\(), \t\n\r\v\f')

TEXTS = st.text(st.sampled_from('ab"\\(), \n.é'), max_size=4)
VALUES = st.none() | TEXTS
NAMES = TEXTS.filter(bool)


def group(number: int) -> st.SearchStrategy[Group]:
    count = len(SECTIONS[number].property_names)
    parts = st.dictionaries(NAMES, st.lists(VALUES, min_size=count, max_size=count), min_size=1, max_size=4)
    return st.tuples(st.sampled_from(["table", "view"]), NAMES, parts)


@dataclass(frozen=True)
class Rows:
    """An answer of the server's, as much of it as is looked at."""

    rows: Sequence[tuple[str, ...]]
    nfields: int = 2

    @property
    def ntuples(self) -> int:
        return len(self.rows)

    def get_value(self, row: int, column: int) -> bytes:
        return self.rows[row][column].encode()


def record(values: Sequence[str | None]) -> str:
    """Write a row's text form as the server does."""
    return f"({','.join('' if value is None else written(value) for value in values)})"


def written(value: str) -> str:
    if value and NEEDS_QUOTES.isdisjoint(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '""') + '"'


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"' if {".", '"'} & set(identifier) else identifier


def read(known: Known, number: int, groups: Sequence[Group]) -> Groups:
    rows = []
    for oid, (kind, name, parts) in enumerate(groups):
        head = record([str(number), kind, name])
        if number == COLUMNS:
            numbers = range(2 * len(parts), 0, -2)  # the last first, and some that were dropped
            numbered = zip(numbers, parts.items(), strict=True)
            listed = [record([part, str(at), *values[1:]]) for at, (part, values) in numbered]
        else:
            listed = [record([part, *values]) for part, values in parts.items()]
        rows.append((str(oid), head + "".join(listed)))
    found: Groups = {}
    assert known.put(found, cast("PGresult", Rows(rows))) == set()
    return found


def expected(number: int, groups: Sequence[Group]) -> dict[tuple[int, str], dict[str, dict[str, str]]]:
    word, names = SECTIONS[number].word, SECTIONS[number].property_names
    wanted = {}
    for oid, (_, relation, parts) in enumerate(groups):
        of = wanted[number, str(oid)] = {}
        for rank, (part, values) in enumerate(parts.items()):
            properties = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            if number == COLUMNS:
                properties["position"] = str(len(parts) - rank)
                how, default = properties.pop("generated", None), properties.get("default")
                if how is not None and properties.pop("default", None) is not None:
                    properties["generated"] = f"{how}: {default}"
            of[f"{word} {relation}.{quoted(part)}"] = properties
    return wanted


def told(groups: Groups) -> dict[tuple[int, str], dict[str, dict[str, str]]]:
    return {
        group: {f"{kind} {name}": dict(found.properties) for (kind, name), found in objects.items()}
        for group, objects in groups.items()
    }


def check(number: int, before: Sequence[Group], after: Sequence[Group]) -> None:
    known = Known(VERSION)
    first = read(known, number, before)
    assert told(first) == expected(number, before)
    second = read(known, number, after)
    assert told(second) == expected(number, after)
    assert told(first) == expected(number, before)  # what was given is left alone
    assert read(known, number, before) == first


@given(st.lists(group(COLUMNS), max_size=3), st.lists(group(COLUMNS), max_size=3))
def test_columns_are_those_of_the_rows(before: list[Group], after: list[Group]) -> None:
    check(COLUMNS, before, after)


@given(st.lists(group(CONSTRAINTS), max_size=3), st.lists(group(CONSTRAINTS), max_size=3))
def test_constraints_are_those_of_the_rows(before: list[Group], after: list[Group]) -> None:
    check(CONSTRAINTS, before, after)


@given(group(CONSTRAINTS), st.data())
def test_one_value_that_changed_is_told(of: Group, data: st.DataObject) -> None:
    kind, name, parts = of
    part = data.draw(st.sampled_from(sorted(parts)))
    place = data.draw(st.integers(0, len(parts[part]) - 1))
    value = data.draw(VALUES.filter(lambda given: given != parts[part][place]))
    changed = {**parts, part: [*parts[part][:place], value, *parts[part][place + 1 :]]}
    check(CONSTRAINTS, [of], [(kind, name, changed)])


def test_rows_of_one_group_are_added_up_each_time_anew() -> None:
    known, count = Known(VERSION), len(SECTIONS[CONSTRAINTS].property_names)
    head = record([str(CONSTRAINTS), "table", "public.t"])
    rows = [("7", head + record([name, *["x"] * count])) for name in "ab"]
    for there, names in ((rows, "ab"), (rows[:1], "a"), (rows[1:], "b"), (rows, "ab")):
        found: Groups = {}
        known.put(found, cast("PGresult", Rows(there)))
        assert sorted(found[CONSTRAINTS, "7"]) == [("constraint", f"public.t.{name}") for name in names]


@dataclass(frozen=True)
class OfGiven(Rows):
    """The same, of the query for some relations."""

    names: Sequence[str] = ()

    def fname(self, column: int) -> bytes:
        return self.names[column].encode()


def of_given(known: Known, texts: dict[str, str], *, relation: str) -> tuple[Groups, set[int]]:
    names = ("oid", "head", *texts)
    row = ("7", record(["r", "public", relation]), *texts.values())
    found: Groups = {}
    unread = known.put(found, cast("PGresult", OfGiven([row], len(names), names)))
    return found, unread


@given(NAMES, st.dictionaries(NAMES, st.tuples(VALUES, st.booleans()), min_size=1, max_size=4), st.booleans())
def test_what_is_given_by_relation(relation: str, parts: dict[str, tuple[str | None, bool]], marked: bool) -> None:
    listed = [record([name, text, "t" if valid else "f", None, "x"]) for name, (text, valid) in parts.items()]
    known, texts = Known(VERSION), {f"quick{CONSTRAINTS}": "".join([*listed, MARK * marked])}
    for _ in range(2):
        found, unread = of_given(known, texts, relation=relation)
        assert unread == ({CONSTRAINTS} if marked else set())
        assert told(found) == {
            (CONSTRAINTS, "7"): {
                f"constraint public.{quoted(relation)}.{quoted(name)}": {
                    **({} if text is None else {"definition": text}),
                    "validated": "true" if valid else "false",
                    "comment": "x",
                }
                for name, (text, valid) in parts.items()
            }
        }
        assert {each.parent for each in found[CONSTRAINTS, "7"].values()} == {("table", f"public.{quoted(relation)}")}


def test_not_null_is_named_where_the_name_is_unusual() -> None:
    columns = "".join(f"({name},{number},int,t{',' * 9},f)" for number, name in ((5, "b"), (2, "a")))
    apart = '(2,,t_a_not_null)(5,"NO INHERIT",t_a_not_null)'
    found, unread = of_given(Known(180_000), {f"quick{COLUMNS}": columns, f"quick{COLUMNS}_apart": apart}, relation="t")
    assert unread == set()
    usual = {"type": "int", "not_null": "true"}
    assert told(found)[COLUMNS, "7"] == {
        "column public.t.a": {"position": "1", **usual},
        "column public.t.b": {
            "position": "2",
            **usual,
            "not_null_constraint": "NO INHERIT",
            "not_null_name": "t_a_not_null",
        },
    }


def test_a_column_that_is_told_twice_counts_once() -> None:
    count = len(SECTIONS[COLUMNS].property_names)
    parts = [record([name, number, *["x"] * (count - 1)]) for name, number in (("b", "7"), ("a", "2")) * 2]
    told_of = record([str(COLUMNS), "table", "public.t"])
    found: Groups = {}
    Known(VERSION).put(found, cast("PGresult", Rows([("1", told_of + "".join(parts))])))
    positions = {name: column.properties["position"] for (_, name), column in found[COLUMNS, "1"].items()}
    assert positions == {"public.t.a": "1", "public.t.b": "2"}
