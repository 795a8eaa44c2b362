"""The search for migrations reads each directory once, whatever a stranger's checkout is made of."""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import NothingToCheck
from glowplug.project import cargo, find_project
from glowplug.project.cargo import Manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ODD = "a"  # no number: what happens to hold an up.sql may be no migration of Diesel's


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each directory was read by this thread: another may watch a server's size meanwhile."""
    count: Counter[str] = Counter()
    scandir, reader = os.scandir, threading.current_thread()

    def counting(place: str = ".") -> Iterator[os.DirEntry[str]]:
        if threading.current_thread() is reader:
            count[os.path.realpath(os.fspath(place))] += 1
        return scandir(place)

    monkeypatch.setattr(os, "scandir", counting)
    return count


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that ends the search upward."""
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    return checkout


def add(directory: Path, name: str = ODD) -> None:
    (directory / name).mkdir(parents=True)
    (directory / name / "up.sql").write_text("SELECT 1;")


def directories(root: Path, start: Path | None = None) -> list[str]:
    project = find_project(start or root, environment={"DATABASE_URL": "postgres://h/d"})
    return [chain.directory for chain in project.chains]


def nested(root: Path, levels: int) -> None:
    """Migrations without a number, beside what holds others: each level is looked at for what lies below it."""
    here = root
    for _ in range(levels):
        here /= "migrations"
        add(here)
        here /= "b"
    here.mkdir()


@pytest.mark.parametrize("levels", [3, 12, 20])
@pytest.mark.parametrize("start", ["", "migrations"])
def test_nested_migrations_are_read_a_few_times_each(
    root: Path, readings: Counter[str], levels: int, start: str
) -> None:
    nested(root, levels)
    assert "migrations" in directories(root, root / start)
    assert readings.total() <= 6 * (3 * levels + 1)
    assert max(readings.values()) <= 6


def test_no_more_is_hidden_the_deeper_it_lies(root: Path) -> None:
    nested(root, 3)
    shallow = directories(root)
    assert shallow == ["migrations", "migrations/b/migrations/b/migrations"]


def test_many_directories_are_read_once_each(root: Path, readings: Counter[str]) -> None:
    add(root / "migrations")
    for number in range(2000):
        (root / "migrations" / "more" / f"d{number}").mkdir(parents=True)
    assert directories(root) == ["migrations"]
    assert readings.total() <= 2000 + 20


def loops(root: Path) -> None:
    for number in range(6):
        (root / "migrations" / f"l{number}").symlink_to("..")
        (root / f"l{number}").symlink_to(".")


def a_diesel_toml_that_names_what_holds_it(root: Path) -> None:
    here = root / "migrations" / "b" / "c"
    here.mkdir(parents=True)
    (here / "diesel.toml").write_text('[migrations_directory]\ndir = "../.."')


def diesel_tomls_that_name_each_other(root: Path) -> None:
    for one, other in (("b", "c"), ("c", "b")):
        add(root / "migrations" / one / "migrations")
        (root / "migrations" / one / "x").mkdir(parents=True)
        (root / "migrations" / one / "x" / "diesel.toml").write_text(
            f'[migrations_directory]\ndir = "../../{other}/migrations"'
        )


@pytest.mark.parametrize("make", [loops, a_diesel_toml_that_names_what_holds_it, diesel_tomls_that_name_each_other])
def test_what_leads_round_in_circles_is_read_a_few_times(
    root: Path, readings: Counter[str], make: Callable[[Path], None]
) -> None:
    add(root / "migrations")
    make(root)
    assert "migrations" in directories(root)
    assert readings.total() <= 40


@pytest.mark.parametrize("pattern", ["*/*/*/*/*/*/*/*", "**/**/**/**", "l?/l[0-9]/**/*"])
def test_a_workspace_whose_pattern_goes_round_in_circles(root: Path, readings: Counter[str], pattern: str) -> None:
    add(root / "migrations", "1_a")
    loops(root)
    (root / "Cargo.toml").write_text(f'[workspace]\nmembers = ["{pattern}"]')
    assert directories(root) == ["migrations"]
    assert readings.total() <= 60


def test_every_manifest_of_a_workspace_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "Cargo.toml").write_text('[workspace]\nmembers = ["crates/*"]')
    for number in range(20):
        add(root / "crates" / f"c{number}" / "migrations", "1_a")
        crate = "diesel = { features = ['postgres'] }" if number % 2 else "rusqlite_migration = '1'"
        (root / "crates" / f"c{number}" / "Cargo.toml").write_text(f"[dependencies]\n{crate}")
    parsed: list[str] = []
    parse = cargo.tomli.loads
    monkeypatch.setattr(cargo.tomli, "loads", lambda text: (parsed.append(text), parse(text))[1])
    assert len(directories(root)) == 10
    assert len(parsed) == 21


@pytest.mark.parametrize(
    ("pattern", "members"),
    [
        ("crates/*", ["crates/db", "crates/web"]),
        ("crates/d*", ["crates/db"]),
        ("./crates/db/", ["crates/db"]),
        ("crates/[dx]b", ["crates/db"]),
        ("**", ["crates/db", "crates/web", "elsewhere/deep/er"]),
        ("**/er", ["elsewhere/deep/er"]),
        ("elsewhere/**/er", ["elsewhere/deep/er"]),
        ("linked/*", ["elsewhere/deep/er"]),
        ("outside/*", []),
        ("crates/none", []),
        ("crates\0/*", []),
    ],
)
def test_the_members_that_a_workspace_names(tmp_path: Path, root: Path, pattern: str, members: list[str]) -> None:
    for place in ("crates/db", "crates/web", "elsewhere/deep/er"):
        (root / place).mkdir(parents=True)
        (root / place / "Cargo.toml").write_text("[package]\nname = 'x'")
    (tmp_path / "other" / "crate").mkdir(parents=True)
    (tmp_path / "other" / "crate" / "Cargo.toml").write_text("[package]\nname = 'y'")
    (root / "linked").symlink_to("elsewhere/deep")
    (root / "outside").symlink_to("../other")
    (root / "Cargo.toml").write_text(
        "[workspace]\nmembers = [" + repr(pattern).replace("'", '"').replace("\\x", "\\u00") + "]"
    )
    found = [each.file.parent.relative_to(root).as_posix() for each in Manifests().of(root / "migrations", root)]
    assert found == [".", *members]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of directories that can't be listed; root lists all of them, so that the refusal is made here."""
    names: set[str] = set()
    scandir = os.scandir

    def refuse(place: str = ".") -> Iterator[os.DirEntry[str]]:
        if os.path.basename(os.fspath(place)) in names:  # noqa: PTH119 - what is given may be bytes
            raise PermissionError(13, "Permission denied", place)
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refuse)
    return names


