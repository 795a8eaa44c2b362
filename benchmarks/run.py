"""Measure what this project promises about its speed, as ratios of runs in alternation.

``python benchmarks/run.py [startup|postgres|snapshot|sqlite|lint|long|rows|mysql|warm ...]``. Each case runs its
contestants in turn, ``ROUNDS`` times (at least 5), and takes medians; what it found is printed and written to
``benchmarks/results/CASE.json`` with the machine's name. ``CORPUS=DIRECTORY`` measures a real project instead of the
generated one (postgres, lint, rows and warm). Nothing here passes or fails: it tells.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cases
import rows
import warm

if TYPE_CHECKING:
    from cases import Case

ROUNDS = max(5, int(os.environ.get("ROUNDS", "5")))
CASES = {**cases.CASES, **rows.CASES, "warm": warm.warm}
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one case showed: every contestant's seconds, in the order of its runs, and those of its processor.

    The second are what the processes that it started took of all processors (nothing of what runs in this one).
    """

    case: Case
    seconds: dict[str, list[float]]
    processor: dict[str, list[float]]

    def median(self, contestant: str) -> float:
        """The median of a contestant's runs, in seconds."""
        return statistics.median(self.seconds[contestant])

    def document(self) -> dict[str, object]:
        """What is written to the results."""
        return {
            "case": self.case.name,
            "machine": machine(),
            "facts": self.case.facts,
            "rounds": len(next(iter(self.seconds.values()))),
            "median_seconds": {name: round(self.median(name), 4) for name in self.seconds},
            "seconds": {name: [round(one, 4) for one in runs] for name, runs in self.seconds.items()},
            "least_processor_seconds": {name: round(min(runs), 4) for name, runs in self.processor.items()},
            "promises": [
                {
                    "promise": promise.text,
                    "measured": round(promise.measured(self.median), 3),
                    "limit": promise.limit,
                    "kept": promise.kept(self.median),
                }
                for promise in self.case.promises
            ],
        }


def machine() -> dict[str, object]:
    """Name the machine, and how busy it was."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text("utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def alternate(case: Case, rounds: int) -> Measured:
    """Run every contestant once to warm up, then all of them in turn; the first of a turn rotates."""
    for run in case.contestants.values():
        run()
    names = list(case.contestants)
    measured = Measured(case=case, seconds={name: [] for name in names}, processor={name: [] for name in names})
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            begin, before = time.perf_counter(), processes()
            case.contestants[name]()
            measured.seconds[name].append(time.perf_counter() - begin)
            measured.processor[name].append(processes() - before)
            print(".", end="", flush=True)
    print()
    return measured


def processes() -> float:
    """Give the processors' seconds that the processes took that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure the cases that were named, or all."""
    RESULTS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or list(CASES):
        print(f"{name} ", end="", flush=True)
        with CASES[name]() as case:
            measured = alternate(case, ROUNDS * case.rounds_factor)
        document = measured.document()
        (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        for contestant in measured.seconds:
            least = min(measured.processor[contestant])
            print(f"  {measured.median(contestant):8.3f} s, {least:8.3f} of the processor's  {contestant}")
        for promise in case.promises:
            word = "kept  " if promise.kept(measured.median) else "BROKEN"
            print(f"  {word} {promise.text}: {promise.measured(measured.median):.2f} (limit {promise.limit:g})")


if __name__ == "__main__":
    main()
