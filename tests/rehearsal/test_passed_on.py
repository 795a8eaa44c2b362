"""Whoever wraps rows passes on all that can be done with them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING
from unittest.mock import create_autospec

import pytest

from glowplug.database.rows import Rows
from glowplug.rehearsal.data.filling.stirred import Stirred
from glowplug.rehearsal.data.losses.ordered import Ordered
from glowplug.rehearsal.passed_on import PassedOn

if TYPE_CHECKING:
    from collections.abc import Callable

DONE = [name for name in vars(Rows) if not name.startswith("_")]


@pytest.mark.parametrize("name", sorted(DONE))
def test_everything_is_passed_on(name: str) -> None:
    own = create_autospec(Rows)
    getattr(own, name).return_value = "what came of it"
    parameters = [each for each in inspect.signature(getattr(Rows, name)).parameters.values() if each.name != "self"]
    plain = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]
    by_name = {each.name: 7 for each in parameters if each.kind is each.KEYWORD_ONLY}
    assert getattr(PassedOn(own), name)(*plain, **by_name) == "what came of it"
    getattr(own, name).assert_called_once_with(*plain, **by_name)


@pytest.mark.parametrize("wrap", [Ordered, lambda rows: Stirred(rows, ())])
def test_what_need_not_be_read_again_is_passed_on(wrap: Callable[[Rows], Rows]) -> None:
    own = create_autospec(Rows)
    wrap(own).tables_but(())
    own.tables_but.assert_called_once_with(())
