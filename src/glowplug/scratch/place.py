"""Who scratch servers run as, and which directories of the machine that user can work in."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from glowplug.errors import EnvironmentFailure

PREFIX = "glowplug-run-"
SOCKET_PATH_LIMIT = 103
"""Bytes of a unix socket's path, the least of the systems' limits (macOS; Linux has 107)."""

MEMORY_DIRECTORY = Path("/dev/shm")  # noqa: S108 - what is made in it is made by mkdtemp
_FALLBACKS = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - the same
_ROOM_FOR_SOCKET = 40
_SEPARATORS = frozenset(",:")  # of directories: PostgreSQL's for sockets, MariaDB's for temporary files
_MEMORY = Path("/proc/meminfo")
_STATUS = Path("/proc/self/status")
_CAPABILITIES = {0: "CHOWN", 1: "DAC_OVERRIDE", 5: "KILL", 6: "SETGID", 7: "SETUID"}
"""What root needs to give files to another user, run servers as that one, see to their files, and end them."""

_AS_ORDINARY_USER = "Run glowplug as an ordinary user (docker run --user 1000)"
_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUser:
    """Who the scratch servers run as."""

    name: str
    uid: int
    gid: int


def unprivileged_user() -> ServerUser | None:
    """Whom servers run as when glowplug is root: ``nobody``, or the first that exists; None when it is not root.

    Raises:
        EnvironmentFailure: glowplug is root, and the machine has no user to step down to, or root may not do that.
    """
    if os.geteuid() != 0:
        return None
    lacking = _lacking_capabilities()
    if lacking:
        raise EnvironmentFailure(
            "scratch servers don't run as root, and this root can't run them as another user: it lacks "
            + ", ".join(f"CAP_{name}" for name in lacking),
            advice=f"{_AS_ORDINARY_USER}, or with what is missing "
            f"({' '.join(f'--cap-add {name}' for name in lacking)}).",
        )
    for name in ("nobody", "postgres", "mysql", "daemon"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                return ServerUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise EnvironmentFailure(
        "a database server doesn't run as root, and this machine has no user to run it as",
        advice="Make one (useradd --system nobody), or run glowplug as an ordinary user.",
    )


def _lacking_capabilities() -> list[str]:
    """Name what this root may not do of what it needs; on a system that doesn't tell, nothing."""
    try:
        fields = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="utf-8").splitlines())
        effective = int(fields["CapEff"], 16)
    except (OSError, KeyError, ValueError):
        return []
    return [name for bit, name in _CAPABILITIES.items() if not effective >> bit & 1]


def hand_over(path: Path, user: ServerUser) -> None:
    """Make a file or directory ``user``'s own; a link itself, not what it leads to.

    Raises:
        EnvironmentFailure: the system refuses: where users are mapped to others (``unshare -r``), this one may be none.
    """
    try:
        os.chown(path, user.uid, user.gid, follow_symlinks=False)
    except OSError as error:
        raise EnvironmentFailure(
            f"scratch servers don't run as root, and this root can't give {path} to {user.name}, who is to run them: "
            f"{(error.strerror or type(error).__name__).lower()}",
            advice=f"{_AS_ORDINARY_USER}.",
        ) from error


def temporary_directories(user: ServerUser | None) -> list[Path]:
    """The directories for temporary files that will do, the preferred first; memory aside."""
    candidates = dict.fromkeys((Path(tempfile.gettempdir()).absolute(), *_FALLBACKS))
    return [base for base in candidates if usable(base, user)]


def usable(base: Path, user: ServerUser | None) -> bool:
    """Whether an area can lie in ``base``: a short path that is one to every server, writable, open to ``user``."""
    short = len(os.fsencode(base)) + len(PREFIX) + _ROOM_FOR_SOCKET <= SOCKET_PATH_LIMIT
    one = _SEPARATORS.isdisjoint(os.fspath(base))
    return short and one and base.is_dir() and os.access(base, os.W_OK | os.X_OK) and _enterable(base, user)


def _enterable(directory: Path, user: ServerUser | None) -> bool:
    """Whether ``user`` can pass through ``directory`` and all above it."""
    if user is None:
        return os.access(directory, os.X_OK)
    return all(_permits(place, user, stat.S_IXOTH) for place in (directory, *directory.parents))


def reachable(path: Path, user: ServerUser | None) -> bool:
    """Whether ``user`` can get to ``path`` and read it; permission bits are looked at, access lists are not."""
    if user is None:
        return os.access(path, os.R_OK)
    real = path.resolve()
    try:
        return _enterable(real.parent, user) and _permits(real, user, stat.S_IROTH)
    except OSError:
        return False


def _permits(path: Path, user: ServerUser, bit: int) -> bool:
    """Whether ``path``'s mode grants ``user`` the permission that ``bit`` grants to others."""
    status = path.stat()
    if status.st_uid == user.uid:
        return bool(status.st_mode & (bit << 6))
    if status.st_gid == user.gid:
        return bool(status.st_mode & (bit << 3))
    return bool(status.st_mode & bit)


def forbids_programs(directory: Path) -> bool:
    """Whether the file system of ``directory`` is mounted noexec."""
    return bool(os.statvfs(directory).f_flag & getattr(os, "ST_NOEXEC", 0))


def fits_in_memory(room: int) -> bool:
    """Whether twice ``room`` bytes fit into shared memory, and into what this process may use of the machine's."""
    try:
        free = min(shutil.disk_usage(MEMORY_DIRECTORY).free, _memory_available())
    except (OSError, KeyError):  # no such directory, or a system that doesn't tell
        return False
    return free >= 2 * room


def _memory_available() -> int:
    """How many bytes this process could still use: the machine's, or its container's where that has less."""
    fields = dict(line.split(":", 1) for line in _MEMORY.read_text(encoding="ascii").splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    for limit_file, used_file in _CGROUPS:
        with contextlib.suppress(OSError, ValueError):  # "max", or no such group
            limit, used = int(limit_file.read_text(encoding="ascii")), int(used_file.read_text(encoding="ascii"))
            available = min(available, max(limit - used, 0))
    return available
