"""The ``git`` command, as a repository by a stranger is read with it.

Nothing that a repository configures is run (hooks, file system monitors, filters, external diffs), nothing is fetched,
nothing is written, and an embedded bare repository is not trusted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

_SAFE = (
    "--no-replace-objects",
    "--no-pager",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.untrackedCache=false",
    "-c", "protocol.allow=never",
    "-c", "safe.bareRepository=explicit",
    "-c", "gc.auto=0",
    "-c", "log.showSignature=false",
)  # fmt: skip
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "LC_ALL": "C",
}
_ELSEWHERE = (  # set inside hooks, they would lead to another repository than the one around the directory
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_TRACE",
)
_TIMEOUT = 300.0  # seconds
_NOT_FOUND = 127  # what a shell exits with


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run ``git`` in ``directory`` and give what it printed, also where it failed.

    Where there is no ``git``, its exit code is 127, as in a shell.

    Raises:
        EnvironmentFailure: git does not trust the directory's owner, does not start or does not end; or there is no
            such directory.
    """
    import subprocess  # noqa: PLC0415 - many a review is of no repository, and of one it knows all

    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE} | _ENVIRONMENT
    command = ["git", *_SAFE, *arguments]
    try:
        done = subprocess.run(
            command, cwd=directory, env=environment, input=stdin, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        if not directory.is_dir():  # else a checkout that is gone would pass for a machine without git
            raise EnvironmentFailure(f"{directory} is not there any longer") from error
        return subprocess.CompletedProcess(command, _NOT_FOUND, b"", b"git is not installed")
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFailure(f"git {arguments[0]} did not end within {_TIMEOUT:.0f} seconds") from error
    except OSError as error:
        raise EnvironmentFailure(f"git can't be started in {directory}: {error.strerror}") from error
    if done.returncode and b"dubious ownership" in done.stderr:
        import shlex  # noqa: PLC0415 - only where git is refused

        place = shlex.quote(_named_by_git(done.stderr, directory))
        raise EnvironmentFailure(
            f"git refuses to read {directory}: it belongs to another user than the one glowplug runs as",
            advice=f"If you trust it: git config --global --add safe.directory {place}",
        )
    return done


def text_of(directory: Path, *arguments: str) -> str | None:
    """Give the one line that ``git`` prints; None where it fails or prints none."""
    done = git(directory, *arguments)
    line = os.fsdecode(done.stdout.removesuffix(b"\n"))
    return line if done.returncode == 0 and line else None


def failure(what: str, done: subprocess.CompletedProcess[bytes]) -> EnvironmentFailure:
    """Make the error that says what git could not do, in its own words."""
    words = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("fatal: ")
    return EnvironmentFailure(f"git can't {what}: {words or f'exit code {done.returncode}'}")


def _named_by_git(stderr: bytes, directory: Path) -> str:
    _, found, rest = stderr.decode("utf-8", "replace").partition("repository at '")
    return rest.partition("'\n")[0] if found else str(directory)
