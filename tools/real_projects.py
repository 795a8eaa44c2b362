"""Print, as Markdown, what ``glowplug check --all`` finds in each checkout named: the body of docs/real-projects.md.

python tools/real_projects.py path/to/checkout ...
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

NEWEST = 20
MILD = ("ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARED_READ", "SHARED_WRITE")


def main() -> None:
    """Check every checkout, and print its section."""
    print(f"Measured on {os.cpu_count()} cores, CPython {sys.version.split()[0]}.")
    for name in sys.argv[1:]:
        root = Path(name)
        commit = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        with tempfile.TemporaryDirectory() as cache:
            environment = {**os.environ, "GLOWPLUG_CACHE_DIR": cache}
            check(root, environment, "--rows", "0", "--no-cache")  # brings what a first run has to make
            schema, _ = check(root, environment, "--rows", "0", "--no-cache")
            cold, code = check(root, environment)
            warm, _ = check(root, environment)
        print(f"\n## {root.resolve().name} at {commit}\n\n`glowplug check --all --base none`: exit {code}.")
        for chains in zip(cold["chains"], schema["chains"], warm["chains"], strict=True):
            print_chain(*chains)


def check(root: Path, environment: dict[str, str], *options: str) -> tuple[dict[str, Any], int]:
    """Give what ``glowplug check`` says, and its exit code."""
    command = [sys.executable, "-m", "glowplug", "check", "--all", "--base", "none", "--format", "json", *options]
    done = subprocess.run([*command, str(root)], capture_output=True, text=True, check=False, env=environment)
    return json.loads(done.stdout), done.returncode


def print_chain(chain: dict[str, Any], schema: dict[str, Any], warm: dict[str, Any]) -> None:
    """Print one chain: its counts, its way down, its faults by name, its rows and locks; and how long all that took."""
    scratch = chain["scratch"] or {"server": "no server", "source": "-"}
    print(f"\n### {chain['directory']} on {scratch['server']} ({scratch['source']})\n")
    print(
        f"Cold {chain['seconds']:.1f} s, the schema alone (`--rows 0`) {schema['seconds']:.1f} s, "
        f"with everything proved earlier {warm['seconds']:.1f} s.\n"
    )
    if chain["error"]:
        print(f"Stopped: {chain['error']['message']}\n")
    trips = [(item, item["round_trip"]) for item in chain["migrations"]]
    counts = Counter(trip["outcome"] for _, trip in trips)
    print(f"{len(trips)} migrations: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))
    again = Counter(trip["second_up"] for _, trip in trips if trip["outcome"] == "restored")
    print("\nSecond up, where restored: " + ", ".join(f"{count} {outcome}" for outcome, count in again.items()))
    down = chain["chain_down"]
    at = f" at {down['failed_at']}" if down["failed_at"] else ""
    why = f" ({down['error']['message'].splitlines()[0]})" if down["error"] else ""
    print(f"\nThe way down: {down['outcome']}{at}, {down['reverted']} reverted{why}")
    rows = [row for item, trip in trips for row in faults(item["name"], trip)]
    if rows:
        print("\n| migration | what | which |\n|-|-|-|")
        print("\n".join(rows))
    print_rows(chain["migrations"])
    print_locks(chain["migrations"][-NEWEST:])
    print_review(chain["findings"])


def print_rows(migrations: list[dict[str, Any]]) -> None:
    """Print what became of rows, and which tables got none."""
    counts = Counter(item["data"]["outcome"] for item in migrations)
    print("\nRows: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))
    empty = Counter(item["table"] for each in migrations for item in each["data"]["not_seeded"])
    if empty:
        print("\nTables that could not be filled, and in how many migrations: ", end="")
        print(", ".join(f"`{table}` {count}" for table, count in empty.most_common()))
    refusals = Counter(refusal["by"] for each in migrations for refusal in each["data"]["refusals"])
    if refusals:
        print("\nRows that the schema allows and a file refuses: ", end="")
        print(", ".join(f"{count} by {direction}.sql" for direction, count in refusals.most_common()))


def print_locks(migrations: list[dict[str, Any]]) -> None:
    """Print what the ups of the newest were seen to lock, rewrite and read through."""
    rows = []
    for item in migrations:
        seen = item["observed"]["statements"]
        locks = Counter(f"{lock['mode']} `{lock['relation']}`" for each in seen for lock in each["locks"])
        locks.update(f"{each['algorithm']}, LOCK={each['lock']}" for each in seen if each["algorithm"])
        heavy = [lock for lock in locks if not lock.startswith(MILD)]
        rewritten = sorted({name for each in seen for name in each["rewritten"]})
        scanned = sorted({name for each in seen for name in each["scanned"]})
        rows.append(f"| {item['name']} | {'; '.join(heavy)} | {', '.join(rewritten)} | {', '.join(scanned)} |")
    print(f"\n| the newest {len(migrations)} | locks | rewrites | reads through |\n|-|-|-|-|")
    print("\n".join(rows))


def print_review(findings: list[dict[str, Any]]) -> None:
    """Print how often each rule of the review spoke."""
    counts = Counter((item["rule"], item["severity"]) for item in findings if item["basis"])
    rules = sorted({rule for rule, _ in counts})
    if rules:
        print("\n| the review said | errors | warnings | notices |\n|-|-|-|-|")
    for rule in rules:
        row = " | ".join(str(counts[rule, severity] or "") for severity in ("error", "warning", "notice"))
        print(f"| {rule} | {row} |")


def faults(name: str, trip: dict[str, Any]) -> list[str]:
    """Give the rows of one migration's faults."""
    rows = []
    if trip["outcome"] == "differs":
        which = "; ".join(f"{item['kind']} `{item['name']}` {item['property']}" for item in trip["differences"])
        rows.append(f"| {name} | differs | {which} |")
    elif trip["error"]:
        what = trip["outcome"] if trip["outcome"].endswith("failed") else "second up failed"
        rows.append(f"| {name} | {what} | {trip['error']['message'].splitlines()[0]} |")
    return rows


if __name__ == "__main__":
    main()
