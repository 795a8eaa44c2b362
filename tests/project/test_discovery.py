"""Finding chains: as Diesel does, then downward, or as glowplug.toml says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import ConfigurationError, EnvironmentFailure, GlowplugError, NothingToCheck, UsageError
from glowplug.project import Configuration, discovery, find_project, search
from glowplug.project.discovery import find_root
from glowplug.project.tree import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

PG = {"DATABASE_URL": "postgres://h/d"}


def add(root: Path, *directories: str) -> None:
    for directory in directories:
        migration = root / directory / "1_a"
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text("SELECT 1;")


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def found(path: Path | None, **environment: str) -> tuple[Path, list[str]]:
    project = find_project(path, environment=PG | environment)
    return project.root, [chain.directory for chain in project.chains]


def failure(path: Path, **environment: str) -> GlowplugError:
    with pytest.raises(GlowplugError) as caught:
        find_project(path, environment=PG | environment)
    return caught.value


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that ends the search upward."""
    checkout = tmp_path / "checkout"
    (checkout / ".git").mkdir(parents=True)
    return checkout


@pytest.mark.parametrize("marker", ["Cargo.toml", "diesel.toml", "glowplug.toml", "README.md"])
@pytest.mark.parametrize("start", [".", "src/deep", "migrations", "migrations/1_a"])
def test_the_root_from_anywhere_inside(root: Path, monkeypatch: pytest.MonkeyPatch, marker: str, start: str) -> None:
    add(root, "migrations")
    write(root / marker)
    (root / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(root / start)
    assert found(None) == (root, ["migrations"])
    assert find_root(None) == root


def test_a_path_through_a_link(root: Path, tmp_path: Path) -> None:
    add(root, "migrations")
    write(root / "Cargo.toml")
    (tmp_path / "link").symlink_to(root / "migrations")
    assert found(tmp_path / "link") == (root, ["migrations"])


def test_the_search_upward_ends_at_the_checkout(root: Path) -> None:
    add(root.parent, "migrations")
    write(root.parent / "Cargo.toml")
    write(root.parent / "glowplug.toml", "nonsense")
    write(root.parent / ".env", "MIGRATION_DIRECTORY=nowhere")
    write(root / "src" / "main.rs")
    assert isinstance(failure(root), NothingToCheck)


def test_migrations_above_the_crate_move_the_root_up(root: Path) -> None:
    add(root, "migrations")
    write(root / "Cargo.toml")
    write(root / "crates/a/Cargo.toml")
    assert found(root / "crates/a") == (root, ["migrations"])


def test_a_diesel_toml_comes_before_a_nearer_cargo_toml(root: Path) -> None:
    add(root, "db")
    write(root / "diesel.toml", '[migrations_directory]\ndir = "db"')
    write(root / "crates/a/Cargo.toml")
    assert found(root / "crates/a") == (root, ["db"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[migrations_directory]\ndir = "nowhere"',
            "diesel.toml:2: migrations_directory.dir is 'nowhere', which is no",
        ),
        ("[migrations_directory]\n\ndir = 3", "diesel.toml:3: migrations_directory.dir is no string"),
        ("[migrations_directory]\ndir = ", "diesel.toml:2: this is no TOML"),
    ],
)
def test_a_diesel_toml_that_diesel_would_not_take(root: Path, text: str, message: str) -> None:
    write(root / "diesel.toml", text)
    error = failure(root)
    assert isinstance(error, ConfigurationError)
    assert str(error).startswith(message)
    add(root, "migrations", "crates/a/migrations")
    project = find_project(root, environment=PG)
    assert [chain.directory for chain in project.chains] == ["crates/a/migrations", "migrations"]
    (problem,) = project.problems
    assert str(problem).startswith(message)
    assert problem.exit_code == 2


def test_a_bad_diesel_toml_hides_no_other_chain(root: Path) -> None:
    add(root, "crates/a/migrations", "crates/b/migrations")
    write(root / "crates/a/diesel.toml", '[migrations_directory]\ndir = "/crates/a/changes"')
    write(root / "crates/c/diesel.toml", "[migrations_directory]")
    write(root / "tests/old/diesel.toml", "[migrations_directory]")
    project = find_project(root, environment=PG)
    assert [chain.directory for chain in project.chains] == ["crates/a/migrations", "crates/b/migrations"]
    assert [(str(problem.file), problem.line) for problem in project.problems] == [
        ("crates/a/diesel.toml", 2),
        ("crates/c/diesel.toml", 1),
    ]
    for problem in project.problems:
        assert '[[chain]]\nmigrations = "crates/b/migrations"\nbackend = "postgres"' in (problem.advice or "")
    assert find_project(root / "crates/b", environment=PG).problems == ()


