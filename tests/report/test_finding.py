from __future__ import annotations

import click
import pytest
from msgspec.structs import replace

from glowplug.finding import Excerpt, Finding, Place, Related, SafeForm, Step, Suppression, Text
from glowplug.report._finding import MOST_RELATED, MOST_SAFE_LINES, WIDTH, finding_lines
from glowplug.review import faults

FOUND = replace(
    faults.SQL_NOT_SEEN.found(
        "it hides\nwhat it does", place=Place(file="up.sql", line=9, column=3, end_line=9, end_column=6)
    ),
    excerpt=Excerpt(line=8, text="ONE\n  TWO three;"),
)


def shown(finding: Finding, *, full: bool = False) -> list[str]:
    return [click.unstyle(line) for line in finding_lines(finding, full=full)]


def test_the_statement_is_underlined_and_what_happens_stands_below() -> None:
    assert shown(FOUND) == [
        "  notice[sql-not-seen] up.sql:9:3",
        "    8 │ ONE",
        "    9 │   TWO three;",
        "      │   ^^^",
        "    │ it hides",
        "    │ what it does",
    ]


def test_every_line_of_the_place_is_underlined() -> None:
    found = replace(FOUND, place=Place(file="up.sql", line=8, column=2, end_line=9, end_column=6))
    assert shown(found)[1:5] == ["    8 │ ONE", "      │  ^^", "    9 │   TWO three;", "      │   ^^^"]


def test_of_many_lines_the_first_is_underlined() -> None:
    found = replace(
        FOUND,
        excerpt=Excerpt(line=8, text="ONE\nTWO\n  three"),
        place=Place(file="a", line=8, column=1, end_line=10, end_column=8),
    )
    assert shown(found)[1:5] == ["     8 │ ONE", "       │ ^^^", "     9 │ TWO", "    10 │   three"]


def test_a_long_statement_is_cut() -> None:
    text = "\n".join(f"line {number}" for number in range(8))
    found = replace(FOUND, excerpt=Excerpt(line=9, text=text), place=Place(file="a", line=9, column=1, end_line=99))
    assert shown(found)[1:7] == [
        "     9 │ line 0",
        "       │ ^^^^^^",
        "    10 │ line 1",
        "    11 │ line 2",
        "    12 │ line 3",
        "       │ …",
    ]


def test_of_a_statement_no_single_line_is_cut() -> None:
    text = "\n".join(f"line {number}" for number in range(5))
    found = replace(FOUND, excerpt=Excerpt(line=5, text=text), place=Place(file="a", line=5, column=1, end_line=5))
    assert shown(found)[6:8] == ["    9 │ line 4", "    │ it hides"]


def test_of_a_long_statement_the_lines_of_the_place_are_shown() -> None:
    text = "\n".join(f"line {number}" for number in range(8))
    found = replace(FOUND, excerpt=Excerpt(line=9, text=text), place=Place(file="a", line=12, column=1, end_line=12))
    assert shown(found)[1:4] == ["    12 │ line 3", "       │ ^^^^^^", "    │ it hides"]


@pytest.mark.parametrize("column", [1, 50, 200, 380])
def test_a_long_line_is_cut_around_its_place(column: int) -> None:
    line = "".join(f"{number % 10}" for number in range(400))
    place = Place(file="a", line=1, column=column, end_line=1, end_column=column + 10)
    _, text, underline, *_ = shown(replace(FOUND, place=place, excerpt=Excerpt(line=1, text=line)))
    start = underline.index("^")
    assert underline.count("^") == 10
    assert text[start : start + 10] == line[column - 1 : column + 9]
    assert len(text) <= WIDTH + len("    1 │ ") + 2


def test_wide_escapes_do_not_move_the_underline() -> None:
    place = Place(file="a", line=1, column=4, end_line=1, end_column=5)
    _, text, underline, *_ = shown(replace(FOUND, place=place, excerpt=Excerpt(line=1, text="\x1b\t\x07XY")))
    assert text[underline.index("^")] == "X"
    assert underline.count("^") == 1


