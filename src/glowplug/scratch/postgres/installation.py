"""One PostgreSQL on this machine: its programs, its version, and whether it runs at all."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Collection

    from glowplug.sql.features import Feature

OLDEST_MAJOR = 10
"""What the driver speaks to."""

_PATIENCE = 10.0
_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)(?:\.(\d+))?\S*)")
_MISSING_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[.\d]*|[\w/@.+-]+\.dylib)\b")
_PACKAGES = {  # where Debian and Ubuntu keep what the wheels link to
    "libxml2": "libxml2",
    "libssl": "libssl3",
    "libcrypto": "libssl3",
    "libgssapi_krb5": "libgssapi-krb5-2",
    "liblz4": "liblz4-1",
    "libzstd": "libzstd1",
    "libicui18n": "libicu-dev",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a PostgreSQL may be: its programs' directory, and where it comes from (machine, cache, embedded).

    ``libraries`` are directories that its modules need to find other libraries.
    """

    programs: Path
    source: str
    libraries: tuple[Path, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """What its programs need in their environment."""
        if not self.libraries:
            return {}
        path = ":".join(map(str, self.libraries))
        return {"LD_LIBRARY_PATH": path, "DYLD_LIBRARY_PATH": path}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A PostgreSQL that was tried and runs; ``version`` as it says itself: "16.15", "18beta1"."""

    place: Place
    version: str
    major: int
    minor: int

    @property
    def program(self) -> Path:
        """The server."""
        return self.place.programs / "postgres"

    def lacking(self, features: Collection[Feature]) -> int:
        """Count what it was built without; one that can't be read counts as one that has all."""
        try:
            content = self.program.read_bytes() if features else b""
        except OSError:
            return 0
        return sum(feature.value.encode() in content for feature in features)


def try_out(place: Place) -> Installation:
    """Run ``postgres --version``.

    Raises:
        EnvironmentFailure: it doesn't run, and why: the missing library, a version that is too old, …
    """
    program = place.programs / "postgres"
    try:
        answer = subprocess.run(
            [program, "--version"],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **place.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        raise EnvironmentFailure(f"{program} doesn't run: {error.strerror} (built for another system?)") from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFailure(f"{program} doesn't answer") from error
    found = _VERSION.search(answer.stdout)
    if answer.returncode != 0 or found is None:
        raise EnvironmentFailure(f"{program} doesn't run: {_explain(answer.stdout)}")
    version, major, minor = found.groups()
    if int(major) < OLDEST_MAJOR:
        raise EnvironmentFailure(f"{program} is PostgreSQL {version}; glowplug needs {OLDEST_MAJOR} or newer")
    return Installation(place=place, version=version, major=int(major), minor=int(minor or 0))


def _explain(output: str) -> str:
    text = " ".join(output.split()) or "it says nothing"
    if "shared librar" not in text and "Library not loaded" not in text:
        return text[:300]
    missing = _MISSING_LIBRARY.search(text.rpartition("libraries:")[2])
    if missing is None:
        return text[:300]
    library = Path(missing[1]).name
    package = _PACKAGES.get(library.partition(".")[0])
    return f"the library {library} is missing" + (f" (Debian, Ubuntu: apt-get install {package})" if package else "")