def test_what_the_advice_on_a_bad_diesel_toml_says_settles_it(root: Path) -> None:
    add(root, "crates/a/migrations")
    write(root / "diesel.toml", '[migrations_directory]\ndir = "nowhere"')
    (problem,) = find_project(root, environment=PG).problems
    write(root / "glowplug.toml", (problem.advice or "").partition("\n")[2])
    project = find_project(root, environment=PG)
    assert project.problems == ()
    assert [chain.directory for chain in project.chains] == ["crates/a/migrations"]


def test_a_bad_diesel_toml_is_told_once_and_relative_to_the_root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(root, "crates/b/migrations")
    write(root / "crates/a/diesel.toml", '[migrations_directory]\ndir = "nowhere"')
    monkeypatch.chdir(root / "crates/a")
    project = find_project(None, environment=PG)
    assert project.root == root
    assert [str(problem.file) for problem in project.problems] == ["crates/a/diesel.toml"]


def test_migration_directory_replaces_the_search(root: Path) -> None:
    add(root, "migrations", "crates/a/migrations", "db/other")
    write(root / "diesel.toml", '[migrations_directory]\ndir = "migrations"')
    assert found(root, MIGRATION_DIRECTORY="db/other") == (root, ["db/other"])
    assert found(root / "db", MIGRATION_DIRECTORY="other") == (root, ["db/other"])
    write(root / ".env", "MIGRATION_DIRECTORY=db/other\n")
    assert found(root) == (root, ["db/other"])
    assert found(root, MIGRATION_DIRECTORY="migrations") == (root, ["migrations"])
    error = failure(root, MIGRATION_DIRECTORY="nowhere")
    assert isinstance(error, UsageError)
    assert error.message == "MIGRATION_DIRECTORY is 'nowhere', which is no directory"
    assert error.advice is not None
    assert error.advice.startswith(f"It is looked for from {root} on, as Diesel does")
    write(root / "glowplug.toml", '[[chain]]\nmigrations = "db/other"')
    assert found(root, MIGRATION_DIRECTORY="nowhere") == (root, ["db/other"])


def test_diesel_config_file(root: Path) -> None:
    add(root, "db")
    write(root / "config/other.toml", '[migrations_directory]\ndir = "../db"')
    write(root / "diesel.toml", '[migrations_directory]\ndir = "nowhere"')
    assert found(root, DIESEL_CONFIG_FILE="config/other.toml") == (root, ["db"])


def test_a_workspace_is_searched_downward(root: Path) -> None:
    add(root, "crates/a/migrations", "crates/b/migrations", "crates/c/db")
    write(root / "Cargo.toml", "[workspace]")
    write(root / "crates/c/diesel.toml", '[migrations_directory]\ndir = "db"')
    expected = ["crates/a/migrations", "crates/b/migrations", "crates/c/db"]
    assert found(root) == (root, expected)
    add(root, "migrations")
    assert found(root) == (root, [*expected, "migrations"])
    assert found(root / "crates/a") == (root, ["crates/a/migrations"])
    assert found(root / "crates") == (root, expected)


