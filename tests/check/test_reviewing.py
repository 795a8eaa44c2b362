"""When a review is made anew, and when it is taken from the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.check import reviewing
from glowplug.check.check import check
from glowplug.check.settings import Settings
from glowplug.check.terms import Options, Part
from glowplug.project.configuration import Configuration
from glowplug.project.discovery import find_project
from glowplug.review.cache import DIRECTORY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_without_the_cache_it_is_neither_asked_nor_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migration = tmp_path / "migrations" / "1_a"
    migration.mkdir(parents=True)
    (migration / "up.sql").write_text("CREATE TABLE t (a int);")
    (migration / "down.sql").write_text("DROP TABLE t;")
    environment = {"GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")}
    configuration = Configuration.parse(
        b'[[chain]]\nmigrations = "migrations"\nbackend = "postgres"\n', shown="glowplug.toml"
    )
    project = find_project(tmp_path, environment=environment, configuration=configuration)
    made = 0
    review = reviewing._review  # noqa: SLF001 - the engine behind the cache

    def counted(*arguments: object, **more: object) -> object:
        nonlocal made
        made += 1
        return review(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(reviewing, "_review", counted)

    def times(*, cached: bool) -> int:
        nonlocal made
        made = 0
        options = Options(base="none", cached=cached, parts=frozenset({Part.REVIEW}))
        check(project, Settings.of(configuration), options, environment=environment)
        return made

    assert [times(cached=False), times(cached=False)] == [1, 1]
    assert not (tmp_path / "cache" / DIRECTORY).exists()
    assert [times(cached=True), times(cached=True), times(cached=False)] == [1, 0, 1]
