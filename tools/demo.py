"""Run ``glowplug check`` on the examples, show the reports, and say whether every planted fault was found.

Exits 0 when the errors and warnings are exactly those of ``examples/expected.toml``, else 1. Where no MariaDB or MySQL
server is on the machine, the example that needs one is left out, and that is said.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
GLOWPLUG = Path(sys.executable).with_name("glowplug")
SERVER_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin", "/usr/local/bin")
VERDICTS = (0, 1)

Pair: TypeAlias = tuple[str, str | None]


def environment() -> dict[str, str]:
    """This process's environment without what names the developer's own databases and migrations."""
    foreign = ("DATABASE_URL", "DIESEL_CONFIG_FILE", "MIGRATION_DIRECTORY")
    return {name: value for name, value in os.environ.items() if name not in foreign}


def has_mysql() -> bool:
    """Whether a server for the MySQL example is on the machine, or named by its URL."""
    if os.environ.get("GLOWPLUG_SCRATCH_URL_MYSQL"):
        return True
    path = os.pathsep.join((os.environ.get("PATH", ""), *SERVER_DIRECTORIES))
    return any(shutil.which(name, path=path) for name in ("mariadbd", "mysqld"))


def check(example: str, *options: str, capture: bool) -> subprocess.CompletedProcess[str]:
    """Run ``glowplug check --all`` on an example."""
    command = [str(GLOWPLUG), "check", "--all", *options, str(EXAMPLES / example)]
    return subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE if capture else None, text=True, check=False
    )


def found(document: dict[str, list[dict[str, list[dict[str, str | None]]]]]) -> set[Pair]:
    """Give the rule and version of every error and warning that is not accepted in a document of ``check``."""
    return {
        (str(finding["rule"]), finding["version"])
        for chain in document["chains"]
        for finding in chain["findings"]
        if finding["severity"] in {"error", "warning"} and not finding["suppressed"]
    }


def differences(example: str, wanted: set[Pair]) -> list[str]:
    """Say what ``check`` missed in an example, and what it found that was not planted."""
    run = check(example, "--format", "json", capture=True)
    if run.returncode not in VERDICTS:
        return [f"glowplug check ended with {run.returncode}"]
    there = found(json.loads(run.stdout))
    missed = [f"missed: {rule} in {version or 'the chain'}" for rule, version in sorted(wanted - there, key=str)]
    return missed + [
        f"not planted: {rule} in {version or 'the chain'}" for rule, version in sorted(there - wanted, key=str)
    ]


def main() -> int:
    """Show each example and compare it."""
    complaints: list[str] = []
    shown = 0
    for example, expected in tomllib.loads((EXAMPLES / "expected.toml").read_text("utf-8")).items():
        wanted = {(entry["rule"], entry.get("version")) for entry in expected["findings"]}
        print(f"\n━━ glowplug check --all examples/{example}\n", flush=True)
        if expected["backend"] == "mysql" and not has_mysql():
            print(f"{example} is left out: no MariaDB or MySQL server (apt-get install mariadb-server-core)")
            continue
        check(example, capture=False)
        shown += len(wanted)
        complaints += [f"{example}: {line}" for line in differences(example, wanted)]
    print()
    for line in complaints:
        print(line)
    print(
        "The examples are not as expected."
        if complaints
        else f"All {shown} findings that the planted faults call for are there, and no other."
    )
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
