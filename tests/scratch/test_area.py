"""A run's private directory: who owns it, what runs in it, and that nothing stays of it."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from glowplug.errors import EnvironmentFailure
from glowplug.scratch import area as area_module
from glowplug.scratch import place, process
from glowplug.scratch.area import Area, cache_directory

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root steps down to another user")
SMALL = 1 << 20
TOO_MUCH_FOR_MEMORY = 1 << 60


def test_an_area_is_private_and_vanishes() -> None:
    with Area(room=SMALL) as area:
        inside = area.subdirectory("data")
        assert stat.S_IMODE(area.directory.stat().st_mode) == (0o711 if ROOT else 0o700)
        assert area.directory.stat().st_uid == os.geteuid()
        assert stat.S_IMODE(inside.stat().st_mode) == 0o700
        assert area.subdirectory("data") == inside
        (inside / "file").write_text("x", encoding="utf-8")
    assert not area.directory.exists()
    area.close()


def test_a_socket_fits_into_its_path() -> None:
    with Area(room=TOO_MUCH_FOR_MEMORY) as area:
        longest = area.subdirectory("sockets") / ".s.PGSQL.5432.lock"
        assert len(os.fsencode(longest)) <= place.SOCKET_PATH_LIMIT


def test_a_long_tmpdir_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("d" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with Area(room=TOO_MUCH_FOR_MEMORY) as area:
        assert not area.directory.is_relative_to(long)


def test_memory_is_used_only_where_it_has_room_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_memory_available", lambda: 100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1000, 0, 1000))  # type: ignore[attr-defined]  # noqa: SLF001 - the type that it returns
    assert place.fits_in_memory(50)
    assert not place.fits_in_memory(51)


@as_root
def test_a_directory_that_the_servers_user_cannot_enter_is_not_reachable(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").touch(mode=0o644)
    with Area(room=SMALL) as area:
        assert not area.reachable(closed / "file")
        assert area.reachable(Path("/bin/sh"))
        assert not area.reachable(closed / "nonesuch")


@as_root
def test_programs_run_as_an_unprivileged_user_without_groups() -> None:
    with Area(room=SMALL) as area:
        status, output = area.run(["/bin/sh", "-c", "id -u; id -G"])
        nobody = pwd.getpwnam("nobody")
        assert (status, output.split()) == (0, [str(nobody.pw_uid), str(nobody.pw_gid)])


def test_programs_see_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2")
    with Area(room=SMALL) as area:
        _, output = area.run(["/usr/bin/env"], environment={"GIVEN": "this"})
        assert "hunter2" not in output
        assert "GIVEN=this" in output


def test_what_runs_too_long_is_ended() -> None:
    with Area(room=SMALL) as area, pytest.raises(EnvironmentFailure, match="sleep did not end within"):
        area.run(["sleep", "600"], timeout=0.1)


def test_what_cannot_be_started_is_told() -> None:
    with Area(room=SMALL) as area, pytest.raises(EnvironmentFailure, match="/nonesuch can't be started"):
        area.run(["/nonesuch"])


def test_the_end_takes_grandchildren_and_what_ignores_signals() -> None:
    script = 'trap "" TERM; (trap "" TERM; setsid sleep 601 & echo $!); sleep 602'
    with Area(room=SMALL) as area:
        child = area.spawn(["/bin/sh", "-c", script], output=subprocess.PIPE, end_signal=signal.SIGTERM)
        assert child.stdout is not None
        with child.stdout as said:
            grandchild = int(said.readline())
        assert psutil.pid_exists(grandchild)
    assert child.poll() is not None
    assert not psutil.pid_exists(grandchild)


def test_the_end_of_an_area_is_not_interrupted() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: seen.append(number))
    try:
        area = Area(room=SMALL)
        area.spawn(
            ["/bin/sh", "-c", f'trap "kill -TERM {os.getpid()}" TERM; sleep 600 & wait'], end_signal=signal.SIGTERM
        )
        area.close()
        assert not area.directory.exists()
    finally:
        signal.signal(signal.SIGTERM, before)


KILLED = """
import os, signal, sys
from glowplug.scratch.area import Area
area = Area(room=int(sys.argv[1]))
child = area.spawn(["/bin/sh", "-c", "sleep 600 & wait"], end_signal=signal.SIGTERM)
print(area.directory, child.pid, flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "forgotten":
    sys.exit(0)
raise KeyError(area)
"""


def run_and_lose(how: str, room: int = SMALL) -> tuple[Path, int]:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(room), how],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    directory, child = done.stdout.split()
    return Path(directory), int(child)


@pytest.mark.parametrize("room", [SMALL, TOO_MUCH_FOR_MEMORY])
def test_what_a_killed_run_left_is_removed_at_the_next_start(room: int) -> None:
    directory, _ = run_and_lose("killed", room)
    with Area(room=SMALL):
        pass
    wait_until(lambda: not directory.exists())
    wait_until(lambda: not working_in(directory))


def test_the_children_of_a_killed_run_end_with_it() -> None:
    _, child = run_and_lose("killed")
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("how", ["forgotten", "failed"])
def test_an_area_that_nobody_closed_is_removed_at_exit(how: str) -> None:
    directory, _ = run_and_lose(how)
    assert not directory.exists()
    assert not working_in(directory)


def wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def working_in(directory: Path) -> list[int]:
    return [each.pid for each in psutil.process_iter(["cwd"]) if (each.info["cwd"] or "").startswith(str(directory))]


def test_the_sweep_leaves_alone_what_is_not_a_dead_runs(tmp_path: Path) -> None:
    unmarked = tmp_path / f"{place.PREFIX}unmarked"
    (unmarked / "precious").mkdir(parents=True)
    os.utime(unmarked, (0, 0))
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / ".lock").touch()
    (tmp_path / f"{place.PREFIX}link").symlink_to(victim)
    planted = tmp_path / f"{place.PREFIX}planted"
    planted.mkdir()
    (planted / ".lock").symlink_to(victim / ".lock")
    empty = tmp_path / f"{place.PREFIX}empty"
    empty.mkdir()
    os.utime(empty, (0, 0))
    (empty / ".unlocked").touch()
    os.utime(empty, (0, 0))
    young = tmp_path / f"{place.PREFIX}young"
    young.mkdir()
    dead = tmp_path / f"{place.PREFIX}dead"
    dead.mkdir()
    (dead / ".lock").touch()
    (dead / "out").symlink_to(victim)
    if ROOT:
        foreign = tmp_path / f"{place.PREFIX}foreign"
        foreign.mkdir()
        (foreign / ".lock").touch()
        os.chown(foreign, 65534, 65534)
    area_module.sweep(tmp_path)
    assert {each.name.removeprefix(place.PREFIX) for each in tmp_path.iterdir()} == {
        *("unmarked", "victim", "link", "planted", "young"),
        *(("foreign",) if ROOT else ()),
    }
    assert (victim / ".lock").exists()


def test_a_sweep_at_the_wrong_moment_takes_no_run_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a run marks its directory, another run starts: before each step of the making it sweeps."""
    flock, sweeps = fcntl.flock, []

    def sweep_first(lock: int, operation: int) -> None:
        if operation == fcntl.LOCK_EX:
            sweeps.append(lock)
            for base in (place.MEMORY_DIRECTORY, *place.temporary_directories(None)):
                area_module.sweep(base)
        flock(lock, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    with Area(room=SMALL) as area:
        assert len(sweeps) == 1
        area_module.sweep(area.directory.parent)
        assert area.directory.is_dir()
        assert area.run(["echo", "x"]) == (0, "x\n")


def test_what_runs_in_a_linked_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path / "real") as child:
        process.end_all_in(tmp_path / "link")
        assert child.poll() is not None
        child.kill()


def test_a_child_that_a_dying_process_left_meanwhile_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started after the look began: the list of processes lacks it, and its parent is gone when looked at."""
    pids, looks = psutil.pids, []
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as child:

        def pids_as_it_began() -> list[int]:
            looks.append(1)
            return [pid for pid in pids() if len(looks) > 1 or pid != child.pid]

        monkeypatch.setattr(psutil, "pids", pids_as_it_began)
        process.end_all_in(tmp_path)
        assert child.poll() is not None
        child.kill()


def test_what_could_not_be_removed_keeps_its_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the next sweep would take it for something that glowplug did not make."""
    root = tmp_path / f"{place.PREFIX}dead"
    (root / "data").mkdir(parents=True)
    (root / ".lock").touch()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        area_module.sweep(tmp_path)
    assert (root / ".lock").exists()
    area_module.sweep(tmp_path)
    assert not root.exists()


def test_two_threads_may_use_one_area() -> None:
    with Area(room=SMALL) as area:
        results: list[tuple[int, str]] = []
        threads = [threading.Thread(target=lambda: results.append(area.run(["echo", "x"]))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [(0, "x\n")] * 4


def test_nothing_starts_in_a_closed_area() -> None:
    area = Area(room=SMALL)
    area.close()
    with pytest.raises(EnvironmentFailure, match="closed"):
        area.spawn(["true"])


def test_a_place_that_forbids_programs_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    forbidden: list[Path] = []
    monkeypatch.setattr(place, "forbids_programs", lambda directory: bool(forbidden) and directory in forbidden)
    with Area(room=SMALL) as area:
        forbidden.append(area.directory)
        apart = area.executables()
        assert not apart.is_relative_to(area.directory)
        assert area.executables() == apart
    assert not apart.exists()


def test_the_cache_is_where_it_is_said_to_be(tmp_path: Path) -> None:
    directory = cache_directory({"GLOWPLUG_CACHE_DIR": str(tmp_path / "a" / "b")})
    assert directory == tmp_path / "a" / "b"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_cache_that_others_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(EnvironmentFailure, match="is trusted: other users can write to it"):
        cache_directory({"GLOWPLUG_CACHE_DIR": str(tmp_path)})
    tmp_path.chmod(0o700)
    if ROOT:
        os.chown(tmp_path, 65534, 65534)
        with pytest.raises(EnvironmentFailure, match="is trusted: it belongs to another user"):
            cache_directory({"GLOWPLUG_CACHE_DIR": str(tmp_path)})


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFailure, match="can't be made"):
        cache_directory({"GLOWPLUG_CACHE_DIR": str(tmp_path / "file" / "below")})


@as_root
def test_an_ordinary_user_needs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert place.unprivileged_user() is None


@as_root
def test_root_without_anyone_to_step_down_to_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody)
    with pytest.raises(EnvironmentFailure, match="no user to run it as"):
        place.unprivileged_user()


@as_root
@pytest.mark.parametrize("dropped", [["chown", "setuid"], ["dac_override"]])
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="nothing drops capabilities here")
def test_root_that_may_not_step_down_is_told_what_is_missing(dropped: list[str], tmp_path: Path) -> None:
    drop = ",".join(f"-{name}" for name in dropped)
    said = refused_area(["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"], tmp_path)
    names = [name.upper() for name in dropped]
    assert f"it lacks {', '.join(f'CAP_{name}' for name in names)}\nRun glowplug as an ordinary user" in said
    assert " ".join(f"--cap-add {name}" for name in names) in said


@as_root
def test_root_of_a_namespace_without_the_servers_user_is_told(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-Ur", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespace can be made here")
    said = refused_area(["unshare", "-Ur"], tmp_path)
    assert "this root can't give " in said
    assert "Run glowplug as an ordinary user" in said


def refused_area(wrapper: list[str], directory: Path) -> str:
    """Say what an area answers in a process that ``wrapper`` takes something from; it leaves nothing behind."""
    script = (
        "from glowplug.errors import EnvironmentFailure\n"
        "from glowplug.scratch.area import Area\n"
        "try:\n with Area(room=1) as area: area.subdirectory('a')\n"
        "except EnvironmentFailure as error: print(error)\n"
    )
    done = subprocess.run(
        [*wrapper, sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
