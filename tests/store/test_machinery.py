from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.store import machinery

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A glowplug of two rooms."""
    root = tmp_path / "glowplug"
    for room in ("one", "other"):
        (root / room / "inner").mkdir(parents=True)
        (root / room / "inner" / "a.py").write_text("1")
    (root / "__init__.py").write_text("")
    monkeypatch.setattr(machinery.glowplug, "__file__", str(root / "__init__.py"))
    return root


def test_contents_tell_every_change_and_nothing_else(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> str:
        return machinery.contents(["one"], ["msgspec", "no-such-package"])

    seen = [told()]
    (package / "other" / "inner" / "a.py").write_text("2")
    os.utime(package / "one" / "inner" / "a.py", (0, 0))  # as if it was installed again
    (package / "one" / "__pycache__").mkdir()
    (package / "one" / "__pycache__" / "a.pyc").write_text("compiled")
    assert told() == seen[0]
    for file in ("one/inner/a.py", "one/inner/b.sql", "__init__.py"):
        (package / file).write_text("2")
        seen.append(told())
    (package / "one" / "inner" / "b.sql").rename(package / "one" / "inner" / "c.sql")
    seen.append(told())
    monkeypatch.setattr(machinery.glowplug, "__version__", "99")
    seen.append(told())
    seen.append(machinery.contents(["one", "other"], ["msgspec", "no-such-package"]))
    seen.append(machinery.contents(["one"], ["apsw", "no-such-package"]))
    assert len(set(seen)) == len(seen)


def test_stamps_tell_also_that_it_was_installed_again(package: Path) -> None:
    seen = machinery.stamps(["one"], ["msgspec", "no_such_module"])
    assert machinery.stamps(["one"], ["msgspec", "no_such_module"]) == seen
    os.utime(package / "one" / "inner" / "a.py", (0, 0))
    assert machinery.stamps(["one"], ["msgspec", "no_such_module"]) != seen
