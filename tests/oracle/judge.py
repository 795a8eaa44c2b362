"""Hold glowplug's verdicts on the downs of a project against a second method that shares no code with it.

    python tests/oracle/judge.py PROJECT [--only DIRECTORY] [--json]

Prints how often both agree, and each disagreement; exit status 1 where there is one, 3 where a server is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from second_method import chain, servers
from second_method.mysql import MySql
from second_method.postgres import Postgres
from second_method.sqlite import Sqlite
from second_method.verdict import judge, way_down

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from second_method.verdict import Backend


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def glowplugs_document(project: Path) -> dict[str, Any]:
    """What ``glowplug check`` says."""
    options = ("--all", "--base", "none", "--format", "json")  # its glowplug.toml as it is, not as a base has it
    command = [sys.executable, "-m", "glowplug", "check", str(project), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        return dict(json.loads(done.stdout))
    except json.JSONDecodeError:
        sys.exit(f"glowplug printed no document (exit {done.returncode}): {done.stderr[-2000:]}")


@contextlib.contextmanager
def backend_for(said: dict[str, Any], project: Path) -> Iterator[Backend]:
    """The place for fresh databases that fits what glowplug used for this chain."""
    file = project / "glowplug.toml"
    tables = tomllib.loads(file.read_text()).get("chain", []) if file.exists() else []
    own = next((each for each in tables if each.get("migrations") == said["directory"]), {})
    setup, session = list(own.get("database_setup", [])), list(own.get("session_setup", []))
    server = (said["scratch"] or {}).get("server", "")
    if said["backend"] == "sqlite":
        yield Sqlite(foreign_keys=bool((said["scratch"] or {}).get("foreign_keys")), setup=setup + session)
    elif said["backend"] == "postgres":
        programs = servers.postgres_programs(server.removeprefix("PostgreSQL ").split(".")[0] or None)
        with servers.postgres(programs) as connection:
            yield Postgres(programs, connection, setup=setup, session=session)
    else:
        with servers.mysql() as socket:
            yield MySql(socket, setup=setup, session=session)


def compare(said: dict[str, Any], project: Path) -> dict[str, Any]:
    """Both verdicts on one chain, and where they part."""
    steps = chain.read(project / said["directory"])
    with backend_for(said, project) as backend:
        verdicts = judge(backend, steps)
        stops = way_down(backend, steps)
    agreed: Counter[str] = Counter()
    parted = []
    for migration in said["migrations"]:
        theirs = migration["round_trip"]["outcome"]
        ours, lines = verdicts.get(migration["name"], ("unknown here", []))
        if ours == theirs:
            agreed[ours] += 1
        else:
            trip = migration["round_trip"]
            parted.append(
                _parted(
                    migration["name"],
                    theirs,
                    ours,
                    error=trip["error"],
                    lines=lines,
                    differences=trip["differences"],
                )
            )
    says = said["chain_down"]
    if says["outcome"] != "skipped":
        if says["failed_at"] == stops:
            agreed["the way down"] += 1
        else:
            parted.append(
                _parted("the way down", says["failed_at"] or "complete", stops or "complete", error=says["error"])
            )
    return {
        "chain": said["directory"],
        "server": (said["scratch"] or {}).get("server"),
        "agreed": agreed,
        "parted": parted,
    }


def _parted(
    name: str,
    theirs: str,
    ours: str,
    *,
    error: dict[str, Any] | None,
    lines: Sequence[str] = (),
    differences: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "migration": name,
        "glowplug": theirs,
        "second method": ours,
        "lines": list(lines),
        "differences": list(differences),
        "error": error,
    }


def show(result: dict[str, Any]) -> None:
    """Print one chain's comparison."""
    agreed = ", ".join(f"{count} {outcome}" for outcome, count in sorted(result["agreed"].items()))
    total = sum(result["agreed"].values())
    say(f"{result['chain']} on {result['server']}: {total} agree ({agreed}), {len(result['parted'])} disagree")
    for each in result["parted"]:
        say(f"  {each['migration']}: glowplug says {each['glowplug']}, the second method {each['second method']}")
        for line in each["lines"][:12]:
            say(f"      {line}")
        for difference in each["differences"][:12]:
            say(f"      glowplug: {json.dumps(difference)}")
        if each["error"]:
            say(f"      glowplug: {each['error']['message']}")


def main() -> int:
    """Compare every chain."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--only", help="a chain's directory, relative to the project")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    project = options.project.resolve()
    document = glowplugs_document(project)
    chains = [said for said in document["chains"] if options.only in (None, said["directory"])]
    if not chains:
        sys.exit(f"glowplug found no such chain: {document['error']}")
    try:
        results = [compare(said, project) for said in chains]
    except servers.NoServerError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    if options.json:
        say(json.dumps(results))
    else:
        for result in results:
            show(result)
    return int(any(result["parted"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
