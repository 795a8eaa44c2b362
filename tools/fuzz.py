"""Feed broken SQL to the readers and the rules: no exception, no crash, no hang, and nothing of the text lost.

``python tools/fuzz.py [--seconds 600] [--seed 1] [--only SEED]``. What it mutates is the SQL of the examples and of the
tests' cases. Children do the work, so that a crash is a failure with a seed and not the end. Ends with 1, and the seeds
to repeat with ``--only``, where anything failed.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import time
from pathlib import Path

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review
from glowplug.sql.reader import read

ROOT = Path(__file__).resolve().parent.parent
BATCH = 100  # seeds a child
PATIENCE = 120.0  # seconds a batch
SLOW = 10.0  # seconds a text
EXAMPLES = {Dialect.POSTGRES: "bookshop", Dialect.MYSQL: "inventory", Dialect.SQLITE: "ledgerbook"}
FENCE = re.compile(r"^```sql(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SCRAPS = (
    *("'", '"', "`", "$$", "$a$", "/*", "*/", "--", "\\", ";", "(", ")", "[", "]", ",", ".", "::", "=", "\0", "\ufeff"),
    *(
        "\r\n",
        "\t",
        "é",
        "\U0001f600",
        "\udcff",
        " NOT NULL ",
        " CONCURRENTLY ",
        " IF NOT EXISTS ",
        " CASCADE ",
        " USING ",
    ),
    *(
        " BEGIN ",
        " END ",
        " CASE ",
        " DEFAULT ",
        " REFERENCES ",
        " AS ",
        " SELECT ",
        " FROM ",
        "\n\\i x\n",
        "DELIMITER //\n",
    ),
)


def corpus() -> dict[Dialect, list[str]]:
    """The SQL that is mutated."""
    texts: dict[Dialect, list[str]] = {
        dialect: [path.read_text("utf-8") for path in sorted((ROOT / "examples" / name).rglob("*.sql"))]
        for dialect, name in EXAMPLES.items()
    }
    for case in sorted((ROOT / "tests" / "review").glob("*/*.md")):
        for fence in FENCE.finditer(case.read_text("utf-8")):
            words = fence["info"].split()
            texts[next((Dialect(word) for word in words if word in set(Dialect)), Dialect.POSTGRES)].append(
                fence["text"]
            )
    return texts


def mutated(text: str, chance: random.Random) -> str:
    """Break a text in a few places."""
    for _ in range(chance.randint(1, 6)):
        a, b = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        match chance.randrange(7):
            case 0:
                text = text[:a]
            case 1:
                text = text[:a] + text[b:]
            case 2:
                text = text[:a] + text[a:b] * chance.randint(2, 4) + text[b:]
            case 3:
                text = text[:a] + chance.choice(SCRAPS) + text[a:]
            case 4:
                text = text[b:] + text[:a]
            case 5:
                words = text.split(" ")
                chance.shuffle(words)
                text = " ".join(words)
            case _:
                text = text[:a] + chance.choice(SCRAPS) * chance.choice((2, 50, 3000)) + text[a:]
    return text[:200_000]


def one(seed: int, texts: dict[Dialect, list[str]]) -> str | None:
    """Read and review one broken chain; what is wrong with the answer, or None."""
    chance = random.Random(seed)
    dialect = chance.choice(list(Dialect))
    sources = [chance.choice(texts[dialect]) for _ in range(chance.randint(1, 3))]
    files = [mutated(text, chance) if chance.random() < 0.7 else text for text in sources]  # noqa: PLR2004 - most of them
    began = time.monotonic()
    for text in files:
        pieces = list(read(text, dialect).pieces())
        if "".join(text[span.start : span.end] for span, _ in pieces) != text:
            return "the text is not what its pieces are"
    encoded = [text.encode("utf-8", "surrogatepass") for text in files]
    chain = Chain(
        directory="migrations",
        dialect=dialect,
        migrations=tuple(
            Migration(
                version=str(n), name=f"{n}_x", path=f"migrations/{n}_x", up=up, down=chance.choice((None, *encoded))
            )
            for n, up in enumerate(encoded)
        ),
        settings=ChainSettings(),
    )
    broken = review(chain, Terms(dialect=dialect)).broken
    if broken:
        return broken[0].trace
    took = time.monotonic() - began
    return f"took {took:.1f} s" if took > SLOW else None


def child(first: int) -> None:
    """Try a batch of seeds, and print what failed."""
    texts = corpus()
    for seed in range(first, first + BATCH):
        print(f"seed {seed}", flush=True)
        wrong = one(seed, texts)
        if wrong is not None:
            print(f"FAILED {seed}: {wrong}", flush=True)


def tried(first: int) -> list[str]:
    """Run a batch in a child; what failed, each with its seed."""
    command = [sys.executable, __file__, "--batch", str(first)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as hang:
        said = (hang.stdout or b"").decode()
        return [f"{said.strip().rpartition(chr(10))[2]}: no end after {PATIENCE:.0f} s"]
    failures = re.findall(r"^FAILED .*?(?=^seed |\Z)", ended.stdout, re.MULTILINE | re.DOTALL)
    if ended.returncode:
        last = ended.stdout.strip().rpartition("\n")[2]
        failures.append(f"{last}: the process ended with {ended.returncode}\n{ended.stderr}")
    return failures


def main() -> None:
    """Try seeds until the time is up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--batch", type=int)
    asked = parser.parse_args()
    if asked.batch is not None:
        child(asked.batch)
        return
    if asked.only is not None:
        print(one(asked.only, corpus()) or "nothing wrong")
        return
    until, first = time.monotonic() + asked.seconds, asked.seed * 1_000_000
    failures: list[str] = []
    seeds = 0
    while time.monotonic() < until:
        failures += tried(first + seeds)
        seeds += BATCH
    print("\n".join(failures))
    print(f"{seeds} broken chains read and reviewed, {len(failures)} failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
