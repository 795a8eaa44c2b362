"""Where servers may work: a path that they read as one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server, place
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=[",", ":"])
def temporary(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go, for there is no room in memory; its path is short, and has the character in it."""
    with tempfile.TemporaryDirectory(prefix=f"a{request.param}b", dir=tempfile.gettempdir()) as name:
        directory = Path(name)
        directory.chmod(0o755)
        monkeypatch.setattr(place, "MEMORY_DIRECTORY", directory / "nowhere")
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield directory


@pytest.mark.parametrize(
    "dialect",
    [
        pytest.param(Dialect.POSTGRES, marks=pytest.mark.postgres),
        pytest.param(Dialect.MYSQL, marks=pytest.mark.mysql),
    ],
)
def test_a_directory_that_a_server_takes_for_two_is_not_used(temporary: Path, dialect: Dialect) -> None:
    """PostgreSQL splits unix_socket_directories at a comma, MariaDB tmpdir at a colon."""
    request = Request(dialect=dialect, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ))
    assert not place.usable(temporary, None)
    with open_server(request) as server:
        assert server.create().connection.recorded() == ()
        assert not list(temporary.iterdir())
