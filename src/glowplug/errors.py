"""Every exception that glowplug raises on purpose.

::

    GlowplugError                    exit code
    ├── UsageError                       2      what was asked for makes no sense as it stands
    │   ├── ConfigurationError           2      glowplug.toml, or another file that configures
    │   └── NothingToCheck               2      there is no migration where one was looked for
    ├── EnvironmentFailure               3      not the migrations' fault
    │   ├── NoServer                     3      no scratch server can be had
    │   ├── MissingExtension             3      the scratch server lacks what a migration asks for
    │   ├── MissingFeature               3      the same, of what a server is built with
    │   └── LostConnection               3      the server went away, or was ended
    ├── CannotBranch                     3      a scratch database can't be copied as it stands
    └── UnknownOutcome                   4      it may or may not have happened; never retried blindly
    KeyboardInterrupt
    └── Interrupted                129/130/143  SIGHUP, SIGINT or SIGTERM: no ``except Exception`` may eat it

A migration that fails is no exception: it is a value (``database.SqlError``) that ends in a verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path

Setting = tuple[str | int, ...]
"""A key of glowplug.toml, as ``("scratch", "url_env")``; of a chain's, what stands in its ``[[chain]]`` alone."""


class GlowplugError(Exception):
    """What happened, where, and what to do next."""

    exit_code: ClassVar[int] = 3

    def __init__(
        self,
        message: str,
        *,
        file: Path | None = None,
        line: int | None = None,
        advice: str | None = None,
        setting: Setting | None = None,
    ) -> None:
        """Say what happened, at ``file``:``line`` (1-based), and the ``advice``: what to do next.

        ``setting``: the one that it is about, where who raises this does not know the file that holds it.
        """
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.advice = advice
        self.setting = setting

    def __str__(self) -> str:
        """``file:line: message``, then the advice on a line of its own."""
        place = "" if self.file is None else f"{self.file}:" + ("" if self.line is None else f"{self.line}:") + " "
        advice = "" if self.advice is None else f"\n{self.advice}"
        return f"{place}{self.message}{advice}"


class UsageError(GlowplugError):
    """What was asked for makes no sense as it stands."""

    exit_code = 2


class ConfigurationError(UsageError):
    """A file that configures glowplug or Diesel can't be used as it stands."""


class NothingToCheck(UsageError):
    """There is no migration where one was looked for."""


class EnvironmentFailure(GlowplugError):
    """Something outside the migrations failed."""

    exit_code = 3


class NoServer(EnvironmentFailure):
    """No scratch server can be had."""


class MissingExtension(EnvironmentFailure):
    """The scratch server lacks an extension that a migration, or database_setup, asks for."""

    def __init__(self, message: str, *, line: int | None = None, setting: Setting | None = None) -> None:
        """Say which, and who asks for it; the advice is how to get one."""
        super().__init__(
            message,
            line=line,
            setting=setting,
            advice="Check against a server that has it: put its URL in GLOWPLUG_SCRATCH_URL (any container will do), "
            "or install PostgreSQL's package and the extension's on this machine. Of the servers that `glowplug server "
            "list` shows, one that has it is taken if it is of server_version's major, or if glowplug.toml says no "
            "server_version.",
        )


class MissingFeature(EnvironmentFailure):
    """The scratch server lacks what others have, and a migration or a setting asks for: it was built without."""

    def __init__(self, message: str, *, line: int | None = None, setting: Setting | None = None) -> None:
        """Say what, and who asks for it; the advice is how to get a server that has it."""
        super().__init__(
            message,
            line=line,
            setting=setting,
            advice="Check against a server that has it: put its URL in GLOWPLUG_SCRATCH_URL (any container will do), "
            "or install PostgreSQL's package on this machine. Of the servers that `glowplug server list` shows, one "
            "that has it is taken if it is of server_version's major, or if glowplug.toml says no server_version.",
        )


_ENDED = (
    "Run the same again. If that is lost as well, look for what else ends the server: want of memory (the kernel's log "
    "tells, see `dmesg`), a kill, a restart."
)


MORE_TIME = "It was ended for taking too long; `--statement-timeout` gives it more time."
"""What to do about what ran longer than the statement timeout allows."""


class LostConnection(EnvironmentFailure):
    """The server went away while it was needed."""

    def __init__(self, message: str, *, advice: str | None = _ENDED) -> None:
        """Say how that showed; unless it is known better, the advice is to look for what ended the server."""
        super().__init__(message, advice=advice)


class CannotBranch(GlowplugError):
    """A scratch database's state can't be had a second time: the message says what of it no other session can have."""


class UnknownOutcome(GlowplugError):
    """It may or may not have happened: for commands that change a database, of which there is none yet."""

    exit_code = 4


class Interrupted(KeyboardInterrupt):
    """A signal asked for an end."""

    def __init__(self, signal_number: int) -> None:
        """Remember which signal it was."""
        super().__init__(signal_number)
        self.signal_number = signal_number

    @property
    def exit_code(self) -> int:
        """128 plus the signal's number, as shells have it."""
        return 128 + self.signal_number
