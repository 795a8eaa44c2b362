"""Initialised data directories in the cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import EnvironmentFailure
from glowplug.scratch.area import Area
from glowplug.scratch.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def area() -> Iterator[Area]:
    with Area(room=2**20) as area:
        yield area


def template(made: list[Path], *, facts: tuple[str, ...] = ("1",)) -> Template:
    """One that notes when it is made; making fails where the last making's files are still there."""

    def make(home: Path) -> None:
        made.append(home)
        (home / "data").mkdir()
        (home / "data" / "file").write_text(f"{len(made)}", encoding="ascii")
        (home / "note").write_text("", encoding="ascii")

    return Template(prefix="x-", facts=facts, entries=("data", "note"), make=make)


def unpacked(one: Template, area: Area, cache: Path, name: str) -> str:
    target = area.subdirectory(name)
    one.unpack(area, cache, target)
    assert sorted(each.name for each in target.iterdir()) == ["data", "note"]
    file = target / "data" / "file"
    assert file.stat().st_uid == (os.geteuid() if area.user is None else area.user.uid)
    return file.read_text(encoding="ascii")


def test_it_is_made_once_and_again_for_other_facts(area: Area, tmp_path: Path) -> None:
    made: list[Path] = []
    assert unpacked(template(made), area, tmp_path, "a") == "1"
    assert unpacked(template(made), area, tmp_path, "b") == "1"
    assert unpacked(template(made, facts=("1", "2")), area, tmp_path, "c") == "2"
    assert len(list((tmp_path / "data").iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"no tar at all", None], ids=["empty", "other", "cut"])
def test_one_that_is_damaged_is_made_again(area: Area, tmp_path: Path, damage: bytes | None) -> None:
    made: list[Path] = []
    unpacked(template(made), area, tmp_path, "a")
    (archive,) = (tmp_path / "data").iterdir()
    content = archive.read_bytes()
    archive.write_bytes(content[:1200] if damage is None else damage)
    assert unpacked(template(made), area, tmp_path, "b") == "2"
    assert unpacked(template(made), area, tmp_path, "c") == "2"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_is_not_trusted(area: Area, tmp_path: Path) -> None:
    made: list[Path] = []
    unpacked(template(made), area, tmp_path, "a")
    (archive,) = (tmp_path / "data").iterdir()
    os.chown(archive, 65534, 65534)
    assert unpacked(template(made), area, tmp_path, "b") == "2"
    assert archive.stat().st_uid == 0


def test_what_nobody_uses_is_removed(area: Area, tmp_path: Path) -> None:
    made: list[Path] = []
    unpacked(template(made), area, tmp_path, "a")
    (old,) = (tmp_path / "data").iterdir()
    os.utime(old, (0, 0))
    unpacked(template(made, facts=("2",)), area, tmp_path, "b")
    assert not old.exists()


def test_without_tar_it_is_the_environments_failure(
    area: Area, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailure, match="tar"):
        template([]).unpack(area, tmp_path, area.subdirectory("a"))
    assert list((tmp_path / "data").iterdir()) == []


def test_a_draft_of_another_run_may_vanish_meanwhile(area: Area, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / ".new-gone").symlink_to(tmp_path / "nowhere")
    assert unpacked(template([]), area, tmp_path, "a") == "1"
