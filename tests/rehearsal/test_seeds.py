"""Which files of ``seeds/`` are read, and that what can't be read is never taken for none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError
from glowplug.rehearsal.seeds import read_seeds


def write(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(f"-- {file}")


def test_those_for_every_chain_come_first_and_each_in_its_names_order(tmp_path: Path) -> None:
    write(tmp_path, "seeds/b.sql", "seeds/a.sql", "seeds/sqlite/0.sql", "seeds/postgres/0.sql", "seeds/README.md")
    seeds = read_seeds(tmp_path, Dialect.SQLITE)
    assert [each.file for each in seeds] == ["seeds/a.sql", "seeds/b.sql", "seeds/sqlite/0.sql"]
    assert [each.sql for each in seeds] == [f"-- {each.file}" for each in seeds]


def test_none_are_none(tmp_path: Path) -> None:
    assert read_seeds(tmp_path, Dialect.SQLITE) == ()
    write(tmp_path, "seeds")
    assert read_seeds(tmp_path, Dialect.SQLITE) == ()


@pytest.mark.parametrize("target", ["seeds", "nowhere"])
@pytest.mark.parametrize("place", ["seeds", "seeds/sqlite", "seeds/a.sql"])
def test_a_link_that_leads_nowhere_is_not_none(tmp_path: Path, place: str, target: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).symlink_to(Path(place).name if target == "seeds" else target)
    with pytest.raises(ConfigurationError, match="can't be read") as raised:
        read_seeds(tmp_path, Dialect.SQLITE)
    assert raised.value.file == Path(place)


def test_a_directory_that_can_not_be_listed_is_not_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root can list it in any case, so that the refusal is made here."""
    write(tmp_path, "seeds/a.sql", "seeds/sqlite/a.sql")
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if Path(path).name == "sqlite":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ConfigurationError, match=r"\Aseeds/sqlite: can't be read: Permission denied\n"):
        read_seeds(tmp_path, Dialect.SQLITE)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads what nobody may read")
@pytest.mark.parametrize("mode", [0o311, 0o444, 0o000])
def test_a_directory_without_rights_is_not_none(tmp_path: Path, mode: int) -> None:
    write(tmp_path, "seeds/a.sql")
    (tmp_path / "seeds").chmod(mode)
    try:
        with pytest.raises(ConfigurationError, match="can't be read"):
            read_seeds(tmp_path, Dialect.SQLITE)
    finally:
        (tmp_path / "seeds").chmod(0o755)


def test_a_file_that_leads_out_of_the_checkout_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "outside.sql", "checkout/seeds/README.md")
    (tmp_path / "checkout" / "seeds" / "a.sql").symlink_to(tmp_path / "outside.sql")
    with pytest.raises(ConfigurationError, match="out of the checkout"):
        read_seeds(tmp_path / "checkout", Dialect.SQLITE)


@pytest.mark.parametrize(("content", "words"), [(b"\xff", "as text"), (None, "no regular file")])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "seeds" / "a.sql"
    file.parent.mkdir()
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        read_seeds(tmp_path, Dialect.SQLITE)