def test_without_a_path_a_crate_that_has_none_is_left_for_the_checkout(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(root, "crates/b/migrations")
    write(root / "Cargo.toml", "[workspace]")
    write(root / "crates/a/Cargo.toml")
    monkeypatch.chdir(root / "crates/a")
    assert found(None) == (root, ["crates/b/migrations"])
    assert isinstance(failure(root / "crates/a"), NothingToCheck)


def test_what_the_search_downward_leaves_out(root: Path) -> None:
    left_out = ["target/x", "node_modules/x", ".hidden", "venv", "other", "a/b/c/d/e/f/g/h/too-deep"]
    add(root, "real/migrations", *(f"{directory}/migrations" for directory in left_out))
    (root / "other" / ".git").mkdir()
    (root / "link").symlink_to("target/x")
    write(root / "app/migrations/0001_initial.py")
    (root / "broken/migrations/1_a").mkdir(parents=True)
    assert found(root)[1] == ["real/migrations"]


def test_examples_and_fixtures_count_only_where_there_is_nothing_else(root: Path) -> None:
    add(root, "examples/one/migrations", "tests/fixtures/migrations")
    assert found(root)[1] == ["examples/one/migrations", "tests/fixtures/migrations"]
    add(root, "app/migrations")
    assert found(root)[1] == ["app/migrations"]


def test_too_many_directories_are_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(root, "migrations", *(f"crates/{number}/x" for number in range(5)))
    monkeypatch.setattr(search, "_MOST_DIRECTORIES", 5)
    error = failure(root)
    assert isinstance(error, ConfigurationError)
    assert "[[chain]]" in (error.advice or "")


def test_grandchildren_make_each_child_a_chain(root: Path) -> None:
    add(root, "migrations/sqlite", "migrations/mysql")
    (root / "migrations/README.d").mkdir()
    (root / "migrations/note.txt").touch()
    assert found(root)[1] == ["migrations/mysql", "migrations/sqlite"]
    assert found(root / "migrations")[1] == ["migrations/mysql", "migrations/sqlite"]
    add(root, "migrations")  # now a child has an up.sql: one chain, and Diesel refuses the two others
    project = find_project(root, environment=PG)
    assert [chain.directory for chain in project.chains] == ["migrations"]
    assert [one.name for one in project.chains[0].migrations if not one.runnable] == ["README.d", "mysql", "sqlite"]
    assert project.chains[0].refused


def up(root: Path, *migrations: str) -> None:
    for migration in migrations:
        (root / migration).mkdir(parents=True)
        (root / migration / "up.sql").write_text("SELECT 1;")


@pytest.mark.parametrize("other", ["tools", "svc/tools", "lib/migrations/tools"])
def test_what_happens_to_have_an_up_sql_hides_no_chain(root: Path, other: str) -> None:
    up(root, other, "app/migrations/2024-01-01-000000_a", "lib/migrations/app/migrations/2024-01-01-000000_a")
    expected = ["app/migrations", "lib/migrations/app/migrations"]
    assert found(root)[1] == expected
    write(root / "Cargo.toml")
    assert found(root)[1] == expected


def test_migrations_further_down_are_found_beside_those_of_the_path(root: Path) -> None:
    up(root, "db/2024-01-01-000000_a", "db/app/migrations/2024-01-01-000000_a")
    assert found(root / "db")[1] == [".", "app/migrations"]
    up(root, "sql/postgres/1_a", "sql/sqlite/migrations/1_a")
    assert found(root / "sql")[1] == ["postgres", "sqlite/migrations"]


def test_names_without_a_number_are_a_chain_where_there_is_no_other(root: Path) -> None:
    up(root, "sql/first", "sql/second")
    assert found(root / "sql")[1] == ["."]
    (root / "sql/third").mkdir()  # Diesel refuses all, which is a finding
    assert found(root / "sql")[1] == ["."]


def test_a_directory_in_which_diesel_refuses_all_is_still_a_chain(root: Path) -> None:
    (root / "migrations" / "1_a").mkdir(parents=True)
    project = find_project(root, environment=PG)
    assert [chain.directory for chain in project.chains] == ["migrations"]
    assert project.chains[0].refused == "migrations/1_a has no up.sql: it is empty"


def test_chain_replaces_discovery(root: Path) -> None:
    add(root, "migrations", "db/one", "db/two")
    write(root / "glowplug.toml", '[[chain]]\nmigrations = "db/two"\n[[chain]]\nmigrations = "./db/one/"\n')
    assert found(root)[1] == ["db/two", "db/one"]
    assert found(root / "db/one")[1] == ["db/one"]
    assert found(root / "migrations")[1] == ["migrations"]
    project = find_project(root, environment=PG)
    assert [chain.settings.migrations for chain in project.chains] == ["db/two", "./db/one/"]
    assert project.configuration.exists


def test_a_directory_with_two_names_is_one_chain(root: Path) -> None:
    add(root, "db/migrations")
    (root / "migrations").symlink_to("db/migrations")
    assert found(root)[1] == ["migrations"]


def test_a_name_that_is_no_utf8_can_be_printed(root: Path) -> None:
    add(root, os.fsdecode(b"db\xff/migrations"))
    assert found(root)[1] == ["db\ufffd/migrations"]


def test_another_configuration_can_stand_in(root: Path) -> None:
    add(root, "migrations", "db")
    write(root / "glowplug.toml", "[[chain]]\nmigrations = 3")
    configuration = Configuration.parse(b'[[chain]]\nmigrations = "db"\nbackend = "sqlite"')
    project = find_project(root, environment={}, configuration=configuration)
    assert [(chain.directory, chain.dialect) for chain in project.chains] == [("db", "sqlite")]


@pytest.mark.parametrize(
    ("migrations", "message"),
    [
        ("nowhere", "glowplug.toml:3: migrations: 'nowhere' does not exist"),
        ("file", "glowplug.toml:3: migrations: 'file' is a file"),
        ("empty", "glowplug.toml:3: migrations: 'empty' holds no migration"),
        ("/etc", "glowplug.toml:3: migrations: '/etc' is absolute"),
        ("loop", "glowplug.toml:3: migrations: 'loop' does not exist"),
        ("several", "glowplug.toml:3: migrations: 'several' holds no migrations but directories of migrations; write"),
        ("migrations/../migrations", "glowplug.toml:3: migrations: 'migrations/../migrations' stands twice"),
        ("\\u0000", "glowplug.toml:3: migrations: '\\x00' does not exist"),
    ],
)
def test_a_chain_that_is_not_there(root: Path, migrations: str, message: str) -> None:
    add(root, "migrations", "several/a", "several/b")
    (root / "file").touch()
    (root / "empty").mkdir()
    (root / "loop").symlink_to("loop")
    write(root / "glowplug.toml", f'[[chain]]\n[[chain]]\nmigrations = "{migrations}"\n')
    error = failure(root)
    assert isinstance(error, ConfigurationError)
    assert str(error).startswith(message)


def test_path_that_is_nothing_to_check(root: Path) -> None:
    add(root, "migrations")
    (root / "file").touch()
    (root / "empty").mkdir()
    assert str(failure(root / "nowhere")) == f"{root}/nowhere does not exist"
    assert str(failure(root / "file" / "x")) == f"{root}/file/x does not exist"
    assert str(failure(root / "file")).startswith(f"{root}/file is a file")
    assert str(failure(root / "migrations/1_a")).startswith(f"{root}/migrations/1_a is one migration")
    assert str(failure(root / "empty")) == f"{root}/empty is empty"
    for path in ("nowhere", "file", "migrations/1_a", "empty"):
        assert failure(root / path).exit_code == 2


@pytest.mark.parametrize("files", [[], [".gitkeep"], [".diesel_lock", "README.md"]])
def test_a_migrations_directory_without_migrations(root: Path, files: list[str]) -> None:
    (root / "migrations").mkdir()
    for name in files:
        (root / "migrations" / name).touch()
    write(root / "Cargo.toml")
    assert isinstance(failure(root), NothingToCheck)
    assert str(failure(root)) == "migrations holds no migration"
    assert isinstance(failure(root / "migrations"), NothingToCheck)


@pytest.mark.parametrize(
    ("files", "tool"),
    [
        ({"20240101_x.up.sql": "", "20240101_x.down.sql": ""}, "sqlx or golang-migrate"),
        ({"20240101_x.sql": "CREATE TABLE t ();"}, "sqlx"),
        ({"20240101_x.sql": "-- migrate:up\n", "README": ""}, "dbmate"),
        ({"0001_x.sql": "-- +goose Up\n"}, "goose"),
        ({"V1__initial.sql": ""}, "refinery or Flyway"),
        ({"U1.2__initial.rs": ""}, "refinery or Flyway"),
        ({"m20220101_000001_create_table.rs": "", "lib.rs": ""}, "SeaORM"),
        ({"migration_lock.toml": "", "1_a/migration.sql": ""}, "Prisma"),
    ],
)
def test_a_directory_of_another_tool_is_named(root: Path, files: dict[str, str], tool: str) -> None:
    for name, content in files.items():
        write(root / "migrations" / name, content)
    for path in (root, root / "migrations"):
        error = failure(path)
        assert error.exit_code == 2
        assert str(error).startswith(f"migrations holds migrations of {tool} (")
        assert "\n" not in str(error)


def test_another_tool_beside_diesel_is_left_alone(root: Path) -> None:
    write(root / "migrations/20240101_x.up.sql")
    add(root, "app/migrations")
    assert found(root)[1] == ["app/migrations"]


def test_stray_sql_files_beside_migrations_are_ignored_as_diesel_does(root: Path) -> None:
    add(root, "migrations")
    write(root / "migrations/20240101_x.up.sql")
    assert found(root)[1] == ["migrations"]


def test_a_directory_that_can_not_be_listed_hides_no_other(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads everything, so a mode on disk would show nothing."""
    add(root, "crates/a/migrations")
    (root / "migrations").mkdir()
    real = search.DiskTree.entries

    def entries(self: search.DiskTree, path: str) -> list:
        if self._directory == root / "migrations":
            raise UnreadableError("permission denied")
        return real(self, path)

    monkeypatch.setattr(search.DiskTree, "entries", entries)
    readable, unreadable = find_project(root, environment=PG).chains
    assert (readable.directory, readable.refused) == ("crates/a/migrations", None)
    assert (unreadable.directory, unreadable.refused) == ("migrations", "migrations can't be listed: permission denied")
    assert [finding.rule for finding in unreadable.findings] == ["unreadable-file"]
    (root / "crates/a/migrations/1_a/up.sql").unlink()
    assert isinstance(failure(root), EnvironmentFailure)


def test_the_real_layout_reader_is_used_for_links_out_of_the_checkout(root: Path) -> None:
    add(root, "migrations")
    (root.parent / "secret").write_text("password")
    (root / "migrations/1_a/down.sql").symlink_to(root.parent / "secret")
    (chain,) = find_project(root, environment=PG).chains
    assert chain.migrations[0].down is None
    assert [finding.rule for finding in chain.findings] == ["link-leaves-checkout"]


def test_a_configured_file_that_is_a_pipe_is_not_waited_for(root: Path) -> None:
    add(root, "migrations")
    for name in ("diesel.toml", "Cargo.toml", ".env"):
        os.mkfifo(root / name)
    assert found(root)[1] == ["migrations"]


def test_the_working_directory_may_be_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> Path:
        raise FileNotFoundError

    monkeypatch.setattr(discovery.Path, "cwd", gone)
    with pytest.raises(UsageError, match="working directory is gone"):
        find_project(None, environment={})


UNLOOKABLE = "x" * 300
"""A link to it can't be looked at, not even by root: the system refuses so long a name."""


@pytest.mark.parametrize(
    "name", ["diesel.toml", "Cargo.toml", "up/migrations", "other/migrations", "other/diesel.toml"]
)
def test_what_can_not_be_looked_at_is_not_there_as_to_diesel(root: Path, name: str) -> None:
    add(root, "migrations")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(UNLOOKABLE)
    assert found(root) == (root, ["migrations"])


def test_a_glowplug_toml_that_can_not_be_looked_at_is_never_as_if_there_were_none(root: Path) -> None:
    add(root, "migrations")
    for target in (UNLOOKABLE, "nowhere"):
        (root / "glowplug.toml").unlink(missing_ok=True)
        (root / "glowplug.toml").symlink_to(target)
        assert str(failure(root / "migrations")).startswith("glowplug.toml: ")


@pytest.mark.parametrize("file", ["up.sql", "down.sql", "metadata.toml"])
def test_a_link_that_can_not_be_looked_at_hides_nothing_else(root: Path, file: str) -> None:
    add(root, "migrations")
    (root / "migrations" / "1_a" / file).unlink(missing_ok=True)
    (root / "migrations" / "1_a" / file).symlink_to(f"../../{UNLOOKABLE}")
    (root / "migrations" / "2_b").mkdir()
    (root / "migrations" / "2_b" / "up.sql").write_text("SELECT 1;")
    (chain,) = find_project(root, environment=PG).chains
    assert [migration.version for migration in chain.migrations] == ["1", "2"]
    assert [(one.version, one.place and one.place.file) for one in chain.findings if "down-is" not in one.rule] == [
        ("1", f"migrations/1_a/{file}")
    ]


def test_a_directory_that_can_not_be_listed_is_no_trace(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    add(root, "migrations")
    monkeypatch.setattr(type(root), "iterdir", refuse)
    assert str(failure(root)) == f"{root} can't be listed: permission denied"
