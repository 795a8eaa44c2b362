"""The servers that the proofs share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from .proof import Servers

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Servers, each opened when a proof first asks for it."""
    with contextlib.ExitStack() as end:
        yield Servers(end)
