"""What is lost, by whom, and how: over readings that say just what each case is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.rows import Contents, Value
from glowplug.dialect import Direction
from glowplug.rehearsal.data.files.names import Names
from glowplug.rehearsal.data.losses import paired
from glowplug.rehearsal.data.losses.compare import Reading
from glowplug.rehearsal.data.losses.losses import (
    Since,
    lost_for_good,
    lost_of_odd,
    lost_since,
    lost_there_and_back,
    may_be_lost,
    outcome_of,
)
from glowplug.rehearsal.measured import Cause, DataOutcome, Example, How, Loss, When
from glowplug.schema.tables import Column, Family, Table, Type, Unique, Written

if TYPE_CHECKING:
    from glowplug.rehearsal.data.losses.missing import State

TEXT = Type(name="text", family=Family.TEXT)
INTEGER = Type(name="integer", family=Family.INTEGER)
DATE = Type(name="date", family=Family.DATE)
TIMESTAMP = Type(name="timestamp", family=Family.TIMESTAMP)
BOOLEAN = Type(name="boolean", family=Family.BOOLEAN)
PEOPLE = ("Ada King Lovelace", "Grace Brewster Hopper", "Alan Mathison Turing")


def table(
    name: str, columns: dict[str, Type], *rows: tuple[Value, ...], key: str | None = "id", default: str | None = None
) -> Reading:
    made = tuple(
        Column(name=each, type=kind, nullable=True, default=default if each != key else None)
        for each, kind in columns.items()
    )
    uniques = () if key is None else (Unique(name="key", columns=(key,), primary=True),)
    return Reading(
        table=Table(name=name, sql=name, columns=made, uniques=uniques),
        contents=Contents(columns=tuple(columns), rows=rows),
    )


def state(*readings: Reading) -> State:
    return {reading.table.name: reading for reading in readings}


def same_names(before: State, after: State) -> Names:
    return Names({}, {}).or_by_name([each.table for each in before.values()], [each.table for each in after.values()])


def there_and_back(before: State, after: State, restored: State) -> tuple[Loss, ...]:
    return lost_there_and_back(before, after, restored, same_names(before, after), same_names(after, restored))


def told(losses: tuple[Loss, ...]) -> list[tuple[str, str | None, str, str, int, int]]:
    return [(each.table, each.column, each.by.value, each.how.value, each.rows, each.of) for each in losses]


def numbered(*columns: tuple[Value, ...]) -> tuple[tuple[Value, ...], ...]:
    return tuple((str(index), *row) for index, row in enumerate(columns, 1))


def one_column(kind: Type, *values: Value, name: str = "name", default: str | None = None) -> State:
    rows = numbered(*((value,) for value in values))
    return state(table("t", {"id": INTEGER, name: kind}, *rows, default=default))


KEYS = state(table("t", {"id": INTEGER}, ("1",), ("2",), ("3",)))


def test_nothing_is_lost_where_all_is_as_it_was() -> None:
    before = one_column(TEXT, *PEOPLE)
    assert there_and_back(before, before, before) == ()
    assert outcome_of(()) is DataOutcome.LOSSLESS


def test_a_column_that_the_up_drops_and_the_down_makes_anew_empty_was_dropped_by_the_up() -> None:
    found = there_and_back(one_column(TEXT, "a", None, "c"), KEYS, one_column(TEXT, None, None, None))
    assert told(found) == [("t", "name", "up", "dropped", 2, 3)]
    assert outcome_of(found) is DataOutcome.IRREVERSIBLE
    assert [(each.before, each.after) for each in found[0].examples] == [("a", None), ("c", None)]


def test_a_column_that_comes_back_with_its_default() -> None:
    before = one_column(TEXT, *PEOPLE)
    restored = one_column(TEXT, "", "", "", default="''")
    assert told(there_and_back(before, before, restored)) == [("t", "name", "down", "defaulted", 3, 3)]
    assert told(there_and_back(before, before, one_column(TEXT, None, None, None))) == [
        ("t", "name", "down", "nulled", 3, 3)
    ]


def test_a_split_name_whose_down_leaves_out_the_middle() -> None:
    columns = {"id": INTEGER, "first": TEXT, "middle": TEXT, "last": TEXT}
    after = state(table("t", columns, *numbered(*(tuple(name.split()) for name in PEOPLE))))
    restored = one_column(TEXT, *(" ".join(name.split()[::2]) for name in PEOPLE))
    found = there_and_back(one_column(TEXT, *PEOPLE), after, restored)
    assert told(found) == [("t", "name", "down", "changed", 3, 3)]
    assert found[0].examples[0].before == "Ada King Lovelace"
    assert found[0].examples[0].after == "Ada Lovelace"
    assert outcome_of(found) is DataOutcome.LOSSY
    assert there_and_back(one_column(TEXT, *PEOPLE), after, one_column(TEXT, *PEOPLE)) == ()


def test_a_split_name_whose_up_leaves_out_the_middle() -> None:
    after = state(
        table(
            "t",
            {"id": INTEGER, "first": TEXT, "last": TEXT},
            *numbered(*(tuple(name.split()[::2]) for name in PEOPLE)),
        )
    )
    restored = one_column(TEXT, *(" ".join(name.split()[::2]) for name in PEOPLE))
    assert told(there_and_back(one_column(TEXT, *PEOPLE), after, restored)) == [("t", "name", "up", "dropped", 3, 3)]


def test_some_values_are_lost_by_the_up_and_others_by_the_down() -> None:
    found = there_and_back(
        one_column(TEXT, *PEOPLE), one_column(TEXT, "x", *PEOPLE[1:]), one_column(TEXT, "x", "y", PEOPLE[2])
    )
    assert told(found) == [("t", "name", "down", "changed", 1, 3), ("t", "name", "up", "changed", 1, 3)]
    assert [(each.before, each.after) for each in found[1].examples] == [("Ada King Lovelace", "x")]


def test_values_that_go_to_another_table_and_come_back() -> None:
    before = one_column(TEXT, *PEOPLE)
    names = table("names", {"owner": INTEGER, "value": TEXT}, *numbered(*((name,) for name in PEOPLE)), key=None)
    after = {**KEYS, **state(names)}
    assert there_and_back(before, after, before) == ()
    assert told(there_and_back(before, after, KEYS)) == [("t", "name", "down", "dropped", 3, 3)]
    assert lost_for_good(before, after, same_names(before, after)) == ()


def test_values_behind_a_number_of_a_new_table() -> None:
    before = one_column(TEXT, "red", "blue", "red")
    after = state(
        table("t", {"id": INTEGER, "colour": INTEGER}, ("1", "10"), ("2", "20"), ("3", "10")),
        table("colours", {"id": INTEGER, "name": TEXT}, ("10", "red"), ("20", "blue")),
    )
    assert lost_for_good(before, after, same_names(before, after)) == ()
    assert told(there_and_back(before, after, KEYS)) == [("t", "name", "down", "dropped", 3, 3)]


def test_numbers_in_a_new_table_by_chance_are_not_the_values() -> None:
    before = one_column(INTEGER, "2", "3", "1")
    after = {**KEYS, **state(table("other", {"id": INTEGER, "size": INTEGER}, ("1", "1"), ("2", "2"), ("3", "3")))}
    assert told(lost_for_good(before, after, same_names(before, after))) == [("t", "name", "up", "dropped", 3, 3)]


def test_rows_that_the_up_deletes_and_those_that_the_down_deletes() -> None:
    before = one_column(TEXT, *PEOPLE)
    fewer = state(table("t", {"id": INTEGER, "name": TEXT}, ("1", PEOPLE[0]), ("2", PEOPLE[1])))
    one = state(table("t", {"id": INTEGER, "name": TEXT}, ("1", PEOPLE[0])))
    assert told(there_and_back(before, fewer, one)) == [
        ("t", None, "up", "deleted", 1, 3),
        ("t", None, "down", "deleted", 1, 3),
    ]
    assert told(there_and_back(before, fewer, before)) == []


def test_a_table_that_is_dropped_and_made_anew() -> None:
    before = one_column(TEXT, *PEOPLE)
    empty = one_column(TEXT)
    assert told(there_and_back(before, {}, empty)) == [("t", None, "up", "dropped", 3, 3)]
    assert told(there_and_back(before, before, {})) == [("t", None, "down", "dropped", 3, 3)]


def test_renamed_columns_and_tables_are_kept() -> None:
    before = one_column(TEXT, *PEOPLE)
    after = {"u": table("u", {"id": INTEGER, "title": TEXT}, *numbered(*((name,) for name in PEOPLE)))}
    up = Names({"t": "u"}, {("t", "id"): "id", ("t", "name"): "title"})
    assert lost_for_good(before, after, up) == ()
    assert lost_there_and_back(before, after, before, up, up.back()) == ()
    # A down that forgets to take the name back loses nothing of the rows.
    assert lost_there_and_back(before, after, after, up, same_names(after, after)) == ()


@pytest.mark.parametrize(
    ("old", "new", "values", "afterwards", "kept"),
    [
        (INTEGER, TEXT, ("5", "-7"), ("5", "-7"), True),
        (TEXT, INTEGER, ("5", "7"), ("5", "7"), True),
        (TEXT, INTEGER, ("05", "7"), ("5", "7"), False),
        (TEXT, INTEGER, ("five", "seven"), ("0", "0"), False),
        (BOOLEAN, INTEGER, ("true", "false"), ("1", "0"), True),
        (BOOLEAN, TEXT, ("t", "f"), ("yes", "no"), True),
        (TIMESTAMP, DATE, ("2024-01-02 03:04:05", "2024-01-03 00:00:00"), ("2024-01-02", "2024-01-03"), False),
        (TEXT, TEXT, ("A", "b"), ("a", "b"), False),
    ],
)
def test_a_changed_type_is_judged_by_what_the_values_mean(
    old: Type, new: Type, values: tuple[str, ...], afterwards: tuple[str, ...], *, kept: bool
) -> None:
    before, after = one_column(old, *values), one_column(new, *afterwards)
    assert (lost_for_good(before, after, same_names(before, after)) == ()) is kept
    assert there_and_back(before, after, before) == ()


@pytest.mark.parametrize(
    ("kind", "values", "made", "cause"),
    [
        (INTEGER, ["4", "5", "6"], ["a87ff679", "e4da3b7f", "1679091c"], Cause.UNTOLD),
        (TIMESTAMP, ["2024-01-02 03:04:05", "2024-02-03 04:05:06"], ["2024-01-02", "2024-02-03"], None),
    ],
    ids=["digests", "days"],
)
def test_many_values_each_of_which_became_one_of_its_own_are_no_labels(
    kind: Type, values: list[str], made: list[str], cause: Cause | None
) -> None:
    columns = {"id": INTEGER, "v": kind}
    before = state(table("t", columns, *((str(at), value) for at, value in enumerate(values))))
    after = state(table("t", columns | {"v": TEXT}, *((str(at), value) for at, value in enumerate(made))))
    (loss,) = lost_for_good(before, after, same_names(before, after))
    assert (loss.how, loss.rows, loss.cause) == (How.CHANGED, len(values), cause)
    assert there_and_back(before, after, before) == ()


def test_labels_of_which_each_became_one_of_its_own_are_another_spelling() -> None:
    before = state(table("t", {"id": INTEGER, "v": BOOLEAN}, ("1", "t"), ("2", "f"), ("3", "f")))
    after = state(table("t", {"id": INTEGER, "v": TEXT}, ("1", "yes"), ("2", "no"), ("3", "no")))
    assert lost_for_good(before, after, same_names(before, after)) == ()


def test_what_a_down_puts_where_the_up_dropped_a_value() -> None:
    names = {"id": INTEGER, "name": TEXT}
    before = state(table("t", names, ("1", ""), ("2", "Ada King"), ("3", "Bob Lee")))
    parts = {"id": INTEGER, "first": TEXT, "last": TEXT}
    after = state(table("t", parts, ("1", "", ""), ("2", "Ada", "King"), ("3", "Bob", "Lee")))
    restored = state(table("t", names, ("1", " "), ("2", "Ada King"), ("3", "Bob Lee")))
    (loss,) = there_and_back(before, after, restored)
    assert (loss.by, loss.how, loss.rows) == (Direction.UP, How.DROPPED, 1)
    assert loss.examples == (Example(before="", after=" "),)


def test_which_columns_are_new_is_asked_once_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    compared = paired._others  # noqa: SLF001 - what takes long where there are many columns
    monkeypatch.setattr(paired, "_others", lambda *given: asked.append(given[0].table.name) or compared(*given))
    many = {"id": INTEGER} | {f"c{at}": TEXT for at in range(30)}
    rows = [(str(row), *(f"{row} of {at}" for at in range(30))) for row in range(4)]
    before, after = state(table("t", many, *rows)), state(table("t", {"id": INTEGER}, *(row[:1] for row in rows)))
    assert len(there_and_back(before, after, after)) == len(many) - 1
    assert asked == ["t"]


def test_a_column_is_read_once_from_its_rows() -> None:
    reading = table("t", {"id": INTEGER, "v": TEXT}, ("1", "a"), ("2", "b"))
    assert reading.values("v") == ("a", "b")
    assert reading.values("v") is reading.values("v")


def test_rows_without_a_key_are_paired_by_what_they_hold() -> None:
    columns = {"name": TEXT, "age": INTEGER}
    before = state(table("t", columns, ("a", "1"), ("a", "1"), ("b", "2"), key=None))
    after = state(table("t", columns, ("b", "3"), ("a", "1"), key=None))
    assert told(lost_for_good(before, after, same_names(before, after))) == [
        ("t", None, "up", "deleted", 1, 3),
        ("t", "age", "up", "changed", 1, 3),
    ]


def test_what_the_server_computes_is_no_data() -> None:
    column = Column(name="twice", type=INTEGER, nullable=True, written=Written.SERVER)
    before = one_column(INTEGER, "1", name="twice")
    computed = {
        name: Reading(
            table=Table(name=name, sql=name, columns=(each.table.columns[0], column), uniques=each.table.uniques),
            contents=each.contents,
        )
        for name, each in before.items()
    }
    assert lost_for_good(computed, state(table("t", {"id": INTEGER}, ("1",))), same_names(computed, KEYS)) == ()


def test_what_is_written_to_a_new_column_and_table_goes_with_the_down_as_expected() -> None:
    there = {
        **state(table("t", {"id": INTEGER, "nick": TEXT}, ("1", None))),
        **state(table("own", {"id": INTEGER, "name": TEXT})),
    }
    written = {
        **state(table("t", {"id": INTEGER, "nick": TEXT}, ("1", "changed"), ("2", "new"), ("3", None))),
        **state(table("own", {"id": INTEGER, "name": TEXT}, ("1", "x"))),
    }
    restored = state(table("t", {"id": INTEGER}, ("1",), ("2",), ("3",)))
    again = {
        **state(table("t", {"id": INTEGER, "nick": TEXT}, ("1", None), ("2", None), ("3", None))),
        **state(table("own", {"id": INTEGER, "name": TEXT})),
    }
    up = Names({"t": "t"}, {("t", "id"): "id"})
    found = lost_since(Since(there=there, written=written, restored=restored, again=again), up, up)
    assert told(found) == [("t", "nick", "down", "dropped", 2, 3), ("own", None, "down", "dropped", 1, 1)]
    assert {(each.written, each.expected) for each in found} == {(When.AFTER, True)}
    assert outcome_of(found) is DataOutcome.LOSSY


def test_an_up_that_deletes_again_what_was_written_since_is_not_the_downs_fault() -> None:
    there, written = one_column(TEXT), one_column(TEXT, "new")
    names = same_names(there, there)
    assert lost_since(Since(there=there, written=written, restored=written, again=there), names, names) == ()
    gone = lost_since(Since(there=there, written=written, restored=there, again=there), names, names)
    assert told(gone) == [("t", None, "down", "deleted", 1, 1)]
    assert not gone[0].expected


def test_rows_beyond_what_was_read_are_not_taken_for_gone() -> None:
    before = one_column(TEXT, *PEOPLE)
    (fewer,) = one_column(TEXT, PEOPLE[0]).values()
    cut = Reading(
        table=fewer.table, contents=Contents(columns=fewer.contents.columns, rows=fewer.contents.rows, complete=False)
    )
    assert lost_for_good(before, state(cut), same_names(before, before)) == ()
    assert told(lost_for_good(before, state(fewer), same_names(before, before))) == [("t", None, "up", "deleted", 2, 3)]


def test_examples_are_few_and_not_endless() -> None:
    found = there_and_back(one_column(TEXT, *("x" * 2000 + str(n) for n in range(9))), KEYS_OF_NINE, KEYS_OF_NINE)
    assert [len(each.before or "") for each in found[0].examples] == [1000, 1000, 1000]
    assert found[0].how is How.DROPPED
    assert found[0].by is Direction.UP


KEYS_OF_NINE = state(table("t", {"id": INTEGER}, *((str(n),) for n in range(1, 10))))


def odd(written: tuple[Value, ...], restored: tuple[Value, ...], again: tuple[Value, ...] | None) -> list[str]:
    """Say what is lost of rows with these names that are written after the up, where the down leaves others."""

    def named(*values: Value) -> State:
        rows = tuple((str(index), value) for index, value in enumerate(values, 1) if value != "gone")
        return state(table("t", {"id": INTEGER, "name": TEXT}, *rows))

    plain = PEOPLE[:1]
    there = named(*plain)
    since = Since(
        there=there,
        written=named(*plain, *written),
        restored=named(*plain, *restored),
        again={} if again is None else named(*plain, *again),
    )
    names = same_names(there, there)
    assert may_be_lost(since, names, names) is (written != restored)
    found = lost_of_odd(since, names, names)
    assert {(each.by, each.written, each.expected) for each in found} <= {(Direction.DOWN, When.AFTER, False)}
    shown = [(each, each.examples[0]) for each in found]
    return [
        f"{each.column} {each.how.value} {each.rows} of {each.of}: {example.before} to {example.after}"
        for each, example in shown
    ]


def test_odd_rows_that_the_down_changes_or_deletes_without_a_word() -> None:
    assert odd((None, "b"), (None, "b"), (None, "b")) == []
    assert odd((None, "b"), ("", "b"), ("", "b")) == ["name changed 1 of 2: None to "]
    assert odd((None, "b"), ("gone", "b"), ("gone", "b")) == ["None deleted 1 of 2: name = NULL, id = '2' to None"]


def test_what_the_next_up_brings_back_of_odd_rows_is_not_lost() -> None:
    assert odd(("350", "7"), ("3.5", "0.07"), ("350", "7")) == []
    assert odd(("350", "7"), ("3.5", "0"), ("350", "0")) == ["name changed 1 of 2: 7 to 0"]


def test_where_the_up_does_not_run_again_only_deleted_odd_rows_are_told() -> None:
    assert odd(("350", "7"), ("3.5", "0.07"), None) == []
    assert odd((None, "7"), ("gone", "0.07"), None) == ["None deleted 1 of 2: name = NULL, id = '2' to None"]


def test_odd_values_of_the_ups_own_column_and_table_are_the_downs_to_take() -> None:
    there = {**state(table("t", {"id": INTEGER, "nick": TEXT})), **state(table("own", {"id": INTEGER}))}
    written = {
        **state(table("t", {"id": INTEGER, "nick": TEXT}, ("1", "x"))),
        **state(table("own", {"id": INTEGER}, ("1",))),
    }
    restored = state(table("t", {"id": INTEGER}, ("1",)))
    up = Names({"t": "t"}, {("t", "id"): "id"})
    since = Since(there=there, written=written, restored=restored, again=there)
    assert not may_be_lost(since, up, up)
    assert lost_of_odd(since, up, up) == ()


def test_a_row_that_is_gone_is_shown_by_what_sets_it_apart() -> None:
    columns = {"id": INTEGER, "status": TEXT, "name": TEXT}
    there = state(table("t", columns, ("1", "old", "a"), ("2", "done", "b"), ("3", "old", "c")))
    rows = there["t"].contents.rows
    written = state(table("t", columns, *rows, ("4", "new", "d"), ("5", "old", "e")))
    left = state(table("t", columns, *rows, ("5", "old", "e")))
    names = same_names(there, there)
    (found,) = lost_of_odd(Since(there=there, written=written, restored=left, again=left), names, names)
    assert [each.before for each in found.examples] == ["status = 'new', id = '4'"]
