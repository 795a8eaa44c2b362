"""One migrations directory: what Diesel ignores, refuses and silently drops."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.project.layout import Layout, read_layout
from glowplug.project.tree import DiskTree, Entry, Kind, MappingTree, UnreadableError


def write(directory: Path, name: str, up: bytes | None = b"SELECT 1;", down: bytes | None = b"SELECT 2;") -> Path:
    migration = directory / name
    migration.mkdir(parents=True)
    if up is not None:
        (migration / "up.sql").write_bytes(up)
    if down is not None:
        (migration / "down.sql").write_bytes(down)
    return migration


def read(directory: Path, dialect: Dialect | None = None) -> Layout:
    return read_layout(DiskTree(directory, directory), "migrations", dialect)


def rules(layout: Layout) -> list[tuple[str, Severity]]:
    return [(finding.rule, finding.severity) for finding in layout.findings]


def one_up(content: bytes, dialect: Dialect = Dialect.POSTGRES) -> list[tuple[str, Severity, int | None]]:
    tree = MappingTree({"1_a/up.sql": content, "1_a/down.sql": b"SELECT 1;"}, ".")
    findings = read_layout(tree, ".", dialect).findings
    return [(finding.rule, finding.severity, finding.place.line if finding.place else None) for finding in findings]


def test_files_and_names_with_a_dot_are_ignored(tmp_path: Path) -> None:
    write(tmp_path, "1_a")
    write(tmp_path, ".2_b")
    (tmp_path / ".keep").touch()
    (tmp_path / "README.md").write_text("x")
    (tmp_path / ".link").symlink_to("nowhere")
    layout = read(tmp_path)
    assert [one.name for one in layout.migrations] == ["1_a"]
    assert (layout.refused, layout.findings) == (None, ())


def test_a_directory_that_is_empty_gives_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == Layout(migrations=(), findings=(), refused=None)


def refuse_empty(directory: Path) -> None:
    directory.mkdir()


def refuse_gitkeep(directory: Path) -> None:
    directory.mkdir()
    (directory / ".gitkeep").touch()


def refuse_nested(directory: Path) -> None:
    write(directory, "1_inner")


def refuse_misspelt(directory: Path) -> None:
    directory.mkdir()
    (directory / "Up.sql").touch()


def refuse_down_alone(directory: Path) -> None:
    directory.mkdir()
    (directory / "down.sql").touch()


def refuse_dangling(directory: Path) -> None:
    directory.symlink_to("nowhere")


def refuse_loop(directory: Path) -> None:
    directory.symlink_to(directory.name)


def refuse_link_to_file(directory: Path) -> None:
    (directory.parent / "file").touch()
    directory.symlink_to("file")


def refuse_pipe(directory: Path) -> None:
    os.mkfifo(directory)


@pytest.mark.parametrize(
    ("make", "rule", "words"),
    [
        (refuse_empty, "no-up", "it is empty"),
        (refuse_gitkeep, "no-up", ".gitkeep alone"),
        (refuse_nested, "no-up", "does not look deeper"),
        (refuse_misspelt, "no-up", "'Up.sql' is not up.sql"),
        (refuse_down_alone, "no-up", "it holds down.sql"),
        (refuse_dangling, "dangling-link", "leads nowhere"),
        (refuse_loop, "dangling-link", "leads nowhere"),
        (refuse_link_to_file, "no-up", "a link to a file"),
        (refuse_pipe, "no-up", "neither a file nor a directory"),
    ],
)
def test_what_diesel_refuses_is_a_finding_and_hides_nothing_else(tmp_path: Path, make, rule: str, words: str) -> None:  # noqa: ANN001
    write(tmp_path, "1_a")
    make(tmp_path / "2_b")
    write(tmp_path, "3_c")
    layout = read(tmp_path)
    assert [(one.name, one.runnable) for one in layout.migrations] == [("1_a", True), ("2_b", False), ("3_c", True)]
    assert rules(layout) == [(rule, Severity.ERROR)]
    (finding,) = layout.findings
    assert words in finding.message
    assert (finding.version, finding.migration) == ("2", "2_b")
    assert finding.place is not None
    assert finding.place.file == "migrations/2_b"
    assert layout.refused is not None
    assert layout.refused.startswith("migrations/2_b ")


def test_a_linked_directory_works(tmp_path: Path) -> None:
    write(tmp_path / "shared", "target")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1_a").symlink_to("../shared/target")
    layout = read_layout(DiskTree(tmp_path / "migrations", tmp_path), "migrations")
    assert [(one.version, one.up, one.runnable) for one in layout.migrations] == [("1", b"SELECT 1;", True)]
    assert layout.findings == ()


def test_a_link_out_of_the_checkout_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret", up=b"a password")
    migrations = tmp_path / "checkout" / "migrations"
    write(migrations, "1_a", up=None)
    (migrations / "1_a" / "up.sql").symlink_to(secret / "up.sql")
    (migrations / "2_b").symlink_to(secret)
    layout = read_layout(DiskTree(migrations, tmp_path / "checkout"), "migrations")
    assert rules(layout) == [("link-leaves-checkout", Severity.ERROR)] * 2
    assert [one.up for one in layout.migrations] == [None, None]
    assert layout.refused is not None
    assert "password" not in repr(layout)


class InThisOrder:
    """A tree whose top lists its directories in the order given, as a file system may."""

    def __init__(self, files: dict[str, bytes], order: list[str]) -> None:
        self.tree = MappingTree(files, ".")
        self.order = order

    def entries(self, path: str) -> list[Entry]:
        return [Entry(name=name, kind=Kind.DIRECTORY) for name in self.order] if not path else self.tree.entries(path)

    def names(self, path: str) -> list[str]:
        return [entry.name for entry in self.entries(path)]

    def read(self, path: str) -> bytes:
        return self.tree.read(path)


@pytest.mark.parametrize("order", [["1_a", "1_b", "1_c"], ["1_c", "1_a", "1_b"], ["1_b", "1_c", "1_a"]])
def test_of_several_directories_with_one_version_the_last_listed_runs(order: list[str]) -> None:
    files = {f"{name}/{file}": name.encode() for name in order for file in ("up.sql", "down.sql")}
    layout = read_layout(InThisOrder(files, order), "migrations")
    assert [one.name for one in layout.migrations if one.runnable] == [order[-1]]
    assert [one.name for one in layout.migrations] == [*sorted(order[:-1]), order[-1]]
    assert rules(layout) == [("version-collision", Severity.ERROR)] * 2
    assert {finding.migration for finding in layout.findings} == set(order[:-1])
    assert all(f"here {order[-1]}" in finding.message for finding in layout.findings)
    assert len({finding.fingerprint for finding in layout.findings}) == 2
    assert layout.refused is None


def test_on_disk_the_last_of_scandir_runs(tmp_path: Path) -> None:
    for name in ("1_a", "1_b", "1-_c"):
        write(tmp_path, name)
    with os.scandir(tmp_path) as entries:
        last = [entry.name for entry in entries][-1]
    assert [one.name for one in read(tmp_path).migrations if one.runnable] == [last]


def test_missing_and_empty_files() -> None:
    files = {"1_a/up.sql": b"", "1_a/down.sql": b"", "2_b/up.sql": b"SELECT 1;"}
    layout = read_layout(MappingTree(files, "."), ".")
    assert rules(layout) == [
        ("up-is-empty", Severity.ERROR),
        ("down-is-empty", Severity.WARNING),
        ("down-is-missing", Severity.WARNING),
    ]
    assert [one.runnable for one in layout.migrations] == [True, True]
    assert layout.refused is None


@pytest.mark.parametrize(
    ("content", "dialect", "found"),
    [
        (b"SELECT 1;", Dialect.POSTGRES, []),
        (b"SELECT 1;\r\n-- caf\xc3\xa9", Dialect.POSTGRES, []),
        (b"\xef\xbb\xbfSELECT 1;", Dialect.POSTGRES, [("byte-order-mark", Severity.ERROR, 1)]),
        (b"\xef\xbb\xbfSELECT 1;", Dialect.MYSQL, [("byte-order-mark", Severity.ERROR, 1)]),
        (b"\xef\xbb\xbfSELECT 1;", Dialect.SQLITE, [("byte-order-mark", Severity.NOTICE, 1)]),
        (b"SELECT 1;\n\n\0", Dialect.POSTGRES, [("nul-byte", Severity.ERROR, 3)]),
        (b"SELECT 1;\n\n\0", Dialect.SQLITE, [("nul-byte", Severity.ERROR, 3)]),
        (b"SELECT '\0';", Dialect.MYSQL, [("nul-byte", Severity.WARNING, 1)]),
        (b"SELECT 1;\n-- \xe9", Dialect.SQLITE, [("not-utf8", Severity.ERROR, 2)]),
    ],
)
def test_bytes_that_fail_on_every_run(
    content: bytes, dialect: Dialect, found: list[tuple[str, Severity, int | None]]
) -> None:
    assert one_up(content, dialect) == found


def test_the_same_bytes_in_a_down_are_a_warning() -> None:
    tree = MappingTree({"1_a/up.sql": b"SELECT 1;", "1_a/down.sql": b"\0\xff"}, ".")
    layout = read_layout(tree, "db", Dialect.POSTGRES)
    assert rules(layout) == [("nul-byte", Severity.WARNING), ("not-utf8", Severity.WARNING)]
    assert {finding.place.file for finding in layout.findings if finding.place} == {"db/1_a/down.sql"}


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, "1_a", up=None, down=None)
    (tmp_path / "1_a" / "up.sql").mkdir()
    (tmp_path / "1_a" / "down.sql").symlink_to("nowhere")
    (tmp_path / "1_a" / "metadata.toml").symlink_to("nowhere")
    write(tmp_path, "2_b", up=None)
    os.mkfifo(tmp_path / "2_b" / "up.sql")
    write(tmp_path, "3_c", up=None)
    (tmp_path / "3_c" / "up.sql").symlink_to("/dev/zero")
    layout = read_layout(DiskTree(tmp_path, Path("/")), "migrations")
    found = [(finding.rule, finding.place.file) for finding in layout.findings if finding.place]
    assert found == [
        ("unreadable-file", "migrations/1_a/up.sql"),
        ("dangling-link", "migrations/1_a/down.sql"),
        ("dangling-link", "migrations/1_a/metadata.toml"),
        ("unreadable-file", "migrations/2_b/up.sql"),
        ("unreadable-file", "migrations/3_c/up.sql"),
    ]
    assert [(one.up, one.runnable, one.run_in_transaction) for one in layout.migrations] == [(None, True, True)] * 3
    assert layout.refused is None  # Diesel loads them, and fails on running the file


class Forbidden(InThisOrder):
    """A tree that a user may not read everywhere; root may, so no mode on disk would do."""

    def entries(self, path: str) -> list[Entry]:
        if path == "2_b":
            raise UnreadableError("permission denied")
        return super().entries(path)

    def read(self, path: str) -> bytes:
        if path == "1_a/up.sql":
            raise UnreadableError("permission denied")
        return super().read(path)


def test_what_is_forbidden_is_said() -> None:
    files = {f"{name}/{file}": b"x" for name in ("1_a", "2_b", "3_c") for file in ("up.sql", "down.sql")}
    layout = read_layout(Forbidden(files, ["1_a", "2_b", "3_c"]), "migrations")
    assert rules(layout) == [("unreadable-file", Severity.ERROR)] * 2
    assert [(one.up, one.runnable) for one in layout.migrations] == [(None, True), (None, False), (b"x", True)]
    assert layout.refused == "migrations/2_b can't be read: permission denied"


def test_names_are_kept_as_they_are_and_what_is_no_utf8_is_replaced_as_diesel_does(tmp_path: Path) -> None:
    hostile = "1_\x1b[31m<b>::error::\n"
    write(tmp_path, hostile)
    os.mkdir(os.fsencode(tmp_path) + b"/2\xff-\xe9_x")  # noqa: PTH102 - pathlib has no bytes
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/2\xff-\xe9_x")) / "up.sql").write_bytes(b"SELECT 1;")
    layout = read(tmp_path)
    assert [(one.version, one.name) for one in layout.migrations] == [
        ("1", hostile),
        ("2\ufffd\ufffd", "2\ufffd-\ufffd_x"),
    ]
    assert layout.migrations[1].up == b"SELECT 1;"
    for finding in layout.findings:
        finding.message.encode()


def test_large_files_are_read_whole(tmp_path: Path) -> None:
    content = b"-- " + b"x" * 5_000_000
    write(tmp_path, "1_a", up=content)
    assert read(tmp_path).migrations[0].up == content


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("1_a")
        layout = read(tmp_path)
    assert rules(layout) == [("no-up", Severity.ERROR)]


def test_disk_and_mapping_give_the_same(tmp_path: Path) -> None:
    files = {
        "1_a/up.sql": b"SELECT 1;",
        "1_a/metadata.toml": b"run_in_transaction = false",
        "2_b/up.sql": b"",
        "3_c/README": b"",
        "4_d/5_e/up.sql": b"",
        "x.sql": b"",
    }
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert read(tmp_path) == read_layout(MappingTree(files, "."), "migrations")
