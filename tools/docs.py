"""Write the generated parts of the documentation, or with ``--check`` say which are out of date.

In Markdown, a fenced block that follows a line ``<!-- output of: COMMAND -->`` holds what COMMAND prints where nothing
is kept of earlier runs; where it ends with another status than 0, ``COMMAND, exit 1``. Times, moments and the scratch
server's version are not compared.
Files that a command writes as a whole stand in ``GENERATED``. The pages of the rules in docs/rules, their index, and
docs/hazards.md come from the rules themselves; a page whose rule is gone is out of date, and removed.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from glowplug.check.explain import hazards_document
from glowplug.review.page import index, pages

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/**/*.md")
GENERATED = {"src/glowplug/cli/_index.py": "python tools/command_index.py src/glowplug/cli"}
RULES = ROOT / "docs" / "rules"
WRITTEN = "<!-- written by `make docs` from the rule's docstring -->"
FOREIGN = ("DATABASE_URL", "DIESEL_CONFIG_FILE", "MIGRATION_DIRECTORY")
VARIES = re.compile(r"\d+\.\d+ s\b|(?<=PostgreSQL )\d+\.\d+ \([^)]*\)|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00\b")
BLOCK = re.compile(
    r"(?P<head>^<!-- output of: (?P<command>[^\n]+?)(?:, exit (?P<status>\d))? -->\n+```[a-z]*\n)"
    r"(?P<body>.*?)(?P<tail>^```$)",
    re.MULTILINE | re.DOTALL,
)


def output(command: str, status: int = 0) -> str:
    """Run a command of this project in the root of the checkout; give what it prints, 100 columns wide, uncoloured.

    Raises:
        SystemExit: it ends with another status.
    """
    words = shlex.split(command)
    words[0] = str(Path(sys.executable).parent / words[0])
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    with tempfile.TemporaryDirectory() as nothing_kept:
        run = subprocess.run(
            words,
            cwd=ROOT,
            env={**environment, "COLUMNS": "100", "NO_COLOR": "1", "GLOWPLUG_CACHE_DIR": nothing_kept},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode != status:
        raise SystemExit(f"{command} ended with {run.returncode}, not {status}\n{run.stderr}")
    return run.stdout


def with_outputs(text: str) -> str:
    """Replace the body of each marked block in a Markdown text by what its command prints."""

    def block(found: re.Match[str]) -> str:
        return f"{found['head']}{output(found['command'], int(found['status'] or 0)).rstrip()}\n{found['tail']}"

    return BLOCK.sub(block, text)


def is_current(path: Path, text: str) -> bool:
    """Whether a file reads as it should, but for what differs from run to run."""
    return path.exists() and VARIES.sub("", path.read_text("utf-8")) == VARIES.sub("", text)


def wanted() -> dict[Path, str]:
    """Give each file with generated parts, as it should read."""
    documents = sorted({path for pattern in DOCUMENTS for path in ROOT.glob(pattern)})
    texts = {path: path.read_text("utf-8") for path in documents}
    marked = {path: with_outputs(text) for path, text in texts.items() if BLOCK.search(text)}
    generated = {ROOT / name: output(command) for name, command in GENERATED.items()}
    return marked | generated | rule_documents()


def rule_documents() -> dict[Path, str]:
    """Give the page of each rule, their index, and the list of hazards."""
    found = pages()
    texts = {RULES / f"{page.name}.md": f"{page}\n\n{WRITTEN}\n" for page in found}
    return texts | {RULES / "README.md": index(found), ROOT / "docs" / "hazards.md": hazards_document()}


def main() -> int:
    """Write, or check and exit 1 naming each file that is out of date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is out of date")
    check = parser.parse_args().check
    texts = wanted()
    stale = [path for path, text in texts.items() if not is_current(path, text)]
    stale += sorted(path for path in RULES.glob("*.md") if path not in texts)
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: make docs", file=sys.stderr)
        elif path in texts:
            path.parent.mkdir(exist_ok=True)
            path.write_text(texts[path], "utf-8")
        else:
            path.unlink()
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
