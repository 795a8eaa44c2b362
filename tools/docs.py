"""Write the generated parts of the documentation, or with ``--check`` say which are out of date.

In Markdown, a fenced block that follows a line ``<!-- output of: COMMAND -->`` holds what COMMAND prints.
Files that a command writes as a whole stand in ``GENERATED``.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/**/*.md")
GENERATED = {"src/glowplug/cli/_index.py": "python tools/command_index.py src/glowplug/cli"}
BLOCK = re.compile(
    r"(?P<head>^<!-- output of: (?P<command>[^\n]+?) -->\n+```[a-z]*\n)(?P<body>.*?)(?P<tail>^```$)",
    re.MULTILINE | re.DOTALL,
)


def output(command: str) -> str:
    """Run a command of this project in the root of the checkout; give what it prints, 100 columns wide, uncoloured.

    Raises:
        subprocess.CalledProcessError: it fails.
    """
    words = shlex.split(command)
    words[0] = str(Path(sys.executable).parent / words[0])
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(
        words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def with_outputs(text: str) -> str:
    """Replace the body of each marked block in a Markdown text by what its command prints."""
    return BLOCK.sub(lambda found: f"{found['head']}{output(found['command']).rstrip()}\n{found['tail']}", text)


def wanted() -> dict[Path, str]:
    """Give each file with generated parts, as it should read."""
    documents = sorted({path for pattern in DOCUMENTS for path in ROOT.glob(pattern)})
    texts = {path: path.read_text("utf-8") for path in documents}
    marked = {path: with_outputs(text) for path, text in texts.items() if BLOCK.search(text)}
    return marked | {ROOT / name: output(command) for name, command in GENERATED.items()}


def main() -> int:
    """Write, or check and exit 1 naming each file that is out of date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is out of date")
    check = parser.parse_args().check
    texts = wanted()
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: make docs", file=sys.stderr)
        else:
            path.write_text(texts[path], "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
