"""A table that an earlier file makes IF NOT EXISTS is known as any other; but it may have had other columns before."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from .cases import Fence, Section, case
from .test_cases import all_sections, first_dialect

if TYPE_CHECKING:
    from glowplug.review.rule import Rule

MAY_HAVE_BEEN = "column-dropped"  # of a column that no file has added


@pytest.mark.parametrize(
    ("rule", "section"),
    [
        pytest.param(rule, section, id=f"{rule.name}: {section.title}")
        for rule, section in all_sections()
        if any(fence.role == "before" and "CREATE TABLE " in fence.text for fence in section.fences)
    ],
)
def test_the_same_is_found(rule: Rule, section: Section) -> None:
    fences = tuple(
        Fence(
            role=fence.role,
            text=re.sub(r"CREATE TABLE (?!IF )", "CREATE TABLE IF NOT EXISTS ", fence.text)
            if fence.role == "before"
            else fence.text,
            options=fence.options,
            line=fence.line,
        )
        for fence in section.fences
    )
    plain = case(section, first_dialect(rule)).found()
    found = case(Section(title=section.title, fences=fences, line=section.line), first_dialect(rule)).found()
    assert plain - found == Counter()
    assert {mark.rpartition(" ")[2] for _, _, mark in found - plain} <= {MAY_HAVE_BEEN}
