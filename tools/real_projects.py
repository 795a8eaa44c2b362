"""Print, as Markdown, what ``glowplug check --all`` finds in each checkout named: the body of docs/real-projects.md.

python tools/real_projects.py path/to/checkout ...
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def main() -> None:
    """Check every checkout, and print its section."""
    print(f"Measured on {os.cpu_count()} cores, CPython {sys.version.split()[0]}.")
    for name in sys.argv[1:]:
        root = Path(name)
        commit = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()
        done = subprocess.run(
            [sys.executable, "-m", "glowplug", "check", "--all", "--base", "none", "--format", "json", str(root)],
            capture_output=True,
            text=True,
            check=False,
        )
        document = json.loads(done.stdout)
        print(f"\n## {root.resolve().name} at {commit}\n\n`glowplug check --all --base none`: exit {done.returncode}.")
        for chain in document["chains"]:
            print_chain(chain)


def print_chain(chain: dict[str, Any]) -> None:
    """Print one chain: its counts, its way down, its faults by name."""
    scratch = chain["scratch"] or {"server": "no server", "source": "-"}
    print(f"\n### {chain['directory']} on {scratch['server']} ({scratch['source']}), {chain['seconds']:.1f} s\n")
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
    print_review(chain["findings"])


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
