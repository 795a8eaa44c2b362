"""Initialised data directories in the cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import EnvironmentFailure
from glowplug.scratch.area import Area
from glowplug.scratch.template import Template
from glowplug.store.shelf import CHECKSUM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "other": lambda _: b"no tar at all",
    "cut": lambda content: content[:1200],
    "a file's content": lambda content: content.replace(b"1" + bytes(511), b"7" + bytes(511)),
    "a file's name": lambda content: content.replace(b"note", b"nose").replace(b"note", b"nose"),
    "a tar alone": lambda content: content[CHECKSUM:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_one_that_is_damaged_is_made_again(area: Area, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """Also where tar takes it: what was unpacked then is gone again."""
    made: list[Path] = []
    unpacked(template(made), area, tmp_path, "a")
    (archive,) = (tmp_path / "data").iterdir()
    content = archive.read_bytes()
    archive.write_bytes(damage(content))
    assert archive.read_bytes() != content
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


@pytest.mark.parametrize("way", ["others may write it", "a link"])
def test_one_that_others_may_have_made_is_not_trusted(area: Area, tmp_path: Path, way: str) -> None:
    made: list[Path] = []
    unpacked(template(made), area, tmp_path, "a")
    (archive,) = (tmp_path / "data").iterdir()
    if way == "a link":
        archive.symlink_to(archive.rename(tmp_path / "elsewhere"))
    else:
        archive.chmod(0o660)
    assert unpacked(template(made), area, tmp_path, "b") == "2"
    assert not archive.is_symlink()
    assert archive.stat().st_mode & 0o077 == 0


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
