"""Which backend a chain is for, and SQLite's foreign_keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError
from glowplug.project import find_project
from glowplug.project.backend import dialect_named, scheme_of
from glowplug.project.cargo import Manifest, Manifests

POSTGRES, MYSQL, SQLITE = Dialect.POSTGRES, Dialect.MYSQL, Dialect.SQLITE


def checkout(root: Path, *directories: str, **files: str) -> Path:
    for directory in directories:
        migration = root / directory / "1_a"
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text("SELECT 1;")
        (migration / "down.sql").write_text("SELECT 1;")
    for name, content in files.items():
        file = root / name.replace("__", "/").replace("_toml", ".toml").replace("dotenv", ".env")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


def dialects(root: Path, **environment: str) -> dict[str, Dialect]:
    return {chain.directory: chain.dialect for chain in find_project(root, environment=environment).chains}


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("postgres://u:p@h/d", POSTGRES),
        ("postgresql://h/d", POSTGRES),
        ("mysql://h/d", MYSQL),
        ("mariadb://h/d", MYSQL),
        ("sqlite://x.db", SQLITE),
        ("file:x.db?mode=ro", SQLITE),
        ("data/x.db", SQLITE),
        (":memory:", SQLITE),
        ("", None),
        (" ", None),
        ("oracle://h", None),
        ("$DB", None),
    ],
)
def test_the_scheme_of_a_url(url: str, dialect: Dialect | None) -> None:
    assert scheme_of(url) is dialect


@pytest.mark.parametrize(
    ("directory", "dialect"),
    [
        ("migrations/sqlite", SQLITE),
        ("migrations/PostgreSQL", POSTGRES),
        ("migrations/mariadb", MYSQL),
        ("crates/store-pg/migrations", POSTGRES),
        ("pg/migrations_sqlite", SQLITE),
        ("sqlite_to_postgres/migrations", None),
        ("migrations", None),
        ("pgbouncer/migrations", None),
    ],
)
def test_the_name_of_a_directory(directory: str, dialect: Dialect | None) -> None:
    assert dialect_named(directory) is dialect


def test_a_single_chain_takes_what_cargo_builds_before_the_url_and_says_so(tmp_path: Path) -> None:
    checkout(tmp_path, "migrations", Cargo_toml='[dependencies]\ndiesel = { version = "2", features = ["mysql"] }')
    assert dialects(tmp_path) == {"migrations": MYSQL}
    assert dialects(tmp_path, DATABASE_URL="") == {"migrations": MYSQL}
    for url in ("postgres://scott:tiger@h/d", "leftover.db"):
        project = find_project(tmp_path, environment={"DATABASE_URL": url})
        assert project.chains[0].dialect is MYSQL
        assert project.chains[0].dialect_reason == "Cargo.toml builds diesel for it"
        (note,) = project.notes
        name = "SQLite" if "db" in url else "PostgreSQL"
        assert note.startswith(
            "migrations is checked on MySQL, since Cargo.toml builds diesel for MySQL, though DATABASE_URL names "
            f"{name}. glowplug.toml settles it, with the backend that is right:\n[[chain]]\n"
        )
        assert "tiger" not in note
    assert find_project(tmp_path, environment={"DATABASE_URL": "mysql://h/d"}).notes == ()
    (tmp_path / "glowplug.toml").write_text(note.partition("\n")[2])
    project = find_project(tmp_path, environment={"DATABASE_URL": "postgres://h/d"})
    assert (project.chains[0].dialect, project.notes) == (MYSQL, ())


@pytest.mark.parametrize(
    ("features", "url", "dialect", "says"),
    [
        ('pg = ["diesel/postgres"]\nlite = ["diesel/sqlite"]', "x.db", SQLITE, ""),
        ('default = ["pg", "lite"]\npg = ["diesel/postgres"]\nlite = ["diesel/sqlite"]', "postgres://h", POSTGRES, ""),
        (
            'default = ["lite"]\npg = ["diesel/postgres"]\nlite = ["diesel/sqlite"]',
            "postgres://h",
            POSTGRES,
            "on PostgreSQL, since DATABASE_URL in .env names PostgreSQL, though Cargo.toml builds diesel for SQLite.",
        ),
        (
            'pg = ["diesel/postgres"]\nlite = ["diesel/sqlite"]',
            "mysql://h",
            MYSQL,
            "since DATABASE_URL in .env names MySQL, though Cargo.toml builds diesel for PostgreSQL and SQLite.",
        ),
    ],
)
def test_the_url_chooses_among_what_cargo_can_build(
    tmp_path: Path, features: str, url: str, dialect: Dialect, says: str
) -> None:
    cargo = f"[features]\n{features}\n[dependencies]\ndiesel = '2'\n"
    checkout(tmp_path, "migrations", Cargo_toml=cargo, dotenv=f"DATABASE_URL={url}")
    project = find_project(tmp_path, environment={})
    assert project.chains[0].dialect is dialect
    assert [says in note for note in project.notes] == ([True] if says else [])


def test_the_environment_comes_before_dotenv(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    checkout(tmp_path, "migrations", dotenv="not a line\nexport DATABASE_URL='sqlite://x.db' # comment\n")
    project = find_project(tmp_path, environment={})
    assert project.chains[0].dialect is SQLITE
    assert project.chains[0].dialect_reason == "the scheme of DATABASE_URL in .env says so"
    assert dialects(tmp_path, DATABASE_URL="mysql://h/d") == {"migrations": MYSQL}
    assert capfd.readouterr() == ("", "")


def test_what_cargo_builds_alone_is_the_reason_though_the_url_names_it_too(tmp_path: Path) -> None:
    cargo = '[dependencies]\ndiesel = { version = "2", features = ["postgres"] }'
    checkout(tmp_path, "migrations", Cargo_toml=cargo, dotenv="DATABASE_URL=postgres://h/d")
    project = find_project(tmp_path, environment={})
    assert project.chains[0].dialect_reason == "Cargo.toml builds diesel for it"
    assert project.notes == ()


def test_a_directory_named_for_a_backend_is_for_it(tmp_path: Path) -> None:
    checkout(
        tmp_path, "migrations/sqlite", "migrations/mysql", "migrations/postgresql", dotenv="DATABASE_URL=mysql://h/d"
    )
    expected = {"migrations/mysql": MYSQL, "migrations/postgresql": POSTGRES, "migrations/sqlite": SQLITE}
    assert dialects(tmp_path) == expected
    assert dialects(tmp_path / "migrations") == expected
    assert dialects(tmp_path / "migrations" / "sqlite") == {"migrations/sqlite": SQLITE}


def test_several_chains_ask_the_cargo_toml_beside_each(tmp_path: Path) -> None:
    checkout(
        tmp_path,
        "crates/a/migrations",
        "crates/b/migrations",
        Cargo_toml='[workspace]\nmembers = ["crates/*"]\n[workspace.dependencies]\n'
        'the-diesel = { package = "diesel", version = "2", features = ["sqlite"] }',
        crates__a__Cargo_toml="[dependencies]\nthe-diesel = { workspace = true }",
        crates__b__Cargo_toml='[dependencies.diesel-async]\nversion = "0.9"\nfeatures = ["postgres", "deadpool"]',
    )
    assert dialects(tmp_path, DATABASE_URL="mysql://h/d") == {
        "crates/a/migrations": SQLITE,
        "crates/b/migrations": POSTGRES,
    }


def test_a_fork_in_diesels_place(tmp_path: Path) -> None:
    checkout(
        tmp_path,
        "migrations",
        Cargo_toml='[workspace]\nmembers = ["a"]\n[workspace.dependencies]\n'
        'diesel = { package = "some_diesel", version = "2", features = ["postgres"] }',
        a__Cargo_toml="[dependencies]\ndiesel = { workspace = true }",
    )
    assert dialects(tmp_path) == {"migrations": POSTGRES}


def test_a_workspace_whose_member_holds_diesel(tmp_path: Path) -> None:
    root = checkout(
        tmp_path / "checkout",
        "migrations",
        Cargo_toml='[workspace]\nmembers = ["db", "../outside", "/absolute", "web"]',
        db__Cargo_toml='[dependencies]\ndiesel = { version = "2", features = ["postgres"] }',
        web__Cargo_toml='[dependencies]\naxum = "0.8"',
    )
    checkout(tmp_path / "outside", Cargo_toml='[dependencies]\ndiesel = { version = "2", features = ["mysql"] }')
    project = find_project(root, environment={})
    assert project.chains[0].dialect is POSTGRES
    assert project.chains[0].dialect_reason == "db/Cargo.toml builds diesel for it"


@pytest.mark.parametrize(
    ("dependency", "dialect"),
    [
        ("rocket_sync_db_pools = { version = '0.1', features = ['diesel_postgres_pool'] }", POSTGRES),
        ("rocket_sync_db_pools = { version = '0.1', features = ['diesel_sqlite_pool'] }", SQLITE),
        ("rocket_contrib = { version = '0.4', features = ['diesel_mysql_pool'] }", MYSQL),
        ("rocket_db_pools = { version = '0.2', features = ['diesel_postgres'] }", POSTGRES),
        ("deadpool-diesel = { version = '0.6', features = ['postgres'] }", POSTGRES),
        ("rocket_sync_db_pools = { version = '0.1', features = ['postgres_pool'] }", None),
        ("diesel_migrations = { version = '2', features = ['sqlite'] }", SQLITE),
    ],
)
def test_a_crate_that_builds_diesel_for_its_backend(tmp_path: Path, dependency: str, dialect: Dialect | None) -> None:
    checkout(tmp_path, "migrations", Cargo_toml=f"[dependencies]\ndiesel = '2'\n{dependency}\n")
    if dialect is None:
        with pytest.raises(ConfigurationError, match="which backend"):
            dialects(tmp_path)
    else:
        assert dialects(tmp_path) == {"migrations": dialect}


def test_where_nothing_else_says_it_the_crates_of_the_checkout_do(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    checkout(
        tmp_path,
        "db/migrations",
        rust__Cargo_toml="[workspace]\nmembers = ['*']\n[workspace.dependencies]\n"
        "diesel = { version = '2', features = ['mysql'] }",
        rust__api__Cargo_toml="[dependencies]\ndiesel = { workspace = true }",
        rust__tests__Cargo_toml="[dependencies]\ndiesel = { version = '2', features = ['sqlite'] }",
        broken__Cargo_toml="[",
    )
    project = find_project(tmp_path, environment={})
    assert project.chains[0].dialect is MYSQL
    assert project.chains[0].dialect_reason == "rust/api/Cargo.toml builds diesel for it"
    assert dialects(tmp_path, DATABASE_URL="postgres://h/d") == {"db/migrations": POSTGRES}
    checkout(tmp_path, other__Cargo_toml="[dependencies]\ndiesel = { version = '2', features = ['sqlite'] }")
    with pytest.raises(ConfigurationError, match="which backend db/migrations is for"):
        dialects(tmp_path)


@pytest.mark.parametrize(
    ("cargo", "dialect"),
    [
        ('[features]\ndefault = ["pg"]\npg = ["diesel/postgres"]\nlite = ["diesel/sqlite"]\n', POSTGRES),
        ('[features]\npg = ["diesel/postgres"]\nlite = ["diesel/sqlite"]\n', None),
        ('[features]\nlite = ["diesel?/returning_clauses_for_sqlite_3_35"]\n', SQLITE),
        ('[features]\ndefault = ["a"]\na = ["b"]\nb = ["a", "diesel/mysql_backend"]\n', MYSQL),
        ('[features]\nodd = "diesel/mysql"\n', None),
        ("[dev-dependencies]\ndiesel_migrations = { version = '2', features = ['sqlite'] }\n", None),
        ("[target.'cfg(unix)'.dependencies]\ndiesel_migrations = { version = '2', features = ['sqlite'] }\n", SQLITE),
        ("[target.'cfg(unix)'.dependencies]\nother = { version = '2', features = ['sqlite'] }\n", None),
    ],
)
def test_features_of_diesel(tmp_path: Path, cargo: str, dialect: Dialect | None) -> None:
    (tmp_path / "Cargo.toml").write_text(cargo + "[dependencies]\ndiesel = '2'\n")
    (manifest,) = Manifests().of(tmp_path / "migrations", tmp_path)
    assert manifest.backends().only() is dialect


@pytest.mark.parametrize(
    "table", [{"dependencies": 3}, {"features": {"default": [1]}}, {"target": []}, {"workspace": 1}]
)
def test_a_manifest_of_odd_types_says_nothing(table: dict[str, object]) -> None:
    manifest = Manifest(file=Path("Cargo.toml"), table=table, workspace={})
    assert manifest.backends().only() is None
    assert manifest.bundled_sqlite() is None


def test_a_cargo_toml_that_is_no_toml_is_a_configuration_error(tmp_path: Path) -> None:
    checkout(tmp_path, "migrations", Cargo_toml="[package]\nname = ")
    with pytest.raises(ConfigurationError, match=r"Cargo.toml:2: this is no TOML"):
        find_project(tmp_path, environment={})


def test_an_unclear_backend_gives_the_lines_to_write_and_they_work(tmp_path: Path) -> None:
    checkout(tmp_path, 'a "b/migrations', "migrations/sqlite", Cargo_toml="[package]\nname = 'x'")
    with pytest.raises(ConfigurationError) as caught:
        find_project(tmp_path, environment={})
    advice = caught.value.advice or ""
    head, _, lines = advice.partition("\n")
    assert head == "Write in glowplug.toml:"
    assert lines.count("[[chain]]") == 2
    (tmp_path / "glowplug.toml").write_text(lines)
    assert dialects(tmp_path) == {'a "b/migrations': POSTGRES, "migrations/sqlite": SQLITE}


def test_an_unclear_backend_of_a_configured_chain_names_its_line(tmp_path: Path) -> None:
    checkout(tmp_path, "db", glowplug_toml='\n[[chain]]\nmigrations = "db"\n')
    with pytest.raises(ConfigurationError) as caught:
        find_project(tmp_path, environment={})
    assert str(caught.value).startswith("glowplug.toml:2: which backend db is for is said nowhere\n")


def test_the_password_of_a_url_is_in_no_message(tmp_path: Path) -> None:
    checkout(tmp_path, "migrations")
    with pytest.raises(ConfigurationError) as caught:
        find_project(tmp_path, environment={"DATABASE_URL": "oracle://scott:tiger@h/d"})
    assert "tiger" not in str(caught.value)
    assert "tiger" not in repr(find_project(tmp_path, environment={"DATABASE_URL": "mysql://scott:tiger@h/d"}))


@pytest.mark.parametrize(
    ("cargo", "on"),
    [
        ('[dependencies]\nlibsqlite3-sys = { version = "0", features = ["bundled"] }', True),
        (
            (
                "[dependencies]\nlibsqlite3-sys = { version = '0', optional = true }\n"
                "[features]\nlite = ['libsqlite3-sys/bundled']"
            ),
            True,
        ),
        (
            '[dependencies]\nsys = { package = "libsqlite3-sys", version = "0" }\n[features]\nlite = ["sys?/bundled"]',
            True,
        ),
        ('[dependencies]\nrusqlite = { version = "0", features = ["bundled"] }', True),
        ("[target.'cfg(windows)'.dependencies]\nlibsqlite3-sys = { version = '0', features = ['bundled'] }", True),
        ('[dev-dependencies]\nlibsqlite3-sys = { version = "0", features = ["bundled"] }', False),
        ('[dependencies]\nlibsqlite3-sys = { version = "0", features = ["bundled_bindings"] }', False),
        ('[dependencies]\nopenssl = { version = "0", features = ["bundled"] }', False),
        ('# libsqlite3-sys = { features = ["bundled"] }', False),
        (
            (
                "[workspace]\nmembers = ['app']\n"
                "[workspace.dependencies]\nlibsqlite3-sys = { version = '0', features = ['bundled'] }"
            ),
            True,
        ),
    ],
)
def test_foreign_keys_are_on_where_sqlite_is_bundled(tmp_path: Path, cargo: str, on: bool) -> None:
    checkout(
        tmp_path, "migrations", Cargo_toml=cargo, app__Cargo_toml="[dependencies]\nlibsqlite3-sys.workspace = true"
    )
    (chain,) = find_project(tmp_path, environment={"DATABASE_URL": "x.db"}).chains
    assert chain.foreign_keys is not None
    assert chain.foreign_keys[0] is on
    assert chain.foreign_keys[1].startswith("no Cargo.toml builds") is not on


def test_foreign_keys_through_a_feature_say_which_one(tmp_path: Path) -> None:
    checkout(
        tmp_path,
        "migrations/sqlite",
        "migrations/mysql",
        Cargo_toml="[dependencies]\nlibsqlite3-sys = '0'\n[features]\nsqlite = ['libsqlite3-sys/bundled']",
    )
    mysql, sqlite = find_project(tmp_path, environment={}).chains
    assert mysql.foreign_keys is None
    expected = "Cargo.toml builds libsqlite3-sys bundled through its feature 'sqlite', whose SQLite has foreign_keys on"
    assert sqlite.foreign_keys == (True, f"{expected} by default")


@pytest.mark.parametrize(
    ("statement", "on"),
    [("PRAGMA foreign_keys = ON", True), ("pragma foreign_keys=0;", False), ("PRAGMA main.foreign_keys(yes)", True)],
)
def test_foreign_keys_of_session_setup(tmp_path: Path, statement: str, on: bool) -> None:
    checkout(
        tmp_path,
        "db",
        glowplug_toml=f'[[chain]]\nmigrations = "db"\nbackend = "sqlite"\nsession_setup = ["{statement}"]',
    )
    (chain,) = find_project(tmp_path, environment={}).chains
    assert chain.foreign_keys == (on, "session_setup of glowplug.toml sets it")