def unread(root: Path, start: Path | None = None) -> list[tuple[str, str, str | None]]:
    project = find_project(start or root, environment={"DATABASE_URL": "postgres://h/d"})
    assert project.chains
    return [(one.rule, one.severity.value, one.place and one.place.file) for one in project.findings]


def test_a_directory_that_can_not_be_listed_is_told(root: Path, refused: set[str]) -> None:
    add(root / "migrations", "1_a")
    add(root / "crates/closed/migrations", "1_a")
    add(root / "crates/db/migrations", "1_a")
    assert unread(root) == []
    refused.add("closed")
    assert unread(root) == [("directory-not-searched", "warning", "crates/closed")]
    assert unread(root, root / "crates") == [("directory-not-searched", "warning", "crates/closed")]
    assert unread(root, root / "crates/db") == []
    (finding,) = find_project(root, environment={"DATABASE_URL": "postgres://h/d"}).findings
    assert finding.message.startswith("crates/closed can't be read: permission denied. ")
    assert "[[chain]]" in finding.message


def test_a_migrations_directory_that_can_not_be_listed_weighs_more(root: Path, refused: set[str]) -> None:
    add(root / "api/migrations", "1_a")
    (root / "db/migrations").mkdir(parents=True)
    refused.add("migrations")
    with pytest.raises(NothingToCheck, match=r"\napi/migrations can't be read: permission denied\. "):
        directories(root)
    add(root / "tool/sql", "1_a")
    (root / "tool/diesel.toml").write_text('[migrations_directory]\ndir = "sql"\n')
    assert unread(root) == [
        ("unreadable-file", "error", "api/migrations"),
        ("unreadable-file", "error", "db/migrations"),
    ]


def test_one_of_several_that_stand_beside_each_other_is_told_whatever_was_asked_for(
    root: Path, refused: set[str]
) -> None:
    add(root / "migrations/postgres", "1_a")
    add(root / "migrations/mysql", "1_a")
    refused.add("mysql")
    for start in (root, root / "migrations"):
        assert unread(root, start) == [("directory-not-searched", "warning", "migrations/mysql")]


def test_what_is_not_searched_anyway_is_not_told(root: Path, refused: set[str]) -> None:
    add(root / "migrations", "1_a")
    for name in ("target/closed", ".cache/closed", "tests/closed", "docs/closed"):
        (root / name).mkdir(parents=True)
    (root / "link").symlink_to("/nowhere")
    (root / "itself").symlink_to("itself")
    (root / "file").write_text("")
    (root / "to_a_file").symlink_to("file")
    refused |= {"closed", "target", ".cache"}
    assert unread(root) == []
    (root / "data/closed").mkdir(parents=True)
    assert unread(root) == [("directory-not-searched", "warning", "data/closed")]
    (root / "glowplug.toml").write_text('[[chain]]\nmigrations = "migrations"\n')
    assert unread(root) == []


def test_a_migration_that_can_not_be_listed_is_told_once_by_its_chain(root: Path, refused: set[str]) -> None:
    add(root / "migrations", "a")
    (root / "migrations/closed").mkdir()
    refused.add("closed")
    assert unread(root) == []


def test_a_directory_that_can_be_listed_and_not_entered_is_told_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = os.stat

    def refuse(place: str, **more: bool) -> os.stat_result:
        if os.fspath(place).endswith("/data/."):
            raise PermissionError(13, "Permission denied", place)
        return stat(place, **more)

    add(root / "migrations", "1_a")
    add(root / "data/migrations", "1_a")
    monkeypatch.setattr(os, "stat", refuse)
    assert unread(root) == [("directory-not-searched", "warning", "data")]
