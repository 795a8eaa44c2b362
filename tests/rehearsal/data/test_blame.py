"""Which of the two files lost a value that an expression has made another: over readings that say what each case is."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from glowplug.database.rows import Contents, Value
from glowplug.rehearsal.data.files.names import Names
from glowplug.rehearsal.data.losses.compare import Reading
from glowplug.rehearsal.data.losses.losses import lost_for_good, lost_there_and_back
from glowplug.rehearsal.measured import Cause
from glowplug.schema.tables import Column, Family, Table, Type, Unique

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glowplug.rehearsal.data.losses.missing import State

TEXT = Type(name="text", family=Family.TEXT)
INTEGER = Type(name="integer", family=Family.INTEGER)
DECIMAL = Type(name="numeric", family=Family.DECIMAL)
BYTES = Type(name="bytea", family=Family.BYTES)
TIMESTAMP = Type(name="timestamp", family=Family.TIMESTAMP)
DATE = Type(name="date", family=Family.DATE)

NAMES = ("Ada King", "Bob Adams", "Cy Bell", "Dan Cohen")
PRICES = ("1.25", "2.5", "7.75", "12")
HUNDREDFOLD = ("125", "250", "775", "1200")
MOMENTS = ("2024-01-02 03:04:05", "2024-01-09 11:30:00", "2024-02-03 00:00:01")
FEW = ("old", "done", "old", "old", "done", "done")

Given = tuple[Type, "Sequence[Value]"]


def state(columns: Mapping[str, Given], *, numbered: str | None = None) -> State:
    """A table of these columns behind a key that counts, or that the server numbers if it is given."""
    size = len(next(iter(columns.values()))[1])
    every = {"id": (INTEGER, [str(number) for number in range(1, size + 1)]), **columns}
    made = tuple(
        Column(name=name, type=kind, nullable=True, numbered=name == numbered) for name, (kind, _) in every.items()
    )
    rows = tuple(zip(*(values for _, values in every.values()), strict=True))
    key = Unique(name="key", columns=("id",), primary=True)
    table = Table(name="t", sql="t", columns=made, uniques=(key,))
    return {"t": Reading(table=table, contents=Contents(columns=tuple(every), rows=rows))}


def one(kind: Type, values: Sequence[Value], name: str = "v") -> State:
    return state({name: (kind, values)})


def told(before: State, after: State, restored: State) -> list[tuple[str, str, int, Cause | None]]:
    def same(first: State, second: State) -> Names:
        tables = [[each.table for each in each_state.values()] for each_state in (first, second)]
        return Names({}, {}).or_by_name(*tables)

    found = lost_there_and_back(before, after, restored, same(before, after), same(after, restored))
    return [(each.column or "", each.by.value, each.rows, each.cause) for each in found]


@pytest.mark.parametrize(
    ("old", "values", "new", "afterwards"),
    [
        pytest.param(DECIMAL, PRICES, INTEGER, HUNDREDFOLD, id="multiplied"),
        pytest.param(DECIMAL, PRICES, DECIMAL, ("11.25", "12.5", "17.75", "22"), id="moved"),
        pytest.param(INTEGER, ("1", "5", "9"), INTEGER, ("-1", "-5", "-9"), id="turned round"),
        pytest.param(DECIMAL, PRICES, DECIMAL, ("125.00000000000001", "250", "775", "1200"), id="in floating point"),
        pytest.param(
            TIMESTAMP,
            MOMENTS,
            TIMESTAMP,
            ("2024-01-02 05:04:05", "2024-01-09 13:30:00", "2024-02-03 02:00:01"),
            id="hours added",
        ),
        pytest.param(TIMESTAMP, MOMENTS, INTEGER, ("1704164645", "1704799800", "1706918401"), id="seconds"),
        pytest.param(TEXT, FEW, TEXT, [each[0] for each in FEW], id="few labels"),
        pytest.param(BYTES, (b"ab", b"cd", b"ef"), TEXT, ("6162", "6364", "6566"), id="hexadecimal"),
        pytest.param(TEXT, NAMES, TEXT, [base64.b64encode(each.encode()).decode() for each in NAMES], id="base64"),
        pytest.param(TEXT, NAMES, TEXT, [each[::-1] for each in NAMES], id="backwards"),
        pytest.param(TEXT, NAMES, TEXT, ["x-" + each for each in NAMES], id="with a prefix"),
    ],
)
def test_what_can_be_computed_back_is_lost_by_a_down_that_does_not(
    old: Type, values: Sequence[Value], new: Type, afterwards: Sequence[Value]
) -> None:
    before, after = one(old, values), one(new, afterwards)
    assert told(before, after, one(old, afterwards)) == [("v", "down", len(values), None)]
    assert told(before, after, one(old, [None] * len(values))) == [("v", "down", len(values), None)]
    assert told(before, after, before) == []
    assert lost_for_good(before, after, Names({"t": "t"}, {("t", "id"): "id", ("t", "v"): "v"})) == ()


@pytest.mark.parametrize(
    ("old", "values", "new", "afterwards", "cause"),
    [
        pytest.param(TEXT, NAMES, TEXT, [each.lower() for each in NAMES], None, id="lowercased"),
        pytest.param(TEXT, NAMES, TEXT, [each.split()[0] for each in NAMES], None, id="cut"),
        pytest.param(TEXT, NAMES, TEXT, ["x"] * 4, None, id="a constant"),
        pytest.param(DECIMAL, ("1.25", "2.25", "7.25"), INTEGER, ("1", "2", "7"), None, id="rounded, ending alike"),
        pytest.param(DECIMAL, ("1.25", "2.5", "7.75"), INTEGER, ("1", "3", "8"), None, id="rounded"),
        pytest.param(
            INTEGER, ("15", "25", "75"), INTEGER, ("1", "2", "7"), Cause.UNTOLD, id="divided, and the rest left out"
        ),
        pytest.param(
            TIMESTAMP,
            ("2024-01-02 08:15:00", "2024-01-03 08:15:00", "2024-01-07 08:15:00"),
            DATE,
            ("2024-01-02", "2024-01-03", "2024-01-07"),
            None,
            id="days of moments at one hour",
        ),
        pytest.param(
            TIMESTAMP,
            ("2024-01-02 03:04:05.5", "2024-01-09 11:30:00.25", "2024-02-03 00:00:01.125"),
            TIMESTAMP,
            ("2024-01-02 05:04:05", "2024-01-09 13:30:00", "2024-02-03 02:00:01"),
            Cause.UNTOLD,
            id="hours added, and fractions cut",
        ),
        pytest.param(
            TEXT,
            NAMES,
            TEXT,
            ("d41d8cd98f00b204", "0cc175b9c0f1b6a8", "92eb5ffee6ae2fec", "4a8a08f09d37b737"),
            Cause.UNTOLD,
            id="digests",
        ),
        pytest.param(INTEGER, ("2", "3", "4"), INTEGER, ("4", "9", "16"), Cause.UNTOLD, id="squares"),
        pytest.param(INTEGER, ("2", "3"), INTEGER, ("4", "6"), Cause.UNTOLD, id="two rows are always on a line"),
        pytest.param(TEXT, (None, None, None), TEXT, ("", "", ""), None, id="NULL filled"),
    ],
)
def test_what_can_not_be_told_from_what_is_there_is_lost_by_the_up(
    old: Type, values: Sequence[Value], new: Type, afterwards: Sequence[Value], cause: Cause | None
) -> None:
    before, after = one(old, values), one(new, afterwards)
    assert told(before, after, one(old, afterwards)) == [("v", "up", len(values), cause)]
    assert told(before, after, before) == []


def test_a_value_that_stands_where_it_was_is_lost_by_the_up_if_others_became_the_same() -> None:
    before = one(TEXT, ("", None, "Ada King", None))
    after = one(TEXT, ("", "", "Ada King", ""))
    restored = one(TEXT, (None, None, "Ada King", None))
    assert told(before, after, restored) == [("v", "up", 1, Cause.ALIKE)]
    assert told(before, after, one(TEXT, ("", None, None, None))) == [("v", "down", 1, None)]
    # Something new tells them apart, so that the down could know.
    marked = state({"v": (TEXT, ("", "", "Ada King", "")), "was_null": (TEXT, ("f", "t", "f", "t"))})
    assert told(before, marked, restored) == [("v", "down", 1, None)]


def test_labels_that_become_one() -> None:
    before, after = one(TEXT, FEW), one(TEXT, ["done"] * len(FEW))
    assert told(before, after, one(TEXT, ["old"] * len(FEW))) == [("v", "up", 3, Cause.ALIKE)]
    assert told(before, after, after) == [("v", "up", 3, None)]


def test_a_null_that_the_down_fills_is_not_the_ups_doing() -> None:
    before = one(TEXT, (None, "a", None))
    assert told(before, before, one(TEXT, ("-", "a", "-"))) == [("v", "down", 2, None)]


def test_a_few_numbers_beyond_what_the_type_holds_are_the_ups_and_the_rest_the_downs() -> None:
    before = one(INTEGER, [str(number) for number in range(1, 21)])
    after = one(INTEGER, [str(min(number * 100, 1950)) for number in range(1, 21)])
    assert told(before, after, after) == [("v", "down", 19, None), ("v", "up", 1, None)]


def test_numbers_of_the_servers_own_run_alike_by_themselves() -> None:
    keys = [str(number) for number in range(5, 9)]
    before = state({"v": (INTEGER, keys)}, numbered="v")
    after = state({"v": (INTEGER, ("1", "2", "3", "4"))}, numbered="v")
    assert told(before, after, after) == [("v", "up", 4, Cause.UNTOLD)]


def test_values_that_became_one_are_not_said_to_have_become_each_its_own() -> None:
    before = one(TEXT, NAMES)
    after = state({"v": (TEXT, ("none",) * 4), "new": (TEXT, ("x 5", "y 9", "z 2", "w 7"))})
    assert told(before, after, after) == [("v", "up", 4, None)]


def test_a_new_column_that_the_old_one_can_be_computed_from() -> None:
    before, after = one(DECIMAL, PRICES, "price"), one(INTEGER, HUNDREDFOLD, "cents")
    tenfold = one(DECIMAL, ("12.5", "25", "77.5", "120"), "price")
    assert told(before, after, tenfold) == [("price", "down", 4, None)]
    assert told(before, after, one(DECIMAL, [None] * 4, "price")) == [("price", "down", 4, None)]
    assert told(before, after, before) == []


def test_a_new_column_that_another_one_explains_as_well_keeps_nothing_for_certain() -> None:
    alike = {"qty": (INTEGER, ("1", "2", "3", "4")), "rank": (INTEGER, ("2", "3", "4", "5"))}
    before = state(alike)
    after = state({"rank": alike["rank"], "place": (INTEGER, ("20", "30", "40", "50"))})
    restored = state({"qty": (INTEGER, [None] * 4), "rank": alike["rank"]})
    assert told(before, after, restored) == [("qty", "up", 4, None)]
    named = state({"rank": alike["rank"], "qty_tenfold": (INTEGER, ("10", "20", "30", "40"))})
    assert told(before, named, restored) == [("qty", "down", 4, None)]


def test_a_copy_of_the_key_keeps_no_column_that_counts_alike() -> None:
    counted = {"qty": (INTEGER, ("4", "5", "6", "7"))}
    before, restored = state(counted), state({"qty": (INTEGER, ["0"] * 4)})
    assert told(before, state({"place": (INTEGER, ("1", "2", "3", "4"))}), restored) == [("qty", "up", 4, None)]
    assert told(before, state({"tenfold": (INTEGER, ("40", "50", "60", "70"))}), restored) == [("qty", "down", 4, None)]


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(("9", "9", "33", "58"), id="sum"),
        pytest.param(("14", "20", "90", "400"), id="product"),
        pytest.param(("5", "-1", "27", "42"), id="difference"),
        pytest.param(("-5", "1", "-27", "-42"), id="difference turned round"),
        pytest.param(("3.5", "0.8", "10", "6.25"), id="ratio"),
    ],
)
def test_a_new_column_that_was_made_with_one_that_is_kept(made: Sequence[str]) -> None:
    kept = (INTEGER, ("2", "5", "3", "8"))
    before = state({"a": (INTEGER, ("7", "4", "30", "50")), "b": kept})
    restored = state({"a": (INTEGER, ["0"] * 4), "b": kept})
    assert told(before, state({"b": kept, "made": (DECIMAL, made)}), restored) == [("a", "down", 4, None)]
    assert told(before, state({"b": (INTEGER, ["1"] * 4), "made": (DECIMAL, made)}), restored)[0][:2] == ("a", "up")
