from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import IO, TYPE_CHECKING

import pytest

from glowplug.store.shelf import CHECKSUM, Shelf, Size

if TYPE_CHECKING:
    from pathlib import Path

KEY = "a" * 64
OTHER = "b" * 64


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(directory=tmp_path / "shelf", largest=10_000, room=1_000_000, most=100)


def file_of(shelf: Shelf, key: str = KEY) -> Path:
    assert shelf.directory is not None
    return shelf.directory / key


def read(shelf: Shelf, key: str = KEY) -> bytes | None:
    with shelf.reading(key) as file:
        return None if file is None else file.read()


def read_at_once(shelf: Shelf, key: str = KEY) -> bytes | None:
    with shelf.reading_at_once(key) as entry:
        if entry is None:
            return None
        file, is_whole = entry
        first = file.read(1)
        return first + file.read() if is_whole() else None


def test_what_is_closed_while_it_is_looked_at_is_not_whole(shelf: Shelf) -> None:
    """As by an interruption, which ends the reading and not the thread that looks."""
    assert shelf.store(KEY, b"one")
    with shelf.reading_at_once(KEY) as entry:
        assert entry is not None
    assert entry[1]() is False


def test_what_is_stored_comes_back_either_way(shelf: Shelf) -> None:
    assert shelf.load(KEY) is None
    assert shelf.store(KEY, b"one")
    assert shelf.load(KEY) == read(shelf) == read_at_once(shelf) == b"one"
    assert shelf.store_by(OTHER, lambda file: file.write(b"two") and None)
    assert shelf.load(OTHER) == read(shelf, OTHER) == read_at_once(shelf, OTHER) == b"two"
    assert stat.S_IMODE(file_of(shelf).stat().st_mode) == 0o600


def test_a_program_may_write_and_read_it_by_its_descriptor(shelf: Shelf) -> None:
    def write(file: IO[bytes]) -> None:
        subprocess.run([sys.executable, "-c", "print('told', end='')"], stdout=file, check=True)

    assert shelf.store_by(KEY, write)
    with shelf.reading(KEY) as file:
        assert file is not None
        said = subprocess.run(["/bin/cat"], stdin=file, capture_output=True, check=True).stdout
    assert said == b"told"


def nothing_there(shelf: Shelf) -> bool:
    return not any(look(shelf, key) for look in (Shelf.load, read, read_at_once) for key in (KEY, OTHER))


@pytest.mark.parametrize("change", ["emptied", "cut", "flipped", "longer", "renamed", "writable"])
def test_what_was_changed_is_not_believed(shelf: Shelf, change: str) -> None:
    shelf.store(KEY, b"content")
    file = file_of(shelf)
    content = file.read_bytes()
    match change:
        case "emptied":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(content[:-1])
        case "flipped":
            file.write_bytes(content[:-1] + bytes((content[-1] ^ 1,)))
        case "longer":
            file.write_bytes(content + bytes(20_000))
        case "renamed":
            file.rename(file_of(shelf, OTHER))
        case _:
            file.chmod(0o666)
    assert nothing_there(shelf)


@pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
def test_what_is_no_file_is_not_waited_for(shelf: Shelf, kind: str) -> None:
    shelf.store(OTHER, b"content")
    file = file_of(shelf)
    if kind == "link":
        file.symlink_to(file_of(shelf, OTHER))
    elif kind == "fifo":
        os.mkfifo(file)
    else:
        file.mkdir()
    assert shelf.load(KEY) is None
    assert read(shelf) is None
    assert read_at_once(shelf) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_is_anothers_is_not_believed(shelf: Shelf) -> None:
    shelf.store(KEY, b"content")
    os.chown(file_of(shelf), 65534, 65534)
    assert shelf.load(KEY) is None
    assert shelf.store(KEY, b"again")
    assert shelf.load(KEY) == b"again"


def test_what_is_too_large_or_fails_halfway_leaves_nothing(shelf: Shelf) -> None:
    def fail(_file: IO[bytes]) -> None:
        raise OSError("no space")

    def interrupt(file: IO[bytes]) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    assert not shelf.store(KEY, bytes(10_001))
    assert not shelf.store_by(KEY, lambda file: file.write(bytes(10_001)) and None)
    assert not shelf.store_by(KEY, fail)
    with pytest.raises(KeyboardInterrupt):
        shelf.store_by(KEY, interrupt)
    assert file_of(shelf).parent.exists()
    assert list(file_of(shelf).parent.iterdir()) == []


def test_nowhere_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for directory in (None, tmp_path / "file" / "shelf"):
        shelf = Shelf(directory=directory, largest=10, room=10, most=10)
        assert not shelf.store(KEY, b"x")
        assert shelf.load(KEY) is None
        shelf.tidy()
        shelf.remove(KEY)
        assert shelf.size() == shelf.clear() == Size(files=0, bytes=0)


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path: Path) -> None:
    shelf = Shelf(directory=tmp_path, largest=10_000, room=3 * 8192, most=100)
    for number in range(4):
        shelf.store(str(number), bytes(8192 - CHECKSUM))
        os.utime(tmp_path / str(number), ns=(number, number))
    assert shelf.load("0") is not None  # so that it was used just now
    shelf.tidy()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "2", "3"]
    Shelf(directory=tmp_path, largest=10_000, room=10**9, most=1).tidy()
    assert [path.name for path in tmp_path.iterdir()] == ["0"]


def test_half_written_files_of_killed_runs_go_and_those_of_living_ones_stay(shelf: Shelf) -> None:
    shelf.store(KEY, b"content")
    old, new = (file_of(shelf, name) for name in (".old", ".new"))
    for draft in (old, new):
        draft.write_bytes(b"half")
    os.utime(old, (0, 0))
    shelf.tidy()
    assert not old.exists()
    assert new.exists()
    assert shelf.load(KEY) == b"content"


def test_what_is_removed_while_it_is_read_is_read_to_the_end(shelf: Shelf) -> None:
    shelf.store(KEY, b"content")
    with shelf.reading(KEY) as file:
        assert shelf.clear().files == 1
        assert file is not None
        assert file.read() == b"content"
    assert shelf.load(KEY) is None


def test_it_tells_how_much_there_is(shelf: Shelf) -> None:
    for key in (KEY, OTHER):
        shelf.store(key, bytes(5000))
    size = shelf.size()
    assert size.files == 2
    assert size.bytes >= 10_000
    assert shelf.clear() == size
    assert shelf.size().files == 0