def test_related_places_and_migrations_to_write() -> None:
    form = SafeForm(
        steps=(
            Step(name="first", up="A;\nB;", down="C;", run_in_transaction=False),
            Step(name="second", up="D;", down="E;", note="wait"),
        ),
        note="then release",
    )
    related = (Related(place=Place(file="other.sql", line=1, column=2), message="made here"),)
    assert shown(replace(FOUND, related=related, safe_form=form))[6:] == [
        "    ├ other.sql:1:2: made here",
        "    │ Instead, 2 migrations in this order:",
        "    │   1. first with run_in_transaction = false in metadata.toml",
        "    │     up.sql    A;",
        "    │               B;",
        "    │     down.sql  C;",
        "    │   2. second",
        "    │     up.sql    D;",
        "    │     down.sql  E;",
        "    │     wait",
        "    │ then release",
    ]


def test_a_long_safe_form_is_cut_and_says_so_and_what_to_do_beside_it_stays() -> None:
    def lines(count: int) -> list[str]:
        form = SafeForm(replacement="\n".join(f"line {number}" for number in range(count)), note="then release")
        return shown(replace(FOUND, safe_form=form))[7:]

    *several, more, note = lines(40)
    assert len(several) == MOST_SAFE_LINES - 1
    assert more == "    │ and 29 lines more, which `-v` shows"
    assert note == "    │ then release"
    assert lines(MOST_SAFE_LINES)[-2:] == ["    │   line 11", note]


def test_what_to_do_is_shown_whole_and_sql_is_cut_at_the_end_of_a_word() -> None:
    words = " ".join(f"word{number}" for number in range(70))
    step = Step(name="first", up=words, down="A" * 400, note=words)
    _, _, up, down, note, behind = shown(replace(FOUND, safe_form=SafeForm(steps=(step,), note=words)))[6:]
    assert note == f"    │     {words}"
    assert behind == f"    │ {words}"
    assert up.endswith(" word29 … (`-v`)")
    assert down.endswith(f" {'A' * 200} … (`-v`)")
    barely = replace(step, up="B" * 202)
    assert shown(replace(FOUND, safe_form=SafeForm(steps=(barely,))))[8].endswith("B" * 202)


def test_one_place_more_is_shown_in_the_place_of_a_line_that_says_so() -> None:
    related = [Related(place=Place(file="a", line=number), message="here") for number in range(MOST_RELATED + 2)]
    assert shown(replace(FOUND, related=tuple(related[:-1])))[-1] == f"    ├ a:{MOST_RELATED}: here"
    assert shown(replace(FOUND, related=tuple(related)))[-1] == "    ├ and 2 places more, which `-v` shows"


def test_of_a_list_one_line_more_is_shown_in_the_place_of_a_line_that_says_so() -> None:
    assert Text.listed("abc", most=2).brief == "a\nb\nc"
    assert Text.listed("abcd", most=2).brief == "a\nb\nand 2 more"


def test_of_a_full_finding_nothing_is_cut() -> None:
    line = " ".join(f"word{number}" for number in range(70))
    found = replace(
        FOUND,
        excerpt=Excerpt(line=1, text="\n".join([line[:400]] * 8)),
        place=Place(file="a", line=1, column=200, end_line=8),
        related=tuple(Related(place=Place(file="a", line=number), message="here") for number in range(9)),
        safe_form=SafeForm(replacement="\n".join([line] * 40), note=line),
    )
    found = replace(found, message="all\nof\nit", brief="all\nand 2 more")
    brief, full = shown(found), shown(found, full=True)
    cut = brief.index("    │ and 2 more")
    assert brief[cut + 1] == "    │ cut; `-v` shows it whole"
    assert "    │ it" in full
    assert any("…" in each for each in brief)
    assert any(each.endswith("and 5 places more, which `-v` shows") for each in brief)
    assert not any("…" in each or "more" in each or "-v" in each for each in full)
    assert sum("├" in each for each in full) == 9
    assert sum(line[:400] in each for each in full) == 8 + 40 + 1
    assert full[-1].endswith(line)


def test_what_is_accepted_shows_its_reason_and_evidence_and_no_safe_form() -> None:
    reason = Suppression(reason="small", source="sql", evidence=("rows <= 5", 'step "x"'))
    lines = shown(replace(FOUND, safe_form=SafeForm(replacement="X"), suppressed=reason))
    assert lines[0] == '  notice[sql-not-seen] up.sql:9:3 (accepted: small; rows <= 5; step "x")'
    assert not [line for line in lines if "Instead" in line]


def test_a_place_without_a_line_and_no_place_at_all() -> None:
    assert shown(replace(FOUND, place=Place(file="a"), excerpt=None))[0] == "  notice[sql-not-seen] a"
    assert shown(replace(FOUND, place=None))[0] == "  notice[sql-not-seen] "
