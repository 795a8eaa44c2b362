from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:roo[t]|hom[e]|Users|wor[k])/[A-Za-z.]"),
    "an index address": re.compile(
        r"--(?:extra-)?inde[x]-url|registr[y] *= *\S?http|https?://\S*/simpl[e]\b"
        r"|pyp[i]\.org|pythonhoste[d]\.org|(?:index|static)\.crate[s]\.io|registr[y]\.npmjs|de[b]\.debian\.org"
    ),
}


def files(checkout: Path) -> list[Path]:
    """Every file that is, or would be, committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        check=True,
    ).stdout
    names = [name.decode() for name in listing.split(b"\0") if name]
    return [checkout / name for name in names if (checkout / name).is_file()]


def test_no_file_names_a_machine_or_an_index(checkout: Path) -> None:
    found = [
        f"{path.relative_to(checkout)}:{number}: {what}: {line.strip()[:80]}"
        for path in files(checkout)
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]
    assert found == []


def test_every_file_that_is_run_says_with_what(checkout: Path) -> None:
    scripts = [path for path in files(checkout) if path.stat().st_mode & 0o111]
    assert [path for path in scripts if not path.read_bytes().startswith(b"#!")] == []
